# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Archives of machines: what is read of them, and disks that come out of them."""

from __future__ import annotations

import io
import tarfile
from typing import Any

import pytest

from ansible_collections.pve.automation.tests.simulator.appliances import NoOvf, read_appliance
from ansible_collections.pve.automation.tests.simulator.volumes import Volume, table

from .conversation import Conversation

OVF = """<?xml version="1.0"?>
<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1" xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1"
 xmlns:rasd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData"
 xmlns:vmw="http://www.vmware.com/schema/ovf">
<References><File ovf:id="f1" ovf:href="a.qcow2"/><File ovf:id="f2" ovf:href="b.vmdk"/></References>
<DiskSection>
<Disk ovf:diskId="d1" ovf:fileRef="f1" ovf:capacity="3" ovf:capacityAllocationUnits="byte * 2^30"/>
<Disk ovf:diskId="d2" ovf:fileRef="f2" ovf:capacity="4194304"/><Disk ovf:diskId="lost" ovf:fileRef="f3"/>
</DiskSection>
<VirtualSystem ovf:id="x"><Name>my app (1)</Name><OperatingSystemSection ovf:id="96"/><VirtualHardwareSection>
<Item><rasd:InstanceID>1</rasd:InstanceID><rasd:ResourceType>3</rasd:ResourceType>
<rasd:VirtualQuantity>4</rasd:VirtualQuantity></Item>
<Item><rasd:InstanceID>2</rasd:InstanceID><rasd:ResourceType>4</rasd:ResourceType>
<rasd:VirtualQuantity>2048</rasd:VirtualQuantity></Item>
<Item><rasd:InstanceID>3</rasd:InstanceID><rasd:ResourceType>20</rasd:ResourceType></Item>
<Item><rasd:InstanceID>4</rasd:InstanceID><rasd:ResourceType>10</rasd:ResourceType>
<rasd:ResourceSubType>VmxNet3</rasd:ResourceSubType></Item>
<Item><rasd:InstanceID>5</rasd:InstanceID><rasd:ResourceType>10</rasd:ResourceType>
<rasd:ResourceSubType>PCNet32</rasd:ResourceSubType></Item>
<Item><rasd:AddressOnParent>0</rasd:AddressOnParent><rasd:HostResource>ovf:/disk/d1</rasd:HostResource>
<rasd:InstanceID>6</rasd:InstanceID><rasd:Parent>3</rasd:Parent><rasd:ResourceType>17</rasd:ResourceType></Item>
<Item><rasd:AddressOnParent>1</rasd:AddressOnParent><rasd:HostResource>ovf:/disk/d2</rasd:HostResource>
<rasd:InstanceID>7</rasd:InstanceID><rasd:Parent>3</rasd:Parent><rasd:ResourceType>17</rasd:ResourceType></Item>
<Item><rasd:AddressOnParent>2</rasd:AddressOnParent><rasd:HostResource>ovf:/disk/lost</rasd:HostResource>
<rasd:InstanceID>8</rasd:InstanceID><rasd:Parent>3</rasd:Parent><rasd:ResourceType>17</rasd:ResourceType></Item>
<vmw:Config vmw:key="firmware" vmw:value="efi"/>
</VirtualHardwareSection></VirtualSystem></Envelope>
"""
MIB = 1024 * 1024
MEMBERS = {
    "x.ovf": OVF.encode(),
    "a.qcow2": b"QFI\xfb" + bytes(20) + (3 * 1024 * MIB).to_bytes(8, "big") + bytes(100),
    "b.vmdk": b"KDMV" + bytes(8) + (4 * MIB // 512).to_bytes(8, "little") + bytes(100),
    "c.raw": bytes(2 * MIB),
    "d.vmdk": b"# another kind of VMDK",
}
ARCHIVE = "local:import/x.ova"


def packed(members: dict[str, bytes]) -> bytes:
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as archive:
        for name, content in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return written.getvalue()


@pytest.fixture
def pve() -> Conversation:
    """A node with an appliance on its storage, and a machine without disks."""
    pve = Conversation()
    add(pve, "import/x.ova", "ova", read_appliance(packed(MEMBERS)))
    pve("POST", "/nodes/pve/qemu", vmid=100)
    return pve


def add(pve: Conversation, name: str, form: str, payload: Any = None) -> None:
    table(pve.cluster).add(Volume("local", "pve", name, "import", form, 10240, 0, payload=payload))


def wanted(member: str, storage: str = "local") -> str:
    return f"{storage}:0,import-from={ARCHIVE}/{member}"


def test_the_metadata_of_an_appliance(pve: Conversation) -> None:
    reported = pve("GET", "/nodes/pve/storage/local/import-metadata", volume="import/x.ova")
    assert reported == {
        "type": "vm",
        "source": "import/x.ova",
        "create-args": {
            "name": "my-app-1", "cores": "4", "memory": "2048", "ostype": "l26", "bios": "ovmf",
            "boot": "order=sata0;sata1",
        },
        "disks": {
            "sata0": {"volid": f"{ARCHIVE}/a.qcow2", "size": 3 * 1024 * MIB},
            "sata1": {"volid": f"{ARCHIVE}/b.vmdk"},
            "efidisk0": 1,
        },
        "net": {"net0": {"model": "vmxnet3"}, "net1": {"model": "e1000"}},
        "warnings": [
            {"type": "ova-needs-extracting"},
            {"type": "efi-state-lost", "key": "bios", "value": "ovmf"},
        ],
    }  # fmt: skip


@pytest.mark.parametrize(("member", "size"), [("a.qcow2", "3G"), ("b.vmdk", "4M"), ("c.raw", "2M")])
def test_a_disk_has_the_size_and_the_format_of_the_member(pve: Conversation, member: str, size: str) -> None:
    pve("PUT", "/nodes/pve/qemu/100/config", scsi0=wanted(member))
    form = member.partition(".")[2]
    assert pve.config("/nodes/pve/qemu/100")["scsi0"] == f"local:100/vm-100-disk-1.{form},size={size}"
    shown = [row["volid"] for row in pve("GET", "/nodes/pve/storage/local/content", vmid=100)]
    assert shown == [f"local:100/vm-100-disk-1.{form}"]


def test_nothing_of_a_member_stays_behind_if_another_disk_fails(pve: Conversation) -> None:
    drives = {"scsi0": wanted("c.raw"), "scsi1": wanted("absent.raw")}
    reason = pve.refused("PUT", "/nodes/pve/qemu/100/config", **drives)
    assert "-f /var/lib/vz/import/x.ova absent.raw' failed: exit code 2" in reason
    assert pve("GET", "/nodes/pve/storage/local/content", vmid=100) == []


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (f"local:0,import-from={ARCHIVE}", f"volume '{ARCHIVE}' - not a QEMU image format 'ova'"),
        (f"local:1,import-from={ARCHIVE}/c.raw", "scsi0: 'import-from' requires special syntax"),
        ("local:0,import-from=local:iso/x.iso", "scsi0: local:iso/x.iso has wrong type 'iso'"),
        (wanted("d.vmdk"), "the simulator does not do this: reading the size of an image without"),
    ],
)
def test_what_is_refused_before_a_task(pve: Conversation, value: str, reason: str) -> None:
    assert reason in pve.refused("POST", "/nodes/pve/qemu/100/config", scsi0=value)


