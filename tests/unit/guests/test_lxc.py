# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Containers: what is read, what is planned, what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.pve.automation.plugins.module_utils._core.guests.lxc import LXC
from ansible_collections.pve.automation.plugins.module_utils._core.guests.sources import parse_backup
from ansible_collections.pve.automation.plugins.module_utils._core.model.errors import (
    InvalidOption,
    NotFound,
    PermissionDenied,
    Refused,
)
from ansible_collections.pve.automation.plugins.module_utils._core.model.plan import Plan
from tests.unit.guests.fake import OTHER, OTHER_ROWS, ROOT, TOKEN, GuestServer
from tests.unit.resources.fake import calls, options, planned

TEMPLATE = "local:vztmpl/alpine.tar.xz"
PATH = "/nodes/pve1/lxc/9101"
# As a server of release 9.2 answers, in its order of sub-options.
CONFIG: dict[str, Any] = {
    "arch": "amd64",
    "cores": 1,
    "cpulimit": "0.5",
    "description": "Line one\nLine two: ünïcödé\n",
    "features": "nesting=1,keyctl=1",
    "hostname": "ct-full",
    "memory": 64,
    "mp0": "local:9101/vm-9101-disk-1.raw,mp=/data,backup=1,size=1G",
    "mp1": "/srv,mp=/srv,ro=1",
    "nameserver": "192.0.2.53",
    "net0": "name=eth0,bridge=vmbr0,firewall=1,gw=192.0.2.1,hwaddr=BC:24:11:00:01:00,ip=192.0.2.20/24,rate=2.5,tag=5,type=veth",
    "onboot": 1,
    "ostype": "alpine",
    "rootfs": "local:9101/vm-9101-disk-0.raw,mountoptions=noatime,quota=0,size=1G",
    "startup": "order=2,up=5",
    "swap": 0,
    "tags": "prod;web",
    "unprivileged": 1,
    "unused0": "local:9101/vm-9101-disk-9.raw",
}


def server(config: dict[str, Any] | None = None, **more: Any) -> GuestServer:
    return GuestServer({"lxc/9101": {**CONFIG, **(config or {})}}, **more)


def plan(on: GuestServer | None = None, **given_options: Any) -> Plan:
    return planned(LXC, on or server(), **{"vmid": 9101, "node": "pve1", **given_options})


def written(made: Plan) -> dict[str, Any]:
    """The parameters of the only call, which has to be the write of the configuration."""
    ((method, path, params),) = calls(made)
    assert (method, path) == ("PUT", f"{PATH}/config")
    assert params.pop("digest") == "d1"
    return params


def test_what_is_there_costs_one_request() -> None:
    present = server()
    made = plan(
        present,
        hostname="ct-full",
        cores=1,
        cpulimit=0.5,
        description="Line one\nLine two: ünïcödé",
        features={"keyctl": True, "nesting": True, "fuse": False},
        memory="64M",
        swap=0,
        mp={"mp0": "local:1,mp=/data,backup=1", "mp1": "/srv,mp=/srv,ro=on"},
        net={"net0": {"hwaddr": "bc:24:11:00:01:00", "rate": 2.50, "tag": "5"}},
        rootfs="local:1,mountoptions=noatime",
        startup={"order": 2, "up": 5},
        tags=["web", "PROD"],
        unprivileged=True,
        console=True,
        tty=2,
        ostemplate=TEMPLATE,
        password="secret-word",
    )
    assert calls(made) == []
    assert present.asked == [f"{PATH}/config"]


def test_creation_sends_everything_in_one_call() -> None:
    made = planned(
        LXC,
        GuestServer(answers={"/pools": [{"poolid": "web", "members": []}]}),
        node="pve1",
        hostname="new",
        ostemplate=TEMPLATE,
        password="secret-word",
        ssh_public_keys=["ssh-ed25519 AAAA a@b", "ssh-ed25519 BBBB a@b"],
        ignore_unpack_errors=True,
        rootfs="local:8",
        env={"B": 2, "A": "x y"},
        pool="web",
        state="started",
    )
    create, start = made.steps
    assert (create.method, create.path, create.starts_task) == ("POST", "/nodes/pve1/lxc", True)
    assert dict(create.params) == {
        "vmid": 103,
        "ostemplate": TEMPLATE,
        "password": "secret-word",
        "ssh-public-keys": "ssh-ed25519 AAAA a@b\nssh-ed25519 BBBB a@b",
        "ignore-unpack-errors": 1,
        "hostname": "new",
        "env": "A=x y\0B=2",
        "rootfs": "local:8",
        "pool": "web",
    }
    assert create.describe()["params"]["password"] == "********"
    assert start.path == "/nodes/pve1/lxc/103/status/start"
    assert made.after is not None
    assert "secret-word" not in str(made.after)


