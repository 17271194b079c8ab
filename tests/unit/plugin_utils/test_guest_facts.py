# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts about guests: what is asked of whom, what a failure costs, and the address that comes of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from ansible_collections.pve.automation.plugins.module_utils._core.guests.agent import agent_enabled
from ansible_collections.pve.automation.plugins.module_utils._core.model.errors import api_error
from ansible_collections.pve.automation.plugins.plugin_utils._guest_facts import (
    guest_address,
    read_facts,
)
from ansible_collections.pve.automation.plugins.plugin_utils._inventory import Host, hosts_of
from tests.unit.resources import fake

MAC = "BC:24:11:00:00:01"
AGENT_DOWN = api_error("GET", "/", 500, "QEMU guest agent is not running")
INTERFACES = [
    {"name": "lo", "hardware-address": "00:00:00:00:00:00", "ip-addresses": [{"ip-address": "127.0.0.1", "prefix": 8}]},
    {"name": "docker0", "hardware-address": "02:42:00:00:00:01", "ip-addresses": [{"ip-address": "172.17.0.1", "prefix": 16}]},
    {
        "name": "eth0",
        "hardware-address": MAC.lower(),
        "ip-addresses": [
            {"ip-address": "fe80::1", "prefix": 64, "ip-address-type": "ipv6"},
            {"ip-address": "2001:db8::7", "prefix": 64, "ip-address-type": "ipv6"},
            {"ip-address": "192.0.2.7", "prefix": 24, "ip-address-type": "ipv4"},
        ],
    },
]  # fmt: skip


class Cluster(fake.Server):
    """Answers by path; a path without an answer is a failure of the test."""

    def __init__(self, answers: dict[str, Any]) -> None:
        super().__init__(answers)

    def get(self, path: str, params: Mapping[str, Any] | None = None, api_format: str = "json") -> Any:
        self.asked.append(path)
        answer = self.answers[path]
        if isinstance(answer, Exception):
            raise answer
        return answer


def guest(vmid: int, type_: str = "qemu", status: str = "running", node: str = "pve1") -> Host:
    row = {"id": f"{type_}/{vmid}", "type": type_, "vmid": vmid, "node": node, "status": status, "name": f"g{vmid}"}
    return hosts_of([row])[0]


def paths(base: str, *names: str) -> list[str]:
    return [f"{base}/{name}" for name in names]


def test_a_running_machine_with_agent() -> None:
    base = "/nodes/pve1/qemu/100"
    cluster = Cluster(
        {
            f"{base}/config": {"agent": "enabled=1", "net0": f"virtio={MAC},bridge=vmbr0"},
            f"{base}/agent/get-osinfo": {"result": {"id": "debian"}},
            f"{base}/agent/network-get-interfaces": {"result": INTERFACES},
        }
    )
    facts, warnings = read_facts(cluster, [guest(100)], ["config", "agent", "interfaces"], 2)
    assert warnings == []
    assert cluster.asked == paths(base, "config", "agent/get-osinfo", "agent/network-get-interfaces")
    assert facts["qemu/100"]["address"] == "192.0.2.7"
    assert facts["qemu/100"]["agent"] == {"id": "debian"}
    assert facts["qemu/100"]["config"]["agent"] == "enabled=1"
    assert facts["qemu/100"]["interfaces"][2] == {
        "name": "eth0",
        "mac": MAC,
        "addresses": ["fe80::1/64", "2001:db8::7/64", "192.0.2.7/24"],
    }


@pytest.mark.parametrize(("status", "agent"), [("stopped", "1"), ("running", "0"), ("running", None)])
def test_no_agent_is_asked_that_cannot_answer(status: str, agent: str | None) -> None:
    cluster = Cluster({"/nodes/pve1/qemu/100/config": {"agent": agent} if agent else {}})
    facts, warnings = read_facts(cluster, [guest(100, status=status)], ["agent", "interfaces"], 1)
    assert cluster.asked == ["/nodes/pve1/qemu/100/config"]
    assert facts == {"qemu/100": {}}
    assert warnings == []


def test_a_running_container() -> None:
    base = "/nodes/pve1/lxc/101"
    cluster = Cluster(
        {
            f"{base}/config": {"net0": f"name=eth0,bridge=vmbr0,hwaddr={MAC},ip=dhcp,type=veth"},
            f"{base}/interfaces": [{"name": "eth0", "hwaddr": MAC, "inet": "192.0.2.8/24", "inet6": "fe80::2/64"}],
        }
    )
    facts, _warnings = read_facts(cluster, [guest(101, "lxc")], ["interfaces"], 1)
    assert facts["lxc/101"]["address"] == "192.0.2.8"
    assert "config" not in facts["lxc/101"]


def test_a_container_without_interfaces_yet() -> None:
    cluster = Cluster({"/nodes/pve1/lxc/101/config": {}, "/nodes/pve1/lxc/101/interfaces": None})
    facts, warnings = read_facts(cluster, [guest(101, "lxc")], ["interfaces"], 1)
    assert facts == {"lxc/101": {"interfaces": []}}
    assert warnings == []


