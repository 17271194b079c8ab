# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Software defined networks: zones, virtual networks, subnets and controllers are planned, then applied together."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from .. import sdn
from ..call import Call
from ..errors import ApiError
from ..routing import endpoint
from ..sdn import sdn_of
from ..sections import MODIFIED, Section, Sections, deleted, digest_of
from ..tasks import TaskLog

BASE = "/cluster/sdn"
READ = ["SDN.Audit", "SDN.Use", "SDN.Allocate"]
CONTROL = frozenset({"delete", "digest", "lock-token", "pending", "running", "node"})


@contextlib.contextmanager
def changing(call: Call, failure: str) -> Iterator[None]:
    """A change under the lock; its errors begin with what failed."""
    try:
        sdn_of(call.cluster).check_lock(call.params.get("lock-token"))
        yield
    except ApiError as error:
        if error.status != 500:
            raise
        raise ApiError(500, f"{failure}: {error.message}") from None


def options(call: Call, *without: str) -> Section:
    return {name: value for name, value in call.params.items() if name not in CONTROL and name not in without}


def existing(found: Sections, name: str, what: str = "sdn") -> Section:
    if name not in found:
        raise ApiError(500, f"{what} '{name}' does not exist")
    return found[name]


def check_digest(call: Call, found: Sections) -> None:
    if call.given("digest") and call.params["digest"] != digest_of(found):
        raise ApiError(500, MODIFIED)


def changed(call: Call, section: Section, *fixed: str) -> Section:
    """The section with a call's options; what may be deleted is what the call itself could set."""
    known = call.cluster.areas["facts"].endpoints[call.method, call.template].parameters
    result = dict(section)
    for name in deleted(call):
        if name not in known or name in CONTROL or name in fixed:
            raise ApiError(500, f"no such option '{name}'")
        result.pop(name, None)
    return {**result, **options(call, *fixed)}


def rows(call: Call, kind: str) -> list[Section]:
    """The sections of a kind: as configured, as they run, or with what is pending."""
    state = sdn_of(call.cluster)
    if call.params.get("pending"):
        return list(sdn.with_pending(state, kind).values())
    found = (state.running if call.params.get("running") else state.config)[kind]
    return [sdn.shown(name, kind, section, found) for name, section in found.items()]


def row(call: Call, kind: str, name: str, what: str = "sdn") -> Section:
    state = sdn_of(call.cluster)
    existing({**state.running[kind], **state.config[kind]}, name, what)
    return next(found for found in rows(call, kind) if found[kind[:-1]] == name)


# --- the whole ------------------------------------------------------------------------


@endpoint("GET", BASE)
def index(call: Call) -> list[dict[str, str]]:
    return [{"id": name} for name in ("vnets", "zones", "controllers", "ipams", "dns", "fabrics")]


@endpoint("PUT", BASE)
def apply(call: Call) -> str:
    state = sdn_of(call.cluster)
    state.check_lock(call.params.get("lock-token"))

    def run(log: TaskLog) -> None:
        for name in call.cluster.nodes:
            log(f"{name}: reloading network config")
        sdn.commit(call.cluster)
        if call.params.get("release-lock", 1):
            state.lock = None

    return call.cluster.tasks.start(call, call.cluster.local_node, "reloadnetworkall", "", run, duration=5.0)


@endpoint("POST", f"{BASE}/rollback")
def rollback(call: Call) -> None:
    state = sdn_of(call.cluster)
    state.check_lock(call.params.get("lock-token"))
    state.rollback()
    if call.params.get("release-lock", 1):
        state.lock = None


@endpoint("POST", f"{BASE}/lock")
def lock(call: Call) -> str:
    state = sdn_of(call.cluster)
    with changing(call, "could not acquire lock for SDN config"):
        if state.has_changes and not call.params.get("allow-pending"):
            raise ApiError(
                500, "configuration has pending changes at /usr/share/perl5/PVE/API2/Network/SDN.pm line 150."
            )
        state.lock = call.cluster.uuid()
    return state.lock


@endpoint("DELETE", f"{BASE}/lock")
def unlock(call: Call) -> None:
    state = sdn_of(call.cluster)
    if not call.params.get("force"):
        with changing(call, "could not release lock"):
            pass
    state.lock = None


# --- zones and controllers --------------------------------------------------------------


def register(kind: str, check: Callable[[Call, Section], None]) -> None:
    """The five calls of the zones or the controllers."""
    key = kind[:-1]
    path, failure = f"{BASE}/{kind}", f"sdn {key} object failed"

    @endpoint("GET", path)
    def list_sections(call: Call) -> list[Section]:
        wanted = call.params.get("type")
        return [
            found
            for found in rows(call, kind)
            if wanted in (None, found["type"]) and call.may(f"/sdn/{kind}/{found[key]}", READ, any=True)
        ]

    @endpoint("GET", f"{path}/{{{key}}}")
    def read_section(call: Call) -> Section:
        return row(call, kind, call.params[key])

    @endpoint("POST", path)
    def create_section(call: Call) -> None:
        name, found, section = call.params[key], sdn_of(call.cluster).config[kind], options(call, key)
        sdn.check_required(kind, section)
        with changing(call, f"create {failure}"):
            if name in found:
                raise ApiError(500, f"sdn {key} object ID '{name}' already defined")
            check(call, section)
            found[name] = section

    @endpoint("PUT", f"{path}/{{{key}}}")
    def update_section(call: Call) -> None:
        name, found = call.params[key], sdn_of(call.cluster).config[kind]
        with changing(call, f"update {failure}"):
            check_digest(call, found)
            section = changed(call, existing(found, name), key)
            sdn.check_required(kind, section)
            check(call, section)
            found[name] = section

    @endpoint("DELETE", f"{path}/{{{key}}}")
    def delete_section(call: Call) -> None:
        name, state = call.params[key], sdn_of(call.cluster)
        with changing(call, f"delete {failure}"):
            existing(state.config[kind], name)
            sdn.check_unused(state, kind, name)
            del state.config[kind][name]