@pytest.mark.parametrize(
    ("option", "given", "named"),
    [
        ("ostemplate", "debian-13-standard", "ostemplate: 'debian-13-standard'"),
        ("restore", "vzdump-lxc-101.tar.zst", "restore: archive: 'vzdump-lxc-101.tar.zst'"),
    ],
)
def test_a_name_without_a_storage_is_refused(option: str, given: str, named: str) -> None:
    with pytest.raises(InvalidOption, match=f"^{named} does not name a file on a storage, as local:"):
        planned(LXC, GuestServer(), node="pve1", hostname="new", **{option: given})


def test_a_template_may_be_a_path_on_the_node() -> None:
    made = planned(LXC, GuestServer(), node="pve1", hostname="new", ostemplate="/srv/a.tar.zst", rootfs="local:8")
    assert made.steps[0].params["ostemplate"] == "/srv/a.tar.zst"


def test_a_new_container_needs_something_to_be_made_of() -> None:
    with pytest.raises(InvalidOption, match="ostemplate: is needed"):
        planned(LXC, GuestServer(), node="pve1", hostname="new")
    with pytest.raises(InvalidOption, match="node: there is no container 'new', and to create it needs node"):
        planned(LXC, GuestServer(), hostname="new", ostemplate=TEMPLATE)


def test_a_new_container_needs_a_node_and_a_pool_that_exist() -> None:
    rows = [*OTHER_ROWS, {"type": "node", "node": "pve1"}, {"type": "pool", "pool": "web"}]
    new = {"hostname": "new", "ostemplate": TEMPLATE, "rootfs": "local:8"}
    server = GuestServer(answers={"/cluster/resources": rows})
    with pytest.raises(InvalidOption, match="node: node 'pve9' does not exist"):
        planned(LXC, server, node="pve9", **new)
    with pytest.raises(InvalidOption, match="pool: there is no pool 'wbe'"):
        planned(LXC, server, node="pve1", pool="wbe", **new)
    assert planned(LXC, server, node="pve1", pool="web", **new).steps


@pytest.mark.parametrize("name", ["timeout", "wait_timeout", "shutdown_timeout"])
def test_seconds_are_not_negative(name: str) -> None:
    given = {"wait_for": "ip"} if name == "wait_timeout" else {}
    with pytest.raises(InvalidOption, match=f"^{name}: is a number of seconds"):
        LXC.parse(options(LXC, vmid=9101, state="stopped", **{name: -5}, **given))


def test_a_guest_is_not_migrated_to_a_node_that_does_not_exist() -> None:
    rows = [
        {"type": "node", "node": "pve1"},
        {"type": "lxc", "vmid": 9101, "node": "pve1", "name": "web1", "status": "stopped"},
    ]
    server = GuestServer({"lxc/9101": {"hostname": "web1"}}, answers={"/cluster/resources": rows})
    with pytest.raises(InvalidOption, match="node: node 'pve9' does not exist"):
        planned(LXC, server, hostname="web1", node="pve9", migrate=True)


def test_a_pool_that_the_login_may_not_see_is_left_to_the_server() -> None:
    denied = PermissionDenied("GET", "/pools", 403, "Permission check failed")
    server = GuestServer(answers={"/pools": denied})
    assert planned(LXC, server, node="pve1", pool="web", hostname="new", ostemplate=TEMPLATE, rootfs="local:8").steps


def test_options_of_creation_mean_nothing_with_a_copy() -> None:
    for source in ({"clone": "base"}, {"restore": "local:backup/x"}):
        with pytest.raises(InvalidOption, match=f"password: means nothing with {next(iter(source))}"):
            LXC.parse(options(LXC, vmid=9101, password="secret-word", **source))


