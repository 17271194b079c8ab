# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The configuration of storages (pve-storage src/PVE/API2/Storage/Config.pm) and their state on a node (Status.pm)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .. import volumes
from ..call import Call
from ..errors import ApiError, param_error
from ..formats import split_list
from ..routing import endpoint
from ..storage_types import STORAGE_TYPES, StorageType
from ..storages import Storage, config_digest, find_storage
from .guest_rrd import STEPS as RRD_STEPS

AUDIT = ["Datastore.Audit", "Datastore.AllocateSpace"]
CREATE_ONLY = frozenset({"storage", "type"})
NOT_OPTIONS = frozenset({"storage", "delete", "digest", "node"})
SUBDIRECTORIES = (
    "content download-url file-restore import-metadata identity oci-registry-pull prunebackups rrd rrddata status upload"
).split()


# --- configuration ------------------------------------------------------------------


@endpoint("GET", "/storage")
def list_storages(call: Call) -> Any:
    digest, kind = config_digest(call.cluster), call.params.get("type")
    return [
        section(call, storage, digest)
        for storage in call.cluster.storages.values()
        if kind in (None, storage.kind) and call.may(f"/storage/{storage.storageid}", AUDIT, any=True)
    ]


@endpoint("GET", "/storage/{storage}")
def get_storage(call: Call) -> Any:
    return section(call, find_storage(call.cluster, call.params["storage"]), config_digest(call.cluster))


def section(call: Call, storage: Storage, digest: str) -> dict[str, Any]:
    """The options as shown: lists that PVE keeps as sets come in any order."""
    shown = storage.shown()
    for name in ("content", "nodes"):
        if name in shown:
            shown[name] = ",".join(call.cluster.shuffled(sorted(set(split_list(shown[name])))))
    return {**shown, "digest": digest}


@endpoint("POST", "/storage")
def create_storage(call: Call) -> Any:
    storageid, kind = call.params["storage"], call.params["type"]
    facts = STORAGE_TYPES[kind]
    options = given_options(call, CREATE_ONLY)
    check_known(facts, options)
    for name in call.cluster.shuffled(sorted(facts.required)):
        if name not in options:
            raise ApiError(500, f"missing value for required option '{name}'")
    if storageid in call.cluster.storages:
        raise ApiError(500, f"create storage failed: storage ID '{storageid}' already defined")
    check_contents(facts, options)
    storage = Storage(storageid, kind)
    answer = store(storage, options)
    call.cluster.storages[storageid] = storage
    return answer


@endpoint("PUT", "/storage/{storage}")
def update_storage(call: Call) -> Any:
    try:
        return update(call)
    except ApiError as error:
        if error.status != 500:
            raise
        raise ApiError(500, f"update storage failed: {error.message}") from None


def update(call: Call) -> Any:
    cluster, digest = call.cluster, call.params.get("digest")
    if digest and digest != config_digest(cluster):
        raise ApiError(500, "detected modified configuration - file changed by other user? Try again.")
    storage = find_storage(cluster, call.params["storage"])
    options, deletes = given_options(call, NOT_OPTIONS), split_list(call.params.get("delete"))
    check_known(storage.type, options)
    for name in storage.type.fixed & options.keys():
        if str(storage.options.get(name)) != str(options[name]):
            raise ApiError(500, f"can't change value of fixed parameter '{name}'")
    check_contents(storage.type, options)
    for name in deletes:
        check_delete(storage.type, options, name)
    for name in deletes:
        storage.options.pop(name, None)
        storage.secrets.pop(name, None)
    return store(storage, options)


@endpoint("DELETE", "/storage/{storage}")
def delete_storage(call: Call) -> Any:
    cluster, storageid = call.cluster, call.params["storage"]
    if storageid not in cluster.storages:
        raise ApiError(500, f"delete storage failed: storage '{storageid}' does not exist")
    if any(str(other.options.get("base", "")).startswith(f"{storageid}:") for other in cluster.storages.values()):
        raise ApiError(500, "delete storage failed: can't remove storage - storage is used as base of another storage")
    cluster.forget_storage(storageid)
    for pool in cluster.pools.values():
        pool.storages.discard(storageid)
    cluster.drop_acl(f"/storage/{storageid}")


def given_options(call: Call, without: Iterable[str]) -> dict[str, Any]:
    """The options as the configuration keeps them: numbers, or the text that was sent."""
    numbers = {name: value for name, value in call.params.items() if isinstance(value, int)}
    return {name: numbers.get(name, call.raw[name]) for name in call.params if name not in without}


def check_known(facts: StorageType, options: Mapping[str, Any]) -> None:
    for name in options:
        if name not in facts.required | facts.optional:
            raise ApiError(500, f"unexpected property '{name}'")


def check_contents(facts: StorageType, options: Mapping[str, Any]) -> None:
    for content in split_list(options.get("content")):
        if content not in facts.contents | {"none"}:
            raise ApiError(500, f"storage does not support content type '{content}'")


