# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: pve_firewall
short_description: Manage firewall options and rules
description:
  - Describes the firewall of the cluster, a node, a guest, a virtual network or a security group in one task.
  - Rules are recognised by what they say, not by their position. The list is changed by as few calls as are safe.
    At any moment meanwhile each packet meets the fate that the old rules or the new ones give it. For that, a new rule may be
    created out of force at first.
  - What the task does not name is left alone. A task that gives neither O(options) nor O(rules) only reads.
  - A change of the cluster, a node or a security group after which the node that the task talks to would let in no new connection
    of the machine that runs the task is refused, see O(allow_lockout).
version_added: 1.0.0
author: pve.automation maintainers (@pve-automation)
extends_documentation_fragment:
  - pve.automation.about.firewall
  - pve.automation.attributes
  - pve.automation.connection
options:
  scope:
    description:
      - Whose firewall it is. V(cluster) is that of the whole cluster, V(node) and V(guest) of one of them,
        V(vnet) of a virtual network of SDN, V(group) of a security group, which has rules only.
    type: str
    choices: [cluster, node, guest, vnet, group]
    required: true
  node:
    description: Name of the node, with O(scope=node).
    type: str
  vmid:
    description: Id of the guest, with O(scope=guest).
    type: int
  vnet:
    description: Name of the virtual network, with O(scope=vnet).
    type: str
  group:
    description: Name of the security group, with O(scope=group).
    type: str
  options:
    description: Options of the firewall. Those that are not given stay as they are.
    type: dict
    suboptions:
      enable:
        description: Whether the firewall is on. That of the cluster is the main switch for all others. For O(scope=cluster),
          O(scope=node), O(scope=guest), O(scope=vnet).
        type: bool
      policy_in:
        description: What happens to incoming traffic that no rule decides. For O(scope=cluster), O(scope=guest).
        type: str
        choices: [ACCEPT, REJECT, DROP]
      policy_out:
        description: What happens to outgoing traffic that no rule decides. For O(scope=cluster), O(scope=guest).
        type: str
        choices: [ACCEPT, REJECT, DROP]
      policy_forward:
        description: What happens to forwarded traffic that no rule decides. For O(scope=cluster), O(scope=vnet).
        type: str
        choices: [ACCEPT, DROP]
      ebtables:
        description: Whether rules below the level of IP are in force. For O(scope=cluster).
        type: bool
      log_ratelimit:
        description: How many lines are logged, as a dict with C(enable), C(rate) such as V(2/second) and C(burst), or as PVE's text. For O(scope=cluster).
        type: raw
      log_level_in:
        description: How dropped incoming traffic is logged. For O(scope=node), O(scope=guest).
        type: str
        choices: [emerg, alert, crit, err, warning, notice, info, debug, nolog]
      log_level_out:
        description: How dropped outgoing traffic is logged. For O(scope=node), O(scope=guest).
        type: str
        choices: [emerg, alert, crit, err, warning, notice, info, debug, nolog]
      log_level_forward:
        description: How dropped forwarded traffic is logged. For O(scope=node), O(scope=vnet).
        type: str
        choices: [emerg, alert, crit, err, warning, notice, info, debug, nolog]
      log_nf_conntrack:
        description: Whether tracked connections are logged. For O(scope=node).
        type: bool
      ndp:
        description: Whether neighbour discovery of IPv6 is let through. For O(scope=node), O(scope=guest).
        type: bool
      nf_conntrack_allow_invalid:
        description: Whether packets that belong to no connection are let through. For O(scope=node).
        type: bool
      nf_conntrack_helpers:
        description: Protocols whose connections are tracked by helpers, such as V(ftp). For O(scope=node).
        type: list
        elements: str
      nf_conntrack_max:
        description: How many connections are tracked at most. For O(scope=node).
        type: int
      nf_conntrack_tcp_timeout_established:
        description: Seconds after which an idle connection is forgotten. For O(scope=node).
        type: int
      nf_conntrack_tcp_timeout_syn_recv:
        description: Seconds after which a half-open connection is forgotten. For O(scope=node).
        type: int
      nftables:
        description: Whether the newer implementation of the firewall is used. For O(scope=node).
        type: bool
      nosmurfs:
        description: Whether packets with broadcast sources are dropped. For O(scope=node).
        type: bool
      protection_synflood:
        description: Whether the node is protected from floods of new connections. For O(scope=node).
        type: bool
      protection_synflood_burst:
        description: How many new connections of one source are let through at first. For O(scope=node).
        type: int
      protection_synflood_rate:
        description: How many new connections of one source a second are let through. For O(scope=node).
        type: int
      smurf_log_level:
        description: How packets with broadcast sources are logged. For O(scope=node).
        type: str
        choices: [emerg, alert, crit, err, warning, notice, info, debug, nolog]
      tcp_flags_log_level:
        description: How packets with illegal combinations of TCP flags are logged. For O(scope=node).
        type: str
        choices: [emerg, alert, crit, err, warning, notice, info, debug, nolog]
      tcpflags:
        description: Whether packets with illegal combinations of TCP flags are dropped. For O(scope=node).
        type: bool
      dhcp:
        description: Whether DHCP is let through. For O(scope=guest).
        type: bool
      ipfilter:
        description: Whether the guest may use only the addresses in its sets C(ipfilter-net0) and so on. For O(scope=guest).
        type: bool
      macfilter:
        description: Whether the guest may use only the MAC addresses of its cards. For O(scope=guest).
        type: bool
      radv:
        description: Whether the guest may announce routers. For O(scope=guest).
        type: bool
  unset:
    description: Names of options that are removed, so that the server's default holds.
    type: list
    elements: str
  rules:
    description:
      - The rules in their order. The list is the whole list unless O(append) is true; the empty list deletes all rules.
      - With O(state=absent), what the rules to take away have in common. Then one word, such as the comment, is enough.
    type: list
    elements: dict
    suboptions:
      type:
        description: Direction of the traffic, or V(group) for the rules of a security group.
        type: str
        choices: [in, out, forward, group]
      action:
        description: What happens, V(ACCEPT), V(DROP) or V(REJECT); or the name of the security group.
        type: str
      enable:
        description: Whether the rule is in force. If it is not given, it is.
        type: bool
      macro:
        description: Name of a predefined combination of protocol and port, such as V(SSH).
        type: str
      proto:
        description: Protocol, such as V(tcp).
        type: str
      source:
        description: Where the traffic comes from. Addresses, networks and ranges separated by commas, an alias, or an IP set as in V(+web).
        type: str
      dest:
        description: Where the traffic goes to, in the same form.
        type: str
      sport:
        description: Ports that the traffic comes from, such as V(80), V(8000:8100) or several of them separated by commas.
        type: str
      dport:
        description: Ports that the traffic goes to, in the same form.
        type: str
      icmp_type:
        description: Type of ICMP, such as V(echo-request).
        type: str
      iface:
        description: Network interface, with guests that of the guest, such as V(net0).
        type: str
      log:
        description: How the traffic is logged.
        type: str
        choices: [emerg, alert, crit, err, warning, notice, info, debug, nolog]
      comment:
        description: Comment of the rule. With a comment a rule is recognised even after all else of it has changed.
        type: str
  append:
    description:
      - Only see to it that the rules that are listed are there, whatever other rules there are.
      - A rule that differs but has the same comment is changed where it stands.
    type: bool
    default: false
  insert:
    description: Where O(append) puts rules that are new. The first rule that fits decides.
    type: str
    choices: [top, bottom]
    default: top
  allow_lockout:
    description:
      - Whether the change may shut out the machine that runs the task from port 8006 of the node that it talks to (with
        O(api_backend=openssh), from its SSH port).
      - If it may not, the module looks before the change at the options and rules of the cluster and of that node, and at the aliases,
        IP sets and security groups that they name. This takes some ten more requests, and none where nothing is to be changed
        or the firewall is off.
      - The server does not report from which address it sees a connection. The module goes by the address that this machine has on
        the way to the server. Where that must be another one (a proxy, a port other than 8006, a private address towards a public one),
        only rules count that let everybody in. A rule for an interface, a source port or a place that cannot be looked up is not
        relied on to let in, but may shut out.
      - Where the present rules would shut it out already, though it gets in, the module warns and goes on.
    type: bool
    default: false
  state:
    description: V(absent) takes away the rules that have everything that one of O(rules) says.
    type: str
    choices: [present, absent]
    default: present