@pytest.mark.parametrize(
    ("desired", "params"),
    [
        ({"memory": "1G"}, {"memory": "1024"}),
        ({"hostname": "other"}, {"hostname": "other"}),
        (
            {"net": {"net0": {"tag": 7}}},
            {
                "net0": "name=eth0,bridge=vmbr0,firewall=1,gw=192.0.2.1,hwaddr=BC:24:11:00:01:00,ip=192.0.2.20/24,"
                "rate=2.5,tag=7,type=veth"
            },
        ),
        (
            {"net": {"net0": {"tag": "", "gw": "", "ip": "dhcp"}}},
            {"net0": "name=eth0,bridge=vmbr0,firewall=1,hwaddr=BC:24:11:00:01:00,ip=dhcp,rate=2.5,type=veth"},
        ),
        ({"features": {"fuse": True}}, {"features": "nesting=1,keyctl=1,fuse=1"}),
        ({"features": ""}, {"delete": "features"}),
        ({"env": ["A=1"]}, {"env": "A=1"}),
        ({"tags": []}, {"delete": "tags"}),
        ({"unset": ["startup", "net0", "mp1"]}, {"delete": "startup,net0,mp1"}),
        ({"dev": {"dev0": "/dev/ttyS0,mode=0660"}}, {"dev0": "/dev/ttyS0,mode=0660"}),
        ({"mp": {"mp2": "local:1,mp=/more"}}, {"mp2": "local:1,mp=/more"}),
    ],
)
def test_only_what_differs_is_written(desired: dict[str, Any], params: dict[str, Any]) -> None:
    assert written(plan(**desired)) == params


def test_a_detached_volume_is_kept_and_shown() -> None:
    after = plan(unset=["mp0", "mp1"]).after or {}
    assert "mp0" not in after
    assert after["unused1"] == {"volume": "local:9101/vm-9101-disk-1.raw"}
    assert "unused2" not in after  # a path of the host leaves nothing behind


def test_a_purged_volume_is_detached_and_then_deleted() -> None:
    both = plan(unset=["mp0", "mp1"], purge=True)
    assert both.steps[1].summary.startswith("delete the volume ")
    assert " of mp0" in both.steps[1].summary
    detach, delete = calls(both)
    assert detach[2]["delete"] == "mp0,mp1"
    assert delete == ("PUT", f"{PATH}/config", {"delete": "unused1"})


def test_a_running_container_keeps_its_volumes() -> None:
    with pytest.raises(Refused, match="keeps mp0 until it stops"):
        plan(server(status="running"), unset=["mp0"], purge=True)
    made = calls(plan(server(status="running"), unset=["mp0"], purge=True, state="stopped"))
    assert [path.rpartition("/")[2] for _method, path, _params in made] == ["shutdown", "config", "config"]


def test_unprivileged_is_fixed() -> None:
    with pytest.raises(InvalidOption, match="unprivileged: can be set only when"):
        plan(unprivileged=False)


@pytest.mark.parametrize("connection", [TOKEN, OTHER])
@pytest.mark.parametrize(
    ("desired", "option"),
    [
        ({"features": {"keyctl": False}}, "features"),
        ({"features": {"mount": "nfs"}}, "features"),
        ({"features": ""}, "features"),
        ({"mp": {"mp2": "/x,mp=/x"}}, "mp2"),
        ({"mp": {"mp1": {"ro": False}}}, "mp1"),
        ({"dev": {"dev0": "/dev/ttyS0"}}, "dev0"),
        ({"hookscript": "local:snippets/a.sh"}, "hookscript"),
    ],
)
def test_what_only_root_may_do_is_reported_before_the_call(
    connection: Any, desired: dict[str, Any], option: str
) -> None:
    with pytest.raises(InvalidOption, match=r"only by root@pam.*password") as caught:
        plan(server(connection=connection), **desired)
    assert caught.value.option == option
    assert plan(server(connection=ROOT), **desired).steps


@pytest.mark.parametrize(
    "desired",
    [
        {"features": {"nesting": False}},
        {"features": {"keyctl": True}},  # as it is
        {"mp": {"mp1": "/srv,mp=/srv,ro=1"}},
        {"mp": {"mp0": {"backup": False}}},
        {"memory": 128},
    ],
)
def test_everything_else_is_left_to_the_privileges(desired: dict[str, Any]) -> None:
    plan(server(connection=TOKEN), **desired)


NEW = {"node": "pve1", "hostname": "new", "ostemplate": TEMPLATE, "unprivileged": True}


@pytest.mark.parametrize(
    ("features", "sent"),
    [
        ("", None),
        ({}, None),
        ({"nesting": False, "keyctl": False, "mount": ""}, None),
        ({"nesting": True, "keyctl": False, "fuse": False}, "nesting=1"),
    ],
)
def test_features_that_are_off_are_not_named_because_only_root_may(features: Any, sent: str | None) -> None:
    made = planned(LXC, GuestServer(connection=TOKEN), **NEW, features=features)
    assert calls(made)[0][2].get("features") == sent
    assert "delete" not in calls(made)[0][2]
    assert (made.after or {}).get("features") == ({"nesting": True} if sent else None)
    there = server({"features": sent}, connection=TOKEN)
    assert calls(plan(there, features=features)) == []


