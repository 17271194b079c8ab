# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: pve_lxc
short_description: Manage containers (LXC)
description:
  - Creates, configures, starts, stops, moves and deletes a container, all in one task.
  - What a task does not set stays as it is, down to the sub-options of a device; an empty string removes an option or a
    sub-option.
  - Values of PVE itself are taken as they are, for example C(name=eth0,bridge=vmbr0,ip=dhcp) or C(local-lvm:8,mp=/data), and
    mean the same as the mapping.
version_added: 1.0.0
author: pve.automation maintainers (@pve-automation)
extends_documentation_fragment:
  - pve.automation.about.guests
  - pve.automation.attributes
  - pve.automation.connection
  - pve.automation.devices.lxc
  - pve.automation.preflight
  - pve.automation.task
notes:
  - A mount point is a mapping or a text of PVE. To allocate a volume give C(storage) and C(size), in text C(local-lvm:8); it is
    allocated once, later runs find it. To use a volume that exists, or a path of the host, give C(volume), as in V(/srv/data).
    C(mp) is the path in the container. C(size) grows a volume; less than the present size is refused. All other sub-options
    are those of PVE, such as C(backup), C(ro), C(mountoptions), C(acl), C(quota), C(replicate).
  - Nothing ever replaces a volume that holds data. A slot is emptied by O(unset) first.
  - PVE lets only root@pam with its password, no token and no other user, set paths of the host as mount points, O(dev),
    O(hookscript) and O(features) other than C(nesting) of an unprivileged container. The module says so before it sends
    anything.
  - A run that changes nothing costs one request if O(vmid) and O(node) are given, one more to find the node if not,
    one for the power state, and one for O(pool).
  - Of a guest that the HA manager looks after, starting, stopping and migrating are requests to that manager. The module waits until what
    it asked for has happened, O(timeout) seconds at most, and reports what the manager says if it does not.
