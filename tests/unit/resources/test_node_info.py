# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""pve_node_info: which nodes are listed, and what is asked of them."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.pve.automation.plugins.module_utils._core.model.errors import (
    InvalidOption,
    PermissionDenied,
    api_error,
)
from ansible_collections.pve.automation.plugins.module_utils._core.resources.node.info import GATHER, NODE_INFO
from tests.unit.resources.fake import Server, options

ROWS = [
    {"node": "pve3", "status": "offline", "type": "node", "id": "node/pve3"},
    {"node": "pve2", "status": "online", "type": "node", "id": "node/pve2", "ssl_fingerprint": "AB"},
    {"node": "pve1", "status": "online", "type": "node", "id": "node/pve1", "maxcpu": 8, "uptime": 5},
]
CARD = {"id": "0000:01:00.0", "iommugroup": 1}
GRAPHICS = {"id": "0000:00:02.0", "iommugroup": 0, "mdev": 1}


def about(node: str) -> dict[str, Any]:
    base = f"/nodes/{node}"
    return {
        f"{base}/status": {"uptime": 5, "loadavg": ["0.1"]},
        f"{base}/version": {"version": "9.2.11"},
        f"{base}/apt/versions": [{"Package": "qemu-server"}, {"Package": "pve-manager"}],
        f"{base}/services": [{"service": "sshd"}, {"service": "cron"}],
        f"{base}/hardware/pci": [CARD, GRAPHICS],
        f"{base}/hardware/pci/{GRAPHICS['id']}/mdev": [{"type": "b"}, {"type": "a"}],
        f"{base}/hardware/usb": [],
        f"{base}/disks/list": [{"devpath": "/dev/sdb"}, {"devpath": "/dev/sda"}],
        f"{base}/capabilities/qemu/cpu": [{"name": "x86-64-v2"}, {"name": "EPYC"}],
        f"{base}/capabilities/qemu/machines": [{"id": "pc-q35-9.0"}],
    }


def server(**more: Any) -> Server:
    return Server({"/nodes": ROWS, **about("pve1"), **about("pve2"), **more})


def listed(on: Server, **desired: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = NODE_INFO.read(on, NODE_INFO.parse(options(NODE_INFO, **desired)))
    return found


def test_the_list_takes_one_request() -> None:
    on = server()
    assert listed(on) == [
        {"node": "pve1", "status": "online", "maxcpu": 8, "uptime": 5},
        {"node": "pve2", "status": "online", "ssl_fingerprint": "AB"},
        {"node": "pve3", "status": "offline"},
    ]
    assert listed(on, node=["pve2", "nosuch"]) == [{"node": "pve2", "status": "online", "ssl_fingerprint": "AB"}]
    assert on.asked == ["/nodes"] * 2
    assert on.warnings == []


def test_everything_that_a_node_tells() -> None:
    on = server()
    (node,) = listed(on, node=["pve1"], gather=list(GATHER))
    assert node["live"] == {"uptime": 5, "loadavg": ["0.1"]}
    assert node["status"] == "online"
    assert node["version"] == {"version": "9.2.11"}
    assert [row["Package"] for row in node["packages"]] == ["pve-manager", "qemu-server"]
    assert [row["service"] for row in node["services"]] == ["cron", "sshd"]
    assert node["pci"] == [{**GRAPHICS, "mdev_types": [{"type": "a"}, {"type": "b"}]}, CARD]
    assert node["usb"] == []
    assert [row["devpath"] for row in node["disks"]] == ["/dev/sda", "/dev/sdb"]
    assert [row["name"] for row in node["cpu_models"]] == ["EPYC", "x86-64-v2"]
    assert node["machine_types"] == [{"id": "pc-q35-9.0"}]
    assert on.warnings == []


def test_each_subject_is_one_request_and_nothing_else_is_asked() -> None:
    on = server()
    assert listed(on, node=["pve1"], gather=["pci"])[0]["pci"] == [GRAPHICS, CARD]
    assert on.asked == ["/nodes", "/nodes/pve1/hardware/pci"]


def test_a_node_that_is_down_is_not_asked_and_costs_nobody_else() -> None:
    on = server()
    found = listed(on, gather=["version"])
    assert [node.get("version") for node in found] == [{"version": "9.2.11"}] * 2 + [None]
    assert on.warnings == ["Node pve3 is offline: nothing was asked of it."]
    assert "/nodes/pve3/version" not in on.asked


def test_a_node_that_stops_answering_is_not_asked_further() -> None:
    gone = api_error("GET", "/nodes/pve2/status", 595, "No route to host")
    on = server(**{"/nodes/pve2/status": gone})
    found = listed(on, node=["pve1", "pve2"], gather=["mdev", "status", "version"])
    assert found[0]["version"]
    assert "version" not in found[1]
    assert [path for path in on.asked if path.startswith("/nodes/pve2")] == ["/nodes/pve2/status"]
    (warning,) = on.warnings
    assert "pve2" in warning
    assert "No route to host" in warning


def test_what_may_not_be_read_is_one_warning_for_all_nodes() -> None:
    refused = {
        f"/nodes/{node}/hardware/usb": PermissionDenied("GET", f"/nodes/{node}/hardware/usb", 403, "no")
        for node in ("pve1", "pve2")
    }
    on = server(**refused)
    found = listed(on, node=["pve1", "pve2"], gather=["usb", "version"])
    assert all("usb" not in node and node["version"] for node in found)
    assert len(on.warnings) == 1
    assert on.warnings[0].startswith("Facts of pve1, pve2: the usb could not be read.")


@pytest.mark.parametrize(
    ("desired", "option"),
    [
        ({"parallel": 0}, "parallel"),
        ({"parallel": 65}, "parallel"),
        ({"pci_class_blacklist": []}, "pci_class_blacklist"),
    ],
)
def test_bad_options_are_named(desired: dict[str, Any], option: str) -> None:
    with pytest.raises(InvalidOption) as error:
        listed(server(), **desired)
    assert error.value.option == option


@pytest.mark.parametrize(("hidden", "sent"), [([], ""), (["05", "06"], "05,06")])
def test_hidden_classes_are_passed_on(hidden: list[str], sent: str) -> None:
    on = server()
    listed(on, node=["pve1"], gather=["mdev"], pci_class_blacklist=hidden)
    assert on.params["/nodes/pve1/hardware/pci"] == {"pci-class-blacklist": sent}
