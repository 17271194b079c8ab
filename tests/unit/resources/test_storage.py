# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from ansible_collections.pve.automation.plugins.module_utils._core.model.errors import ApiError, InvalidOption, Refused
from ansible_collections.pve.automation.plugins.module_utils._core.resources.storage.fields import FIELDS
from ansible_collections.pve.automation.plugins.module_utils._core.resources.storage.storage import (
    STORAGE,
    STORAGE_INFO,
)
from ansible_collections.pve.automation.plugins.module_utils._core.resources.storage.types import STORAGE_TYPES
from tests.unit.resources.fake import Server, calls, options, planned

PATH = "/storage/backup"
DIR = {
    "storage": "backup",
    "type": "dir",
    "path": "/srv/backup",
    "content": "iso,backup,images",
    "nodes": "n2,n1",
    "shared": 0,
    "max-protected-backups": 2,
    "prune-backups": "keep-last=3,keep-daily=7",
    "digest": "d1",
}
NFS = {
    "storage": "backup",
    "type": "nfs",
    "server": "192.0.2.1",
    "export": "/e",
    "path": "/mnt/pve/backup",
    "content": "images",
    "shared": 1,
}
PBS = {
    "storage": "backup",
    "type": "pbs",
    "server": "192.0.2.1",
    "datastore": "s",
    "username": "u@pbs",
    "content": "backup",
    "shared": 1,
}


def server(
    answer: dict[str, Any] | None = None, release: tuple[int, int] = (9, 2), more: Mapping[str, Any] | None = None
) -> Server:
    nodes = [{"node": "n1", "status": "online"}]
    return Server({PATH: DIR if answer is None else answer, "/nodes": nodes, **(more or {})}, release)


def changes(answer: dict[str, Any] | None = None, **given: Any) -> dict[str, Any]:
    """The parameters of the one call that these options lead to, without the digest; empty if there is none."""
    found = calls(planned(STORAGE, server(answer), storage="backup", **given))
    assert len(found) <= 1
    return {name: value for name, value in found[0][2].items() if name != "digest"} if found else {}


def test_every_type_takes_known_options_only() -> None:
    known = {field.name for field in FIELDS}
    for kind, facts in STORAGE_TYPES.items():
        assert facts.options <= known, kind
    assert known - {"type"} == set().union(*(facts.options for facts in STORAGE_TYPES.values()))


def test_creation() -> None:
    plan = planned(
        STORAGE,
        absent(),
        storage="backup",
        type="dir",
        path="/srv/backup",
        content=["iso", "backup"],
        nodes=["n2", "n1"],
        prune_backups={"keep_last": 3, "keep-daily": 7},
        shared=False,
        is_mountpoint=True,
    )
    assert calls(plan) == [
        (
            "POST",
            "/storage",
            {
                "storage": "backup",
                "type": "dir",
                "path": "/srv/backup",
                "content": "backup,iso",
                "nodes": "n1,n2",
                "prune-backups": "keep-last=3,keep-daily=7",
                "shared": 0,
                "is_mountpoint": "yes",
            },
        )
    ]


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"type": "dir", "path": "/srv/backup"},
        {"content": ["backup", "images", "iso"]},
        {"nodes": ["n1", "n2"]},
        {"prune_backups": "keep-daily=7,keep-last=3"},
        {"prune_backups": {"keep_daily": 7, "keep_last": 3, "keep_weekly": 0}},
        {"disable": False, "preallocation": "metadata", "is_mountpoint": "no", "create_subdirs": True},
        {"max_protected_backups": 2},
    ],
)
def test_a_present_storage_takes_one_read_and_no_call(given: dict[str, Any]) -> None:
    present = server()
    assert not planned(STORAGE, present, storage="backup", **given).steps
    assert present.asked == [PATH]


