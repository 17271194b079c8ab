# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which options of a task count as given, and what no option takes. Both hosts and the bulk prepare their options here.

An option that is null is not given. One that is empty is an error, unless its resource says in ``may_be_empty`` what that means:
an empty variable must neither widen what a task touches nor weaken what it checks. See docs/adr/0012.
"""

from __future__ import annotations

import abc
import dataclasses
import math
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator, ValidationResult

from .errors import InvalidOption
from .table import Table

NOTHING_TO_REMOVE = frozenset({"unset"})  # an empty list of what is to be removed removes nothing, in all modules
# By list, the suboptions that narrow what a row of it is about
NARROWING: Mapping[str, frozenset[str]] = {
    "rules": frozenset({"source", "dest", "sport", "dport", "proto", "iface", "macro", "icmp_type"})
}
LARGEST_BITS = 64  # of a number; the largest ones of PVE are sizes in bytes
LONGEST_NUMBER = 64  # characters of a number
_SURROGATE = re.compile("[\ud800-\udfff]")
_ENDLESS = re.compile(r"\d{4000}")  # Python converts no text of more than 4300 digits
_INFINITE = re.compile(r"[-+]?(inf(inity)?|nan|\d[\d.]*e\+?\d{3,})", re.IGNORECASE)
_BEYOND = f"is a number beyond the limit, which is {2**LARGEST_BITS - 1}"


@dataclasses.dataclass(frozen=True)
class Use:
    """Where an option means something: ``only`` in these states, ``never`` in those, ``beside`` one of these options."""

    only: Collection[str] = ()
    never: Collection[str] = ()
    beside: Collection[str] = ()


TO_MAKE = Use(never=("absent",))  # describes a thing, which says nothing about one that is to be gone
TO_DELETE = Use(only=("absent",))
_ANYWHERE = Use()


# --- null -------------------------------------------------------------------------------------------------------------


def without_nulls(spec: Mapping[str, Any], args: Mapping[str, Any]) -> dict[str, Any]:
    """The options without those that are null, which are not given. Ansible's rules (``required_one_of``) look at names only.

    Unknown names stay, so that they are refused.
    """
    return _without_nulls_of(by_all_names(spec), args)


def by_all_names(spec: Mapping[str, Any]) -> Mapping[str, Any]:
    """The rows of an argument spec by their names and their aliases."""
    return {alias: row for name, row in spec.items() for alias in (name, *(row.get("aliases") or ()))}


def _without_nulls_of(known: Mapping[str, Any], args: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: _without_nulls_inside(known.get(name, {}), value)
        for name, value in args.items()
        if value is not None or name not in known
    }


def _without_nulls_inside(row: Mapping[str, Any], value: Any) -> Any:
    options = row.get("options")
    if options is None:
        return value
    if isinstance(value, Mapping):
        return without_nulls(options, value)
    if isinstance(value, list):
        return [without_nulls(options, item) if isinstance(item, Mapping) else item for item in value]
    return value


def validate(arguments: Mapping[str, Any], args: Mapping[str, Any]) -> ValidationResult:
    """What Ansible makes of a task's options by the keyword arguments of a module."""
    return Validator(arguments).validate(args)


class Validator:
    """Validates any number of sets of options of one module as Ansible does."""

    def __init__(self, arguments: Mapping[str, Any]) -> None:
        rules = dict(arguments)
        self.spec: Mapping[str, Any] = rules.pop("argument_spec")
        self._known = by_all_names(self.spec)
        self._validator = ArgumentSpecValidator(self.spec, **rules)

    def validate(self, args: Mapping[str, Any]) -> ValidationResult:
        """What Ansible makes of these options."""
        return self._validator.validate(_without_nulls_of(self._known, args))


# --- values that cannot be sent ---------------------------------------------------------------------------------------


def refuse_unusable(spec: Mapping[str, Any], args: Mapping[str, Any]) -> None:
    """Refuse, of options as the task gives them, what cannot be meant or carried."""
    _refuse_wider_rows(spec, args)
    _refuse_unsendable(spec, args)


