# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The option append of every module that has it: one more is added, nothing is taken away, and a second run changes nothing."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import pytest

from tests.harness.cluster import Cluster, Result
from tests.harness.lifecycle_cases import MODULES, resource_of

ONLY_ON_PVE_8 = {"pve_ha_group"}  # tests/unit/resources/test_ha.py
Tasks = tuple[tuple[str, dict[str, Any]], ...]
GUESTS: Tasks = tuple(
    ("pve_vm", {"vmid": vmid, "name": f"append-{vmid}", "node": "pve1", "memory": 16}) for vmid in (9001, 9002)
)
HIGHLY_AVAILABLE: Tasks = (
    *GUESTS,
    ("pve_ha", {"sid": "vm:9001", "state": "stopped"}),
    ("pve_ha", {"sid": "vm:9002", "state": "stopped"}),
)
RULE = {"type": "in", "action": "ACCEPT", "macro": "SSH"}


@dataclasses.dataclass(frozen=True)
class Added:
    """An option with a set: what is there before, what is added, and what the object, under ``shown`` in results, has then."""

    module: str
    key: Mapping[str, Any]
    option: str
    before: Any
    added: Any
    after: Any
    shown: str
    more: Mapping[str, Any] = dataclasses.field(default_factory=dict)  # needed to make it
    needs: Tasks = ()


MAIL = {"type": "sendmail", "name": "more"}
ADDED = [
    Added(
        "pve_acme_plugin",
        {"id": "more"},
        "nodes",
        ["pve1"],
        ["pve2"],
        ["pve1", "pve2"],
        "plugin",
        {"type": "dns", "api": "cf"},
    ),
    Added(
        "pve_backup_job",
        {"id": "more"},
        "vmid",
        [9001],
        [9002],
        [9001, 9002],
        "job",
        {"schedule": "21:30", "storage": "local"},
        GUESTS,
    ),
    Added(
        "pve_backup_job",
        {"id": "more"},
        "exclude",
        [9001],
        [9002],
        [9001, 9002],
        "job",
        {"schedule": "21:30", "storage": "local", "all": True},
        GUESTS,
    ),
    Added("pve_cluster_options", {}, "registered_tags", ["b"], ["a"], ["a", "b"], "options"),
    Added(
        "pve_cluster_options",
        {},
        "user_tag_access",
        {"user-allow": "list", "user-allow-list": ["b"]},
        {"user-allow-list": ["a"]},
        {"user-allow": "list", "user-allow-list": ["a", "b"]},
        "options",
    ),
    Added(
        "pve_cpu_model",
        {"cputype": "more"},
        "flags",
        ["+aes", "-pcid"],
        ["+pcid"],
        ["+aes", "+pcid"],
        "model",
        {"reported_model": "kvm64"},
    ),
    Added(
        "pve_firewall",
        {"scope": "cluster"},
        "rules",
        [RULE],
        [{**RULE, "macro": "HTTPS"}],
        [{**RULE, "macro": "HTTPS", "enable": True}, {**RULE, "enable": True}],
        "firewall",
    ),
    Added(
        "pve_firewall_ipset",
        {"scope": "cluster", "name": "more"},
        "entries",
        [{"cidr": "192.0.2.1"}],
        [{"cidr": "192.0.2.2"}],
        [{"cidr": "192.0.2.1"}, {"cidr": "192.0.2.2"}],
        "ipset",
    ),
    Added(
        "pve_group",
        {"groupid": "g"},
        "members",
        ["one@pve"],
        ["two@pve"],
        ["one@pve", "two@pve"],
        "group",
        needs=(("pve_user", {"userid": "one@pve"}), ("pve_user", {"userid": "two@pve"})),
    ),
    Added(
        "pve_ha_rule",
        {"rule": "more"},
        "resources",
        ["vm:9001"],
        ["vm:9002"],
        ["vm:9001", "vm:9002"],
        "rule",
        {"type": "node-affinity", "nodes": ["pve1"]},
        HIGHLY_AVAILABLE,
    ),
    Added(
        "pve_ha_rule",
        {"rule": "more"},
        "nodes",
        ["pve1", "pve2"],
        ["pve2:3", "pve3"],
        ["pve1", "pve2:3", "pve3"],
        "rule",
        {"type": "node-affinity", "resources": ["vm:9001"]},
        HIGHLY_AVAILABLE,
    ),
    Added(
        "pve_mapping",
        {"type": "usb", "id": "more"},
        "map",
        [{"node": "pve1", "id": "1234:5678"}],
        [{"node": "pve2", "id": "1234:5678"}],
        [{"node": "pve1", "id": "1234:5678"}, {"node": "pve2", "id": "1234:5678"}],
        "mapping",
    ),
    Added(
        "pve_notification_endpoint",
        MAIL,
        "mailto",
        ["b@example.com"],
        ["a@example.com"],
        ["a@example.com", "b@example.com"],
        "endpoint",
    ),
    Added(
        "pve_notification_endpoint",
        MAIL,
        "mailto_user",
        ["root@pam"],
        ["admin@pve"],
        ["admin@pve", "root@pam"],
        "endpoint",
        needs=(("pve_user", {"userid": "admin@pve"}),),
    ),
    Added(
        "pve_notification_matcher",
        {"name": "matcher"},
        "target",
        ["mail-to-root"],
        ["more"],
        ["mail-to-root", "more"],
        "matcher",
        needs=(("pve_notification_endpoint", {**MAIL, "mailto": ["a@example.com"]}),),
    ),
    Added("pve_pool", {"poolid": "p"}, "vms", [9001], [9002], [9001, 9002], "pool", needs=GUESTS),
    Added("pve_pool", {"poolid": "p"}, "storage", ["local"], ["local-lvm"], ["local", "local-lvm"], "pool"),
    Added("pve_role", {"roleid": "r"}, "privs", ["VM.Audit"], ["Sys.Audit"], ["Sys.Audit", "VM.Audit"], "role"),
    Added(
        "pve_storage",
        {"storage": "extra"},
        "content",
        ["iso"],
        ["backup"],
        ["backup", "iso"],
        "storage",
        {"type": "dir", "path": "/srv/extra"},
    ),
    Added(
        "pve_storage",
        {"storage": "extra"},
        "nodes",
        ["pve2"],
        ["pve1"],
        ["pve1", "pve2"],
        "storage",
        {"type": "dir", "path": "/srv/extra"},
    ),
    Added(
        "pve_user",
        {"userid": "u@pve"},
        "groups",
        ["g1"],
        ["g2"],
        ["g1", "g2"],
        "user",
        needs=(("pve_group", {"groupid": "g1"}), ("pve_group", {"groupid": "g2"})),
    ),
]


