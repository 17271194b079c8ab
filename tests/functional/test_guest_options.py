# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of guests that a server refuses, rewrites or needs in a form of its own: refused before a call, or made right."""

from __future__ import annotations

import bz2
import gzip
import lzma
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.pve.automation.plugins.module_utils._core.guests.actions.agent_calls import AGENT_CALLS
from ansible_collections.pve.automation.plugins.module_utils._core.guests.lxc import LXC
from ansible_collections.pve.automation.plugins.module_utils._core.guests.vm import VM
from ansible_collections.pve.automation.plugins.module_utils._core.resources.storage.content import STORAGE_CONTENT
from tests.harness.cluster import Cluster, Result

NEW: dict[str, Any] = {"node": "pve1", "vmid": 9001, "name": "new"}
TEMPLATE = "local:vztmpl/alpine-3.22-default_20250617_amd64.tar.xz"
CONTAINER: dict[str, Any] = {
    "node": "pve1",
    "vmid": 9101,
    "hostname": "ct",
    "ostemplate": TEMPLATE,
    "rootfs": "local-lvm:1",
}
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHdlbGxub3RyZWFsbHlha2V5YnV0bG9va3NsaWtlb25l me"


def done(result: Result) -> Result:
    assert not result.get("failed"), result["msg"]
    return result


# --- refused before anything is sent ----------------------------------------------------------------------------------

WRONG_MACHINES: dict[str, tuple[dict[str, Any], str]] = {
    "an absent boot device": (
        {"scsi": {"scsi0": "local-lvm:1"}, "boot": {"order": ["scsi0", "scsi5"]}},
        "boot: order names scsi5, which it does not have; it has scsi0",
    ),
    "a card without model": ({"net": {"net0": "bridge=vmbr0"}}, "net0: names no model, as in virtio"),
    "an address of a card": (
        {"net": {"net0": "virtio,bridge=vmbr0,ip=dhcp"}},
        "net0: unknown option ip; addresses belong to cloud-init, as in ipconfig: {ipconfig0: {ip: dhcp}}",
    ),
    "a unit": (
        {"scsi": {"scsi0": "local-lvm:10G"}},
        "scsi0: local-lvm:10G has a unit, where PVE counts GiB; write local-lvm:10 or {storage: local-lvm, size: 10G}",
    ),
    "another unit": (
        {"scsi": {"scsi0": "local-lvm:512M"}},
        "scsi0: local-lvm:512M has a unit, where PVE counts GiB; write {storage: local-lvm, size: 512M}",
    ),
    "a gateway beside DHCP": (
        {"ipconfig": {"ipconfig0": {"ip": "dhcp", "gw": "192.0.2.1"}}},
        "ipconfig0: gw means nothing with ip=dhcp",
    ),
    "a script that is no snippet": (
        {"hookscript": "local:iso/hook.sh"},
        "hookscript: 'local:iso/hook.sh' is not a snippet on a storage, as in local:snippets/hook.sh",
    ),
    "no key": ({"sshkeys": "# only a comment"}, "sshkeys: there is no key, only comments"),
    "a key of another form": ({"sshkeys": "-----BEGIN"}, "sshkeys: '-----BEGIN' is not a public key of SSH"),
}
WRONG_CONTAINERS: dict[str, tuple[dict[str, Any], str]] = {
    "a unit": ({"rootfs": "local-lvm:10G"}, "rootfs: local-lvm:10G has a unit, where PVE counts GiB"),
    "a script that is no snippet": (
        {"hookscript": "/var/lib/hook.sh"},
        "hookscript: '/var/lib/hook.sh' is not a snippet",
    ),
    "a gateway beside DHCP": (
        {"net": {"net0": "name=eth0,ip6=auto,gw6=2001:db8::1"}},
        "net0: gw6 means nothing with ip6=auto",
    ),
    "a key of another form": ({"ssh_public_keys": ["AAAA"]}, "ssh_public_keys: 'AAAA' is not a public key of SSH"),
}


