# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options are held against the schema: a value just outside of a parameter's bounds is refused in check mode, one inside is not.

The options are those that a writing call of their module has as a parameter with a minimum, a maximum, choices or a length. They
are varied in the tasks of the lifecycle tests and of the examples; a task proves an option if it accepts a value inside and would
send it. Parameters with a pattern or a format are those that a task gives: what has not the form is refused in its place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest

from ansible_collections.pve.automation.plugins.module_utils._core.api import arguments
from tests.functional.test_examples import NEEDS
from tests.harness.cluster import Cluster
from tests.harness.examples import OptionPath, option_paths, tasks, with_value
from tests.harness.lifecycle_cases import CASES, resource_of
from tests.unit.test_collection import MODULES
from tools import coverage

KINDS = ("integer", "number", "choice", "length")
FORMS = ("pattern", "format")
FORMLESS = "no such/value!"  # has none of the formats, and few of the patterns
MANAGING = [name for name in MODULES if not name.endswith("_info") and name != "pve_api"]
MORE: Mapping[str, Sequence[Mapping[str, Any]]] = {  # tasks that send what the others do not
    "pve_backup": [{"vmid": [100], "storage": "shared"}, {"all": True, "storage": "shared"}],
    "pve_firewall": [
        {"scope": "node", "node": "pve1", "options": {"enable": True}},
        {"scope": "guest", "vmid": 100, "options": {"enable": True}},
        {"scope": "cluster", "rules": [{"type": "in", "action": "ACCEPT"}], "allow_lockout": True},
    ],
    "pve_metric_server": [
        {"id": "more", "type": "opentelemetry", "server": "otel.example.com", "port": 4318},
        {"id": "more", "type": "graphite", "server": "graphite.example.com", "port": 2003},
    ],
    "pve_node_network": [
        {
            "node": "pve3",
            "interfaces": [
                {"iface": "int7", "type": "OVSIntPort", "ovs_bridge": "vmbr7"},
                {"iface": "vmbr7", "type": "OVSBridge", "ovs_ports": ["int7"]},
            ],
        },
        {"node": "pve3", "interfaces": [{"iface": "vmbr7", "type": "OVSBridge"}]},
        {"node": "pve1", "interfaces": [{"iface": "lan7", "type": "vlan", "vlan_raw_device": "vmbr0"}]},
        {"node": "pve1", "interfaces": [{"iface": "vmbr7", "type": "bridge", "address6": "2001:db8::1"}]},
        {
            "node": "pve1",
            "interfaces": [
                {"iface": "bond7", "type": "bond", "bond_mode": "802.3ad", "slaves": ["eno3"]},
            ],
        },
    ],
    "pve_realm": [{"realm": "more", "type": "ad", "server1": "ad.example.com", "domain": "example.com"}],
}
# Options with a bounded parameter of their name that no task here proves, with the reason. This list may only shrink.
SHARES_A_NAME = "is another thing than the parameter of this name"
A_SCHEDULE = "the bound is a length, and a value inside has to be a calendar event"
ADDRESSES = "the bound is a length, and a value inside has to be addresses"
UNPROVEN: Mapping[str, Mapping[str, str]] = {
    "pve_backup": {"vmid": "is a list of guests; the bound is that of the one id of a restored guest"},
    "pve_backup_job": {"schedule": A_SCHEDULE},
    "pve_firewall": {
        "rules.source": ADDRESSES,
        "rules.dest": ADDRESSES,
        "rules.action": "the bound is a length, and the name of a security group is checked before that",
        "rules.macro": "a value inside has to name a macro",
    },
    "pve_group": {"comment": "has no bound; a call for members of the group has one of this name"},
    "pve_guest_agent": {
        "password": SHARES_A_NAME,
        "password.password": "the agent's call needs a guest whose agent runs when check mode looks",
    },
    "pve_ha_group": {"comment": "PVE 9 has no HA groups"},
    "pve_lxc": {
        "ostemplate": "the bound is a length, and a value inside has to name a volume",
        "timeout": SHARES_A_NAME,
    },
    "pve_metric_server": {
        "otel_headers": "travels as base64; the bound is that of the encoded text",
        "otel_resource_attributes": "travels as base64; the bound is that of the encoded text",
    },
    "pve_node_disk": {"uuid": "goes with a partition table that is made on a disk without one"},
    "pve_node_guests": {"timeout": SHARES_A_NAME},
    "pve_node_network": {
        "interfaces.netmask6": "is sent as a part of cidr6",
        "interfaces.ovs_tag": "goes with a port that its bridge lists, in another entry than the first, which is varied",
    },
    "pve_node_subscription": {"key": "a value inside has to be a key of Proxmox"},
    "pve_realm_sync_job": {"realm": "a value inside has to name a realm", "schedule": A_SCHEDULE},
    "pve_replication": {"schedule": A_SCHEDULE},
    "pve_storage_content": {
        "filename": "a value inside has to end in what its content demands",
        "template": "a value inside has to be in the index of the node's templates",
    },
    "pve_user": {"userid": "a value inside has to end in a realm"},
    "pve_vm": {
        "smbios1": "a value inside is a property string, which a text of this length is not",
        "timeout": SHARES_A_NAME,
    },
}