def check_zone(call: Call, section: Section) -> None:
    sdn.check_zone(sdn_of(call.cluster), section)
    if section["type"] == "evpn":
        section.setdefault("mac", "BC:24:11:" + ":".join(call.cluster.hexadecimal(2).upper() for _number in range(3)))


register("zones", check_zone)
register("controllers", lambda call, section: None)


# --- virtual networks ------------------------------------------------------------------------


def vnet_of(call: Call, privilege: str = "SDN.Allocate") -> Section:
    """The network that the path names, if the caller may deal with it."""
    state, name = sdn_of(call.cluster), call.params["vnet"]
    section = existing({**state.running["vnets"], **state.config["vnets"]}, name, "sdn vnet")
    call.check(f"/sdn/zones/{section['zone']}/{name}", READ if privilege == "SDN.Audit" else [privilege], any=True)
    return section


@endpoint("GET", f"{BASE}/vnets")
def list_vnets(call: Call) -> list[Section]:
    state = sdn_of(call.cluster)
    zones = {name: section["zone"] for name, section in {**state.running["vnets"], **state.config["vnets"]}.items()}
    return [
        found
        for found in rows(call, "vnets")
        if call.may(f"/sdn/zones/{zones[found['vnet']]}/{found['vnet']}", READ, any=True)
    ]


@endpoint("GET", f"{BASE}/vnets/{{vnet}}")
def read_vnet(call: Call) -> Section:
    vnet_of(call, "SDN.Audit")
    return row(call, "vnets", call.params["vnet"], "sdn vnet")


@endpoint("POST", f"{BASE}/vnets")
def create_vnet(call: Call) -> None:
    name, found = call.params["vnet"], sdn_of(call.cluster).config["vnets"]
    with changing(call, "create sdn vnet object failed"):
        if name in found:
            raise ApiError(500, f"sdn vnet object ID '{name}' already defined")
        section = {"type": "vnet", **options(call, "vnet")}
        sdn.check_vnet(call.cluster, section)
        found[name] = section


@endpoint("PUT", f"{BASE}/vnets/{{vnet}}")
def update_vnet(call: Call) -> None:
    vnet_of(call)
    name, found = call.params["vnet"], sdn_of(call.cluster).config["vnets"]
    with changing(call, "update sdn vnet object failed"):
        check_digest(call, found)
        section = changed(call, existing(found, name, "sdn vnet"), "vnet")
        sdn.check_vnet(call.cluster, section)
        found[name] = section


@endpoint("DELETE", f"{BASE}/vnets/{{vnet}}")
def delete_vnet(call: Call) -> None:
    vnet_of(call)
    name, state = call.params["vnet"], sdn_of(call.cluster)
    with changing(call, "delete sdn vnet object failed"):
        existing(state.config["vnets"], name, "sdn vnet")
        sdn.check_unused(state, "vnets", name)
        del state.config["vnets"][name]


# --- subnets ------------------------------------------------------------------------------------


def subnet_name(call: Call) -> str:
    """The id of a subnet, also when it is named by its address."""
    given: str = call.params["subnet"]
    return sdn.subnet_id(vnet_of(call)["zone"], given) if "/" in given else given


@endpoint("GET", f"{BASE}/vnets/{{vnet}}/subnets")
def list_subnets(call: Call) -> list[Section]:
    vnet_of(call, "SDN.Audit")
    return [found for found in rows(call, "subnets") if found["vnet"] == call.params["vnet"]]


@endpoint("GET", f"{BASE}/vnets/{{vnet}}/subnets/{{subnet}}")
def read_subnet(call: Call) -> Section:
    vnet_of(call, "SDN.Audit")
    return row(call, "subnets", subnet_name(call), "sdn subnet")


@endpoint("POST", f"{BASE}/vnets/{{vnet}}/subnets")
def create_subnet(call: Call) -> None:
    vnet_of(call)
    name, found = subnet_name(call), sdn_of(call.cluster).config["subnets"]
    with changing(call, "create sdn subnet object failed"):
        if name in found:
            raise ApiError(500, f"sdn subnet object ID '{name}' already defined")
        section = options(call, "subnet")
        sdn.check_subnet(name, section)
        found[name] = section


@endpoint("PUT", f"{BASE}/vnets/{{vnet}}/subnets/{{subnet}}")
def update_subnet(call: Call) -> None:
    vnet_of(call)
    name, found = subnet_name(call), sdn_of(call.cluster).config["subnets"]
    with changing(call, "update sdn subnet object failed"):
        check_digest(call, found)
        section = changed(call, existing(found, name, "sdn subnet"), "vnet", "subnet")
        sdn.check_subnet(name, section)
        found[name] = section


@endpoint("DELETE", f"{BASE}/vnets/{{vnet}}/subnets/{{subnet}}")
def delete_subnet(call: Call) -> None:
    vnet_of(call)
    name, found = subnet_name(call), sdn_of(call.cluster).config["subnets"]
    with changing(call, "delete sdn subnet object failed"):
        existing(found, name, "sdn subnet")
        del found[name]


# --- what runs on a node ---------------------------------------------------------------------------


@endpoint("GET", "/nodes/{node}/sdn/zones")
def node_zones(call: Call) -> list[dict[str, Any]]:
    running = call.cluster.areas.get("sdn_running_zones", ())
    return [
        {"zone": zone, "status": "available"}
        for zone in running
        if call.may(f"/sdn/zones/{zone}", ["SDN.Audit", "SDN.Use"], any=True)
    ]
