# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What deletes, stops, overwrites or takes away hits nothing that was not named in full.

Each deed is known by the writes that it makes when everything is named. With any option of it empty, null or of another thing, it
makes some of these writes, or none: never another one. The cluster's lists lag all the while.
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.harness.cluster import Cluster, Result
from tests.harness.lifecycle_cases import CASES, Case, resource_of

Options = Mapping[str, Any]
Writes = list[tuple[str, str, Any]]
VMID, OTHER = 9150, 9151
DISK = {"scsi0": {"storage": "local", "size": "1G", "format": "qcow2"}}
GUESTS: tuple[tuple[str, Options], ...] = (
    ("pve_vm", {"vmid": VMID, "name": "mine", "node": "pve1", "tags": ["mine"], "scsi": DISK, "state": "started"}),
    ("pve_vm", {"vmid": OTHER, "name": "other", "node": "pve1", "tags": ["other"], "scsi": DISK, "state": "started"}),
    ("pve_snapshot", {"vmid": VMID, "snapname": "first"}),
    ("pve_snapshot", {"vmid": VMID, "snapname": "second"}),
    ("pve_snapshot", {"vmid": OTHER, "snapname": "first"}),
)
STOPPED: tuple[tuple[str, Options], ...] = tuple(
    ("pve_vm", {"vmid": vmid, "state": "stopped", "force": True}) for vmid in (VMID, OTHER)
)
USERS: tuple[tuple[str, Options], ...] = (
    ("pve_user", {"userid": "mine@pve"}),
    ("pve_user", {"userid": "other@pve"}),
    *(
        ("pve_acl", {"path": "/pool/mine", "users": [f"{name}@pve"], "roles": ["PVEVMUser"]})
        for name in ("mine", "other")
    ),
    ("pve_acl", {"path": "/pool", "users": ["other@pve"], "roles": ["PVEAuditor"]}),
)
MACHINE = {"vmid": VMID, "name": "mine", "node": "pve1"}
BACKUP = "shared:backup/vzdump-qemu-100-2026_01_31-12_00_00.vma.zst"

BACKED_UP: tuple[tuple[str, Options], ...] = (
    ("pve_backup", {"node": "pve1", "vmid": [100], "storage": "shared", "compress": "zstd"}),
)

BACKED_UP_TWICE: tuple[tuple[str, Options], ...] = (
    *BACKED_UP,
    ("pve_backup", {"node": "pve1", "vmid": [100], "storage": "shared", "compress": "lzo"}),
    ("pve_backup", {"node": "pve1", "vmid": [103], "storage": "shared", "compress": "lzo"}),
    ("pve_backup", {"node": "pve1", "vmid": [103], "storage": "shared", "compress": "zstd"}),
)


@dataclasses.dataclass(frozen=True)
class Deed:
    """A task that does harm to what it names: ``wrong`` are options of which each contradicts the others."""

    name: str
    module: str
    options: Options
    needs: tuple[tuple[str, Options], ...] = ()
    wrong: tuple[Options, ...] = ()


