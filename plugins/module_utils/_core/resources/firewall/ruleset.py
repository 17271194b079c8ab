# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The firewall of one scope: its options and the ordered list of its rules."""

from __future__ import annotations

import dataclasses
import difflib
import re
from collections.abc import Mapping, Sequence
from typing import Any

from ...model.changes import changed_fields, shown
from ...model.contract import STATES, Reader, Resource, State, unset_option
from ...model.errors import CREATED_FIRST, InvalidOption, NotFound, PermissionDenied
from ...model.field import update_params
from ...model.given import TO_MAKE, Use
from ...model.kinds.info import Info
from ...model.plan import Plan, Step
from ...model.table import Table, calls_below
from .edits import match, plan_edits
from .fields import OPTIONS, RULE_FIELDS, observe_rule, option_specs, parse_rule, rule_params
from .lockout import Reachability, check_lockout, collect_context, options_come_first
from .references import refuse_unknown_names
from .safety import Edit, Rule
from .scope import BASES, CLUSTER, SCOPES, Scope, advise_scope, find_scope, scope_of, scope_options

GUARDED = ("cluster", "node", "group")  # scopes whose rules decide about connections to a node


@dataclasses.dataclass(frozen=True)
class FirewallDesired:
    """The options and rules of a scope as they are to be; None if the task does not manage them.

    ``path`` and ``reachability`` are those of the first reading, if it ``was_read``.
    """

    scope: Scope
    options: Mapping[str, Any] | None = None
    rules: Sequence[Rule] | None = None
    append: bool = False
    insert: str = "top"
    allow_lockout: bool = False
    state: str = "present"
    was_read: bool = False
    path: str = ""
    reachability: Reachability | None = None


@dataclasses.dataclass(frozen=True)
class FirewallObserved:
    """A scope: its path, its options and rules as far as the task needs them, and their digest.

    ``wanted`` are the desired rules with macros as the server spells them; ``reachability`` is what else decides about
    connections to the node, None if the change cannot keep this machine out.
    """

    path: str
    state: State
    digest: str | None = None
    wanted: Sequence[Rule] | None = None
    reachability: Reachability | None = None


