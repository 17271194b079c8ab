# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Resource pools, in the older form of the calls (/pools/ID) and the newer one (/pools?poolid=ID)."""

from __future__ import annotations

from typing import Any

from ..call import Call
from ..errors import ApiError
from ..parameters import split_list
from ..resources import guest_row, storage_row
from ..routing import endpoint
from ..state import Cluster, Pool


def existing_pool(cluster: Cluster, poolid: str, failure: str = "") -> Pool:
    if poolid not in cluster.pools:
        raise ApiError(500, f"{failure}pool '{poolid}' does not exist")
    return cluster.pools[poolid]


def described(pool: Pool) -> dict[str, Any]:
    return {"poolid": pool.poolid, "comment": pool.comment} if pool.comment else {"poolid": pool.poolid}


def members(cluster: Cluster, pool: Pool, kind: str | None) -> list[dict[str, Any]]:
    """The members that exist; a shared storage appears once."""
    rows = []
    for vmid in pool.guests:
        guest = cluster.guests.get(vmid)
        if guest is not None and kind in (None, guest.kind):
            row = guest_row(cluster, guest)
            for name in ("pool", "tags"):
                row.pop(name, None)
            rows.append(row)
    for name in pool.storages if kind in (None, "storage") else ():
        if name in cluster.storages:
            rows.append(storage_row(cluster, name, _preferred_node(cluster, name)))
    return cluster.shuffled(rows)


def _preferred_node(cluster: Cluster, storage: str) -> str:
    """The node that was asked, if the storage is there, else the first that has it."""
    nodes = [node for node in cluster.nodes if cluster.storages[storage].allows(node)]
    return cluster.local_node if cluster.local_node in nodes or not nodes else min(nodes)


@endpoint("GET", "/pools")
def list_pools(call: Call) -> list[dict[str, Any]]:
    if "poolid" in call.params:  # whoever asks
        pool = existing_pool(call.cluster, call.params["poolid"])
        return [{**described(pool), "members": members(call.cluster, pool, call.params.get("type"))}]
    return [described(pool) for pool in call.cluster.pools.values() if call.may(f"/pool/{pool.poolid}", ["Pool.Audit"])]


@endpoint("GET", "/pools/{poolid}")
def read_pool(call: Call) -> dict[str, Any]:
    pool = existing_pool(call.cluster, call.params["poolid"])
    return {**described(pool), "members": members(call.cluster, pool, call.params.get("type"))}


@endpoint("POST", "/pools")
def create_pool(call: Call) -> None:
    poolid, failure = call.params["poolid"], "create pool failed: "
    if not poolid[0].isalpha():
        raise ApiError(500, f"{failure}pool name must start with a letter")
    if poolid in call.cluster.pools:
        raise ApiError(500, f"{failure}pool '{poolid}' already exists")
    parent = poolid.rpartition("/")[0]
    if parent and parent not in call.cluster.pools:
        raise ApiError(500, f"{failure}parent '{parent}' of pool '{poolid}' does not exist")
    call.cluster.pools[poolid] = Pool(poolid, call.params.get("comment", "").strip(" "))
    call.cluster.touch()


@endpoint("PUT", "/pools/{poolid}")
@endpoint("PUT", "/pools")
def update_pool(call: Call) -> None:
    pool = existing_pool(call.cluster, call.params["poolid"], "update pools failed: ")
    vmids = [int(text) for text in split_list(call.params.get("vms"))]
    storages = split_list(call.params.get("storage"))
    for path in [f"/vms/{vmid}" for vmid in vmids] + [f"/storage/{name}" for name in storages]:
        call.permissions.require_modify(call.user, path)
    delete = bool(call.params.get("delete"))
    _check_members(call, pool, vmids, storages, delete)
    if "comment" in call.params:
        pool.comment = call.params["comment"].strip(" ")
    for vmid in vmids:
        if delete:
            call.cluster.leave_pool(vmid)
        else:
            call.cluster.join_pool(vmid, pool.poolid)
    pool.storages = pool.storages - set(storages) if delete else pool.storages | set(storages)
    call.cluster.touch()


def _check_members(call: Call, pool: Pool, vmids: list[int], storages: list[str], delete: bool) -> None:
    """Refuse to add what is a member and to remove what is none; nothing has changed by then."""

    def refuse(text: str) -> None:
        raise ApiError(500, f"update pools failed: {text}")

    for vmid in vmids:
        if delete != (vmid in pool.guests):
            refuse(f"VM {vmid} is {'not' if delete else 'already'} a pool member")
        elsewhere = call.cluster.pool_of.get(vmid)
        if not delete and elsewhere and not call.params.get("allow-move"):
            refuse(f"VM {vmid} belongs already to pool '{elsewhere}' and 'allow-move' is not set")
    for name in storages:
        if delete != (name in pool.storages):
            refuse(f"Storage '{name}' is {'not' if delete else 'already'} a pool member")


@endpoint("DELETE", "/pools/{poolid}")
@endpoint("DELETE", "/pools")
def delete_pool(call: Call) -> None:
    cluster, poolid, failure = call.cluster, call.params["poolid"], "delete pool failed: "
    pool = existing_pool(cluster, poolid, failure)
    for name in cluster.pools:
        if name.startswith(f"{poolid}/"):
            raise ApiError(500, f"{failure}pool '{poolid}' is not empty (contains pool '{name}')")
    for vmid in sorted(pool.guests & cluster.guests.keys()):
        raise ApiError(500, f"{failure}pool '{poolid}' is not empty (contains VM {vmid})")
    for name in sorted(pool.storages & cluster.storages.keys()):
        raise ApiError(500, f"{failure}pool '{poolid}' is not empty (contains storage '{name}')")
    for vmid in list(pool.guests):
        cluster.leave_pool(vmid)
    del cluster.pools[poolid]
    cluster.drop_acl(f"/pool/{poolid}")
    cluster.touch()