CONTAINER, OTHER_CONTAINER = 9160, 9161
BOX = {"vmid": CONTAINER, "hostname": "box", "node": "pve1"}
CONTAINERS: tuple[tuple[str, Options], ...] = tuple(
    (
        "pve_lxc",
        {
            "vmid": vmid,
            "hostname": name,
            "node": "pve1",
            "ostemplate": "local:vztmpl/alpine-3.22-default_20250617_amd64.tar.xz",
            "rootfs": "local-lvm:1",
            "mp": {"mp0": "local-lvm:1,mp=/data"},
            "state": "started",
        },
    )
    for vmid, name in ((CONTAINER, "box"), (OTHER_CONTAINER, "otherbox"))
)
STOPPED_CONTAINERS: tuple[tuple[str, Options], ...] = tuple(
    ("pve_lxc", {"vmid": vmid, "state": "stopped", "force": True}) for vmid in (CONTAINER, OTHER_CONTAINER)
)
TOTP = "otpauth://totp/mine?secret=JBSWY3DPEHPK3PXP&issuer=pve"
RULES = [{"type": "in", "action": "ACCEPT", "source": f"192.0.2.{number}"} for number in (1, 2)]
ADDRESSES = [{"cidr": f"192.0.2.{number}"} for number in (1, 2)]
WRONG_BOX = (
    {"hostname": "otherbox"},
    {"node": "pve2"},
    {"vmid": OTHER_CONTAINER},
    {"vmid": 9159},
    {"hostname": "nobody"},
)
WRONG_MACHINE = ({"name": "other"}, {"node": "pve2"}, {"vmid": OTHER}, {"vmid": 9159}, {"name": "nobody"})
WRONG_EXISTING = tuple(wrong for wrong in WRONG_MACHINE if wrong != {"vmid": 9159})  # an id that is free is made
DEEDS = (
    Deed("vm absent", "pve_vm", {**MACHINE, "state": "absent", "purge": True}, (*GUESTS, *STOPPED), WRONG_MACHINE),
    Deed("vm absent by force", "pve_vm", {**MACHINE, "state": "absent", "force": True}, GUESTS, WRONG_MACHINE),
    Deed("vm stopped by force", "pve_vm", {**MACHINE, "state": "stopped", "force": True}, GUESTS, WRONG_EXISTING),
    Deed("vm reset", "pve_vm", {**MACHINE, "state": "reset"}, GUESTS, WRONG_EXISTING),
    Deed("disk removed", "pve_vm", {**MACHINE, "unset": ["scsi0"], "purge": True}, (*GUESTS, *STOPPED), WRONG_EXISTING),
    Deed("vm converted to a template", "pve_vm", {**MACHINE, "template": True}, (*GUESTS[:2], *STOPPED), WRONG_EXISTING),
    Deed("snapshot absent", "pve_snapshot", {**MACHINE, "snapname": "first", "state": "absent"}, GUESTS, WRONG_MACHINE),
    Deed("snapshot retention", "pve_snapshot", {**MACHINE, "snapname": "third", "retention": 1, "prefix": "fir"}, GUESTS),
    Deed("rollback", "pve_snapshot", {**MACHINE, "snapname": "first", "state": "rollback"}, GUESTS, WRONG_MACHINE),
    Deed(
        "selection absent",
        "pve_guests",
        {"select": {"name": "mine", "tag": ["mine"], "node": "pve1", "vmid": [VMID]}, "state": "absent"},
        (*GUESTS, *STOPPED),
        tuple({"select": {"name": "mine", "tag": ["mine"], "vmid": [VMID], **wrong}} for wrong in (
            {"name": "other"}, {"tag": ["other"]}, {"node": "pve2"}, {"vmid": [OTHER]}, {"type": "container"},
        )),
    ),
    Deed(
        "selection stopped by force",
        "pve_guests",
        {"select": {"tag": ["mine"]}, "state": "stopped", "force": True},
        GUESTS,
        ({"select": {"tag": ["mine", "other"]}}, {"select": {"tag": ["min"]}}),
    ),
    Deed("guests absent", "pve_guests", {"guests": [{**MACHINE, "state": "absent", "force": True}]}, GUESTS,
         tuple({"guests": [{**MACHINE, **wrong, "state": "absent", "force": True}]} for wrong in WRONG_MACHINE)),
    Deed("guests of a node stopped", "pve_node_guests", {"node": "pve1", "vms": [VMID], "state": "stopped"}, GUESTS,
         ({"node": "pve2"}, {"vms": [9159]})),
    Deed("backup restored by force", "pve_backup",
         {"node": "pve1", "volume": BACKUP, "vmid": [OTHER], "force": True, "state": "restored"}, (*GUESTS, *STOPPED, *BACKED_UP)),
    Deed("backup absent", "pve_backup", {"node": "pve1", "volume": BACKUP, "state": "absent"}, BACKED_UP,
         ({"volume": BACKUP.replace("-100-", "-101-")}, {"volume": BACKUP[:-4]}, {"node": "pve9"})),
    Deed("content absent", "pve_storage_content",
         {"node": "pve1", "storage": "local", "content": "vztmpl",
          "filename": "alpine-3.22-default_20250617_amd64.tar.xz", "state": "absent"},
         (), ({"content": "iso"}, {"filename": "alpine*"}, {"filename": "alpine"})),
    Deed("directory absent", "pve_node_disk",
         {"node": "pve1", "type": "directory", "name": "mine", "state": "absent", "cleanup_disks": True, "force": True},
         (("pve_node_disk", {"node": "pve1", "type": "directory", "name": "mine", "devices": ["/dev/sdd"]}),),
         ({"name": "min"}, {"type": "lvm"}, {"node": "pve2"})),
    Deed("members of a pool", "pve_pool", {"poolid": "mine", "vms": [VMID]},
         (*GUESTS, ("pve_pool", {"poolid": "mine", "vms": [VMID, OTHER]}))),
    Deed("exclusive entries", "pve_acl",
         {"path": "/pool/mine", "users": ["mine@pve"], "roles": ["PVEVMUser"], "exclusive": True}, USERS,
         ({"path": ".."},)),
    Deed("entries absent", "pve_acl",
         {"path": "/pool/mine", "users": ["mine@pve"], "roles": ["PVEVMUser"], "state": "absent"}, USERS,
         ({"path": "/pool"}, {"users": ["min@pve"]}, {"roles": ["PVEAuditor"]})),
    Deed("token regenerated", "pve_token", {"userid": "mine@pve", "tokenid": "one", "regenerate": True},
         (*USERS, ("pve_token", {"userid": "mine@pve", "tokenid": "one"}))),
    Deed("second factor absent", "pve_tfa", {"userid": "mine@pve", "type": "totp", "description": "phone", "state": "absent"},
         (*USERS[:2], *(("pve_tfa", {"userid": userid, "type": "totp", "description": text, "totp": TOTP})
                        for userid in ("mine@pve", "other@pve") for text in ("phone", "tablet")),
          ("pve_tfa", {"userid": "mine@pve", "type": "recovery"})),
         ({"userid": "min@pve"}, {"userid": "mine@pam"}, {"description": "phon"}, {"type": "yubico"})),
    Deed("container absent", "pve_lxc", {**BOX, "state": "absent", "purge": True},
         (*CONTAINERS, *STOPPED_CONTAINERS), WRONG_BOX),
    Deed("container absent by force", "pve_lxc", {**BOX, "state": "absent", "force": True}, CONTAINERS, WRONG_BOX),
    Deed("container stopped by force", "pve_lxc", {**BOX, "state": "stopped", "force": True}, CONTAINERS,
         tuple(wrong for wrong in WRONG_BOX if wrong != {"vmid": 9159})),
    Deed("container converted to a template", "pve_lxc", {**BOX, "template": True},
         (*CONTAINERS, *STOPPED_CONTAINERS), tuple(wrong for wrong in WRONG_BOX if wrong != {"vmid": 9159})),
    Deed("mount point removed", "pve_lxc", {**BOX, "unset": ["mp0"], "purge": True},
         (*CONTAINERS, *STOPPED_CONTAINERS), WRONG_BOX),
    Deed("containers of a node stopped", "pve_node_guests", {"node": "pve1", "vms": [CONTAINER], "state": "stopped"},
         CONTAINERS, ({"node": "pve2"}, {"vms": [9159]})),
    Deed("backups pruned", "pve_backup",
         {"node": "pve1", "storage": "shared", "vmid": [100], "prune_backups": {"keep-last": 1}, "state": "pruned"},
         BACKED_UP_TWICE,
         ({"vmid": [9159]}, {"node": "pve9"}, {"storage": "local"}, {"vmid": [101, 100]}, {"all": True})),
    Deed("clone over a guest", "pve_vm", {**MACHINE, "vmid": 9152, "name": "copy", "clone": "other"}, (*GUESTS, *STOPPED),
         ({"vmid": VMID}, {"vmid": OTHER}, {"clone": "nobody"}, {"node": "pve9"})),
    Deed("guest rules", "pve_firewall", {"scope": "guest", "vmid": VMID, "rules": RULES[:1]},
         (*GUESTS, *(("pve_firewall", {"scope": "guest", "vmid": vmid, "rules": RULES}) for vmid in (VMID, OTHER))),
         ({"vmid": 9159}, {"scope": "cluster"}, {"scope": "node"})),
    Deed("addresses of a set", "pve_firewall_ipset", {"scope": "guest", "vmid": VMID, "name": "mine", "entries": ADDRESSES[:1]},
         (*GUESTS, *(("pve_firewall_ipset", {"scope": "guest", "vmid": vmid, "name": "mine", "entries": ADDRESSES})
                     for vmid in (VMID, OTHER))),
         ({"vmid": 9159},)),
    Deed("members of a group", "pve_group", {"groupid": "mine", "members": ["mine@pve"]},
         (*USERS, *(("pve_group", {"groupid": name, "members": ["mine@pve", "other@pve"]}) for name in ("mine", "others")))),
    Deed("privileges of a role", "pve_role", {"roleid": "mine", "privs": ["VM.Audit"]},
         (("pve_role", {"roleid": "mine", "privs": ["VM.Audit", "VM.Console"]}),
          ("pve_role", {"roleid": "other", "privs": ["VM.Audit", "VM.Console"]}))),
    Deed("resources of a rule", "pve_ha_rule",
         {"rule": "mine", "type": "node-affinity", "nodes": ["pve1"], "resources": [f"vm:{VMID}"]},
         (*GUESTS, *(("pve_ha", {"sid": f"vm:{vmid}", "wait": False}) for vmid in (VMID, OTHER)),
          ("pve_ha_rule", {"rule": "mine", "type": "node-affinity", "nodes": ["pve1"],
                           "resources": [f"vm:{VMID}", f"vm:{OTHER}"]}))),
    Deed("tags of a guest", "pve_vm", {"vmid": VMID, "node": "pve1", "tags": ["kept"]}, GUESTS),
    Deed("program in a guest", "pve_guest_agent", {"vmid": 100, "name": "web1", "node": "pve1", "exec": {"argv": ["cat"]}},
         (), ({"name": "web2"}, {"vmid": 101}, {"node": "pve9"}, {"name": "nobody"})),
    Deed("key pressed in a guest", "pve_sendkey", {"vmid": 100, "name": "web1", "node": "pve1", "keys": ["ctrl-alt-delete"]},
         (), ({"name": "web2"}, {"vmid": 101}, {"name": "nobody"})),
    Deed("node shut down", "pve_node_power", {"node": "pve3", "state": "shutdown", "force": True}, (), ({"node": "pve"},)),
)  # fmt: skip