@pytest.mark.parametrize("check_mode", [True, False], ids=["check mode", "for real"])
@pytest.mark.parametrize("what", WRONG_MACHINES)
def test_what_is_wrong_with_a_machine(cluster: Cluster, what: str, check_mode: bool) -> None:
    options, reported = WRONG_MACHINES[what]
    result = cluster.run(VM, {**NEW, **options}, check_mode=check_mode)
    assert result["msg"].startswith(reported)
    assert cluster.writes_made() == []


@pytest.mark.parametrize("what", WRONG_CONTAINERS)
def test_what_is_wrong_with_a_container(cluster: Cluster, what: str) -> None:
    options, reported = WRONG_CONTAINERS[what]
    result = cluster.run(LXC, {**CONTAINER, **options})
    assert result["msg"].startswith(reported)
    assert cluster.writes_made() == []


FAR = (
    "node: far cannot be cloned from pve1 to pve3, as local-lvm is not shared. "
    "Leave full out: a full clone is made on pve1 and moved to pve3 by the same task."
)
LINKED = "clone: {} means nothing for a linked clone of a template. Set full: true as well."


@pytest.mark.parametrize("check_mode", [True, False], ids=["check mode", "for real"])
@pytest.mark.parametrize(
    ("options", "reported"),
    [
        ({"clone": {"source": "debian-13", "storage": "local-lvm"}}, LINKED.format("storage")),
        ({"clone": {"source": "debian-13", "format": "raw"}}, LINKED.format("format")),
        (
            {"node": "pve3", "clone": {"source": "debian-13", "full": False}},
            FAR,
        ),
    ],
    ids=["storage", "format", "another node"],
)
def test_a_clone_that_the_server_refuses(
    cluster: Cluster, options: dict[str, Any], reported: str, check_mode: bool
) -> None:
    result = cluster.run(VM, {"name": "far", **options}, check_mode=check_mode)
    assert result["msg"] == reported
    assert cluster.writes_made() == []


@pytest.mark.parametrize("check_mode", [True, False], ids=["check mode", "for real"])
def test_a_storage_of_another_node(cluster: Cluster, check_mode: bool) -> None:
    cluster.call("PUT", "/storage/local-lvm", {"nodes": "pve2,pve3"})
    cluster.requests_made()
    result = cluster.run(VM, {**NEW, "scsi": {"scsi0": "local-lvm:1"}}, check_mode=check_mode)
    assert result["msg"] == "scsi0: pve1 has no storage local-lvm, as new wants; pve2, pve3 has"
    assert cluster.writes_made() == []
    options = {
        **NEW,
        "name": "web1",
        "vmid": 100,
        "node": "pve2",
        "migrate": True,
        "target_storage": "local-lvm:shared",
    }
    assert not cluster.run(VM, options, check_mode=True).get("failed")


def test_a_key_of_the_configuration_as_an_option_is_told_where_it_belongs(cluster: Cluster) -> None:
    result = cluster.run(VM, {**NEW, "net0": "virtio", "scsi0": "local-lvm:1"})
    assert result["msg"] == (
        "net0, scsi0. net0 belongs into net, as in net: {net0: ...}; scsi0 belongs into scsi, as in scsi: {scsi0: ...}."
    )


# --- made right -------------------------------------------------------------------------------------------------------


def test_an_address_by_dhcp_takes_the_gateway_away(cluster: Cluster) -> None:
    static = {"ip": "192.0.2.5/24", "gw": "192.0.2.1", "ip6": "2001:db8::5/64", "gw6": "2001:db8::1"}
    done(cluster.run(VM, {**NEW, "ipconfig": {"ipconfig0": static}}))
    dynamic = {**NEW, "ipconfig": {"ipconfig0": {"ip": "dhcp"}}}
    assert done(cluster.run(VM, dynamic))["vm"]["ipconfig0"] == {
        "ip": "dhcp",
        "ip6": "2001:db8::5/64",
        "gw6": "2001:db8::1",
    }
    assert not cluster.run(VM, dynamic)["changed"]
    net = {"name": "eth0", "bridge": "vmbr0", **static}
    done(cluster.run(LXC, {**CONTAINER, "net": {"net0": net}}))
    reported = done(cluster.run(LXC, {**CONTAINER, "net": {"net0": {"ip6": "auto"}}}))["container"]["net0"]
    assert (reported["ip"], reported["gw"], reported["ip6"], reported.get("gw6")) == (
        "192.0.2.5/24",
        "192.0.2.1",
        "auto",
        None,
    )


