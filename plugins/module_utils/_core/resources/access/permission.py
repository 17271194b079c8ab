# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a user or an API token may do, and what it lacks for the modules of this collection."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from ...model.contract import Reader
from ...model.errors import InvalidOption
from ...model.kinds.info import Info
from .acl import normalised_path
from .requirements import DECLARED
from .role import GUEST_AGENT

COLLECTION = "/access/permissions"
NEW_NAMES = 9  # the release in which VM.Monitor became VM.GuestAgent.*
READ_AGENT = "VM.GuestAgent.Audit"  # to wait for addresses; PVE 8 has no privilege that allows reading alone
_CONFIG = " ".join(f"VM.Config.{name}" for name in ("CPU", "Disk", "Memory", "Network", "Options"))
_GUEST = f"VM.Allocate VM.Audit VM.Backup VM.Clone VM.Migrate VM.PowerMgmt {_CONFIG}"
_AROUND = {"/pool": "Pool.Allocate", "/storage": "Datastore.AllocateSpace", "/sdn/zones": "SDN.Use"}
# module -> path -> privileges that do not follow from the calls that the module declares: those of modules that declare none,
# those that the schema has no exact check for, and those for what is read besides. The option path narrows a path to one below it.
# Source: the permissions that the API's schema names for the calls of the modules, and the descriptions in it.
WRITTEN = {
    "pve_acl": {"/": "Permissions.Modify"},
    "pve_acl_info": {"/": "Permissions.Modify"},
    "pve_acme_plugin_info": {"/": "Sys.Modify"},
    "pve_backup": {
        "/vms": "VM.Allocate VM.Audit VM.Backup VM.PowerMgmt",
        "/storage": "Datastore.Allocate Datastore.AllocateSpace Datastore.Audit",
    },
    "pve_backup_info": {"/vms": "VM.Backup", "/storage": "Datastore.AllocateSpace Datastore.Audit"},
    "pve_backup_job_info": {"/": "Sys.Audit"},
    "pve_cloudinit": {"/vms": "VM.Audit VM.Config.Cloudinit"},
    "pve_cluster_info": {"/": "Sys.Audit Sys.Syslog", "/vms": "VM.Audit", "/storage": "Datastore.Audit"},
    "pve_cpu_model": {"/mapping/cpu": "Mapping.Audit"},
    "pve_cpu_model_info": {"/mapping/cpu": "Mapping.Audit"},
    "pve_firewall": {"/sdn/zones": "SDN.Allocate"},
    "pve_firewall_group": {"/": "Sys.Audit"},
    "pve_firewall_info": {"/": "Sys.Audit", "/nodes": "Sys.Audit Sys.Syslog", "/vms": "VM.Audit VM.Console"},
    "pve_group": {"/access/groups": "User.Modify"},
    "pve_group_info": {"/access/groups": "Sys.Audit"},
    "pve_guest_agent": {"/vms": "VM.Audit VM.GuestAgent.Unrestricted"},
    "pve_guest_info": {"/vms": "VM.Audit"},
    "pve_guests": {"/vms": "VM.Audit VM.PowerMgmt", "/pool": "Pool.Audit"},
    "pve_ha_info": {"/": "Sys.Audit"},
    "pve_lxc": {"/vms": _GUEST, **_AROUND},
    "pve_mapping": {"/mapping": "Mapping.Audit Mapping.Modify"},
    "pve_mapping_info": {"/mapping": "Mapping.Audit"},
    "pve_metric_server_info": {"/": "Sys.Audit"},
    "pve_node_apt": {"/nodes": "Sys.Audit"},
    "pve_node_apt_info": {"/nodes": "Sys.Audit Sys.Modify"},
    "pve_node_certificate": {"/nodes": "Sys.Audit"},
    "pve_node_disk": {"/": "Sys.Audit", "/storage": "Datastore.Allocate"},
    "pve_node_disk_info": {"/": "Sys.Audit"},
    "pve_node_guests": {"/vms": "VM.Audit VM.Config.Disk VM.Migrate VM.PowerMgmt"},
    "pve_node_info": {"/": "Sys.Audit Sys.Modify", "/nodes": "Sys.Audit"},
    "pve_node_network": {"/": "Sys.Audit", "/sdn/zones/localnetwork": "SDN.Audit"},
    "pve_node_network_info": {"/sdn/zones/localnetwork": "SDN.Audit"},
    "pve_node_log_info": {"/nodes": "Sys.Audit Sys.Syslog"},
    "pve_node_power": {"/vms": "VM.Audit"},
    "pve_node_subscription": {"/nodes": "Sys.Audit"},
    "pve_node_subscription_info": {"/nodes": "Sys.Audit"},
    "pve_notification_endpoint": {"/": "Sys.Audit Sys.Modify"},
    "pve_notification_endpoint_info": {"/mapping/notifications": "Mapping.Audit"},
    "pve_notification_matcher_info": {"/mapping/notifications": "Mapping.Audit"},
    "pve_oci_tag_info": {"/nodes": "Sys.AccessNetwork"},
    "pve_permission_info": {"/access": "Sys.Audit"},
    "pve_pool": {"/pool": "Pool.Audit"},
    "pve_pool_info": {"/pool": "Pool.Audit"},
    "pve_realm_sync": {"/access/realm": "Sys.Audit"},
    "pve_realm_sync_job_info": {"/": "Sys.Audit"},
    "pve_replication": {"/vms": "VM.Audit VM.Replicate"},
    "pve_replication_info": {"/vms": "VM.Audit"},
    "pve_sendkey": {"/vms": "VM.Audit VM.Console"},
    "pve_snapshot": {"/vms": "VM.Audit VM.Snapshot VM.Snapshot.Rollback"},
    "pve_storage": {"/storage": "Datastore.Audit"},
    "pve_storage_content": {"/storage": "Datastore.Allocate Datastore.Audit"},
    "pve_storage_info": {"/storage": "Datastore.Audit"},
    "pve_task": {"/nodes": "Sys.Audit Sys.Modify"},
    "pve_task_info": {"/nodes": "Sys.Audit"},
    "pve_tfa": {"/access/groups": "User.Modify"},
    "pve_tfa_info": {"/access/groups": "Sys.Audit"},
    "pve_token": {"/access/groups": "User.Modify"},
    "pve_token_info": {"/access/groups": "User.Modify"},
    "pve_user": {"/access/groups": "User.Modify", "/access/realm": "Realm.AllocateUser"},
    "pve_user_info": {"/access/groups": "Sys.Audit"},
    "pve_vm": {"/vms": f"{_GUEST} VM.Config.CDROM VM.Config.Cloudinit VM.Config.HWType {READ_AGENT}", **_AROUND},
}


