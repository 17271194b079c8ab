# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of the modules are all that the API takes: a parameter that no table has is a mistake or has a reason here."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from ansible_collections.pve.automation.plugins.module_utils._core.model.field import Field
from ansible_collections.pve.automation.plugins.module_utils._core.model.kinds.by_type import ByType
from ansible_collections.pve.automation.plugins.module_utils._core.model.kinds.item import Item
from ansible_collections.pve.automation.plugins.module_utils._core.model.kinds.singleton import Singleton
from tests.harness.lifecycle_cases import MODULES, resource_of
from tools.coverage import facts, makes, owners, writing_calls

CONTROL = {"delete", "digest", "append", "node", "vmid"}  # how a call works, not what it sets
LEFT_OUT = {
    "pve_backup_job": {
        "dow": "part of schedule since PVE 7.1",
        "starttime": "part of schedule since PVE 7.1",
        "stop": "ends running backups instead of describing a job",
        "quiet": "for the command line",
    },
    "pve_cluster_options": {"migration_unsecure": "part of migration"},
    "pve_firewall_alias": {"rename": "an alias is named by its key"},
    "pve_ha": {"type": "part of the resource's id"},
    "pve_ha_group": {"type": "there is one"},
    "pve_realm": {"check-connection": "an option of the module, of each of its calls"},
    "pve_replication": {
        "type": "there is one, which the module sends",
        "source": "the server keeps it up to date itself",
        "remove_job": "the server marks a job so that is deleted",
    },
    "pve_storage": {"authsupported": "no type of storage has it any more"},
}
DROPPED = {"pve_storage": {"server2", "transport", "volume"}}  # parameters that only 8.4 has
DROPPED_CHOICES = {"pve_storage": {"glusterfs"}}
GUESTS_LEFT_OUT = {
    "bootdisk": "boot tells the order",
    "cdrom": "the same as ide2",
    "lock": "a lock is not a state to wish for",
    "skiplock": "a lock is not to be passed over",
    "revert": "withdraws what a task wished",
    "smp": "sockets and cores",
    "unused": "what is detached becomes unused, and goes by purge",
    "ha-managed": "pve_ha",
    "start": "state",
    "archive": "restore",
    "live-restore": "restore",
    "storage": "restore, or the storage of each disk",
    "unique": "restore",
    "bwlimit": "limits of restore and clone",
    "background-delay": "tasks are waited for",
    "import-working-storage": "an import chooses it by the storage of the disk",
}

