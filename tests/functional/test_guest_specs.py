# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random guests on the simulator: what was applied needs no further call, and one changed sub-option writes its key alone."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansible_collections.pve.automation.plugins.module_utils._core.model.errors import PveError
from tests.harness.cluster import Cluster, Result
from tests.harness.lifecycle_cases import resource_of

BOTH = (True, False)
VOLUME = re.compile(r"rootfs|mp\d+")


@dataclasses.dataclass(frozen=True)
class Kind:
    """How guests of one kind look: values of single options, sub-options of mappings, and of slots inside families.

    ``fixed`` are sub-options that a slot always has; of the others any may be there, and each may change by itself.
    """

    module: str
    path: str
    base: Mapping[str, Any]
    scalars: Mapping[str, Sequence[Any]]
    parts: Mapping[str, Mapping[str, Sequence[Any]]]
    families: Mapping[str, Mapping[str, Mapping[str, Sequence[Any]]]]
    fixed: Mapping[str, Mapping[str, Any]]


DRIVE_PARTS: Mapping[str, Sequence[Any]] = {
    "aio": ["native", "threads"],
    "backup": BOTH,
    "cache": ["none", "writeback"],
    "discard": ["on", "ignore"],
    "iops_rd": [100, 200],
    "mbps": [10, "1.5"],
    "replicate": BOTH,
    "serial": ["abc", "x1"],
    "werror": ["stop", "report"],
}
NET_PARTS: Mapping[str, Sequence[Any]] = {
    "firewall": BOTH,
    "link_down": BOTH,
    "mtu": [1400, 1500],
    "rate": [1, 2.5],
    "tag": [3, 4094],
    "trunks": ["5;7", ["8"]],
}
MACHINE = Kind(
    "pve_vm",
    "/nodes/pve1/qemu/9400",
    {"vmid": 9400, "node": "pve1", "name": "random"},
    {
        "acpi": BOTH,
        "affinity": ["0,2", "1-3"],
        "args": ["-no-reboot", "-S"],
        "autostart": BOTH,
        "balloon": [0, "256M"],
        "bios": ["seabios", "ovmf"],
        "ciuser": ["alice", "bob"],
        "citype": ["nocloud", "configdrive2"],
        "ciupgrade": BOTH,
        "cores": [1, 2, 4],
        "cpulimit": [0, 1.5, 2],
        "cpuunits": [100, 1024],
        "description": ["Größe\nzwei", "50% #1: a,b=c", "trailing \n"],
        "freeze": BOTH,
        "hotplug": [True, False, ["usb", "disk"]],
        "keyboard": ["de", "en-us"],
        "kvm": BOTH,
        "localtime": BOTH,
        "memory": [512, "1G", "768M"],
        "migrate_downtime": [0.1, 2],
        "nameserver": [["192.0.2.53"], "192.0.2.54 192.0.2.55"],
        "numa": BOTH,
        "onboot": BOTH,
        "ostype": ["l26", "win11", "other"],
        "protection": BOTH,
        "reboot": BOTH,
        "scsihw": ["virtio-scsi-single", "lsi"],
        "searchdomain": ["example.com", "example.org"],
        "shares": [500, 1000],
        "sockets": [1, 2],
        "sshkeys": ["ssh-ed25519 AAAAC3Nza one@example.com", "ssh-ed25519 AAAAC3Nzb two+three@example.com"],
        "startdate": ["now", "2026-01-31T12:00:00"],
        "tablet": BOTH,
        "tags": [["b", "A"], "c;d", []],
        "vmstatestorage": ["local", "local-lvm"],
    },
    {
        "agent": {"fstrim_cloned_disks": BOTH, "type": ["isa", "virtio"]},
        "audio0": {"driver": ["none", "spice"]},
        "cpu": {"flags": [["+aes"], "+pcid;-spec-ctrl"], "hidden": BOTH},
        "machine": {"viommu": ["virtio", "intel"]},
        "rng0": {"max_bytes": [512, 1024], "period": [500, 1000]},
        "smbios1": {"base64": [False], "serial": ["abc", "def"]},
        "spice_enhancements": {"foldersharing": BOTH, "videostreaming": ["all", "off"]},
        "startup": {"up": [5, 10], "down": [7, 9]},
        "vga": {"memory": [16, 32]},
        "watchdog": {"action": ["reset", "none"]},
    },
    {
        "net": {"net0": {**NET_PARTS, "queues": [2, 4]}, "net1": NET_PARTS},
        "ipconfig": {"ipconfig0": {"gw": ["192.0.2.1", "192.0.2.2"]}},
        "scsi": {"scsi0": {**DRIVE_PARTS, "ssd": BOTH, "iothread": BOTH}},
        "virtio": {"virtio1": DRIVE_PARTS},
        "sata": {"sata0": {**DRIVE_PARTS, "ssd": BOTH}},
        "hostpci": {"hostpci0": {"rombar": BOTH, "x-vga": BOTH, "romfile": ["one.rom", "two.rom"]}},
        "usb": {"usb0": {"usb3": BOTH}},
    },
    {
        "agent": {"enabled": True},
        "audio0": {"device": "AC97"},
        "cpu": {"cputype": "host"},
        "machine": {"type": "q35"},
        "rng0": {"source": "/dev/urandom"},
        "startup": {"order": 1},
        "vga": {"type": "virtio"},
        "watchdog": {"model": "ib700"},
        "net0": {"model": "virtio", "bridge": "vmbr0"},
        "net1": {"model": "e1000", "bridge": "vmbr0", "macaddr": "bc:24:11:00:00:0a"},
        "ipconfig0": {"ip": "192.0.2.9/24"},
        "scsi0": {"storage": "local", "size": "1G", "format": "qcow2"},
        "virtio1": {"storage": "local-lvm", "size": "2G"},
        "sata0": {"storage": "local", "size": "512M", "format": "raw"},
        "hostpci0": {"host": "0000:01:00.0"},
        "usb0": {"host": "1234:5678"},
    },
)
MOUNT_PARTS: Mapping[str, Sequence[Any]] = {
    "acl": BOTH,
    "mountoptions": [["noatime"], "nodev;nosuid"],
    "quota": BOTH,
    "replicate": BOTH,
    "ro": BOTH,
}
CONTAINER = Kind(
    "pve_lxc",
    "/nodes/pve1/lxc/9400",
    {
        "vmid": 9400,
        "node": "pve1",
        "hostname": "random",
        "ostemplate": "local:vztmpl/alpine-3.22-default_20250617_amd64.tar.xz",
    },
    {
        "cmode": ["shell", "tty", "console"],
        "console": BOTH,
        "cores": [1, 2],
        "cpulimit": [0, 1.5],
        "cpuunits": [100, 1024],
        "debug": BOTH,
        "description": ["Größe\nzwei", "one\n"],
        "entrypoint": ["/sbin/init", "/bin/sh"],
        "env": [{"LANG": "C.UTF-8", "EMPTY": ""}, ["A=b c", "D=e=f"]],
        "memory": [256, "1G"],
        "nameserver": [["192.0.2.53"], "192.0.2.54 192.0.2.55"],
        "onboot": BOTH,
        "protection": BOTH,
        "searchdomain": ["example.com", "example.org"],
        "swap": [0, "256M", 512],
        "tags": [["b", "A"], "c;d", []],
        "timezone": ["UTC", "host"],
        "tty": [1, 2],
    },
    {
        "startup": {"up": [5, 10], "down": [7, 9]},
        "features": {"fuse": BOTH, "keyctl": BOTH, "mount": ["nfs", ["cifs", "nfs"]], "nesting": BOTH},
    },
    {
        "net": {"net0": NET_PARTS, "net1": {**NET_PARTS, "ip": ["dhcp", "manual"]}},
        "mp": {"mp0": {**MOUNT_PARTS, "backup": BOTH}, "mp3": {"ro": BOTH}},
        "dev": {"dev0": {"deny-write": BOTH, "mode": ["0660", "0600"], "uid": [100, 0]}},
    },
    {
        "startup": {"order": 1},
        "net0": {"name": "eth0", "bridge": "vmbr0", "ip": "192.0.2.7/24"},
        "net1": {"name": "eth1", "bridge": "vmbr0", "hwaddr": "BC-24-11-00-00-0B"},
        "mp0": {"storage": "local", "size": "1G", "mp": "/data"},
        "mp3": {"volume": "/srv", "mp": "/srv"},
        "dev0": {"path": "/dev/ttyS0"},
    },
)
KINDS = {"machine": MACHINE, "container": CONTAINER}


