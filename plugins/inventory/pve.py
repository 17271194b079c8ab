# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: pve
short_description: Guests and nodes of a Proxmox VE cluster
description:
  - Reads all guests and nodes of a cluster with one request, their names and statuses with at most two more for each node, and facts about the
    guests themselves where they are wanted.
  - The file's name is C(pve.yml) or ends in C(.pve.yml) (or C(.yaml)).
  - The connection options can be set in the environment as well. Hosts, users, tokens, secrets and the fingerprint may be Jinja2 templates
    in the file, as C(api_token_secret) is in the examples. What the API answers is never taken for a template.
version_added: 1.0.0
author: pve.automation maintainers (@pve-automation)
extends_documentation_fragment:
  - pve.automation.connection
  - pve.automation.connection.plugin
  - constructed
  - inventory_cache
notes:
  - A host has the name of its guest or node, with C(-) in the place of every character that is none of letters, digits, and C(._-).
  - When a guest shares its name with another guest or with a node, or is called like something that Ansible reserves (V(all), V(ungrouped),
    V(localhost), V(127.0.0.1), V(::1)) or like a group of O(groups), of this plugin or of an inventory read before, every guest of that name is C(NAME-VMID)
    instead, so that none hides another one.
    Nodes keep their names. Guests that O(filters) leave out count as well, so that a filter renames no host.
  - A guest that is called like a group of O(keyed_groups) is left out with a warning, or is an error with O(strict).
  - Keys of the file that are no options are errors. Ansible goes on without an inventory that fails, with a warning only, unless
    C(any_unparsed_is_failed) in section C(inventory) of its configuration, or the environment variable
    C(ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED), is true.
  - No variable that steers Ansible, such as C(ansible_connection), is set from what the API answers, whatever the O(vars_prefix).
  - A guest without a name is C(VM-VMID) or C(CT-VMID), from the name that PVE shows for it, or C(TYPE-VMID) where it shows none.
  - The variables of a host, here with the default of O(vars_prefix), are the values of C(/cluster/resources), with C(_) for C(-) in their names.
    All hosts have C(pve_id), C(pve_type) (V(qemu), V(lxc) or V(node)), C(pve_node), C(pve_name), C(pve_status), C(pve_pool) and C(pve_lock)
    (empty if there is none), C(pve_tags) (a list) and C(pve_template) (a boolean). Guests have C(pve_vmid).
  - The groups, here with the default of O(group_prefix), are C(pve_qemu), C(pve_lxc), C(pve_nodes), C(pve_templates), and for each
    value in use C(pve_node_NODE) (guests only), C(pve_pool_POOL), C(pve_tag_TAG) and C(pve_status_STATUS). Names are made valid
    by Ansible's rule, C(_) for every other character.
  - If O(facts) are read, C(ansible_host) is set to the first address that is known of the guest's network devices C(net0), C(net1) ..., IPv4 before
    IPv6. An address that the guest has on the device with that MAC address (needs V(interfaces) in O(facts)) goes before a static one in
    C(ipconfigN) or, of containers, C(netN). Link-local and loopback addresses do not count. An C(ansible_host) in O(compose) replaces it.
