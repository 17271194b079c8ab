# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What firewall rules refer to: aliases, IP sets and security groups."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from typing import Any

from ...model.contract import STATES, Desired, Reader, State
from ...model.errors import InvalidOption, Refused
from ...model.field import Field, Fields
from ...model.given import TO_DELETE, TO_MAKE, Use
from ...model.kinds.item import Item, ItemDesired, Location
from ...model.plan import Plan, Step, api_path, whole_part
from ...model.values import Matching, NonZeroComment, Text
from .fields import observe_rule
from .lockout import OPTION, Guarded, check_lockout, collect_context
from .scope import CLUSTER, find_scope, scope_of, scope_options

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]+")
NOT_A_NAME = "{} is not a name: a letter, then letters, digits, - and _, at most {} characters"
_WITH_SETS = ("cluster", "guest")
COMMENT = NonZeroComment()


def checked_name(option: str, value: str, longest: int) -> str:
    """The name, if PVE takes it."""
    if not _NAME.fullmatch(value) or len(value) > longest:
        raise InvalidOption(option, NOT_A_NAME.format(repr(value), longest))
    return value


class Network(Text):
    """An address or a network, in the form that the server keeps; host bits stay as they were given."""

    def parse(self, value: Any) -> str:
        text = str(value).strip()
        try:
            network = ipaddress.ip_interface(text)
        except ValueError:
            raise ValueError(f"{text!r} is neither an address nor a network such as 192.0.2.0/24") from None
        text = re.sub(r"/32$" if network.version == 4 else r"/128$", "", text)  # PVE leaves that out
        return text.lower() if network.version == 6 else text


class SetNetwork(Network):
    """An address or a network in a set, where PVE drops the host bits."""

    def parse(self, value: Any) -> str:
        network = ipaddress.ip_interface(super().parse(value)).network
        return super().parse(str(network))


ALIAS_FIELDS = Fields([Field("cidr", codec=Network(), clear="never"), Field("comment", codec=COMMENT, clear="empty")])


def _keep_way_in(reader: Reader, plan: Plan, desired: ItemDesired) -> None:
    """Refuse an alias of the cluster by which the node would no longer let this machine in."""
    if desired.place["scope"] != "cluster" or desired.options["allow_lockout"]:
        return
    scope = {"scope": "alias", "name": desired.key.lower()}
    before, after = ({"aliases": state["cidr"]} if state else {} for state in (plan.before, plan.after))
    surroundings = collect_context(reader, scope, before, {})
    if surroundings:
        reader.warnings.extend(check_lockout(surroundings, scope, before, after))


ALIAS = Item(
    "alias",
    "/aliases",
    Field("name", codec=Matching(r"[A-Za-z][A-Za-z0-9_-]{1,63}", NOT_A_NAME.format("{value}", 64))),
    ALIAS_FIELDS,
    needed=("cidr",),
    delete_keys=False,
    replaces=True,
    address=Location(scope_options(*_WITH_SETS), lambda params: scope_of(params, _WITH_SETS), find_scope),
    absent="no such alias",
    preflights=(_keep_way_in,),
    extra_options=OPTION,
)


class Container(Guarded):
    """A named thing with a comment that holds others: PVE changes its comment by renaming it to itself.

    PVE reads their names in lower case, however they were written (PVE/Firewall.pm, generic_fw_config_parser).
    """

    name: str
    key: str  # of the name, as an option and on the wire
    longest: int

    def _change_steps(self, current: State | None, desired: Desired) -> tuple[list[Step], State]:
        """Create it or change its comment."""
        key, name, comment = self.key, desired[self.key], desired["comment"]
        after = {**(current or {key: name}), **({} if comment is None else {"comment": comment})}
        if comment == "":
            del after["comment"]
        if current is None:
            params = {key: name, **({"comment": comment} if comment else {})}
            return [Step("POST", desired["path"], params, f"create {self.name} {name}")], after
        if comment is None or comment == current.get("comment", ""):
            return [], after
        params = {key: name, "rename": name, "comment": comment}
        return [Step("POST", desired["path"], params, f"change the comment of {self.name} {name}")], after


