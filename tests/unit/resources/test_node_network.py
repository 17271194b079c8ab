# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.pve.automation.plugins.module_utils._core.api.connection import Connection, Endpoint
from ansible_collections.pve.automation.plugins.module_utils._core.model.errors import InvalidOption, Refused
from ansible_collections.pve.automation.plugins.module_utils._core.model.plan import Plan
from ansible_collections.pve.automation.plugins.module_utils._core.resources.node.network import (
    NODE_NETWORK,
    NODE_NETWORK_INFO,
)
from ansible_collections.pve.automation.plugins.module_utils._core.resources.node.network_interfaces import (
    Interfaces,
    normalised,
    problems,
    refusals,
)
from ansible_collections.pve.automation.plugins.module_utils._core.resources.node.network_order import in_order
from tests.unit.resources.fake import Server, calls, options, planned
from tests.unit.resources.test_schema import parameters

NETWORK, STATUS = "/nodes/pve1/network", "/cluster/status"
MANUAL = {"method": "manual", "method6": "manual", "families": ["inet"]}
CARDS = [{"iface": name, "type": "eth", "exists": 1, **MANUAL} for name in ("eno1", "eno2", "eno3", "eno4")]
BRIDGE = {
    "iface": "vmbr0",
    "type": "bridge",
    "bridge_ports": "eno1",
    "bridge_stp": "off",
    "bridge_fd": "0",
    "autostart": 1,
    "active": 1,
    "method": "static",
    "method6": "manual",
    "families": ["inet"],
    "cidr": "10.0.0.1/24",
    "address": "10.0.0.1",
    "netmask": "24",
    "gateway": "10.0.0.254",
    "comments": "Größe\nzwei\n",
}
GUESTS = {
    "iface": "vmbr1",
    "type": "bridge",
    "bridge_ports": "eno3 eno2",
    "mtu": "1400",
    "bridge_vlan_aware": 1,
    "bridge_vids": "2-100 200",
    "cidr6": "2001:db8::5/64",
    "address6": "2001:db8::5",
    "netmask6": "64",
    **MANUAL,
}
APPLY: Any = ("PUT", NETWORK, {})
DIFFERENCE = (
    "--- /etc/network/interfaces\n+++ /etc/network/interfaces.new\n-\taddress 10.0.0.1/24\n+\taddress 10.0.0.2/24\n"
)


def server(*rows: Mapping[str, Any], changes: str = "", **more: Any) -> Server:
    body = {"data": [*CARDS, *(rows or (BRIDGE, GUESTS))], "success": 1, **({"changes": changes} if changes else {})}
    present = [{"type": "cluster", "name": "demo"}, {"type": "node", "name": "pve1", "ip": "10.0.0.1"}]
    return Server({NETWORK: body, STATUS: present, **more})


def plan(*interfaces: Mapping[str, Any], at: Server | None = None, **more: Any) -> Plan:
    return planned(NODE_NETWORK, at or server(), node="pve1", interfaces=list(interfaces), **more)


def shown(done: Plan) -> dict[str, Any]:
    """The object as it will be."""
    assert done.after is not None
    return dict(done.after)


@pytest.mark.parametrize(
    "row",
    [
        {"iface": "vmbr0"},
        {"iface": "vmbr0", "type": "bridge", "comments": "Größe\nzwei", "autostart": True, "bridge_ports": ["eno1"]},
        {"iface": "vmbr0", "address": "10.0.0.1", "netmask": "255.255.255.0", "gateway": "10.0.0.254"},
        {"iface": "vmbr1", "bridge_ports": ["eno2", "eno3"], "mtu": 1400, "bridge_vids": ["200", "2-100"]},
        {"iface": "vmbr1", "bridge_vlan_aware": True, "cidr6": "2001:DB8:0::5/64", "autostart": False},
        {"iface": "vmbr1", "comments": "", "unset": ["gateway", "bond_mode"]},
        {"iface": "vmbr9", "state": "absent"},
    ],
)
def test_what_is_there_takes_one_get(row: dict[str, Any]) -> None:
    present = server()
    assert not plan(row, at=present).steps
    assert present.asked == [NETWORK]