def check_delete(facts: StorageType, options: Mapping[str, Any], name: str) -> None:
    if name not in facts.required | facts.optional:
        raise ApiError(500, f"no such option '{name}'")
    if name in facts.required:
        raise ApiError(500, f"unable to delete required option '{name}'")
    if name in facts.fixed:
        raise ApiError(500, f"unable to delete fixed option '{name}'")
    if name in options:
        raise ApiError(500, f"cannot set and delete property '{name}' at the same time!")


def store(storage: Storage, options: Mapping[str, Any]) -> dict[str, Any]:
    """Take the options over, secrets apart; the answer of a successful change."""
    answer: dict[str, Any] = {"storage": storage.storageid, "type": storage.kind}
    returned: dict[str, str] = {}
    for name, value in options.items():
        if name not in storage.type.secret:
            storage.options[name] = value
            continue
        storage.secrets[name] = value
        if name == "encryption-key":
            storage.options[name] = "5c:1e:0a:52:7d:0f:4c:2c"
            if value == "autogen":
                returned[name] = '{"kdf":null,"fingerprint":"5c:1e:0a:52:7d:0f:4c:2c"}'
        elif name == "master-pubkey":
            storage.options[name] = 1
    if storage.kind == "pbs":
        answer["config"] = returned
    return answer


# --- on a node ----------------------------------------------------------------------


@endpoint("GET", "/nodes/{node}/storage")
def list_node_storages(call: Call) -> Any:
    cluster, params, node = call.cluster, call.params, str(call.node)
    only, target = params.get("storage"), params.get("target")
    if only is not None and only not in cluster.storages:
        raise param_error("storage", "No such storage.")
    wanted = set(split_list(params.get("content")))
    rows = []
    for storage in cluster.storages.values():
        if only not in (None, storage.storageid) or not call.may(f"/storage/{storage.storageid}", AUDIT, any=True):
            continue
        if wanted and not wanted & storage.contents:
            continue
        available = storage.enabled and storage.allows(node)
        if params.get("enabled") and not available:
            continue
        if target not in (None, node) and not (storage.shared and available and storage.allows(target)):
            continue
        rows.append(row(call, storage, node))
    return rows


def row(call: Call, storage: Storage, node: str) -> dict[str, Any]:
    shown = {"storage": storage.storageid, **status_of(call, storage, node)}
    if shown["active"]:
        shown["used_fraction"] = shown["used"] / shown["total"]
    if call.params.get("format"):
        formats, default = list(storage.type.formats), storage.default_format
        shown["formats"] = {"supported": sorted(formats), "default": default}
        shown["format"] = [dict.fromkeys(formats, 1), default]
    return shown


def status_of(call: Call, storage: Storage, node: str) -> dict[str, Any]:
    """Sizes and state on a node; where the storage is not to be used all are 0."""
    usable = int(storage.enabled and storage.allows(node))
    status: dict[str, Any] = {
        "type": storage.kind,
        "content": ",".join(call.cluster.shuffled(sorted(storage.contents))),
        "shared": int(storage.shared),
        "enabled": usable,
        "active": usable,
        **dict.fromkeys(("total", "used", "avail"), 0),
    }
    if usable:
        used = storage.total // 8 + used_bytes(call, storage, node)
        status |= {"total": storage.total, "used": used, "avail": max(0, storage.total - used)}
    return status


@endpoint("GET", "/nodes/{node}/storage/{storage}/rrddata", ordered=True)
def storage_statistics(call: Call) -> list[dict[str, float]]:
    """How full a storage was; the newest point has values."""
    name, node = call.params["storage"], str(call.node)
    storage = call.cluster.storages.get(name)
    if storage is None:
        file = f"/var/lib/rrdcached/db/pve-storage-9.0/{node}/{name}"
        cause = f"rrd_fetch_r failed: opening '{file}': No such file or directory"
        raise ApiError(500, f"RRD error: rrdcached@unix:/var/run/rrdcached.sock: {cause}")
    step = RRD_STEPS[call.params["timeframe"]]
    last = call.cluster.now() // step
    now = status_of(call, storage, node)
    sizes = {name: now[name] for name in ("total", "used")}
    return [{"time": (last - count) * step, **({} if count else sizes)} for count in range(69, -1, -1)]


def used_bytes(call: Call, storage: Storage, node: str) -> int:
    place = volumes.place_of(storage, node)
    return sum(volume.used for volume in volumes.table(call.cluster).at(place))


@endpoint("GET", "/nodes/{node}/storage/{storage}")
def storage_index(call: Call) -> Any:
    return [{"subdir": name} for name in SUBDIRECTORIES]


@endpoint("GET", "/nodes/{node}/storage/{storage}/status")
def storage_status(call: Call) -> Any:
    if call.params["storage"] not in call.cluster.storages:
        raise param_error("storage", "No such storage.")
    return status_of(call, find_storage(call.cluster, call.params["storage"]), str(call.node))
