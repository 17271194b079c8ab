# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the inventory plugin knows of a cluster: its hosts, their variables, groups and names.

Nothing here needs Ansible's inventory objects. A *row* is an item of GET /cluster/resources.
"""

from __future__ import annotations

import collections
import copy
import dataclasses
import difflib
import hashlib
import ipaddress
import json
import re
import sys
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

import jinja2
import jinja2.meta

from ..module_utils._core.api.connection import Connection
from ..module_utils._core.guests.directory import OFFLINE, Directory, is_reported
from ..module_utils._core.model.contract import Reader
from ..module_utils._core.model.errors import InvalidOption
from ..module_utils._core.model.values import split_list

Row = Mapping[str, Any]

GUESTS = ("qemu", "lxc")
# Names that mean something else to Ansible; a guest cannot have them for itself.
RESERVED = frozenset({"all", "ungrouped", "localhost", "127.0.0.1", "::1"})
# Variables that steer Ansible; what the API answers never sets them, whatever the prefix.
_MAGIC = re.compile(
    r"ansible_.*|inventory_(hostname|hostname_short|dir|file)|group_names|groups|hostvars|play_hosts|playbook_dir|role_.*"
    r"|environment|omit|vars|become|connection|delegate_to|remote_user"
)
# What other inventory plugins, and older ones, call an option.
_OTHER_NAMES: Mapping[str, str] = {
    "url": "api_host", "host": "api_host", "user": "api_user", "password": "api_password", "token_id": "api_token_id",
    "token_secret": "api_token_secret", "filter": "filters", "want_facts": "facts", "facts_prefix": "vars_prefix",
    "want_proxmox_nodes_ansible_host": "node_ansible_host", "fingerprint": "api_fingerprint",
}  # fmt: skip
# Variables that every host has, so that conditions need not ask whether they are defined.
COMMON: Mapping[str, Any] = {"name": "", "pool": "", "tags": (), "template": False, "lock": "", "status": "unknown"}
_SAFE_IN_NAMES = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")
_CACHE_FORMAT = 1  # to be raised when what is cached changes its shape


@dataclasses.dataclass
class Host:
    """A guest or a node as the inventory will show it. ``values`` are its variables before the prefix is put in front."""

    row: Row
    name: str
    values: dict[str, Any]

    @property
    def id(self) -> str:
        """PVE's id of the row, such as ``qemu/100`` or ``node/pve1``: unique in a cluster."""
        return str(self.row["id"])

    @property
    def is_guest(self) -> bool:
        return self.row["type"] in GUESTS

    def variables(self, prefix: str) -> dict[str, Any]:
        """The variables under their final names."""
        named = {prefix + name: value for name, value in self.values.items()}
        # Interned, because ten thousand hosts share names.
        return {sys.intern(name): value for name, value in named.items() if _may_be_set(name)}


def _may_be_set(name: str) -> bool:
    return name.isidentifier() and not _MAGIC.fullmatch(name)


def refuse_unknown_keys(given: Iterable[str], known: Collection[str]) -> None:
    """Refuse keys of an inventory file that are no options: ignored, a misspelt filter would select the whole cluster."""
    for key in given:
        if key in known:
            continue
        near = [_OTHER_NAMES[key]] if key in _OTHER_NAMES else difflib.get_close_matches(key, known, 1, 0.7)
        hint = f"The option is called {near[0]}." if near else f"The options are {', '.join(sorted(known))}."
        raise InvalidOption(str(key), "is no option of this inventory plugin", hint=hint)


def read_rows(reader: Reader, *, current: bool = True) -> list[Row]:
    """Guests and nodes of the cluster. Rows of other types, also of types not yet known, are left out.

    One request, and one for each list of a node: with ``current`` for all guests, else for those without a name or status only.
    """
    rows = reader.get("/cluster/resources") or []
    ours = [row for row in rows if row.get("type") in (*GUESTS, "node")]
    whole = [row for row in ours if _is_whole(row)]
    if len(whole) < len(ours):
        reader.warnings.append(
            f"{len(ours) - len(whole)} guests or nodes are left out: the server did not send their id or node."
        )
    directory = Directory(reader, whole)
    directory.confirm(lambda row: current or not is_reported(row))
    guests = directory.guests()
    _warn_of_silent(reader, directory.silent, guests)
    return [*guests, *(row for row in directory.rows if row.get("type") == "node")]


def _is_whole(row: Row) -> bool:
    """Whether a row says which guest or node it is."""
    names = all(isinstance(row.get(key), str) and row[key] for key in ("id", "node"))
    return names and (row["type"] == "node" or str(row.get("vmid", "")).isdigit())


def _warn_of_silent(reader: Reader, silent: Mapping[str, str], guests: Iterable[Row]) -> None:
    """Warn of nodes that did not list their guests. That one is offline shows in the inventory, unless it costs a name."""
    for node, reason in sorted(silent.items()):
        nameless = sum(row["node"] == node and not row.get("name") for row in guests)
        if nameless or reason != OFFLINE:
            reader.warnings.append(
                f"Node {node} does not answer ({reason}): its guests are shown as it reported them last, {nameless} without a name."
            )