def test_a_task_without_interfaces_leaves_what_is_staged() -> None:
    present = server(changes=DIFFERENCE)
    done = planned(NODE_NETWORK, present, node="pve1")
    assert (done.steps, present.asked) == ((), [NETWORK])
    assert shown(done)["staged"] is True


def test_a_change_sends_what_differs_and_the_addresses() -> None:
    """An address that is not sent loses its family."""
    done = plan({"iface": "vmbr1", "comments": "for guests", "bridge_vlan_aware": False, "bridge_ports": ["eno2"]})
    assert calls(done) == [
        (
            "PUT",
            f"{NETWORK}/vmbr1",
            {
                "type": "bridge",
                "cidr6": "2001:db8::5/64",
                "comments": "for guests",
                "bridge_ports": "eno2",
                "delete": "bridge_vlan_aware,bridge_vids",
            },
        ),
        APPLY,
    ]
    assert shown(done)["interfaces"]["vmbr1"] == {
        "type": "bridge",
        "bridge_ports": ["eno2"],
        "mtu": 1400,
        "cidr6": "2001:db8::5/64",
        "comments": "for guests",
    }


def test_lists_are_sent_with_blanks_because_pve_splits_by_nothing_else() -> None:
    bond = {"iface": "bond0", "type": "bond", "slaves": ["eno3", "eno2"], "bond_mode": "balance-rr"}
    done = plan(bond, at=server(BRIDGE))
    assert done.steps[0].params == {"iface": "bond0", "type": "bond", "slaves": "eno2 eno3", "bond_mode": "balance-rr"}


def names(done: Plan) -> list[str]:
    return [f"{step.method} {step.params.get('iface') or step.path.removeprefix(NETWORK + '/')}" for step in done.steps]


def test_a_card_moves_into_a_bond_below_its_bridge_and_all_is_applied_once() -> None:
    """Neither can be written first as a whole: the bond needs the card that the bridge has, the bridge needs the bond."""
    bond = {"iface": "bond0", "type": "bond", "slaves": ["eno1"], "bond_mode": "active-backup"}
    vlan = {"iface": "vmbr0.100", "type": "vlan", "cidr": "192.0.2.5/24"}
    done = plan(vlan, {"iface": "vmbr0", "bridge_ports": ["bond0"]}, bond, at=server(BRIDGE))
    assert names(done) == ["POST vmbr0.100", "PUT vmbr0", "POST bond0", "PUT vmbr0", f"PUT {NETWORK}"]
    assert [step.params.get("bridge_ports") for step in done.steps] == [None, None, None, "bond0", None]
    assert done.steps[1].params["delete"] == "bridge_ports"
    assert done.steps[0].params == {"iface": "vmbr0.100", "type": "vlan", "cidr": "192.0.2.5/24"}
    assert [step.starts_task for step in done.steps] == [False, False, False, False, True]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (  # swapped ports
            [{"iface": "vmbr0", "bridge_ports": ["eno2", "eno3"]}, {"iface": "vmbr1", "bridge_ports": ["eno1"]}],
            ["PUT vmbr0", "PUT vmbr1", "PUT vmbr0"],
        ),
        (  # larger packets from below, and the card of a bridge that goes
            [
                {"iface": "vmbr2", "type": "bridge", "bridge_ports": ["eno2"], "mtu": 9000},
                {"iface": "vmbr1", "state": "absent"},
                {"iface": "eno2", "mtu": 9000},
            ],
            ["DELETE vmbr1", "PUT eno2", "POST vmbr2"],
        ),
        (  # what stands on another goes first
            [
                {"iface": "vmbr1", "mtu": 1400, "bridge_ports": []},
                {"iface": "bond1", "type": "bond", "slaves": ["eno3"], "bond_mode": "802.3ad"},
            ],
            ["PUT vmbr1", "POST bond1"],
        ),
    ],
)
def test_the_order_has_no_state_between_that_pve_refuses(rows: list[dict[str, Any]], expected: list[str]) -> None:
    assert names(plan(*rows, allow_cutoff=True))[:-1] == expected