# Modules whose options are no such parameter as they are: an HA resource's id is composed of type and id, and PVE 9 has no groups.
WITHOUT_FORMS = {"pve_ha", "pve_ha_group", "pve_ha_migrate"}


def rules_of(module: str, kinds: Sequence[str]) -> dict[str, set[str]]:
    """The rules of these kinds for each parameter, in all writing calls of a module."""
    found: dict[str, set[str]] = {}
    for method, path in coverage.writing_calls():
        if coverage.makes(module, method, path):
            for parameter, rules in arguments._rules_of(method, path).items():
                found.setdefault(parameter, set()).update(rules)
    chosen = {name: {rule for rule in rules if is_of(rule, kinds)} for name, rules in found.items()}
    return {name: rules for name, rules in chosen.items() if rules}


def is_of(rule: str, kinds: Sequence[str]) -> bool:
    kind, _sep, argument = rule.partition(" ")
    return kind in kinds and argument != "* *"


def ruled(module: str, kinds: Sequence[str] = KINDS) -> dict[OptionPath, tuple[str, set[str]]]:
    """The options of a module that are such a parameter: its name and rules."""
    resource = resource_of(module)
    option_of = getattr(resource, "option_of", lambda parameter: parameter)
    parameters = rules_of(module, kinds)
    by_option = {option_of(name).replace("-", "_"): name for name in parameters}
    paths = [path for path, _row in option_paths(resource.arguments()["argument_spec"])]
    return {path: (by_option[path[-1]], parameters[by_option[path[-1]]]) for path in paths if path[-1] in by_option}


ENDS = {"email": "@example.com"}  # of texts whose form is checked as well, by parameter


def values(rule: str, parameter: str) -> tuple[list[Any], list[Any]]:
    """Values just inside and just outside of a bound of a parameter."""
    kind, _sep, argument = rule.partition(" ")
    if kind == "choice":
        return list(argument.split()), ["no-such-choice"]
    number = float if kind == "number" else int
    lowest, highest = (None if bound == "*" else number(bound) for bound in argument.split())
    inside = [bound for bound in (lowest, highest) if bound is not None]
    outside = [*([] if lowest is None else [lowest - 1]), *([] if highest is None else [highest + 1])]
    if kind == "length":
        end = ENDS.get(parameter, "")
        texts = ["a" * (int(length) - len(end)) + end for length in (*inside, *outside) if length > 0]
        return texts[: len(inside)], texts[len(inside) :]
    return inside, outside


def bases(cluster: Cluster, module: str) -> Iterator[Mapping[str, Any]]:
    """Tasks of a module, each on a cluster that is ready for it."""
    for case in CASES:
        if case.module == module:
            cluster.reset()
            for needed, options in case.needs:
                assert not cluster.run(resource_of(needed), options).get("failed")
            yield case.stage("create")
            yield case.stage("update")
    cluster.reset()
    for needed, options in NEEDS.get(module, []):
        assert not cluster.run(resource_of(needed), options).get("failed")
    yield from MORE.get(module, ())
    yield from tasks(module)


def sends(result: Mapping[str, Any], parameter: str, rule: str) -> bool:
    """Whether a task would send the parameter in a call that binds it so."""
    return any(
        parameter in (name, re.sub(r"\d+$", "[n]", name))
        and rule in arguments._rules_of(row["method"], row["path"]).get(parameter, ())
        for row in result.get("requests", [])
        for name in row["params"]
    )


