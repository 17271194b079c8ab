# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the configuration of a guest is shown: in force, as it will be, and the two side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .errors import ApiError, params_error
from .guest import Config, Guest, Snapshot, find_guest

if TYPE_CHECKING:
    from .call import Call

HIDDEN = "**********"


def snapshot_of(guest: Guest, name: str) -> Snapshot:
    if name not in guest.snapshots:
        raise ApiError(500, f"snapshot '{name}' does not exist")
    return guest.snapshots[name]


def config_shown(call: Call, kind: str) -> Config:
    """The answer of GET config: with pending changes, or `current`, or that of a `snapshot`."""
    if call.given("snapshot") and call.params.get("current"):
        text = "cannot use 'snapshot' parameter with 'current'"
        raise params_error({"snapshot": text, "current": text})
    guest = find_guest(call.cluster, kind, call.params["vmid"], str(call.node))
    if call.given("snapshot"):
        config = snapshot_config(snapshot_of(guest, call.params["snapshot"]))
    else:
        config = guest.shown() if call.params.get("current") else guest.effective()
        if guest.parent:
            config["parent"] = guest.parent
    return {**masked(config), "digest": guest.digest()}


def snapshot_config(snapshot: Snapshot) -> Config:
    """The configuration that a snapshot keeps, with what describes the snapshot itself."""
    config = {name: value for name, value in snapshot.config.items() if name != "description"}
    config |= {"snaptime": snapshot.time, **snapshot.running}
    for name, value in (("description", snapshot.description), ("parent", snapshot.parent)):
        if value:
            config[name] = value
    if snapshot.vmstate:
        config["vmstate"] = snapshot.vmstate
    return masked(config)


def masked(config: Config) -> Config:
    return {name: HIDDEN if name == "cipassword" else value for name, value in config.items()}


def pending_shown(call: Call, kind: str) -> list[dict[str, Any]]:
    """The answer of GET pending: one row for each option with its value, what it will be, and whether it goes."""
    guest = find_guest(call.cluster, kind, call.params["vmid"], str(call.node))
    config, pending = masked(guest.shown()), masked(guest.pending)
    if guest.parent:
        config["parent"] = guest.parent
    rows: list[dict[str, Any]] = [{"key": "digest", "value": guest.digest()}]
    for name in {**config, **pending}:
        row: dict[str, Any] = {"key": name}
        if name in config:
            row["value"] = config[name]
        if name in pending and guest.pending[name] is None:
            row["delete"] = 2 if name in guest.pending_force else 1
        elif name in pending:
            row["pending"] = pending[name]
        rows.append(row)
    return rows
