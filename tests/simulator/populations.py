# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The guests, storages and pools that scenarios put on their nodes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from . import volumes
from .devices import PCI_DEVICES, USB_DEVICES
from .guest import Guest, make_guest, new_mac
from .guest_status import memory_bytes
from .sizes import GIB, MIB
from .state import Cluster, Pool, User
from .storages import make_storage
from .volumes import Volume

Config = dict[str, Any]


@dataclass(frozen=True)
class Sketch:
    """What a scenario wants of a guest; memory in MiB, disk in GiB."""

    name: str
    kind: str
    pool: str | None
    tags: str
    cores: int
    memory: int
    disk: int
    running: bool


POOLS = {"production": "what customers see", "staging": "", "templates": "to be cloned"}
FILES = (
    ("iso/debian-13.1.0-amd64-netinst.iso", "iso", "iso", 783 * MIB),
    ("iso/virtio-win.iso", "iso", "iso", 720 * MIB),
    ("vztmpl/debian-13-standard_13.1-2_amd64.tar.zst", "vztmpl", "tzst", 124 * MIB),
    ("vztmpl/alpine-3.22-default_20250617_amd64.tar.xz", "vztmpl", "txz", 3 * MIB),
    ("import/debian-13-genericcloud-amd64.qcow2", "import", "qcow2", 330 * MIB),
    ("snippets/vendor.yaml", "snippets", "snippet", 512),
)

# They are placed on the nodes in turn.
DEMO_GUESTS = (
    Sketch("web1", "qemu", "production", "debian;prod;web", 2, 2048, 16, True),
    Sketch("web2", "qemu", "production", "debian;prod;web", 2, 2048, 16, True),
    Sketch("web3", "qemu", "production", "debian;prod;web", 2, 2048, 16, True),
    Sketch("lb1", "qemu", "production", "lb;prod", 1, 1024, 8, True),
    Sketch("lb2", "qemu", "production", "lb;prod", 1, 1024, 8, True),
    Sketch("db1", "qemu", "production", "db;prod", 4, 8192, 64, True),
    Sketch("db2", "qemu", "production", "db;prod", 4, 8192, 64, True),
    Sketch("mail", "qemu", "production", "mail;prod", 2, 4096, 32, True),
    Sketch("git", "qemu", "production", "prod", 2, 4096, 64, True),
    Sketch("monitor", "qemu", None, "ops", 2, 4096, 32, True),
    Sketch("windows", "qemu", None, "windows", 4, 8192, 64, False),
    Sketch("backup", "qemu", None, "ops", 2, 2048, 128, True),
    Sketch("web1-staging", "qemu", "staging", "staging;web", 1, 1024, 16, False),
    Sketch("web2-staging", "qemu", "staging", "staging;web", 1, 1024, 16, False),
    Sketch("db-staging", "qemu", "staging", "db;staging", 2, 2048, 32, True),
    Sketch("scratch", "qemu", None, "", 1, 512, 4, False),
    Sketch("twin", "qemu", None, "", 1, 512, 4, False),
    Sketch("twin", "qemu", None, "", 1, 512, 4, False),
    Sketch("dns1", "lxc", "production", "dns;prod", 1, 256, 4, True),
    Sketch("dns2", "lxc", "production", "dns;prod", 1, 256, 4, True),
    Sketch("proxy", "lxc", "production", "prod;proxy", 1, 512, 4, True),
    Sketch("cache1", "lxc", "production", "cache;prod", 2, 1024, 8, True),
    Sketch("cache2", "lxc", "production", "cache;prod", 2, 1024, 8, True),
    Sketch("ci-runner1", "lxc", "staging", "ci", 4, 4096, 32, True),
    Sketch("ci-runner2", "lxc", "staging", "ci", 4, 4096, 32, False),
    Sketch("wiki", "lxc", None, "ops", 1, 1024, 8, True),
    Sketch("ntp", "lxc", None, "ops", 1, 128, 2, True),
    Sketch("jump", "lxc", None, "ops", 1, 256, 4, True),
)