def deed_of(case: Case) -> Deed:
    """The end of an object of the lifecycle tests."""
    stages = tuple((case.module, case.stage(stage)) for stage in ("create", "update"))
    return Deed(f"{case.name}, absent", case.module, case.stage("absent"), (*case.needs, *stages))


ALL = (*DEEDS, *(deed_of(case) for case in CASES if case.absent is not None))
EMPTY: tuple[Any, ...] = (None, "", " ", [], [""], {})
# What means everything is said by emptiness on purpose, as documented: it is named by the option itself.
MEANS_SOMETHING = {
    # Exclusive lists: an empty one takes all out
    ("members of a pool", "vms"),
    ("guest rules", "rules"),
    ("addresses of a set", "entries"),
    ("members of a group", "members"),
    ("privileges of a role", "privs"),
    ("tags of a guest", "tags"),
    # Nothing that is there is touched: a new VM is made without a source, a backup is taken
    ("clone over a guest", "clone"),
    ("backups pruned", "state"),
}


def prepared(cluster: Cluster, deed: Deed) -> tuple[Deed, Writes]:
    """Bring the cluster to the state before the deed, to which a reset returns; returns the deed and its writes."""
    cluster.control("DELETE", "mark")
    cluster.reset()
    for module, options in deed.needs:
        result = cluster.run(resource_of(module), options)
        assert not result.get("failed"), (module, options, result["msg"])
    cluster.control("POST", "mark")
    deed = with_volume(cluster, deed)
    cluster.requests_made()
    result = cluster.run(resource_of(deed.module), deed.options)
    assert not result.get("failed"), result["msg"]
    made = writes(cluster)
    assert made, "the deed does nothing"
    cluster.reset()
    return deed, made