def test_the_gateway_moves() -> None:
    rows = [{"iface": "vmbr1", "cidr": "10.1.0.1/24", "gateway": "10.1.0.254"}, {"iface": "vmbr0", "gateway": ""}]
    done = plan(*rows, allow_cutoff=True)
    assert names(done)[:-1] == ["PUT vmbr0", "PUT vmbr1"]
    assert done.steps[0].params == {"type": "bridge", "cidr": "10.0.0.1/24", "delete": "gateway"}


def test_staged_changes_that_equal_the_wish_are_only_applied() -> None:
    present = server({**BRIDGE, "comments": "new\n"}, changes="--- a\n+++ b\n+#new\n")
    done = plan({"iface": "vmbr0", "comments": "new"}, at=present)
    assert calls(done) == [APPLY]
    assert present.asked == [NETWORK, STATUS]
    assert not done.notes
    assert (done.before, done.after) == ({**shown(done), "staged": True}, {**shown(done), "staged": False})


def test_foreign_staged_changes_are_noted() -> None:
    done = plan({"iface": "vmbr1", "mtu": 1300}, at=server(changes="--- a\n+++ b\n+#else\n"))
    assert "staged before this task" in done.notes[0]


def test_apply_false_only_stages() -> None:
    done = plan({"iface": "vmbr1", "mtu": 1300}, apply=False)
    assert names(done) == ["PUT vmbr1"]
    assert shown(done)["staged"] is True
    assert not plan({"iface": "vmbr1", "mtu": 1400}, at=server(changes="--- a\n+++ b\n"), apply=False).steps


def test_revert() -> None:
    done = planned(NODE_NETWORK, server(changes=DIFFERENCE), node="pve1", revert=True)
    assert calls(done) == [("DELETE", NETWORK, {})]
    assert not planned(NODE_NETWORK, server(), node="pve1", revert=True).steps


def test_regenerate_frr_needs_pve_9_and_something_to_apply() -> None:
    done = plan({"iface": "vmbr1", "mtu": 1300}, regenerate_frr=True)
    assert calls(done)[-1] == ("PUT", NETWORK, {"regenerate-frr": True})
    old = Server(server().answers, release=(8, 4))
    assert not plan({"iface": "vmbr1", "mtu": 1400}, at=old, regenerate_frr=True).steps
    with pytest.raises(InvalidOption, match=r"regenerate_frr: needs PVE 9\.0"):
        plan({"iface": "vmbr1", "mtu": 1300}, at=old, regenerate_frr=True)


def test_pvesh_does_not_tell_what_is_staged() -> None:
    blind = server()
    blind.connection = Connection(backend="local")
    blind.answers[NETWORK] = blind.answers[NETWORK]["data"]
    assert calls(plan({"iface": "vmbr1", "mtu": 1300}, at=blind))[-1] == APPLY
    done = planned(NODE_NETWORK, blind, node="pve1", revert=True)
    assert [step.verify for step in done.steps] == [False]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"iface": "vmbr0", "state": "absent"}, "would be deleted"),
        ({"iface": "vmbr0", "cidr": "10.0.0.9/24"}, "cidr would change from 10.0.0.1/24 to 10.0.0.9/24"),
        ({"iface": "vmbr0", "cidr": ""}, "cidr would change from 10.0.0.1/24 to nothing"),
        ({"iface": "vmbr0", "gateway": "10.0.0.253"}, "gateway would change"),
        ({"iface": "vmbr0", "unset": ["gateway"]}, "gateway would change"),
        ({"iface": "vmbr0", "autostart": False}, "autostart would change"),
        ({"iface": "vmbr0", "bridge_ports": []}, "eno1 would no longer be below it"),
        ({"iface": "vmbr0", "bridge_ports": ["eno4"]}, "eno1 would no longer be below it"),
    ],
)
def test_the_management_address_stays_unless_it_is_allowed_to_go(row: dict[str, Any], reason: str) -> None:
    with pytest.raises(Refused) as refusal:
        plan(row)
    assert reason in str(refusal.value)
    assert "allow_cutoff" in refusal.value.hint
    present = server()
    assert plan(row, at=present, allow_cutoff=True).steps
    assert present.asked == [NETWORK]