seealso:
  - module: pve.automation.pve_firewall_alias
  - module: pve.automation.pve_firewall_ipset
  - module: pve.automation.pve_firewall_group
  - module: pve.automation.pve_firewall_info
"""

EXAMPLES = r"""
- name: A web server
  pve.automation.pve_firewall:
    scope: guest
    vmid: 100
    options:
      enable: true
      policy_in: DROP
    rules:
      - {type: in, action: ACCEPT, macro: HTTPS, comment: Everybody}
      - {type: in, action: ACCEPT, macro: SSH, source: +dc/management, log: info, comment: Administrators}
      - {type: group, action: monitoring}

- name: One more rule for the cluster, whatever else there is
  pve.automation.pve_firewall:
    scope: cluster
    rules:
      - {type: in, action: ACCEPT, proto: tcp, dport: 8006, source: 192.0.2.0/24, comment: Web interface}
    append: true

- name: Switch the firewall on, with a way in for the administrators
  pve.automation.pve_firewall:
    scope: cluster
    options:
      enable: true
    rules:
      - {type: in, action: ACCEPT, proto: tcp, dport: "22,8006", comment: Administrators}
    append: true

- name: Take the rule away again
  pve.automation.pve_firewall:
    scope: cluster
    rules:
      - {comment: Web interface}
    state: absent

- name: Rules of a security group
  pve.automation.pve_firewall:
    scope: group
    group: monitoring
    rules:
      - {type: in, action: ACCEPT, proto: tcp, dport: 9100, source: 192.0.2.9}
"""

RETURN = r"""
firewall:
  description:
    - The scope with its options and rules as the server has them afterwards. In check mode as they would be.
    - C(options) and C(rules) are there as far as the task names them; both if it names neither.
  returned: success
  type: dict
  contains:
    scope: {description: The scope., type: str}
    node: {description: "The node, if the scope is one.", type: str}
    vmid: {description: "Id of the guest, if the scope is one.", type: int}
    group: {description: "The security group, if the scope is one.", type: str}
    options: {description: The options of the scope., type: dict}
    rules: {description: "The rules, in their order.", type: list, elements: dict}
  sample: {scope: guest, vmid: 100, options: {enable: true}, rules: [{type: in, action: ACCEPT, macro: HTTPS, enable: true}]}
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
  sample: [{method: POST, path: /cluster/firewall/rules, params: {type: in, action: ACCEPT, macro: SSH, enable: 1}, summary: "create rule: in ACCEPT SSH"}]
"""

from ..module_utils._core.resources.firewall.ruleset import FIREWALL
from ..module_utils._core.run.module import run_module


def main() -> None:
    run_module(FIREWALL)


if __name__ == "__main__":
    main()
