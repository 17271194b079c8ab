# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.pve.automation.plugins.module_utils._core.api.connection import Connection, Endpoint
from ansible_collections.pve.automation.plugins.module_utils._core.model.errors import Refused
from ansible_collections.pve.automation.plugins.module_utils._core.model.plan import Plan
from ansible_collections.pve.automation.plugins.module_utils._core.resources.firewall.lockout import (
    Reachability,
    is_translated,
    local_network,
)
from ansible_collections.pve.automation.plugins.module_utils._core.resources.firewall.objects import ALIAS, GROUP, IPSET
from ansible_collections.pve.automation.plugins.module_utils._core.resources.firewall.ruleset import FIREWALL
from tests.unit.resources.fake import Server, planned

OWN, NODE, FAR = "192.0.2.10", "198.51.100.5", "203.0.113.9"
Rule = dict[str, Any]


def rule(action: str = "ACCEPT", **more: Any) -> Rule:
    return {"type": "in", "action": action, "enable": True, **more}


def outlook(*rules: Rule, **more: Any) -> Reachability:
    parts: dict[str, Any] = {
        "own": OWN,
        "server": NODE,
        "port": 8006,
        "node": "pve1",
        "cluster_options": {"enable": True},
        "node_options": {},
        "cluster_rules": list(rules),
        "node_rules": [],
        "groups": {},
        "aliases": {"office": "192.0.2.0/24", "elsewhere": FAR},
        "ipsets": {
            "admins": [{"cidr": "192.0.2.0/24"}, {"cidr": FAR}],
            "but": [{"cidr": "192.0.2.0/24"}, {"cidr": "192.0.2.8/29", "nomatch": 1}],
            "other": [{"cidr": "dc/elsewhere"}],
        },
        "local_network": "198.51.100.0/24",
    }
    return Reachability(**{**parts, **more})


API_RULE = rule(proto="tcp", dport="8006")
DROP = rule("DROP")
MANAGEMENT = {"management": [{"cidr": "office"}]}


# --- single rules -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "fits"),
    [
        ({}, True),
        ({"type": "out"}, False),
        ({"proto": "tcp"}, True),
        ({"proto": "udp"}, False),
        ({"proto": "tcp", "dport": "8006"}, True),
        ({"proto": "tcp", "dport": "22,8000:8010"}, True),
        ({"proto": "tcp", "dport": "22,80:443,https,8000:https"}, False),
        ({"proto": "tcp", "dport": "8006", "sport": "1024:65535"}, None),
        ({"macro": "PMG"}, True),
        ({"macro": "HTTPS"}, False),
        ({"iface": "vmbr0"}, None),
        ({"iface": "vmbr0", "proto": "udp"}, False),
        ({"source": OWN}, True),
        ({"source": "192.0.2.0/24"}, True),
        ({"source": f"{FAR},192.0.2.1-192.0.2.20"}, True),
        ({"source": "192.0.2.11-192.0.2.20"}, False),
        ({"source": "2001:db8::/32"}, False),
        ({"source": "2001:db8::1-2001:db8::9"}, False),
        ({"source": "office"}, True),
        ({"source": "dc/Office"}, True),
        ({"source": "elsewhere"}, False),
        ({"source": "nowhere"}, None),
        ({"source": "guest/office"}, None),
        ({"source": "+admins"}, True),
        ({"source": "+dc/Admins"}, True),
        ({"source": "+other"}, False),
        ({"source": "+but"}, None),
        ({"source": "+nosuch"}, None),
        ({"source": "+sdn/v1-all"}, None),
        ({"dest": NODE}, True),
        ({"dest": OWN}, False),
    ],
)
def test_what_a_rule_is_about(wanted: Rule, fits: bool | None) -> None:
    assert outlook().fit(rule(**wanted)) is fits


def test_an_unknown_address_may_be_anywhere() -> None:
    unknown = outlook(own="", server="")
    assert unknown.fit(rule(source="192.0.2.0/24")) is None
    assert unknown.fit(rule(source="+admins")) is None
    assert unknown.fit(API_RULE) is True


