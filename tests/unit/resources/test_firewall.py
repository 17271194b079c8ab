# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re
from typing import Any

import pytest

from ansible_collections.pve.automation.plugins.module_utils._core.model.errors import (
    InvalidOption,
    InvalidParameter,
    PermissionDenied,
    Refused,
)
from ansible_collections.pve.automation.plugins.module_utils._core.model.plan import HIDDEN
from ansible_collections.pve.automation.plugins.module_utils._core.resources.firewall.objects import ALIAS, GROUP, IPSET
from ansible_collections.pve.automation.plugins.module_utils._core.resources.firewall.ruleset import (
    FIREWALL,
    FIREWALL_INFO,
)
from tests.unit.resources.fake import Server, calls, options, planned

BASE = "/cluster/firewall"
SSH = {"type": "in", "action": "ACCEPT", "macro": "SSH"}
DROP = {"type": "in", "action": "DROP"}


def server(*rules: dict[str, Any], **config: Any) -> Server:
    rows = [{"enable": 1, **rule, "pos": pos, "digest": "d1", "ipversion": 4} for pos, rule in enumerate(rules)]
    return Server({f"{BASE}/options": {"digest": "d1", **config}, f"{BASE}/rules": rows})


# --- rules and options --------------------------------------------------------------------------------------------------


def test_only_what_is_named_is_read_and_a_noop_is_one_get() -> None:
    source = server(SSH, DROP, enable=1)
    assert not planned(FIREWALL, source, scope="cluster", rules=[SSH, DROP]).steps
    assert source.asked == [f"{BASE}/rules"]
    source = server(SSH, enable=1)
    assert not planned(FIREWALL, source, scope="cluster", options={"enable": True, "policy_in": "DROP"}).steps
    assert source.asked == [f"{BASE}/options"]


def test_a_bare_task_reads_and_changes_nothing() -> None:
    plan = planned(FIREWALL, server(SSH, enable=1), scope="cluster")
    assert not plan.steps
    assert plan.after == {"scope": "cluster", "options": {"enable": True}, "rules": [{**SSH, "enable": True}]}


def test_calls_carry_the_digest_which_is_not_shown() -> None:
    plan = planned(FIREWALL, server(SSH, DROP), scope="cluster", rules=[{**SSH, "source": "192.0.2.1, 192.0.2.2"}])
    assert calls(plan)[0] == (
        "POST",
        f"{BASE}/rules",
        {
            "type": "in",
            "action": "ACCEPT",
            "macro": "SSH",
            "source": "192.0.2.1,192.0.2.2",
            "enable": 1,
            "digest": "d1",
        },
    )
    assert [(method, path) for method, path, _params in calls(plan)[1:]] == [
        ("DELETE", f"{BASE}/rules/2"),
        ("DELETE", f"{BASE}/rules/1"),
    ]
    assert all(step.describe()["params"]["digest"] == HIDDEN for step in plan.steps)
    assert [step.replan for step in plan.steps] == [True, True, False]


def test_a_rule_is_changed_by_what_differs() -> None:
    current = {**SSH, "comment": "shell", "log": "info", "source": "192.0.2.1"}
    desired = {"type": "in", "action": "ACCEPT", "proto": "TCP", "dport": "22", "comment": "shell", "enable": False}
    assert calls(planned(FIREWALL, server(current), scope="cluster", rules=[desired])) == [
        (
            "PUT",
            f"{BASE}/rules/0",
            {"enable": 0, "proto": "tcp", "dport": "22", "delete": "log,macro,source", "digest": "d1"},
        )
    ]


@pytest.mark.parametrize("rule", [{**SSH, "log": "nolog"}, {**SSH, "enable": True}, {**SSH, "action": "accept"}])
def test_what_means_the_same_is_the_same(rule: dict[str, Any]) -> None:
    assert not planned(FIREWALL, server(SSH), scope="cluster", rules=[rule]).steps
    assert not planned(FIREWALL, server({**SSH, "log": "nolog"}), scope="cluster", rules=[rule]).steps


