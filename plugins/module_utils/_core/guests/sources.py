# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a guest is made of when it is not made empty: another guest (clone) or a backup (restore).

Either is one step, after which the engine reads and plans again, so that all other options of the task apply to what came out
of it, and a later run completes what an interrupted one left.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import unquote

from ..model.contract import Reader, State
from ..model.errors import CREATED_FIRST, ApiError, InvalidOption, NotFound
from ..model.plan import Step, api_path
from ..model.values import Boolean, Codec, Integer, Text, VolumeName, Word
from .directory import Directory, Found
from .locate import NAME_KEY, TITLES, Location, read_config
from .volumes.common import storage_of, volume_of
from .volumes.drives import format_of

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
    "archive": VolumeName("local:backup/vzdump-qemu-100-2026_01_31-12_00_00.vma.zst"),
    "storage": _TEXT,
    "unique": Boolean(),
    "live_restore": Boolean(),
    "bwlimit": Integer(),
}
_MAC_PARTS = {"macaddr", "hwaddr"}
_DISK = re.compile(r"(?:scsi|virtio|sata|ide|efidisk|tpmstate)\d+")
_NO_DATA = re.compile(r"\bmedia=cdrom\b")
_ON_STORAGE = re.compile(r"([A-Za-z][\w.-]*):")
_ON_ITS_WAY = re.compile(r"This clone is being moved to node ([^ ]+)\.")
# Keys that PVE generates for a clone or that belong to the source alone
OWN_KEYS = frozenset("vmid node name hostname template lock smbios1 vmgenid status pool pending parent".split())


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


def find_source(directory: Directory, kind: str, source: str, node: str | None = None) -> Found:
    """The guest to clone, by id or by name, with its configuration; of templates of one name the best for a clone on ``node``."""
    return directory.once((kind, source, node), lambda: _find_source(directory, kind, source, node))


def _find_source(directory: Directory, kind: str, source: str, node: str | None) -> Found:
    copies = [] if source.isdigit() or directory.is_certain([kind], source) else _copies(directory, kind, source)
    if copies:
        return min(copies, key=lambda copy: _distance(directory, copy, node))
    found = directory.follow(int(source)) if source.isdigit() else directory.find([kind], source, "clone")
    if found is None:
        raise InvalidOption("clone", f"there is no guest {source!r} to clone", hint=CREATED_FIRST)
    if found[0].kind != kind:
        raise InvalidOption("clone", f"the {found[0]} is not a {TITLES[kind]}")
    return found


def _copies(directory: Directory, kind: str, name: str) -> list[Found]:
    """The templates of a name, of which each node may have one; none if not all of that name are templates, or if it is one."""
    namesakes = directory.namesakes([kind], name)
    templates = {int(row["vmid"]) for row in directory.guests() if row.get("template")}
    if len(namesakes) < 2 or any(where.vmid not in templates for where in namesakes):
        return []
    copies = [(where, read_config(directory.reader, where)) for where in namesakes]
    return [(where, config) for where, config in copies if config is not None]


def _distance(directory: Directory, copy: Found, node: str | None) -> tuple[bool, bool, str, int]:
    """How far a template is from a node: there, where PVE clones from there, or where the clone has to be moved."""
    where, config = copy
    return where.node != node, bool(local_storages(directory.rows, where.node, config.values())), where.node, where.vmid


def local_storages(rows: Iterable[Mapping[str, Any]], node: str, values: Iterable[Any]) -> list[str]:
    """The storages of a guest's volumes that only its node has. ``values`` are those of its configuration."""
    shared = {
        row["storage"]: bool(row.get("shared"))
        for row in rows
        if row.get("type") == "storage" and row.get("node") == node
    }
    texts = (volume_of(value) if isinstance(value, Mapping) else str(value) for value in values)
    used = {match[1] for text in texts if (match := _ON_STORAGE.match(text))}
    return sorted(name for name in used if shared.get(name) is False)


def on_its_way(node: str) -> str:
    """The description of a clone that has yet to be moved to a node, by which a later run knows that."""
    return f"This clone is being moved to node {node}."


def destination(state: Mapping[str, Any]) -> str | None:
    """The node that a clone has yet to be moved to; None for every other guest."""
    found = _ON_ITS_WAY.fullmatch(str(state.get("description") or "").strip())
    return found[1] if found else None