# --- the whole ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "view",
    [
        outlook(DROP, cluster_options={}),
        outlook(DROP, node_options={"enable": False}),
        outlook(cluster_options={"enable": True, "policy_in": "ACCEPT"}),
        outlook(API_RULE, DROP),
        outlook(rule("DROP", proto="udp"), rule("DROP", source=FAR), {**DROP, "enable": False}, API_RULE),
        outlook(DROP, node_rules=[API_RULE]),  # those of the node come first
        outlook(own="198.51.100.77"),  # in the node's own network
        outlook(aliases={"local_network": "192.0.2.0/24"}),
        outlook(ipsets=MANAGEMENT, aliases={"office": "192.0.2.0/24"}),
        outlook({"type": "group", "action": "web", "enable": True}, groups={"web": [rule(macro="PMG")]}),
        outlook(DROP, own="198.51.100.77", node_options={"nftables": True}),  # there the set comes first
        outlook(rule(macro="SSH"), port=22),
    ],
)
def test_let_in(view: Reachability) -> None:
    assert view.kept_out_by() == ""


@pytest.mark.parametrize(
    ("view", "reason"),
    [
        (outlook(), "policy_in is DROP"),
        (outlook(cluster_options={"enable": True, "policy_in": "REJECT"}), "policy_in is REJECT"),
        (outlook(rule(proto="tcp", dport="22")), "policy_in is DROP"),
        (outlook(rule(iface="vmbr0")), "policy_in is DROP"),
        (outlook(DROP, API_RULE), "rule 0 of the cluster keeps it out"),
        (outlook(rule("REJECT", iface="vmbr0"), API_RULE), "rule 0 of the cluster may keep it out"),
        (outlook(API_RULE, node_rules=[rule("DROP", source="office")]), "rule 0 of node pve1 keeps it out"),
        (outlook(DROP, own="198.51.100.77"), "rule 0 of the cluster"),
        (outlook(aliases={"local_network": "10.0.0.0/8"}, own="198.51.100.77"), "policy_in"),
        (outlook(own=""), "policy_in"),
        (
            outlook({"type": "group", "action": "web", "enable": True}, API_RULE, groups={"web": [DROP]}),
            "rule 0 of group web (rule 0 of the cluster) keeps it out",
        ),
        (
            outlook({"type": "group", "action": "web", "enable": True, "iface": "x"}, groups={"web": [API_RULE]}),
            "policy_in",
        ),
        (
            outlook(own="198.51.100.77", node_options={"nftables": True}, ipsets={"management": [{"cidr": FAR}]}),
            "policy_in",
        ),
        (outlook(port=2222, own="198.51.100.77"), "policy_in"),  # only the usual ports are kept open
    ],
)
def test_kept_out(view: Reachability, reason: str) -> None:
    assert reason in view.kept_out_by()


def test_the_local_network_is_that_of_the_nodes_own_address() -> None:
    interfaces = [{"iface": "a"}, {"cidr": "10.0.0.1/8"}, {"cidr": "198.51.100.5/24", "cidr6": "2001:db8::5/64"}]
    assert local_network(interfaces, NODE) == "198.51.100.0/24"
    assert local_network(interfaces, "2001:db8::5") == "2001:db8::/64"
    assert local_network(interfaces, FAR) == ""


@pytest.mark.parametrize(
    ("own", "server", "so"), [("10.1.1.1", "9.9.9.9", True), ("10.1.1.1", "10.2.2.2", False), ("", "9.9.9.9", False)]
)
def test_translation_is_noticed_where_it_must_be(own: str, server: str, so: bool) -> None:
    assert is_translated(own, server) is so


# --- tasks --------------------------------------------------------------------------------------------------------------

CLUSTER, HOST = "/cluster/firewall", "/nodes/pve1/firewall"


class Site(Server):
    """A cluster whose node pve1 this machine talks to."""

    def __init__(
        self, *rules: Rule, port: int = 8006, ends: tuple[str, str] | None = (OWN, NODE), **options: Any
    ) -> None:
        rows = [{**one, "pos": pos, "digest": "d"} for pos, one in enumerate(rules)]
        super().__init__(
            {
                "/cluster/status": [{"name": "pve2"}, {"name": "pve1", "ip": NODE, "local": 1}],
                f"{CLUSTER}/options": options,
                f"{CLUSTER}/rules": rows,
                f"{CLUSTER}/aliases": [{"name": "Office", "cidr": "192.0.2.0/24"}],
                f"{CLUSTER}/refs": [{"type": "ipset", "name": "admins", "scope": "dc"}],
                f"{CLUSTER}/ipset": [{"name": "Admins"}, {"name": "unused"}],
                f"{CLUSTER}/ipset/Admins": [{"cidr": "office"}],
                f"{CLUSTER}/groups/web": [{**API_RULE, "pos": 0}],
                f"{HOST}/options": {},
                f"{HOST}/rules": [],
                "/nodes/pve2/firewall/rules": [],
                "/nodes/pve1/network": [{"cidr": f"{NODE}/24"}],
            }
        )
        self.connection = Connection(endpoints=(Endpoint("pve1", port),))
        self.ends = ends

    def addresses(self) -> tuple[str, str] | None:
        return self.ends