def test_append_adds_changes_and_leaves() -> None:
    desired = [{"type": "in", "action": "ACCEPT", "macro": "HTTPS", "comment": "web"}, SSH]
    added = planned(FIREWALL, server(DROP), scope="cluster", rules=desired, append=True)
    assert [row.get("macro") for row in (added.after or {})["rules"]] == ["HTTPS", "SSH", None]
    bottom = planned(FIREWALL, server(DROP), scope="cluster", rules=desired, append=True, insert="bottom")
    assert [row.get("macro") for row in (bottom.after or {})["rules"]] == [None, "HTTPS", "SSH"]
    present = server({**SSH, "comment": "web"}, SSH, DROP)
    changed = planned(FIREWALL, present, scope="cluster", rules=desired, append=True)
    assert [(method, path) for method, path, _params in calls(changed)] == [("PUT", f"{BASE}/rules/0")]


def test_absent_takes_away_what_fits() -> None:
    present = server({**SSH, "comment": "x"}, DROP, {**DROP, "comment": "x", "enable": 0})
    plan = planned(FIREWALL, present, scope="cluster", rules=[{"comment": "x"}], state="absent")
    assert [(method, path) for method, path, _params in calls(plan)] == [
        ("DELETE", f"{BASE}/rules/2"),
        ("DELETE", f"{BASE}/rules/0"),
    ]
    assert not planned(FIREWALL, server(DROP), scope="cluster", rules=[{"comment": "x"}], state="absent").steps


def test_rules_are_there_before_the_firewall_is_switched_on() -> None:
    plan = planned(FIREWALL, server(), scope="cluster", rules=[SSH], options={"enable": True})
    assert [path for _method, path, _params in calls(plan)] == [f"{BASE}/rules", f"{BASE}/options"]


def test_false_and_unset_options() -> None:
    plan = planned(
        FIREWALL, server(enable=1, ebtables=0), scope="cluster", options={"enable": False}, unset=["ebtables"]
    )
    assert calls(plan) == [("PUT", f"{BASE}/options", {"enable": 0, "delete": "ebtables"})]
    assert (plan.after or {})["options"] == {"enable": False}
    assert not planned(FIREWALL, server(), scope="cluster", options={"enable": False, "ebtables": True}).steps


@pytest.mark.parametrize(
    ("scope", "path"),
    [
        ({"scope": "node", "node": "pve1"}, "/nodes/pve1/firewall/rules"),
        ({"scope": "guest", "vmid": 101}, "/nodes/pve2/lxc/101/firewall/rules"),
        ({"scope": "vnet", "vnet": "v1"}, "/cluster/sdn/vnets/v1/firewall/rules"),
        ({"scope": "group", "group": "g1"}, "/cluster/firewall/groups/g1"),
    ],
)
def test_scopes(scope: dict[str, Any], path: str) -> None:
    guests = [{"type": "lxc", "vmid": 101, "node": "pve2", "name": "ct"}]
    source = Server({path: [], "/cluster/resources": guests})
    ((method, where, _params),) = calls(planned(FIREWALL, source, **scope, rules=[SSH]))
    assert (method, where) == ("POST", path)


@pytest.mark.parametrize(
    ("given", "option"),
    [
        ({"scope": "node"}, "node"),
        ({"scope": "cluster", "vmid": 100}, "vmid"),
        ({"scope": "cluster", "options": {"dhcp": True}}, "options.dhcp"),
        ({"scope": "group", "group": "g1", "options": {"enable": True}}, "options"),
        ({"scope": "cluster", "rules": [{"type": "in"}]}, "rules[0].action"),
        ({"scope": "cluster", "rules": [SSH, {"action": "DROP"}]}, "rules[1].type"),
        ({"scope": "cluster", "rules": [{"type": "in", "action": "ALLOW"}]}, "rules[0].action"),
        ({"scope": "cluster", "rules": [{**DROP, "dport": "22"}]}, "rules[0].dport"),
        ({"scope": "cluster", "rules": [{}], "state": "absent"}, "rules[0]"),
        ({"scope": "cluster", "state": "absent"}, "state"),
        ({"scope": "cluster", "append": True}, "append"),
        ({"scope": "cluster", "unset": ["enable"]}, "unset"),
        ({"scope": "cluster", "unset": ["nosuch"]}, "unset"),
        ({"scope": "group", "group": "absent", "rules": []}, "group"),
    ],
)
def test_bad_input_names_the_option(given: dict[str, Any], option: str) -> None:
    with pytest.raises(InvalidOption) as error:
        planned(FIREWALL, server(SSH), **given)
    assert error.value.option == option


