# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One object of each managing module, from its creation to its end: what the lifecycle, parity and leak tests run."""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import trustme

from ansible_collections.pve.automation.plugins.module_utils._core.run.hosted import AnyResource

MODULES = Path(__file__).resolve().parents[2] / "plugins" / "modules"
WITHOUT_CASE = {  # and why; they have tests of their own
    "pve_api": "any call",
    "pve_backup": "an action",
    "pve_cloudinit": "an action",
    "pve_guest_agent": "an action",
    "pve_guests": "many guests at once",
    "pve_ha_arm": "has no options but what is to change",
    "pve_ha_group": "for PVE 8 only, which the shared cluster is not",
    "pve_ha_migrate": "has no options but what is to change",
    "pve_node_apt": "an action",
    "pve_node_disk": "what it makes cannot be changed",
    "pve_node_power": "takes a node away from the other cases",
    "pve_realm_sync": "an action",
    "pve_replication": "needs replicable storage on two nodes",
    "pve_sendkey": "an action",
    "pve_storage_content": "its content comes from elsewhere",
    "pve_task": "an action",
    "pve_tfa": "its codes depend on the time",
}


def resource_of(module: str) -> AnyResource:
    """The declaration behind a module."""
    stub = importlib.import_module(f"ansible_collections.pve.automation.plugins.action.{module}")
    resource: AnyResource = stub.ActionModule.resource
    return resource


def managing_modules() -> list[str]:
    """The modules that bring something to a state."""
    names = sorted(path.stem for path in MODULES.glob("pve_*.py"))
    return [name for name in names if not name.endswith("_info") and name not in WITHOUT_CASE]


@dataclasses.dataclass(frozen=True)
class Case:
    """One object of a module: ``key`` names it; ``create``, ``update`` and ``absent`` are the further options of its stages.
    What always exists has no ``absent``.

    ``drift`` are calls of somebody else who undoes part of the update. ``needs`` are tasks that have to run before it.
    ``allocated`` are parts of the object, by dotted name, whose values the server chooses when it allocates them.
    ``told_later`` are keys of results that only the server knows, so that check mode has none.
    ``in_person``: no token may make its calls.
    """

    name: str
    module: str
    key: Mapping[str, Any]
    create: Mapping[str, Any]
    update: Mapping[str, Any]
    drift: tuple[tuple[str, str, Mapping[str, Any]], ...]
    absent: Mapping[str, Any] | None = dataclasses.field(default_factory=lambda: {"state": "absent"})
    needs: tuple[tuple[str, Mapping[str, Any]], ...] = ()
    allocated: frozenset[str] = frozenset()
    told_later: frozenset[str] = frozenset()
    in_person: bool = False

    @property
    def resource(self) -> AnyResource:
        return resource_of(self.module)

    def stage(self, name: str) -> dict[str, Any]:
        """The options of a stage; those of the creation stay when updating."""
        created = {**self.key, **self.create}
        return {"create": created, "update": {**created, **self.update}, "absent": {**self.key, **(self.absent or {})}}[
            name
        ]


USER = ("pve_user", {"userid": "life@pve"})
EMPTY_CONTAINER = {
    "node": "pve1",
    "hostname": "life",
    "ostemplate": "local:vztmpl/alpine-3.22-default_20250617_amd64.tar.xz",
    "rootfs": "local:1",
}
ACME_DIRECTORY = "https://acme-staging-v02.api.letsencrypt.org/directory"
EMPTY_VM = {"node": "pve1", "vmid": 9001, "name": "life-member"}

CERTIFICATES = [trustme.CA().issue_cert(f"{name}.example.org") for name in ("one", "two")]
PAIRS = [
    {"certificates": cert.cert_chain_pems[0].bytes().decode(), "key": cert.private_key_pem.bytes().decode()}
    for cert in CERTIFICATES
]

