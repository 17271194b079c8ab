# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What playbooks/demo.yml asks of the modules, learned from a real run of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tests.harness.cluster import Cluster
from tests.harness.playbook import FULL_NAME, ROOT, run_playbook

DEMO = ROOT / "playbooks" / "demo.yml"


def demo_variables(cluster: Cluster, directory: Path) -> dict[str, str]:
    """The environment of the demo; ``directory`` keeps the secret of its token."""
    facts = cluster.facts
    return {
        "PVE_HOST": facts["url"],
        "PVE_USER": facts["user"],
        "PVE_PASSWORD": facts["password"],
        "PVE_FINGERPRINT": facts["fingerprint"],
        "PVE_NODE": facts["node"],
        "PVE_BRIDGE": facts["bridge"],
        "PVE_DEMO_ISO_URL": "https://mirror.example.org/pvetest-demo.iso",
        "PVE_DEMO_STATE": str(directory),
    }


def demo_tasks(cluster: Cluster, directory: Path) -> list[tuple[str, dict[str, Any]]]:
    """Module and options of each task of ours, and of each item of its loop: without the connection, on a second run."""
    played = run_playbook(DEMO, directory, variables=demo_variables(cluster, directory))
    if played.code:
        raise RuntimeError(played.printed)
    return [
        (row.module.removeprefix(FULL_NAME), options)
        for row in played.rows
        if row.module.startswith(FULL_NAME)
        for options in _options(row.result, row.written)
    ]


def _options(result: Mapping[str, Any], written: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The options of a task as its module got them; where no_log hides them, what is written there."""
    for item in result.get("results", [result]):
        if "invocation" in item:
            given = item["invocation"]["module_args"]
            yield {name: _given(value) for name, value in given.items() if value is not None and not _elsewhere(name)}
        else:
            yield {name: value for name, value in written.items() if not _elsewhere(name)}


def _given(value: Any) -> Any:
    """A value without the sub-options that are not given, for which a module gets null."""
    if isinstance(value, Mapping):
        return {name: _given(part) for name, part in value.items() if part is not None}
    return [_given(part) for part in value] if isinstance(value, list) else value


def _elsewhere(option: str) -> bool:
    """Whether an option is of the connection, or that the token's secret was not kept by an earlier run."""
    return option.startswith("api_") or option in ("validate_certs", "ca_path", "regenerate")