options:
  add_tags:
    description: Tags that the container has besides those that it has already. O(tags) sets all of them instead.
    type: list
    elements: str
  allow_move:
    description: With O(pool), take the container out of another pool that it belongs to, which is refused otherwise, as by M(pve.automation.pve_pool).
    type: bool
    default: false
  arch:
    description: Architecture of the container. PVE's default is V(amd64).
    type: str
    choices: [amd64, i386, arm64, armhf, riscv32, riscv64]
  bwlimit:
    description: Limit in KiB/s for unpacking, when the container is created from O(ostemplate).
    type: float
  clone:
    description:
      - Make a container that does not exist from another one or from a template, then apply all other options of the task to it.
      - The id or hostname of the source, or a mapping with C(source), C(full), C(storage), C(snapname), C(bwlimit).
        Without C(full) PVE links clones of templates and copies everything else.
      - If the source is on another node than the new container, PVE clones it there if all of its volumes are on shared storages. Otherwise a
        full clone is made beside the source, moved to its node while it is stopped (to C(storage), if that is given) and configured there.
        Until it has arrived, its description says where it goes, by which a later run knows.
      - Several templates may have the name of the source, such as one on each node. The one on the node of the new container is taken, else
        one that PVE can clone from there, else the first by the names of the nodes. The summary of the first of RV(requests) names it.
      - A later run completes what an interrupted one left; it never clones a second time.
      - If O(vmid) belongs to a container whose name is not O(hostname), the task is refused; it does not rename and change that container.
    type: raw
  cmode:
    description: What the console shows. PVE's default is V(tty).
    type: str
    choices: [shell, console, tty]
  console:
    description: Whether the container has a console device. PVE's default is V(true).
    type: bool
  cores:
    description: Cores of the container; without it all of the node.
    type: int
  cpulimit:
    description: Limit of the use of host cores; 0 is no limit.
    type: float
  cpuunits:
    description: Weight of the container against other guests.
    type: int
  debug:
    description: Whether the container logs verbosely when it starts. PVE's default is V(false).
    type: bool
  description:
    description: Notes, shown as Markdown.
    type: str
  destroy_unreferenced_disks:
    description: With O(state=absent), delete volumes of this vmid that the configuration does not name as well.
    type: bool
    default: false
  dev:
    description: Devices of the host, a mapping of V(dev0) to V(dev255). Each is a mapping with C(path), C(mode), C(uid), C(gid), C(deny-write), or as text.
    type: dict
  entrypoint:
    description: Command that runs as init. Needs PVE 9.1. PVE's default is V(/sbin/init).
    type: str
  env:
    description:
      - Environment of the init process, as a mapping, or as a list of texts such as V(LANG=C.UTF-8). It is the whole environment. Needs PVE 9.1.
      - PVE shows it to all who may see the configuration, and so do results. Set C(no_log) of the task where it holds secrets.
    type: raw
  features:
    description: Features of the kernel that the container may use, as a mapping with C(nesting), C(keyctl), C(fuse), C(mknod),
      C(mount), C(force_rw_sys), or as text, as in V(nesting=1,mount=nfs;cifs).
    type: raw
  force:
    description:
      - Stop hard, without a graceful shutdown or after O(shutdown_timeout); with O(state=absent) allow to delete a running container.
      - With O(restart) or O(state=restarted), stop it hard if it does not react in O(shutdown_timeout), or in the time that PVE gives it, and start it.
    type: bool
    default: false
  hookscript:
    description: Volume of a script that runs at stages of the life of the container.
    type: str
  hostname:
    description: Name, a DNS name. It identifies the container where O(vmid) is not given; several containers of one name are an error then.
    type: str
    aliases: [name]
  ignore_unpack_errors:
    description: Whether errors while O(ostemplate) is unpacked are ignored.
    type: bool
  memory:
    description: Memory in MiB, or a size such as V(4G). PVE's default is V(512).
    type: raw
  migrate:
    description:
      - Move a container that is on another node than O(node), or on none of O(nodes), there. A running one is shut down, moved and started again.
        Without it the container stays where it is.
      - A container that HA manages is moved by HA; this module waits some seconds only for that.
    type: bool
    default: false
  move_volumes:
    description: Move a volume whose C(storage) is another one than the task wants, which needs a stopped container. Without it that is an error.
    type: bool
    default: false
  mp:
    description: Mount points, a mapping of V(mp0) to V(mp255); see the notes on mount points.
    type: dict
  nameserver:
    description: DNS servers.
    type: list
    elements: str
  net:
    description: Network devices, a mapping of V(net0) to V(net31). Each is a mapping with C(name), C(bridge), C(ip), C(gw),
      C(tag), C(firewall), C(hwaddr) and so on, or as text. The MAC address stays when anything else changes.
    type: dict
  node:
    description:
      - Node where the container is made. A container that exists is right on whatever node it is, unless O(migrate) is true; there it saves one request.
      - O(nodes) and O(placement) choose one.
      - For O(state=absent) and O(force) another node than that of the container is an error.
    type: str
  nodes:
    description:
      - The nodes that the container may be on, in the place of O(node). A new one is made on one of them, as O(placement) says.
      - One that is on another node is moved to one of them with O(migrate=true); otherwise a warning says so.
        A container that HA manages is never moved for that; HA moves it by the rules of M(pve.automation.pve_ha_rule).
    type: list
    elements: str
  onboot:
    description: Whether the container starts with its node. PVE's default is V(false).
    type: bool
  ostemplate:
    description: Template or OCI archive to create the container from, as in
      V(local:vztmpl/debian-13-standard_13.1-2_amd64.tar.zst). PVE does not return it afterwards, so that it means nothing for a container that exists.
    type: str
  ostype:
    description: Operating system, by which PVE configures what is inside; found out from the template.
    type: str
    choices: [debian, devuan, ubuntu, centos, fedora, opensuse, archlinux, alpine, gentoo, nixos, unmanaged]
  password:
    description: Password of root in the container, set only when it is created from O(ostemplate).
    type: str
  placement:
    description:
      - How the node of a new container is chosen, among O(nodes) or all nodes of the cluster. It is one that is online, and against which the
        preflight finds nothing, be it memory, space, a storage, a bridge or a volume. If there is none, the task is refused with the
        reason of each node.
      - V(memory) takes the node with the most memory that is not promised to guests that run, V(cpu) the one with the fewest promised
        cores for each CPU, V(count) the one with the fewest guests, and V(spread) the one with the fewest guests of O(spread). Of equal
        nodes it is the first by name, so that equal clusters lead to equal choices.
      - In a bulk (M(pve.automation.pve_guests)) guests are placed in the order of the list, and those that were placed before count.
      - The summary of the first of RV(requests) says which node was chosen, and why.
      - With O(nodes) or O(spread) the default is V(memory). Without any of them, a new guest needs O(node).
    type: str
    choices: [memory, cpu, count, spread]
  pool:
    description: Pool that the container belongs to; an empty string takes it out of its pool. Costs one more request.
    type: str
  protection:
    description: Whether the container and its volumes are protected from deletion. PVE's default is V(false).
    type: bool
  purge:
    description: With O(state=absent), remove the container from backup jobs, replication and HA as well, which PVE insists on for HA. With mount points in
      O(unset), delete their volumes with all data instead of keeping them as V(unusedN), which needs a stopped container.
    type: bool
    default: false
  remove_tags:
    description: Tags that the container does not have. O(tags) sets all of them instead.
    type: list
    elements: str
  restart:
    description:
      - Whether a running container is restarted gracefully after a change. V(if_needed) does so when a key waits for the next start,
        whoever changed it. In check mode this is foretold from the kind of the change.
    type: str
    choices: [never, if_needed, always]
    default: never
  restore:
    description:
      - Make a container that does not exist from a backup, then apply all other options of the task to it. Where the configuration
        in the backup may not be read, check mode does not foretell changes of volumes.
      - The volume of the backup, as in V(local:backup/vzdump-lxc-100-2026_01_31-12_00_00.tar.zst), or a mapping with C(archive),
        C(storage), C(unique), C(bwlimit).
      - What then is neither as in the backup nor as the task wants it is reported in a warning. To restore over a guest that exists, see
        M(pve.automation.pve_backup).
      - If O(vmid) belongs to a container whose name is not O(hostname), the task is refused.
    type: raw
  rootfs:
    description: Root file system, a mapping or text such as V(local-lvm:8); see the notes on mount points.
    type: raw
  searchdomain:
    description: DNS search domain.
    type: str
  shutdown_timeout:
    description: Seconds that the container gets for a graceful shutdown or restart. With O(force) it is stopped hard after them.
    type: int
  spread:
    description: A tag or a pool whose guests are kept on different nodes as far as possible, before O(placement) counts.
    type: str
  ssh_public_keys:
    description: Public SSH keys for root, a list or a text with one key a line, set only when the container is created from O(ostemplate).
      Comment lines, which PVE refuses, are left out.
    type: raw
  startup:
    description: Start and shutdown order, as a mapping with C(order), C(up), C(down), or as text.
    type: raw
  state:
    description:
      - 'V(present): the container exists, in whatever power state.'
      - 'V(started), V(stopped): it exists and is in that power state.'
      - V(restarted) restarts a running container gracefully at every run, and starts a stopped one.
      - 'V(absent): it does not exist. A running container is refused unless O(force) is true, a protected one always.'
      - Apart from V(absent) a container that does not exist is created.
      - For V(absent), O(force) and a conversion by O(template) all of O(vmid), O(hostname) and O(node) that are given have to fit the same container.
        Otherwise O(vmid) says which container is meant,
        and another O(hostname) renames it.
    type: str
    choices: [present, started, stopped, restarted, absent]
    default: present
  storage:
    description: Storage for a root file system that O(rootfs) does not place, when the container is created from O(ostemplate).
    type: str
  swap:
    description: Swap in MiB, or a size such as V(1G). PVE's default is V(512).
    type: raw
  tags:
    description: Tags, a set; they are sent and compared in lower case.
    type: list
    elements: str
  target_storage:
    description: Storage for the local volumes of a container that is migrated, or pairs as in V(local-lvm:other,local:local).
    type: str
  template:
    description: 'V(true) converts the container to a template, which cannot be undone. One that runs has to be stopped, by O(state=stopped).'
    type: bool
  timezone:
    description: Time zone, as in V(Europe/Berlin), or V(host) for that of the node.
    type: str
  tty:
    description: Number of terminals. PVE's default is V(2).
    type: int
  unprivileged:
    description: Whether root in the container is an unprivileged user of the host. Only a new container can be given another value.
      A new container is unprivileged unless this is V(false).
    type: bool
  unset:
    description: 'Keys to remove, by the names of these options or of slots, as in V([description, net1, mp2]). A mount point
      that is removed is detached: its volume stays as V(unusedN), unless O(purge) is true.'
    type: list
    elements: str
  vmid:
    description: Id of the container, 100 to 999999999. If it is not given, O(hostname) identifies the container, and a new one gets the next free id.
    type: int
  wait_for:
    description: Wait until the container has an address that is neither loopback nor link-local.
    type: str
    choices: [ip]
  wait_timeout:
    description: Seconds to wait for O(wait_for).
    type: int
    default: 300