options:
  plugin:
    description: The name of this plugin.
    type: str
    required: true
    choices: [pve.automation.pve]
  current:
    description:
      - Whether each node is asked for the names and statuses of its guests, one request for its machines and one for its containers.
      - The cluster's own list takes them from the last report of each node, which may be ten seconds old. It shows a renamed guest under its old
        name, and a guest whose id was used before under the name of its predecessor. With V(false) they are taken from there, and only nodes of
        guests without a name or status are asked.
    type: bool
    default: true
  facts:
    description:
      - What to ask each guest for that passes the O(filters).
      - V(config) is the configuration, as C(pve_config); one request for each guest, also for the other ones.
      - V(agent) is what the guest agent of a VM reports about the operating system, as C(pve_agent); one request.
      - V(interfaces) are the network interfaces with their addresses, as C(pve_interfaces), a list of C(name), C(mac) and C(addresses);
        one request to the guest agent of a machine, or for a container.
      - Only running guests are asked for V(agent) and V(interfaces), and machines only where the agent is enabled in the configuration.
        What does not answer is warned about and left out.
    type: list
    elements: str
    choices: [config, agent, interfaces]
    default: []
  concurrency:
    description: How many guests are asked for O(facts) at the same time, from 1 to 32.
    type: int
    default: 10
  filters:
    description:
      - Jinja2 conditions that a host, guest or node, has to fulfil, all of them. They see the host's variables, but not yet its O(facts).
      - A condition that cannot be evaluated is an error with O(strict), else it is warned about and leaves the host out.
    type: list
    elements: str
    default: []
  group_prefix:
    description: Prefix of the groups that this plugin makes by itself.
    type: str
    default: pve_
  vars_prefix:
    description: Prefix of the variables of the hosts.
    type: str
    default: pve_
  node_ansible_host:
    description: Whether nodes get the IP address that the cluster knows of them as C(ansible_host); one more request.
    type: bool
    default: false
"""

EXAMPLES = r"""
# cluster.pve.yml: the whole cluster
#   plugin: pve.automation.pve
#   api_host: [pve1.example.com, pve2.example.com]
#   api_fingerprint:
#     - 7F:2C:71:0C:61:9F:6C:4A:9C:63:3A:0A:58:30:4B:57:7E:46:57:AE:B0:1B:46:1B:B7:5E:0B:8E:46:4A:56:A2
#     - A0:16:89:65:BA:E3:61:97:5C:22:72:07:15:86:E1:AE:07:C9:59:7A:C2:5C:24:29:DC:DC:2D:97:C3:92:81:C0
#   api_token_id: inventory@pve!ansible
#   api_token_secret: "{{ lookup('ansible.builtin.env', 'INVENTORY_TOKEN') }}"

# web.pve.yml: running web servers with their addresses, cached for ten minutes
plugin: pve.automation.pve
api_host: pve1.example.com
api_token_id: inventory@pve!ansible
api_token_secret: !vault |
  $ANSIBLE_VAULT;1.1;AES256
  ...
facts: [interfaces]
filters:
  - pve_type in ['qemu', 'lxc']
  - pve_status == 'running'
  - "'web' in pve_tags"
compose:
  ansible_user: "'root' if pve_type == 'lxc' else 'debian'"
groups:
  large: pve_maxmem >= 16 * 1024 ** 3
keyed_groups:
  - key: pve_tags
    prefix: role