def test_dead_agents_are_one_warning_and_lose_nothing() -> None:
    answers: dict[str, Any] = {}
    for vmid in range(100, 108):
        answers[f"/nodes/pve1/qemu/{vmid}/config"] = {
            "agent": "1",
            "ipconfig0": "ip=192.0.2.9/24",
            "net0": f"virtio={MAC}",
        }
        answers[f"/nodes/pve1/qemu/{vmid}/agent/get-osinfo"] = AGENT_DOWN
    answers["/nodes/pve1/qemu/107/agent/get-osinfo"] = {"result": {"id": "arch"}}
    answers["/nodes/pve1/qemu/107/agent/network-get-interfaces"] = {"result": []}
    cluster = Cluster(answers)
    facts, warnings = read_facts(
        cluster, [guest(vmid) for vmid in range(100, 108)], ["config", "agent", "interfaces"], 4
    )
    assert len(warnings) == 1
    assert "g100, g101, g102, g103, g104 and 2 more" in warnings[0]
    assert "QEMU guest agent is not running" in warnings[0]
    assert all(facts[f"qemu/{vmid}"]["address"] == "192.0.2.9" for vmid in range(100, 108))
    assert facts["qemu/107"]["agent"] == {"id": "arch"}
    assert not any(path.startswith("/nodes/pve1/qemu/100/agent/network") for path in cluster.asked)


def test_problems_of_different_kinds_are_distinguished() -> None:
    answers = {
        "/nodes/pve1/qemu/100/config": api_error("GET", "/", 403, "Permission check failed (/vms/100, VM.Audit)"),
        "/nodes/pve1/qemu/101/config": api_error("GET", "/", 403, "Permission check failed (/vms/101, VM.Audit)"),
        "/nodes/pve1/qemu/102/config": api_error("GET", "/", 595, "No route to host"),
    }
    facts, warnings = read_facts(Cluster(answers), [guest(100), guest(101), guest(102)], ["config"], 3)
    assert facts == {"qemu/100": {}, "qemu/101": {}, "qemu/102": {}}
    assert len(warnings) == 2
    assert any("g100, g101" in text for text in warnings)


def test_guests_of_an_offline_node_are_not_asked() -> None:
    cluster = Cluster({"/nodes/pve1/qemu/100/config": {}})
    facts, warnings = read_facts(
        cluster, [guest(100), guest(101, node="pve2")], ["config"], 2, offline=["pve2", "pve3"]
    )
    assert cluster.asked == ["/nodes/pve1/qemu/100/config"]
    assert facts == {"qemu/100": {"config": {}}}
    assert warnings == ["Node pve2 is not online: its guests (1) have no facts."]


def test_a_bug_is_not_taken_for_a_problem_of_a_guest() -> None:
    with pytest.raises(ZeroDivisionError):
        read_facts(Cluster({"/nodes/pve1/qemu/100/config": ZeroDivisionError()}), [guest(100)], ["config"], 1)


@pytest.mark.parametrize(
    ("agent", "enabled"),
    [("1", True), ("enabled=1,type=virtio", True), ("fstrim_cloned_disks=1,enabled=1", True), ("0", False), ("", False),
     ("0,fstrim_cloned_disks=1", False), ("enabled=0", False), ("type=virtio", False)],
)  # fmt: skip
def test_whether_an_agent_is_enabled(agent: str, enabled: bool) -> None:
    assert agent_enabled({"agent": agent}) is enabled


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"net0": f"virtio={MAC}", "ipconfig0": "ip=192.0.2.1/24,ip6=2001:db8::1/64"}, "192.0.2.1"),
        ({"net0": f"virtio={MAC}", "ipconfig0": "ip=dhcp,ip6=2001:db8::1/64"}, "2001:db8::1"),
        ({"net0": f"virtio={MAC}", "ipconfig0": "ip=dhcp,ip6=auto"}, ""),
        ({"net1": f"virtio={MAC}", "ipconfig0": "ip=192.0.2.1/24", "ipconfig1": "ip=192.0.2.2/24"}, "192.0.2.2"),
        (
            {"net0": f"name=eth0,hwaddr={MAC},ip=192.0.2.3/24", "net10": "ip=192.0.2.10/24", "net2": "ip=192.0.2.2/24"},
            "192.0.2.3",
        ),
        ({"net10": "name=a,ip=192.0.2.10/24", "net2": "name=b,ip=192.0.2.2/24"}, "192.0.2.2"),
        ({"net0": "name=eth0,ip=fe80::1/64"}, ""),
        ({}, ""),
    ],
)
def test_static_addresses(config: dict[str, str], expected: str) -> None:
    assert guest_address(config, []) == expected


def test_what_the_guest_has_goes_before_what_was_configured() -> None:
    config = {"net0": f"virtio={MAC}", "ipconfig0": "ip=198.51.100.1/24"}
    assert guest_address(config, [{"name": "eth0", "mac": MAC, "addresses": ["192.0.2.7/24"]}]) == "192.0.2.7"


def test_addresses_of_foreign_interfaces_do_not_count() -> None:
    bridge = {"name": "docker0", "mac": "02:42:00:00:00:01", "addresses": ["172.17.0.1/16"]}
    assert guest_address({"net0": f"virtio={MAC}"}, [bridge]) == ""