class AddressSet(Container):
    """A set of addresses. A given list of entries is the whole set unless ``append``."""

    name, key, longest = "ipset", "name", 64

    def arguments(self) -> dict[str, Any]:
        suboptions = {
            "cidr": {"type": "str", "required": True},
            "nomatch": {"type": "bool"},
            "comment": {"type": "str"},
        }
        spec = {
            **scope_options(*_WITH_SETS),
            "name": {"type": "str", "required": True},
            "comment": {"type": "str"},
            "entries": {"type": "list", "elements": "dict", "options": suboptions},
            "append": {"type": "bool", "default": False},
            "force": {"type": "bool", "default": False},
            **OPTION,
            "state": dict(STATES),
        }
        return {"argument_spec": spec}

    def may_be_empty(self) -> set[str]:
        return {"comment", "entries", "entries.comment"}

    def uses(self) -> dict[str, Use]:
        append = Use(never=("absent",), beside=("entries",))
        return {"comment": TO_MAKE, "entries": TO_MAKE, "append": append, "force": TO_DELETE}

    def parse(self, params: Mapping[str, Any]) -> Desired:
        entries = params["entries"]
        return {
            "scope": scope_of(params, _WITH_SETS),
            "name": checked_name("name", params["name"], self.longest).lower(),
            "comment": _parsed_comment("comment", params["comment"]),
            "entries": None if entries is None else parse_entries(entries),
            **{name: params[name] for name in ("append", "force", "allow_lockout", "state")},
        }

    def _view(self, desired: Desired, state: Mapping[str, Any] | None) -> tuple[Desired, State] | None:
        if desired["scope"]["scope"] != "cluster":
            return None
        return {"scope": "ipset", "name": desired["name"]}, {"ipsets": state["entries"]} if state else {}

    def _read(self, reader: Reader, desired: Desired) -> State | None:
        """Two reads: the entries, and the list of sets for the comment, which is nowhere else."""
        desired["path"] = desired.get("path") or f"{find_scope(reader, desired['scope'])}/ipset"
        rows = reader.get(desired["path"]) or []
        row = next((row for row in rows if row["name"] == desired["name"]), None)
        if row is None:
            return None
        entries = [observe_entry(entry) for entry in reader.get(desired["path"] + api_path(desired["name"])) or []]
        comment = {"comment": row["comment"]} if row.get("comment") else {}
        return {"name": desired["name"], **comment, "entries": sorted(entries, key=lambda entry: str(entry["cidr"]))}

    def _plan(self, current: State | None, desired: Desired) -> Plan:
        if desired["state"] == "absent":
            return self._plan_absent(current, desired)
        steps, after = self._change_steps(current, desired)
        have = {entry["cidr"]: entry for entry in (current or {}).get("entries", [])}
        result = dict(have)
        if desired["entries"] is not None:
            spelt = {cidr.lower(): cidr for cidr in have}  # PVE compares the names of aliases without case
            entries = {spelt.get(cidr.lower(), cidr): entry for cidr, entry in desired["entries"].items()}
            wanted = {cidr: {**have.get(cidr, {}), **entry, "cidr": cidr} for cidr, entry in entries.items()}
            wanted = {cidr: {k: v for k, v in entry.items() if v not in ("", False)} for cidr, entry in wanted.items()}
            result = {**(have if desired["append"] else {}), **wanted}
            steps += self._entry_steps(desired, have, result)
        after["entries"] = [result[cidr] for cidr in sorted(result)]
        return Plan(current, after, tuple(steps)) if steps else Plan.nothing(current)

    @staticmethod
    def _entry_steps(desired: Desired, have: Mapping[str, Any], result: Mapping[str, Any]) -> list[Step]:
        """Exceptions (``nomatch``) come before what they are exceptions of, and everything new before what goes."""
        base = desired["path"] + api_path(desired["name"])
        steps = []
        for cidr in sorted(result, key=lambda cidr: (not result[cidr].get("nomatch"), cidr)):
            options = {name: value for name, value in result[cidr].items() if name != "cidr"}
            if cidr not in have:
                steps.append(Step("POST", base, {"cidr": cidr, **options}, f"add {cidr} to ipset {desired['name']}"))
            elif result[cidr] != have[cidr]:
                path = base + whole_part(cidr)
                steps.append(Step("PUT", path, options, f"change {cidr} in ipset {desired['name']}"))
        for cidr in sorted(set(have) - set(result), key=lambda cidr: (bool(have[cidr].get("nomatch")), cidr)):
            steps.append(Step("DELETE", base + whole_part(cidr), {}, f"take {cidr} out of ipset {desired['name']}"))
        return steps

    def _plan_absent(self, current: State | None, desired: Desired) -> Plan:
        if current is None:
            return Plan.nothing(None)
        if current["entries"] and not desired["force"]:
            raise Refused(
                f"IP set {desired['name']} has {len(current['entries'])} entries.",
                hint="Set force: true to delete it with them.",
            )
        params = {"force": True} if current["entries"] else {}
        step = Step("DELETE", desired["path"] + api_path(desired["name"]), params, f"delete ipset {desired['name']}")
        return Plan(current, None, (step,))