def test_the_address_that_the_task_connects_to_is_guarded_too() -> None:
    row = {"iface": "vmbr1", "cidr6": "2001:db8::6/64"}
    assert plan(row).steps
    reached = server()
    reached.connection = Connection(endpoints=(Endpoint("pve1.example.org", 8006), Endpoint("2001:DB8:0::5", 8006)))
    with pytest.raises(Refused, match="vmbr1 holds"):
        plan(row, at=reached)


def test_the_vlan_of_the_management_address_is_guarded_down_to_the_card() -> None:
    bridge = {**GUESTS, "iface": "vmbr0", "bridge_ports": "eno1"}
    vlan = {
        "iface": "mgmt",
        "type": "vlan",
        "vlan-raw-device": "vmbr0",
        "vlan-id": "5",
        "cidr": "10.0.0.1/24",
        **MANUAL,
    }
    present = server(bridge, vlan)
    for row in ({"iface": "mgmt", "vlan_id": 6}, {"iface": "vmbr0", "bridge_ports": []}):
        with pytest.raises(Refused, match="mgmt holds"):
            plan(row, at=present)
    assert plan({"iface": "vmbr0", "bridge_ports": ["eno1", "eno2"]}, at=present).steps


def test_staged_changes_that_take_the_address_away_are_not_applied() -> None:
    present = server({**BRIDGE, "cidr": "10.0.0.2/24"}, changes=DIFFERENCE)
    with pytest.raises(Refused, match=r"staged changes take the address 10\.0\.0\.1 away"):
        planned(NODE_NETWORK, present, node="pve1", apply=True)
    assert calls(planned(NODE_NETWORK, present, node="pve1", apply=True, allow_cutoff=True)) == [APPLY]


def test_an_address_by_dhcp_would_be_lost_by_any_change() -> None:
    present = server({"iface": "vmbr2", "type": "bridge", "method": "dhcp", "method6": "manual", "families": ["inet"]})
    with pytest.raises(Refused, match="vmbr2 gets its address by dhcp"):
        plan({"iface": "vmbr2", "comments": "new"}, at=present)
    assert plan({"iface": "vmbr2", "comments": "new"}, at=present, allow_cutoff=True).steps
    assert not plan({"iface": "vmbr2", "comments": ""}, at=present).steps


BOND = {"iface": "bond0", "type": "bond", "slaves": ["eno4"], "bond_mode": "802.3ad"}