seealso:
  - ref: ansible_collections.pve.automation.docsite.guide_devices
    description: Keys of devices and drives.
  - ref: ansible_collections.pve.automation.docsite.guide_identity
    description: What identifies a guest.
  - module: pve.automation.pve_vm
  - module: pve.automation.pve_snapshot
  - module: pve.automation.pve_pool
"""

EXAMPLES = r"""
- name: A container with a data volume, running
  pve.automation.pve_lxc:
    node: pve1
    vmid: 9101
    hostname: cache1
    ostemplate: local:vztmpl/debian-13-standard_13.1-2_amd64.tar.zst
    ssh_public_keys: "{{ lookup('file', '~/.ssh/id_ed25519.pub') }}"
    unprivileged: true
    memory: 1G
    swap: 0
    cores: 2
    rootfs: {storage: local-lvm, size: 8G}
    mp:
      mp0: {storage: local-lvm, size: 20G, mp: /var/cache, backup: true}
    net:
      net0: {name: eth0, bridge: vmbr0, ip: 192.0.2.20/24, gw: 192.0.2.1, tag: 100}
    features: {nesting: true}
    tags: [cache, production]
    state: started

- name: A copy of a template, with its own memory and a larger root file system, and wait for its address
  pve.automation.pve_lxc:
    hostname: cache2
    clone: {source: debian-13-ct, full: true, storage: local-lvm}
    memory: 2G
    rootfs: {size: 16G}
    net:
      net0: {ip: dhcp}
    state: started
    wait_for: ip
  register: cache2