def task(site: Server, **options: Any) -> Plan:
    return planned(FIREWALL, site, **{"scope": "cluster", **options})


def test_switching_it_on_without_a_way_in_is_refused() -> None:
    with pytest.raises(Refused) as error:
        task(Site(), options={"enable": True})
    assert f"no new connection from {OWN} to port 8006 of pve1" in str(error.value)
    assert "allow_lockout" in error.value.hint
    assert task(Site(), options={"enable": True}, allow_lockout=True).steps
    assert task(Site(), options={"enable": True}, rules=[API_RULE]).steps
    assert task(Site(), options={"enable": True}, rules=[rule(source="+admins")]).steps
    assert task(Site(ends=("198.51.100.9", NODE)), options={"enable": True}).steps


@pytest.mark.parametrize(
    "options",
    [
        {"rules": []},
        {"rules": [DROP, API_RULE]},
        {"rules": [API_RULE], "state": "absent"},
        {"rules": [DROP], "append": True},
        {"scope": "node", "node": "pve1", "rules": [DROP]},
        {"rules": [{**API_RULE, "enable": False}]},
    ],
)
def test_changes_that_take_the_way_in_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(Refused, match="allow_lockout"):
        task(Site(API_RULE, enable=1), **options)


def test_a_group_that_is_the_way_in_must_stay_one() -> None:
    site = Site({"type": "group", "action": "web", "enable": 1}, enable=1)
    with pytest.raises(Refused, match="policy_in"):
        task(site, scope="group", group="web", rules=[rule(macro="HTTPS")])
    assert task(site, scope="group", group="web", rules=[rule(macro="HTTPS"), API_RULE]).steps


def test_a_policy_that_let_in_is_missed() -> None:
    with pytest.raises(Refused, match="policy_in is DROP"):
        task(Site(enable=1, policy_in="ACCEPT"), unset=["policy_in"])


def test_what_cannot_matter_is_not_looked_into() -> None:
    off = Site()
    assert task(off, rules=[DROP]).steps
    assert off.asked == [f"{CLUSTER}/rules", f"{CLUSTER}/options"]
    same = Site(API_RULE, enable=1)
    assert not task(same, rules=[API_RULE]).steps
    assert same.asked == [f"{CLUSTER}/rules"]
    other = Site(API_RULE, enable=1)
    assert task(other, scope="node", node="pve2", rules=[DROP]).steps
    assert other.asked == ["/nodes/pve2/firewall/rules", f"{CLUSTER}/options", "/cluster/status"]
    near = Site(API_RULE, enable=1, ends=("127.0.0.1", "127.0.0.1"))
    assert task(near, rules=[DROP]).steps
    assert near.asked == [f"{CLUSTER}/rules"]


def test_the_way_in_stays_open_between_the_calls() -> None:
    closed = Site(API_RULE, enable=1)
    opened = task(closed, rules=[rule("DROP", source=FAR)], options={"policy_in": "ACCEPT"})
    assert [step.path for step in opened.steps][:1] == [f"{CLUSTER}/options"]
    assert opened.steps[0].replan
    shut = task(Site(enable=1, policy_in="ACCEPT"), rules=[API_RULE], options={"policy_in": "DROP"})
    assert [step.path for step in shut.steps] == [f"{CLUSTER}/rules", f"{CLUSTER}/options"]


@pytest.mark.parametrize("site", [{"ends": None}, {"ends": ("10.1.1.1", "9.9.9.9")}, {"port": 443}])
def test_an_unknown_address_counts_on_rules_for_everybody_only(site: dict[str, Any]) -> None:
    with pytest.raises(Refused, match="is not known"):
        task(Site(**site), options={"enable": True}, rules=[rule(source="0.0.0.0/0")])
    assert task(Site(**site), options={"enable": True}, rules=[API_RULE]).steps