def with_volume(cluster: Cluster, deed: Deed) -> Deed:
    """The deed with the name of the backup that there is, which depends on the time."""
    for row in cluster.call("GET", "/nodes/pve1/storage/shared/content", {"content": "backup"}):
        options, wrong = json.loads(json.dumps([deed.options, deed.wrong]).replace(BACKUP[:-8], row["volid"][:-8]))
        deed = dataclasses.replace(deed, options=options, wrong=tuple(wrong))
    return deed


def writes(cluster: Cluster) -> Writes:
    return [(row["method"], row["path"], row["params"]) for row in cluster.writes_made() if row["status"] == 200]


def less_named(deed: Deed) -> Iterator[tuple[str, Options]]:
    """The deed with one of its options empty or null, and its name."""
    for name, value in deed.options.items():
        for empty in EMPTY:
            yield name, {**deed.options, name: empty}
        inner = value[0] if isinstance(value, list) and value else value
        for key in inner if isinstance(inner, Mapping) else ():
            for empty in EMPTY:
                changed = {**inner, key: empty}
                yield f"{name}.{key}", {**deed.options, name: [changed] if isinstance(value, list) else changed}


def beyond(made: Writes, whole: Writes) -> list[str]:
    """Places that were written to and are none of the deed's own."""
    own = {(method, _thing(path)) for method, path, _params in whole}
    return [f"{method} {path} {params}" for method, path, params in made if (method, _thing(path)) not in own]


