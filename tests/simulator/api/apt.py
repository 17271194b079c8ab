# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Packages and their repositories: after PVE::API2::APT (pve-manager) and proxmox-apt (proxmox-rs).

There are no packages: after a successful refresh two updates are offered, until then none.
"""

from __future__ import annotations

import dataclasses
from typing import Any

from ..call import Call
from ..errors import ApiError
from ..routing import endpoint
from ..sections import MODIFIED, digest_of
from ..tasks import TaskError, TaskLog
from .subscription import is_active

BASE = "/nodes/{node}/apt"
KEYRING = "/usr/share/keyrings/proxmox-archive-keyring.gpg"
PAID, FREE = "https://enterprise.proxmox.com/debian", "http://download.proxmox.com/debian"
NEW_VERSION, OLD_VERSION = "9.2.12", "9.2.11"
PACKAGES = {"pve-manager": "Proxmox Virtual Environment Management Tools", "qemu-server": "Qemu Server Tools"}


@dataclasses.dataclass(frozen=True)
class Release:
    """What depends on the release: its suite, Ceph's name, the kind of its files and the component of tests."""

    suite: str
    ceph: tuple[str, ...]
    kind: str
    test: str


RELEASES = {
    "9": Release("trixie", ("squid",), "sources", "pve-test"),
    "8": Release("bookworm", ("quincy", "reef", "squid"), "list", "pvetest"),
}


def release_of(call: Call) -> Release:
    return RELEASES[call.cluster.version.partition(".")[0]]


def standard(release: Release) -> dict[str, tuple[str, str, str, str]]:
    """Name, URI, component and file of each standard repository, by its handle."""
    folder, kind = "/etc/apt/sources.list.d/", release.kind
    free = "/etc/apt/sources.list" if kind == "list" else f"{folder}proxmox.sources"
    found = {
        "enterprise": ("Enterprise", f"{PAID}/pve", "pve-enterprise", f"{folder}pve-enterprise.{kind}"),
        "no-subscription": ("No-Subscription", f"{FREE}/pve", "pve-no-subscription", free),
        "test": ("Test", f"{FREE}/pve", release.test, free),
    }
    for ceph in release.ceph:
        for component in ("enterprise", "no-subscription", "test"):
            uri = f"{PAID if component == 'enterprise' else FREE}/ceph-{ceph}"
            name = f"Ceph {ceph.title()} {component.title()}"
            found[f"ceph-{ceph}-{component}"] = (name, uri, component, f"{folder}ceph.{kind}")
    return found