# Modules that are no tables of fields: options that no parameter of their calls is named like, and parameters without an option
OF_MODULES = {
    "state",
    "wait",
    "timeout",
    "force",
    "append",
    "unset",
    "allow_lockout",
}  # what a module does, not what it sets
OPTIONS: dict[str, set[str]] = {
    "pve_acl": {"exclusive"},
    "pve_backup": {"fail_fast", "live_restore", "max_age", "parallel", "start", "unique"},
    "pve_cloudinit": {"name"},
    "pve_firewall": {"scope", "options", "rules", "insert"},
    "pve_firewall_ipset": {"scope", "entries"},
    "pve_guest_agent": {"name", "gather", "fsfreeze", "exec", "argv", "stdin", "read", "write", "path", "check"},
    "pve_ha_migrate": {"method"},
    "pve_node_apt": {"update_cache", "cache_valid_time"},
    "pve_node_certificate": {"acme", "renew_before"},
    "pve_node_disk": {"type"},
    "pve_node_dns": {"servers"},
    "pve_node_guests": {"all_guests", "shutdown_timeout"},
    "pve_node_network": {"interfaces", "apply", "revert", "allow_cutoff"},
    "pve_node_repository": {"type", "uri", "suite", "component"},
    "pve_node_subscription": {"check"},
    "pve_sendkey": {"name", "keys", "text", "interval"},
    "pve_snapshot": {"name", "prefix", "retention"},
    "pve_storage_content": {"src"},
    "pve_tfa": {"unlock"},
    "pve_token": {"renew_before"},
}
PARAMETERS: dict[str, dict[str, str]] = {
    "pve_backup": {
        "dumpdir": "a directory that is no storage, in which nothing could be found again",
        "job_id": "the scheduler sets it",
        "quiet": "for the command line",
        "stdout": "for the command line",
        "stop": "ends running backups instead of making one",
        "delay": "tasks are waited for",
        "type": "backups are pruned by guest",
    },
    "pve_firewall": {"moveto": "the order of rules", "pos": "the order of rules"},
    "pve_firewall_group": {
        "rename": "the name itself, to change the comment",
        "pos": "the group's rules, which are deleted with it",
    },
    "pve_firewall_ipset": {"rename": "the name itself, to change the comment"},
    "pve_guest_agent": {
        "encode": "whether the server encodes, which follows from the content",
        "file": "read.path and write.path",
        "input_data": "exec.stdin",
    },
    "pve_node_disk": {"device": "devices"},
    "pve_node_dns": {"dns1": "servers", "dns2": "servers", "dns3": "servers"},
    "pve_node_guests": {"maxworkers": "the older word for max_workers"},
    "pve_node_network": {"comments6": "comments"},
    "pve_node_power": {"command": "state"},
    "pve_node_subscription": {"force": "check: true asks in any case"},
    "pve_realm_sync": {
        "full": "older word for remove_vanished",
        "purge": "older word for remove_vanished",
    },
    "pve_sendkey": {"key": "keys", "skiplock": "a lock is not to be passed over"},
    "pve_storage_content": {
        "delay": "tasks are waited for",
        "tmpfilename": "the server sets it",
        "volume": "part of the volume's id, which content and filename make",
    },
    "pve_tfa": {"challenge": "for registration with a browser", "password": "the password of the login"},
}
# A raw call has the parameters of all of them, many guests at once those of one guest, guests a test of their own below.
OTHERWISE = {"pve_api", "pve_guests", "pve_vm", "pve_lxc"}

BASES = {"pve_firewall_alias": "/cluster/firewall"}  # of items with an address, one of those that they may have

TYPES = {"boolean": "bool", "integer": "int", "number": "float"}


def parameters(*paths: str) -> dict[str, Any]:
    """What the calls take that create and change what is at a path; numbered ones without their number."""
    return {
        re.sub(r"\[n\]$", "", name): schema
        for path in paths
        for call in facts()["endpoints"]
        if call["method"] in ("POST", "PUT") and re.fullmatch(re.sub(r"\{[^}]*\}", "[^/]+", call["path"]), path)
        for name, schema in call["parameters"].items()
    }


def tables() -> Iterator[Any]:
    """Module, paths and fields of each declaration that is a table of fields."""
    for file in sorted(MODULES.glob("pve_*.py")):
        resource = resource_of(file.stem)
        if isinstance(resource, Singleton):
            paths = [resource.path(dict.fromkeys(resource.keys, "x"))]
            yield pytest.param(file.stem, paths, list(resource.fields), id=file.stem)
        items = resource.items if isinstance(resource, ByType) else {"": resource}
        for kind, item in items.items():
            if isinstance(item, Item) and file.stem != "pve_ha_rule":  # whose calls the schema tells nothing of
                fields = [item.key, *item.fields]
                base = BASES.get(file.stem, "")
                paths = [base + item.collection, item.path("x", base)]
                yield pytest.param(file.stem, paths, fields, id=f"{file.stem} {kind}".strip())


all_tables = pytest.mark.parametrize(("module", "paths", "fields"), list(tables()))


@all_tables
def test_a_table_has_every_parameter_of_its_calls(module: str, paths: list[str], fields: list[Field]) -> None:
    known = {re.sub(r"^(acmedomain)\d$", r"\1", field.api) for field in fields}
    taken = set(parameters(*paths))
    reasons = LEFT_OUT.get(module, {})
    assert taken - CONTROL - known == taken & set(reasons)
    assert known - taken == DROPPED.get(module, set())


