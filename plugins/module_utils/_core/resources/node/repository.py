# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Repositories of packages on a node: standard ones by their handle, others by what they are."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping, Sequence
from typing import Any

from ...model.contract import NODE_KEY, Reader, Resource, State
from ...model.errors import InvalidOption
from ...model.field import Field, Fields
from ...model.plan import Plan, Step, api_path
from ...model.table import Table
from ...model.values import Boolean

TRAITS = {"path": "", "uri": "URIs", "suite": "Suites", "component": "Components", "type": "Types"}
FIELDS = Fields([Field("handle"), Field("path"), Field("index", type="int"), Field("enabled", type="bool")])
_CEPH = re.compile(r"(ceph-[a-z]+)-(.+)")
ENABLED = Boolean()


@dataclasses.dataclass(frozen=True)
class RepositoryDesired:
    """Which repositories a task means, by their handle or by what they are; ``enabled`` is None if it only reads."""

    node: str
    handle: str | None
    traits: Mapping[str, str]
    index: int | None
    enabled: bool | None

    @property
    def path(self) -> str:
        return api_path("nodes", self.node, "apt", "repositories")

    def means(self, entry: Mapping[str, Any]) -> bool:
        return _is_standard(entry, self.handle) if self.handle is not None else _fits(entry, self)


@dataclasses.dataclass(frozen=True)
class RepositoriesObserved:
    """All repositories of a node, and by handle whether each standard one is enabled."""

    entries: Sequence[Mapping[str, Any]]
    standard: Mapping[str, bool]
    digest: str | None


class NodeRepository(Resource[RepositoryDesired, RepositoriesObserved]):
    """See the module pve_node_repository."""

    name = "repository"

    def tables(self) -> Sequence[Table]:
        return (
            Table(
                ("GET /nodes/*/apt/repositories", "PUT /nodes/*/apt/repositories", "POST /nodes/*/apt/repositories"),
                tuple(FIELDS),
            ),
        )

    def arguments(self) -> dict[str, Any]:
        spec: dict[str, dict[str, Any]] = {
            **NODE_KEY,
            **{name: {"type": "str"} for name in TRAITS},
            **FIELDS.specs(),
        }
        spec["type"]["choices"] = ["deb", "deb-src"]
        return {
            "argument_spec": spec,
            "mutually_exclusive": [["handle", name] for name in (*TRAITS, "index")],
            "required_one_of": [["handle", *TRAITS]],
            "required_by": {"index": ["path"]},
        }

    def parse(self, params: Mapping[str, Any]) -> RepositoryDesired:
        traits = {name: params[name] for name in TRAITS if params[name] is not None}
        return RepositoryDesired(params["node"], params["handle"], traits, params["index"], params["enabled"])

    def read(self, reader: Reader, desired: RepositoryDesired) -> RepositoriesObserved:
        answer = reader.get(desired.path)
        found = [
            {"path": file["path"], "index": index, **entry, "Enabled": ENABLED.parse(entry.get("Enabled", True))}
            for file in answer.get("files") or []
            for index, entry in enumerate(file.get("repositories") or [])
        ]
        found.sort(key=lambda entry: (entry["path"], entry["index"]))
        rows = answer.get("standard-repos") or []
        standard = {str(row["handle"]): ENABLED.parse(row.get("status") or 0) for row in rows}
        return RepositoriesObserved(found, standard, answer.get("digest"))

    def plan(self, observed: RepositoriesObserved, desired: RepositoryDesired) -> Plan:
        _refuse_unknown(observed, desired)
        before = _shown(observed, desired)
        if desired.enabled is None:
            return Plan.nothing(before)
        if desired.handle is not None and desired.enabled:
            return self._plan_standard(before, observed, desired)
        return self._plan_switch(before, observed, desired)

    @staticmethod
    def _plan_standard(before: State, observed: RepositoriesObserved, desired: RepositoryDesired) -> Plan:
        if before["enabled"]:
            return Plan.nothing(before)
        params = {"handle": desired.handle, **_digest(observed)}
        summary = f"enable the repository {desired.handle} of {desired.node}"
        after = {name: value for name, value in before.items() if name != "repositories"}
        return Plan(before, {**after, "enabled": True}, (Step("PUT", desired.path, params, summary),))

    @staticmethod
    def _plan_switch(before: State, observed: RepositoriesObserved, desired: RepositoryDesired) -> Plan:
        """One call for each; the digest goes with the first one, which changes it."""
        enabled = desired.enabled
        steps: list[Step] = []
        for entry in before["repositories"]:
            if entry["Enabled"] == enabled:
                continue
            digest = {} if steps else _digest(observed)
            params = {"path": entry["path"], "index": entry["index"], "enabled": enabled, **digest}
            what = f"{' '.join(entry.get('URIs', []))} {' '.join(entry.get('Suites', []))}"
            summary = f"{'enable' if enabled else 'disable'} the repository {what} of {desired.node}"
            steps.append(Step("POST", desired.path, params, summary))
        if not steps:
            return Plan.nothing(before)
        after = [{**entry, "Enabled": enabled} for entry in before["repositories"]]
        return Plan(before, {**before, "enabled": enabled, "repositories": after}, tuple(steps))