def read_node_addresses(reader: Reader) -> dict[str, str]:
    """The address of each node as the cluster knows it, in one request. Ansible hands it to ssh: it has to be an IP address."""
    addresses = {}
    for row in reader.get("/cluster/status") or []:
        if row.get("type") != "node" or not row.get("ip"):
            continue
        if is_address(row["ip"]):
            addresses[str(row.get("name"))] = row["ip"]
        else:
            reader.warnings.append(
                f"Node {row.get('name')!a} gets no ansible_host: {row['ip']!a} is not an IP address."
            )
    return addresses


def is_address(text: Any) -> bool:
    """Whether a text is an IP address and nothing else, such as a scope that programs would be given, too."""
    try:
        ipaddress.ip_address(text if isinstance(text, str) else "")
    except ValueError:
        return False
    return "%" not in text


def hosts_of(rows: Iterable[Row], taken: Collection[str] = ()) -> list[Host]:
    """One host for each row, ordered by name. No guest has one of the names that are ``taken``."""
    rows = list(rows)
    names = host_names(rows, taken)
    hosts = [Host(row, names[row["id"]], host_values(row)) for row in rows]
    return sorted(hosts, key=lambda host: host.name)


def host_values(row: Row) -> dict[str, Any]:
    """The variables of a host, without prefix: what the row has, with lists and booleans as such."""
    values = {**COMMON, **{key.replace("-", "_"): value for key, value in row.items()}}
    values["name"] = _plain_name(row)
    values["tags"] = split_list(row.get("tags") or "")
    values["template"] = str(row.get("template") or 0) == "1"
    return values


def _plain_name(row: Row) -> str:
    return str(row["node"]) if row["type"] == "node" else str(row.get("name") or f"{row['type']}-{row['vmid']}")


def host_names(rows: Sequence[Row], taken: Collection[str] = ()) -> dict[str, str]:
    """The name of each row's host, by the row's id. No two rows share one, whatever the guests are called.

    A host has the name of its guest or node, with ``-`` for every character that is none of letters, digits, ``._-``.
    A ``-`` in front becomes ``_``, because programs would take the name for an option. Guests that share a name with another
    guest, a node, a word reserved by Ansible or one of ``taken`` get ``-VMID`` appended, all of them.
    The order of the rows means nothing, so that the names stay when the server answers in another one.
    """
    names = {row["id"]: _safe_name(_plain_name(row)) for row in rows}
    reserved = RESERVED.union(taken)
    guests = {row["id"]: row["vmid"] for row in rows if row["type"] in GUESTS}
    while True:
        count = collections.Counter(names.values())
        shared = [id_ for id_ in guests if count[names[id_]] > 1 or names[id_] in reserved]
        if not shared:
            return names
        # Each round gives an ending of its own to a guest that had none yet, so that this ends.
        for id_ in shared:
            names[id_] += f"-{guests[id_]}"


def _safe_name(name: str) -> str:
    safe = "".join(c if c in _SAFE_IN_NAMES else "-" for c in name)
    return f"_{safe[1:]}" if safe.startswith("-") else safe


def group_names(host: Host) -> list[str]:
    """The groups of a host, without prefix and before Ansible makes them valid names."""
    values = host.values
    names = [f"status_{values['status']}"]
    if not host.is_guest:
        return ["nodes", *names]
    names += [values["type"], f"node_{values['node']}", *(f"tag_{tag}" for tag in values["tags"])]
    if values["pool"]:
        names.append(f"pool_{values['pool']}")
    if values["template"]:
        names.append("templates")
    return names


class Memo:
    """Results of expressions by the values of the variables that they use.

    Compiling an expression costs Ansible more than a millisecond for every host; few of them have more than a handful of
    different results.
    """

    def __init__(self) -> None:
        self._names: dict[str, frozenset[str]] = {}
        self._results: dict[tuple[str, ...], Any] = {}

    def get(self, expression: str, variables: Mapping[str, Any], evaluate: Callable[[], Any]) -> Any:
        """What ``evaluate`` returned when the variables had these values, or returns now."""
        names = self._names_in(expression)
        if not names or not names <= variables.keys():  # it also uses a function, or something not defined here
            return evaluate()
        key = (expression, *(repr(variables[name]) for name in sorted(names)))
        if key not in self._results:
            self._results[key] = evaluate()
        return copy.copy(self._results[key])

    def _names_in(self, expression: str) -> frozenset[str]:
        if expression not in self._names:
            try:
                tree = jinja2.Environment().parse("{{ %s }}" % expression)  # noqa: S701, UP031 - only parsed
                self._names[expression] = frozenset(jinja2.meta.find_undeclared_variables(tree))
            except jinja2.TemplateError:
                self._names[expression] = frozenset()
        return self._names[expression]


def cache_digest(connection: Connection, options: Mapping[str, Any]) -> str:
    """What distinguishes cached answers to different questions: the cluster, who asks, and what is asked."""
    question = [
        _CACHE_FORMAT,
        connection.backend,
        [endpoint.url for endpoint in connection.endpoints],
        connection.identity,
        options,
    ]
    return hashlib.sha256(json.dumps(question, sort_keys=True, default=str).encode()).hexdigest()[:16]
