# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: pve_vm
short_description: Manage virtual machines (VM)
description:
  - Creates, configures, starts, stops and deletes a virtual machine, all in one task.
  - What a task does not set stays as it is, down to the sub-options of a device; an empty string removes an option or a
    sub-option.
  - Values of PVE itself are taken as they are, for example C(virtio,bridge=vmbr0,tag=100) or C(local-lvm:32,ssd=1), and mean the
    same as the mapping.
version_added: 1.0.0
author: pve.automation maintainers (@pve-automation)
extends_documentation_fragment:
  - pve.automation.about.guests
  - pve.automation.attributes
  - pve.automation.connection
  - pve.automation.devices.vm
  - pve.automation.preflight
  - pve.automation.task
requirements:
  - pycdlib, for O(seed)
notes:
  - A drive is a mapping or a text of PVE. To allocate a volume give C(storage) and C(size), in text C(local-lvm:32);
    C(import-from) fills it from an image, once. To use a volume that exists, or a CD-ROM, give C(file), as in
    C(local:iso/debian.iso) with C(media=cdrom), or C(none); a cloud-init drive is C(local-lvm:cloudinit).
    C(size) grows a drive; less than the present size is refused. All other sub-options are those of PVE, such as C(ssd),
    C(discard), C(iothread), C(cache), C(backup).
  - Nothing ever replaces a volume that holds data. A slot is emptied by O(unset) first.
  - PVE lets only root@pam with its password, no token and no other user, set O(affinity), O(arch), O(args), O(hookscript), O(hugepages),
    O(ivshmem), O(keephugepages), O(parallel), O(spice_enhancements), devices of the host that are not mapped (O(hostpci), O(usb), O(serial)),
    and paths of the host as drives. The module says so before it sends anything.
  - A run that changes nothing costs one request if O(vmid) and O(node) are given, one more to find the node if not,
    one for the power state, and one for O(pool).
  - Of a guest that the HA manager looks after, starting, stopping and migrating are requests to that manager. The module waits until what
    it asked for has happened, O(timeout) seconds at most, and reports what the manager says if it does not.