def test_a_gateway_for_an_address_by_dhcp_is_refused(cluster: Cluster) -> None:
    done(cluster.run(VM, {**NEW, "ipconfig": {"ipconfig0": {"ip": "dhcp"}}}))
    result = cluster.run(VM, {**NEW, "ipconfig": {"ipconfig0": {"gw": "192.0.2.1"}}})
    assert result["msg"] == "ipconfig0: gw means nothing with ip=dhcp"


def test_comments_among_keys_stay_at_home(cluster: Cluster) -> None:
    options = {**NEW, "sshkeys": f"# mine\n\n{KEY}\n"}
    assert done(cluster.run(VM, options))["vm"]["sshkeys"] == KEY
    assert not cluster.run(VM, options)["changed"]
    done(cluster.run(LXC, {**CONTAINER, "ssh_public_keys": ["# mine", KEY]}))
    assert cluster.writes_made()[-1]["params"]["ssh-public-keys"] == KEY


def test_a_root_file_system_on_the_storage_of_the_container(cluster: Cluster) -> None:
    reported = done(cluster.run(LXC, {**CONTAINER, "storage": "local-lvm", "rootfs": {"size": "2G"}}))["container"]
    assert (reported["rootfs"]["volume"].partition(":")[0], reported["rootfs"]["size"]) == ("local-lvm", "2G")


def test_a_default_that_is_named_is_shown(cluster: Cluster) -> None:
    cluster.call("POST", "/nodes/pve1/qemu", {"vmid": 9001, "name": "new"})
    result = cluster.run(VM, {**NEW, "memory": 512, "cores": 1, "acpi": True})
    assert not result["changed"]
    assert (result["vm"]["memory"], result["vm"]["cores"], result["vm"]["acpi"]) == (512, 1, True)


def test_a_disk_in_an_appliance_is_not_missing(cluster: Cluster, tmp_path: Path) -> None:
    """Lists of a storage show the archive only."""
    drive = {"storage": "local-lvm", "import-from": "local:import/app.ova/disk.vmdk"}
    wish = {**NEW, "scsi": {"scsi0": drive}}
    reported = cluster.run(VM, wish, check_mode=True)["msg"]
    assert reported.startswith("scsi0: pve1 has no volume local:import/app.ova/disk.vmdk, as new wants.")
    with tarfile.open(tmp_path / "app.ova", "w") as archive:
        archive.addfile(tarfile.TarInfo("app.ovf"))
    source = {"node": "pve1", "storage": "local", "content": "import", "src": str(tmp_path / "app.ova")}
    done(cluster.run(STORAGE_CONTENT, source))
    assert "warnings" not in cluster.run(VM, wish, check_mode=True)


# --- paused and hibernated machines -----------------------------------------------------------------------------------


def test_a_paused_machine_is_not_shut_down(cluster: Cluster) -> None:
    done(cluster.run(VM, {"name": "web1", "state": "paused"}))
    cluster.requests_made()
    result = cluster.run(VM, {"name": "web1", "state": "stopped"})
    assert result["msg"] == (
        "The virtual machine 100 (web1) is paused, so that it cannot be shut down. "
        "Set state: resumed first, or force: true to stop it hard."
    )
    assert cluster.writes_made() == []
    both = {"name": "web1", "state": "stopped", "force": True, "shutdown_timeout": 5}
    assert done(cluster.run(VM, both))["vm"]["status"] == "stopped"


def test_a_hibernated_machine_is_changed_when_it_runs_again(cluster: Cluster) -> None:
    done(cluster.run(VM, {"name": "web1", "state": "hibernated"}))
    cluster.requests_made()
    result = cluster.run(VM, {"name": "web1", "description": "new"}, check_mode=True)
    assert "is hibernated, and PVE changes nothing until it runs again. Set state: started." in result["msg"]
    reported = done(cluster.run(VM, {"name": "web1", "description": "new", "state": "started"}))["vm"]
    assert (reported["description"], reported["status"]) == ("new", "running")
    assert [row["path"].rpartition("/")[2] for row in cluster.writes_made()] == ["resume", "config"]
    done(cluster.run(VM, {"name": "web1", "state": "hibernated"}))
    assert done(cluster.run(VM, {"name": "web1", "state": "absent"}))["changed"]


