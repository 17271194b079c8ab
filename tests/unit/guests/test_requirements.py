# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What plans ask of the cluster."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.pve.automation.plugins.module_utils._core.guests.lxc import LXC
from ansible_collections.pve.automation.plugins.module_utils._core.guests.preflight.limits import Limits
from ansible_collections.pve.automation.plugins.module_utils._core.guests.preflight.requirements import (
    Space,
    requirements_of,
    target_of,
)
from ansible_collections.pve.automation.plugins.module_utils._core.guests.vm import VM
from ansible_collections.pve.automation.plugins.module_utils._core.model.errors import InvalidOption, PermissionDenied
from tests.unit.guests.fake import GuestServer
from tests.unit.resources.fake import options

GIB = 1024**3
MIB = 1024**2
TEMPLATE = {
    "name": "base",
    "template": 1,
    "memory": "2048",
    "scsi0": "lvm:base-900-disk-0,size=4G",
    "ide2": "lvm:vm-900-cloudinit,media=cdrom",
}
PRESENT = {
    "name": "web1",
    "memory": "1024",
    "scsi0": "local:9001/vm-9001-disk-0.qcow2,size=8G",
    "net0": "virtio=BC:24:11:00:00:01,bridge=vmbr0",
}


def required(kind: Any, guests: Any, /, status: str = "stopped", **given: Any) -> Any:
    server = GuestServer(guests, {"/nodes/pve2/qemu": []}, status=status)
    desired = kind.parse(options(kind, **given))
    observed = kind.read(server, desired)
    desired = kind.remember(observed, desired)
    return requirements_of(kind.kind, kind.plan(observed, desired), desired)


def needed(things: Any) -> dict[str, str]:
    """What has to exist, and the option that is refused without it."""
    return {one.name: one.option for one in things}


@pytest.mark.parametrize(("state", "option"), [("present", ""), ("stopped", ""), ("started", "net0")])
def test_a_bridge_is_looked_for_by_the_server_when_the_guest_starts(state: str, option: str) -> None:
    new: dict[str, Any] = {"vmid": 9001, "node": "pve1", "net": {"net0": "virtio,bridge=vmbr0"}, "state": state}
    assert needed(required(VM, {}, **new).bridges) == {"vmbr0": option}


@pytest.mark.parametrize("clone", ["base", {"source": "base", "full": True}])
def test_an_image_that_a_clone_inherits_is_not_looked_for_by_the_server(clone: Any) -> None:
    guests = {"qemu/900": {**TEMPLATE, "ide0": "local:iso/a.iso,media=cdrom"}}
    assert needed(required(VM, guests, name="web1", clone=clone).volumes) == {"local:iso/a.iso": ""}
    given: dict[str, Any] = {"ide": {"ide0": "local:iso/b.iso,media=cdrom"}}
    assert needed(required(VM, guests, name="web1", clone=clone, **given).volumes) == {"local:iso/b.iso": "ide0"}


def test_a_new_machine() -> None:
    found = required(
        VM,
        {},
        vmid=9001,
        node="pve1",
        name="web1",
        memory="2G",
        scsi={"scsi0": "lvm:8", "scsi1": {"storage": "lvm", "import-from": "local:import/a.qcow2"}},
        ide={"ide2": "local:iso/debian.iso,media=cdrom", "ide0": "none,media=cdrom", "ide3": "lvm:cloudinit"},
        net={"net0": "virtio,bridge=vmbr0", "net1": "virtio,bridge=vmbr1"},
        hookscript="local:snippets/hook.pl",
        cicustom={"user": "local:snippets/user.yml"},
    )
    assert (found.title, found.vmid, found.node) == ("web1", 9001, "pve1")
    assert (found.memory, found.runs, found.disk) == (2 * GIB, True, 8 * GIB)
    assert sum(part.size for part in found.space) == 8 * GIB
    assert {part.storage for part in found.space} == {"lvm"}
    assert needed(found.bridges) == {"vmbr0": "", "vmbr1": ""}
    assert needed(found.volumes) == {
        "local:import/a.qcow2": "scsi1",
        "local:iso/debian.iso": "ide2",
        "local:snippets/hook.pl": "hookscript",
        "local:snippets/user.yml": "",
    }