def test_info_reads_what_is_asked_for() -> None:
    source = server(SSH, enable=1)
    source.answers[f"{BASE}/ipset"] = [{"name": "b", "digest": "x"}, {"name": "a", "digest": "x"}]
    found = FIREWALL_INFO.read(source, FIREWALL_INFO.parse(options(FIREWALL_INFO, scope="cluster", include=["ipsets"])))
    assert found["ipsets"] == [{"name": "a"}, {"name": "b"}]
    assert found["rules"] == [{**SSH, "enable": True}]
    with pytest.raises(InvalidOption, match="refs"):
        FIREWALL_INFO.parse(options(FIREWALL_INFO, scope="node", node="pve1", include=["refs"]))


def test_info_reads_as_much_of_the_log_as_is_asked_for() -> None:
    path = "/nodes/pve1/firewall"
    source = Server({f"{path}/options": {}, f"{path}/rules": [], f"{path}/log": [{"n": 1, "t": "one"}]})
    given = {"scope": "node", "node": "pve1", "limit": 5, "since": 0}
    found = FIREWALL_INFO.read(source, FIREWALL_INFO.parse(options(FIREWALL_INFO, **given, include=["log"])))
    assert (found["log"], source.params[f"{path}/log"]) == (["one"], {"limit": 5, "since": 0})
    with pytest.raises(InvalidOption, match="include log"):
        FIREWALL_INFO.parse(options(FIREWALL_INFO, **given))


# --- aliases ------------------------------------------------------------------------------------------------------------

ALIAS_PATH = f"{BASE}/aliases/a1"


def no_alias() -> Server:
    wrong = InvalidParameter("GET", ALIAS_PATH, 400, "Parameter verification failed.", {"name": "no such alias"})
    return Server({ALIAS_PATH: wrong})


def test_aliases() -> None:
    assert calls(planned(ALIAS, no_alias(), scope="cluster", name="a1", cidr="192.0.2.1", comment="")) == [
        ("POST", f"{BASE}/aliases", {"name": "a1", "cidr": "192.0.2.1"})
    ]
    present = Server({ALIAS_PATH: {"name": "a1", "cidr": "192.0.2.1", "comment": "x", "ipversion": 4}})
    for same in ("192.0.2.1", "192.0.2.1/32"):
        assert not planned(ALIAS, present, scope="cluster", name="a1", cidr=same).steps
    assert calls(planned(ALIAS, present, scope="cluster", name="a1", cidr="192.0.2.2")) == [
        ("PUT", ALIAS_PATH, {"cidr": "192.0.2.2", "comment": "x"})
    ]
    assert calls(planned(ALIAS, present, scope="cluster", name="a1", comment="")) == [
        ("PUT", ALIAS_PATH, {"cidr": "192.0.2.1"})
    ]
    assert calls(planned(ALIAS, present, scope="cluster", name="a1", state="absent")) == [("DELETE", ALIAS_PATH, {})]
    assert not planned(ALIAS, no_alias(), scope="cluster", name="a1", state="absent").steps