CASES = (
    Case(
        "pool",
        "pve_pool",
        {"poolid": "life"},
        {"comment": "Größe ü", "storage": ["local"]},
        {"comment": "two\nlines", "storage": []},
        (("PUT", "/pools", {"poolid": "life", "comment": "else", "storage": "local"}),),
    ),
    Case(
        "pool with members",
        "pve_pool",
        {"poolid": "life"},
        {"vms": [9001]},
        {"storage": ["local"], "vms": []},
        (("PUT", "/pools", {"poolid": "life", "vms": "9001"}),),
        absent={"state": "absent", "force": True},
        needs=(("pve_vm", EMPTY_VM),),
    ),
    Case(
        "user",
        "pve_user",
        {"userid": "life@pve"},
        {
            "comment": "Life",
            "email": "life@example.com",
            "groups": ["one", "two"],
            "expire": "2099-01-31",
            "password": "life-s3cret",
        },
        {"comment": "", "enable": False, "groups": ["two"], "expire": "never", "firstname": "Ü"},
        (("PUT", "/access/users/life@pve", {"enable": 1, "groups": "one", "lastname": "kept"}),),
        needs=(("pve_group", {"groupid": "one"}), ("pve_group", {"groupid": "two"})),
    ),
    Case(
        "group",
        "pve_group",
        {"groupid": "life"},
        {"comment": "Life"},
        {"comment": "more", "members": ["life@pve"]},
        (("PUT", "/access/users/life@pve", {"groups": ""}),),
        needs=(USER,),
    ),
    Case(
        "role",
        "pve_role",
        {"roleid": "Life"},
        {"privs": ["VM.Audit", "VM.PowerMgmt"]},
        {"privs": ["VM.Audit", "Sys.Audit"]},
        (("PUT", "/access/roles/Life", {"privs": "VM.Console"}),),
    ),
    Case(
        "token",
        "pve_token",
        {"userid": "life@pve", "tokenid": "one"},
        {"comment": "Life", "expire": "2099-01-31"},
        {"comment": "", "expire": "never", "privsep": False},
        (("PUT", "/access/users/life@pve/token/one", {"comment": "else", "privsep": 1}),),
        needs=(USER,),
        told_later=frozenset({"token_secret"}),
    ),
    Case(
        "acl",
        "pve_acl",
        {"path": "/pool/life", "users": ["life@pve"]},
        {"roles": ["PVEVMAdmin", "PVEPoolUser"]},
        {"roles": ["PVEVMAdmin", "PVEAuditor"], "propagate": False, "exclusive": True},
        (("PUT", "/access/acl", {"path": "/pool/life", "users": "life@pve", "roles": "NoAccess"}),),
        absent={"state": "absent", "roles": ["PVEVMAdmin", "PVEAuditor"]},
        needs=(USER,),
    ),
    Case(
        "vm",
        "pve_vm",
        {"vmid": 9100},
        {
            "node": "pve1",
            "name": "life",
            "memory": "512M",
            "cores": 2,
            "scsihw": "virtio-scsi-single",
            "scsi": {"scsi0": {"storage": "local", "size": "2G", "format": "qcow2", "iothread": True}},
            "net": {"net0": {"model": "virtio", "bridge": "vmbr0"}},
            "ide": {"ide2": "local:cloudinit"},
            "ipconfig": {"ipconfig0": "ip=192.0.2.9/24,gw=192.0.2.1"},
            "ciuser": "life",
            "cipassword": "ci-s3cret",
            "sshkeys": "ssh-ed25519 AAAAC3Nza life@example.com",
            "tags": ["b", "a"],
            "description": "Größe\nzwei",
            "boot": "order=scsi0;net0",
            "agent": {"enabled": True},
        },
        {
            "memory": "1G",
            "cores": 1,
            "tags": ["c"],
            "onboot": True,
            "description": "",
            "scsi": {"scsi0": {"storage": "local", "size": "3G", "format": "qcow2", "iothread": True, "discard": "on"}},
            "net": {"net0": {"model": "virtio", "bridge": "vmbr0", "tag": 100}, "net1": "e1000,bridge=vmbr0"},
        },
        (("PUT", "/nodes/pve1/qemu/9100/config", {"cores": 4, "net1": "virtio,bridge=vmbr0", "delete": "onboot"}),),
        allocated=frozenset({"scsi0.file", "scsi0.format", "ide2.file"}),
        told_later=frozenset({"pending"}),
    ),
    Case(
        "running vm",
        "pve_vm",
        {"vmid": 9101, "node": "pve1"},
        {"name": "life", "pool": "life", "state": "started"},
        {"state": "stopped", "force": True, "pool": "other", "allow_move": True},
        (("POST", "/nodes/pve1/qemu/9101/status/start", {}),),
        needs=(("pve_pool", {"poolid": "life"}), ("pve_pool", {"poolid": "other"})),
        told_later=frozenset({"pending"}),
    ),
    Case(
        "container",
        "pve_lxc",
        {"vmid": 9110},
        {
            **EMPTY_CONTAINER,
            "memory": "256M",
            "swap": 0,
            "cores": 2,
            "password": "ct-s3cret",
            "ssh_public_keys": ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHdlbGxub3RyZWFsbHlha2V5YnV0bG9va3NsaWtlb25l l@e"],
            "unprivileged": True,
            "rootfs": {"storage": "local", "size": "1G", "mountoptions": ["noatime"]},
            "mp": {"mp0": "local:1,mp=/data,backup=1", "mp1": {"volume": "/srv", "mp": "/srv", "ro": True}},
            "net": {"net0": {"name": "eth0", "bridge": "vmbr0", "ip": "192.0.2.7/24", "gw": "192.0.2.1"}},
            "features": {"nesting": True},
            "dev": {"dev0": {"path": "/dev/ttyS0", "mode": "0660"}},
            "env": {"LANG": "C.UTF-8", "EMPTY": ""},
            "entrypoint": "/sbin/init",
            "nameserver": ["192.0.2.53", "192.0.2.54"],
            "searchdomain": "example.org",
            "startup": {"order": 2, "up": 5},
            "tags": ["b", "A"],
            "cmode": "shell",
            "tty": 1,
            "timezone": "UTC",
            "description": "Größe\nzwei\n",
        },
        {
            "memory": "512M",
            "cores": 1,
            "tags": [],
            "onboot": True,
            "description": "",
            "rootfs": {"size": "2G"},
            "mp": {
                "mp0": {"size": "2048M", "backup": False},
                "mp1": {"volume": "/srv/more"},
                "mp2": "local:1,mp=/more",
            },
            "net": {"net0": {"name": "eth0", "tag": 100}, "net1": "name=eth1,bridge=vmbr0,ip=dhcp"},
            "features": {"keyctl": True},
            "dev": {"dev0": {"mode": ""}, "dev1": "/dev/ttyS1"},
            "env": {"LANG": "C"},
            "nameserver": ["192.0.2.54", "192.0.2.53"],
            "startup": {"up": ""},
            "timezone": "",
            "protection": False,
        },
        (
            (
                "PUT",
                "/nodes/pve1/lxc/9110/config",
                {"cores": 4, "net1": "name=eth1,bridge=vmbr0", "delete": "onboot,env"},
            ),
        ),
        allocated=frozenset({"rootfs.volume", "mp0.volume", "mp2.volume"}),
        told_later=frozenset({"pending"}),
    ),
    Case(
        "running container",
        "pve_lxc",
        {"vmid": 9111, "node": "pve1"},
        {**EMPTY_CONTAINER, "pool": "life", "state": "started"},
        {"state": "stopped", "force": True, "pool": "other", "allow_move": True},
        (("POST", "/nodes/pve1/lxc/9111/status/start", {}),),
        needs=(("pve_pool", {"poolid": "life"}), ("pve_pool", {"poolid": "other"})),
        allocated=frozenset({"rootfs.volume"}),
        told_later=frozenset({"pending"}),
    ),
    Case(
        "snapshot",
        "pve_snapshot",
        {"vmid": 9120, "snapname": "life"},
        {"description": "Größe\nzwei\n"},
        {"description": "other"},
        (("PUT", "/nodes/pve1/qemu/9120/snapshot/life/config", {"description": "drift"}),),
        needs=(("pve_vm", {"node": "pve1", "vmid": 9120, "name": "life", "scsi": {"scsi0": "local:1,format=qcow2"}}),),
        allocated=frozenset({"snapshots"}),  # their times
    ),
    Case(
        "storage",
        "pve_storage",
        {"storage": "life"},
        {
            "type": "dir",
            "path": "/srv/life",
            "content": ["images", "iso", "backup"],
            "nodes": ["pve2", "pve1"],
            "prune_backups": {"keep-last": 3},
        },
        {
            "content": ["iso", "backup"],
            "nodes": [],
            "disable": True,
            "prune_backups": {"keep-last": 2, "keep-weekly": 1},
        },
        (("PUT", "/storage/life", {"content": "iso", "delete": "disable"}),),
        absent={"state": "absent", "force": True},
    ),
    Case(
        "storage with a secret",
        "pve_storage",
        {"storage": "share"},
        {
            "type": "cifs",
            "server": "192.0.2.5",
            "share": "pve",
            "username": "u",
            "password": "cifs-s3cret",
            "content": ["iso"],
        },
        {"username": "other", "content": ["iso", "vztmpl"]},
        (("PUT", "/storage/share", {"username": "else"}),),
    ),
    Case(
        "realm",
        "pve_realm",
        {"realm": "life"},
        {
            "type": "ldap",
            "server1": "ldap.example.com",
            "base_dn": "dc=example,dc=com",
            "user_attr": "uid",
            "bind_dn": "cn=pve,dc=example,dc=com",
            "password": "ldap-s3cret",
            "comment": "Life",
        },
        {"comment": "", "server2": "ldap2.example.com", "mode": "ldaps", "verify": True},
        (("PUT", "/access/domains/life", {"comment": "else", "delete": "server2"}),),
    ),
    Case(
        "realm sync job",
        "pve_realm_sync_job",
        {"id": "life-sync"},  # all jobs share their ids
        {"realm": "life", "schedule": "daily", "scope": "users", "comment": "Life"},
        {"schedule": "mon..fri 06:00", "remove_vanished": ["entry", "acl"], "comment": "", "enabled": False},
        (("PUT", "/cluster/jobs/realm-sync/life-sync", {"schedule": "weekly", "delete": "remove-vanished"}),),
        needs=(
            ("pve_realm", {"realm": "life", "type": "ldap", "server1": "ldap", "base_dn": "dc=x", "user_attr": "uid"}),
        ),
    ),
    Case(
        "backup job",
        "pve_backup_job",
        {"id": "life"},
        {"schedule": "21:30", "storage": "local", "vmid": [9001], "mode": "snapshot", "compress": "zstd"},
        {"schedule": "mon..fri 22:00", "vmid": [9001, 9002], "prune_backups": {"keep-last": 2}, "comment": "Life"},
        (("PUT", "/cluster/backup/life", {"schedule": "sun 01:00", "delete": "comment"}),),
        needs=(("pve_vm", EMPTY_VM), ("pve_vm", {**EMPTY_VM, "vmid": 9002, "name": "life-2"})),
    ),
    Case(
        "HA resource",
        "pve_ha",
        {"sid": "vm:9001"},
        {"state": "stopped", "comment": "Life"},
        {"state": "disabled", "comment": "", "max_restart": 3},
        (("PUT", "/cluster/ha/resources/vm:9001", {"max_restart": 1, "comment": "else"}),),
        needs=(("pve_vm", EMPTY_VM),),
    ),
    Case(
        "HA rule",
        "pve_ha_rule",
        {"rule": "life"},
        {"type": "node-affinity", "resources": ["vm:9001"], "nodes": ["pve1:2", "pve2"]},
        {"nodes": ["pve2", "pve3"], "affinity": "negative", "strict": True, "comment": "Life"},
        (("PUT", "/cluster/ha/rules/life", {"type": "node-affinity", "nodes": "pve2", "delete": "comment"}),),
        needs=(("pve_vm", EMPTY_VM), ("pve_ha", {"sid": "vm:9001", "state": "stopped"})),
    ),
    Case(
        "cluster options",
        "pve_cluster_options",
        {},
        {"migration": {"type": "secure", "network": "192.0.2.0/24"}, "registered_tags": ["b", "a"]},
        {
            "migration": "type=insecure",
            "registered_tags": [],
            "description": "Größe",
            "location": {"latitude": 48.2, "longitude": "16.37", "name": "Wien"},
        },
        (("PUT", "/cluster/options", {"description": "else", "migration": "secure"}),),
        absent=None,
    ),
    Case(
        "node",
        "pve_node",
        {"node": "pve2"},
        {"startall_onboot_delay": 5, "wakeonlan": {"mac": "bc:24:11:00:00:09"}, "acmedomain1": "life.example.org"},
        {"startall_onboot_delay": 0, "wakeonlan": {"broadcast-address": "192.0.2.255"}, "description": "Größe"},
        (("PUT", "/nodes/pve2/config", {"description": "else", "wakeonlan": "bc:24:11:00:00:09"}),),
        absent=None,
    ),
    Case(
        "node dns",
        "pve_node_dns",
        {"node": "pve2"},
        {"search": "life.example.org"},
        {"servers": ["2001:DB8:0::53", "192.0.2.53"]},
        (("PUT", "/nodes/pve2/dns", {"search": "else.example.org"}),),
        absent=None,
    ),
    Case(
        "node time",
        "pve_node_time",
        {"node": "pve2"},
        {"timezone": "Europe/Vienna"},
        {"timezone": "Asia/Tokyo"},
        (("PUT", "/nodes/pve2/time", {"timezone": "UTC"}),),
        absent=None,
    ),
    Case(
        "node guests",
        "pve_node_guests",
        {"node": "pve3", "vms": [102, 120]},
        {"state": "stopped"},
        {"state": "started", "force": True},
        (("POST", "/nodes/pve3/stopall", {"vms": "102"}),),
        absent=None,
        told_later=frozenset({"task"}),
    ),
    Case(
        "node service",
        "pve_node_service",
        {"node": "pve2", "service": "cron"},
        {"state": "stopped"},
        {"state": "started"},
        (("POST", "/nodes/pve2/services/cron/stop", {}),),
        absent=None,
    ),
    Case(
        "node hosts",
        "pve_node_hosts",
        {"node": "pve2"},
        {"data": "127.0.0.1 localhost\n192.0.2.2 pve2"},
        {"data": "127.0.0.1 localhost\n192.0.2.3 pve2 # Größe\n"},
        (("POST", "/nodes/pve2/hosts", {"data": "127.0.0.1 localhost\n"}),),
        absent=None,
    ),
    Case(
        "node network",
        "pve_node_network",
        {"node": "pve2"},
        {
            "interfaces": [
                {"iface": "vmbr1.100", "type": "vlan", "cidr": "192.0.2.5/24", "autostart": True},
                {
                    "iface": "vmbr1",
                    "type": "bridge",
                    "bridge_ports": ["bond0"],
                    "mtu": 9000,
                    "comments": "Größe\nzwei\n",
                },
                {
                    "iface": "bond0",
                    "type": "bond",
                    "slaves": ["eno3", "eno2"],
                    "bond_mode": "802.3ad",
                    "bond_xmit_hash_policy": "layer3+4",
                    "mtu": 9000,
                },
                {"iface": "eno2", "mtu": 9000},
                {"iface": "eno3", "mtu": 9000},
            ]
        },
        {
            "interfaces": [
                {"iface": "eno2", "unset": ["mtu"]},
                {"iface": "eno3", "comments": "spare", "unset": ["mtu"]},
                {"iface": "bond0", "bond_mode": "active-backup", "bond_primary": "eno2", "unset": ["mtu"]},
                {
                    "iface": "vmbr1",
                    "bridge_vlan_aware": True,
                    "bridge_vids": ["200", "2-100"],
                    "comments": "",
                    "cidr6": "2001:DB8:0::5/64",
                    "unset": ["mtu"],
                },
                {"iface": "vmbr1.100", "address": "198.51.100.5", "netmask": "255.255.255.128", "autostart": False},
            ]
        },
        (
            ("PUT", "/nodes/pve2/network/vmbr1", {"type": "bridge", "comments": "else", "delete": "bridge_vids"}),
            ("DELETE", "/nodes/pve2/network/vmbr1.100", {}),
            ("POST", "/nodes/pve2/network", {"iface": "vmbr1.100", "type": "vlan"}),
            ("PUT", "/nodes/pve2/network", {}),
        ),
        absent={
            "interfaces": [{"iface": name, "state": "absent"} for name in ("bond0", "vmbr1", "vmbr1.100")]
            + [{"iface": "eno3", "comments": ""}]
        },
    ),
    Case(
        "network of Open vSwitch",
        "pve_node_network",
        {"node": "pve3"},
        {
            "interfaces": [
                {"iface": "vmbr1", "type": "OVSBridge", "ovs_ports": ["bond0", "int0"], "autostart": True},
                {
                    "iface": "bond0",
                    "type": "OVSBond",
                    "ovs_bonds": ["eno2"],
                    "bond_mode": "balance-slb",
                    "ovs_bridge": "vmbr1",
                },
                {"iface": "int0", "type": "OVSIntPort", "ovs_bridge": "vmbr1", "ovs_tag": 5, "cidr": "192.0.2.5/24"},
            ]
        },
        {
            "interfaces": [
                {"iface": "vmbr1", "ovs_ports": ["bond0", "eno3", "int0"]},
                {"iface": "eno3", "type": "OVSPort", "ovs_tag": 7},
                {"iface": "int0", "ovs_tag": 6},
            ]
        },
        (
            ("PUT", "/nodes/pve3/network/int0", {"type": "OVSIntPort", "ovs_tag": 9, "cidr": "192.0.2.5/24"}),
            ("PUT", "/nodes/pve3/network", {}),
        ),
        absent={"interfaces": [{"iface": name, "state": "absent"} for name in ("bond0", "vmbr1", "int0")]},
    ),
    Case(
        "firewall",
        "pve_firewall",
        {"scope": "cluster"},
        {
            "rules": [
                {"type": "in", "action": "ACCEPT", "macro": "HTTPS", "comment": "Everybody"},
                {"type": "in", "action": "ACCEPT", "proto": "tcp", "dport": "8006", "comment": "Ü"},
            ]
        },
        {"options": {"policy_in": "DROP"}, "rules": [{"type": "in", "action": "DROP", "macro": "SSH"}]},
        (("POST", "/cluster/firewall/rules", {"type": "in", "action": "REJECT", "enable": 1}),),
        absent=None,
    ),
    Case(
        "firewall alias",
        "pve_firewall_alias",
        {"scope": "cluster", "name": "life"},
        {"cidr": "192.0.2.0/24", "comment": "Life"},
        {"cidr": "192.0.2.0/25", "comment": ""},
        (("PUT", "/cluster/firewall/aliases/life", {"cidr": "198.51.100.0/24"}),),
    ),
    Case(
        "firewall group",
        "pve_firewall_group",
        {"group": "life"},
        {"comment": "Life"},
        {"comment": "changed"},
        (("POST", "/cluster/firewall/groups", {"group": "life", "rename": "life", "comment": "else"}),),
    ),
    Case(
        "IP set",
        "pve_firewall_ipset",
        {"scope": "cluster", "name": "life"},
        {"entries": [{"cidr": "192.0.2.0/24", "comment": "Life"}, {"cidr": "192.0.2.66", "nomatch": True}]},
        {"entries": [{"cidr": "192.0.2.0/24", "comment": "changed"}, {"cidr": "2001:db8::1"}], "comment": "Life"},
        (("DELETE", "/cluster/firewall/ipset/life/192.0.2.0%2F24", {}),),
        absent={"state": "absent", "force": True},
    ),
    Case(
        "notification endpoint",
        "pve_notification_endpoint",
        {"name": "life", "type": "smtp"},
        {
            "server": "mail.example.com",
            "mode": "starttls",
            "from_address": "pve@example.com",
            "mailto": ["b@example.com", "a@example.com"],
            "username": "u",
            "password": "mail-s3cret",
        },
        {"mailto": ["a@example.com"], "comment": "Life", "port": 587},
        (("PUT", "/cluster/notifications/endpoints/smtp/life", {"server": "else.example.com"}),),
    ),
    Case(
        "notification matcher",
        "pve_notification_matcher",
        {"name": "life-matcher"},
        {"match_field": ["exact:type=vzdump"], "match_severity": ["error"], "target": ["mail-to-root"]},
        {"match_severity": ["error", "warning"], "comment": "Life"},
        (("PUT", "/cluster/notifications/matchers/life-matcher", {"comment": "else"}),),
    ),
    Case(
        "matcher of the server",
        "pve_notification_matcher",
        {"name": "default-matcher"},
        {"match_severity": ["error"]},
        {"disable": True, "comment": ""},
        (("DELETE", "/cluster/notifications/matchers/default-matcher", {}),),
        absent=None,
    ),
    Case(
        "PCI mapping",
        "pve_mapping",
        {"type": "pci", "id": "life"},
        {
            "map": [{"node": "pve1", "path": "0000:00:02.0", "id": "8086:1234"}],
            "description": "Graphics card",
            "mdev": True,
        },
        {
            "map": [
                "node=pve2,path=0000:00:03.0;0000:00:03.1,id=8086:ABCD",
                "node=pve1,path=0000:00:02.0,id=8086:1234",
            ],
            "description": "",
            "mdev": False,
        },
        (("PUT", "/cluster/mapping/pci/life", {"map": "node=pve3,path=0000:00:04.0,id=8086:1234", "mdev": 1}),),
    ),
    Case(
        "USB mapping",
        "pve_mapping",
        {"type": "usb", "id": "life"},
        {"map": [{"node": "pve1", "id": "1234:5678"}, "node=pve2,id=1234:5678"]},
        {"map": [{"node": "pve1", "id": "1234:5678", "path": "1-2.3"}], "append": True, "description": "Life"},
        (("PUT", "/cluster/mapping/usb/life", {"map": "node=pve2,id=1234:5678", "delete": "description"}),),
    ),
    Case(
        "CPU model",
        "pve_cpu_model",
        {"cputype": "life"},
        {"reported_model": "kvm64", "flags": ["+aes", "-pcid"], "hidden": True},
        {"flags": ["+aes"], "hidden": False, "phys_bits": "host"},
        (("PUT", "/cluster/qemu/custom-cpu-models/life", {"reported-model": "max", "delete": "phys-bits"}),),
    ),
    Case(
        "metric server",
        "pve_metric_server",
        {"id": "life"},
        {
            "type": "influxdb",
            "server": "influx.example.com",
            "port": 8086,
            "influxdbproto": "https",
            "organization": "life",
        },
        {"port": 8087, "bucket": "pve"},
        (("PUT", "/cluster/metrics/server/life", {"server": "else.example.com", "port": 1, "delete": "bucket"}),),
    ),
    Case(
        "node certificate",
        "pve_node_certificate",
        {"node": "pve2"},
        PAIRS[0],
        {**PAIRS[1], "force": True},
        (("POST", "/nodes/pve2/certificates/custom", {**PAIRS[0], "force": 1}),),
    ),
    Case(
        "standard repository",
        "pve_node_repository",
        {"node": "pve2", "handle": "no-subscription"},
        {"enabled": True},
        {"enabled": False},
        (("PUT", "/nodes/pve2/apt/repositories", {"handle": "no-subscription"}),),
        absent=None,
    ),
    Case(
        "repositories of a mirror",
        "pve_node_repository",
        {"node": "pve2", "uri": "http://deb.debian.org/debian/"},
        {"enabled": False},
        {"enabled": True},
        (
            (
                "POST",
                "/nodes/pve2/apt/repositories",
                {"path": "/etc/apt/sources.list.d/debian.sources", "index": 1, "enabled": 0},
            ),
        ),
        absent=None,
    ),
    Case(
        "subscription",
        "pve_node_subscription",
        {"node": "pve2"},
        {"key": "pve2c-0123456789"},
        {"key": " pve4s-0123456789 "},
        (("PUT", "/nodes/pve2/subscription", {"key": "pve1c-1111111111"}),),
    ),
    Case(
        "ACME account",
        "pve_acme_account",
        {"name": "life"},
        {
            "contact": ["b@example.com", "a@example.com"],
            "directory": ACME_DIRECTORY,
            "tos_url": "https://example.com/terms",
        },
        {"contact": ["c@example.com"]},
        (("PUT", "/cluster/acme/account/life", {"contact": "else@example.com"}),),
        in_person=True,
    ),
    Case(
        "ACME plugin",
        "pve_acme_plugin",
        {"id": "life"},
        {"type": "dns", "api": "cf", "data": {"CF_Token": "acme-s3cret", "CF_Zone": "z"}, "nodes": ["pve2", "pve1"]},
        {"data": "CF_Token=acme-0ther\n", "validation_delay": 60, "nodes": [], "disable": True},
        (("PUT", "/cluster/acme/plugins/life", {"data": "Q0Y9eA==", "delete": "disable,validation-delay"}),),
    ),
)
