# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Virtual machines: what is created equals the desired state, and one change writes one key."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.pve.automation.plugins.module_utils._core.guests.desired import (
    GuestDesired,
    GuestObserved,
    Known,
)
from ansible_collections.pve.automation.plugins.module_utils._core.guests.vm import VM
from ansible_collections.pve.automation.plugins.module_utils._core.model.errors import InvalidOption, Refused
from ansible_collections.pve.automation.plugins.module_utils._core.model.plan import Plan

BASE = {"vmid": 9001, "node": "pve1"}

words = st.text("abcdefgh0123456789", min_size=1, max_size=8)
nets = st.fixed_dictionaries(
    {"model": st.sampled_from(["virtio", "e1000", "vmxnet3"]), "bridge": st.sampled_from(["vmbr0", "vmbr1"])},
    optional={
        "tag": st.integers(1, 4094),
        "firewall": st.booleans(),
        "mtu": st.integers(1, 9000),
        "rate": st.sampled_from([1, 2.5, 100]),
        "trunks": st.lists(st.integers(1, 4094), min_size=1, max_size=3, unique=True),
        "macaddr": st.sampled_from(["bc:24:11:00:00:01", "BC:24:11:AA:BB:CC"]),
    },
)
drives = st.fixed_dictionaries(
    {"storage": st.just("local"), "size": st.sampled_from(["1G", "512M", "32G"])},
    optional={
        "ssd": st.booleans(),
        "discard": st.sampled_from(["on", "ignore"]),
        "cache": st.sampled_from(["none", "writeback"]),
        "iothread": st.booleans(),
        "backup": st.booleans(),
        "serial": words,
    },
)
SCALARS = {
    "memory": st.one_of(st.integers(16, 65536), st.sampled_from(["1G", "2048M"])),
    "cores": st.integers(1, 64),
    "sockets": st.integers(1, 4),
    "cpulimit": st.sampled_from([0.5, 1, 2]),
    "balloon": st.integers(0, 512),
    "onboot": st.booleans(),
    "tablet": st.booleans(),
    "ostype": st.sampled_from(["l26", "win11", "other"]),
    "scsihw": st.sampled_from(["virtio-scsi-single", "lsi"]),
    "description": st.text("abcäöü \n#*", max_size=20),
    "tags": st.lists(words, max_size=3),
    "agent": st.fixed_dictionaries({"enabled": st.booleans()}, optional={"fstrim_cloned_disks": st.booleans()}),
    "cpu": st.fixed_dictionaries(
        {"cputype": st.sampled_from(["host", "x86-64-v2-AES"])},
        optional={"flags": st.lists(st.sampled_from(["+aes", "-pcid"]), min_size=1, unique=True)},
    ),
    "vga": st.one_of(st.just("std"), st.fixed_dictionaries({"type": st.just("virtio"), "memory": st.integers(4, 512)})),
    "nameserver": st.lists(st.sampled_from(["192.0.2.1", "192.0.2.2"]), min_size=1, unique=True),
    "boot": st.just({"legacy": "cdn"}),  # an order takes devices that are there
    "startup": st.fixed_dictionaries({"order": st.integers(0, 9)}, optional={"up": st.integers(0, 60)}),
    "sshkeys": st.just("ssh-ed25519 AAAA+/= someone@example.com"),
    "net": st.dictionaries(st.sampled_from(["net0", "net1"]), nets, max_size=2),
    "scsi": st.dictionaries(st.sampled_from(["scsi0", "scsi1"]), drives, max_size=2),
}
specs = st.fixed_dictionaries({}, optional=SCALARS)


def desired_of(options: Any) -> GuestDesired:
    checked = ArgumentSpecValidator(**VM.arguments()).validate({**BASE, **options})
    assert not checked.error_messages
    return VM.parse(checked.validated_parameters)