@dataclasses.dataclass(frozen=True)
class Change:
    """One change of a spec: the options of the task that makes it, the key that it writes, and the sub-option."""

    options: Mapping[str, Any]
    key: str
    part: str = ""


def specs(kind: Kind) -> st.SearchStrategy[dict[str, Any]]:
    """Valid options of a new guest."""
    scalars = {name: st.sampled_from(values) for name, values in kind.scalars.items()}
    mappings = {name: mapping(kind, name, parts) for name, parts in kind.parts.items()}
    families = {
        option: st.fixed_dictionaries({}, optional={slot: mapping(kind, slot, parts) for slot, parts in slots.items()})
        for option, slots in kind.families.items()
    }
    return st.fixed_dictionaries(
        {name: st.just(value) for name, value in kind.base.items()}, optional={**scalars, **mappings, **families}
    )


def mapping(kind: Kind, slot: str, parts: Mapping[str, Sequence[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    fixed = {name: st.just(value) for name, value in kind.fixed.get(slot, {}).items()}
    some = st.fixed_dictionaries(fixed, optional={name: st.sampled_from(values) for name, values in parts.items()})
    return some.filter(bool)


def changes(kind: Kind, spec: Mapping[str, Any]) -> st.SearchStrategy[Change]:
    """Changes of one option, or of one sub-option of what the guest has."""
    possible = [Change({name: value}, name) for name, values in kind.scalars.items() for value in values]
    for name, parts in kind.parts.items():
        if name in spec:
            possible += [Change({name: {part: value}}, name, part) for part in parts for value in parts[part]]
    for option, slots in kind.families.items():
        for slot in spec.get(option, {}):
            parts = slots[slot]
            possible += [Change({option: {slot: {part: value}}}, slot, part) for part in parts for value in parts[part]]
    return st.sampled_from(possible)


def run(cluster: Cluster, kind: Kind, options: Mapping[str, Any]) -> Result:
    result = cluster.run(resource_of(kind.module), options)
    assert not result.get("failed"), f"{options}: {result['msg']}"
    return result


def config_of(cluster: Cluster, kind: Kind) -> dict[str, Any]:
    config: dict[str, Any] = cluster.call("GET", f"{kind.path}/config")
    return {name: value for name, value in config.items() if name != "digest"}


@pytest.mark.parametrize("name", KINDS)
@settings(max_examples=25, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_random_guest_is_made_once_and_changed_by_one_key(shared_cluster: Cluster, name: str, data: Any) -> None:
    cluster, kind = shared_cluster, KINDS[name]
    spec = data.draw(specs(kind))
    cluster.reset()
    assert run(cluster, kind, spec)["changed"]
    cluster.requests_made()
    assert not run(cluster, kind, spec)["changed"], spec
    assert cluster.writes_made() == [], spec

    before = config_of(cluster, kind)
    change = data.draw(changes(kind, spec))
    if refused_by_protection(cluster, kind, spec, change):
        return
    made = run(cluster, kind, {**kind.base, **change.options})
    written = {key for request in made["requests"] for key in request["params"]} - {"digest"}
    assert written in (set(), {change.key}, {"delete"}), (spec, change, made["requests"])
    after = config_of(cluster, kind)
    assert differing(before, after) <= {change.key}, (spec, change)
    if change.part and change.key in before and change.key in after:
        assert differing(parts_of(before, change), parts_of(after, change)) <= {change.part}, (spec, change)
    assert not run(cluster, kind, {**kind.base, **change.options})["changed"], (spec, change)


def refused_by_protection(cluster: Cluster, kind: Kind, spec: Mapping[str, Any], change: Change) -> bool:
    """Whether check mode refuses the change because the guest is protected; then the server has to refuse it, too."""
    if kind.module != "pve_lxc" or not spec.get("protection") or not VOLUME.fullmatch(change.key):
        return False
    refused = cluster.run(resource_of(kind.module), {**kind.base, **change.options}, check_mode=True)
    if not refused.get("failed"):  # it changes nothing
        return False
    assert f"is protected, and keeps {change.key} as it is" in refused["msg"], (spec, change)
    with pytest.raises(PveError, match="protection mode enabled"):
        cluster.call("PUT", f"{kind.path}/config", {change.key: config_of(cluster, kind)[change.key]})
    return True


def differing(before: Mapping[str, Any], after: Mapping[str, Any]) -> set[str]:
    return {name for name in {**before, **after} if before.get(name) != after.get(name)}


def parts_of(config: Mapping[str, Any], change: Change) -> dict[str, str]:
    """The sub-options of a value, as PVE writes them."""
    pieces = [piece.partition("=") for piece in str(config[change.key]).split(",")]
    return {name if equals else "": value or name for name, equals, value in pieces}