def _thing(path: str) -> str:
    """What a path is about: a guest is the same however it is stopped."""
    return re.sub(r"/status/\w+$", "/status", path)


def is_honest(result: Result, made: Writes) -> bool:
    """Whether a task that failed wrote nothing or says what it did; a task of the server that failed may have done nothing."""
    in_vain = "TASK ERROR" in result.get("msg", "")
    return not result.get("failed") or not made or bool(result["changed"]) or in_vain


@pytest.fixture
def marked(shared_cluster: Cluster) -> Iterator[Cluster]:
    yield shared_cluster
    shared_cluster.control("DELETE", "mark")
    shared_cluster.reset()


@pytest.mark.parametrize("deed", ALL, ids=lambda deed: deed.name)
def test_what_is_named_less_hits_nothing_more(marked: Cluster, deed: Deed) -> None:
    deed, whole = prepared(marked, deed)
    for name, options in less_named(deed):
        if (deed.name, name) in MEANS_SOMETHING:
            continue
        result = marked.run(resource_of(deed.module), options)
        made = writes(marked)
        assert not beyond(made, whole), f"{name} in {options}: {beyond(made, whole)}"
        assert is_honest(result, made), f"{name} in {options}: {made}, {result['msg']}"
        if made:
            marked.reset()


@pytest.mark.parametrize(("name", "option"), sorted(MEANS_SOMETHING))
def test_what_is_excepted_is_a_deed(name: str, option: str) -> None:
    assert [deed for deed in DEEDS if deed.name == name and option in deed.options]


@pytest.mark.parametrize("deed", [deed for deed in DEEDS if deed.wrong], ids=lambda deed: deed.name)
def test_what_contradicts_itself_hits_nothing(marked: Cluster, deed: Deed) -> None:
    """Whether it is refused, or finds that there is nothing to do."""
    deed, _whole = prepared(marked, deed)
    for wrong in deed.wrong:
        result = marked.run(resource_of(deed.module), {**deed.options, **wrong})
        made = writes(marked)
        assert not made, f"{wrong}: {made}, {result.get('msg')}"