def proves(
    cluster: Cluster, module: str, base: Mapping[str, Any], path: OptionPath, parameter: str, rules: Sequence[str]
) -> list[str] | None:
    """What is wrong with the bounds of an option in a task; None if the task does not send the option at all."""
    resource = resource_of(module)
    spec = resource.arguments()["argument_spec"]
    rows = len(path) > 1 and spec[path[0]].get("type") == "list"

    def outcome(value: Any) -> Mapping[str, Any]:
        return cluster.run(resource, with_value(base, path, value, rows=rows), check_mode=True)

    wrong: list[str] = []
    proven = False
    for rule in rules:
        inside, outside = values(rule, parameter)
        if not any(sends(outcome(value), parameter, rule) for value in inside):
            continue
        proven = True
        for value in outside:
            result = outcome(value)
            shown = f"{'.'.join(path)}: {str(value)[:40]!r} ({rule[:60]})"
            if not result.get("failed"):
                wrong.append(f"{shown} is accepted")
            elif path[-1] not in result["msg"]:
                wrong.append(f"{shown} is refused without its name: {result['msg'][:200]}")
    return wrong if proven else None


def examined(cluster: Cluster, module: str) -> tuple[list[str], set[str]]:
    """What is wrong with the bounds of a module's options, and the options that no task proves."""
    waiting = ruled(module)
    wrong: list[str] = []
    for base in bases(cluster, module):
        for path, (parameter, rules) in list(waiting.items()):
            found = proves(cluster, module, base, path, parameter, sorted(rules))
            if found is not None:
                wrong += found
                del waiting[path]
        if not waiting:
            break
    return wrong, {".".join(path) for path in waiting}


@pytest.mark.parametrize("module", MANAGING)
def test_the_bounds_of_the_schema_are_those_of_the_options(shared_cluster: Cluster, module: str) -> None:
    shared_cluster.reset()
    wrong, unproven = examined(shared_cluster, module)
    shared_cluster.reset()
    assert not wrong, "\n".join(wrong)
    assert unproven == set(UNPROVEN.get(module, {}))


# --- patterns and formats ---------------------------------------------------------------------------------------------


def given(base: Mapping[str, Any], path: OptionPath) -> bool:
    """Whether a task gives an option."""
    value: Any = base
    for name in path:
        value = value[0] if isinstance(value, list) and value else value
        if not isinstance(value, Mapping) or name not in value:
            return False
        value = value[name]
    return value is not None


def has_form(rule: str, text: str) -> bool:
    kind, _sep, argument = rule.partition(" ")
    return kind == "pattern" and re.search(f"^(?:{argument})$", text) is not None


def accepted_without_form(cluster: Cluster, module: str) -> tuple[list[str], set[str]]:
    """What is wrong with values that have not the form of the schema, and the options that this was tried with."""
    resource = resource_of(module)
    spec = resource.arguments()["argument_spec"]
    waiting, wrong, tried = ruled(module, FORMS), [], set()
    for base in bases(cluster, module):
        result = cluster.run(resource, base, check_mode=True)
        for path, (parameter, rules) in list(waiting.items()):
            sent = [rule for rule in rules if sends(result, parameter, rule) and not has_form(rule, FORMLESS)]
            if not sent or not given(base, path):
                continue
            rows = len(path) > 1 and spec[path[0]].get("type") == "list"
            answer = cluster.run(resource, with_value(base, path, FORMLESS, rows=rows), check_mode=True)
            if not answer.get("failed") or path[-1] not in answer["msg"]:
                wrong.append(f"{'.'.join(path)} ({sent[0][:60]}): {answer.get('msg', 'is accepted')[:200]}")
            tried.add(".".join(path))
            del waiting[path]
    return wrong, tried


@pytest.mark.parametrize("module", [module for module in MANAGING if ruled(module, FORMS)])
def test_what_has_not_the_form_of_the_schema_is_refused(shared_cluster: Cluster, module: str) -> None:
    shared_cluster.reset()
    wrong, tried = accepted_without_form(shared_cluster, module)
    shared_cluster.reset()
    assert not wrong, "\n".join(wrong)
    assert bool(tried) is (module not in WITHOUT_FORMS)