def _together(declared: Mapping[str, str], written: Mapping[str, str]) -> dict[str, str]:
    """Both, without what is granted on a path above."""
    found: dict[str, set[str]] = {}
    for path, privs in (*written.items(), *declared.items()):
        above = {priv for where, has in written.items() if path.startswith(f"{where}/") for priv in has.split()}
        if left := set(privs.split()) - above:
            found.setdefault(path, set()).update(left)
    return {path: " ".join(sorted(privs)) for path, privs in sorted(found.items())}


REQUIREMENTS = {
    module: _together(DECLARED.get(module, {}), WRITTEN.get(module, {})) for module in sorted({*DECLARED, *WRITTEN})
}


@dataclasses.dataclass(frozen=True)
class PermissionsDesired:
    """Whose permissions are read (None: those of the login) and where; ``needed`` has privileges to look for, by path.

    ``named`` are those of them that the task names itself.
    """

    userid: str | None
    paths: Sequence[str]
    needed: Mapping[str, AbstractSet[str]]
    named: AbstractSet[str]


class Permissions(Info[PermissionsDesired]):
    """Effective permissions, by path. With privileges or modules to look for, also what of these is missing where."""

    name = "permissions"

    def arguments(self) -> dict[str, Any]:
        names = {"type": "list", "elements": "str"}
        spec = {
            "userid": {"type": "str"},
            "path": dict(names),
            "privs": dict(names),
            "modules": dict(names),
        }
        return {"argument_spec": spec}

    def parse(self, params: Mapping[str, Any]) -> PermissionsDesired:
        paths = [normalised_path(path) for path in params["path"] or []]
        needed: dict[str, set[str]] = {}
        if params["privs"] and not paths:
            raise InvalidOption("path", "is missing: name the path on which privs are needed")
        for path in paths if params["privs"] else []:
            needed[path] = set(params["privs"])
        for module in params["modules"] or []:
            if module not in REQUIREMENTS:
                raise InvalidOption(
                    "modules", f"what {module!r} needs is not known; known are {', '.join(REQUIREMENTS)}"
                )
            for where, privs in _requirements(module, paths).items():
                needed.setdefault(where, set()).update(privs)
        return PermissionsDesired(params["userid"], paths, needed, frozenset(params["privs"] or []))

    def read(self, reader: Reader, desired: PermissionsDesired) -> dict[str, Any]:
        needed = desired.needed
        agent = any(priv in GUEST_AGENT for privs in needed.values() for priv in privs)
        if agent and reader.release()[0] < NEW_NAMES:
            needed = {path: _until_8(privs, desired.named) for path, privs in needed.items()}
        paths: dict[str, dict[str, bool]] = {}
        asked: list[str | None] = [*(sorted(needed) or desired.paths)] or [None]
        for path in asked:
            paths.update(_effective(reader, desired.userid, path))
        if not needed:
            return {"paths": paths}
        lacking = {path: sorted(privs - set(paths.get(path, {}))) for path, privs in sorted(needed.items())}
        missing = {path: privs for path, privs in lacking.items() if privs}
        elsewhere = _effective(reader, desired.userid, None) if missing else {}
        granted_on = {path: _narrower(path, set(privs), elsewhere) for path, privs in missing.items()}
        return {
            "paths": paths,
            "needed": {path: sorted(privs) for path, privs in sorted(needed.items())},
            "missing": missing,
            "granted_on": {path: places for path, places in granted_on.items() if places},
        }


