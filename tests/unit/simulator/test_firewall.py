# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The firewall's file: what a line break in a comment does to it, and which addresses are kept or refused."""

from __future__ import annotations

from typing import Any

import pytest

from .conversation import Conversation

FIREWALL = "/cluster/firewall"


@pytest.fixture
def call() -> Conversation:
    return Conversation()


def rules(call: Conversation) -> list[dict[str, Any]]:
    return [
        {key: rule[key] for key in rule if key not in ("digest", "pos")} for rule in call("GET", f"{FIREWALL}/rules")
    ]


def test_the_comment_of_a_set_can_carry_rules_in(call: Conversation) -> None:
    call("POST", f"{FIREWALL}/ipset", name="office", comment="a set\n[RULES]\nIN SSH(ACCEPT) -source 192.0.2.1 # open")
    assert rules(call) == [
        {
            "type": "in",
            "action": "ACCEPT",
            "macro": "SSH",
            "source": "192.0.2.1",
            "comment": "open",
            "enable": 1,
            "ipversion": 4,
        }
    ]
    assert call("GET", f"{FIREWALL}/ipset")[0]["comment"] == "a set"


def test_the_second_line_of_an_entry_is_an_entry_if_it_is_an_address(call: Conversation) -> None:
    call("POST", f"{FIREWALL}/ipset", name="office")
    call("POST", f"{FIREWALL}/ipset/office", cidr="192.0.2.1", comment="one\n! 192.0.2.2")
    entries = {entry["cidr"]: entry for entry in call("GET", f"{FIREWALL}/ipset/office")}
    assert entries["192.0.2.1"]["comment"] == "one"
    assert entries["192.0.2.2"]["nomatch"] == 1


def test_a_rule_of_unknown_type_stops_the_writes_of_its_scope_only(call: Conversation) -> None:
    call("POST", f"{FIREWALL}/rules", type="in", action="ACCEPT", comment="one\ntwo words")
    assert "unknown rule type 'two'" in call.refused("POST", f"{FIREWALL}/aliases", name="web", cidr="192.0.2.1")
    assert call("GET", f"{FIREWALL}/aliases") == []
    call("POST", "/nodes/pve/firewall/rules", type="in", action="ACCEPT")
    call("DELETE", f"{FIREWALL}/rules/1")
    call("POST", f"{FIREWALL}/aliases", name="web", cidr="192.0.2.1")


@pytest.mark.parametrize("line", ["one", "# IN DROP", "in DROP -nosuch 1"])
def test_lines_that_are_no_rule_are_left_out(call: Conversation, line: str) -> None:
    call("POST", f"{FIREWALL}/rules", type="in", action="ACCEPT", comment=f"first\n{line}")
    assert [rule["comment"] for rule in rules(call)] == ["first"]


def test_a_refused_change_changes_nothing(call: Conversation) -> None:
    call("POST", f"{FIREWALL}/aliases", name="web", cidr="192.0.2.1")
    before = call("GET", f"{FIREWALL}/aliases")
    call.refused("PUT", f"{FIREWALL}/options", enable=1, delete="nosuch")
    assert call("GET", f"{FIREWALL}/aliases") == before


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("192.0.2.0/33", "Prefix length 33 is longer than IP address (32)"),
        ("192.0.2.1,web", "Invalid chars in IP web"),
        ("192.0.2.1-2001:db8::1", "different IP versions"),
    ],
)
def test_sources_that_are_no_address_are_refused(call: Conversation, source: str, reason: str) -> None:
    assert reason in call.refused("POST", f"{FIREWALL}/rules", type="in", action="ACCEPT", source=source)


def test_an_empty_property_of_a_rule_is_none(call: Conversation) -> None:
    call(
        "POST", f"{FIREWALL}/rules", type="in", action="ACCEPT", proto="tcp", dport="22", source="192.0.2.1", comment=""
    )
    call("PUT", f"{FIREWALL}/rules/0", dport="", source="", delete="proto")
    assert rules(call) == [{"type": "in", "action": "ACCEPT", "enable": 0}]
