# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: pve_node_network
short_description: Manage the network interfaces of a node
description:
  - Describes bridges, bonds, VLANs, cards and Open vSwitch devices of a node, any number of them in one task.
  - PVE stages changes in a file of its own. This module stages the changes of all interfaces in an order in which PVE accepts each of
    them, and then applies them together, so that moving a card from a bridge into a bond does not cut the connection half-way.
  - An interface that is not listed, and an option that is not given, stay as they are. An empty string, or the name in
    O(interfaces[].unset), removes an option.
  - What PVE finds out only half-way or never is an error before anything is sent, such as a card that two want to have, a bond without a
    mode, a second default gateway or a packet size that does not fit to the interface below.
version_added: 1.0.0
author: pve.automation maintainers (@pve-automation)
extends_documentation_fragment:
  - pve.automation.about.nodes
  - pve.automation.attributes
  - pve.automation.connection
  - pve.automation.task
options:
  node:
    description: The node.
    type: str
    required: true
  interfaces:
    description: The interfaces to manage. Their order does not matter.
    type: list
    elements: dict
    suboptions:
      iface:
        description: Name of the interface. That of a bond is V(bond) with a number, that of an alias ends in a colon and a number.
        type: str
        required: true
        aliases: [name]
      state:
        description: Whether the interface is there. Cards are hardware and cannot be deleted.
        type: str
        choices: [present, absent]
        default: present
      type:
        description: Kind of interface. Needed to create it, and fixed afterwards.
        type: str
        choices: [bridge, bond, vlan, eth, alias, OVSBridge, OVSBond, OVSPort, OVSIntPort, unknown]
      autostart:
        description: Whether it is brought up at boot. PVE does so with the cards of a bond in any case.
        type: bool
      comments:
        description: A comment; PVE has one for both families of addresses.
        type: str
      cidr:
        description: IPv4 address with the length of its network, as in V(192.0.2.5/24).
        type: str
      address:
        description: IPv4 address, together with O(interfaces[].netmask) instead of O(interfaces[].cidr).
        type: str
      netmask:
        description: Netmask, as in V(255.255.255.0), or its length.
        type: str
      gateway:
        description: IPv4 default gateway. Only one interface of a node has it.
        type: str
      cidr6:
        description: IPv6 address with the length of its network, as in V(2001:db8::5/64).
        type: str
      address6:
        description: IPv6 address, together with O(interfaces[].netmask6) instead of O(interfaces[].cidr6).
        type: str
      netmask6:
        description: Length of the IPv6 network.
        type: str
      gateway6:
        description: IPv6 default gateway. Only one interface of a node has it.
        type: str
      mtu:
        description: Largest packet in bytes, 1280 to 65520. Without it, 1500.
        type: int
      bridge_ports:
        description: The ports of a bridge, such as cards, bonds and VLANs of them. The list is the whole list; without ports the bridge is for
          guests only.
        type: list
        elements: str
      bridge_vlan_aware:
        description: Whether the bridge is VLAN aware, so that guests may have tags.
        type: bool
      bridge_vids:
        description: Tags and ranges of tags that a VLAN-aware bridge passes on, as in V(2-100). PVE writes V(2-4094) if none are given.
        type: list
        elements: str
      slaves:
        description: The cards that a bond joins. The list is the whole list.
        type: list
        elements: str
      bond_mode:
        description: How a bond uses its cards. V(balance-slb) and the V(lacp-) modes are those of an OVSBond.
        type: str
        choices: [balance-rr, active-backup, balance-xor, broadcast, 802.3ad, balance-tlb, balance-alb, balance-slb, lacp-balance-slb, lacp-balance-tcp]
      bond_primary:
        description: The card that is used as long as it works, with O(interfaces[].bond_mode=active-backup).
        type: str
      bond_xmit_hash_policy:
        description: By what a card is chosen for a packet, with O(interfaces[].bond_mode=balance-xor) and O(interfaces[].bond_mode=802.3ad).
        type: str
        choices: [layer2, layer2+3, layer3+4]
      vlan_raw_device:
        description: What a VLAN is on. The name V(vmbr0.100) says it, too.
        type: str
      vlan_id:
        description: Tag of a VLAN, 1 to 4094. The names V(vmbr0.100) and V(vlan100) say it, too.
        type: int
      ovs_ports:
        description: The ports of an OVSBridge. A card among them becomes an OVSPort; ports of other types join by their
          O(interfaces[].ovs_bridge).
        type: list
        elements: str
      ovs_bonds:
        description: The cards that an OVSBond joins.
        type: list
        elements: str
      ovs_bridge:
        description: The OVSBridge that a port belongs to.
        type: str
      ovs_tag:
        description: VLAN tag of a port of Open vSwitch, 1 to 4094.
        type: int
      ovs_options:
        description: Further options of Open vSwitch.
        type: str
      unset:
        description: Names of options to remove.
        type: list
        elements: str
  apply:
    description:
      - Whether staged changes are applied in the end, by one task of the node. It also applies what somebody else has staged.
      - If not given, they are as soon as O(interfaces) names some.
      - V(false) only stages them, for a look at them in the web interface or by M(pve.automation.pve_node_network_info); a reboot applies
        them.
    type: bool
  revert:
    description: Forget everything that is staged. It goes without O(interfaces) and O(apply).
    type: bool
    default: false
  regenerate_frr:
    description: Whether applying also regenerates the configuration of the routing daemon. If not given, PVE decides. Needs PVE 9.
    type: bool
  allow_cutoff:
    description:
      - Whether a change is made that may take the node from the network. Without it, the interface with the node's address or the default
        gateway is not deleted, keeps its address, gateway, VLAN and autostart, and keeps at least one of the cards below it.
      - Where the address changes by which the module connects, also set O(wait=false), as the end of the task cannot be seen any more.
      - It also allows to change an interface that gets its address by DHCP. It has none afterwards, as the API cannot say so.
    type: bool
    default: false