def plan_of(state: dict[str, Any] | None, desired: GuestDesired) -> Plan:
    """The plan of root for a guest with this state, for a new one if it is None."""
    known = Known(9001, "pve1", is_new=state is None)
    return VM.plan(GuestObserved(state, known, digest="d", as_root=True), dataclasses.replace(desired, known=known))


def served(params: Any) -> Any:
    """The configuration that a server has after a creation with these parameters: volumes allocated, MACs chosen."""
    config = {}
    for key, value in params.items():
        if key in ("vmid", "pool") or value == "":
            continue
        text = str(value)
        allocated = re.fullmatch(r"local:([\d.]+)(,.*)?", text)
        if allocated:
            size = f"{round(float(allocated[1]) * 1024)}M"
            text = f"local:9001/vm-9001-{key}.raw,size={size}{allocated[2] or ''}"
        if re.fullmatch(r"net\d", key) and "macaddr=" not in text:
            text += ",macaddr=BC:24:11:12:34:56"
        config[key] = text
    return config


def state_of(config: Any) -> dict[str, Any]:
    return {"vmid": 9001, "node": "pve1", **VM.kind.observe(config)}


def created(options: Any) -> Any:
    (create,) = plan_of(None, desired_of(options)).steps
    return served(create.params)


@given(specs)
def test_what_is_created_needs_no_change(options: Any) -> None:
    config = created(options)
    assert plan_of(state_of(config), desired_of(options)).steps == ()


@given(specs, st.data())
def test_one_changed_option_writes_its_keys_only(options: Any, data: Any) -> None:
    state = state_of(created(options))
    name = data.draw(st.sampled_from(sorted(set(SCALARS) - {"net", "scsi"})))
    value = data.draw(SCALARS[name])
    written = {key for step in plan_of(state, desired_of({**options, name: value})).steps for key in step.params}
    assert written <= {name, "digest", "delete"}


KEYS = "ssh-ed25519%20AAAA%2B%2F%3D%20a%40b%0Assh-rsa%20BBBB%20c%0A"
NET = "virtio=BC:24:11:00:00:01,bridge=vmbr0,rate="


@pytest.mark.parametrize(
    ("config", "desired"),
    [
        ({"net0": f"{NET}5"}, {"net": {"net0": {"rate": 5.0}}}),
        ({"net0": f"{NET}5.0"}, {"net": {"net0": "virtio,bridge=vmbr0,rate=5"}}),
        ({"net0": f"{NET}2.5"}, {"net": {"net0": "virtio=bc:24:11:00:00:01,rate=2.50"}}),
        ({"net0": f"{NET}1"}, {"net": {"net0": {"model": "virtio", "macaddr": "bc-24-11-00-00-01"}}}),
        ({"net0": "bridge=vmbr0,model=virtio,macaddr=BC:24:11:00:00:01"}, {"net": {"net0": "virtio,bridge=vmbr0"}}),
        ({"scsi0": "lvm:vm-9001-disk-0,size=10G"}, {"scsi": {"scsi0": {"size": "10240M"}}}),
        ({"scsi0": "lvm:vm-9001-disk-0,size=10240M"}, {"scsi": {"scsi0": "lvm:10"}}),
        ({"scsi0": "lvm:vm-9001-disk-0,iothread=1,size=1T"}, {"scsi": {"scsi0": {"size": "1024G"}}}),
        ({"ide2": "none,media=cdrom"}, {"ide": {"ide2": "none"}}),
        ({"ide2": "none,media=cdrom"}, {"ide": {"ide2": "none,media=cdrom"}}),
        ({"ide2": "none,media=cdrom"}, {"ide": {"ide2": {"file": "none", "media": "cdrom"}}}),
        ({"ide2": "local:iso/a.iso,media=cdrom,size=4M"}, {"ide": {"ide2": "local:iso/a.iso,media=cdrom"}}),
        ({"sshkeys": KEYS}, {"sshkeys": ["ssh-ed25519 AAAA+/= a@b", "ssh-rsa BBBB c"]}),
        ({"sshkeys": KEYS}, {"sshkeys": "ssh-ed25519 AAAA+/= a@b\n\nssh-rsa BBBB c\n"}),
        ({"tags": "prod;web"}, {"tags": ["web", "PROD", "web"]}),
        ({"tags": "prod,web"}, {"tags": "web;prod"}),
        ({"description": "a\nb\n"}, {"description": "a\nb"}),
        ({"memory": "2048"}, {"memory": "2G"}),
        ({"agent": "1"}, {"agent": {"enabled": True, "type": "virtio"}}),
        ({}, {"kvm": True, "onboot": False, "cores": 1, "memory": 512, "tags": [], "description": "", "agent": "0"}),
    ],
)
def test_what_means_the_same_is_no_change(config: dict[str, Any], desired: dict[str, Any]) -> None:
    assert plan_of(state_of(config), desired_of(desired)).steps == ()