# --- the agent --------------------------------------------------------------------------------------------------------


def test_texts_beyond_ascii_arrive_in_the_guest(cluster: Cluster) -> None:
    text = "line ✓\nsecond ü\n"
    wish = {"name": "web1", "write": {"path": "/tmp/x", "content": text}}
    assert done(cluster.run(AGENT_CALLS, wish))["changed"]
    assert not cluster.run(AGENT_CALLS, wish)["changed"]
    assert done(cluster.run(AGENT_CALLS, {"name": "web1", "read": "/tmp/x"}))["guest"]["content"] == text
    assert done(cluster.run(AGENT_CALLS, {"name": "web1", "exec": {"argv": ["cat", "/tmp/x"]}}))["stdout"] == text
    cluster.requests_made()
    result = cluster.run(AGENT_CALLS, {"name": "web1", "exec": {"argv": ["/no/such/program"]}})
    cluster.writes_made()
    assert "PVE answers in the same way if the program does not exist in the guest." in result["msg"]
    result = cluster.run(AGENT_CALLS, {"name": "web1", "exec": {"argv": ["cat"], "stdin": text}})
    assert result["msg"].startswith("exec: stdin has characters beyond ASCII, which PVE does not pass on.")
    assert cluster.writes_made() == []


# --- uploads ----------------------------------------------------------------------------------------------------------


def test_a_file_is_uploaded_with_its_checksum(cluster: Cluster, tmp_path: Path) -> None:
    """PVE takes the parts of an upload in one order only."""
    (tmp_path / "a.iso").write_bytes(b"1234567")
    wish = {"node": "pve1", "storage": "local", "content": "iso", "src": str(tmp_path / "a.iso")}
    digest = "FCEA920F7412B5DA7BE0CF42B8C93759"
    assert done(cluster.run(STORAGE_CONTENT, {**wish, "checksum": digest, "checksum_algorithm": "md5"}))["changed"]
    wrong = {**wish, "filename": "b.iso", "checksum": "00", "checksum_algorithm": "md5"}
    assert "checksum mismatch: got 'fcea920f7412b5da7be0cf42b8c93759'" in cluster.run(STORAGE_CONTENT, wrong)["msg"]


@pytest.mark.parametrize(
    ("source", "hint"),
    [
        ({"src": "/tmp/x.iso.zst"}, "Decompress it first, and upload the result."),
        ({"url": "https://example.org/x.iso.xz"}, "give it as src, which is unpacked while it is sent."),
    ],
    ids=["src", "url"],
)
def test_what_nobody_unpacks_is_refused_with_what_to_do(cluster: Cluster, source: dict[str, Any], hint: str) -> None:
    result = cluster.run(STORAGE_CONTENT, {"node": "pve1", "storage": "local", "content": "iso", **source})
    assert result["msg"].endswith(hint)


@pytest.mark.parametrize(("ending", "pack"), [(".gz", gzip.compress), (".xz", lzma.compress), (".bz2", bz2.compress)])
def test_a_compressed_image_arrives_without_its_compression(
    cluster: Cluster, tmp_path: Path, ending: str, pack: Callable[[bytes], bytes]
) -> None:
    """The server compares the checksum of what arrives, and the second run the size."""
    (tmp_path / f"x.iso{ending}").write_bytes(pack(b"1234567"))
    wish = {"node": "pve1", "storage": "local", "content": "iso", "src": str(tmp_path / f"x.iso{ending}")}
    checked = {**wish, "checksum": "fcea920f7412b5da7be0cf42b8c93759", "checksum_algorithm": "md5"}
    file = done(cluster.run(STORAGE_CONTENT, checked))["file"]
    assert (file["filename"], file["size"]) == ("x.iso", 7)
    assert not done(cluster.run(STORAGE_CONTENT, wish))["changed"]
