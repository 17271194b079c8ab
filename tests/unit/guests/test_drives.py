# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Drives: what a wish for a slot leads to."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.pve.automation.plugins.module_utils._core.guests.schema.vm_formats import (
    EFIDISK,
    SCSI,
    TPMSTATE,
)
from ansible_collections.pve.automation.plugins.module_utils._core.guests.volumes.common import VolumePlan
from ansible_collections.pve.automation.plugins.module_utils._core.guests.volumes.drives import parse_drive, plan_drive
from ansible_collections.pve.automation.plugins.module_utils._core.model.errors import InvalidOption, PveError, Refused

CODECS = {"efidisk0": EFIDISK, "tpmstate0": TPMSTATE}
DISK = "local:9001/vm-9001-disk-0.qcow2,iothread=1,size=32G,ssd=1"


def plan(
    desired: Any, current: str | None = None, slot: str = "scsi0", *, move: bool = False, purge: bool = False
) -> VolumePlan:
    codec = CODECS.get(slot, SCSI)
    present = None if current is None else codec.decode(current)
    return plan_drive(slot, present, parse_drive(slot, desired, codec), codec, move=move, purge=purge)


@pytest.mark.parametrize(
    ("desired", "value"),
    [
        ({"storage": "lvm", "size": "32G"}, "lvm:32"),
        ({"storage": "lvm", "size": "512M", "ssd": True}, "lvm:0.5,ssd=1"),
        ("lvm:32,format=qcow2,discard=on", "lvm:32,discard=on,format=qcow2"),
        ({"file": "lvm:32", "cache": "none"}, "lvm:32,cache=none"),
        ("local:iso/a.iso,media=cdrom", "local:iso/a.iso,media=cdrom"),
        ("none", "none,media=cdrom"),
        ("lvm:cloudinit", "lvm:cloudinit,media=cdrom"),
        ({"file": "cloudinit", "storage": "lvm"}, "lvm:cloudinit,media=cdrom"),
        ({"storage": "lvm", "import-from": "local:import/a.qcow2"}, "lvm:0,import-from=local:import/a.qcow2"),
        ({"storage": "lvm", "import_from": "local:import/a.qcow2"}, "lvm:0,import-from=local:import/a.qcow2"),
        ("lvm:vm-9001-disk-3", "lvm:vm-9001-disk-3"),
    ],
)
def test_a_new_drive_is_written_as_pve_wants_it(desired: Any, value: str) -> None:
    assert plan(desired).value == value


def test_an_imported_disk_grows_afterwards() -> None:
    made = plan({"storage": "lvm", "import-from": "local:import/a.qcow2", "size": "20G"})
    assert made.resize == "20G"
    assert made.allocates


@pytest.mark.parametrize(
    "desired",
    [
        DISK,
        "local:32",
        {"storage": "local", "size": "32G"},
        {"size": "32768M"},
        {"ssd": True, "iothread": "1", "backup": True},
        {"format": "qcow2"},
        {"file": "local:9001/vm-9001-disk-0.qcow2"},
        {"storage": "local", "import-from": "local:import/other.qcow2"},
        {},
    ],
)
def test_what_is_there_already_is_left_alone(desired: Any) -> None:
    made = plan(desired, DISK)
    assert (made.value, made.move, made.resize, made.delete) == (None, None, None, False)


def test_options_that_are_not_named_stay() -> None:
    assert plan({"cache": "writeback"}, DISK).value == (
        "local:9001/vm-9001-disk-0.qcow2,iothread=1,size=32G,ssd=1,cache=writeback"
    )
    assert plan({"ssd": ""}, DISK).value == "local:9001/vm-9001-disk-0.qcow2,iothread=1,size=32G"


def test_a_disk_grows_and_never_shrinks() -> None:
    assert plan("local:64", DISK).resize == "64G"
    with pytest.raises(InvalidOption, match="from 32G to 31G"):
        plan({"size": "31G"}, DISK)