def test_a_task_is_stopped_only_by_its_own_id(shared_cluster: Cluster) -> None:
    shared_cluster.reset()
    shared_cluster.task_fault(type="vzdump", duration=60, count=2)
    mine, other = (
        shared_cluster.call("POST", "/nodes/pve1/vzdump", {"vmid": vmid, "storage": "shared"}) for vmid in (100, 103)
    )
    shared_cluster.requests_made()
    task = resource_of("pve_task")
    near = (mine[:-1], mine.replace(":pve1:", ":pve2:"), mine.replace(":100:", "::"), mine.rpartition("@")[0])
    for upid in (*EMPTY, *near):
        shared_cluster.run(task, {"upid": upid, "state": "stopped"})
        assert not writes(shared_cluster), upid
    for state in EMPTY:
        shared_cluster.run(task, {"upid": mine, "state": state, "timeout": 0})
        assert not writes(shared_cluster), state
    assert shared_cluster.run(task, {"upid": mine, "state": "stopped"})["changed"]
    assert [(method, path) for method, path, _params in writes(shared_cluster)] == [
        ("DELETE", f"/nodes/pve1/tasks/{mine}")
    ]
    assert shared_cluster.call("GET", f"/nodes/pve1/tasks/{other}/status")["status"] == "running"
    shared_cluster.reset()


# --- lists that are out of date ---------------------------------------------------------------------------------------

BY_NAME = {"name": "mine"}
BY_HOSTNAME = {"hostname": "box"}
OF_MACHINES: tuple[tuple[str, str, Options], ...] = (
    ("absent", "pve_vm", {**BY_NAME, "state": "absent", "purge": True}),
    ("absent by force", "pve_vm", {**BY_NAME, "state": "absent", "force": True}),
    ("stopped by force", "pve_vm", {**BY_NAME, "state": "stopped", "force": True}),
    ("reset", "pve_vm", {**BY_NAME, "state": "reset"}),
    ("disk removed", "pve_vm", {**BY_NAME, "unset": ["scsi0"], "purge": True}),
    ("template", "pve_vm", {**BY_NAME, "state": "stopped", "template": True}),
    ("tags", "pve_vm", {**BY_NAME, "tags": ["new"]}),
    ("snapshot absent", "pve_snapshot", {**BY_NAME, "snapname": "first", "state": "absent"}),
    ("rollback", "pve_snapshot", {**BY_NAME, "snapname": "first", "state": "rollback"}),
    ("retention", "pve_snapshot", {**BY_NAME, "snapname": "third", "retention": 1, "prefix": "fir"}),
    ("selection stopped", "pve_guests", {"select": BY_NAME, "state": "stopped", "force": True}),
    ("selection absent", "pve_guests", {"select": {"name": "min*"}, "state": "absent"}),
    ("entries absent", "pve_guests", {"guests": [{**BY_NAME, "state": "absent", "force": True}]}),
    ("keys", "pve_sendkey", {**BY_NAME, "keys": ["ctrl-alt-delete"]}),
)
OF_CONTAINERS: tuple[tuple[str, str, Options], ...] = (
    ("absent", "pve_lxc", {**BY_HOSTNAME, "state": "absent", "force": True}),
    ("stopped by force", "pve_lxc", {**BY_HOSTNAME, "state": "stopped", "force": True}),
    ("template", "pve_lxc", {**BY_HOSTNAME, "state": "stopped", "template": True}),
    ("mount point removed", "pve_lxc", {**BY_HOSTNAME, "unset": ["mp0"], "purge": True}),
    ("selection stopped", "pve_guests", {"select": {"name": "box"}, "state": "stopped", "force": True}),
    ("entries absent", "pve_guests", {"guests": [{"type": "container", **BY_HOSTNAME, "state": "absent", "force": True}]}),
)  # fmt: skip


