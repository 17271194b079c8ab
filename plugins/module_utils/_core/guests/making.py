# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Guests that are being created, cloned or restored.

Until PVE has finished one, its configuration holds hardly more than a lock (PVE/API2/Qemu.pm, clone_vm; PVE/AbstractConfig.pm,
create_and_lock_config). It has no name by which it could be found, and may become the very guest that a task looks for.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from ..model.contract import Reader
from ..model.errors import Refused
from ..run.polling import wait_until
from ..run.task import is_running
from .directory import Directory, location
from .locate import NAME_KEY, Location, read_config

LOCKS = ("create", "clone")
CLONES = ("qmclone", "vzclone")  # tasks whose id is that of the source
CREATIONS = ("qmcreate", "qmrestore", "vzcreate", "vzrestore")  # tasks whose id is that of the new guest
PAUSE = 2.0  # seconds between two looks


def is_unfinished(config: Mapping[str, Any], kind: str) -> bool:
    """Whether a configuration is the one that a guest has while it is made."""
    return config.get("lock") in LOCKS and not config.get(NAME_KEY[kind])


def unfinished(reader: Reader, directory: Directory, kind: str, skip: Collection[int] = ()) -> list[Location]:
    """The guests of a kind that are being made by somebody else; ``skip`` are ids that the caller makes itself."""
    locked = [row for row in directory.guests() if row["type"] == kind and row.get("lock") in LOCKS]
    return [guest for guest in map(location, locked) if guest.vmid not in skip and _is_nameless(reader, guest)]


def await_finish(reader: Reader, guests: Sequence[Location], timeout: float, name: str) -> None:
    """Wait until these guests are made. Raises Refused if that takes too long, because one of them may become ``name``.

    A guest that no task is at work on was left behind by one that was killed: it is warned about, not waited for.
    """
    left = list(guests)

    def look() -> bool | None:
        nonlocal left
        left = [guest for guest in left if _is_nameless(reader, guest)]
        if not left:
            return True
        worked_on = _worked_on(reader)
        abandoned = [guest for guest in left if not (worked_on.intersection((guest.vmid, guest.kind)))]
        reader.warnings.extend(
            f"The {guest} is locked as if it were being made, but no task that {reader.connection.identity} may see does that."
            for guest in abandoned
        )
        left = [guest for guest in left if guest not in abandoned]
        if left:
            reader.on_progress(f"waiting until these guests are made: {', '.join(str(guest.vmid) for guest in left)}")
        return None if left else True

    if wait_until(reader, look, timeout, PAUSE) is None:
        raise Refused(
            f"The {left[0]} is still being made after {timeout:g} s. It gets its name last, which may be {name!r}.",
            hint="Run the task again when that has ended, or give vmid, which says which guest is meant.",
        )


def _is_nameless(reader: Reader, guest: Location) -> bool:
    config = read_config(reader, guest, forbidden_is_absent=True)
    return config is not None and is_unfinished(config, guest.kind)


def _worked_on(reader: Reader) -> set[int | str]:
    """The ids of guests that running tasks make; of clones, whose tasks name only the source, the kind."""
    working: set[int | str] = set()
    for row in filter(is_running, reader.get("/cluster/tasks") or []):
        if row.get("type") in CLONES:
            working.add("qemu" if row["type"] == "qmclone" else "lxc")
        elif row.get("type") in CREATIONS and str(row.get("id", "")).isdigit():
            working.add(int(row["id"]))
    return working