def test_a_disk_moves_only_when_it_may() -> None:
    with pytest.raises(Refused, match="move_disks"):
        plan({"storage": "lvm"}, DISK)
    assert plan({"storage": "lvm"}, DISK, move=True).move == {"disk": "scsi0", "storage": "lvm", "delete": True}
    assert plan({"format": "raw"}, DISK, move=True).move == {
        "disk": "scsi0",
        "storage": "local",
        "delete": True,
        "format": "raw",
    }


@pytest.mark.parametrize("desired", ["none", "local:iso/a.iso,media=cdrom", "lvm:vm-1-disk-0", {"file": "/dev/sdb"}])
def test_a_volume_with_data_is_never_replaced(desired: Any) -> None:
    with pytest.raises(Refused, match="would be detached"):
        plan(desired, DISK)


def test_an_image_in_a_cdrom_is_changed_and_ejected() -> None:
    current = "local:iso/a.iso,media=cdrom,size=4K"
    assert plan("local:iso/b.iso,media=cdrom", current).value == "local:iso/b.iso,media=cdrom"
    assert plan("none,media=cdrom", current).value == "none,media=cdrom"
    assert plan("local:iso/a.iso,media=cdrom", current).value is None
    with pytest.raises(InvalidOption, match="holds the CD-ROM"):
        plan("local:8", current)


def test_a_cloud_init_drive_is_made_once() -> None:
    current = "local:9001/vm-9001-cloudinit.qcow2,media=cdrom"
    assert plan("local:cloudinit", current).value is None
    assert plan("local:cloudinit", "none,media=cdrom").value == "local:cloudinit,media=cdrom"
    with pytest.raises(Refused, match="on storage local, not lvm"):
        plan("lvm:cloudinit", current)


def test_a_slot_is_emptied_without_losing_the_volume() -> None:
    assert plan("", DISK).delete
    assert plan("", None) == VolumePlan()
    with pytest.raises(Refused, match=r"deletes the volume local:9001/vm-9001-disk-0.qcow2"):
        plan_drive("unused0", {"file": "local:9001/vm-9001-disk-0.qcow2"}, "", SCSI, move=False, purge=False)


def test_efi_and_tpm_disks_have_the_size_of_pve() -> None:
    assert plan({"storage": "lvm", "efitype": "4m"}, slot="efidisk0").value == "lvm:1,efitype=4m"
    current = "lvm:vm-9001-disk-1,efitype=4m,size=4M"
    assert plan("lvm:1,efitype=4m", current, "efidisk0") == VolumePlan(after=EFIDISK.decode(current), before_size="4M")
    with pytest.raises(InvalidOption, match="efitype is fixed"):
        plan("lvm:1,efitype=2m", current, "efidisk0")
    with pytest.raises(InvalidOption, match="size is fixed"):
        plan({"storage": "lvm", "size": "8M"}, slot="tpmstate0")


@pytest.mark.parametrize(
    ("desired", "says"),
    [
        ({}, "names no storage"),
        ({"size": "1G"}, "names no storage"),
        ({"storage": "lvm"}, "names no size"),
        ({"storage": "lvm", "file": "local:8"}, "two storages"),
        ({"storage": "lvm", "file": "local:iso/a.iso"}, "either file"),
        ("32,ssd=1", "32 names no storage, as local-lvm:32 does"),
        ({"storage": "lvm", "size": "big"}, "size: 'big'"),
        ({"storage": "lvm", "size": "+5G"}, "size: '.5G' is not a size"),
        ({"storage": "lvm", "size": 32}, "size: 32 is less than 1M.* GiB are written as in 32G"),
        ({"storage": "lvm", "size": "1G", "nosuch": 1}, "unknown option nosuch"),
        ({"storage": "lvm", "size": "1G", "cache": "fast"}, "cache: 'fast' is not one of"),
        ({"storage": "lvm", "size": "1G", "media": "cdrom"}, "takes an image"),
    ],
)
def test_a_wrong_wish_names_its_fault(desired: Any, says: str) -> None:
    with pytest.raises(PveError, match=f"scsi0: .*{says}"):
        plan(desired)