@pytest.mark.parametrize(
    ("given", "params"),
    [
        ({"content": ["iso"]}, {"content": "iso"}),
        ({"nodes": []}, {"delete": "nodes"}),
        ({"unset": ["prune_backups", "nodes"]}, {"delete": "prune-backups,nodes"}),
        ({"unset": ["prune-backups"]}, {"delete": "prune-backups"}),
        ({"prune_backups": {"keep_last": 3}}, {"prune-backups": "keep-last=3"}),
        ({"prune_backups": {"keep_all": True}}, {"prune-backups": "keep-all=1"}),
        ({"shared": True, "disable": True}, {"shared": 1, "disable": 1}),
        ({"max_protected_backups": 0}, {"max-protected-backups": 0}),
        ({"content_dirs": {"iso": "isos"}}, {"content-dirs": "iso=isos"}),
        ({"bwlimit": {"move": 1024}}, {"bwlimit": "move=1024"}),
        ({"is_mountpoint": "/mnt/disk"}, {"is_mountpoint": "/mnt/disk"}),
    ],
)
def test_changes_take_one_call(given: dict[str, Any], params: dict[str, Any]) -> None:
    assert changes(**given) == params


def test_the_digest_that_was_read_is_sent() -> None:
    assert calls(planned(STORAGE, server(), storage="backup", disable=True)) == [
        ("PUT", PATH, {"disable": 1, "digest": "d1"})
    ]


def test_mount_options_are_a_set() -> None:
    present = {**NFS, "options": "vers=4.2,soft"}
    assert changes(present, options=["soft", "vers=4.2"]) == {}
    assert changes(present, options="vers=4.2,soft") == {}
    assert changes(present, options=["vers=3"]) == {"options": "vers=3"}
    assert changes(present, options=[]) == {"delete": "options"}


def test_monitors_are_a_set_however_they_are_separated() -> None:
    rbd = {"storage": "backup", "type": "rbd", "monhost": "192.0.2.2 192.0.2.1", "pool": "rbd", "content": "images"}
    assert changes(rbd, monhost=["192.0.2.1", "192.0.2.2"]) == {}
    assert changes(rbd, monhost=["192.0.2.3"], pool="other", krbd=True) == {
        "monhost": "192.0.2.3",
        "pool": "other",
        "krbd": 1,
    }


@pytest.mark.parametrize(
    ("answer", "given"),
    [
        (DIR, {"path": "/elsewhere"}),
        (DIR, {"type": "nfs"}),
        (DIR, {"snapshot_as_volume_chain": True}),
        (NFS, {"server": "192.0.2.9"}),
        (NFS, {"export": "/other"}),
        (PBS, {"datastore": "other"}),
        ({**NFS, "type": "zfspool", "pool": "tank"}, {"pool": "other"}),
    ],
)
def test_what_is_fixed_is_refused(answer: dict[str, Any], given: dict[str, Any]) -> None:
    with pytest.raises(InvalidOption, match="only when the storage backup is created") as error:
        changes(answer, **given)
    assert error.value.option in given


def test_what_is_fixed_for_one_type_can_change_for_another() -> None:
    esxi = {"storage": "backup", "type": "esxi", "server": "192.0.2.1", "username": "root", "content": "import"}
    assert changes(esxi, server="192.0.2.9") == {"server": "192.0.2.9"}
    lvm = {"storage": "backup", "type": "lvm", "vgname": "vg", "content": "images"}
    assert changes(lvm, snapshot_as_volume_chain=True) == {"snapshot-as-volume-chain": 1}


def test_passwords_are_sent_only_when_asked() -> None:
    assert changes(PBS, password="secret") == {}
    plan = planned(STORAGE, server(PBS), storage="backup", password="secret", update_password="always")
    assert calls(plan) == [("PUT", PATH, {"password": "secret"})]
    assert not plan.steps[0].verify
    assert "secret" not in str([step.describe() for step in plan.steps]) + str(plan.after)


def test_a_secret_that_is_known_to_be_missing_is_sent() -> None:
    assert changes(PBS, password="secret", encryption_key="{}") == {"encryption-key": "{}"}
    assert changes({**PBS, "encryption-key": "aa:bb"}, encryption_key="{}") == {}


def test_a_generated_key_is_returned() -> None:
    plan = planned(STORAGE, Server(), storage="backup", type="pbs", server="s", datastore="d", encryption_key="autogen")
    assert plan.steps[0].returns == {"generated": "config"}
    assert not plan.steps[0].repeatable