def clone_step(
    source: Location, target: Location, options: Mapping[str, Any], pool: str | None, description: str = ""
) -> Step:
    """The call that clones; its task bears the id of the source."""
    params: dict[str, Any] = {"newid": target.vmid}
    if description:
        params["description"] = description
    if target.name:
        params[NAME_KEY[source.kind]] = target.name
    if target.node != source.node:
        params["target"] = target.node
    if pool:
        params["pool"] = pool
    params.update({name: value for name, value in options.items() if name != "source"})
    summary = f"clone the {source} as {target.vmid}" + (f" ({target.name})" if target.name else "")
    return Step(
        "POST", f"{source.path}/clone", params, summary, starts_task=True, task_id=str(source.vmid), replan=True
    )


def restore_step(target: Location, options: Mapping[str, Any], pool: str | None) -> Step:
    """The call that creates a guest from a backup."""
    params = {"vmid": target.vmid, **{name.replace("_", "-"): value for name, value in options.items()}}
    if target.kind == "lxc":
        params.update({"ostemplate": params.pop("archive"), "restore": True})
    if target.name:  # by which the next run finds it
        params[NAME_KEY[target.kind]] = target.name
    if pool:
        params["pool"] = pool
    summary = f"restore {target.vmid} from {options['archive']}"
    return Step(
        "POST",
        api_path("nodes", target.node, target.kind),
        params,
        summary,
        starts_task=True,
        task_id=str(target.vmid),
        replan=True,
    )


def predicted_clone(source: State, target: Location, options: Mapping[str, Any]) -> State:
    """The state of a clone as far as it is known beforehand: MAC addresses and volume names are the server's to choose."""
    state: State = {"vmid": target.vmid, "node": target.node}
    if target.name:
        state[NAME_KEY[target.kind]] = target.name
    for key, value in source.items():
        if key in OWN_KEYS or key.startswith("unused"):
            continue
        state[key] = _elsewhere(_without_mac(value), "clone", options.get("storage"), options.get("format"))
    return state


def read_backup(reader: Reader, node: str, archive: str) -> dict[str, str] | None:
    """The configuration in a backup, which shows beforehand what its restoration leads to; None if it may not be read.

    Raises NotFound if there is no such backup.
    """
    try:
        text = reader.get(api_path("nodes", node, "vzdump", "extractconfig"), {"volume": archive})
    except NotFound:
        raise
    except ApiError:
        return None
    return parse_backup(str(text))


def parse_backup(text: str) -> dict[str, str]:
    """The keys of a configuration file without its snapshots, and without drives whose data are not in the backup."""
    present = text.partition("\n[")[0].splitlines()
    lines = [line.partition(": ") for line in present if not line.startswith("#")]
    config = {key: value for key, colon, value in lines if colon}
    notes = [unquote(line[1:]) for line in present if line.startswith("#") and not line.startswith("#qmdump#")]
    if notes:
        config["description"] = "\n".join(notes)
    kept = set(re.findall(r"^#qmdump#map:(\w+):", text, re.MULTILINE))
    lost = [
        key for key in config if kept and _DISK.fullmatch(key) and key not in kept and not _NO_DATA.search(config[key])
    ]
    return {key: value for key, value in config.items() if key not in lost}


def predicted_restore(backup: State, target: Location, options: Mapping[str, Any]) -> State:
    """The state of a restored guest as far as it is known beforehand."""
    state: State = {"vmid": target.vmid, "node": target.node}
    for key, value in backup.items():
        if key in ("template", "lock") or key.startswith("unused"):
            continue
        known = _without_mac(value) if options.get("unique") else value
        state[key] = _elsewhere(known, "restored", options.get("storage"))
    if target.name:
        state[NAME_KEY[target.kind]] = target.name
    return state


def _without_mac(value: Any) -> Any:
    """A network device whose MAC address the server chooses; anything else as it is."""
    if not isinstance(value, Mapping):
        return value
    return {name: item for name, item in value.items() if name not in _MAC_PARTS}


def _elsewhere(value: Any, how: str, storage: str | None, disk_format: str | None = None) -> Any:
    """A slot with a volume that is not there yet: its storage is known, its name is the server's to choose.

    Without another storage it keeps its format (PVE/QemuServer.pm, clone_disk).
    """
    if not isinstance(value, Mapping) or not storage_of(value) or value.get("media") == "cdrom":
        return value
    if disk_format is None and storage in (None, storage_of(value)):
        disk_format = format_of(value)
    ending = "" if disk_format in (None, "raw") else f".{disk_format}"
    part = "file" if "file" in value else "volume"
    return {**value, part: f"{storage or storage_of(value)}:({how}){ending}"}