@pytest.mark.parametrize(
    ("given", "option"), [({}, "cidr"), ({"cidr": "x"}, "cidr"), ({"cidr": ""}, "cidr"), ({"name": "1a"}, "name")]
)
def test_bad_aliases(given: dict[str, Any], option: str) -> None:
    with pytest.raises(InvalidOption) as error:
        planned(ALIAS, no_alias(), **{"scope": "cluster", "name": "a1", **given})
    assert error.value.option == option


# --- sets ---------------------------------------------------------------------------------------------------------------


def with_set(*entries: dict[str, Any], **row: Any) -> Server:
    return Server({f"{BASE}/ipset": [{"name": "s1", "digest": "x", **row}], f"{BASE}/ipset/s1": list(entries)})


def test_a_set_is_created_with_its_exceptions_first() -> None:
    source = Server({f"{BASE}/ipset": []})
    entries = [
        {"cidr": "192.0.2.0/24"},
        {"cidr": "192.0.2.9/32", "nomatch": True},
        {"cidr": "dc/office", "comment": "x"},
    ]
    assert calls(planned(IPSET, source, scope="cluster", name="s1", entries=entries)) == [
        ("POST", f"{BASE}/ipset", {"name": "s1"}),
        ("POST", f"{BASE}/ipset/s1", {"cidr": "192.0.2.9", "nomatch": True}),
        ("POST", f"{BASE}/ipset/s1", {"cidr": "192.0.2.0/24"}),
        ("POST", f"{BASE}/ipset/s1", {"cidr": "dc/office", "comment": "x"}),
    ]


def test_a_set_is_whole_or_added_to_and_keeps_what_is_not_said() -> None:
    source = with_set({"cidr": "192.0.2.1", "comment": "x"}, {"cidr": "192.0.2.0/24", "nomatch": 1}, comment="c")
    path = f"{BASE}/ipset/s1/192.0.2."
    assert not planned(IPSET, source, scope="cluster", name="s1", entries=[{"cidr": "192.0.2.1"}], append=True).steps
    assert calls(
        planned(IPSET, source, scope="cluster", name="s1", entries=[{"cidr": "192.0.2.1", "comment": ""}])
    ) == [
        ("PUT", f"{path}1", {}),
        ("DELETE", f"{path}0%2F24", {}),
    ]
    assert calls(planned(IPSET, source, scope="cluster", name="s1", comment="")) == [
        ("POST", f"{BASE}/ipset", {"name": "s1", "rename": "s1", "comment": ""})
    ]
    assert not planned(IPSET, source, scope="cluster", name="s1", comment="c").steps


def test_a_set_with_entries_is_deleted_only_by_force() -> None:
    with pytest.raises(Refused, match="force"):
        planned(IPSET, with_set({"cidr": "192.0.2.1"}), scope="cluster", name="s1", state="absent")
    plan = planned(IPSET, with_set({"cidr": "192.0.2.1"}), scope="cluster", name="s1", state="absent", force=True)
    assert calls(plan) == [("DELETE", f"{BASE}/ipset/s1", {"force": True})]
    assert calls(planned(IPSET, with_set(), scope="cluster", name="s1", state="absent")) == [
        ("DELETE", f"{BASE}/ipset/s1", {})
    ]


@pytest.mark.parametrize(
    "entries", [[{"cidr": "::/0"}], [{"cidr": "1a"}], [{"cidr": "192.0.2.1"}, {"cidr": "192.0.2.1/32"}]]
)
def test_bad_entries_are_refused(entries: list[dict[str, Any]]) -> None:
    with pytest.raises(InvalidOption, match="entries"):
        planned(IPSET, with_set(), scope="cluster", name="s1", entries=entries)


def test_names_are_those_that_the_server_reads() -> None:
    assert not planned(
        IPSET, with_set({"cidr": "192.0.2.1"}), scope="cluster", name="S1", entries=[{"cidr": "192.0.2.1"}]
    ).steps
    (created,) = calls(planned(GROUP, Server({f"{BASE}/groups": []}), group="Web"))
    assert created == ("POST", f"{BASE}/groups", {"group": "web"})
    rules = Server({f"{BASE}/groups/web": [{**SSH, "enable": 1, "pos": 0}]})
    assert not planned(FIREWALL, rules, scope="group", group="Web", rules=[SSH]).steps
    used = server({"type": "group", "action": "web"})
    assert not planned(FIREWALL, used, scope="cluster", rules=[{"type": "group", "action": "Web"}]).steps