@all_tables
def test_a_table_has_the_types_and_choices_of_its_calls(module: str, paths: list[str], fields: list[Field]) -> None:
    """Choices that grow with every release are not told: the server knows better."""
    taken = parameters(*paths)
    for field in fields:
        schema = taken.get(field.api, {})
        if "enum" in schema and field.choices:
            dropped = DROPPED_CHOICES.get(module, set()) if field.name == "type" else set()
            assert set(map(str, field.choices)) - dropped == set(map(str, schema["enum"])), field.name
        if schema.get("type") in TYPES and field.name != "expire":  # which also takes dates and periods
            assert field.type == TYPES[schema["type"]], field.name


@all_tables
def test_the_coverage_table_has_the_calls_of_a_table(module: str, paths: list[str], fields: list[Field]) -> None:
    methods = ("PUT", "DELETE") if len(paths) > 1 else ("PUT",)
    assert [method for method in methods if not makes(module, method, paths[-1])] == []
    assert len(paths) == 1 or any(makes(module, "POST", path) for path in paths)


# --- modules that are no tables ---------------------------------------------------------------------------------------


def hand_written() -> list[str]:
    """The managing modules without a table of fields, whose calls tools/coverage.yml lists."""
    seen = {str(param.values[0]) for param in tables()} | OTHERWISE
    names = sorted(file.stem for file in MODULES.glob("pve_*.py"))
    return [name for name in names if not name.endswith("_info") and name not in seen]


def parameters_of(module: str) -> dict[str, Mapping[str, Any]]:
    """The parameters of a module's calls, with underscores for hyphens."""
    endpoints = {(call["method"], call["path"]): call["parameters"] for call in facts()["endpoints"]}
    mine = [call for call in writing_calls() if any(row.owner == module for row in owners(*call))]
    return {name.replace("-", "_"): schema for call in mine for name, schema in endpoints[call].items()}


def option_names(spec: Mapping[str, Any]) -> Iterator[str]:
    """The names of options and of their suboptions."""
    for name, row in spec.items():
        yield name
        yield from option_names(row.get("options") or {})


@pytest.mark.parametrize("module", hand_written())
def test_options_are_the_parameters_of_the_calls(module: str) -> None:
    options = set(option_names(resource_of(module).arguments()["argument_spec"]))
    taken = set(parameters_of(module))
    assert taken - CONTROL - options == set(PARAMETERS.get(module, {}))
    assert options - taken - OF_MODULES - CONTROL == OPTIONS.get(module, set())


@pytest.mark.parametrize("module", hand_written())
def test_options_have_the_types_of_the_parameters(module: str) -> None:
    spec, taken = resource_of(module).arguments()["argument_spec"], parameters_of(module)
    for name in spec.keys() & taken.keys() - {"expire"}:  # which also takes dates and periods
        kind = taken[name].get("type")
        assert kind not in TYPES or spec[name]["type"] == TYPES[kind], name


def test_all_managing_modules_are_seen() -> None:
    seen = {str(param.values[0]) for param in tables()} | set(hand_written()) | {"pve_vm", "pve_lxc"}
    managing = {file.stem for file in MODULES.glob("pve_*.py") if not file.stem.endswith("_info")}
    assert managing - seen == {"pve_api", "pve_guests"}
    assert OPTIONS.keys() | PARAMETERS.keys() <= set(hand_written())


# --- guests -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("module", "kind"), [("pve_vm", "qemu"), ("pve_lxc", "lxc")])
def test_guests_have_every_parameter_of_their_calls(module: str, kind: str) -> None:
    options = {name.replace("_", "-") for name in resource_of(module).arguments()["argument_spec"]}
    assert guest_parameters(kind) - CONTROL - options <= set(GUESTS_LEFT_OUT)


def test_every_reason_is_needed() -> None:
    assert set(GUESTS_LEFT_OUT) <= guest_parameters("qemu") | guest_parameters("lxc")


def guest_parameters(kind: str) -> set[str]:
    names = parameters(f"/nodes/x/{kind}", f"/nodes/x/{kind}/9/config")
    return {name.replace("_", "-") for name in names}
