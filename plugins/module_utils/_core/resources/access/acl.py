# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Access control lists: who has which role on which path, and whether that holds for the paths below."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from ...api.facts import RELEASE
from ...model.contract import STATES, Reader, Resource, State
from ...model.errors import InvalidOption, does_not_exist
from ...model.field import Field, Fields
from ...model.given import TO_MAKE, Use
from ...model.kinds.info import ListInfo, Options
from ...model.plan import Plan, Step, api_path
from ...model.table import Table
from ...model.values import Boolean, split_list
from ..existence import exists
from . import lockout

COLLECTION = "/access/acl"
ROLE = re.compile(r"[A-Za-z0-9._-]+")
# kind of subject as the server names it -> the option that lists them, what an id of it looks like, an example
SUBJECTS = {
    "user": ("users", re.compile(r"[^\s:/!@]+@[^\s:/!@]+"), "alice@pve"),
    "group": ("groups", re.compile(r"[A-Za-z0-9._-]+"), "operators"),
    "token": ("tokens", re.compile(r"[^\s:/!]+@[^\s:/!@]+![A-Za-z][\w.-]+"), "alice@pve!backup"),
}

PATHS = (
    "Paths are for example /, /vms/100, /storage/local, /pool/web, /nodes/pve1, /access/groups/ops, /mapping/pci/gpu and "
    "/sdn/zones/localnetwork/vmbr0."
)
_NAME = r"[A-Za-z0-9._-]+"
# PVE/AccessControl.pm, check_path; what is at the path need not exist
KNOWN_PATH = re.compile(
    rf"/|/access(/(groups|realm)(/{_NAME})?)?|/mapping(/{_NAME}){{0,2}}|/(nodes|storage)(/{_NAME})?|/pool(/{_NAME}){{0,3}}"
    rf"|/sdn(/(?!zones/){_NAME}(/{_NAME})?)?|/sdn/zones(/{_NAME}){{0,2}}|/sdn/zones/{_NAME}/{_NAME}/[1-9][0-9]{{0,3}}"
    r"|/vms(/[1-9][0-9]{2,})?"
)

PROPAGATE = Boolean()
FIELDS = Fields(
    [
        Field("path", required=True),
        *(Field(option, type="list", elements="str") for option, _pattern, _example in SUBJECTS.values()),
        Field("roles", type="list", elements="str"),
        Field("propagate", type="bool"),
    ]
)

Entry = tuple[str, str, str]  # kind of subject, its id, the role's id


def normalised_path(text: str) -> str:
    """The path as PVE keeps it: one slash in front and between, none at the end."""
    return "/" + "/".join(part for part in text.strip().split("/") if part)


@dataclasses.dataclass(frozen=True)
class AclDesired:
    """Entries of a path that are to be there or not; with ``exclusive`` no others are."""

    path: str
    entries: Sequence[Entry]
    propagate: bool | None
    exclusive: bool
    allow_lockout: bool
    state: str


class Acl(Resource[AclDesired, State]):
    """The entries of one path. An entry is a subject with a role; ``propagate`` is its only property."""

    name = "acl"

    def tables(self) -> Sequence[Table]:
        return (Table((f"PUT {COLLECTION}",), tuple(FIELDS)),)

    def arguments(self) -> dict[str, Any]:
        spec = {
            **FIELDS.specs(),
            "exclusive": {"type": "bool", "default": False},
            **lockout.OPTION,
            "state": dict(STATES),
        }
        return {"argument_spec": spec}

    def uses(self) -> dict[str, Use]:
        return {"propagate": TO_MAKE}

    def parse(self, params: Mapping[str, Any]) -> AclDesired:
        subjects = [
            (kind, name) for kind, (option, _p, _e) in SUBJECTS.items() for name in _names(params, option, kind)
        ]
        roles = _names(params, "roles")
        absent, exclusive = params["state"] == "absent", params["exclusive"]
        if absent and exclusive:
            raise InvalidOption("exclusive", "goes with state: present; it takes away all entries that are not listed")
        if bool(subjects) != bool(roles):
            missing = "roles" if subjects else "users, groups, tokens"
            raise InvalidOption(missing, "an entry has a subject and a role: name at least one of each")
        if not subjects and not exclusive:
            raise InvalidOption(
                "users, groups, tokens",
                "name at least one of them, and roles",
                hint="To take away all entries of the path, set exclusive: true and name none.",
            )
        return AclDesired(
            path=normalised_path(params["path"]),
            entries=[(*subject, role) for subject in subjects for role in roles],
            propagate=params["propagate"],
            exclusive=exclusive,
            allow_lockout=params["allow_lockout"],
            state=params["state"],
        )

    def read(self, reader: Reader, desired: AclDesired) -> State:
        return observe(desired.path, reader.get(COLLECTION) or [])

    def preflight(self, reader: Reader, plan: Plan, desired: AclDesired) -> None:
        if desired.state == "present":
            before = {_entry(row) for row in (plan.before or {}).get("entries", [])}
            _refuse_unknown(reader, desired.path, [entry for entry in desired.entries if entry not in before])
        if not desired.allow_lockout:
            entries = (plan.after or {})["entries"]
            lockout.refuse_loss(reader, lambda rights: rights.with_entries(desired.path, entries))

    def plan(self, observed: State, desired: AclDesired) -> Plan:
        path = desired.path
        have = {_entry(row): row["propagate"] for row in observed["entries"]}
        wanted, propagate = desired.entries, desired.propagate
        if desired.state == "absent":
            grants, revokes = [], [entry for entry in wanted if entry in have]
        else:
            grants = [entry for entry in wanted if entry not in have or propagate not in (None, have[entry])]
            revokes = [entry for entry in have if desired.exclusive and entry not in wanted]
        if not grants and not revokes:
            return Plan.nothing(observed)
        flags = {} if propagate is None else {"propagate": propagate}
        steps = [*_steps("grant", path, grants, flags), *_steps("revoke", path, revokes, {"delete": True})]
        after = {**have, **dict.fromkeys(grants, propagate is not False)}
        return Plan(observed, _state(path, {e: p for e, p in after.items() if e not in revokes}), tuple(steps))


