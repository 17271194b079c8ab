# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Privileges and the roles that a server brings along (pve-access-control, src/PVE/AccessControl.pm)."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Role:
    privileges: set[str] = field(default_factory=set)
    special: bool = False


GUEST_AGENT = ("Audit", "FileRead", "FileSystemMgmt", "FileWrite", "Unrestricted")
GUEST_ADMIN = """
    VM.Allocate VM.Audit VM.Backup VM.Clone VM.Config.CDROM VM.Config.CPU VM.Config.Cloudinit VM.Config.Disk
    VM.Config.HWType VM.Config.Memory VM.Config.Network VM.Config.Options VM.Console VM.Migrate VM.PowerMgmt
    VM.Snapshot VM.Snapshot.Rollback
"""
GUEST_USER = "VM.Audit VM.Backup VM.Config.CDROM VM.Config.Cloudinit VM.Console VM.PowerMgmt"
DATASTORE = "Datastore.Allocate Datastore.AllocateSpace Datastore.AllocateTemplate Datastore.Audit"
ADMINISTRATORS_ONLY = """
    Mapping.Modify Permissions.Modify Realm.Allocate Sys.AccessNetwork Sys.Incoming Sys.Modify Sys.PowerMgmt
"""
EVERYTHING_ELSE = f"""
    {DATASTORE} Group.Allocate Mapping.Audit Mapping.Use Pool.Allocate Pool.Audit Realm.AllocateUser
    SDN.Allocate SDN.Audit SDN.Use Sys.Audit Sys.Console Sys.Syslog User.Modify
"""
AUDITS = "Datastore.Audit Mapping.Audit Pool.Audit SDN.Audit Sys.Audit VM.Audit"


def builtin_roles(version: str) -> dict[str, Role]:
    """The roles of a fresh server; 8.4 has VM.Monitor where 9 has VM.GuestAgent.* and VM.Replicate."""
    if version == "8.4":
        admin, user, audit = "VM.Monitor", "", ""
    else:
        admin = " ".join(["VM.Replicate", *(f"VM.GuestAgent.{name}" for name in GUEST_AGENT)])
        user = " ".join(f"VM.GuestAgent.{name}" for name in GUEST_AGENT if name != "Unrestricted")
        audit = "VM.GuestAgent.Audit"
    guest_admin = f"{GUEST_ADMIN} {admin}"
    texts = {
        "Administrator": f"{ADMINISTRATORS_ONLY} {EVERYTHING_ELSE} {guest_admin}",
        "NoAccess": "",
        "PVEAdmin": f"{EVERYTHING_ELSE} {guest_admin}",
        "PVEAuditor": f"{AUDITS} {audit}",
        "PVEDatastoreAdmin": DATASTORE,
        "PVEDatastoreUser": "Datastore.AllocateSpace Datastore.Audit",
        "PVEMappingAdmin": "Mapping.Audit Mapping.Modify Mapping.Use",
        "PVEMappingUser": "Mapping.Audit Mapping.Use",
        "PVEPoolAdmin": "Pool.Allocate Pool.Audit",
        "PVEPoolUser": "Pool.Audit",
        "PVESDNAdmin": "SDN.Allocate SDN.Audit SDN.Use",
        "PVESDNUser": "SDN.Audit SDN.Use",
        "PVESysAdmin": "Sys.Audit Sys.Console Sys.Syslog",
        "PVETemplateUser": "VM.Audit VM.Clone",
        "PVEUserAdmin": "Group.Allocate Realm.AllocateUser User.Modify",
        "PVEVMAdmin": guest_admin,
        "PVEVMUser": f"{GUEST_USER} {user}",
    }
    return {name: Role(set(text.split()), special=True) for name, text in texts.items()}
