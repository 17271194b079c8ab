# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Playbooks for community.proxmox, written as people write them, run after they were rewritten: once with changes, then without."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.harness.cluster import Cluster
from tests.harness.pages import Block, Desk, administrator, wrong
from tools.from_community_proxmox import Rewriting

MACHINE = """\
- name: A machine, made and started
  hosts: localhost
  gather_facts: false
  vars:
    machine: app1
  tasks:
    - name: Create it
      community.proxmox.proxmox_kvm:
        api_host: "{{ lookup('env', 'PROXMOX_HOST') }}"
        api_user: root@pam
        api_password: "{{ vault_password }}"
        validate_certs: false
        node: pve1
        name: "{{ machine }}"
        memory: 2048
        cores: 2
        scsihw: virtio-scsi-pci
        scsi:
          scsi0: 'local-lvm:10,format=raw'
        net:
          net0: 'virtio,bridge=vmbr0'   # no VLAN here
        nameservers: [192.0.2.53]
        searchdomains: [example.com]
        numa_enabled: true
        update: true
        timeout: 300
    - name: Start it
      community.proxmox.proxmox_kvm:
        name: "{{ machine }}"
        node: pve1
        state: started
    - name: A second disk
      community.proxmox.proxmox_disk:
        name: "{{ machine }}"
        disk: scsi1
        storage: local-lvm
        size: 5G
        create: regular
        iothread: false
        timeout: 100
    - name: A second network card
      community.proxmox.proxmox_nic:
        name: "{{ machine }}"
        interface: net1
        bridge: vmbr0
        model: virtio
        tag: 30
    - name: A snapshot
      community.proxmox.proxmox_snap:
        hostname: "{{ machine }}"
        snapname: first
        timeout: 60
"""

CLONES = """\
- hosts: localhost
  gather_facts: false
  tasks:
    - name: Clone the template
      community.general.proxmox_kvm:
        node: pve1
        clone: debian-13
        name: "{{ item.name }}"
        newid: "{{ item.id }}"
        full: true
        storage: local-lvm
        timeout: 500
      loop:
        - {name: clone-a, id: 9201}
        - {name: clone-b, id: 9202}
    - name: Configure cloud-init
      community.general.proxmox_kvm:
        node: pve1
        vmid: 9201
        ciuser: admin
        ipconfig: {ipconfig0: 'ip=192.0.2.41/24,gw=192.0.2.1'}
        update: true
"""

CONTAINERS = """\
- hosts: localhost
  gather_facts: false
  tasks:
    - name: A container
      community.proxmox.proxmox:
        node: pve1
        vmid: 9301
        hostname: ct-a
        ostemplate: 'local:vztmpl/debian-13-standard_13.1-2_amd64.tar.zst'
        password: "s3cret-value"
        disk: 'local-lvm:8'
        netif: {net0: 'name=eth0,bridge=vmbr0,ip=dhcp'}
        mounts: {mp0: 'local-lvm:4,mp=/srv/data'}
        features:
          - nesting=1
        pubkey: "{{ lookup('file', '~/.ssh/id_ed25519.pub') }}"
        onboot: true
        unprivileged: true
    - name: It runs
      community.proxmox.proxmox: {vmid: 9301, state: started}
"""

ACCESS = """\
- hosts: localhost
  gather_facts: false
  module_defaults:
    group/community.proxmox.proxmox:
      api_host: pve.example.com
      api_user: root@pam
  tasks:
    - name: A role
      community.proxmox.proxmox_role:
        name: Operator
        privileges: [VM.Audit, VM.PowerMgmt]
    - name: A group
      community.proxmox.proxmox_group: {groupid: operators, comment: They operate}
    - name: Users
      community.proxmox.proxmox_user:
        userid: "{{ item }}@pve"
        groups: [operators]
        enable: true
      loop: [alice, bob]
    - name: What the group may
      community.proxmox.proxmox_access_acl:
        path: /vms
        type: group
        ugid: operators
        roleid: Operator
    - name: A pool
      community.proxmox.proxmox_pool:
        poolid: shop
"""

CLUSTER = """\
- hosts: localhost
  gather_facts: false
  tasks:
    - name: A storage
      community.proxmox.proxmox_storage:
        name: backups
        type: dir
        dir_options:
          path: /srv/backups
        content: [backup]
        nodes: [pve1, pve2, pve3]
    - name: A network
      community.proxmox.proxmox_node_network:
        node: pve1
        iface: vmbr7
        iface_type: bridge
        autostart: true
        state: present
    - name: High availability
      community.proxmox.proxmox_cluster_ha_resources:
        name: vm:103
        state: present
        hastate: started
        max_restart: 2
    - name: A policy
      community.proxmox.proxmox_cluster_firewall:
        input_policy: DROP
        ebtables: false
    - name: An image
      community.proxmox.proxmox_template:
        node: pve1
        storage: local
        content_type: iso
        url: https://mirror.example.org/installer.iso
"""

INVENTORY = """\
plugin: community.proxmox.proxmox
url: https://pve.example.com:8006
user: root@pam
token_id: inventory
token_secret: secret
validate_certs: false
want_facts: true
want_proxmox_nodes_ansible_host: true
# only what runs
filters:
  - proxmox_status | default('running') == 'running'
keyed_groups:
  - key: proxmox_tags_parsed
    prefix: tag
compose:
  ansible_user: "'root'"
"""


@pytest.mark.parametrize(
    "playbook",
    [MACHINE, CLONES, CONTAINERS, ACCESS, CLUSTER],
    ids=["machine", "clones", "containers", "access", "cluster"],
)
def test_a_rewritten_playbook_works_and_settles(cluster: Cluster, tmp_path: Path, playbook: str) -> None:
    done = Rewriting(playbook)
    assert done.reports == []
    assert "community" not in done.result
    played = Desk(tmp_path, administrator(cluster)).play(Block("yaml", done.result).twice)
    assert played.code == 0, done.result + played.printed
    assert wrong(played, ()) == [], done.result


def test_a_rewritten_inventory_lists_the_guests(cluster: Cluster, tmp_path: Path) -> None:
    done = Rewriting(INVENTORY)
    assert done.reports == []
    assert "# only what runs" in done.result
    listed = Desk(tmp_path, administrator(cluster)).inventory(Block("yaml", done.result))
    assert listed["_meta"]["hostvars"]["web1"]["ansible_host"]
    assert "web1" in listed["tag_web"]["hosts"]
    assert "scratch" not in listed["_meta"]["hostvars"]
