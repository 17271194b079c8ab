# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Custom CPU models.

Follows pve-manager PVE/API2/Cluster/Qemu/CustomCPUModels.pm, and get_custom_model in qemu-server
src/PVE/QemuServer/CPUConfig.pm, which reports no property that is false in Perl.
"""

from __future__ import annotations

from typing import Any

from ..call import Call
from ..errors import ApiError
from ..routing import endpoint
from ..sections import Sections, change, check_digest, deleted, digest_of, given, sections

MODELS = "/cluster/qemu/custom-cpu-models"
PRIVILEGES = ["Mapping.Modify", "Mapping.Use", "Mapping.Audit"]
PREFIX = "custom-"
OPTIONS = frozenset("flags guest-phys-bits hidden hv-vendor-id level phys-bits reported-model".split())


def models(call: Call) -> Sections:
    return sections(call.cluster, "cpu_models")


def name_of(call: Call) -> str:
    return str(call.params["cputype"]).removeprefix(PREFIX)


def existing(call: Call, failure: str = "custom CPU model '{}' does not exist") -> tuple[str, Sections]:
    name, found = name_of(call), models(call)
    if name not in found:
        raise ApiError(500, failure.format(name))
    return name, found


@endpoint("GET", MODELS)
def list_models(call: Call) -> list[dict[str, Any]]:
    found = models(call)
    return [
        {**section, "cputype": f"{PREFIX}{name}", "digest": digest_of(found)}
        for name, section in found.items()
        if call.may(f"/mapping/cpu/{name}", PRIVILEGES, any=True)
    ]


@endpoint("GET", f"{MODELS}/{{cputype}}")
def read_model(call: Call) -> dict[str, Any]:
    name, found = existing(call, "Custom cputype '{}' not found")
    shown = {key: value for key, value in found[name].items() if value}
    return {**shown, "cputype": f"{PREFIX}{name}", "digest": digest_of(found)}


@endpoint("POST", MODELS)
def create_model(call: Call) -> None:
    name, found = name_of(call), models(call)
    if name in found:
        raise ApiError(500, f"custom CPU model '{name}' already exists")
    found[name] = given(call, "cputype")


@endpoint("PUT", f"{MODELS}/{{cputype}}")
def update_model(call: Call) -> None:
    removed = deleted(call)
    if "cputype" in removed:
        raise ApiError(500, "cannot delete 'cputype'")
    check_digest(call, models(call))
    name, found = existing(call)
    unknown = next((option for option in removed if option not in OPTIONS), None)
    if unknown is not None:
        raise ApiError(500, f"no such option '{unknown}'")
    change(found[name], given(call, "cputype"), removed)


@endpoint("DELETE", f"{MODELS}/{{cputype}}")
def delete_model(call: Call) -> None:
    name, found = existing(call)
    del found[name]