def _requirements(module: str, paths: list[str]) -> dict[str, set[str]]:
    """What a module needs, where paths stand for those above them; a pool for its guests, which need not leave it."""
    required = REQUIREMENTS[module]
    with_guests = "/vms" in required
    needed: dict[str, set[str]] = {}
    for where, listed in required.items():
        pools = [path for path in paths if with_guests and path.startswith("/pool/")]
        privs = set(listed.split())
        if pools and where == "/pool":
            privs.discard("Pool.Allocate")  # guests are created in the pool by VM.Allocate on it
        narrower = [path for path in paths if _stands_for(path, where, privs)]
        for path in [*narrower, *(pools if where == "/vms" else [])] or [where]:
            needed.setdefault(path, set()).update(privs)
    return {path: privs for path, privs in needed.items() if privs}


def _stands_for(path: str, where: str, privs: set[str]) -> bool:
    """Whether privileges on a path do for the objects there, instead of on the path where the module needs them for all.

    Privileges on / are for the cluster as a whole, except the one to change the access control list of a path.
    """
    if where == "/":
        return privs == {"Permissions.Modify"}
    return path.startswith(f"{where}/")


def _narrower(path: str, privs: set[str], granted: Mapping[str, Mapping[str, bool]]) -> list[str]:
    """The paths below a path, and for guests the pools, on which all the privileges are granted."""
    below = (f"{path.rstrip('/')}/", "/pool/") if path == "/vms" else (f"{path.rstrip('/')}/",)
    return [where for where, has in granted.items() if where.startswith(below) and privs <= set(has)]


def _until_8(privs: AbstractSet[str], named: AbstractSet[str]) -> set[str]:
    """What PVE 8 calls privileges. For reading alone no module needs VM.Monitor, which allows commands in the guest."""
    kept = {priv for priv in privs if priv != READ_AGENT or priv in named}
    return {"VM.Monitor" if priv in GUEST_AGENT else priv for priv in kept}


def _effective(reader: Reader, userid: str | None, path: str | None) -> dict[str, dict[str, bool]]:
    asked = {name: value for name, value in (("userid", userid), ("path", path)) if value}
    answer = reader.get(COLLECTION, asked) or {}
    return {
        where: {priv: bool(int(propagate)) for priv, propagate in sorted(privs.items())}
        for where, privs in sorted(answer.items())
    }


PERMISSION_INFO = Permissions()
