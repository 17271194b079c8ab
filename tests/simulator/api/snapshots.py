# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The snapshots of virtual machines and containers."""

from __future__ import annotations

from typing import Any

from .. import snapshots
from ..call import Call
from ..errors import ApiError
from ..guest import Guest, find_guest
from ..guest_config import snapshot_config, snapshot_of
from ..guest_tasks import start_task
from ..routing import endpoint
from ..tasks import TaskLog

PREFIX = {"qemu": "qm", "lxc": "vz"}
RESERVED = ("current", "pending", "cloudinit")


def _guest(call: Call) -> Guest:
    kind = "lxc" if "/lxc/" in call.template else "qemu"
    return find_guest(call.cluster, kind, call.params["vmid"], str(call.node))


def list_snapshots(call: Call) -> Any:
    guest = _guest(call)
    rows: list[dict[str, Any]] = []
    for snapshot in guest.snapshots.values():
        row = {"name": snapshot.name, "snaptime": snapshot.time, "description": snapshot.description}
        if guest.kind == "qemu":
            row["vmstate"] = int(snapshot.vmstate is not None)
        if snapshot.parent:
            row["parent"] = snapshot.parent
        rows.append(row)
    current = {
        "name": "current",
        "description": "You are here!",
        "digest": guest.digest(),
        "running": int(guest.running),
    }
    if guest.parent:
        current["parent"] = guest.parent
    return [*rows, current]


def take_snapshot(call: Call) -> Any:
    guest, name = _guest(call), call.params["snapname"]
    if name in RESERVED:
        raise ApiError(500, f"unable to use snapshot name '{name}' (reserved name)")
    description = call.params.get("description", "").rstrip()
    vmstate = bool(call.params.get("vmstate"))

    def work(log: TaskLog) -> None:
        snapshots.take(call.cluster, guest, name, description, vmstate, log)

    return start_task(
        call, f"{PREFIX[guest.kind]}snapshot", guest.vmid, work, guest=guest, lock="snapshot", duration=2.0
    )


def snapshot_index(call: Call) -> Any:
    return [{"cmd": "rollback"}, {"cmd": "config"}]


def get_snapshot_config(call: Call) -> Any:
    return snapshot_config(snapshot_of(_guest(call), call.params["snapname"]))


def update_snapshot(call: Call) -> Any:
    guest = _guest(call)
    guest.check_lock()
    snapshot = snapshot_of(guest, call.params["snapname"])
    if call.given("description"):
        snapshot.description = call.params["description"].rstrip()


def delete_snapshot(call: Call) -> Any:
    guest, name = _guest(call), call.params["snapname"]
    lock = "snapshot-delete" if name in guest.snapshots else None

    def work(log: TaskLog) -> None:
        snapshots.delete(call.cluster, guest, name)

    return start_task(
        call, f"{PREFIX[guest.kind]}delsnapshot", guest.vmid, work, guest=guest, lock=lock,
        ignore_lock=bool(call.params.get("force")), duration=2.0,
    )  # fmt: skip


def roll_back(call: Call) -> Any:
    guest, name = _guest(call), call.params["snapname"]
    lock = "rollback" if name in guest.snapshots else None
    if call.params.get("start") and guest.snapshots.get(name) is not None:
        call.check(f"/vms/{guest.vmid}", ["VM.PowerMgmt"])

    def work(log: TaskLog) -> None:
        snapshots.roll_back(call.cluster, guest, name, bool(call.params.get("start")), log)

    return start_task(call, f"{PREFIX[guest.kind]}rollback", guest.vmid, work, guest=guest, lock=lock, duration=2.0)


for _kind in ("qemu", "lxc"):
    _base = f"/nodes/{{node}}/{_kind}/{{vmid}}/snapshot"
    endpoint("GET", _base)(list_snapshots)
    endpoint("POST", _base)(take_snapshot)
    endpoint("GET", f"{_base}/{{snapname}}")(snapshot_index)
    endpoint("DELETE", f"{_base}/{{snapname}}")(delete_snapshot)
    endpoint("GET", f"{_base}/{{snapname}}/config")(get_snapshot_config)
    endpoint("PUT", f"{_base}/{{snapname}}/config")(update_snapshot)
    endpoint("POST", f"{_base}/{{snapname}}/rollback")(roll_back)