def parse_entries(rows: list[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Entries by their address or alias; what is not given is not managed."""
    entries: dict[str, dict[str, Any]] = {}
    for number, row in enumerate(rows):
        option = f"entries[{number}].cidr"
        cidr = str(row["cidr"]).strip()
        if not re.fullmatch(r"(?:(?:dc|guest)/)?[A-Za-z][A-Za-z0-9_-]+", cidr) or ":" in cidr:
            try:
                cidr = SetNetwork().parse(cidr)
            except ValueError as error:
                raise InvalidOption(option, f"{error}, nor the name of an alias") from None
            if cidr.endswith("/0"):
                raise InvalidOption(option, f"{cidr!r} is everything, which PVE does not allow in a set")
        if cidr.lower() in map(str.lower, entries):
            raise InvalidOption(option, f"{cidr!r} is listed twice")
        comment = _parsed_comment(f"entries[{number}].comment", row.get("comment"))
        options = {"nomatch": row.get("nomatch"), "comment": comment}
        entries[cidr] = {"cidr": cidr, **{name: value for name, value in options.items() if value is not None}}
    return entries


def _parsed_comment(option: str, value: Any) -> str | None:
    """A comment in canonical form, None if it is not given."""
    try:
        return None if value is None else COMMENT.parse_option(value)
    except ValueError as error:
        raise InvalidOption(option, str(error)) from None


def observe_entry(row: Mapping[str, Any]) -> dict[str, Any]:
    """An entry as users see it."""
    flags = {"nomatch": True} if str(row.get("nomatch", 0)) == "1" else {}
    return {"cidr": row["cidr"], **flags, **({"comment": row["comment"]} if row.get("comment") else {})}


class SecurityGroup(Container):
    """A named list of rules. The rules are managed as a scope of the firewall."""

    name, key, longest = "group", "group", 18

    def arguments(self) -> dict[str, Any]:
        spec = {
            "group": {"type": "str", "required": True, "aliases": ["name"]},
            "comment": {"type": "str"},
            "force": {"type": "bool", "default": False},
            **OPTION,
            "state": dict(STATES),
        }
        return {"argument_spec": spec}

    def may_be_empty(self) -> set[str]:
        return {"comment"}

    def uses(self) -> dict[str, Use]:
        return {"comment": TO_MAKE, "force": TO_DELETE}

    def parse(self, params: Mapping[str, Any]) -> Desired:
        comment = params["comment"]
        return {
            "group": checked_name("group", params["group"], self.longest).lower(),
            "comment": _parsed_comment("comment", comment),
            "path": f"{CLUSTER}/groups",
            "force": params["force"],
            "allow_lockout": params["allow_lockout"],
            "state": params["state"],
        }

    def _view(self, desired: Desired, state: Mapping[str, Any] | None) -> tuple[Desired, State] | None:
        if desired["state"] != "absent":
            return None  # a comment decides nothing
        return {"scope": "group", "group": desired["group"]}, {"rules": desired.get("rules", []) if state else []}

    def _read(self, reader: Reader, desired: Desired) -> State | None:
        rows = reader.get(desired["path"]) or []
        row = next((row for row in rows if row["group"] == desired["group"]), None)
        if row is None:
            return None
        if desired["state"] == "absent":
            rows = sorted(
                reader.get(desired["path"] + api_path(desired["group"])) or [], key=lambda rule: int(rule["pos"])
            )
            desired["rules"] = [observe_rule(rule) for rule in rows]
        return {"group": desired["group"], **({"comment": row["comment"]} if row.get("comment") else {})}

    def _plan(self, current: State | None, desired: Desired) -> Plan:
        if desired["state"] != "absent":
            steps, after = self._change_steps(current, desired)
            return Plan(current, after, tuple(steps)) if steps else Plan.nothing(current)
        if current is None:
            return Plan.nothing(None)
        path, count = desired["path"] + api_path(desired["group"]), len(desired["rules"])
        if count and not desired["force"]:
            raise Refused(
                f"Group {desired['group']} has {count} rules.", hint="Set force: true to delete it with them."
            )
        steps = [
            Step("DELETE", f"{path}/{pos}", {}, f"delete rule {pos} of group {desired['group']}")
            for pos in reversed(range(count))
        ]
        return Plan(current, None, (*steps, Step("DELETE", path, {}, f"delete group {desired['group']}")))


IPSET, GROUP = AddressSet(), SecurityGroup()