@pytest.mark.parametrize(
    ("rows", "option", "reason"),
    [
        ([{"iface": "b d"}], "interfaces[0].iface", "not a name"),
        ([{"iface": "vmbr0"}, {"iface": "vmbr0"}], "interfaces[1].iface", "twice"),
        ([{"iface": "vmbr0", "cidr": "10.0.0.1"}], "interfaces[0].cidr", "192.0.2.5/24"),
        ([{"iface": "vmbr0", "cidr": "2001:db8::1/64"}], "interfaces[0].cidr", "IPv4"),
        ([{"iface": "vmbr0", "gateway": "nonsense"}], "interfaces[0].gateway", "IPv4"),
        ([{"iface": "vmbr0", "address": "10.0.0.1"}], "interfaces[0].address", "netmask"),
        ([{"iface": "vmbr0", "mtu": 100}], "interfaces[0].mtu", "1280"),
        ([{"iface": "vmbr0", "state": "absent", "mtu": 1400}], "interfaces[0].mtu", "absent"),
        ([{"iface": "vmbr0", "unset": ["type"]}], "interfaces[0].unset", "cannot be removed"),
        ([{"iface": "vmbr9"}], "interfaces[0].type", "needed to create"),
        ([{"iface": "vmbr0", "type": "bond"}], "interfaces[0].type", "cannot become"),
        ([{"iface": "team0", "type": "bond"}], "interfaces[0].iface", "not a name that PVE takes"),
        ([{"iface": "vmbr0", "slaves": ["eno2"]}], "interfaces[0].slaves", "not an option of type bridge"),
        ([{"iface": "eno2", "state": "absent"}], "interfaces[0].state", "hardware"),
        ([{**BOND, "slaves": []}], "interfaces[0].slaves", "needs the cards"),
        ([{"iface": "bond0", "type": "bond", "slaves": ["eno4"]}], "interfaces[0].bond_mode", "needs one"),
        ([{**BOND, "bond_mode": "balance-slb"}], "interfaces[0].bond_mode", "not a mode of Linux"),
        ([{**BOND, "bond_primary": "eno4"}], "interfaces[0].bond_primary", "no effect"),
        ([{**BOND, "bond_mode": "active-backup", "bond_primary": "eno3"}], "interfaces[0].bond_primary", "slaves"),
        ([{**BOND, "slaves": ["eno9"]}], "interfaces[0].slaves", "no interface eno9"),
        ([{**BOND, "slaves": ["vmbr0"]}], "interfaces[0].slaves", "neither a card nor a bond"),
        ([{**BOND, "slaves": ["eno1"]}], "interfaces[0].slaves", "eno1 belongs to vmbr0"),
        ([{"iface": "vmbr9", "type": "bridge", "bridge_ports": ["eno1"]}], "interfaces[0].bridge_ports", "belongs to"),
        ([{"iface": "vmbr9", "type": "bridge", "bridge_ports": ["eno9.5"]}], "interfaces[0].bridge_ports", "eno9"),
        ([{"iface": "vmbr9", "type": "bridge", "bridge_vids": ["5"]}], "interfaces[0].bridge_vids", "no effect"),
        ([{"iface": "eno1", "cidr": "192.0.2.5/24"}], "interfaces: vmbr0.bridge_ports", "eno1 has an address"),
        ([{"iface": "vmbr0", "mtu": 9000}], "interfaces[0].mtu", "more than 1500 of eno1"),
        ([{"iface": "mgmt", "type": "vlan", "vlan_id": 5}], "interfaces[0].vlan_raw_device", "is missing"),
        ([{"iface": "eno9.5", "type": "vlan"}], "interfaces[0].vlan_raw_device", "eno9"),
        ([{"iface": "vmbr0.5", "type": "vlan", "vlan_id": 6}], "interfaces[0].vlan_id", "by which it is 5"),
        ([{"iface": "vmbr1", "gateway": "10.1.0.1"}], "interfaces[0].gateway", "vmbr0 has it"),
        ([{"iface": "int0", "type": "OVSIntPort"}], "interfaces[0].ovs_bridge", "is missing"),
        ([{"iface": "int0", "type": "OVSIntPort", "ovs_bridge": "vmbr0"}], "interfaces[0].ovs_bridge", "no OVSBridge"),
        ([BOND, {"iface": "eno4", "autostart": False}], "interfaces[1].autostart", "by which it is True"),
    ],
)
def test_bad_input_names_the_interface_and_the_option(rows: list[dict[str, Any]], option: str, reason: str) -> None:
    with pytest.raises(InvalidOption) as error:
        plan(*rows)
    assert error.value.option == option
    assert reason in str(error.value)


@pytest.mark.parametrize(
    "given",
    [
        {"revert": True, "interfaces": []},
        {"revert": True, "apply": False},
        {"regenerate_frr": True},
        {"regenerate_frr": False, "interfaces": [{"iface": "vmbr0"}], "apply": False},
    ],
)
def test_options_that_contradict_each_other(given: dict[str, Any]) -> None:
    with pytest.raises(InvalidOption):
        NODE_NETWORK.parse(options(NODE_NETWORK, node="pve1", **given))


CARD_NAMES = [f"eno{number}" for number in range(1, 5)]


