# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the results of a module are what its RETURN documentation says."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from typing import Any

from tests.harness.lifecycle_cases import resource_of
from tests.unit.test_collection import MODULES, literals

OF_ANSIBLE = {"changed", "diff", "failed", "warnings"}
TYPES: Mapping[str, tuple[type, ...]] = {
    "bool": (bool,),
    "dict": (dict,),
    "float": (float, int),
    "int": (int,),
    "list": (list,),
    "raw": (object,),
    "str": (str,),
}
# What RETURN says of results that have options as keys, with the module whose options they are if it is another one.
BY_OPTIONS = re.compile(
    r"under their names\.|under the names of the options of M\(pve\.automation\.(\w+)\)|as M\(pve\.automation\.pve_vm\)"
)
GUESTS = ("pve_vm", "pve_lxc")
OF_PVE = re.compile(r"unused\d+|meta|digest")  # keys of a guest that no task sets


@functools.cache
def _modules() -> Mapping[int, str]:
    return {id(resource_of(name)): name for name in MODULES}


def module_of(resource: object) -> str:
    """The name of the module that a declaration belongs to."""
    return _modules()[id(resource)]


def undocumented(module: str, result: Mapping[str, Any]) -> Iterator[str]:
    """What is in a result and not in the documentation of the module, or of another type."""
    documented = literals(module)["RETURN"]
    for name, value in result.items():
        if name in documented:
            yield from _differences(module, name, value, documented[name])
        elif name not in OF_ANSIBLE and not (name == "requests" and value == []):
            yield f"{module}: {name} is not documented"


def _differences(module: str, where: str, value: Any, row: Mapping[str, Any]) -> Iterator[str]:
    if value is None:
        return
    if not isinstance(value, TYPES[row["type"]]) or (isinstance(value, bool) and row["type"] in ("int", "float")):
        yield f"{module}: {where} is documented as {row['type']}, not {type(value).__name__}"
        return
    for item in value if isinstance(value, list) else [value]:
        if not isinstance(item, TYPES[row.get("elements", row["type"])]):
            yield f"{module}: {where} has an entry that is no {row['elements']} but {type(item).__name__}"
        elif isinstance(item, dict) and "contains" in row:
            yield from _keys(module, where, item, row)


def _keys(module: str, where: str, value: Mapping[str, Any], row: Mapping[str, Any]) -> Iterator[str]:
    for key, part in value.items():
        if key in row["contains"]:
            yield from _differences(module, f"{where}.{key}", part, row["contains"][key])
        elif not _is_option(module, str(key), row):
            yield f"{module}: {where}.{key} is not documented"


def _is_option(module: str, key: str, row: Mapping[str, Any]) -> bool:
    """Whether the description names a key, or says that a result has options under their names: ``net0`` is one of ``net``."""
    description = " ".join([row["description"]] if isinstance(row["description"], str) else row["description"])
    if f"C({key})" in description:  # ansible-test takes no key with a hyphen among those of `contains`
        return True
    named = BY_OPTIONS.search(description)
    if named is None:
        return False
    modules = GUESTS if module in (*GUESTS, "pve_backup") else (named[1] or module,)
    options = {name for other in modules for name in literals(other)["DOCUMENTATION"]["options"]}
    return bool({key, key.rstrip("0123456789")} & options) or (modules == GUESTS and bool(OF_PVE.fullmatch(key)))
