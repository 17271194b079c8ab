# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""External metric servers. Nothing is sent to them."""

from __future__ import annotations

from typing import Any

from ..call import Call
from ..errors import ApiError
from ..routing import endpoint
from ..sections import Sections, change, check_digest, deleted, given, sections

LISTED = ("type", "server", "port", "disable")
BASE = "/cluster/metrics/server"


@endpoint("GET", "/cluster/metrics")
def index(call: Call) -> list[dict[str, str]]:
    return [{"name": "server"}]


def servers(call: Call) -> Sections:
    return sections(call.cluster, "metric_servers")


@endpoint("GET", BASE)
def list_servers(call: Call) -> list[dict[str, Any]]:
    rows = []
    for name, section in servers(call).items():
        shown = {key: section[key] for key in LISTED if key in section}
        rows.append({"id": name, "disable": 0, **shown})
    return rows


@endpoint("GET", f"{BASE}/{{id}}")
def read_server(call: Call) -> dict[str, Any]:
    name = call.params["id"]
    if name not in servers(call):
        raise ApiError(500, f"status server entry '{name}' does not exist")
    return {key: value for key, value in servers(call)[name].items() if key != "token"}


@endpoint("POST", f"{BASE}/{{id}}")
def create_server(call: Call) -> None:
    name = call.params["id"]
    if name in servers(call):
        raise ApiError(500, f"Metric server '{name}' already exists")
    servers(call)[name] = given(call, "id")


@endpoint("PUT", f"{BASE}/{{id}}")
def update_server(call: Call) -> None:
    name, found = call.params["id"], servers(call)
    check_digest(call, found)
    if name not in found:
        raise ApiError(500, f"no such server '{name}'")
    change(found[name], given(call, "id"), deleted(call))


@endpoint("DELETE", f"{BASE}/{{id}}")
def delete_server(call: Call) -> None:
    if servers(call).pop(call.params["id"], None) is None:
        source = "/usr/share/perl5/PVE/API2/Cluster/MetricServer.pm line 295."
        raise ApiError(500, f"cannot lookup undefined type! at {source}")