- name: A larger volume, another VLAN, and a bind mount, which only root@pam may set
  pve.automation.pve_lxc:
    hostname: cache1
    mp:
      mp0: {size: 40G}
      mp1: {volume: /srv/shared, mp: /srv/shared, ro: true}
    net:
      net0: {tag: 200}

- name: To another node
  pve.automation.pve_lxc:
    hostname: cache1
    node: pve2
    migrate: true

- name: Stop it and delete a mount point with its data
  pve.automation.pve_lxc:
    vmid: 9101
    unset: [mp0]
    purge: true
    state: stopped

- name: Delete it, running or not, and forget it in backup jobs and HA
  pve.automation.pve_lxc:
    vmid: 9101
    state: absent
    force: true
    purge: true
"""

RETURN = r"""
container:
  description:
    - The container as the server has it afterwards, property strings as mappings; null if it does not exist. In check mode as it
      would be.
    - C(status) is there if the task named a power state, C(pool) if it named a pool.
    - Options that are set are in it under their names.
  returned: success
  type: dict
  contains:
    vmid: {description: As O(vmid)., type: int}
    node: {description: As O(node)., type: str}
    hostname: {description: Host name., type: str}
    status: {description: Power state., type: str}
    pool: {description: Pool., type: str}
    template: {description: Whether it is a template., type: bool}
    tags: {description: Tags., type: list, elements: str}
    lock: {description: "What locks it, such as V(backup), where something does.", type: str}
    pending: {description: Keys whose new values wait for the next start., type: list, elements: str}
  sample:
    vmid: 9101
    node: pve1
    hostname: cache1
    memory: 1024
    net0: {name: eth0, bridge: vmbr0, hwaddr: "BC:24:11:00:00:01", ip: dhcp, type: veth}
    rootfs: {volume: local-lvm:vm-9101-disk-0, size: 8G}
    status: running
pending:
  description: Keys whose new values wait for the next start of the container.
  returned: when something was changed
  type: list
  elements: str
  sample: [tty]
interfaces:
  description: Network interfaces with their addresses.
  returned: with O(wait_for)
  type: list
  elements: dict
  contains:
    name: {description: Name inside of the guest., type: str}
    mac: {description: MAC address., type: str}
    addresses: {description: Addresses with their prefix lengths., type: list, elements: str}
  sample: [{name: eth0, mac: "BC:24:11:00:00:01", addresses: [192.0.2.20/24]}]
upid:
  description: The last task, which was not awaited.
  returned: with O(wait=false), if a task was started
  type: str
requests:
  description: The writing API calls that were made, in check mode those that would be made; secrets are hidden.
  returned: always
  type: list
  elements: dict
  contains:
    method: {description: "V(POST), V(PUT) or V(DELETE).", type: str}
    path: {description: Path of the call., type: str}
    params: {description: "Its parameters, as they are sent.", type: dict}
    summary: {description: What it does., type: str}
  sample: [{method: PUT, path: /nodes/pve1/lxc/9101/config, params: {memory: 2048}, summary: change memory of container 9101}]
"""

from ..module_utils._core.guests.lxc import LXC
from ..module_utils._core.run.module import run_module


def main() -> None:
    run_module(LXC)


if __name__ == "__main__":
    main()