def test_a_feature_that_is_named_is_switched_off_by_its_name() -> None:
    assert written(plan(features={"keyctl": False, "fuse": False})) == {"features": "nesting=1,keyctl=0"}
    with pytest.raises(InvalidOption, match="keyctl of a container can be set only by root"):
        plan(server({"features": "nesting=1,keyctl=0"}, connection=TOKEN), features="")


@pytest.mark.parametrize(
    "desired",
    [
        {"net": {"net0": "name=eth0,bridge=vmbr0"}},
        {"net": {"net0": {"name": "eth0", "bridge": "vmbr0", "hwaddr": "bc:24:11:00:01:00", "rate": 2.5}}},
        {"mp": {"mp0": "local:1,mp=/data"}},
        {"mp": {"mp0": {"storage": "local", "size": "1024M", "mp": "/data"}}},
        {"rootfs": "local:1"},
        {"tags": "web,prod"},
        {"memory": 64, "swap": 0, "cores": 1, "cmode": "tty"},
    ],
)
def test_what_a_task_says_again_is_no_change(desired: dict[str, Any]) -> None:
    """No new MAC address, no new volume, no restart."""
    assert not plan(server(status="running", answers={f"{PATH}/pending": []}), **desired, restart="if_needed").steps


def test_nesting_of_a_privileged_container_is_for_root_as_well() -> None:
    with pytest.raises(InvalidOption, match="nesting of a privileged container"):
        plan(server({"unprivileged": 0}, connection=TOKEN), features={"nesting": False})
    new = {"node": "pve1", "hostname": "new", "ostemplate": TEMPLATE, "features": "nesting=1"}
    assert planned(LXC, GuestServer(connection=TOKEN), **new).steps
    with pytest.raises(InvalidOption, match="privileged"):
        planned(LXC, GuestServer(connection=TOKEN), **new, unprivileged=False)


@pytest.mark.parametrize(
    ("desired", "reason"),
    [
        ({"net": {"net1": {"bridge": "vmbr0"}}}, "net1: names no name"),
        ({"dev": {"dev0": {"mode": "0660"}}}, "dev0: names no path"),
        ({"dev": {"dev0": "/dev/x,mode=660"}}, "dev0: mode"),
        ({"env": "A"}, "env: 'A' is not of the form NAME=value"),
        ({"env": {"A-B": "1"}}, "env: 'A-B' is not a name"),
        ({"env": {"A": "1\n2"}}, "env: the value of A has a control character"),
        ({"net": {"eth0": "x"}}, "net: eth0 is not among its keys"),
        ({"unset": ["memory"]}, "'memory' cannot be removed"),
        ({"hostname": "bad_name"}, "hostname: 'bad_name' is not a DNS name"),
        ({"features": "nosuch=1"}, "features: unknown option nosuch"),
        ({"clone": {"source": "x", "format": "raw"}}, "clone: unknown option format"),
        ({"state": "stopped", "wait_for": "ip"}, "wait_for: means nothing with state: stopped"),
        ({"force": True}, "force: means nothing with state: present"),
        ({"shutdown_timeout": 5}, "shutdown_timeout: means nothing with state: present"),
    ],
)
def test_a_wrong_option_is_named(desired: dict[str, Any], reason: str) -> None:
    with pytest.raises(InvalidOption) as caught:
        plan(**desired)
    assert reason in str(caught.value)


def test_a_clone_is_configured_in_the_same_task() -> None:
    made = planned(
        LXC,
        server({"mp1": None}),
        hostname="copy",
        clone={"source": "ct-full", "full": True},
        memory=128,
        net={"net0": {"tag": 9}},
        rootfs={"size": "2G"},
        state="started",
    )
    clone, config, resize, start = made.steps
    assert (clone.path, dict(clone.params)) == (f"{PATH}/clone", {"newid": 103, "hostname": "copy", "full": True})
    assert clone.replan
    assert config.path == "/nodes/pve1/lxc/103/config"
    assert set(config.params) == {"memory", "net0"}
    assert "hwaddr" not in config.params["net0"]
    assert dict(resize.params) == {"disk": "rootfs", "size": "2G"}
    assert start.path == "/nodes/pve1/lxc/103/status/start"