def test_an_absent_image_fails_in_the_task(pve: Conversation) -> None:
    absent = "local:0,import-from=local:import/absent.raw"
    task = pve.failed_task("POST", "/nodes/pve/qemu/100/config", scsi0=absent)
    assert task.exitstatus == "failed to stat '/var/lib/vz/import/absent.raw'"


def test_members_are_unpacked_where_there_are_files(pve: Conversation) -> None:
    pve("POST", "/storage", storage="blocks", type="lvmthin", vgname="pve", thinpool="data", content="images")
    working = {"scsi0": wanted("c.raw", "blocks"), "import-working-storage": "blocks"}
    assert "import-working-storage: import working storage 'blocks' does not support" in pve.refused(
        "POST", "/nodes/pve/qemu/100/config", **working
    )
    pve("PUT", "/nodes/pve/qemu/100/config", scsi0=wanted("c.raw", "blocks"))
    assert pve.config("/nodes/pve/qemu/100")["scsi0"] == "blocks:vm-100-disk-0,size=2M"


def test_an_appliance_of_which_there_is_only_the_name(pve: Conversation) -> None:
    add(pve, "import/far.ova", "ova")
    asked = "/nodes/pve/storage/local/import-metadata"
    assert "does not do this: looking into an appliance" in pve.refused("GET", asked, volume="import/far.ova")
    assert "invalid format" in pve.refused("GET", asked, volume="import/x.ova/c.raw")
    assert "failed: exit code 2" in pve.refused("GET", asked, volume="import/absent.ova")


@pytest.mark.parametrize("content", [b"", bytes(10240), packed({"a.raw": b"1"})])
def test_what_is_no_appliance(content: bytes) -> None:
    with pytest.raises(NoOvf):
        read_appliance(content)