@pytest.mark.parametrize(
    ("given", "option"),
    [
        ({"path": "/x"}, "type"),
        ({"type": "dir"}, "path"),
        ({"type": "nfs", "server": "s"}, "export"),
        ({"type": "dir", "path": "/x", "server": "s"}, "server"),
        ({"type": "dir", "path": "/x", "content": []}, "content"),
        ({"type": "dir", "path": "/x", "prune_backups": {"keep_nothing": 1}}, "prune_backups"),
        ({"type": "dir", "path": "/x", "prune_backups": "keep-all=1,keep-last=2"}, "prune_backups"),
        ({"type": "dir", "path": "/x", "bwlimit": {"move": -1}}, "bwlimit"),
        ({"type": "pbs", "server": "s", "datastore": "d", "fingerprint": "aa"}, "fingerprint"),
        ({"type": "dir", "path": "/x", "unset": ["nonsense"]}, "unset"),
        ({"type": "pbs", "server": "s", "datastore": "d", "unset": ["password"]}, "password"),
    ],
)
def test_bad_input_names_the_option(given: dict[str, Any], option: str) -> None:
    with pytest.raises(InvalidOption) as error:
        planned(STORAGE, Server(), storage="backup", **given)
    assert error.value.option == option


@pytest.mark.parametrize("name", ["1x", "a b", "x", "a/b"])
def test_a_bad_name_is_refused(name: str) -> None:
    with pytest.raises(InvalidOption, match="storage"):
        STORAGE.parse(options(STORAGE, storage=name))


def test_an_old_server_is_asked_for_its_release_only_where_it_matters() -> None:
    old = Server({}, (8, 4))
    with pytest.raises(InvalidOption, match=r"needs PVE 9\.0"):
        planned(STORAGE, old, storage="backup", type="dir", path="/x", snapshot_as_volume_chain=True)
    assert planned(STORAGE, Server({}, (8, 4)), storage="backup", type="dir", path="/x").steps


CONTENT = "/nodes/n1/storage/backup/content"


def test_an_empty_storage_is_deleted() -> None:
    plan = planned(STORAGE, server(more={CONTENT: []}), storage="backup", state="absent")
    assert calls(plan) == [("DELETE", PATH, {})]


def test_a_storage_with_volumes_is_kept() -> None:
    present = server(more={CONTENT: [{"volid": f"backup:iso/{name}.iso"} for name in "abcde"]})
    with pytest.raises(Refused, match=r"backup:iso/a\.iso.* and 2 more.*force: true"):
        planned(STORAGE, present, storage="backup", state="absent")


def test_a_storage_that_cannot_be_looked_into_is_kept() -> None:
    unreachable = ApiError("GET", CONTENT, 500, "storage 'backup' is not online")
    with pytest.raises(Refused, match="is not online"):
        planned(STORAGE, server(more={CONTENT: unreachable}), storage="backup", state="absent")
    with pytest.raises(Refused, match="disabled"):
        planned(STORAGE, server({**DIR, "disable": 1}), storage="backup", state="absent")
    offline = server(more={"/nodes": [{"node": "n1", "status": "offline"}]})
    with pytest.raises(Refused, match="offline"):
        planned(STORAGE, offline, storage="backup", state="absent")


def test_a_storage_for_nodes_that_do_not_exist_is_deleted() -> None:
    assert planned(STORAGE, server({**DIR, "nodes": "gone"}), storage="backup", state="absent").steps


def test_force_does_not_even_look() -> None:
    present = server()
    assert planned(STORAGE, present, storage="backup", state="absent", force=True).steps
    assert present.asked == [PATH]


def test_absent_storages_need_no_call() -> None:
    assert not planned(STORAGE, Server(), storage="backup", state="absent").steps


def test_info_joins_configuration_and_status() -> None:
    resources = [
        {"type": "storage", "storage": "backup", "node": "n2", "status": "unknown"},
        {"type": "storage", "storage": "backup", "node": "n1", "status": "available", "maxdisk": 100, "disk": 40},
    ]
    nodes = [{"node": "n1", "status": "online"}, {"node": "n2", "status": "offline"}]
    answers = {"/storage": [DIR, {**PBS, "storage": "pbs"}], "/cluster/resources": resources, "/nodes": nodes}
    there = Server(answers)
    listed = STORAGE_INFO.read(there, STORAGE_INFO.parse(options(STORAGE_INFO)))
    assert [row["storage"] for row in listed] == ["backup", "pbs"]
    assert listed[0]["content"] == ["backup", "images", "iso"]
    assert listed[0]["status"] == [
        {"node": "n1", "active": True, "total": 100, "used": 40, "free": 60},
        {"node": "n2", "active": False, "total": 0, "used": 0, "free": 0},
    ]
    assert there.asked == ["/cluster/resources", "/nodes", "/storage"]  # a node that is offline is not asked
    assert [
        row["storage"] for row in STORAGE_INFO.read(there, STORAGE_INFO.parse(options(STORAGE_INFO, type="pbs")))
    ] == ["pbs"]


