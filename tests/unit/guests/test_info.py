# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""pve_guest_info: which guests are listed, and what is asked of them."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.pve.automation.plugins.module_utils._core.guests.info import GATHER, GUEST_INFO
from ansible_collections.pve.automation.plugins.module_utils._core.model.errors import InvalidOption, PermissionDenied
from tests.unit.guests.fake import GuestServer
from tests.unit.resources.fake import options

ROWS = [
    {"type": "qemu", "vmid": 9002, "node": "pve2", "name": "web2", "status": "stopped", "tags": "web", "template": 1},
    {
        "type": "qemu",
        "vmid": 9001,
        "node": "pve1",
        "name": "web1",
        "status": "running",
        "tags": "Prod;web",
        "pool": "p",
    },
    {"type": "lxc", "vmid": 9101, "node": "pve1", "name": "ct1", "status": "running", "maxmem": 1024},
    {"type": "storage", "storage": "local", "node": "pve1"},
]
VM, CT = "/nodes/pve1/qemu/9001", "/nodes/pve1/lxc/9101"
ANSWERS: dict[str, Any] = {
    "/cluster/resources": ROWS,
    f"{VM}/config": {"name": "web1", "memory": "1024", "agent": "1", "net0": "virtio=BC:24:11:00:00:01,bridge=vmbr0"},
    f"{VM}/status/current": {"status": "running", "qmpstatus": "paused", "uptime": 5},
    f"{VM}/pending": [{"key": "memory", "value": "1024", "pending": "2048"}, {"key": "name", "value": "web1"}],
    f"{VM}/snapshot": [{"name": "current"}, {"name": "b", "snaptime": 2}, {"name": "a", "snaptime": 1}],
    f"{VM}/agent/get-osinfo": {"result": {"id": "debian"}},
    f"{VM}/agent/network-get-interfaces": {
        "result": [
            {
                "name": "eth0",
                "hardware-address": "bc:24:11:00:00:01",
                "ip-addresses": [{"ip-address": "192.0.2.1", "prefix": 24}],
            }
        ]
    },
    f"{CT}/config": {"hostname": "ct1", "memory": 512},
    f"{CT}/status/current": {"status": "running"},
    f"{CT}/pending": [],
    f"{CT}/snapshot": [{"name": "current"}],
    f"{CT}/interfaces": [{"name": "eth0", "hwaddr": "bc:24:11:00:00:02", "inet": "192.0.2.2/24"}],
}


def listed(on: GuestServer | None = None, **desired: Any) -> list[dict[str, Any]]:
    on = on or GuestServer(answers=ANSWERS)
    found: list[dict[str, Any]] = GUEST_INFO.read(on, GUEST_INFO.parse(options(GUEST_INFO, **desired)))
    return found


@pytest.mark.parametrize(
    ("desired", "vmids"),
    [
        ({}, [9001, 9002, 9101]),
        ({"vmid": [9101, 5]}, [9101]),
        ({"name": ["web*"]}, [9001, 9002]),
        ({"name": ["ct1", "web2"]}, [9002, 9101]),
        ({"tags": ["WEB"]}, [9001, 9002]),
        ({"tags": ["web", "prod"]}, [9001]),
        ({"pool": ["p"]}, [9001]),
        ({"node": ["pve1"], "type": "qemu"}, [9001]),
        ({"status": "running"}, [9001, 9101]),
        ({"template": True}, [9002]),
        ({"template": False, "type": "qemu"}, [9001]),
        ({"pool": ["q"]}, []),
    ],
)
def test_guests_fit_all_options(desired: dict[str, Any], vmids: list[int]) -> None:
    assert [row["vmid"] for row in listed(**desired)] == vmids


NODE_LISTS = ["/nodes/pve1/lxc", "/nodes/pve1/qemu", "/nodes/pve2/qemu"]


def test_the_list_is_one_request_and_one_for_each_list_of_a_node() -> None:
    on = GuestServer(answers=ANSWERS)
    listed(on)
    assert on.asked[:1] == ["/cluster/resources"]
    assert sorted(on.asked[1:]) == NODE_LISTS