# --- groups -------------------------------------------------------------------------------------------------------------


def test_groups() -> None:
    groups = f"{BASE}/groups"
    nothing = Server({groups: []})
    assert calls(planned(GROUP, nothing, group="g1", comment="c")) == [
        ("POST", groups, {"group": "g1", "comment": "c"})
    ]
    assert not planned(GROUP, nothing, group="g1", state="absent").steps
    present = Server({groups: [{"group": "g1", "comment": "c"}], f"{groups}/g1": [{"pos": 0}, {"pos": 1}]})
    assert not planned(GROUP, present, group="g1", comment="c").steps
    assert calls(planned(GROUP, present, group="g1", comment="d")) == [
        ("POST", groups, {"group": "g1", "rename": "g1", "comment": "d"})
    ]
    with pytest.raises(Refused, match="2 rules"):
        planned(GROUP, present, group="g1", state="absent")
    assert [
        (method, path) for method, path, _p in calls(planned(GROUP, present, group="g1", state="absent", force=True))
    ] == [
        ("DELETE", f"{groups}/g1/1"),
        ("DELETE", f"{groups}/g1/0"),
        ("DELETE", f"{groups}/g1"),
    ]
    with pytest.raises(InvalidOption, match="18"):
        planned(GROUP, nothing, group="g" * 19)


# --- what PVE rewrites, refuses or takes without effect -----------------------------------------------------------------


def test_a_rule_takes_no_host_bits_but_addresses_ranges_and_names() -> None:
    for part in ("source", "dest"):
        with pytest.raises(
            InvalidOption, match=r"'10\.0\.0\.11/24' has host bits set; its network is 10\.0\.0\.0/24"
        ) as caught:
            FIREWALL.parse(options(FIREWALL, scope="cluster", rules=[{**DROP, part: "192.0.2.1,10.0.0.11/24"}]))
        assert caught.value.option == f"rules[0].{part}"
    for taken in (
        "10.0.0.0/24,10.0.0.1-10.0.0.9,192.0.2",
        "dc/office",
        "+guest/set",
        "+sdn/net1-all",
        "2001:db8::/64,::1",
    ):
        (row,) = FIREWALL.parse(options(FIREWALL, scope="cluster", rules=[{**DROP, "source": taken}])).rules or []
        assert row["source"] == taken


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("192.0.2.0/33", "neither an address nor a network"),
        ("192.0.2.1,192.0.2.300", "neither an address nor a network"),
        ("2001:db8::/129", "neither an address nor a network"),
        ("10.0.0.9-10.0.0.1", "is not a range"),
        ("10.0.0.1-2001:db8::1", "is not a range"),
        ("10.0.0.1,2001:db8::1", "mixes IPv4 and IPv6"),
        ("10.0.0.1,office", "stands alone"),
        ("+one,+two", "stands alone"),
    ],
)
def test_addresses_that_no_rule_takes(source: str, reason: str) -> None:
    with pytest.raises(InvalidOption, match=reason) as caught:
        FIREWALL.parse(options(FIREWALL, scope="cluster", rules=[DROP, {**DROP, "dest": source}]))
    assert caught.value.option == "rules[1].dest"


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ({"proto": "icmp", "dport": "8"}, "excludes dport"),
        ({"macro": "Ping", "dport": "8"}, "excludes dport"),
        ({"proto": "tcp"}, "needs proto icmp or icmpv6 or ipv6-icmp, not tcp"),
        ({}, "needs proto as well"),
    ],
)
def test_a_type_of_icmp_stands_beside_its_protocol_alone(parts: dict[str, str], reason: str) -> None:
    rule = {**DROP, "icmp_type": "echo-request", **parts}
    with pytest.raises(InvalidOption, match=reason) as caught:
        FIREWALL.parse(options(FIREWALL, scope="cluster", rules=[DROP, rule]))
    assert caught.value.option == "rules[1].icmp_type"