FORESEEN: dict[str, Any] = {"memory": 128, "net": {"net0": {"tag": 9}}, "rootfs": {"size": "2G"}, "state": "started"}


@pytest.mark.parametrize(
    ("source", "desired", "foreseen"),
    [
        ({}, {}, True),
        ({}, {"mp": {"mp5": "local:1,mp=/more"}}, True),
        ({"template": 0}, {}, False),
        ({}, {"clone": {"source": "ct-full", "full": True, "snapname": "before"}}, False),
        ({}, {"node": "pve2"}, False),
        ({}, {"rootfs": {"quota": True}}, False),
        ({}, {"unset": ["mp0"]}, False),
        ({}, {"mp": {"mp0": {"storage": "other"}}, "move_volumes": True}, False),
    ],
)
def test_a_clone_is_read_before_the_rest_if_that_takes_what_the_server_chose(
    source: dict[str, Any], desired: dict[str, Any], foreseen: bool
) -> None:
    on = server({"mp1": None, "template": 1, **source})
    options = {"hostname": "copy", "clone": {"source": "ct-full", "full": True}, **FORESEEN, **desired}
    made = planned(LXC, on, **options)
    assert (made.steps[0].replan, made.steps[0].foreseen) == (True, foreseen)


@pytest.mark.parametrize(
    ("present", "wanted", "foreseen"),
    [
        ("", {}, True),
        ("template: 1\n", {}, False),
        ("", {"rootfs": {"quota": True}}, False),
        ("", {"unset": ["mp0"]}, False),
    ],
)
def test_a_restored_container_is_read_before_the_rest_for_the_same_reasons(
    present: str, wanted: dict[str, Any], foreseen: bool
) -> None:
    desired = {"node": "pve1", "vmid": 9102, "restore": "local:backup/a.tar.zst", **FORESEEN, **wanted}
    made = planned(LXC, GuestServer(answers={EXTRACT: f"{present}{BACKUP}"}), **desired)
    assert (made.steps[0].replan, made.steps[0].foreseen) == (True, foreseen)


BACKUP = """#Line one
#z%C3%BCrich
arch: amd64
hostname: ct-back
memory: 64
mp0: local:9310/vm-9310-disk-1.raw,mp=/data,backup=0,size=1G
net0: name=eth0,bridge=vmbr0,hwaddr=BC:24:11:00:01:00,ip=dhcp,type=veth
rootfs: local:9310/vm-9310-disk-0.raw,size=1G
unprivileged: 1

[before]
memory: 32
"""
EXTRACT = "/nodes/pve1/vzdump/extractconfig"


def test_a_restore_is_foretold_from_what_is_in_the_backup() -> None:
    made = planned(
        LXC,
        GuestServer(answers={EXTRACT: BACKUP}),
        node="pve1",
        vmid=9102,
        restore={"archive": "local:backup/a.tar.zst", "storage": "other", "unique": True},
        description="Line one\nzürich",
        unprivileged=True,
        memory=128,
        rootfs={"size": "2G"},
        mp={"mp0": {"mp": "/data", "size": "1G"}},
        net={"net0": {"tag": 5}},
    )
    restore, config, grow = calls(made)
    assert restore == (
        "POST",
        "/nodes/pve1/lxc",
        {"vmid": 9102, "ostemplate": "local:backup/a.tar.zst", "restore": True, "storage": "other", "unique": True},
    )
    assert config[2] == {"memory": "128", "net0": "name=eth0,bridge=vmbr0,ip=dhcp,type=veth,tag=5"}
    assert grow[2] == {"disk": "rootfs", "size": "2G"}
    assert made.after is not None
    assert made.after["rootfs"] == {"volume": "other:(restored)", "size": "2G"}


def test_a_restore_that_cannot_become_the_wish_does_not_begin() -> None:
    desired = {"node": "pve1", "vmid": 9102, "restore": "local:backup/a.tar.zst"}
    with pytest.raises(InvalidOption, match="unprivileged: can be set only when"):
        planned(LXC, GuestServer(answers={EXTRACT: BACKUP}), **desired, unprivileged=False)
    with pytest.raises(NotFound):
        planned(LXC, GuestServer(), **desired)


def test_a_backup_that_may_not_be_read_is_restored_all_the_same() -> None:
    denied = PermissionDenied("GET", EXTRACT, 403, "Permission check failed")
    desired = {"vmid": 9102, "restore": "local:backup/a.tar.zst", "unprivileged": True, "rootfs": {"size": "2G"}}
    made = planned(LXC, GuestServer(answers={EXTRACT: denied}), node="pve1", **desired)
    assert [path for _method, path, _params in calls(made)] == ["/nodes/pve1/lxc"]