notes:
  - While changes are applied, the connection may be lost for a while. The module goes on looking for the end of the task for as long as
    O(timeout) allows.
  - Whether guests use a bridge is not looked at.
  - If applying fails, PVE has taken over the changes nevertheless, so that nothing is staged any more and a second run finds nothing to do.
    Set right what the log of the task names.
  - With O(api_backend=local) or O(api_backend=openssh) the API does not show whether changes are staged. Then only those of the task
    itself are applied.
seealso:
  - module: pve.automation.pve_node_network_info
"""

EXAMPLES = r"""
- name: Bond, bridge and VLAN, applied together
  pve.automation.pve_node_network:
    node: pve1
    interfaces:
      - iface: bond0
        type: bond
        slaves: [eno1, eno2]
        bond_mode: 802.3ad
        bond_xmit_hash_policy: layer3+4
        autostart: true
      - iface: vmbr0
        bridge_ports: [bond0]
        bridge_vlan_aware: true
      - iface: vmbr0.100
        type: vlan
        cidr: 192.0.2.5/24
        autostart: true

- name: Only stage a bridge for guests
  pve.automation.pve_node_network:
    node: pve1
    interfaces:
      - {iface: vmbr1, type: bridge, autostart: true, comments: For guests only}
    apply: false

- name: Apply what is staged
  pve.automation.pve_node_network:
    node: pve1
    apply: true

- name: Forget what is staged
  pve.automation.pve_node_network:
    node: pve1
    revert: true
"""

RETURN = r"""
network:
  description:
    - The interfaces as the server has them afterwards, by name, and whether changes of them are staged. In check mode as they would be.
  returned: success
  type: dict
  contains:
    node: {description: The node., type: str}
    interfaces: {description: Interfaces by their names., type: dict}
    staged: {description: Whether changes wait to be applied., type: bool}
  sample: {node: pve1, staged: false, interfaces: {vmbr0: {type: bridge, autostart: true, cidr: 192.0.2.5/24, bridge_ports: [eno1]}}}
requests:
  description: The writing API calls that were made, in check mode those that would be made.
  returned: always
  type: list
  elements: dict
  contains:
    method: {description: "V(POST), V(PUT) or V(DELETE).", type: str}
    path: {description: Path of the call., type: str}
    params: {description: "Its parameters, as they are sent.", type: dict}
    summary: {description: What it does., type: str}
  sample: [{method: PUT, path: /nodes/pve1/network, params: {}, summary: apply the staged changes of the network of pve1}]
upid:
  description: The task that applies the changes.
  returned: if O(wait) is false and there is one
  type: str
  sample: "UPID:pve1:0000D84A:000957F8:6B00C117:srvreload:networking:root@pam:"
"""

from ..module_utils._core.resources.node.network import NODE_NETWORK
from ..module_utils._core.run.module import run_module


def main() -> None:
    run_module(NODE_NETWORK)


if __name__ == "__main__":
    main()
