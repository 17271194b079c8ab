# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of the modules are all that the API takes: a parameter that no table has is a mistake or has a reason here."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from ansible_collections.pve.automation.plugins.module_utils._core.model.kinds.by_type import ByType
from ansible_collections.pve.automation.plugins.module_utils._core.model.kinds.item import Item
from ansible_collections.pve.automation.plugins.module_utils._core.model.kinds.singleton import Singleton
from ansible_collections.pve.automation.plugins.module_utils._core.model.table import Table
from tests.harness.lifecycle_cases import MODULES, resource_of
from tools.coverage import facts, owners, writing_calls
from tools.privileges import meant

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
    "pve_replication": {
        "type": "there is one, which the module sends",
        "source": "the server keeps it up to date itself",
        "remove_job": "the server marks a job so that is deleted",
    },
    "pve_storage": {"authsupported": "no type of storage has it any more"},
}
DROPPED = {"pve_storage": {"server2", "transport", "volume"}}  # parameters that only 8.4 has
MORE_CHOICES = {  # that only one side has
    "pve_storage": {"glusterfs"},  # in 8.4
    "pve_node_network": {"fabric", "vnet"},  # SDN makes these
    "pve_storage_content": {"snippets"},  # which can only be deleted
}
OTHER_TYPES = {
    ("pve_backup", "vmid"),  # many are backed up, one is pruned
    ("pve_firewall", "enable"),  # 0 and 1
    ("pve_node_network", "netmask6"),  # written as that of the older family
}
KINDS = (Item, Singleton, ByType)
GUESTS_LEFT_OUT = {
    "bootdisk": "boot has the order",
    "cdrom": "the same as ide2",
    "lock": "a lock is no desired state",
    "skiplock": "a lock is not to be passed over",
    "revert": "withdraws pending changes",
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
    """Module and table of each declaration whose fields are parameters of its calls."""
    for module in managing():
        declared = [table for table in resource_of(module).tables() if table.fields is not None]
        for number, table in enumerate(declared):
            yield pytest.param(module, table, id=f"{module} {number}" if len(declared) > 1 else module)


def managing() -> list[str]:
    return sorted(file.stem for file in MODULES.glob("pve_*.py") if not file.stem.endswith("_info"))


def parameters_of_table(table: Table) -> dict[str, Any]:
    """What the writing calls of a table take, without what stands in their paths; numbered ones without their number."""
    found: dict[str, Any] = {}
    for method, path in {call for declared in table.calls for call in meant(declared)} & set(writing_calls()):
        taken = endpoints()[method, path]
        found |= {re.sub(r"\[n\]$", "", name): row for name, row in taken.items() if f"{{{name}}}" not in path}
    return found


@functools.cache
def endpoints() -> dict[tuple[str, str], Mapping[str, Any]]:
    return {(call["method"], call["path"]): call["parameters"] for call in facts()["endpoints"]}


all_tables = pytest.mark.parametrize(("module", "table"), list(tables()))


@all_tables
def test_every_declared_call_is_one_of_the_api(module: str, table: Table) -> None:
    assert [call for call in table.calls if not meant(call)] == []


@all_tables
def test_a_table_has_every_parameter_of_its_calls(module: str, table: Table) -> None:
    known = {re.sub(r"^(acmedomain)\d$", r"\1", field.api) for field in table.fields or ()}
    taken = set(parameters_of_table(table))
    reasons = {name.replace("-", "_") for name in {**LEFT_OUT.get(module, {}), **PARAMETERS.get(module, {})}}
    assert {name for name in taken - CONTROL - known if name.replace("-", "_") not in reasons} == set()
    in_path = {name for call in table.calls for _method, path in meant(call) for name in re.findall(r"{(\w+)}", path)}
    assert known - taken - in_path == DROPPED.get(module, set()) & known


@all_tables
def test_a_table_has_the_types_and_choices_of_its_calls(module: str, table: Table) -> None:
    """Choices that grow with every release are not compared: the server knows better."""
    taken = parameters_of_table(table)
    for field in table.fields or ():
        schema = taken.get(field.api, {})
        more = MORE_CHOICES.get(module, set())
        if schema.get("enum") and field.choices:
            assert set(map(str, field.choices)) - more == set(map(str, schema["enum"])) - more, field.name
        if schema.get("type") in TYPES and (module, field.name) not in OTHER_TYPES and field.name != "expire":
            assert field.type == TYPES[schema["type"]], field.name


@all_tables
def test_the_fields_of_a_table_are_options(module: str, table: Table) -> None:
    """So that nothing is declared that nobody can set."""
    spec = dict(options_by_name(resource_of(module).arguments()["argument_spec"]))
    for field in table.fields or ():
        rows = spec.get(field.name, [])
        assert any(row["type"] == field.type and row.get("no_log") == field.spec().get("no_log") for row in rows), field


def options_by_name(spec: Mapping[str, Any]) -> dict[str, list[Mapping[str, Any]]]:
    """The rows of options and suboptions, by name."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for name, row in spec.items():
        found.setdefault(name, []).append(row)
        for inner, rows in options_by_name(row.get("options") or {}).items():
            found.setdefault(inner, []).extend(rows)
    return found


def test_every_reason_of_a_module_is_needed() -> None:
    for module, reasons in LEFT_OUT.items():
        tables = [table for table in resource_of(module).tables() if table.fields is not None]
        known = {field.api for table in tables for field in table.fields or ()}
        assert set(reasons) <= {name for table in tables for name in parameters_of_table(table)} - known, module


def test_most_managing_modules_are_tables() -> None:
    seen = {str(param.values[0]) for param in tables()}
    print(f"{len(seen)} of {len(managing())} managing modules are tables")
    assert len(seen) >= 40


# --- modules with options of their own ------------------------------------------------------------------------------------


def hand_written() -> list[str]:
    """The managing modules whose options are more than the fields of their tables."""
    return [name for name in managing() if name not in OTHERWISE and not isinstance(resource_of(name), KINDS)]


def parameters_of(module: str) -> dict[str, Mapping[str, Any]]:
    """The parameters of a module's calls, with underscores for hyphens."""
    others = {
        call
        for table in resource_of(module).tables()
        if table.fields is None
        for row in table.calls
        for call in meant(row)
    }
    mine = {call for call in writing_calls() if any(row.owner == module for row in owners(*call))} - others
    return {name.replace("-", "_"): schema for call in mine for name, schema in endpoints()[call].items()}


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
        assert kind not in TYPES or (module, name) in OTHER_TYPES or spec[name]["type"] == TYPES[kind], name


def test_all_managing_modules_are_seen() -> None:
    seen = {str(param.values[0]) for param in tables()} | set(hand_written()) | {"pve_vm", "pve_lxc"}
    assert set(managing()) - seen == {"pve_api", "pve_guests"}
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