class Firewall(Resource[FirewallDesired, FirewallObserved]):
    """Options by name, and rules by what they say: the whole list, or with ``append`` single ones."""

    name = "firewall"

    def tables(self) -> Sequence[Table]:
        rules = ("GET /options", "GET /rules", "POST /rules", "PUT /rules/*", "DELETE /rules/*")
        of_group = calls_below([BASES["group"]], "POST ", "PUT /*", "DELETE /*")
        of_scopes = calls_below((base for scope, base in BASES.items() if scope != "group"), *rules)
        options = [Table((f"PUT {BASES[scope]}/options",), tuple(fields)) for scope, fields in OPTIONS.items()]
        return (*options, Table((*of_scopes, *of_group), tuple(RULE_FIELDS)))

    def arguments(self) -> dict[str, Any]:
        spec = {
            **scope_options(*SCOPES),
            "options": {"type": "dict", "options": option_specs()},
            "unset": unset_option(),
            "rules": {"type": "list", "elements": "dict", "options": RULE_FIELDS.specs()},
            "append": {"type": "bool", "default": False},
            "insert": {"type": "str", "choices": ["top", "bottom"], "default": "top"},
            "allow_lockout": {"type": "bool", "default": False},
            "state": dict(STATES),
        }
        return {"argument_spec": spec}

    def may_be_empty(self) -> set[str]:
        """The empty list of rules means that there are to be none. A part of a rule that is empty would let it fit more."""
        options = {f"options.{name}" for fields in OPTIONS.values() for name in fields.clearable()}
        return {"rules", "rules.comment", "options", *options}

    def uses(self) -> dict[str, Use]:
        return {"insert": Use(never=("absent",), beside=("append",)), "options": TO_MAKE, "unset": TO_MAKE}

    def advise(self, names: Sequence[str]) -> list[str]:
        return advise_scope(names)

    def parse(self, params: Mapping[str, Any]) -> FirewallDesired:
        scope = scope_of(params, list(SCOPES))
        absent = params["state"] == "absent"
        if absent and (params["options"] or params["unset"] or not params["rules"] or params["append"]):
            raise InvalidOption("state", "absent takes away the listed rules: give rules, no options, and no append")
        if params["append"] and params["rules"] is None:
            raise InvalidOption("append", "adds the listed rules: give rules")
        options = rules = None
        if params["options"] is not None or params["unset"]:
            options = self._options(scope.kind, params)
        if params["rules"] is not None:
            rules = [parse_rule(number, row, whole=not absent) for number, row in enumerate(params["rules"])]
        names = ("append", "insert", "allow_lockout", "state")
        return FirewallDesired(scope, options, rules, **{name: params[name] for name in names})

    @staticmethod
    def _options(scope: str, params: Mapping[str, Any]) -> dict[str, Any]:
        if scope not in OPTIONS:
            raise InvalidOption("options", f"scope: {scope} has rules only")
        given = {name: value for name, value in (params["options"] or {}).items() if value is not None}
        fields = OPTIONS[scope]
        foreign = sorted(set(given) - {field.name for field in fields})
        if foreign:
            known = ", ".join(field.name for field in fields)
            raise InvalidOption(f"options.{foreign[0]}", f"scope: {scope} does not have it; it has {known}")
        return fields.parse({**given, "unset": params["unset"]})

    def read(self, reader: Reader, desired: FirewallDesired) -> FirewallObserved:
        scope, path = desired.scope.kind, desired.path or find_scope(reader, desired.scope)
        everything = desired.options is None and desired.rules is None
        state: State = desired.scope.shown()
        digest, wanted = None, desired.rules
        if scope in OPTIONS and (everything or desired.options is not None):
            state["options"] = OPTIONS[scope].observe(reader.get(f"{path}/options") or {})
        if everything or desired.rules is not None:
            rows = self._rows(reader, desired.scope, path)
            digest = next((row["digest"] for row in rows if "digest" in row), None)
            state["rules"] = [observe_rule(row) for row in rows]
            if wanted is not None:
                wanted = spell_macros(reader, wanted, state["rules"], refuse=desired.state != "absent")
        observed = FirewallObserved(path, state, digest, wanted, desired.reachability)
        if not desired.was_read and not desired.allow_lockout and scope in GUARDED:
            after, steps = self._changes(observed, desired)
            found = collect_context(reader, desired.scope, state, after) if steps else None
            observed = dataclasses.replace(observed, reachability=found)
        return observed

    def remember(self, observed: FirewallObserved, desired: FirewallDesired) -> FirewallDesired:
        if desired.was_read:
            return desired
        return dataclasses.replace(
            desired, was_read=True, path=observed.path, rules=observed.wanted, reachability=observed.reachability
        )

    @staticmethod
    def _rows(reader: Reader, scope: Scope, path: str) -> list[dict[str, Any]]:
        try:
            rows = reader.get(path if scope.kind == "group" else f"{path}/rules") or []
        except NotFound:
            if scope.kind != "group":
                raise
            raise InvalidOption(
                "group",
                f"there is no security group {scope.id!r}",
                hint=f"Create it with pve_firewall_group. {CREATED_FIRST}",
            ) from None
        return sorted(rows, key=lambda row: int(row["pos"]))

    def preflight(self, reader: Reader, plan: Plan, desired: FirewallDesired) -> None:
        """Refuse names that do not exist, and warn of what PVE accepts although it has no effect."""
        before, after = plan.before or {}, plan.after or {}
        if desired.rules is not None and desired.state == "present":
            refuse_unknown_names(reader, desired.scope, desired.path, desired.rules, before["rules"])
        reader.warnings.extend(unknown_groups(reader, before.get("rules", []), after.get("rules", [])))
        in_use = after.get("options", {}).get("enable") or after.get("rules")
        if desired.scope.kind == "guest" and in_use:
            reader.warnings.extend(unfiltered_guest(reader, desired))

    def plan(self, observed: FirewallObserved, desired: FirewallDesired) -> Plan:
        current, reachability = observed.state, observed.reachability
        after, steps = self._changes(observed, desired)
        if not steps:
            return Plan.nothing(current)
        notes: tuple[str, ...] = ()
        if reachability:
            notes = check_lockout(reachability, desired.scope, current, after)
            if len(steps) > 1 and options_come_first(reachability, desired.scope, current, after):
                steps = [dataclasses.replace(steps[-1], replan=True), *steps[:-1]]
        return Plan(current, after, tuple(steps), notes)

    def _changes(self, observed: FirewallObserved, desired: FirewallDesired) -> tuple[State, list[Step]]:
        """The scope as it is to be, and the calls that bring it there."""
        current = observed.state
        after, steps = dict(current), []
        if observed.wanted is not None:
            after["rules"] = target_list(current["rules"], observed.wanted, desired)
            edits = plan_edits(current["rules"], after["rules"])
            length = len(current["rules"])
            for number, edit in enumerate(edits):
                step = self._rule_step(observed, desired.scope, edit, number, len(edits))
                steps.append(dataclasses.replace(step, id=f"{step.identity} of {length} rules"))
                length += {"insert": 1, "delete": -1}.get(edit.kind, 0)
        if desired.options is not None:
            fields = OPTIONS[desired.scope.kind]
            changes = changed_fields(fields, current["options"], desired.options)
            after["options"] = shown(fields, current["options"], changes)
            if changes:
                params = update_params(changes, fields, current["options"])
                summary = f"change {', '.join(changes)} of the firewall"
                steps.append(Step("PUT", f"{observed.path}/options", params, summary))
        return after, steps

    @staticmethod
    def _rule_step(observed: FirewallObserved, scope: Scope, edit: Edit, number: int, count: int) -> Step:
        """The call of an edit. Positions and the digest hold only after the call before it: each one is planned again."""
        path = observed.path if scope.kind == "group" else f"{observed.path}/rules"
        params: dict[str, Any] = {}
        if edit.kind == "insert":
            params = rule_params(edit.rule)
        if edit.kind == "update":
            params = rule_params({name: value for name, value in edit.rule.items() if edit.old.get(name) != value})
            gone = sorted(RULE_FIELDS.named(name).api for name in edit.old if name not in edit.rule)
            params |= {"delete": ",".join(gone)} if gone else {}
        if edit.kind == "move":
            params["moveto"] = edit.target
        if number or observed.digest:
            params["digest"] = observed.digest or ""
        method = {"insert": "POST", "delete": "DELETE"}.get(edit.kind, "PUT")
        return Step(
            method,
            path if edit.kind == "insert" else f"{path}/{edit.position}",
            params,
            describe(edit),
            secrets=frozenset({"digest"}),  # no secret, but nothing that check mode could foretell
            replan=number + 1 < count,
            repeatable=edit.kind != "insert"
            or bool(params.get("digest")),  # nothing else distinguishes a late one from the second
        )