def _names(params: Mapping[str, Any], option: str, kind: str = "") -> list[str]:
    names = sorted(set(split_list(params.get(option) or [])))
    pattern, example = (SUBJECTS[kind][1], SUBJECTS[kind][2]) if kind else (ROLE, "PVEAuditor")
    for name in names:
        if not pattern.fullmatch(name):
            raise InvalidOption(option, f"{name!r} is not an id such as {example!r}")
    return names


def _refuse_unknown(reader: Reader, path: str, added: Collection[Entry]) -> None:
    """Refuse new entries that the server would refuse: on paths that it does not know, or with names that nobody has."""
    if added and not KNOWN_PATH.fullmatch(path) and reader.release() <= RELEASE:
        raise InvalidOption("path", f"PVE knows no path {path!r}", hint=PATHS)
    roles = {str(row["roleid"]) for row in reader.get("/access/roles") or []} if added else set()
    for role in sorted({role for _kind, _name, role in added} - roles):
        raise does_not_exist("roles", f"role {role!r}")
    for kind, name in sorted({(kind, name) for kind, name, _role in added}):
        if name.isascii() and not exists(reader, _path_of(kind, name)):  # others are found by no path
            raise does_not_exist(SUBJECTS[kind][0], f"{kind} {name!r}")


def _path_of(kind: str, name: str) -> str:
    """The path that reads a user, a group or a token."""
    if kind == "token":
        user, _sep, token = name.partition("!")
        return api_path("access", "users", user, "token", token)
    return api_path("access", f"{kind}s", name)


def _entry(row: Mapping[str, Any]) -> Entry:
    return row["type"], row["ugid"], row["roleid"]


def _state(path: str, entries: Mapping[Entry, bool]) -> State:
    return {"path": path, "entries": [_row(entry, entries[entry]) for entry in sorted(entries)]}


def _row(entry: Entry, propagate: bool) -> dict[str, Any]:
    return {**dict(zip(("type", "ugid", "roleid"), entry, strict=True)), "propagate": propagate}


def observe(path: str, rows: Iterable[Mapping[str, Any]]) -> State:
    """The entries of a path as users see them, from the rows of GET /access/acl."""
    return _state(path, {_entry(row): PROPAGATE.parse(row["propagate"]) for row in rows if row["path"] == path})


def _steps(verb: str, path: str, entries: Collection[Entry], flags: Mapping[str, Any]) -> list[Step]:
    """The calls for these entries and no others: one call takes every role for every subject that it names."""
    by_role: dict[str, list[tuple[str, str]]] = {}
    for kind, subject, role in sorted(entries):
        by_role.setdefault(role, []).append((kind, subject))
    by_subjects: dict[tuple[tuple[str, str], ...], list[str]] = {}
    for role, subjects in by_role.items():
        by_subjects.setdefault(tuple(subjects), []).append(role)
    steps = []
    for who, roles in by_subjects.items():
        named = {
            option: ",".join(name for kind_of, name in who if kind_of == kind)
            for kind, (option, _pattern, _example) in SUBJECTS.items()
        }
        params = {"path": path, "roles": ",".join(roles), **{key: names for key, names in named.items() if names}}
        whom = ", ".join(f"{kind} {name}" for kind, name in who)
        summary = f"{verb} {', '.join(roles)} on {path} {'to' if verb == 'grant' else 'from'} {whom}"
        steps.append(Step("PUT", COLLECTION, {**params, **flags}, summary))
    return steps


def regrants(rows: Iterable[Mapping[str, Any]]) -> list[Step]:
    """The calls that bring back entries, given as the server listed them."""
    groups: dict[tuple[str, bool], list[Entry]] = {}
    for row in rows:
        groups.setdefault((row["path"], PROPAGATE.parse(row["propagate"])), []).append(_entry(row))
    return [
        dataclasses.replace(step, verify=False)
        for (path, propagate), entries in sorted(groups.items())
        for step in _steps("grant", path, entries, {"propagate": propagate})
    ]


class AclList(ListInfo):
    """All entries, or those of one path."""

    def parse(self, params: Mapping[str, Any]) -> Options:
        return {"path": params["path"] and normalised_path(params["path"])}

    def read(self, reader: Reader, desired: Options) -> Any:
        shown = [
            {"path": row["path"], **_row(_entry(row), PROPAGATE.parse(row["propagate"]))}
            for row in reader.get(COLLECTION) or []
            if desired["path"] in (None, row["path"])
        ]
        return sorted(shown, key=lambda row: (row["path"], _entry(row)))


ACL = Acl()
ACL_INFO = AclList("acl", lambda desired: COLLECTION, key="path")
