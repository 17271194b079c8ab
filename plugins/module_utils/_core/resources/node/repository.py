# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Repositories of packages on a node: standard ones by their handle, others by what they are."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ...model.contract import NODE_KEY, Desired, Reader, Resource, State
from ...model.errors import InvalidOption
from ...model.plan import Plan, Step, api_path
from ...model.values import Boolean

TRAITS = {"path": "", "uri": "URIs", "suite": "Suites", "component": "Components", "type": "Types"}
_CEPH = re.compile(r"(ceph-[a-z]+)-(.+)")
ENABLED = Boolean()


class NodeRepository(Resource[Desired, State | None]):
    """See the module pve_node_repository."""

    name = "repository"

    def arguments(self) -> dict[str, Any]:
        spec: dict[str, dict[str, Any]] = {
            **NODE_KEY,
            "handle": {"type": "str"},
            **{name: {"type": "str"} for name in TRAITS},
            "index": {"type": "int"},
            "enabled": {"type": "bool"},
        }
        spec["type"]["choices"] = ["deb", "deb-src"]
        return {
            "argument_spec": spec,
            "mutually_exclusive": [["handle", name] for name in (*TRAITS, "index")],
            "required_one_of": [["handle", *TRAITS]],
            "required_by": {"index": ["path"]},
        }

    def parse(self, params: Mapping[str, Any]) -> Desired:
        desired = {name: params[name] for name in ("node", "handle", "index", "enabled")}
        desired["path"] = api_path("nodes", params["node"], "apt", "repositories")
        return {**desired, "traits": {name: params[name] for name in TRAITS if params[name] is not None}}

    def read(self, reader: Reader, desired: Desired) -> State | None:
        answer = reader.get(desired["path"])
        desired["digest"] = answer.get("digest")
        found = [
            {"path": file["path"], "index": index, **entry, "Enabled": ENABLED.parse(entry.get("Enabled", True))}
            for file in answer.get("files") or []
            for index, entry in enumerate(file.get("repositories") or [])
        ]
        found.sort(key=lambda entry: (entry["path"], entry["index"]))
        state: State = {"node": desired["node"]}
        if desired["handle"] is None:
            matching = [entry for entry in found if _fits(entry, desired)]
            enabled = (any if desired["enabled"] is False else all)(entry["Enabled"] for entry in matching)
        else:
            known = {row["handle"]: row for row in answer.get("standard-repos") or []}
            desired["handles"] = sorted(known)
            matching = [entry for entry in found if _is_standard(entry, desired["handle"])]
            enabled = ENABLED.parse(known.get(desired["handle"], {}).get("status") or 0)
            state["handle"] = desired["handle"]
        return {**state, "enabled": enabled, "repositories": matching}

    def plan(self, current: State | None, desired: Desired) -> Plan:
        present: State = current or {"enabled": False, "repositories": []}
        if desired["handle"] is not None and desired["handle"] not in desired["handles"]:
            known = ", ".join(desired["handles"])
            raise InvalidOption("handle", f"{desired['node']} knows no {desired['handle']!r}, but {known}")
        if desired["handle"] is None and not present["repositories"]:
            traits = ", ".join(f"{name} {value}" for name, value in desired["traits"].items())
            raise InvalidOption(
                next(iter(desired["traits"])),
                f"{desired['node']} has no repository of {traits}",
                hint="Standard ones are added by handle; the API adds no others. pve_node_apt_info lists what is there.",
            )
        if desired["enabled"] is None:
            return Plan.nothing(present)
        if desired["handle"] is not None and desired["enabled"]:
            return self._plan_standard(present, desired)
        return self._plan_switch(present, desired)

    @staticmethod
    def _plan_standard(present: State, desired: Desired) -> Plan:
        if present["enabled"]:
            return Plan.nothing(present)
        params = {"handle": desired["handle"], **_digest(desired)}
        why = f"enable the repository {desired['handle']} of {desired['node']}"
        after = {name: value for name, value in present.items() if name != "repositories"}
        return Plan(present, {**after, "enabled": True}, (Step("PUT", desired["path"], params, why),))

    @staticmethod
    def _plan_switch(present: State, desired: Desired) -> Plan:
        """One call for each; the digest goes with the first one, which changes it."""
        enabled = desired["enabled"]
        due = [entry for entry in present["repositories"] if entry["Enabled"] != enabled]
        steps: list[Step] = []
        for entry in due:
            params = {
                "path": entry["path"],
                "index": entry["index"],
                "enabled": enabled,
                **({} if steps else _digest(desired)),
            }
            verb = "enable" if enabled else "disable"
            what = f"{' '.join(entry.get('URIs', []))} {' '.join(entry.get('Suites', []))}"
            steps.append(Step("POST", desired["path"], params, f"{verb} the repository {what} of {desired['node']}"))
        if not steps:
            return Plan.nothing(present)
        after = [{**entry, "Enabled": enabled} for entry in present["repositories"]]
        return Plan(present, {**present, "enabled": enabled, "repositories": after}, tuple(steps))


def _digest(desired: Desired) -> dict[str, Any]:
    return {"digest": desired["digest"]} if desired["digest"] else {}


def _fits(entry: Mapping[str, Any], desired: Desired) -> bool:
    """Whether a repository has all traits that the task names."""
    for name, value in desired["traits"].items():
        had = [entry["path"]] if name == "path" else entry.get(TRAITS[name]) or []
        if value.rstrip("/") not in [str(item).rstrip("/") for item in had]:
            return False
    return desired["index"] in (None, entry["index"])


def _is_standard(entry: Mapping[str, Any], handle: str) -> bool:
    """Whether a handle means this repository, of whatever release: get_standard_repository of proxmox-apt (proxmox-rs)."""
    ceph = _CEPH.fullmatch(handle)
    product, components = (ceph[1], {ceph[2]}) if ceph else ("pve", {f"pve-{handle}", f"pve{handle}"})
    folder = f"/{product}" if ceph else "(/pve)?"
    uri = re.compile(rf"https?://(enterprise|download)\.proxmox\.com/debian{folder}/?")
    return bool(components & set(entry.get("Components") or [])) and any(map(uri.fullmatch, entry.get("URIs") or []))


REPOSITORY = NodeRepository()
