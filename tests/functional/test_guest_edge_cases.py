# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What guests go through beyond the cases of all modules: interrupted clones, races, and refusals before the first call."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.pve.automation.plugins.module_utils._core.api.client import Client
from ansible_collections.pve.automation.plugins.module_utils._core.guests.lxc import LXC
from ansible_collections.pve.automation.plugins.module_utils._core.guests.vm import VM
from tests.harness.cluster import Cluster, Result
from tests.harness.lifecycle_cases import resource_of

CLONE = {
    "name": "copy",
    "node": "pve1",
    "clone": "debian-13",
    "cores": 2,
    "memory": "2G",
    "scsi": {"scsi0": {"size": "8G"}},
    "net": {"net0": {"tag": 5}},
    "state": "started",
}
TEMPLATE = "local:vztmpl/alpine-3.22-default_20250617_amd64.tar.xz"
CONTAINER = {"node": "pve1", "vmid": 9101, "hostname": "ct", "ostemplate": TEMPLATE, "rootfs": "local-lvm:1"}


def done(result: Result) -> Result:
    assert not result.get("failed"), result["msg"]
    return result


def calls(cluster: Cluster) -> list[tuple[str, str]]:
    return [(row["method"], row["path"]) for row in cluster.writes_made()]


def names(cluster: Cluster) -> list[str]:
    """The names that the nodes themselves list, since the cluster's list lags."""
    paths = [f"/nodes/{node}/{kind}" for node in cluster.facts["nodes"] for kind in ("qemu", "lxc")]
    return [row["name"] for path in paths for row in cluster.call("GET", path)]


# --- clones -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "clone", [{"full": True}, {"full": True, "format": "qcow2"}, {"full": True, "storage": "local"}]
)
def test_a_clone_whose_task_names_the_format_that_it_has(cluster: Cluster, clone: dict[str, Any]) -> None:
    disk = {"storage": "local", "size": "2G", "format": "qcow2"}
    done(cluster.run(VM, {"node": "pve1", "vmid": 9101, "name": "origin", "scsi": {"scsi0": disk}, "template": True}))
    options = {
        "node": "pve1",
        "vmid": 9102,
        "clone": {"source": 9101, **clone},
        "scsi": {"scsi0": {**disk, "size": "3G"}},
    }
    predicted = done(cluster.run(VM, options, check_mode=True))
    made = done(cluster.run(VM, options))
    summaries = [[request["summary"] for request in result["requests"]] for result in (predicted, made)]
    assert summaries[0] == summaries[1]
    assert len(summaries[1]) == 2
    assert not cluster.run(VM, options)["changed"]


def test_a_clone_is_configured_grown_and_started_in_one_task(cluster: Cluster) -> None:
    result = done(cluster.run(VM, CLONE))
    vmid = result["vm"]["vmid"]
    path = f"/nodes/pve1/qemu/{vmid}"
    assert calls(cluster) == [
        ("POST", "/nodes/pve1/qemu/900/clone"),
        ("PUT", f"{path}/config"),
        ("PUT", f"{path}/resize"),
        ("POST", f"{path}/status/start"),
    ]
    reported = result["vm"]
    assert (reported["cores"], reported["memory"], reported["scsi0"]["size"], reported["status"]) == (
        2,
        2048,
        "8G",
        "running",
    )
    assert reported["net0"]["tag"] == 5
    assert not cluster.run(VM, CLONE)["changed"]


@pytest.mark.parametrize(("step", "left"), [("config", 3), ("resize", 2), ("start", 1)])
def test_an_interrupted_clone_is_completed_by_the_next_run(cluster: Cluster, step: str, left: int) -> None:
    cluster.fault(
        method="PUT" if step != "start" else "POST", path=f"/nodes/pve1/qemu/[0-9]+/.*{step}", status=500, reason="no"
    )
    broken = cluster.run(VM, CLONE)
    assert broken["failed"]
    assert broken["changed"]
    assert "Done before that: clone the virtual machine 900 (debian-13)" in broken["msg"]
    assert "\nNot done: " in broken["msg"]
    cluster.writes_made()
    done(cluster.run(VM, CLONE))
    made = calls(cluster)
    assert len(made) == left
    assert not any(path.endswith("/clone") for _method, path in made)
    assert names(cluster).count("copy") == 1