def run(cluster: Cluster, module: str, options: Mapping[str, Any], *, check_mode: bool = False) -> Result:
    result = cluster.run(resource_of(module), dict(options), check_mode=check_mode)
    assert not result.get("failed"), f"{module} {options}: {result['msg']}"
    return result


@pytest.mark.parametrize("case", ADDED, ids=lambda case: f"{case.module}-{case.option}")
def test_one_more_is_added(cluster: Cluster, case: Added) -> None:
    for module, options in case.needs:
        run(cluster, module, options)
    made = run(cluster, case.module, {**case.key, **case.more, case.option: case.before, "append": True})
    wish = {**case.key, case.option: case.added, "append": True}
    if "type" in case.more and case.module != "pve_storage":
        wish["type"] = case.more["type"]
    cluster.requests_made()
    nothing = cluster.run(resource_of(case.module), {**wish, case.option: {} if isinstance(case.added, dict) else []})
    assert nothing.get("failed") or not nothing["changed"]
    assert cluster.writes_made() == []
    predicted = run(cluster, case.module, wish, check_mode=True)
    done = run(cluster, case.module, wish)
    assert done["requests"] == predicted["requests"] != []
    assert fits(made[case.shown][case.option], case.before)
    assert fits(done[case.shown][case.option], case.after)
    assert predicted[case.shown][case.option] == done[case.shown][case.option]
    assert not run(cluster, case.module, wish)["changed"]
    assert not run(cluster, case.module, {**wish, case.option: case.before})["changed"] or case.module in REPLACED


# what is listed again replaces what it names
REPLACED = {"pve_cpu_model", "pve_ha_rule"}


def fits(found: Any, wanted: Any) -> bool:
    """Whether it is that, whatever else the server completes inside."""
    if isinstance(wanted, list) and isinstance(found, list):
        return len(found) == len(wanted) and all(map(fits, found, wanted))
    if isinstance(wanted, dict) and isinstance(found, dict):
        return all(name in found and fits(found[name], value) for name, value in wanted.items())
    return bool(found == wanted)


def test_every_module_with_the_option_is_tried() -> None:
    names = {path.stem for path in MODULES.glob("pve_*.py") if not path.stem.endswith("_info")}
    having = {name for name in names if "append" in resource_of(name).arguments()["argument_spec"]}
    assert having - ONLY_ON_PVE_8 == {case.module for case in ADDED}


@pytest.mark.parametrize(
    ("module", "options", "option"),
    [
        ("pve_storage", {"storage": "extra", "type": "dir", "path": "/srv/extra"}, "nodes"),
        ("pve_acme_plugin", {"id": "more", "type": "dns", "api": "cf"}, "nodes"),
    ],
)
def test_nothing_is_added_where_all_are_allowed(
    cluster: Cluster, module: str, options: dict[str, Any], option: str
) -> None:
    """Otherwise a task that adds a node would take the others away."""
    run(cluster, module, options)
    assert not run(cluster, module, {**options, option: ["pve1"], "append": True})["changed"]


@pytest.mark.parametrize(
    ("module", "options"),
    [
        ("pve_cluster_options", {"unset": ["registered_tags"], "user_tag_access": {"user-allow-list": ["a"]}}),
        ("pve_storage", {"storage": "local", "unset": ["nodes"], "content": ["backup"]}),
    ],
)
def test_what_is_only_added_to_is_not_removed(cluster: Cluster, module: str, options: dict[str, Any]) -> None:
    refused = cluster.run(resource_of(module), {**options, "append": True})
    assert refused["msg"] == f"unset: {options['unset'][0]!r} is only added to with append"
    assert cluster.writes_made() == []
