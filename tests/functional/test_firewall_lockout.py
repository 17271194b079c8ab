# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A firewall that would keep out the machine that sets it up."""

from __future__ import annotations

import pytest

from ansible_collections.pve.automation.plugins.module_utils._core.api.client import Client
from tests.harness.cluster import Cluster
from tests.harness.lifecycle_cases import resource_of

WAY_IN = {"type": "in", "action": "ACCEPT", "proto": "tcp", "dport": "22,8006", "comment": "Administrators"}
ON = {"scope": "cluster", "options": {"enable": True}}


def test_it_is_switched_on_only_with_a_way_in(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    firewall = resource_of("pve_firewall")
    assert cluster.run(firewall, ON, check_mode=True)["changed"]  # from the node itself all is well
    monkeypatch.setattr(Client, "addresses", lambda client: ("203.0.113.9", "192.0.2.1"))
    cluster.requests_made()
    for check_mode in (True, False):
        refused = cluster.run(firewall, ON, check_mode=check_mode)
        assert "allow_lockout" in refused["msg"]
    assert cluster.writes_made() == []

    done = cluster.run(firewall, {**ON, "rules": [WAY_IN], "append": True})
    assert [request["path"] for request in done["requests"]] == ["/cluster/firewall/rules", "/cluster/firewall/options"]
    away = {"scope": "cluster", "rules": [{"comment": "Administrators"}], "state": "absent"}
    assert "allow_lockout" in cluster.run(firewall, away)["msg"]
    assert cluster.run(firewall, {**away, "allow_lockout": True})["changed"]