def spell_macros(reader: Reader, wanted: Sequence[Rule], present: Sequence[Rule], *, refuse: bool) -> Sequence[Rule]:
    """The rules with their macros spelled as PVE does, which ignores the case; with ``refuse`` an unknown one is an error.

    The server is asked only if a macro is in no present rule.
    """
    known = {rule["macro"] for rule in present if "macro" in rule}
    numbers = [number for number, rule in enumerate(wanted) if rule.get("macro", "") not in ("", *known)]
    if not numbers:
        return wanted
    rules = list(wanted)
    spellings = {str(row["macro"]).lower(): row["macro"] for row in reader.get(f"{CLUSTER}/macros") or []}
    for number in numbers:
        macro = wanted[number]["macro"]
        if macro.lower() in spellings:
            rules[number] = {**wanted[number], "macro": spellings[macro.lower()]}
        elif refuse:
            like = difflib.get_close_matches(macro.lower(), spellings, 3)
            raise InvalidOption(
                f"rules[{number}].macro",
                f"there is no macro {macro!r}",
                hint=f"Perhaps {' or '.join(str(spellings[name]) for name in like)} is meant."
                if like
                else "pve_firewall_info with include: [macros] lists them.",
            )
    return rules


def unknown_groups(reader: Reader, before: Sequence[Rule], after: Sequence[Rule]) -> list[str]:
    """Warnings of new rules whose security group does not exist: PVE takes them, and they do nothing."""
    named = [{rule["action"]: None for rule in rules if rule["type"] == "group"} for rules in (after, before)]
    new = [name for name in named[0] if name not in named[1]]
    try:
        rows = reader.get(f"{CLUSTER}/groups") or [] if new else []
    except PermissionDenied:
        return []
    known = {row["group"] for row in rows}
    return [
        f"There is no security group {name!r}: a rule with it does nothing until pve_firewall_group creates it."
        for name in new
        if name not in known
    ]