@pytest.mark.parametrize(
    ("listed", "status"),
    [
        ({"active": 1, "total": 100, "used": 40}, {"active": True, "total": 100, "used": 40, "free": 60}),
        ({"active": 0}, {"active": False, "total": 0, "used": 0, "free": 0}),
    ],
)
def test_info_of_a_storage_that_is_not_reported_yet_is_what_its_node_lists(listed: Any, status: Any) -> None:
    answers = {
        "/storage": [DIR],
        "/cluster/resources": [{"type": "storage", "storage": "backup", "node": "n1", "status": "unknown"}],
        "/nodes": [{"node": "n1", "status": "online"}],
        "/nodes/n1/storage": [{"storage": "backup", **listed}],
    }
    (row,) = STORAGE_INFO.read(Server(answers), STORAGE_INFO.parse(options(STORAGE_INFO)))
    assert row["status"] == [{"node": "n1", **status}]


def test_info_of_one_node_is_fresh() -> None:
    now = [{"storage": "backup", "active": 1, "total": 100, "used": 40, "avail": 50}]
    there = Server({"/storage": [DIR, PBS | {"storage": "pbs"}], "/nodes/n1/storage": now})
    listed = STORAGE_INFO.read(there, STORAGE_INFO.parse(options(STORAGE_INFO, node="n1")))
    assert [row["status"] for row in listed] == [[{"node": "n1", "active": True, "total": 100, "used": 40, "free": 50}]]


def absent(release: tuple[int, int] = (9, 2)) -> Server:
    return Server({"/nodes": [{"node": "n1", "status": "online"}]}, release)


GLUSTERFS = {"storage": "g1", "type": "glusterfs", "server": "192.0.2.1", "volume": "gv0", "content": ["images"]}


def test_glusterfs_is_managed_where_pve_has_it() -> None:
    plan = planned(STORAGE, absent((8, 4)), **GLUSTERFS, server2="192.0.2.2", transport="tcp")
    sent = {**GLUSTERFS, "content": "images", "server2": "192.0.2.2", "transport": "tcp"}
    assert calls(plan) == [("POST", "/storage", sent)]


def test_glusterfs_is_refused_where_pve_dropped_it() -> None:
    with pytest.raises(
        InvalidOption, match=r"type: PVE 9 dropped storages of type glusterfs, and this server has 9\.2"
    ):
        planned(STORAGE, absent(), **GLUSTERFS)


@pytest.mark.parametrize(
    ("kind", "content", "message"),
    [
        (
            {"type": "lvm", "vgname": "v"},
            ["iso", "images"],
            "a storage of type lvm cannot hold iso, only images, rootdir",
        ),
        ({"type": "pbs", "server": "h", "datastore": "d"}, ["images"], "type pbs cannot hold images, only backup"),
        ({"type": "esxi", "server": "h", "username": "u"}, ["iso"], "type esxi cannot hold iso, only import"),
    ],
)
def test_contents_that_a_type_cannot_hold_are_refused(kind: dict[str, Any], content: list[str], message: str) -> None:
    with pytest.raises(InvalidOption, match=message):
        planned(STORAGE, absent(), storage="st", content=content, **kind)
    assert planned(STORAGE, absent((9, 9)), storage="st", content=content, **kind).steps  # which may know more
    assert planned(STORAGE, absent(), storage="st", content=["none"], **kind).steps


def test_unknown_nodes_are_warned_about() -> None:
    present = server()
    planned(STORAGE, present, storage="backup", nodes=["n1", "n9"])
    assert present.warnings == ["nodes: there is no node n9 in the cluster."]


@pytest.mark.parametrize(
    "policy", [{"keep_last": 3, "keep-daily": 7}, "keep-daily=7, keep-last=3", {"keep-daily": "7", "keep-last": 3}]
)
def test_spellings_of_a_retention_are_no_change(policy: Any) -> None:
    assert not planned(STORAGE, server(), storage="backup", prune_backups=policy).steps