@pytest.mark.parametrize("proto", ["icmp", "ICMPv6", "ipv6-icmp"])
def test_a_type_of_icmp_with_its_protocol(proto: str) -> None:
    rule = {**DROP, "icmp_type": "echo-request", "proto": proto}
    rules = FIREWALL.parse(options(FIREWALL, scope="cluster", rules=[rule])).rules
    assert rules
    (parsed,) = rules
    assert (parsed["proto"], parsed["icmp_type"]) == (proto.lower(), "echo-request")


def test_names_that_do_not_exist_are_refused_where_a_rule_is_new() -> None:
    there = {**DROP, "source": "+gone"}
    source = server(there)
    source.answers[f"{BASE}/refs"] = [
        {"type": "ipset", "name": "mail", "scope": "dc"},
        {"type": "alias", "name": "office", "scope": "dc"},
        {"type": "ipset", "name": "net1-all", "scope": "sdn"},
    ]
    for name in ("+mail", "+dc/mail", "Office", "dc/office", "+management", "+sdn/net1-all"):
        assert planned(
            FIREWALL, source, scope="cluster", rules=[there, {**DROP, "dest": name}], allow_lockout=True
        ).steps
    for name, title in (
        ("+office", "IP set"),
        ("mail", "alias"),
        ("dc/gone", "alias"),
        ("+sdn/net2-all", "IP set"),
        ("+sdn/mail", "IP set"),
    ):
        with pytest.raises(InvalidOption, match=re.escape(f"{title} {name!r} does not exist")) as caught:
            planned(FIREWALL, source, scope="cluster", rules=[there, {**DROP, "dest": name}], allow_lockout=True)
        assert caught.value.option == "rules[1].dest"
    assert planned(FIREWALL, source, scope="cluster", rules=[there], state="absent", allow_lockout=True).steps
    source.answers[f"{BASE}/refs"] = PermissionDenied("GET", f"{BASE}/refs", 403, "no")
    assert planned(FIREWALL, source, scope="cluster", rules=[{**DROP, "dest": "gone"}], allow_lockout=True).steps


def test_a_guest_has_names_of_its_own() -> None:
    path = "/nodes/pve1/qemu/100/firewall"
    source = Server(
        {
            "/cluster/resources": [{"type": "qemu", "vmid": 100, "node": "pve1"}],
            f"{path}/rules": [],
            f"{path}/refs": [{"type": "alias", "name": "site", "scope": "guest"}],
        }
    )
    for name in ("site", "guest/site"):
        assert planned(FIREWALL, source, scope="guest", vmid=100, rules=[{**DROP, "source": name}]).steps
    with pytest.raises(InvalidOption, match="alias 'dc/site' does not exist"):
        planned(FIREWALL, source, scope="guest", vmid=100, rules=[{**DROP, "source": "dc/site"}])


def test_comments_lose_blanks_and_zero_is_none() -> None:
    rule = {**DROP, "comment": "  two words  "}
    source = server({**DROP, "comment": "two words"})
    assert not planned(FIREWALL, source, scope="cluster", rules=[rule]).steps
    for resource, given, option in (
        (FIREWALL, {"scope": "cluster", "rules": [{**DROP, "comment": "0"}]}, "rules[0].comment"),
        (ALIAS, {"scope": "cluster", "name": "here", "comment": " 0"}, "comment"),
        (IPSET, {"scope": "cluster", "name": "here", "comment": "0"}, "comment"),
        (
            IPSET,
            {"scope": "cluster", "name": "here", "entries": [{"cidr": "10.0.0.1", "comment": "0"}]},
            "entries[0].comment",
        ),
        (GROUP, {"group": "here", "comment": "0"}, "comment"),
    ):
        with pytest.raises(InvalidOption, match="does not keep a comment that is only 0") as caught:
            resource.parse(options(resource, **given))
        assert caught.value.option == option


