# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The version of the API."""

from __future__ import annotations

from typing import Any

from ..call import Call
from ..routing import endpoint

VERSIONS = {
    "9.2": {"version": "9.2.11", "release": "9.2", "repoid": "14a22df35955d97d"},
    "8.4": {"version": "8.4.14", "release": "8.4", "repoid": "b502d23c55afcba1"},
}


@endpoint("GET", "/version")
def version(call: Call) -> dict[str, Any]:
    answer: dict[str, Any] = dict(VERSIONS[call.cluster.version])
    console = call.cluster.options.get("console")
    return {**answer, "console": console} if console else answer


@endpoint("GET", "/nodes/{node}/version")
def node_version(call: Call) -> dict[str, Any]:
    return dict(VERSIONS[call.cluster.version])