def populate_demo(cluster: Cluster) -> None:
    """Three nodes' worth of guests: virtual machines, containers and templates in pools and with tags."""
    make_storage(cluster, "local-lvm", "lvmthin", {"vgname": "pve", "thinpool": "data", "content": "images,rootdir"})
    share = {"server": "10.0.0.253", "export": "/srv/pve", "content": "backup,images,iso,vztmpl"}
    make_storage(cluster, "shared", "nfs", share)
    add_files(cluster)
    cluster.pools.update({name: Pool(name, comment) for name, comment in POOLS.items()})
    nodes = list(cluster.nodes)
    cluster.nodes[nodes[0]].extra.update(pci=PCI_DEVICES, usb=USB_DEVICES)
    for number, sketch in enumerate(DEMO_GUESTS):
        storage = "shared" if sketch.name.startswith("db") else "local-lvm"
        add_guest(cluster, 100 + number, nodes[number % len(nodes)], sketch, storage)
    for vmid, name in ((900, "debian-13"), (901, "alpine-3")):
        add_template(cluster, vmid, nodes[0], Sketch(name, "qemu", "templates", "template", 1, 1024, 4, False))
    cluster.groups["operators"] = "who runs this"
    cluster.users["ops@pve"] = User("ops@pve", password="ops-simulated", groups={"operators"})
    cluster.acl["/pool/staging"] = {("group", "operators"): {"PVEVMAdmin": 1}}


def populate_many(cluster: Cluster, count: int) -> None:
    """So many guests of every kind, spread over the nodes, a fifth of them in pools."""
    nodes = list(cluster.nodes)
    pools = [f"pool{number:02}" for number in range(20)]
    cluster.pools.update({name: Pool(name) for name in pools})
    for number in range(count):
        vmid, kind = 100 + number, "lxc" if number % 4 == 0 else "qemu"
        name = f"{'ct' if kind == 'lxc' else 'vm'}-{number:05}"
        config: Config = {"cores": 1 + number % 4, "memory": 512 * (1 + number % 8), "tags": f"tag{number % 7};all"}
        config |= {"hostname": name} if kind == "lxc" else {"name": name, "memory": str(config["memory"])}
        make_guest(cluster, vmid, kind, nodes[number % len(nodes)], config, "running" if number % 3 else "stopped")
        if number % 5 == 0:
            cluster.join_pool(vmid, pools[number % len(pools)])


def make_room(cluster: Cluster) -> None:
    """Nodes with at least twice the memory that their guests may use."""
    for node in cluster.nodes.values():
        used = sum(memory_bytes(guest) for guest in cluster.guests.values() if guest.node == node.name)
        while node.memory < 2 * used:
            node.memory *= 2


def add_files(cluster: Cluster, storage: str = "local") -> None:
    """ISO images, container templates and a cloud image on every node."""
    for node in cluster.nodes:
        for name, content, image_format, size in FILES:
            volume = Volume(storage, node, name, content, image_format, size, cluster.now() - 86400, used=size)
            volumes.table(cluster).add(volume)


def add_guest(cluster: Cluster, vmid: int, node: str, sketch: Sketch, storage: str) -> Guest:
    """A guest with one disk on a storage and one card on vmbr0."""
    content = "rootdir" if sketch.kind == "lxc" else "images"
    volume = volumes.allocate(cluster, storage, node, vmid, sketch.disk * GIB, content=content)
    volume.system = True
    mac, disk = new_mac(cluster), f"{volume.volid},size={sketch.disk}G"
    config: Config = {"cores": sketch.cores, "onboot": int(sketch.running)}
    if sketch.kind == "lxc":
        config |= {
            "hostname": sketch.name, "memory": sketch.memory, "swap": 512, "unprivileged": 1, "rootfs": disk,
            "net0": f"name=eth0,bridge=vmbr0,hwaddr={mac},ip=dhcp,type=veth",
        }  # fmt: skip
    else:
        config |= {
            "name": sketch.name, "memory": str(sketch.memory), "sockets": 1, "ostype": "l26", "agent": "1",
            "scsihw": "virtio-scsi-single", "boot": "order=scsi0", "scsi0": disk, "net0": f"virtio={mac},bridge=vmbr0",
        }  # fmt: skip
    if sketch.tags:
        config["tags"] = sketch.tags
    if sketch.pool:
        cluster.join_pool(vmid, sketch.pool)
    guest = make_guest(cluster, vmid, sketch.kind, node, config, "running" if sketch.running else "stopped")
    guest.started = cluster.now() - 3600 * (vmid % 100 + 1)
    return guest


def add_template(cluster: Cluster, vmid: int, node: str, sketch: Sketch) -> Guest:
    """A virtual machine that was made a template, with a cloud-init drive."""
    guest = add_guest(cluster, vmid, node, sketch, "local-lvm")
    base = volumes.make_base(cluster, volumes.existing_volume(cluster, f"local-lvm:vm-{vmid}-disk-0", node))
    drive = volumes.allocate(cluster, "local-lvm", node, vmid, 4 * MIB, stem=f"vm-{vmid}-cloudinit")
    guest.config.update(template=1, scsi0=f"{base.volid},size={sketch.disk}G", ide2=f"{drive.volid},media=cdrom")
    return guest