def test_macros_are_spelt_as_pve_does_and_unknown_ones_refused() -> None:
    assert not planned(FIREWALL, server(SSH), scope="cluster", rules=[{**SSH, "macro": "ssh"}]).steps
    plan = planned(FIREWALL, server(), scope="cluster", rules=[{**SSH, "macro": "ssh"}])
    assert plan.steps[0].params["macro"] == "SSH"
    with pytest.raises(InvalidOption, match="there is no macro 'HTPS'") as caught:
        planned(FIREWALL, server(), scope="cluster", rules=[DROP, {**SSH, "macro": "HTPS"}])
    assert (caught.value.option, caught.value.hint) == ("rules[1].macro", "Perhaps HTTPS is meant.")
    assert not planned(FIREWALL, server(), scope="cluster", rules=[{**SSH, "macro": "gone"}], state="absent").steps


def warnings_ahead(source: Server, **given: Any) -> list[str]:
    desired = FIREWALL.parse(options(FIREWALL, **given))
    observed = FIREWALL.read(source, desired)
    desired = FIREWALL.remember(observed, desired)
    FIREWALL.preflight(source, FIREWALL.plan(observed, desired), desired)
    return source.warnings


def test_a_group_that_does_not_exist_is_warned_about() -> None:
    rules = [{"type": "group", "action": "there"}, {"type": "group", "action": "gone"}]
    source = server(DROP)
    source.answers[f"{BASE}/groups"] = [{"group": "there"}]
    reported = warnings_ahead(source, scope="cluster", rules=rules, allow_lockout=True)
    assert [text.partition(":")[0] for text in reported] == ["There is no security group 'gone'"]
    assert warnings_ahead(server({**rules[1]}), scope="cluster", rules=[rules[1], DROP], allow_lockout=True) == []


@pytest.mark.parametrize(
    ("config", "warns"),
    [
        ({"net0": "virtio=00:00:00:00:00:01,bridge=vmbr0", "name": "firewall=1"}, True),
        ({}, True),
        ({"net0": "virtio=00:00:00:00:00:01,bridge=vmbr0", "net1": "virtio=00:00:00:00:00:02,firewall=1"}, False),
    ],
)
def test_a_guest_none_of_whose_devices_is_filtered_is_warned_about(config: dict[str, Any], warns: bool) -> None:
    guest = "/nodes/pve1/qemu/100"
    source = Server(
        {
            "/cluster/resources": [{"type": "qemu", "vmid": 100, "node": "pve1"}],
            f"{guest}/firewall/options": {},
            f"{guest}/config": config,
        }
    )
    reported = warnings_ahead(source, scope="guest", vmid=100, options={"enable": True})
    assert [("filters nothing" in text) for text in reported] == ([True] if warns else [])


def test_a_set_loses_host_bits_and_refuses_the_same_network_twice() -> None:
    place = f"{BASE}/ipset"
    source = Server({place: [{"name": "here"}], f"{place}/here": [{"cidr": "10.0.0.0/24"}, {"cidr": "dc/Office"}]})
    entries = [{"cidr": "10.0.0.11/24"}, {"cidr": "dc/office"}]
    assert not planned(IPSET, source, scope="cluster", name="here", entries=entries).steps
    with pytest.raises(InvalidOption, match=r"'10\.0\.0\.0/24' is listed twice"):
        IPSET.parse(
            options(IPSET, scope="cluster", name="here", entries=[{"cidr": "10.0.0.0/24"}, {"cidr": "10.0.0.11/24"}])
        )


def test_an_alias_keeps_host_bits() -> None:
    assert (
        ALIAS.parse(options(ALIAS, scope="cluster", name="here", cidr="10.0.0.11/24")).fields["cidr"] == "10.0.0.11/24"
    )