def unfiltered_guest(reader: Reader, desired: FirewallDesired) -> list[str]:
    """A warning if no network device of the guest goes through its firewall."""
    try:
        config = reader.get(f"{desired.path.removesuffix('/firewall')}/config")
    except (NotFound, PermissionDenied):
        return []
    devices = [str(value) for name, value in config.items() if re.fullmatch(r"net\d+", name)]
    if any("firewall=1" in value.split(",") for value in devices):
        return []
    guest = desired.scope.id
    return [
        f"No network device of guest {guest} has firewall: true (net of pve_vm, pve_lxc): its firewall filters nothing."
    ]


def target_list(current: Sequence[Rule], wanted: Sequence[Rule], desired: FirewallDesired) -> Sequence[Rule]:
    """The list that a task describes, given the present one."""
    if desired.state == "absent":
        return [rule for rule in current if not any(fits(pattern, rule) for pattern in wanted)]
    if not desired.append:
        return wanted
    owners = match(current, wanted)
    kept = list(current)
    for rule, owner in zip(wanted, owners, strict=True):
        if owner is not None:
            kept[owner] = rule
    new = [rule for rule, owner in zip(wanted, owners, strict=True) if owner is None]
    return [*new, *kept] if desired.insert == "top" else [*kept, *new]


def fits(pattern: Rule, rule: Rule) -> bool:
    return all(rule.get(name) == value for name, value in pattern.items())


def describe(edit: Edit) -> str:
    """What an edit does, in a few words."""
    rule = edit.rule
    parts = " ".join(
        str(rule[name]) for name in ("type", "action", "macro", "proto", "dport", "comment") if name in rule
    )
    if edit.kind == "insert":
        return f"create rule: {parts}" + ("" if rule.get("enable") else " (not yet in force)")
    if edit.kind == "update":
        return f"change rule {edit.position} to: {parts}"
    if edit.kind == "move":
        return f"move rule {edit.position} in front of {edit.target}"
    return f"delete rule {edit.position}"


@dataclasses.dataclass(frozen=True)
class FirewallInfoDesired:
    """What is read of a scope besides options and rules; ``log`` says how much of the log."""

    scope: Scope
    include: Sequence[str]
    log: Mapping[str, int]


class FirewallInfo(Info[FirewallInfoDesired]):
    """Reads a scope: options and rules; if requested also what rules may refer to, the macros and the log."""

    name = "firewall"
    extras = ("refs", "macros", "log", "aliases", "ipsets", "groups")
    log_options = ("limit", "since", "until")

    def arguments(self) -> dict[str, Any]:
        include = {"type": "list", "elements": "str", "choices": list(self.extras), "default": []}
        part = {name: {"type": "int"} for name in self.log_options}
        return {"argument_spec": {**scope_options(*SCOPES), "include": include, **part}}

    def advise(self, names: Sequence[str]) -> list[str]:
        return advise_scope(names)

    def parse(self, params: Mapping[str, Any]) -> FirewallInfoDesired:
        scope = scope_of(params, list(SCOPES))
        has: dict[str, tuple[str, ...]] = {
            "refs": ("cluster", "guest"),
            "aliases": ("cluster", "guest"),
            "ipsets": ("cluster", "guest"),
        }
        has |= {"log": ("node", "guest"), "groups": ("cluster",), "macros": tuple(SCOPES)}
        for name in params["include"]:
            if scope.kind not in has[name]:
                raise InvalidOption("include", f"{name} is there with scope: {' or '.join(has[name])} only")
        part = {name: params[name] for name in self.log_options if params[name] is not None}
        if part and "log" not in params["include"]:
            raise InvalidOption(next(iter(part)), "says how much of the log is read: include log")
        return FirewallInfoDesired(scope, params["include"], part)

    def read(self, reader: Reader, desired: FirewallInfoDesired) -> State:
        observed = FIREWALL.read(reader, FirewallDesired(desired.scope, allow_lockout=True))
        state, path = observed.state, observed.path
        for name in desired.include:
            place = {"macros": "/cluster/firewall/macros", "ipsets": f"{path}/ipset"}.get(name, f"{path}/{name}")
            rows = reader.get(place, desired.log if name == "log" else None) or []
            if name == "log":
                state["log"] = [row["t"] for row in rows]
            else:
                clean = [{key: value for key, value in row.items() if key != "digest"} for row in rows]
                state[name] = sorted(clean, key=lambda row: str(row.get("name", row.get("macro", row.get("group")))))
        return state


FIREWALL = Firewall()
FIREWALL_INFO = FirewallInfo()