def test_what_is_emptied_is_not_there_to_begin_with() -> None:
    (create,) = plan_of(None, desired_of({"agent": {"enabled": ""}, "description": "", "net": {"net0": ""}})).steps
    assert create.params == {"vmid": 9001}


@pytest.mark.parametrize(("status", "online"), [("running", True), ("paused", True), ("stopped", False)])
def test_only_what_runs_is_migrated_online(status: str, online: bool) -> None:
    desired = dataclasses.replace(desired_of({"migrate": True}), node="pve2")
    (migrate,) = plan_of({**state_of({}), "status": status}, desired).steps
    assert bool(migrate.params.get("online")) is online


def test_a_change_of_the_tag_keeps_the_mac() -> None:
    state = state_of({"net0": "virtio=BC:24:11:00:00:01,bridge=vmbr0,tag=1,firewall=1"})
    (step,) = plan_of(state, desired_of({"net": {"net0": {"tag": 2}}})).steps
    assert step.params == {"net0": "virtio,macaddr=BC:24:11:00:00:01,bridge=vmbr0,tag=2,firewall=1", "digest": "d"}


@pytest.mark.parametrize(
    ("present", "state", "calls"),
    [
        ("stopped", "started", ["start"]),
        ("running", "started", []),
        ("paused", "started", ["resume"]),
        ("hibernated", "started", ["resume"]),
        ("running", "stopped", ["shutdown"]),
        ("stopped", "stopped", []),
        ("running", "restarted", ["reboot"]),
        ("stopped", "restarted", ["start"]),
        ("running", "reset", ["reset"]),
        ("running", "paused", ["suspend"]),
        ("running", "hibernated", ["suspend"]),
    ],
)
def test_power(present: str, state: str, calls: list[Any]) -> None:
    steps = plan_of({**state_of({}), "status": present}, desired_of({"state": state})).steps
    assert [step.path.rpartition("/")[2] for step in steps] == calls


@pytest.mark.parametrize("state", ["paused", "hibernated"])
def test_a_stopped_machine_cannot_be_paused(state: str) -> None:
    with pytest.raises(Refused, match="is stopped, so that it cannot become"):
        plan_of({**state_of({}), "status": "stopped"}, desired_of({"state": state}))


def test_hard_and_graceful_stops() -> None:
    running = {**state_of({}), "status": "running"}
    (hard,) = plan_of(running, desired_of({"state": "stopped", "force": True})).steps
    (both,) = plan_of(running, desired_of({"state": "stopped", "force": True, "shutdown_timeout": 9})).steps
    assert hard.path.endswith("/status/stop")
    assert (both.path.rpartition("/")[2], dict(both.params)) == ("shutdown", {"timeout": 9, "forceStop": True})