def test_a_guess_that_is_refuted_already_refuses_nothing_and_says_so() -> None:
    """This machine reaches the server, though by the rules it could not: the server sees it as another one."""
    (note,) = task(Site(rule(source=FAR), enable=1), rules=[rule(source=FAR), DROP]).notes
    assert "not known" in note


# --- ways round: what rules refer to ----------------------------------------------------------------------------------

BY_ALIAS, BY_SET = rule(source="office"), rule(source="+admins")
BY_GROUP: Rule = {"type": "group", "action": "web", "enable": 1}


@pytest.mark.parametrize(
    ("way", "resource", "options"),
    [
        (BY_ALIAS, ALIAS, {"name": "office", "cidr": FAR}),
        (BY_ALIAS, ALIAS, {"name": "Office", "state": "absent"}),
        (BY_SET, ALIAS, {"name": "office", "cidr": FAR}),
        (BY_SET, IPSET, {"name": "admins", "entries": [{"cidr": FAR}]}),
        (BY_SET, IPSET, {"name": "admins", "entries": [{"cidr": "office"}, {"cidr": OWN, "nomatch": True}]}),
        (BY_SET, IPSET, {"name": "admins", "entries": [], "state": "absent", "force": True}),
        (BY_GROUP, GROUP, {"group": "web", "state": "absent", "force": True}),
    ],
)
def test_what_the_way_in_refers_to_is_kept(way: Rule, resource: Any, options: dict[str, Any]) -> None:
    options = {**({} if resource is GROUP else {"scope": "cluster"}), **options}
    with pytest.raises(Refused, match="allow_lockout"):
        planned(resource, named_site(way), **options)
    assert planned(resource, named_site(way), **options, allow_lockout=True).steps
    assert planned(resource, named_site(API_RULE), **options).steps  # there is another way in
    assert planned(resource, named_site(way, enable=0), **options).steps  # the firewall is off


@pytest.mark.parametrize(
    ("resource", "options"),
    [
        (ALIAS, {"name": "office", "cidr": "192.0.2.0/28"}),
        (ALIAS, {"name": "office", "comment": "ours"}),
        (ALIAS, {"name": "new", "cidr": FAR}),
        (IPSET, {"name": "admins", "entries": [{"cidr": FAR}], "append": True}),
        (IPSET, {"name": "admins", "entries": [{"cidr": OWN}]}),
        (IPSET, {"name": "new", "entries": [{"cidr": FAR}]}),
    ],
)
def test_what_leaves_the_way_in_open_is_free(resource: Any, options: dict[str, Any]) -> None:
    for way in (BY_ALIAS, BY_SET):
        plan = planned(resource, named_site(way), scope="cluster", **options)
        assert plan.steps
        assert not plan.notes


def test_a_set_of_managers_is_a_way_in() -> None:
    site = named_site(rule(source=FAR))
    site.answers[f"{CLUSTER}/ipset"] = [{"name": "management"}]
    site.answers[f"{CLUSTER}/ipset/management"] = [{"cidr": OWN}]
    with pytest.raises(Refused, match="allow_lockout"):
        planned(IPSET, site, scope="cluster", name="management", entries=[{"cidr": FAR}])


def test_a_group_that_was_deleted_lets_nobody_in() -> None:
    site = named_site({**BY_GROUP, "action": "gone"}, API_RULE)
    with pytest.raises(Refused, match="policy_in"):
        task(site, rules=[{"type": "group", "action": "gone"}])


def named_site(*rules: Rule, **more: Any) -> Site:
    """A site with the firewall on, whose alias, set and group are found by name."""
    site = Site(*rules, **{"enable": 1, **more})
    site.answers |= {
        f"{CLUSTER}/aliases/office": {"name": "Office", "cidr": "192.0.2.0/24"},
        f"{CLUSTER}/aliases/Office": {"name": "Office", "cidr": "192.0.2.0/24"},
        f"{CLUSTER}/ipset": [{"name": "admins"}],
        f"{CLUSTER}/ipset/admins": [{"cidr": "office"}],
        f"{CLUSTER}/groups": [{"group": "web"}],
    }
    return site