def test_a_lost_race_for_an_id_is_run_again_with_another_one(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    call = Client.call
    raced: list[Any] = []

    def race(self: Client, method: str, path: str, *rest: Any, **more: Any) -> Any:
        if method == "POST" and path == "/nodes/pve1/qemu" and not raced:
            raced.append(rest[0]["vmid"])
            cluster.call("POST", path, {"vmid": raced[0], "name": "theirs"})
        return call(self, method, path, *rest, **more)

    monkeypatch.setattr(Client, "call", race)
    result = done(cluster.run(VM, {"node": "pve1", "name": "ours"}))
    assert raced
    assert result["vm"]["vmid"] != raced[0]
    assert {"ours", "theirs"} <= set(names(cluster))


def test_what_was_found_by_its_name_is_not_looked_for_twice(cluster: Cluster) -> None:
    cluster.requests_made()
    done(cluster.run(VM, {"name": "web1", "tags": ["x"]}))
    assert [row["path"] for row in cluster.requests_made()].count("/cluster/resources") == 1


@pytest.mark.parametrize(
    ("resource", "source", "task"),
    [(VM, 100, {"name": "again", "cores": 4}), (LXC, 118, {"hostname": "again", "memory": 512})],
    ids=["vm", "lxc"],
)
def test_a_restored_guest_is_found_by_the_name_that_the_task_gives_it(
    cluster: Cluster, resource: Any, source: int, task: dict[str, Any]
) -> None:
    """Its backup has another name; by that it would never be found, and be restored without end."""
    node = next(
        row["node"] for row in cluster.call("GET", "/cluster/resources", {"type": "vm"}) if row["vmid"] == source
    )
    cluster.call("POST", f"/nodes/{node}/vzdump", {"vmid": source, "storage": "shared", "mode": "stop"})
    (archive,) = cluster.call("GET", f"/nodes/{node}/storage/shared/content", {"content": "backup"})
    options = {**task, "node": node, "restore": {"archive": archive["volid"], "storage": "local"}}
    cluster.writes_made()
    result = done(cluster.run(resource, options))
    assert len(cluster.writes_made()) == 2
    assert result[resource.name][resource.kind.name_option] == "again"
    assert not cluster.run(resource, options)["changed"]


# --- refusals before the first call -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ({"args": "-no-hpet"}, "args: this can be set only by root@pam"),
        ({"hookscript": "local:snippets/vendor.yaml"}, "hookscript: this can"),
        ({"affinity": "0-1"}, "affinity: this can"),
        ({"parallel": {"parallel0": "/dev/parport0"}}, "parallel0: this can"),
        ({"hostpci": {"hostpci0": "0000:01:00"}}, "hostpci0: a device of the host can"),
        ({"usb": {"usb0": "host=1-1"}}, "usb0: a device of the host can"),
        ({"serial": {"serial0": "/dev/ttyS0"}}, "serial0: a device of the host can"),
        ({"scsi": {"scsi0": "/dev/sdb"}}, "scsi0: a path of the host can"),
    ],
)
def test_what_only_root_may_set_is_refused_for_a_token_as_the_server_does(
    cluster: Cluster, options: dict[str, Any], what: str
) -> None:
    machine = {"vmid": 9001, "node": "pve1"}
    cluster.connection = cluster.token_connection()
    result = cluster.run(VM, {**machine, **options}, check_mode=True)
    assert what in result["msg"]
    assert "no API token" in result["msg"]
    given = [value.items() if isinstance(value, dict) else [(name, value)] for name, value in options.items()]
    with pytest.raises(
        Exception, match=r"[Oo]nly root can .*(No privilege is for this|Only root@pam with its password may)"
    ):
        cluster.call("POST", "/nodes/pve1/qemu", {"vmid": 9001, **dict(*given)})