strict: true
cache: true
cache_plugin: ansible.builtin.jsonfile
cache_connection: ~/.cache/ansible-inventory
cache_timeout: 600
"""

import pathlib
from collections.abc import Mapping
from functools import partial
from typing import Any

from ansible.errors import AnsibleError, AnsibleParserError
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.inventory import BaseInventoryPlugin, Cacheable, Constructable

from ..module_utils._core.api.client import Client
from ..module_utils._core.api.connection import Connection, connection_arguments, is_empty_in_environment
from ..module_utils._core.model.errors import InvalidOption, PveError
from ..plugin_utils._action import plain
from ..plugin_utils._guest_facts import read_facts
from ..plugin_utils._inventory import (
    Host,
    Memo,
    cache_digest,
    group_names,
    hosts_of,
    read_node_addresses,
    read_rows,
    refuse_unknown_keys,
)

try:
    from ansible.template import trust_as_template as _  # noqa: F401
except ImportError:  # before ansible-core 2.19 every text is a template unless it is marked
    from ansible.utils.unsafe_proxy import wrap_var as untrusted
else:

    def untrusted(value: Any) -> Any:
        return value


class InventoryModule(BaseInventoryPlugin, Constructable, Cacheable):
    NAME = "pve.automation.pve"

    def verify_file(self, path: str) -> bool:
        name = pathlib.Path(path).name
        ours = name in ("pve.yml", "pve.yaml") or name.endswith((".pve.yml", ".pve.yaml"))
        return bool(ours and super().verify_file(path))

    def parse(self, inventory: Any, loader: Any, path: str, cache: bool = True) -> None:
        super().parse(inventory, loader, path, cache)
        config = self._read_config_data(path)
        self._unreadable: set[str] = set()  # filters that were warned about
        self._conditions, self._expressions = Memo(), Memo()
        self._added: list[str] = []  # hosts
        try:
            refuse_unknown_keys(config, set(self.option_definitions))
            self._fill(self._connection(config), path, cache)
        except PveError as error:
            self._remove(*self._added)
            raise AnsibleParserError(str(error)) from None
        except AnsibleError:
            self._remove(*self._added)  # half of an inventory looks like a whole one
            raise

    # --- options ------------------------------------------------------------------------------------------------------

    def _connection(self, config: Mapping[str, Any]) -> Connection:
        self.templar.available_variables = self._vars
        return Connection.from_options({name: self._option(name, config) for name in connection_arguments()})

    def _option(self, name: str, config: Mapping[str, Any]) -> Any:
        """A connection option. Texts in the file are templates; those from the environment or a vault are not."""
        if name not in config and is_empty_in_environment(name):
            return None  # ansible-core makes the working directory of an empty path
        value = self.get_option(name)
        if name in config and not getattr(config[name], "__ENCRYPTED__", False):
            value = self.templar.template(value)
        return plain(value)

    def _concurrency(self) -> int:
        number: int = self.get_option("concurrency")
        if not 1 <= number <= 32:
            raise InvalidOption("concurrency", f"{number} is not a number from 1 to 32")
        return number

    # --- reading ------------------------------------------------------------------------------------------------------

    def _fill(self, connection: Connection, path: str, cache: bool) -> None:
        questions = {
            name: plain(self.get_option(name)) for name in ("current", "facts", "filters", "node_ansible_host")
        }
        key = f"{self.get_cache_key(path)}_{cache_digest(connection, questions)}"
        known = self._cached(key) if cache else None
        client = Client(connection)
        answer: dict[str, Any] = known or {"rows": read_rows(client, current=self.get_option("current"))}
        hosts = [host for host in self._hosts(answer["rows"]) if self._passes(host)]
        if known is None:
            answer.update(self._details(client, answer["rows"], hosts))
            for text in client.warnings:
                self.display.warning(text)
            if self.get_option("cache"):
                self._cache[key] = answer
        client.close()
        for host in hosts:
            self._try_to_add(host, answer)
        for name in [name for name in self._added if name in self.inventory.groups]:
            self._leave_out(name, "it is called like a group")

    def _hosts(self, rows: Any) -> list[Host]:
        """The hosts of the rows. None is called like a group whose name is known before the groups are made."""
        own = {self.get_option("group_prefix") + name for host in hosts_of(rows) for name in group_names(host)}
        names = {self._sanitize_group_name(name) for name in own.union(self.get_option("groups") or {})}
        return hosts_of(rows, names.union(self.inventory.groups))

    def _cached(self, key: str) -> dict[str, Any] | None:
        if not self.get_option("cache"):
            return None
        try:
            found: dict[str, Any] = self._cache[key]
        except KeyError:  # not there, or too old
            return None
        return found

    def _details(self, client: Client, rows: Any, hosts: list[Host]) -> dict[str, Any]:
        """What else is wanted: the facts of the guests and the addresses of the nodes."""
        details: dict[str, Any] = {"facts": {}, "nodes": {}}
        if self.get_option("node_ansible_host"):
            details["nodes"] = read_node_addresses(client)
        wanted = self.get_option("facts")
        if wanted:
            guests = [host for host in hosts if host.is_guest]
            offline = [row["node"] for row in rows if row["type"] == "node" and row.get("status") != "online"]
            details["facts"], warnings = read_facts(client, guests, wanted, self._concurrency(), offline)
            for text in warnings:
                self.display.warning(text)
        return details

    def _passes(self, host: Host) -> bool:
        conditions = self.get_option("filters")
        if not conditions:
            return True
        variables = self._variables(host)
        return all(self._holds(condition, variables, host.name) for condition in conditions)

    def _holds(self, condition: str, variables: dict[str, Any], name: str) -> bool:
        try:
            return bool(self._conditions.get(condition, variables, lambda: self._evaluate(condition, variables)))
        except Exception as error:  # whatever a template can raise
            message = f"The filter {condition!r} cannot be evaluated for {name}: {error}"
            if self.get_option("strict"):
                raise AnsibleParserError(message) from None
            if condition not in self._unreadable:
                self._unreadable.add(condition)
                self.display.warning(f"{message} Hosts for which this is so are left out.")
            return False

    def _evaluate(self, condition: str, variables: dict[str, Any]) -> bool:
        self.templar.available_variables = variables
        if hasattr(self.templar, "evaluate_conditional"):
            return bool(self.templar.evaluate_conditional(condition))
        text = "{%% if %s %%} True {%% else %%} False {%% endif %%}" % condition  # noqa: UP031 - the braces
        return bool(boolean(self.templar.template(text, disable_lookups=True)))

    def _compose(self, template: str, variables: dict[str, Any], *args: Any, **options: Any) -> Any:
        evaluate = super()._compose
        return self._expressions.get(str(template), variables, lambda: evaluate(template, variables, *args, **options))

    def _variables(self, host: Host) -> dict[str, Any]:
        """What expressions see of a host."""
        variables: dict[str, Any] = untrusted(host.variables(self.get_option("vars_prefix")))
        return {**variables, "inventory_hostname": host.name, "inventory_hostname_short": host.name.partition(".")[0]}

    # --- writing ------------------------------------------------------------------------------------------------------

    def _try_to_add(self, host: Host, answer: Mapping[str, Any]) -> None:
        """Add a host, unless it is called like a group: to be a member it would have to be one."""
        if host.name in self.inventory.groups:
            self._leave_out(host.name, "it is called like a group")
            return
        self._added.append(host.name)
        try:
            self._add(host, answer)
        except AnsibleError as error:
            if self.get_option("strict"):
                raise
            self._leave_out(host.name, str(error))

    def _leave_out(self, name: str, reason: str) -> None:
        message = f"{name} cannot be in the inventory: {reason}."
        if self.get_option("strict"):
            raise AnsibleParserError(message)
        self._remove(name)
        self.display.warning(f"{message} It is left out.")

    def _remove(self, *names: str) -> None:
        for name in names:
            host = self.inventory.hosts.get(name)
            if host is not None:
                self.inventory.remove_host(host)

    def _add(self, host: Host, answer: Mapping[str, Any]) -> None:
        facts = dict(answer["facts"].get(host.id) or {})
        address = facts.pop("address", None) if host.is_guest else answer["nodes"].get(host.row["node"])
        host.values.update(facts)
        variables = self._variables(host)
        if address:
            variables["ansible_host"] = untrusted(address)
        self.inventory.add_host(host.name)
        for name, value in variables.items():
            if not name.startswith("inventory_hostname"):  # Ansible sets these itself
                self.inventory.set_variable(host.name, name, value)
        for name in group_names(host):
            group = self.inventory.add_group(self._sanitize_group_name(self.get_option("group_prefix") + name))
            self.inventory.add_child(group, host.name)
        strict = self.get_option("strict")
        self._set_composite_vars(self.get_option("compose"), variables, host.name, strict=strict)
        self._add_to_composed_groups(host.name, variables, strict)
        self._add_host_to_keyed_groups(self.get_option("keyed_groups"), variables, host.name, strict=strict)

    def _add_to_composed_groups(self, host: str, variables: Mapping[str, Any], strict: bool) -> None:
        """What the base class does for ``groups``, without compiling each condition for each host."""
        groups = self.get_option("groups")
        if not groups:
            return
        known = {**variables, **self.inventory.get_host(host).get_vars()}
        for name, condition in groups.items():
            try:
                belongs = self._conditions.get(str(condition), known, partial(self._evaluate, condition, known))
            except Exception as error:  # whatever a template can raise
                if strict:
                    raise AnsibleParserError(
                        f"Cannot find out whether {host} belongs to group {name}: {error}"
                    ) from None
                continue
            if belongs:
                self.inventory.add_child(self.inventory.add_group(self._sanitize_group_name(name)), host)