def test_the_list_alone_is_one_request() -> None:
    on = GuestServer(answers=ANSWERS)
    assert listed(on, current=False)[0] == {
        "vmid": 9001,
        "name": "web1",
        "node": "pve1",
        "type": "qemu",
        "status": "running",
        "template": False,
        "tags": ["prod", "web"],
        "pool": "p",
    }
    assert on.asked == ["/cluster/resources"]


def test_everything_that_guests_tell() -> None:
    machine, container = listed(status="running", gather=list(GATHER))
    assert machine["config"]["memory"] == 1024
    assert machine["config"]["net0"]["bridge"] == "vmbr0"
    assert (machine["live"]["power"], machine["live"]["uptime"]) == ("paused", 5)
    assert machine["pending"] == [{"key": "memory", "value": "1024", "pending": "2048"}]
    assert [row["name"] for row in machine["snapshots"]] == ["a", "b"]
    assert machine["agent"] == {"id": "debian"}
    assert machine["interfaces"] == [{"name": "eth0", "mac": "BC:24:11:00:00:01", "addresses": ["192.0.2.1/24"]}]
    assert container["interfaces"] == [{"name": "eth0", "mac": "BC:24:11:00:00:02", "addresses": ["192.0.2.2/24"]}]
    assert "agent" not in container


def test_only_what_is_wanted_is_asked() -> None:
    on = GuestServer(answers=ANSWERS)
    listed(on, vmid=[9001, 9101], gather=["snapshots"])
    lists = ["/nodes/pve1/lxc", "/nodes/pve1/qemu"]
    assert sorted(on.asked) == sorted(["/cluster/resources", *lists, f"{CT}/snapshot", f"{VM}/snapshot"])


def test_a_guest_that_does_not_run_is_not_asked_for_its_addresses() -> None:
    on = GuestServer(answers=ANSWERS)
    (row,) = listed(on, vmid=[9002], gather=["agent", "interfaces"])
    assert (row["agent"], row["interfaces"]) == ({}, [])
    assert on.asked == ["/cluster/resources", "/nodes/pve2/qemu"]


def test_a_machine_without_agent_is_not_asked_for_it() -> None:
    on = GuestServer(answers={**ANSWERS, f"{VM}/config": {"name": "web1"}})
    (row,) = listed(on, vmid=[9001], gather=["agent", "interfaces"])
    assert (row["agent"], row["interfaces"], on.warnings) == ({}, [], [])
    assert on.asked == ["/cluster/resources", "/nodes/pve1/qemu", f"{VM}/config"]


def test_one_guest_that_fails_leaves_the_others() -> None:
    denied = PermissionDenied("GET", f"{CT}/snapshot", 403, "Permission check failed (/vms/9101, VM.Audit)")
    on = GuestServer(answers={**ANSWERS, f"{CT}/snapshot": denied})
    machine, container = listed(on, status="running", gather=["snapshots", "pending"])
    assert len(machine["snapshots"]) == 2
    assert "snapshots" not in container
    assert container["pending"] == []
    (warning,) = on.warnings
    assert "ct1" in warning
    assert "snapshots could not be read" in warning


def test_an_agent_that_is_silent_is_asked_once() -> None:
    silent = PermissionDenied("GET", f"{VM}/agent/get-osinfo", 500, "QEMU guest agent is not running")
    on = GuestServer(answers={**ANSWERS, f"{VM}/agent/get-osinfo": silent})
    (row,) = listed(on, vmid=[9001], gather=["agent", "interfaces"])
    assert "agent" not in row
    assert "interfaces" not in row
    assert f"{VM}/agent/network-get-interfaces" not in on.asked
    assert len(on.warnings) == 1


def test_how_many_at_a_time_is_bounded() -> None:
    for parallel in (0, 65):
        with pytest.raises(InvalidOption, match="parallel"):
            listed(parallel=parallel)
