# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a restoration changes rightly, and what it must not change."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.pve.automation.plugins.module_utils._core.guests.actions.restore_check import (
    differences,
    expected,
    in_words,
)
from ansible_collections.pve.automation.plugins.module_utils._core.guests.locate import Location
from ansible_collections.pve.automation.plugins.module_utils._core.guests.lxc import LXC
from ansible_collections.pve.automation.plugins.module_utils._core.guests.vm import VM

MACHINE = {
    "name": "saved",
    "memory": "512",
    "net0": "virtio=BC:24:11:00:00:01,bridge=vmbr0,tag=3",
    "scsi0": "local:100/vm-100-disk-0.qcow2,discard=on,size=1G",
    "ide2": "local:100/vm-100-cloudinit.qcow2,media=cdrom",
    "ide3": "local:iso/debian.iso,media=cdrom,size=700M",
    "smbios1": "uuid=35fd7eeb-8b2e-4475-85fd-0569b81bcb1c,serial=abc",
    "vmgenid": "d37f0489-1c04-4e2d-9f73-cdbeab02ae32",
    "description": "one\ntwo",
}
CONTAINER = {
    "hostname": "saved",
    "memory": 256,
    "rootfs": "local:100/vm-100-disk-0.raw,size=1G",
    "mp0": "/srv,mp=/srv",
    "net0": "name=eth0,bridge=vmbr0,hwaddr=BC:24:11:00:00:02",
}


def found(guest: Any, config: dict[str, Any], changed: dict[str, Any], **options: Any) -> list[str]:
    """The keys of a restored guest that differ from its backup, where these keys came out so."""
    target = Location(guest.kind.type, 9001, "pve1")
    restored = {name: value for name, value in {**config, **changed}.items() if value is not None}
    return sorted(differences(expected(guest.kind.observe(config), target, options), guest.kind.observe(restored)))


@pytest.mark.parametrize(
    ("changed", "options"),
    [
        ({}, {}),
        ({"vmgenid": "639c4cb3-0345-453c-94bd-f71ad620c5a4"}, {}),
        ({"scsi0": "local:9001/vm-9001-disk-0.qcow2,discard=on,size=1G"}, {}),
        ({"scsi0": "fast:vm-9001-disk-0,discard=on,size=1028M"}, {"storage": "fast"}),
        ({"ide2": "fast:vm-9001-cloudinit,media=cdrom"}, {"storage": "fast"}),
        ({"net0": "virtio=BC:24:11:CF:89:54,bridge=vmbr0,tag=3"}, {"unique": True}),
        ({"smbios1": "uuid=049b7801-42ec-4e65-8589-56b324568fbe,serial=abc"}, {"unique": True}),
        ({"description": "one\ntwo\nscsi1: local:100/vm-100-disk-1.raw,backup=0,size=1G"}, {}),
        ({"unused0": "local:9001/vm-9001-disk-7.raw", "lock": "create"}, {}),
    ],
)
def test_what_a_restoration_changes_rightly(changed: dict[str, Any], options: dict[str, Any]) -> None:
    if "storage" in options:
        changed = {"scsi0": "fast:vm-9001-disk-0,discard=on,size=1G", **changed}
    assert found(VM, MACHINE, changed, **options) == []


@pytest.mark.parametrize(
    ("changed", "options", "keys"),
    [
        ({"memory": "1024"}, {}, ["memory"]),
        ({"cores": 2}, {}, ["cores"]),
        ({"name": None}, {}, ["name"]),
        ({"scsi0": None}, {}, ["scsi0"]),
        ({"scsi0": "local:9001/vm-9001-disk-0.qcow2,size=1G"}, {}, ["scsi0"]),
        ({"scsi0": "local:9001/vm-9001-disk-0.qcow2,discard=on,size=512M"}, {}, ["scsi0"]),
        ({"scsi0": "fast:vm-9001-disk-0,discard=on,size=1G"}, {}, ["scsi0"]),
        ({"ide3": "local:iso/other.iso,media=cdrom,size=700M"}, {}, ["ide3"]),
        ({"net0": "virtio=BC:24:11:CF:89:54,bridge=vmbr0,tag=3"}, {}, ["net0"]),
        ({"net0": "virtio=BC:24:11:CF:89:54,bridge=vmbr0,tag=4"}, {"unique": True}, ["net0"]),
        ({"smbios1": "uuid=049b7801-42ec-4e65-8589-56b324568fbe,serial=def"}, {"unique": True}, ["smbios1"]),
        ({"description": "one"}, {}, ["description"]),
    ],
)
def test_what_it_must_not_change(changed: dict[str, Any], options: dict[str, Any], keys: list[str]) -> None:
    assert found(VM, MACHINE, changed, **options) == keys


@pytest.mark.parametrize(
    ("changed", "options", "keys"),
    [
        ({"rootfs": "fast:vm-9001-disk-0,size=1G"}, {"storage": "fast"}, []),
        ({"net0": "name=eth0,bridge=vmbr0,hwaddr=BC:24:11:00:00:03"}, {"unique": True}, []),
        ({"net0": "name=eth0,bridge=vmbr0,hwaddr=BC:24:11:00:00:03"}, {}, ["net0"]),
        ({"mp0": "/other,mp=/srv"}, {}, ["mp0"]),
        ({"memory": 128}, {}, ["memory"]),
    ],
)
def test_containers_likewise(changed: dict[str, Any], options: dict[str, Any], keys: list[str]) -> None:
    assert found(LXC, CONTAINER, changed, **options) == keys


def test_differences_are_reported_with_both_values() -> None:
    assert in_words({"memory": (512, 1024)}) == "memory is 1024 and in the backup 512"
    disk = {"volume": "local-lvm:vm-100-disk-0", "size": "8G", "ssd": True}
    reported = "scsi0 is not set and in the backup volume=local-lvm:vm-100-disk-0,size=8G,ssd=1"
    assert in_words({"scsi0": (disk, None)}) == reported