options:
  acpi:
    description: Whether ACPI is enabled. PVE's default is V(true).
    type: bool
  add_tags:
    description: Tags that the guest has besides those that it has already. O(tags) sets all of them instead.
    type: list
    elements: str
  affinity:
    description: Host cores on which the guest runs, as in V(0,5,8-11).
    type: str
  agent:
    description: QEMU guest agent, as a mapping with C(enabled), C(fstrim_cloned_disks), C(freeze-fs), C(type), or as PVE writes
      it, as in V(1,fstrim_cloned_disks=1).
    type: raw
  allow_ksm:
    description: Whether memory may be merged with that of other guests by KSM. Needs PVE 9.0. PVE's default is V(true).
    type: bool
  allow_move:
    description: With O(pool), take the guest out of another pool that it belongs to, which is refused otherwise, as by M(pve.automation.pve_pool).
    type: bool
    default: false
  amd_sev:
    description: AMD secure encrypted virtualization, as a mapping with C(type), C(allow-smt), C(kernel-hashes), C(no-debug), C(no-key-sharing), or as text.
    type: raw
  arch:
    description: Virtual processor architecture. Only root@pam may set it.
    type: str
    choices: [x86_64, aarch64]
  args:
    description: Further arguments for QEMU. Only root@pam with a password may set them.
    type: str
  audio0:
    description: Audio device, as a mapping with C(device) and C(driver), or as text.
    type: raw
  autostart:
    description: Restart after a crash; PVE ignores it at present. PVE's default is V(false).
    type: bool
  balloon:
    description: Memory in MiB down to which the guest may shrink, or a size such as V(1G). 0 switches the balloon driver off.
    type: raw
  bios:
    description: Firmware. PVE's default is V(seabios).
    type: str
    choices: [seabios, ovmf]
  boot:
    description: Boot order, as a mapping with C(order), a list of devices, or as text, as in V(order=scsi0;net0).
    type: raw
  cicustom:
    description: Snippets that replace the generated cloud-init files, as a mapping with C(meta), C(network), C(user), C(vendor), or as text.
    type: raw
  cipassword:
    description: Password of the cloud-init user. PVE only keeps its hash, so that it cannot be compared; see O(update_password).
    type: str
  citype:
    description: Format of the cloud-init data.
    type: str
    choices: [configdrive2, nocloud, opennebula]
  ciupgrade:
    description: Whether cloud-init upgrades packages at the first boot. PVE's default is V(true).
    type: bool
  ciuser:
    description: User that cloud-init sets up.
    type: str
  clone:
    description:
      - Make a machine that does not exist from another one or from a template, then apply all other options of the task to it.
      - The id or name of the source, or a mapping with C(source), C(full), C(storage), C(format), C(snapname), C(bwlimit).
        Without C(full) PVE links clones of templates and copies everything else.
      - If the source is on another node than the new machine, PVE clones it there if all of its volumes are on shared storages. Otherwise a
        full clone is made beside the source, moved to its node while it is stopped (to C(storage), if that is given) and configured there.
        Until it has arrived, its description says where it goes, by which a later run knows.
      - Several templates may have the name of the source, such as one on each node. The one on the node of the new machine is taken, else
        one that PVE can clone from there, else the first by the names of the nodes. The summary of the first of RV(requests) names it.
      - A later run completes what an interrupted one left; it never clones a second time.
      - If O(vmid) belongs to a machine whose name is not O(name), the task is refused; it does not rename and change that machine.
    type: raw
  cores:
    description: Cores per socket. PVE's default is V(1).
    type: int
  cpu:
    description: Emulated processor, as a mapping with C(cputype), C(flags), C(hidden) and so on, or as text, as in V(x86-64-v2-AES,flags=+aes).
    type: raw
  cpulimit:
    description: Limit of the use of host cores; 0 is no limit.
    type: float
  cpuunits:
    description: Weight of the guest against others.
    type: int
  description:
    description: Notes, shown as Markdown.
    type: str
  destroy_unreferenced_disks:
    description: With O(state=absent), delete volumes of this vmid that the configuration does not name as well.
    type: bool
    default: false
  efidisk0:
    description: Disk for EFI variables, as a mapping with C(storage), C(efitype), C(pre-enrolled-keys), C(format), or as text. PVE chooses its size.
    type: raw
  force:
    description:
      - Stop hard, without a graceful shutdown or after O(shutdown_timeout); with O(state=absent) allow to delete a running guest.
      - With O(restart) or O(state=restarted), stop it hard if it does not react in O(shutdown_timeout), or in the time that PVE gives it, and start it.
    type: bool
    default: false
  freeze:
    description:
      - Freeze the CPU at start-up. PVE's default is V(false).
      - The machine is then paused once it has been started, and O(state=started) leaves it so; O(state=resumed) lets it run.
    type: bool
  hookscript:
    description: Volume of a script that runs at stages of the life of the guest. Only root@pam may set it.
    type: str
  hostpci:
    description: Host PCI devices, a mapping of V(hostpci0) to V(hostpci15). Each is a mapping with C(host) or C(mapping),
      C(pcie), C(x-vga), C(rombar) and so on, or as text.
    type: dict
  hotplug:
    description: What may be plugged while the guest runs, as a list of V(network), V(disk), V(cpu), V(memory), V(usb),
      V(cloudinit); V(true) for the default of PVE, V(false) for nothing.
    type: raw
  hugepages:
    description: Use of huge pages, by their size in MiB.
    type: str
    choices: [any, "2", "1024"]
  ide:
    description: IDE drives, a mapping of V(ide0) to V(ide3); see the notes on drives. The usual place of the cloud-init drive is V(ide2).
    type: dict
  intel_tdx:
    description: Intel trust domain extensions, as a mapping with C(type), C(attestation) and so on, or as text. Needs PVE 9.0.
    type: raw
  ipconfig:
    description: Cloud-init addresses, a mapping of V(ipconfig0) to V(ipconfig31). Each is a mapping with C(ip), C(gw), C(ip6), C(gw6), or as text.
    type: dict
  ivshmem:
    description: Shared memory between guests, as a mapping with C(size) in MiB and C(name), or as text.
    type: raw
  keephugepages:
    description: Keep huge pages after the guest has stopped. PVE's default is V(false).
    type: bool
  keyboard:
    description: Keyboard layout of the VNC server.
    type: str
    choices: [de, de-ch, da, en-gb, en-us, es, fi, fr, fr-be, fr-ca, fr-ch, hu, is, it, ja, lt, mk, nl, "no", pl, pt, pt-br, sv, sl, tr]
  kvm:
    description: Whether hardware virtualization is used. PVE's default is V(true).
    type: bool
  localtime:
    description: Whether the clock of the guest starts with local time.
    type: bool
  machine:
    description:
      - Machine type, as a mapping with C(type), C(viommu) and so on, or as text, as in V(q35,viommu=virtio).
      - PVE gives a Windows the newest version of its type when it is created, as in C(pc-q35-10.1), and that is kept. V(q35) is any
        version then.
    type: raw
  memory:
    description: Memory in MiB, or a size such as V(4G). PVE's default is V(512).
    type: raw
  migrate:
    description:
      - Move a machine that is on another node than O(node), or on none of O(nodes), there, live if it runs, together with its local disks. Without it the
        machine stays where it is.
      - A machine that HA manages is moved by HA; this module waits some seconds only for that.
    type: bool
    default: false
  migrate_downtime:
    description: Tolerated downtime in seconds during a migration. PVE's default is V(0.1).
    type: float
  migrate_speed:
    description: Limit in MB/s for migrations; 0 is no limit.
    type: int
  move_disks:
    description: Move a drive whose C(storage) or C(format) is another one than the task wants. Without it that is an error.
    type: bool
    default: false
  name:
    description: Name, a DNS name. It identifies the guest where O(vmid) is not given; several guests of one name are an error then.
    type: str
  nameserver:
    description: DNS servers for cloud-init.
    type: list
    elements: str
  net:
    description: Network devices, a mapping of V(net0) to V(net31). Each is a mapping with C(model), C(bridge), C(tag),
      C(firewall), C(macaddr) and so on, or a text such as V(virtio,bridge=vmbr0). The MAC address stays when anything else changes.
    type: dict
  node:
    description:
      - Node where the guest is made. A guest that exists is right on whatever node it is, unless O(migrate) is true; there it saves one request.
      - O(nodes) and O(placement) choose one.
      - For O(state=absent) and O(force) another node than that of the guest is an error.
    type: str
  nodes:
    description:
      - The nodes that the guest may be on, in the place of O(node). A new one is made on one of them, as O(placement) says.
      - One that is on another node is moved to one of them with O(migrate=true); otherwise a warning says so.
        A guest that HA manages is never moved for that; HA moves it by the rules of M(pve.automation.pve_ha_rule).
    type: list
    elements: str
  numa:
    description: Whether NUMA is emulated. PVE's default is V(false).
    type: bool
  numa_nodes:
    description: NUMA topology, a mapping of V(numa0) to V(numa7). Each is a mapping with C(cpus), C(memory), C(hostnodes), C(policy), or as text.
    type: dict
  onboot:
    description: Whether the guest starts with its node. PVE's default is V(false).
    type: bool
  ostype:
    description: Operating system of the guest. PVE's default is V(other).
    type: str
    choices: [other, wxp, w2k, w2k3, w2k8, wvista, win7, win8, win10, win11, l24, l26, solaris]
  parallel:
    description: Parallel devices, a mapping of V(parallel0) to V(parallel2), each a device of the host.
    type: dict
  placement:
    description:
      - How the node of a new guest is chosen, among O(nodes) or all nodes of the cluster. It is one that is online, and against which the
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
    description: Pool that the guest belongs to; an empty string takes it out of its pool. Costs one more request.
    type: str
  protection:
    description: Whether the guest and its disks are protected from deletion. PVE's default is V(false).
    type: bool
  purge:
    description: With O(state=absent), remove the guest from backup jobs, replication and HA as well, which PVE insists on for HA. With drives in O(unset),
      delete their volumes with all data instead of keeping them as V(unusedN).
    type: bool
    default: false
  reboot:
    description: Whether the guest may reboot; if not it stops instead. PVE's default is V(true).
    type: bool
  remove_tags:
    description: Tags that the guest does not have. O(tags) sets all of them instead.
    type: list
    elements: str
  restart:
    description:
      - Whether a running machine is restarted gracefully after a change. V(if_needed) does so when a key waits for the next start,
        whoever changed it. In check mode this is foretold from the kind of the change.
    type: str
    choices: [never, if_needed, always]
    default: never
  restore:
    description:
      - Make a machine that does not exist from a backup, then apply all other options of the task to it.
      - The volume of the backup, as in V(local:backup/vzdump-qemu-100-2026_01_31-12_00_00.vma.zst), or a mapping with C(archive),
        C(storage), C(unique), C(live_restore), C(bwlimit).
      - What then is neither as in the backup nor as the task wants it is reported in a warning. To restore over a guest that exists, see
        M(pve.automation.pve_backup).
      - If O(vmid) belongs to a machine whose name is not O(name), the task is refused.
    type: raw
  rng0:
    description: Random number generator, as a mapping with C(source), C(max_bytes), C(period), or as text.
    type: raw
  sata:
    description: SATA drives, a mapping of V(sata0) to V(sata5); see the notes on drives.
    type: dict
  scsi:
    description: SCSI drives, a mapping of V(scsi0) to V(scsi30); see the notes on drives.
    type: dict
  scsihw:
    description: Model of the SCSI controller. PVE's default is V(lsi).
    type: str
    choices: [lsi, lsi53c810, virtio-scsi-pci, virtio-scsi-single, megasas, pvscsi]
  searchdomain:
    description: DNS search domain for cloud-init.
    type: str
  seed:
    description:
      - Data for cloud-init or Ignition on a CD-ROM of its own, which needs neither snippets nor access to the node. An image is built
        where the module runs, uploaded and attached; a run with other data replaces it. It is deleted with the machine.
      - The name of the image has the id of the machine and a digest of the data, so that equal data are not sent again. With the default
        O(seed.meta_data) the id of the instance changes with the data, so that cloud-init runs again at the next start.
      - With O(citype=configdrive2) in the same task it is a config drive (label C(config-2)), otherwise one for NoCloud (label C(cidata)).
      - Set C(no_log) of the task if the data hold secrets. Everybody who may read the storage can read them.
      - Needs the Python library C(pycdlib) where the module runs, and O(api_backend=https).
    type: dict
    suboptions:
      user_data:
        description: User data. A string is taken as it is; a dictionary becomes a C(#cloud-config). By default an empty one.
        type: raw
      meta_data:
        description: Meta data, a string or a dictionary. By default, and in a dictionary without one, the id of the instance is generated.
        type: raw
      network_config:
        description:
          - Network configuration, a string or a dictionary, of version 1 or 2. By default cloud-init uses DHCP.
          - On a config drive it is C(network_data.json), which has the format of OpenStack.
        type: raw
      vendor_data:
        description: Vendor data, a string or a dictionary.
        type: raw
      ignition:
        description: A configuration for Ignition, a string or a dictionary, in the place of O(seed.user_data).
        type: raw
      storage:
        description:
          - Storage for the image, which takes ISO images. By default V(local).
          - PVE moves no machine with a CD-ROM on a storage that only its node has, so that one that moves needs a shared storage.
        type: str
      slot:
        description: Slot for the CD-ROM drive, such as V(ide2), V(sata0) or V(scsi1). By default V(ide2).
        type: str
  serial:
    description: Serial devices, a mapping of V(serial0) to V(serial3), each V(socket) or a device of the host.
    type: dict
  shares:
    description: Weight for automatic ballooning. PVE's default is V(1000).
    type: int
  shutdown_timeout:
    description: Seconds that the guest gets for a graceful shutdown or restart. With O(force) it is stopped hard after them.
    type: int
  smbios1:
    description: SMBIOS type 1 fields, as a mapping with C(uuid), C(manufacturer) and so on (Base64 where C(base64) is true), or as text.
    type: raw
  sockets:
    description: Processor sockets. PVE's default is V(1).
    type: int
  spice_enhancements:
    description: SPICE options, as a mapping with C(foldersharing) and C(videostreaming), or as text.
    type: raw
  sshkeys:
    description: Public SSH keys for cloud-init, a list or a text with one key a line. Comment lines, which PVE refuses, are left out.
    type: raw
  spread:
    description: A tag or a pool whose guests are kept on different nodes as far as possible, before O(placement) counts.
    type: str
  startdate:
    description: 'Initial date of the clock: V(now), or as in V(2026-06-17T16:01:21).'
    type: str
  startup:
    description: Start and shutdown order, as a mapping with C(order), C(up), C(down), or as text.
    type: raw
  state:
    description:
      - 'V(present): the guest exists, in whatever power state.'
      - 'V(started), V(stopped), V(paused), V(hibernated): it exists and is in that power state; V(resumed) is another word for V(started), but for O(freeze).'
      - V(restarted) and V(reset) restart a running guest, gracefully or hard, at every run, and start a stopped one.
      - 'V(absent): it does not exist. A running guest is refused unless O(force) is true, a protected one always.'
      - Apart from V(absent) a guest that does not exist is created.
      - For V(absent), V(reset), O(force) and a conversion by O(template) all of O(vmid), O(name) and O(node) that are given have to fit the same guest.
        Otherwise O(vmid) says which guest is meant,
        and another O(name) renames it.
    type: str
    choices: [present, started, stopped, restarted, reset, paused, resumed, hibernated, absent]
    default: present
  tablet:
    description: Whether a USB tablet serves as pointer. PVE's default is V(true).
    type: bool
  tags:
    description: Tags, a set; they are sent and compared in lower case.
    type: list
    elements: str
  target_storage:
    description: Storage for the local disks of a machine that is migrated, or pairs as in V(local-lvm:other,local:local).
    type: str
  tdf:
    description: Whether drift of the clock is mended. PVE's default is V(false).
    type: bool
  template:
    description: 'V(true) converts the guest to a template, which cannot be undone. One that runs has to be stopped, by O(state=stopped).'
    type: bool
  tpmstate0:
    description: Disk for TPM state, as a mapping with C(storage) and C(version), or as text. PVE chooses its size.
    type: raw
  unset:
    description: 'Keys to remove, by the names of these options or of slots, as in V([description, net1, scsi2]). A drive that is
      removed is detached: its volume stays as V(unusedN), unless O(purge) is true.'
    type: list
    elements: str
  update_password:
    description: Whether O(cipassword) is set only when the guest is created, or at every run.
    type: str
    choices: [on_create, always]
    default: on_create
  usb:
    description: USB devices, a mapping of V(usb0) to V(usb13). Each is a mapping with C(host) or C(mapping), and C(usb3), or as text.
    type: dict
  vcpus:
    description: Processors that are plugged at the start.
    type: int
  vga:
    description: Display, as a mapping with C(type), C(memory), C(clipboard), or as text.
    type: raw
  virtio:
    description: VirtIO drives, a mapping of V(virtio0) to V(virtio15); see the notes on drives.
    type: dict
  virtiofs:
    description: Shared directories, a mapping of V(virtiofs0) to V(virtiofs9). Each is a mapping with C(dirid), C(cache) and so on, or as text.
    type: dict
  vmgenid:
    description: VM generation id; V(1) is any, which PVE makes up where there is none, and V(0) is none.
    type: str
  vmid:
    description: Id of the guest, 100 to 999999999. If it is not given, O(name) identifies the guest, and a new one gets the next free id.
    type: int
  vmstatestorage:
    description: Storage for the memory of snapshots and of hibernation.
    type: str
  wait_for:
    description: Wait until the guest agent answers, or until the machine has an address that is neither loopback nor link-local.
    type: str
    choices: [agent, ip]
  wait_timeout:
    description: Seconds to wait for O(wait_for).
    type: int
    default: 300
  watchdog:
    description: Watchdog, as a mapping with C(model) and C(action), or as text.
    type: raw
seealso:
  - ref: ansible_collections.pve.automation.docsite.guide_devices
    description: Keys of devices and drives.
  - ref: ansible_collections.pve.automation.docsite.guide_identity
    description: What identifies a guest.
  - module: pve.automation.pve_pool
  - module: pve.automation.pve_api
"""

EXAMPLES = r"""
- name: A machine with cloud-init, running
  pve.automation.pve_vm:
    node: pve1
    vmid: 9001
    name: web1
    memory: 4G
    cores: 2
    cpu: x86-64-v2-AES
    scsihw: virtio-scsi-single
    scsi:
      scsi0: {storage: local-lvm, size: 32G, ssd: true, discard: "on", iothread: true}
    ide:
      ide2: local-lvm:cloudinit
    net:
      net0: {model: virtio, bridge: vmbr0, tag: 100}
    ipconfig:
      ipconfig0: {ip: 192.0.2.10/24, gw: 192.0.2.1}
    ciuser: admin
    sshkeys: "{{ lookup('file', '~/.ssh/id_ed25519.pub') }}"
    boot: order=scsi0
    agent: {enabled: true}
    tags: [web, production]
    pool: web
    state: started

- name: A machine on whichever of two nodes has more free memory, apart from other web servers
  pve.automation.pve_vm:
    nodes: [pve1, pve2]
    spread: web
    name: web3
    memory: 2G
    tags: [web]

- name: A machine with cloud-init data of its own
  pve.automation.pve_vm:
    node: pve1
    name: seeded
    memory: 2G
    scsi:
      scsi0: local-lvm:8
    seed:
      user_data:
        hostname: seeded
        packages: [nginx]
      network_config:
        version: 2
        ethernets:
          ens18: {dhcp4: true}

- name: A clone of a template, configured and started in one task, with its address
  pve.automation.pve_vm:
    node: pve2
    name: web2
    clone: {source: debian-13, full: true, storage: local-lvm}
    cores: 4
    memory: 4G
    scsi:
      scsi0: {size: 64G}
    ipconfig:
      ipconfig0: {ip: dhcp}
    agent: {enabled: true}
    state: started
    wait_for: ip
  register: web2

- name: To another node, live
  pve.automation.pve_vm:
    name: web2
    node: pve3
    migrate: true

- name: More memory, a larger disk and another VLAN; the MAC address and everything else stay
  pve.automation.pve_vm:
    name: web1
    memory: 8G
    scsi:
      scsi0: {size: 64G}
    net:
      net0: {tag: 200}

- name: Take a device out and clear the description
  pve.automation.pve_vm:
    vmid: 9001
    unset: [net1, description]

- name: Shut down, hard after two minutes
  pve.automation.pve_vm:
    vmid: 9001
    state: stopped
    shutdown_timeout: 120
    force: true

- name: Delete it, running or not, and forget it in backup jobs and HA
  pve.automation.pve_vm:
    vmid: 9001
    state: absent
    force: true
    purge: true
"""

RETURN = r"""
vm:
  description:
    - The machine as the server has it afterwards, property strings as mappings; null if it does not exist. In check mode as it
      would be.
    - C(status) is there if the task named a power state, C(pool) if it named a pool.
    - Options that are set are in it under their names.
  returned: success
  type: dict
  contains:
    vmid: {description: As O(vmid)., type: int}
    node: {description: As O(node)., type: str}
    name: {description: As O(name)., type: str}
    status: {description: Power state., type: str}
    pool: {description: Pool., type: str}
    template: {description: Whether it is a template., type: bool}
    tags: {description: Tags., type: list, elements: str}
    lock: {description: "What locks it, such as V(backup), where something does.", type: str}
    pending: {description: Keys whose new values wait for the next start., type: list, elements: str}
  sample:
    vmid: 9001
    node: pve1
    name: web1
    memory: 4096
    net0: {model: virtio, macaddr: "BC:24:11:00:00:01", bridge: vmbr0, tag: 100}
    scsi0: {file: local-lvm:vm-9001-disk-0, size: 32G, ssd: true}
    status: running
pending:
  description: Keys whose new values wait for the next start of the machine.
  returned: when something was changed
  type: list
  elements: str
  sample: [memory]
interfaces:
  description: Network interfaces with their addresses.
  returned: with O(wait_for)
  type: list
  elements: dict
  contains:
    name: {description: Name inside of the guest., type: str}
    mac: {description: MAC address., type: str}
    addresses: {description: Addresses with their prefix lengths., type: list, elements: str}
  sample: [{name: eth0, mac: "BC:24:11:00:00:01", addresses: [192.0.2.10/24]}]
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
  sample: [{method: PUT, path: /nodes/pve1/qemu/9001/config, params: {memory: 8192}, summary: change memory of virtual machine 9001}]
"""

from ..module_utils._core.guests.vm import VM
from ..module_utils._core.run.module import run_module


def main() -> None:
    run_module(VM)


if __name__ == "__main__":
    main()