def _refuse_unsendable(spec: Mapping[str, Any], args: Mapping[str, Any]) -> None:
    """Refuse what neither Ansible nor the API can carry: endless numbers, texts that are not Unicode, scalars for dictionaries,
    lists for single values."""
    given = list(_given(spec, args))
    _refuse_scalars(given)
    _refuse_collections(spec, given)
    _refuse_odd_nodes(spec, given)
    numeric = {
        alias
        for name, row, _value in given
        if row.get("type") in _NUMERIC or row.get("elements") in _NUMERIC
        for alias in (name, *(row.get("aliases") or ()))
    }
    for name, value in args.items():
        problem = "" if value is None else _problem(value, numeric=name in numeric)
        if problem:
            raise InvalidOption(str(name).encode("ascii", "backslashreplace").decode(), problem)


_NUMERIC = ("int", "float")
# pve-common, src/PVE/JSONSchema.pm, pve_verify_node_name
_NODE = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?")
_Given = tuple[str, Mapping[str, Any], Any]  # an option, its row of the argument spec and its value


def _given(spec: Mapping[str, Any], args: Mapping[str, Any]) -> Iterator[_Given]:
    """The options that have a value, by whatever name."""
    for name, row in spec.items():
        value = args.get(name)
        if value is None and row.get("aliases"):
            value = next((args[alias] for alias in row["aliases"] if args.get(alias) is not None), None)
        if value is not None:
            yield name, row, value


def _refuse_scalars(given: Iterable[_Given], where: str = "") -> None:
    """Refuse a number, a boolean or null where suboptions belong: ansible-core's validator breaks off with a TypeError."""
    for name, row, value in given:
        if row.get("options") is None:
            continue
        for item in value if isinstance(value, list) else [value]:
            if item is None or isinstance(item, (bool, int, float)):
                raise InvalidOption(
                    f"{where}{name}", "has a number, a boolean or null in place of a dictionary of suboptions"
                )
            if isinstance(item, Mapping):
                _refuse_scalars(_given(row["options"], item), f"{where}{name}.")


def _refuse_collections(spec: Mapping[str, Any], given: Iterable[_Given], where: str = "") -> None:
    """Refuse a list or a dictionary where a string belongs: Ansible makes a string of it that nobody means."""
    for name, row, value in given:
        if row.get("type", "str") in ("str", "path") and isinstance(value, (list, tuple, Mapping)):
            what = "dictionary" if isinstance(value, Mapping) else "list"
            cure = f" For several, see {name}s." if f"{name}s" in spec and what == "list" else ""
            raise InvalidOption(f"{where}{name}", f"takes a string, not a {what}", hint=cure.strip())
        if not row.get("options"):
            continue
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, Mapping):
                _refuse_collections(row["options"], _given(row["options"], item), f"{where}{name}.")


def _refuse_odd_nodes(spec: Mapping[str, Any], given: Iterable[_Given]) -> None:
    """Refuse what cannot be the name of a node, such as the text that a template made of a list."""
    for name, _row, value in given:
        if name == "node" and isinstance(value, str) and value.strip() and not _NODE.fullmatch(value.strip()):
            cure = "For several, see nodes." if "nodes" in spec else ""
            raise InvalidOption(name, f"{value!r} is not the name of a node", hint=cure)


def _refuse_wider_rows(spec: Mapping[str, Any], args: Mapping[str, Any]) -> None:
    """Refuse null for what narrows a row, such as the source of a firewall rule: without it, the row is about everything."""
    for name in NARROWING.keys() & spec.keys():
        rows = args.get(name)
        for number, row in enumerate(rows if isinstance(rows, list) else []):
            for key in sorted(NARROWING[name] & row.keys()) if isinstance(row, Mapping) else ():
                if row[key] is None:
                    raise InvalidOption(
                        f"{name}[{number}].{key}",
                        "is null, without which the rule is about everything",
                        hint="Leave it out if that is meant.",
                    )


def _problem(value: Any, *, numeric: bool) -> str:
    """Why a number or a text, or one in a list or a dictionary, keys included, cannot be sent; empty if all can."""
    if isinstance(value, str):
        return _problem_of_text(value, numeric=numeric)
    if isinstance(value, float):
        return "" if math.isfinite(value) else f"{value} is not a finite number"
    if isinstance(value, int):
        return _BEYOND if value.bit_length() > LARGEST_BITS else ""
    if isinstance(value, (list, tuple)):
        found = (_problem(item, numeric=numeric) for item in value)
    elif isinstance(value, (dict, Mapping)):  # the former is found faster
        found = (_problem(item, numeric=numeric) for pair in value.items() for item in pair)
    else:
        return ""
    return next(filter(None, found), "")