def outdated(cluster: Cluster, kind: str, vmid: int, other: int, change: str) -> None:
    """Let somebody else change a guest while the nodes report nothing: it is listed under its old name ever after."""
    cluster.call("GET", "/cluster/resources")
    cluster.control("POST", "report", {})
    cluster.control("POST", "lag", {"seconds": 100000, "looks": 1000000})
    option = "name" if kind == "qemu" else "hostname"
    old = {"qemu": "mine", "lxc": "box"}[kind]
    if change in ("renamed", "swapped"):
        cluster.call("PUT", f"/nodes/pve1/{kind}/{vmid}/config", {option: "precious"})
    if change == "swapped":
        cluster.call("PUT", f"/nodes/pve1/{kind}/{other}/config", {option: old})
    if change == "reused":
        cluster.call("POST", f"/nodes/pve1/{kind}/{vmid}/status/stop")
        cluster.call("DELETE", f"/nodes/pve1/{kind}/{vmid}")
        root = {"ostemplate": CONTAINERS[0][1]["ostemplate"], "rootfs": "local-lvm:1"} if kind == "lxc" else {}
        cluster.call("POST", f"/nodes/pve1/{kind}", {"vmid": vmid, option: "precious", **root})
    assert [row["name"] for row in cluster.call("GET", "/cluster/resources") if row.get("vmid") == vmid] == [old]
    cluster.requests_made()


@pytest.fixture(scope="module")
def populated(shared_cluster: Cluster) -> Iterator[Cluster]:
    """A cluster with two VMs and two containers, to which a reset returns."""
    shared_cluster.control("DELETE", "mark")
    shared_cluster.reset()
    for module, options in (*GUESTS, *CONTAINERS):
        result = shared_cluster.run(resource_of(module), options)
        assert not result.get("failed"), (module, options, result["msg"])
    shared_cluster.control("POST", "mark")
    yield shared_cluster
    shared_cluster.control("DELETE", "mark")
    shared_cluster.reset()


def of_guest(made: Writes, vmid: int) -> list[str]:
    return [f"{method} {path}" for method, path, _params in made if re.search(rf"/{vmid}(/|$)", path)]


@pytest.mark.parametrize("change", ["renamed", "swapped", "reused"])
@pytest.mark.parametrize(
    ("kind", "name", "module", "options"),
    [
        *(("qemu", *deed) for deed in OF_MACHINES),
        *(("lxc", *deed) for deed in OF_CONTAINERS),
    ],
)
def test_what_is_listed_under_an_old_name_is_not_hit(
    populated: Cluster, kind: str, name: str, module: str, options: Options, change: str
) -> None:
    """The deed hits the guest that has the name now, if there is one, and never the one that had it."""
    populated.reset()
    vmid, other = {"qemu": (VMID, OTHER), "lxc": (CONTAINER, OTHER_CONTAINER)}[kind]
    outdated(populated, kind, vmid, other, change)
    result = populated.run(resource_of(module), options)
    made = writes(populated)
    assert not of_guest(made, vmid), f"{name}: {made}, {result.get('msg')}"
    if change == "swapped" and not result.get("failed"):
        asked = result.get("requests", [])
        assert [row for row in asked if not re.search(rf"/{other}(/|$)", row["path"])] == []
        assert bool(asked) is bool(result["changed"])
    elif change != "swapped":
        assert not made, f"{name}: {made}, {result.get('msg')}"


@pytest.mark.parametrize("change", ["renamed", "reused"])
@pytest.mark.parametrize(
    ("kind", "name", "module", "options"),
    [
        *(("qemu", *deed) for deed in OF_MACHINES if deed[0] != "tags" and "name" in deed[2]),
        *(("lxc", *deed) for deed in OF_CONTAINERS if "hostname" in deed[2]),
    ],
)
def test_an_id_with_an_old_name_is_not_hit(
    populated: Cluster, kind: str, name: str, module: str, options: Options, change: str
) -> None:
    populated.reset()
    vmid, other = {"qemu": (VMID, OTHER), "lxc": (CONTAINER, OTHER_CONTAINER)}[kind]
    outdated(populated, kind, vmid, other, change)
    result = populated.run(resource_of(module), {**options, "vmid": vmid})
    made = writes(populated)
    assert not made, f"{name}: {made}, {result.get('msg')}"
    assert result.get("failed"), name