def _shown(observed: RepositoriesObserved, desired: RepositoryDesired) -> State:
    """The repositories that a task means, as users see them."""
    meant = [dict(entry) for entry in observed.entries if desired.means(entry)]
    if desired.handle is not None:
        enabled = observed.standard[desired.handle]
        return {"node": desired.node, "handle": desired.handle, "enabled": enabled, "repositories": meant}
    enabled = (any if desired.enabled is False else all)(entry["Enabled"] for entry in meant)
    return {"node": desired.node, "enabled": enabled, "repositories": meant}


def _refuse_unknown(observed: RepositoriesObserved, desired: RepositoryDesired) -> None:
    """Refuse a handle that the node does not know, and traits that none of its repositories has."""
    if desired.handle is not None:
        if desired.handle not in observed.standard:
            known = ", ".join(sorted(observed.standard))
            raise InvalidOption("handle", f"{desired.node} knows no {desired.handle!r}, but {known}")
    elif not any(map(desired.means, observed.entries)):
        traits = ", ".join(f"{name} {value}" for name, value in desired.traits.items())
        raise InvalidOption(
            next(iter(desired.traits)),
            f"{desired.node} has no repository of {traits}",
            hint="Standard ones are added by handle; the API adds no others. pve_node_apt_info lists what is there.",
        )


def _digest(observed: RepositoriesObserved) -> dict[str, Any]:
    return {"digest": observed.digest} if observed.digest else {}


def _fits(entry: Mapping[str, Any], desired: RepositoryDesired) -> bool:
    """Whether a repository has all traits that the task names."""
    for name, value in desired.traits.items():
        had = [entry["path"]] if name == "path" else entry.get(TRAITS[name]) or []
        if value.rstrip("/") not in [str(item).rstrip("/") for item in had]:
            return False
    return desired.index in (None, entry["index"])


def _is_standard(entry: Mapping[str, Any], handle: str) -> bool:
    """Whether a handle means this repository, of whatever release: get_standard_repository of proxmox-apt (proxmox-rs)."""
    ceph = _CEPH.fullmatch(handle)
    product, components = (ceph[1], {ceph[2]}) if ceph else ("pve", {f"pve-{handle}", f"pve{handle}"})
    folder = f"/{product}" if ceph else "(/pve)?"
    uri = re.compile(rf"https?://(enterprise|download)\.proxmox\.com/debian{folder}/?")
    return bool(components & set(entry.get("Components") or [])) and any(map(uri.fullmatch, entry.get("URIs") or []))


REPOSITORY = NodeRepository()
