# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a guest is made of when it is not made empty: another guest (clone) or a backup (restore).

Either is one step, after which the engine reads and plans again, so that all other options of the task apply to what came out
of it, and a later run completes what an interrupted one left.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import InvalidOption
from ..plan import Step, api_path
from ..resource import State
from ..values import Boolean, Codec, Integer, Text, Word
from .locate import Location
from .volumes import storage_of

_TEXT = Text()
CLONE_OPTIONS: Mapping[str, Codec] = {
    "source": _TEXT,
    "full": Boolean(),
    "storage": _TEXT,
    "format": Word(),
    "snapname": _TEXT,
    "bwlimit": Integer(),
}
RESTORE_OPTIONS: Mapping[str, Codec] = {
    "archive": _TEXT,
    "storage": _TEXT,
    "unique": Boolean(),
    "live_restore": Boolean(),
    "bwlimit": Integer(),
}
NAME_KEY = {"qemu": "name", "lxc": "hostname"}
_MAC_PARTS = {"macaddr", "hwaddr"}
# Keys that PVE makes anew for a clone or that belong to the source alone
_OWN_KEYS = frozenset("vmid node name hostname template lock smbios1 vmgenid status pool pending parent".split())


def parse_source(option: str, value: Any, known: Mapping[str, Codec]) -> dict[str, Any] | None:
    """The canonical form of ``clone`` or ``restore``: a mapping, or only what its first key holds."""
    if value is None:
        return None
    first = next(iter(known))
    given = value if isinstance(value, Mapping) else {first: value}
    unknown = sorted(str(name) for name in set(given) - set(known))
    if unknown:
        raise InvalidOption(option, f"unknown option {', '.join(unknown)}; known are {', '.join(known)}")
    if given.get(first) in (None, ""):
        raise InvalidOption(option, f"{first} is missing")
    parsed = {}
    for name, item in given.items():
        try:
            parsed.update({} if item is None else {name: known[name].parse(item)})
        except ValueError as error:
            raise InvalidOption(option, f"{name}: {error}") from None
    return parsed


def find_source(listed: list[Location], kind: str, source: str) -> Location:
    """The guest to clone, by id or by name."""
    found = [
        guest
        for guest in listed
        if guest.kind == kind and (str(guest.vmid) if source.isdigit() else guest.name) == source
    ]
    if len(found) == 1:
        return found[0]
    if found:
        raise InvalidOption("clone", f"{len(found)} guests are named {source!r}: {'; '.join(map(str, found))}")
    raise InvalidOption("clone", f"there is no guest {source!r} to clone")


def clone_step(source: Location, target: Location, options: Mapping[str, Any], pool: str | None) -> Step:
    """The call that clones; its task bears the id of the source."""
    params: dict[str, Any] = {"newid": target.vmid}
    if target.name:
        params[NAME_KEY[source.kind]] = target.name
    if target.node != source.node:
        params["target"] = target.node
    if pool:
        params["pool"] = pool
    params.update({name: value for name, value in options.items() if name != "source"})
    why = f"clone the {source} as {target.vmid}" + (f" ({target.name})" if target.name else "")
    return Step("POST", f"{source.path}/clone", params, why, task=True, guest=str(source.vmid), replan=True)


def restore_step(target: Location, options: Mapping[str, Any], pool: str | None) -> Step:
    """The call that creates a guest from a backup."""
    params = {"vmid": target.vmid, **{name.replace("_", "-"): value for name, value in options.items()}}
    if target.kind == "lxc":
        params.update({"ostemplate": params.pop("archive"), "restore": True})
    if pool:
        params["pool"] = pool
    why = f"restore {target.vmid} from {options['archive']}"
    return Step(
        "POST", api_path("nodes", target.node, target.kind), params, why, task=True, guest=str(target.vmid), replan=True
    )


def predicted_clone(source: State, target: Location, storage: str | None) -> State:
    """The state of a clone as far as it can be told beforehand: MAC addresses and volume names are the server's to choose."""
    state: State = {"vmid": target.vmid, "node": target.node}
    if target.name:
        state[NAME_KEY[target.kind]] = target.name
    for key, value in source.items():
        if key in _OWN_KEYS or key.startswith("unused"):
            continue
        if isinstance(value, Mapping) and _MAC_PARTS & set(value):
            state[key] = {name: item for name, item in value.items() if name not in _MAC_PARTS}
        elif isinstance(value, Mapping) and storage_of(value) and value.get("media") != "cdrom":
            part = "file" if "file" in value else "volume"
            state[key] = {**value, part: f"{storage or storage_of(value)}:(clone)"}
        else:
            state[key] = value
    return state
