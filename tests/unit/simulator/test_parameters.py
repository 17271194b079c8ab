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
from ansible_collections.pve.automation.tests.simulator.parameters import Validator
from ansible_collections.pve.automation.tests.simulator.routing import registered_calls

FACTS = load()
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


def test_everything_that_is_wrong_is_told_at_once() -> None:
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


def test_every_handler_answers_a_call_that_exists() -> None:
    api.register()
    assert registered_calls() - FACTS.endpoints.keys() == set()