def repository(kind: str, uri: str, suites: list[str], components: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = {"Types": ["deb"], "URIs": [uri], "Suites": suites, "Components": components}
    options = [{"Key": "Signed-By", "Values": [KEYRING]}] if "proxmox.com" in uri else []
    return {**found, **({"Options": options} if options else {}), "FileType": kind, "Enabled": 1}


def files(call: Call) -> dict[str, list[dict[str, Any]]]:
    """The repositories by file; at first those of a new installation."""
    extra = call.cluster.nodes[str(call.node)].extra
    if "repositories" not in extra:
        release = release_of(call)
        suite, kind = release.suite, release.kind
        debian = "/etc/apt/sources.list" if kind == "list" else "/etc/apt/sources.list.d/debian.sources"
        areas = ["main", "contrib"]
        mirrors = [("http://deb.debian.org/debian", suites) for suites in ([suite], [f"{suite}-updates"])]
        mirrors.append(("http://security.debian.org/debian-security", [f"{suite}-security"]))
        found = {debian: [repository(kind, uri, suites, areas) for uri, suites in mirrors]}
        for handle in ("enterprise", f"ceph-{release.ceph[0]}-enterprise"):
            _name, uri, component, path = standard(release)[handle]
            found[path] = [repository(kind, uri, [suite], [component])]
        extra["repositories"] = found
    repositories: dict[str, list[dict[str, Any]]] = extra["repositories"]
    return repositories


def check_digest(call: Call) -> None:
    if call.given("digest") and call.params["digest"] != digest_of(files(call)):
        raise ApiError(500, MODIFIED)


def referenced(call: Call, handle: str) -> list[dict[str, Any]]:
    """The repositories that a handle means: APTRepositoryImpl::is_referenced_repository."""
    _name, uri, component, _path = standard(release_of(call))[handle]
    uris = {uri, uri.removesuffix("/pve")}
    return [
        entry
        for entries in files(call).values()
        for entry in entries
        if uris & {text.rstrip("/") for text in entry["URIs"]}
        and component in entry["Components"]
        and release_of(call).suite in entry["Suites"]
    ]


@endpoint("GET", f"{BASE}/repositories")
def repositories(call: Call) -> dict[str, Any]:
    found, infos = files(call), []
    for path, entries in found.items():
        for index, entry in enumerate(entries):
            origin = "Proxmox" if "proxmox.com" in entry["URIs"][0] else "Debian"
            infos.append({"path": path, "index": index, "kind": "origin", "message": origin})
    known = []
    for handle, (name, *_rest) in standard(release_of(call)).items():
        row: dict[str, Any] = {"handle": handle, "name": name, "description": f"The repository {name}."}
        entries = referenced(call, handle)
        known.append({**row, "status": max(entry["Enabled"] for entry in entries)} if entries else row)
    kind = release_of(call).kind
    return {
        "digest": digest_of(found),
        "errors": [],
        "files": [{"path": path, "file-type": kind, "repositories": entries} for path, entries in found.items()],
        "infos": infos,
        "standard-repos": known,
    }


@endpoint("POST", f"{BASE}/repositories")
def change_repository(call: Call) -> None:
    """change_repository of proxmox-apt: what is asked for, in the order in which it looks."""
    check_digest(call)
    path, index = call.params["path"], call.params["index"]
    if path not in files(call):
        raise ApiError(500, f"invalid path - {path}")
    if not 0 <= index < len(files(call)[path]):
        raise ApiError(500, f"invalid index - {index}")
    if "enabled" in call.params:
        files(call)[path][index]["Enabled"] = call.params["enabled"]


@endpoint("PUT", f"{BASE}/repositories")
def add_repository(call: Call) -> None:
    """add_repository_handle of proxmox-apt: the first one that is there already is enabled."""
    release, handle = release_of(call), call.params["handle"]
    if handle not in standard(release):
        expected = ", ".join(f"`{name}`" for name in standard(release))
        raise ApiError(500, f"unknown variant `{handle}`, expected one of {expected}")
    check_digest(call)
    present = referenced(call, handle)
    if present:
        present[0]["Enabled"] = 1
        return
    _name, uri, component, path = standard(release)[handle]
    files(call).setdefault(path, []).append(repository(release.kind, uri, [release.suite], [component]))


# --- packages ------------------------------------------------------------------------


def package(name: str, **more: str) -> dict[str, Any]:
    reported = {"Package": name, "Title": PACKAGES[name], "Description": PACKAGES[name], "Arch": "all"}
    return {**reported, "Origin": "Proxmox", "Priority": "optional", "Section": "admin", **more}


@endpoint("GET", f"{BASE}/update")
def list_updates(call: Call) -> list[dict[str, Any]]:
    if not call.cluster.nodes[str(call.node)].extra.get("refreshed"):
        return []
    return [package(name, Version=NEW_VERSION, OldVersion=OLD_VERSION) for name in PACKAGES]


@endpoint("POST", f"{BASE}/update")
def refresh(call: Call) -> str:
    """It fails as apt-get does while a repository that needs a subscription is enabled without one."""

    def run(log: TaskLog) -> None:
        if not call.params.get("quiet"):
            log("starting apt-get update")
        paid = [
            entry["URIs"][0]
            for entries in files(call).values()
            for entry in entries
            if entry["Enabled"] and entry["URIs"][0].startswith(PAID)
        ]
        if paid and not is_active(call):
            for uri in paid:
                log(f"E: Failed to fetch {uri}/dists/{release_of(call).suite}/InRelease  401  Unauthorized")
            raise TaskError("command 'apt-get update' failed: exit code 100")
        call.cluster.nodes[str(call.node)].extra["refreshed"] = True

    return call.cluster.tasks.start(call, str(call.node), "aptupdate", "", run, duration=5.0)


@endpoint("GET", f"{BASE}/versions")
def versions(call: Call) -> list[dict[str, Any]]:
    rows = [package(name, Version=OLD_VERSION, OldVersion=OLD_VERSION, CurrentState="Installed") for name in PACKAGES]
    rows[0]["ManagerVersion"] = f"{OLD_VERSION}/0000000000000000"
    return rows


@endpoint("GET", f"{BASE}/changelog")
def changelog(call: Call) -> str:
    name = call.params["name"]
    if name not in PACKAGES:
        raise ApiError(500, f'command "apt-get" "changelog" "-qq" "--" "{name}" failed - exit code: 100')
    version = call.params.get("version", NEW_VERSION)
    return f"{name} ({version}) {release_of(call).suite}; urgency=medium\n\n  * simulated change\n"
