# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nodes against the simulator: what they tell, and what happens when one goes down."""

from __future__ import annotations

from typing import Any

from ansible_collections.pve.automation.plugins.module_utils.resources.node_info import NODE_INFO
from tests.harness.cluster import Cluster, Result


def done(result: Result) -> Result:
    """A result that is no failure."""
    assert not result.get("failed"), result["msg"]
    return result


def test_devices_with_their_iommu_groups_and_mediated_types(cluster: Cluster) -> None:
    wish: dict[str, Any] = {"node": ["pve1"], "gather": ["mdev", "usb", "machine_types"]}
    (node,) = done(cluster.run(NODE_INFO, wish))["nodes"]
    assert [(device["id"], device["iommugroup"]) for device in node["pci"]] == [
        ("0000:00:02.0", 0),
        ("0000:01:00.0", 1),
        ("0000:01:00.1", 1),
    ]
    assert len(node["pci"][0]["mdev_types"]) == 2
    assert len(node["usb"]) == 2
    assert node["machine_types"]
    (node,) = done(cluster.run(NODE_INFO, {**wish, "pci_class_blacklist": []}))["nodes"]
    assert len(node["pci"]) == 4


def test_a_dead_node_is_a_warning(cluster: Cluster) -> None:
    cluster.control("POST", "node", {"node": "pve3", "online": False})
    result = done(cluster.run(NODE_INFO, {"gather": ["version"]}))
    assert [node.get("version", {}).get("release") for node in result["nodes"]] == ["9.2", "9.2", None]
    assert result["warnings"] == ["Node pve3 is not online: nothing was asked of it."]
