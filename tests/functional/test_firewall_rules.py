# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists of rules that are hard to change, call by call against the simulator: what was predicted is what is done."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.pve.automation.plugins.module_utils._core.model.errors import InvalidParameter
from tests.harness.cluster import Cluster, Result
from tests.harness.lifecycle_cases import resource_of

RULES = "/cluster/firewall/rules"


def rule(action: str = "ACCEPT", enable: bool = True, **more: Any) -> dict[str, Any]:
    return {"type": "in", "action": action, "enable": enable, **more}


SSH, WEB = rule(macro="SSH"), rule(macro="HTTPS")
DROP, FAR = rule("DROP"), rule("DROP", source="203.0.113.0/24")


@pytest.mark.parametrize(
    ("current", "wanted"),
    [
        ([], [SSH, rule(macro="SSH", enable=False), DROP, SSH]),  # what waits is distinguished from what is wanted
        ([SSH, SSH, SSH], [DROP, SSH, SSH]),
        ([], [SSH, SSH]),  # equal rules are created by equal calls
        ([], [rule(macro="SSH", comment=f"rule {number}") for number in range(12)]),  # each one is planned again
        ([SSH, FAR, WEB, rule("REJECT", macro="DNS")], [WEB, rule("REJECT", macro="DNS"), SSH, FAR]),  # it is rewritten
        ([FAR, rule(comment="all")], [rule(enable=False, comment="all"), FAR]),
    ],
)
def test_a_hard_list(cluster: Cluster, current: list[Any], wanted: list[Any]) -> None:
    for one in reversed(current):
        cluster.call("POST", RULES, {**one, "enable": int(one["enable"])})
    predicted = change(cluster, wanted, check_mode=True)
    cluster.requests_made()
    done = change(cluster, wanted)
    written = cluster.writes_made()
    assert done["requests"] == predicted["requests"]
    assert [(row["method"], row["path"]) for row in written] == [(r["method"], r["path"]) for r in done["requests"]]
    assert {row["status"] for row in written} == {200}  # no digest was out of date
    assert done["firewall"]["rules"] == wanted
    assert not change(cluster, wanted)["changed"]


def change(cluster: Cluster, rules: list[Any], *, check_mode: bool = False) -> Result:
    """The result of a task; the validation of its options completes them where they are."""
    options = {"scope": "cluster", "rules": [dict(one) for one in rules]}
    result = cluster.run(resource_of("pve_firewall"), options, check_mode=check_mode)
    assert not result.get("failed"), result["msg"]
    return result


def test_a_set_of_a_network_that_runs(cluster: Cluster) -> None:
    cluster.call("POST", "/cluster/sdn/zones", {"zone": "zone1", "type": "simple"})
    cluster.call("POST", "/cluster/sdn/vnets", {"vnet": "vnet1", "zone": "zone1"})
    wanted = [rule("DROP", source="+sdn/vnet1-all")]
    options = {"scope": "cluster", "rules": wanted}
    early = cluster.run(resource_of("pve_firewall"), options, check_mode=True)
    assert "rules[0].source: IP set '+sdn/vnet1-all' does not exist" in early["msg"]
    cluster.call("PUT", "/cluster/sdn", {})
    assert change(cluster, wanted)["firewall"]["rules"] == wanted
    assert not change(cluster, wanted)["changed"]


def test_the_server_refuses_a_type_of_icmp_as_the_module_does(cluster: Cluster) -> None:
    for parts, key in (({"proto": "icmp", "dport": "8"}, "icmp-type"), ({"proto": "tcp"}, "proto")):
        with pytest.raises(InvalidParameter, match=key):
            cluster.call("POST", RULES, {"type": "in", "action": "DROP", "icmp-type": "echo-request", **parts})