def _problem_of_text(text: str, *, numeric: bool) -> str:
    if not text.isascii() and _SURROGATE.search(text):
        return "is not valid Unicode text: it has a lone surrogate"
    if len(text) > LONGEST_NUMBER and (numeric or _ENDLESS.search(text)):
        return _BEYOND
    if numeric and _INFINITE.fullmatch(text.strip()):
        return f"{text!r} is not a finite number"
    return ""


# --- what is empty, and what means nothing ----------------------------------------------------------------------------


class HasOptions(abc.ABC):
    """What has the options of a module."""

    @abc.abstractmethod
    def arguments(self) -> dict[str, Any]:
        """Keyword arguments of AnsibleModule: argument_spec, required_if, ... without the connection options."""

    def may_be_empty(self) -> Collection[str]:
        """The options whose emptiness has a meaning: ``a.b`` is a suboption, ``a[]`` a list of which some items may be empty."""
        return ()

    def uses(self) -> Mapping[str, Use]:
        """The options that mean something in some tasks only."""
        return {}

    def tables(self) -> Sequence[Table]:
        """The calls that it makes, if they are declared."""
        return ()

    def advise(self, names: Sequence[str]) -> list[str]:
        """What to write instead of options that do not exist."""
        return []


def check_given(resource: HasOptions, params: Mapping[str, Any]) -> None:
    """Refuse options that cannot be sent, are empty, or mean nothing in this task. ``params`` are validated."""
    spec = resource.arguments()["argument_spec"]
    _refuse_unsendable(spec, params)
    _refuse_empty(spec, params, NOTHING_TO_REMOVE.union(resource.may_be_empty()))
    _refuse_meaningless(spec, params, resource.uses())


def _refuse_empty(
    spec: Mapping[str, Any], params: Mapping[str, Any], allowed: Collection[str], shown: str = "", inside: str = ""
) -> None:
    for name, row in spec.items():
        value = params.get(name)
        if value is None or value == row.get("default"):
            continue
        option, path = shown + name, inside + name
        if f"{path}[]" in allowed and not _is_empty(value):
            continue
        if path in allowed:
            _refuse_gaps(option, value)
        elif _is_empty(value):
            cure = "" if row.get("required") else "; leave it out where there is nothing to name"
            raise InvalidOption(option, f"must not be empty{cure}")
        elif isinstance(value, list) and any(map(_is_blank, value)):
            raise InvalidOption(option, "has an empty item")
        if row.get("options"):
            rows = {f"{option}.": value} if isinstance(value, Mapping) else _numbered(option, value)
            for prefix, one in rows.items():
                _refuse_empty(row["options"], one, allowed, prefix, f"{path}.")


def _numbered(option: str, rows: Any) -> dict[str, Mapping[str, Any]]:
    return {f"{option}[{number}].": row for number, row in enumerate(rows) if isinstance(row, Mapping)}


def _refuse_gaps(option: str, value: Any) -> None:
    """Refuse an empty item among others: a list is cleared by being empty as a whole."""
    if isinstance(value, list) and any(map(_is_blank, value)) and not all(map(_is_blank, value)):
        raise InvalidOption(option, "has an empty item")


def _is_blank(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _is_empty(value: Any) -> bool:
    if isinstance(value, Mapping):
        return all(item is None for item in value.values())
    return all(map(_is_blank, value)) if isinstance(value, list) else _is_blank(value)


def _refuse_meaningless(spec: Mapping[str, Any], params: Mapping[str, Any], uses: Mapping[str, Use]) -> None:
    given = [name for name, row in spec.items() if params.get(name) not in (None, row.get("default"))]
    state = params.get("state")
    for name in given:
        use = uses.get(name, _ANYWHERE)
        if state in use.never or (use.only and state not in use.only):
            raise InvalidOption(name, f"means nothing with state: {state}" if state else "means nothing without state")
        if use.beside and not set(use.beside).intersection(given):
            raise InvalidOption(name, f"means nothing without {' or '.join(use.beside)}")