@pytest.mark.parametrize(
    "options", [{"usb": {"usb0": "spice"}}, {"serial": {"serial0": "socket"}}, {"scsi": {"scsi0": "local:1"}}]
)
def test_what_a_token_may_set_is_not_refused(cluster: Cluster, options: dict[str, Any]) -> None:
    cluster.connection = cluster.token_connection()
    done(cluster.run(VM, {"vmid": 9001, "node": "pve1", **options}))


@pytest.mark.parametrize(
    ("resource", "options"), [(VM, {"name": "web1"}), (LXC, {"hostname": "dns1"})], ids=["vm", "lxc"]
)
def test_a_running_guest_becomes_no_template_unless_it_is_stopped(
    cluster: Cluster, resource: Any, options: dict[str, Any]
) -> None:
    cluster.writes_made()
    refused = cluster.run(resource, {**options, "template": True}, check_mode=True)
    assert "is running, and cannot become a template. Set state: stopped" in refused["msg"]
    assert cluster.writes_made() == []
    result = done(cluster.run(resource, {**options, "template": True, "state": "stopped"}))
    assert result[resource.name]["template"]
    assert not cluster.run(resource, {**options, "template": True})["changed"]


@pytest.mark.parametrize(
    ("resource", "guest", "change"),
    [
        (VM, {"vmid": 9102, "scsi": {"scsi0": "local-lvm:1"}}, {"unset": ["scsi0"]}),
        (LXC, {**CONTAINER, "vmid": 9102}, {"rootfs": {"replicate": False}}),
        (LXC, {**CONTAINER, "vmid": 9102}, {"mp": {"mp0": {"storage": "local-lvm", "size": "1G", "mp": "/data"}}}),
    ],
    ids=["a drive is detached", "a volume changes", "a volume is added"],
)
def test_a_protected_guest_keeps_its_volumes(
    cluster: Cluster, resource: Any, guest: dict[str, Any], change: dict[str, Any]
) -> None:
    """PVE/LXC/Config.pm, update_pct_config; PVE/API2/Qemu.pm, update_vm_api: the server refuses it with 500."""
    one = {"node": "pve1", "vmid": 9102}
    done(cluster.run(resource, {"node": "pve1", **guest, "protection": True}))
    cluster.writes_made()
    for more in ({}, {"protection": False}):
        refused = cluster.run(resource, {**one, **change, **more}, check_mode=True)
        assert "is protected, and keeps" in refused["msg"]
    assert cluster.writes_made() == []
    done(cluster.run(resource, {**one, "protection": False}))
    assert done(cluster.run(resource, {**one, **change}))["changed"]


def test_a_guest_with_snapshots_becomes_no_template(cluster: Cluster) -> None:
    """PVE/API2/Qemu.pm, template: the server refuses it with 500."""
    done(cluster.run(VM, {"node": "pve1", "vmid": 9100, "scsi": {"scsi0": "local-lvm:1"}}))
    done(cluster.run(resource_of("pve_snapshot"), {"vmid": 9100, "snapname": "before"}))
    for check_mode in (True, False):
        refused = cluster.run(VM, {"node": "pve1", "vmid": 9100, "template": True}, check_mode=check_mode)
        assert "has snapshots, and cannot become a template. Delete them first" in refused["msg"]
    done(cluster.run(resource_of("pve_snapshot"), {"vmid": 9100, "snapname": "before", "state": "absent"}))
    assert done(cluster.run(VM, {"node": "pve1", "vmid": 9100, "template": True}))["vm"]["template"]


def test_a_guest_of_ha_is_not_stopped_before_its_deletion_is_refused(cluster: Cluster) -> None:
    cluster.call("POST", "/cluster/ha/resources", {"sid": "vm:100"})
    cluster.writes_made()
    absent = {"vmid": 100, "state": "absent", "force": True}
    refused = cluster.run(VM, absent)
    assert "virtual machine 100 (web1) is managed by HA" in refused["msg"]
    assert "purge: true" in refused["msg"]
    assert cluster.writes_made() == []
    done(cluster.run(VM, {**absent, "purge": True}))
    assert "web1" not in names(cluster)