def test_deletion_is_refused_where_it_would_hurt() -> None:
    with pytest.raises(Refused, match="is protected"):
        plan_of({**state_of({"protection": "1"}), "status": "stopped"}, desired_of({"state": "absent", "force": True}))
    running = {**state_of({}), "status": "running"}
    with pytest.raises(Refused, match="is running"):
        plan_of(running, desired_of({"state": "absent"}))
    steps = plan_of(running, desired_of({"state": "absent", "force": True, "purge": True})).steps
    assert [(step.method, dict(step.params)) for step in steps] == [("POST", {}), ("DELETE", {"purge": True})]


@pytest.mark.parametrize(
    ("options", "summary"),
    [
        ({"unset": ["scsi0"]}, "change scsi0 of virtual machine 9001 (web)"),
        (
            {"unset": ["scsi0"], "purge": True},
            "delete scsi0 with its volume local:9001/a.raw of virtual machine 9001 (web)",
        ),
        (
            {"unset": ["ide2", "unused0"], "purge": True, "cores": 2},
            "change cores, ide2 and delete unused0 with its volume local:9001/b.raw of virtual machine 9001 (web)",
        ),
    ],
)
def test_a_step_says_which_volumes_it_deletes(options: dict[str, Any], summary: str) -> None:
    slots = {"scsi0": "local:9001/a.raw,size=1G", "ide2": "none,media=cdrom", "unused0": "local:9001/b.raw"}
    (step,) = plan_of(state_of({"name": "web", **slots}), desired_of(options)).steps
    assert step.summary == summary


def test_a_template_stays_one() -> None:
    with pytest.raises(InvalidOption, match="cannot become a virtual machine again"):
        plan_of(state_of({"template": 1}), desired_of({"template": False}))


PINNED = {"ostype": "win11", "machine": "pc-q35-10.0+pve1,viommu=intel"}


@pytest.mark.parametrize(
    ("config", "desired", "written"),
    [
        (PINNED, {"machine": "q35"}, None),
        (PINNED, {"machine": {"type": "q35", "viommu": "intel"}, "ostype": "win11"}, None),
        (PINNED, {"machine": {"type": "q35", "viommu": "virtio"}}, "pc-q35-10.0+pve1,viommu=virtio"),
        (PINNED, {"machine": "pc-q35-9.2"}, "pc-q35-9.2,viommu=intel"),
        (PINNED, {"machine": "pc"}, "pc,viommu=intel"),
        ({**PINNED, "ostype": "l26"}, {"machine": "q35"}, "q35,viommu=intel"),
        ({"ostype": "l26"}, {"machine": "q35"}, "q35"),
        ({"ostype": "w2k19", "machine": "pc-i440fx-9.0"}, {"machine": "pc"}, None),
    ],
)
def test_a_windows_keeps_the_version_of_its_machine_type(
    config: Any, desired: dict[str, Any], written: str | None
) -> None:
    steps = plan_of(state_of(config), desired_of(desired)).steps
    assert [step.params["machine"] for step in steps] == ([written] if written else [])


@pytest.mark.parametrize(
    ("present", "desired", "written"),
    [
        ("a-b-c", "1", None),
        ("a-b-c", "0", "0"),
        (None, "0", None),
        (None, "1", "1"),
        ("0", "0", None),
        ("0", "1", "1"),
        ("a-b-c", "d-e-f", "d-e-f"),
    ],
)
def test_the_id_of_a_generation_may_be_made_up_by_the_server(
    present: str | None, desired: str, written: str | None
) -> None:
    steps = plan_of(state_of({"vmgenid": present} if present else {}), desired_of({"vmgenid": desired})).steps
    assert [step.params["vmgenid"] for step in steps] == ([written] if written else [])


@pytest.mark.parametrize("state", ["reset", "resumed"])
def test_what_acts_on_a_guest_does_not_create_one(state: str) -> None:
    with pytest.raises(
        InvalidOption, match=f"state: {state} is for a guest that exists; there is no virtual machine 9001"
    ):
        plan_of(None, desired_of({"vmid": 9001, "name": "web", "node": "pve1", "state": state}))