@st.composite
def layouts(draw: st.DrawFn) -> Interfaces:
    """Bonds, bridges and VLANs on four cards, as anybody may have them."""
    owner = draw(st.lists(st.sampled_from(["", "bond0", "bond1", "vmbr0", "vmbr1"]), min_size=4, max_size=4))
    mtu = draw(st.sampled_from([{}, {"mtu": 1400}, {"mtu": 9000}]))
    found: Interfaces = {name: {"type": "eth", **mtu} for name in CARD_NAMES}
    for name in ("bond0", "bond1"):
        if name in owner:
            slaves = [card for card, bond in zip(CARD_NAMES, owner, strict=True) if bond == name]
            mode = draw(st.sampled_from(["802.3ad", "active-backup"]))
            found[name] = {"type": "bond", "slaves": slaves, "bond_mode": mode, **mtu}
    bonds = [name for name in ("bond0", "bond1") if name in found]
    above = {bond: draw(st.sampled_from(["", "vmbr0", "vmbr1"])) for bond in bonds}
    for name in ("vmbr0", "vmbr1"):
        cards = [card for card, bridge in zip(CARD_NAMES, owner, strict=True) if bridge == name]
        ports = sorted([*cards, *(bond for bond in bonds if above[bond] == name)])
        if bool(ports) or draw(st.booleans()):
            found[name] = {"type": "bridge", **({"bridge_ports": ports} if ports else {}), **(mtu if ports else {})}
    for name in [name for name in (*bonds, "vmbr0", "vmbr1") if name in found]:
        if draw(st.booleans()):
            found[f"{name}.7"] = {"type": "vlan", "vlan_raw_device": name, "vlan_id": 7}
    holder = draw(st.sampled_from(["", "vmbr0", "vmbr1", "vmbr0.7"]))
    if holder in found:
        found[holder] |= {"cidr": "192.0.2.5/24", "gateway": "192.0.2.1"}
    return normalised(found)


@given(layouts(), layouts(), st.randoms(use_true_random=False))
def test_every_layout_leads_to_every_other_without_a_state_that_pve_refuses(
    now: Interfaces, after: Interfaces, random: Random
) -> None:
    assert problems(now) == problems(after) == set()
    names_of_both = sorted({*now, *after})
    random.shuffle(names_of_both)
    state, steps = now, list(in_order(now, after, names_of_both))
    for name, old, new in steps:
        assert state.get(name, {}) == old
        assert new != old
        others = {key: value for key, value in state.items() if key != name}
        state = normalised({**others, name: new} if new else others)
        assert refusals(state) == set(), f"after {name}"
    assert state == after
    assert len(steps) <= 2 * sum(now.get(name) != after.get(name) for name in names_of_both)


def test_every_parameter_of_the_calls_is_an_option() -> None:
    """PVE puts comments6 into comments when it reads the file."""
    row = NODE_NETWORK.arguments()["argument_spec"]["interfaces"]["options"]
    taken = {name for path in (NETWORK, f"{NETWORK}/x") for name in parameters(path)}
    known = {name.replace("_", "-") for name in (*row, "regenerate_frr", "node")}
    assert {name for name in taken if name.replace("_", "-") not in known} == {"comments6", "delete"}


def test_problems_of_others_do_not_hinder() -> None:
    """What was wrong before, at an interface that stays as it is, is not the task's business."""
    broken = {"iface": "bond9", "type": "bond", "slaves": "", "bond_mode": "balance-rr", **MANUAL}
    assert plan({"iface": "vmbr1", "mtu": 1300}, at=server(BRIDGE, GUESTS, broken)).steps
    assert {found.iface for found in problems(normalised({"bond9": {"type": "bond", "bond_mode": "802.3ad"}}))} == {
        "bond9"
    }


def test_the_listing_tells_what_is_staged() -> None:
    desired = NODE_NETWORK_INFO.parse(options(NODE_NETWORK_INFO, node="pve1", type="bridge"))
    listed = NODE_NETWORK_INFO.read(server(changes=DIFFERENCE), desired)
    assert [row["iface"] for row in listed["interfaces"]] == ["vmbr0", "vmbr1"]
    assert listed["interfaces"][1]["bridge_ports"] == ["eno2", "eno3"]
    assert listed["interfaces"][0]["active"] == 1
    assert listed["changes"] == DIFFERENCE
