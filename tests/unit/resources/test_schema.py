# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of the modules are all that the API takes: a parameter that no table has is a mistake or has a reason here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from ansible_collections.pve.automation.plugins.module_utils._core.model.field import Field
from ansible_collections.pve.automation.plugins.module_utils._core.model.kinds.by_type import ByType
from ansible_collections.pve.automation.plugins.module_utils._core.model.kinds.item import Item
from ansible_collections.pve.automation.plugins.module_utils._core.model.kinds.singleton import Singleton
from tests.harness.lifecycle_cases import MODULES, resource_of
from tools.coverage import facts

CONTROL = {"delete", "digest", "append", "node", "vmid"}  # how a call works, not what it sets
LEFT_OUT = {
    "pve_backup_job": {
        "dow": "part of schedule since PVE 7.1",
        "starttime": "part of schedule since PVE 7.1",
        "stop": "ends running backups instead of describing a job",
        "quiet": "for the command line",
    },
    "pve_cluster_options": {"migration_unsecure": "part of migration"},
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
                yield pytest.param(
                    file.stem, [item.collection, item.path("x")], fields, id=f"{file.stem} {kind}".strip()
                )


all_tables = pytest.mark.parametrize(("module", "paths", "fields"), list(tables()))


@all_tables
def test_a_table_has_every_parameter_of_its_calls(module: str, paths: list[str], fields: list[Field]) -> None:
    known = {re.sub(r"^(acmedomain)\d$", r"\1", field.api) for field in fields}
    taken = set(parameters(*paths))
    reasons = LEFT_OUT.get(module, {})
    assert taken - CONTROL - known == taken & set(reasons)
    assert known <= taken


@all_tables
def test_a_table_has_the_types_and_choices_of_its_calls(module: str, paths: list[str], fields: list[Field]) -> None:
    """Choices that grow with every release are not told: the server knows better."""
    taken = parameters(*paths)
    for field in fields:
        schema = taken.get(field.api, {})
        if "enum" in schema and field.choices:
            assert set(map(str, field.choices)) == set(map(str, schema["enum"])), field.name
        if schema.get("type") in TYPES and field.name != "expire":  # which also takes dates and periods
            assert field.type == TYPES[schema["type"]], field.name


@pytest.mark.parametrize(("module", "kind"), [("pve_vm", "qemu"), ("pve_lxc", "lxc")])
def test_guests_have_every_parameter_of_their_calls(module: str, kind: str) -> None:
    options = {name.replace("_", "-") for name in resource_of(module).arguments()["argument_spec"]}
    assert guest_parameters(kind) - CONTROL - options <= set(GUESTS_LEFT_OUT)


def test_every_reason_is_needed() -> None:
    assert set(GUESTS_LEFT_OUT) <= guest_parameters("qemu") | guest_parameters("lxc")


def guest_parameters(kind: str) -> set[str]:
    names = parameters(f"/nodes/x/{kind}", f"/nodes/x/{kind}/9/config")
    return {name.replace("_", "-") for name in names}