@pytest.mark.parametrize(("answer", "asked"), [(None, None), (PermissionDenied("GET", "/", 403, "denied"), 9001)])
def test_whether_an_id_is_free_is_asked_only_of_who_would_not_see_its_guest(answer: Any, asked: int | None) -> None:
    server = GuestServer({}, {} if answer is None else {"/nodes/pve1/qemu/9001/config": answer})
    desired = VM.parse(options(VM, vmid=9001, node="pve1"))
    observed = VM.read(server, desired)
    desired = VM.remember(observed, desired)
    found = requirements_of(VM.kind, VM.plan(observed, desired), desired)
    assert found is not None
    assert found.new_vmid == asked


def test_a_new_container() -> None:
    found = required(
        LXC,
        {},
        vmid=9101,
        node="pve1",
        hostname="ct1",
        ostemplate="local:vztmpl/alpine.tar.xz",
        rootfs="lvm:2",
        mp={"mp0": "lvm:1,mp=/data", "mp1": "/srv,mp=/srv"},
        net={"net0": "name=eth0,bridge=vmbr0"},
    )
    assert (found.memory, found.disk) == (512 * MIB, 3 * GIB)
    assert set(found.space) == {Space("lvm", "rootdir", 2 * GIB), Space("lvm", "rootdir", GIB)}
    assert needed(found.bridges) == {"vmbr0": ""}
    assert needed(found.volumes) == {"local:vztmpl/alpine.tar.xz": "ostemplate"}


@pytest.mark.parametrize(
    ("clone", "size"),
    [("900", 6), ({"source": 900, "full": True}, 10), ({"source": 900, "full": False}, 6)],
)
def test_a_linked_clone_shares_the_volumes_of_its_template(clone: Any, size: int) -> None:
    found = required(VM, {"qemu/900": TEMPLATE}, name="web1", clone=clone, scsi={"scsi0": {"size": "10G"}})
    assert sum(part.size for part in found.space) == size * GIB
    assert found.memory == 2 * GIB
    assert not found.volumes


@pytest.mark.parametrize(("node", "reported"), [("pve1", ("", frozenset())), ("pve2", ("pve1", {"lvm"}))])
def test_a_clone_on_another_node_tells_where_its_source_is(node: str, reported: Any) -> None:
    found = required(VM, {"qemu/900": TEMPLATE}, name="web1", node=node, clone="base")
    assert (found.cloned_from, found.sources) == reported


@pytest.mark.parametrize("given", [{}, {"memory": 1024}])
def test_a_guest_that_stays_as_it_is_requires_nothing(given: dict[str, Any]) -> None:
    assert required(VM, {"qemu/9001": PRESENT}, vmid=9001, node="pve1", **given) is None


@pytest.mark.parametrize(
    "given",
    [
        {"tags": ["a"]},
        {"memory": 512},
        {"scsi": {"scsi0": {"ssd": True}}},
        {"net": {"net0": {"tag": 5}}},
        {"state": "absent"},
    ],
)
def test_what_a_guest_has_already_is_not_asked_for(given: dict[str, Any]) -> None:
    found = required(VM, {"qemu/9001": PRESENT}, vmid=9001, node="pve1", **given)
    assert found is not None
    asked = (found.memory, found.space, found.bridges, found.volumes, found.new_vmid)
    assert asked == (0, (), (), (), None)


def test_what_is_added_to_a_present_guest() -> None:
    found = required(
        VM,
        {"qemu/9001": PRESENT},
        vmid=9001,
        node="pve1",
        memory="4G",
        scsi={"scsi0": {"size": "10G"}, "scsi1": "fast:1"},
        net={"net0": {"bridge": "vmbr1"}, "net1": "virtio,bridge=vmbr0"},
        ide={"ide2": "local:iso/a.iso,media=cdrom"},
    )
    assert (found.memory, found.runs, found.disk) == (4 * GIB, None, 11 * GIB)
    assert set(found.space) == {Space("local", "images", 2 * GIB), Space("fast", "images", GIB)}
    assert needed(found.bridges) == {"vmbr0": "", "vmbr1": ""}
    assert needed(found.volumes) == {"local:iso/a.iso": "ide2"}