# --- containers -------------------------------------------------------------------------------------------------------


def test_a_password_is_for_the_creation_alone(cluster: Cluster) -> None:
    options = {**CONTAINER, "password": "first-s3cret", "ssh_public_keys": ["ssh-ed25519 AAAA me"]}
    done(cluster.run(LXC, options))
    assert not cluster.run(LXC, {**options, "password": "other-s3cret"})["changed"]


def test_an_image_of_oci_is_a_template_like_any_other(cluster: Cluster) -> None:
    image = {
        **CONTAINER,
        "ostemplate": "local:vztmpl/nginx_latest.tar",
        "entrypoint": "/docker-entrypoint.sh",
        "env": {"A": "b"},
        "preflight": "off",  # it is not there
    }
    result = cluster.run(LXC, image, check_mode=True)
    assert result["requests"][0]["params"]["ostemplate"] == "local:vztmpl/nginx_latest.tar"
    assert result["requests"][0]["params"]["env"] == "A=b"


def test_the_interfaces_of_a_container_are_told(cluster: Cluster) -> None:
    options = {**CONTAINER, "net": {"net0": "name=eth0,bridge=vmbr0,ip=dhcp"}, "state": "started", "wait_for": "ip"}
    reported = done(cluster.run(LXC, options))["interfaces"]
    assert next(row for row in reported if row["name"] == "eth0")["addresses"]


@pytest.mark.parametrize(
    ("resource", "options", "path"),
    [
        (VM, {"name": "web1", "scsi": {"scsi0": {"size": "64G"}}}, "/nodes/pve1/qemu/100/resize"),
        (LXC, {"hostname": "dns1", "rootfs": {"size": "64G"}}, "/nodes/pve1/lxc/118/resize"),
    ],
    ids=["vm", "lxc"],
)
def test_a_growth_is_done_when_its_task_is(cluster: Cluster, resource: Any, options: dict[str, Any], path: str) -> None:
    cluster.task_fault(type="resize", error="no space left on device")
    broken = cluster.run(resource, options)
    assert "failed: no space left on device" in broken["msg"]
    assert broken["changed"] is False
    cluster.writes_made()
    done(cluster.run(resource, options))
    assert calls(cluster) == [("PUT", path)]
    assert not cluster.run(resource, options)["changed"]


def test_a_guest_that_has_just_moved_is_found_where_it_is(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    """It moves after the list of guests was read."""
    first_looks = [cluster.call("GET", "/cluster/resources")]
    cluster.call("POST", "/nodes/pve1/qemu/100/migrate", {"target": "pve2", "online": 1, "with-local-disks": 1})
    get = Client.get

    def lagging(self: Client, path: str, *rest: Any, **more: Any) -> Any:
        return first_looks.pop() if path == "/cluster/resources" and first_looks else get(self, path, *rest, **more)

    monkeypatch.setattr(Client, "get", lagging)
    result = done(cluster.run(VM, {"name": "web1", "node": "pve2", "migrate": True, "tags": ["moved"]}))
    assert (result["vm"]["node"], result["vm"]["tags"]) == ("pve2", ["moved"])


def test_a_windows_keeps_the_version_of_its_machine_type(cluster: Cluster) -> None:
    options = {"vmid": 9001, "node": "pve1", "ostype": "win11", "machine": "q35", "vmgenid": "1"}
    made = done(cluster.run(VM, options))
    assert made["vm"]["machine"]["type"].startswith("pc-q35-")
    again = cluster.run(VM, options)
    assert (again["changed"], again["vm"]) == (False, made["vm"])
    copy = {"name": "copied", "node": "pve1", "clone": "9001", "machine": "q35", "cores": 2}
    predicted, copied = cluster.run(VM, copy, check_mode=True), done(cluster.run(VM, copy))
    assert predicted["requests"] == copied["requests"]
    assert copied["vm"]["machine"] == made["vm"]["machine"]
