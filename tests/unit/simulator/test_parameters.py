# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The check and conversion of parameters, with PVE's own texts."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.pve.automation.tests.simulator import api
from ansible_collections.pve.automation.tests.simulator.errors import ApiError
from ansible_collections.pve.automation.tests.simulator.facts import load
from ansible_collections.pve.automation.tests.simulator.parameters import UNKNOWN, Validator
from ansible_collections.pve.automation.tests.simulator.routing import registered_calls

FACTS = load()
CT_CONFIG = ("PUT", "/nodes/{node}/lxc/{vmid}/config")
VM_CONFIG = ("PUT", "/nodes/{node}/qemu/{vmid}/config")


def checked(key: tuple[str, str], **values: Any) -> dict[str, Any]:
    validator = Validator(FACTS.endpoints[key], FACTS.formats)
    return validator(validator.raw(values))


def complaints(key: tuple[str, str], **values: Any) -> dict[str, str]:
    with pytest.raises(ApiError) as refusal:
        checked(key, **values)
    assert refusal.value.status == 400
    return refusal.value.errors


def test_values_are_converted_and_null_is_not_given() -> None:
    got = checked(
        VM_CONFIG, node="pve", vmid="100", cores="002", onboot=True, cpulimit="1.50", name=None, delete=["a1", "b2"]
    )
    assert got == {"node": "pve", "vmid": 100, "cores": 2, "onboot": 1, "cpulimit": 1.5, "delete": "a1,b2"}


def test_everything_that_is_wrong_is_reported_at_once() -> None:
    assert complaints(VM_CONFIG, vmid="100", cores="many", nosuch=1) == {
        "node": "property is missing and it is not optional",
        "cores": "type check ('integer') failed - got 'many'",
        "nosuch": "property is not defined in schema and the schema does not allow additional properties",
    }


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("onboot", "true", "type check ('boolean') failed - got 'true'"),
        ("onboot", "", "type check ('boolean') failed - got ''"),
        ("cores", " 2", "type check ('integer') failed - got ' 2'"),
        ("cores", "0", "value must have a minimum value of 1"),
        ("name", ["a", "b"], "type check ('string') failed - got ARRAY"),
        ("name", {"a": 1}, "type check ('string') failed - got HASH"),
        ("name", "two words", "invalid format - value does not look like a valid DNS name\n"),
        ("net0", "virtio,bridge=vmbr0,tag=5000",
         "invalid format - format error\nnet0.tag: value must have a maximum value of 4094\n"),
        ("net0", "bridge=vmbr0",
         "invalid format - format error\nnet0.model: property is missing and it is not optional\n"),
        ("agent", "maybe", "invalid format - format error\nagent.enabled: type check ('boolean') failed - got 'maybe'\n"),
    ],
)  # fmt: skip
def test_each_kind_of_mistake_has_its_text(name: str, value: Any, reason: str) -> None:
    assert complaints(VM_CONFIG, node="pve", vmid="100", **{name: value}) == {name: reason}


def test_property_strings_take_aliases_and_more_words_for_booleans() -> None:
    checked(VM_CONFIG, node="pve", vmid="100", net0="virtio=BC:24:11:00:00:01,bridge=vmbr0,firewall=yes", agent="on")


def test_an_option_that_requires_another_is_refused_alone() -> None:
    assert complaints(("PUT", "/access/users/{userid}"), userid="a@pve", append=1) == {
        "groups": "missing property required by 'append'"
    }


def test_8_4_lacks_what_came_later() -> None:
    old = load("8.4")
    assert ("GET", "/cluster/ha/rules") not in old.endpoints
    assert ("GET", "/cluster/ha/groups") in old.endpoints
    assert "regenerate" not in old.endpoints["PUT", "/access/users/{userid}/token/{tokenid}"].parameters
    agent = old.endpoints["GET", "/nodes/{node}/qemu/{vmid}/agent/info"].permissions
    assert agent == {"check": ["perm", "/vms/{vmid}", ["VM.Monitor"], "any", 1]}
    assert "regenerate" in FACTS.endpoints["PUT", "/access/users/{userid}/token/{tokenid}"].parameters


def test_what_came_after_9_2_11_is_known_to_9_only() -> None:
    old = load("8.4")
    for key in (("POST", "/cluster/ha/resources"), ("PUT", "/cluster/ha/resources/{sid}")):
        assert "auto-rebalance" in FACTS.endpoints[key].parameters
        assert "auto-rebalance" not in old.endpoints[key].parameters
    assert ("GET", "/cluster/sdn/prefix-lists") in FACTS.endpoints
    assert ("GET", "/cluster/sdn/prefix-lists") not in old.endpoints


RULE: dict[str, Any] = {"rule": "keep", "type": "node-affinity", "resources": "vm:100"}


@pytest.mark.parametrize(
    ("values", "reasons"),
    [
        ({}, {"oneOf[node-affinity].nodes": "property is missing and it is not optional"}),
        ({"nodes": "a b"}, {}),
        ({"nodes": "a", "strict": "yes"}, {"oneOf[node-affinity].strict": "type check ('boolean') failed - got 'yes'"}),
        ({"nodes": "a", "nosuch": 1}, {"nosuch": UNKNOWN}),
        ({"type": "resource-affinity", "affinity": "negative", "strict": 1}, {"strict": UNKNOWN}),
    ],
)
def test_parameters_of_a_rule_depend_on_its_type(values: dict[str, Any], reasons: dict[str, str]) -> None:
    key = ("POST", "/cluster/ha/rules")
    if reasons:
        assert complaints(key, **{**RULE, **values}) == reasons
    else:
        assert checked(key, **{**RULE, **values})["nodes"] == values["nodes"]


@pytest.mark.parametrize(
    ("key", "name", "value", "reason"),
    [
        (VM_CONFIG, "cpu", "host,flags=+nosuch", "VM-specific CPU flags must be a subset of"),
        (VM_CONFIG, "sshkeys", "ssh-ed25519 AAAA", "invalid urlencoded string: ssh-ed25519 AAAA"),
        (VM_CONFIG, "ipconfig0", "gw=192.0.2.1", "ipconfig0.ip: missing property required by 'ipconfig0.gw'"),
        (CT_CONFIG, "nameserver", "192.0.2.53 nonsense", "value does not look like a valid IP address"),
    ],
)
def test_formats_are_checked(key: tuple[str, str], name: str, value: str, reason: str) -> None:
    assert reason in complaints(key, node="pve", vmid="100", **{name: value})[name]


def test_addresses_of_name_servers_may_be_link_local() -> None:
    checked(CT_CONFIG, node="pve", vmid="100", nameserver="192.0.2.53;fe80::1%eth0")


def test_every_handler_answers_a_call_that_exists() -> None:
    api.register()
    assert registered_calls() - FACTS.endpoints.keys() == set()