def test_a_moved_disk_needs_space_where_it_goes() -> None:
    found = required(
        VM, {"qemu/9001": PRESENT}, vmid=9001, node="pve1", scsi={"scsi0": {"storage": "fast"}}, move_disks=True
    )
    assert found.space == (Space("fast", "images", 8 * GIB),)


@pytest.mark.parametrize(("state", "memory"), [("started", GIB), ("stopped", 0), ("present", 0)])
def test_a_guest_asks_for_memory_when_it_starts(state: str, memory: Any) -> None:
    found = required(VM, {"qemu/9001": PRESENT}, vmid=9001, node="pve1", state=state, tags=["a"])
    assert (found.memory, found.runs) == (memory, {"started": True, "stopped": False, "present": None}[state])


@pytest.mark.parametrize(("status", "runs"), [("running", True), ("stopped", False)])
def test_a_guest_that_moves_takes_everything_along(status: str, runs: bool) -> None:
    found = required(
        VM, {"qemu/9001": PRESENT}, status=status, vmid=9001, node="pve2", migrate=True, target_storage="lvm"
    )
    assert (found.node, found.memory, found.runs, found.new_vmid) == ("pve2", GIB, runs, None)
    assert found.space == (Space("lvm", "images", 8 * GIB, arrives=True),)
    assert needed(found.bridges) == {"vmbr0": "net0" if status == "running" else ""}


@pytest.mark.parametrize(
    ("given", "lock", "reported"),
    [
        ({"tags": ["a"]}, "backup", "backup"),
        ({"state": "absent"}, "backup", "backup"),
        ({"state": "absent"}, "suspended", ""),
        ({"tags": ["a"], "state": "started"}, "suspended", ""),
    ],
)
def test_the_lock_of_a_guest(given: dict[str, Any], lock: str, reported: str) -> None:
    found = required(VM, {"qemu/9001": {**PRESENT, "lock": lock}}, vmid=9001, node="pve1", **given)
    assert (found.title, found.lock) == ("web1", reported)


@pytest.mark.parametrize(
    ("targets", "found"),
    [(None, "a"), ("1", "a"), ("b", "b"), ("a:b", "b"), ("c:d", "a"), ("c:d,a:b", "b"), ("c:d,e", "e")],
)
def test_where_a_migration_puts_a_volume(targets: str | None, found: str) -> None:
    assert target_of("a", targets) == found


def test_a_template_asks_for_no_memory() -> None:
    assert required(VM, {}, vmid=9001, node="pve1", template=True).memory == 0


@pytest.mark.parametrize(
    ("given", "hints"),
    [
        ({"hostpci": {"hostpci0": "0000:01:00"}}, 1),
        ({"hostpci": {"hostpci0": "0000:01:00"}, "cpu": "x86-64-v2-AES"}, 1),
        ({"hostpci": {"hostpci0": "0000:01:00"}, "cpu": "host"}, 0),
        ({"hostpci": {"hostpci0": "mapping=gpu"}, "cpu": "custom-gpu"}, 0),
        ({"cpu": "kvm64"}, 0),
    ],
)
def test_a_device_that_is_passed_through_wants_the_processor_as_it_is(given: dict[str, Any], hints: int) -> None:
    found = required(VM, {}, vmid=9001, node="pve1", name="gpu", **given)
    assert len(found.hints) == hints
    assert all(hint.startswith("gpu passes hostpci0 through with CPU type ") for hint in found.hints)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"max_memory": "much"}, "limits: max_memory: 'much' is not a size"),
        ({"memory_overcommit": 0}, "limits: memory_overcommit: 0 is not more than 0"),
    ],
)
def test_wrong_limits_are_refused(given: dict[str, Any], says: str) -> None:
    with pytest.raises(InvalidOption, match=says):
        Limits.parse(given)