def test_a_machine_loses_the_disks_that_are_not_in_its_backup() -> None:
    text = "ide2: none,media=cdrom\nname: a\nscsi0: s:1/a.qcow2,size=1G\nscsi1: s:1/b.raw,backup=0,size=1G\n"
    assert parse_backup(text + "#qmdump#map:scsi0:drive-scsi0:s:qcow2:\n") == {
        "ide2": "none,media=cdrom",
        "name": "a",
        "scsi0": "s:1/a.qcow2,size=1G",
    }


@pytest.mark.parametrize(("status", "params"), [("stopped", {}), ("running", {"restart": True})])
def test_migration_restarts_a_running_container(status: str, params: dict[str, Any]) -> None:
    on = GuestServer({"lxc/9101": CONFIG}, status=status)
    made = planned(LXC, on, vmid=9101, node="pve2", migrate=True, target_storage="other")
    ((method, path, sent),) = calls(made)
    assert (method, path) == ("POST", f"{PATH}/migrate")
    assert sent == {"target": "pve2", **params, "target-storage": "other"}


def test_a_change_that_waits_restarts_where_it_is_wished() -> None:
    def steps(**desired: Any) -> list[str]:
        answers: dict[str, Any] = {f"{PATH}/pending": []}
        made = plan(server(status="running", answers=answers), restart="if_needed", **desired)
        return [path.rpartition("/")[2] for _method, path, _params in calls(made)]

    assert steps(memory=128, mp={"mp2": "local:1,mp=/x"}, net={"net0": {"tag": 8}}) == ["config"]
    assert steps(tty=1) == ["config", "reboot"]
    assert steps(tty=1, shutdown_timeout=5) == ["config", "reboot"]


SCALARS = {
    "cores": st.integers(1, 64),
    "memory": st.integers(16, 4096),
    "swap": st.integers(0, 4096),
    "tty": st.integers(0, 6),
    "onboot": st.booleans(),
    "cmode": st.sampled_from(["shell", "console", "tty"]),
    "description": st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=20),
    "searchdomain": st.sampled_from(["example.org", "a.example"]),
    "nameserver": st.lists(st.sampled_from(["192.0.2.1", "192.0.2.2", "2001:db8::1"]), unique=True),
    "tags": st.lists(st.sampled_from(["a", "B", "c-d"])),
    "features": st.dictionaries(st.sampled_from(["nesting", "keyctl", "fuse"]), st.booleans()),
    "env": st.dictionaries(st.sampled_from(["A", "B_2"]), st.text("xyz =,;", max_size=5)),
    "startup": st.fixed_dictionaries({}, optional={"order": st.integers(0, 9), "up": st.integers(0, 9)}),
}


@given(st.fixed_dictionaries({}, optional=SCALARS))
def test_what_was_written_is_found_again(desired: dict[str, Any]) -> None:
    stored = dict(CONFIG)
    for _method, _path, params in calls(plan(**desired)):
        params.pop("digest")
        for name in filter(None, params.pop("delete", "").split(",")):
            del stored[name]
        stored.update(params)
    assert calls(plan(GuestServer({"lxc/9101": stored}), **desired)) == []


def test_a_running_container_keeps_its_volumes_where_they_are() -> None:
    desired = {"rootfs": {"storage": "other"}, "move_volumes": True}
    with pytest.raises(Refused, match="PVE cannot move rootfs of a running container"):
        plan(server(status="running"), **desired)
    made = calls(plan(server(status="running"), **desired, state="stopped"))
    assert [path.rpartition("/")[2] for _method, path, _params in made] == ["shutdown", "move_volume"]
    assert made[1][2] == {"volume": "rootfs", "storage": "other", "delete": True}


def test_a_purge_that_was_cut_short_goes_on_in_the_same_run() -> None:
    desired = LXC.parse(options(LXC, vmid=9101, node="pve1", unset=["mp0"], purge=True))
    desired = LXC.remember(LXC.read(server(), desired), desired)
    detached = server({"mp0": None, "unused1": "local:9101/vm-9101-disk-1.raw"})
    observed = LXC.read(detached, desired)
    ((_method, _path, params),) = calls(LXC.plan(observed, LXC.remember(observed, desired)))
    assert params["delete"] == "unused1"
