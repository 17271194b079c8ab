# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The firewall of the cluster, of nodes, guests and virtual networks: options, rules, aliases, IP sets, security groups."""

from __future__ import annotations

import copy
import functools
import ipaddress
from collections.abc import Callable
from typing import Any

from .. import firewall, firewall_file
from ..call import Call
from ..errors import ApiError, param_error
from ..firewall import RULE_KEYS, Configuration, Group, Rule
from ..parameters import split_list
from ..routing import endpoint

CLUSTER, NODE = "/cluster/firewall", "/nodes/{node}/firewall"
GUESTS = ("/nodes/{node}/qemu/{vmid}/firewall", "/nodes/{node}/lxc/{vmid}/firewall")
VNET = "/cluster/sdn/vnets/{vnet}/firewall"
GROUPS = f"{CLUSTER}/groups"
WITH_RULES = (CLUSTER, NODE, *GUESTS, VNET)
WITH_ALIASES = (CLUSTER, *GUESTS)
ADDRESSING = frozenset({"node", "vmid", "vnet", "group", "name"})
DESCRIPTIONS = {
    "SSH": "Secure shell traffic",
    "Ping": "ICMP echo request",
    "HTTPS": "Hypertext Transfer Protocol (WWW) over SSL",
}


def everywhere(method: str, prefixes: tuple[str, ...], rest: str) -> Callable[[Any], Any]:
    """Register a handler below each of the prefixes; lists come in their order, and what is changed is saved."""

    def register(handler: Any) -> Any:
        registered = handler if method == "GET" else saving(handler)
        for prefix in prefixes:
            endpoint(method, prefix + rest, ordered=True)(registered)
        return handler

    return register


def saving(handler: Callable[[Call], Any]) -> Callable[[Call], Any]:
    """The handler of a change, which is done whole and written to the scope's file, or not at all."""

    @functools.wraps(handler)
    def change(call: Call) -> Any:
        before = copy.deepcopy(own(call))
        try:
            answer = handler(call)
            firewall_file.save(own(call), environment(call))
        except ApiError:
            call.cluster.areas["firewall"][firewall.scope_of(call)] = before
            raise
        return answer

    return change


def own(call: Call) -> Configuration:
    vnet = call.params.get("vnet")
    if vnet and vnet not in call.cluster.areas.get("sdn_vnets", ()):  # it has to be in force
        raise ApiError(500, "invalid vnet specified at /usr/share/perl5/PVE/API2/Firewall/Helpers.pm line 54.")
    return firewall.configuration(call.cluster, firewall.scope_of(call))


@everywhere("GET", GUESTS, "")
def index_of_guest(call: Call) -> list[dict[str, Any]]:
    """The log is there, but not listed."""
    return [{"name": name} for name in ("rules", "aliases", "ipset", "refs", "options")]


# --- options ------------------------------------------------------------------------------------------------------------


@everywhere("GET", WITH_RULES, "/options")
def read_options(call: Call) -> dict[str, Any]:
    return {**own(call).options, "digest": own(call).digest()}


@everywhere("PUT", WITH_RULES, "/options")
def write_options(call: Call) -> None:
    known = call.cluster.areas["facts"].endpoints["PUT", call.template].parameters.keys() - ADDRESSING
    file = own(call)
    file.check(call.params.get("digest"))
    deleted = split_list(call.params.get("delete"))
    for name in deleted:
        if name not in known - {"delete", "digest"}:
            raise param_error("delete", f"no such option '{name}'")
    for name in deleted:
        file.options.pop(name, None)
    file.options.update({name: call.params[name] for name in known - {"delete", "digest"} if name in call.params})


# --- rules --------------------------------------------------------------------------------------------------------------


def environment(call: Call) -> str:
    if "group" in call.params:
        return "group"
    if "vnet" in call.params:
        return "vnet"
    if "vmid" in call.params:
        return "vm" if "/qemu/" in call.template else "ct"
    return "host" if call.node else "cluster"


def existing_group(call: Call) -> Group:
    name = call.params["group"]
    groups = own(call).groups
    if name not in groups:
        raise ApiError(500, f"no such security group '{name}'")
    return groups[name]


def rules(call: Call) -> list[Rule]:
    return existing_group(call).rules if "group" in call.params else own(call).rules


def shown(call: Call, rule: Rule, pos: int | str) -> dict[str, Any]:
    """A rule as it is read: what it names and is gone by now is reported as an error."""
    version = firewall.ip_version(call, rule)
    bound = {"ipversion": version} if version else {}
    errors = {**rule.get("errors", {}), **firewall.address_complaints(call, rule)}
    return {**rule, "pos": pos, "digest": own(call).digest(), **bound, **({"errors": errors} if errors else {})}


def at(call: Call) -> Rule:
    pos: int = call.params["pos"]
    found = rules(call)
    if pos >= len(found):
        raise ApiError(500, f"no rule at position {pos}")
    return found[pos]


@everywhere("GET", (GROUPS,), "/{group}")
@everywhere("GET", WITH_RULES, "/rules")
def list_rules(call: Call) -> list[dict[str, Any]]:
    return [shown(call, rule, pos) for pos, rule in enumerate(rules(call))]


@everywhere("GET", (GROUPS,), "/{group}/{pos}")
@everywhere("GET", WITH_RULES, "/rules/{pos}")
def read_rule(call: Call) -> dict[str, Any]:
    return shown(call, at(call), str(call.params["pos"]))


@everywhere("POST", (GROUPS,), "/{group}")
@everywhere("POST", WITH_RULES, "/rules")
def create_rule(call: Call) -> None:
    """Put a rule at the top, whatever `pos` says; it is disabled unless reported otherwise."""
    found = rules(call)
    own(call).check(call.params.get("digest"))
    rule = {"enable": 0, **given_properties(call)}
    firewall.check_rule(call, rule, environment(call))
    found.insert(0, rule)


def given_properties(call: Call) -> Rule:
    """The properties of a rule that a call gives; PVE takes an empty string and "-" for "none"."""
    return {name: call.params[name] for name in RULE_KEYS if call.params.get(name, "") not in ("", "-")}


@everywhere("PUT", (GROUPS,), "/{group}/{pos}")
@everywhere("PUT", WITH_RULES, "/rules/{pos}")
def update_rule(call: Call) -> None:
    """Move a rule in front of the one that is at `moveto` now, or else change it."""
    own(call).check(call.params.get("digest"))
    rule, pos, target = at(call), call.params["pos"], call.params.get("moveto")
    found = rules(call)
    if target is not None and target != pos:
        del found[pos]
        found.insert(target - (target > pos), rule)
        return
    kept = {name: value for name, value in rule.items() if call.params.get(name) not in ("", "-")}
    changed = {**kept, **given_properties(call)}
    for name in split_list(call.params.get("delete")):
        if name not in RULE_KEYS:
            raise param_error("delete", f"no such property ('{name}')")
        if name in ("type", "action"):
            raise param_error(name, "property is missing and it is not optional")
        changed.pop(name, None)
    firewall.check_rule(call, changed, environment(call))
    found[pos] = {"enable": 0, **changed}


@everywhere("DELETE", (GROUPS,), "/{group}/{pos}")
@everywhere("DELETE", WITH_RULES, "/rules/{pos}")
def delete_rule(call: Call) -> None:
    own(call).check(call.params.get("digest"))
    at(call)
    del rules(call)[call.params["pos"]]


@endpoint("GET", GROUPS)
def list_groups(call: Call) -> list[dict[str, Any]]:
    digest = own(call).digest()
    return [{"group": name, **commented(group.comment), "digest": digest} for name, group in own(call).groups.items()]


def commented(comment: str | None) -> dict[str, Any]:
    return {"comment": comment} if comment else {}


@everywhere("POST", (GROUPS,), "")
def create_group(call: Call) -> None:
    """Create a group, or rename one: then the new name may be the old one, to change the comment."""
    name, old, groups = call.params["group"], call.params.get("rename"), own(call).groups
    own(call).check(call.params.get("digest"))
    if old is not None and old not in groups:
        raise param_error("group", f"Security group '{old}' does not exist")
    if name in groups and name != old:
        raise param_error("group", f"Security group '{name}' already exists")
    group = groups.pop(old) if old is not None else Group()
    group.comment = call.params.get("comment", group.comment)
    groups.setdefault(name.lower(), group)  # so it is read the next time


@everywhere("DELETE", (GROUPS,), "/{group}")
def delete_group(call: Call) -> None:
    if existing_group(call).rules:
        raise ApiError(500, f"Security group '{call.params['group']}' is not empty")
    del own(call).groups[call.params["group"]]


# --- aliases ------------------------------------------------------------------------------------------------------------


def shown_alias(alias: dict[str, Any]) -> dict[str, Any]:
    return {**alias, "ipversion": 6 if ":" in alias["cidr"] else 4}


def without_full_prefix(cidr: str) -> str:
    """A single address without its prefix length, as the configuration is read: src/PVE/Firewall.pm, parse_ip_or_cidr."""
    return cidr.removesuffix("/128" if ":" in cidr else "/32")


def existing_alias(call: Call) -> dict[str, Any]:
    """The alias that a call names, in whatever case."""
    name = call.params["name"].lower()
    if name not in own(call).aliases:
        raise param_error("name", "no such alias")
    return own(call).aliases[name]


@everywhere("GET", WITH_ALIASES, "/aliases")
def list_aliases(call: Call) -> list[dict[str, Any]]:
    digest = own(call).digest()
    return [{**shown_alias(alias), "digest": digest} for alias in own(call).aliases.values()]


@everywhere("GET", WITH_ALIASES, "/aliases/{name}")
def read_alias(call: Call) -> dict[str, Any]:
    return shown_alias(existing_alias(call))


@everywhere("POST", WITH_ALIASES, "/aliases")
def create_alias(call: Call) -> None:
    name = call.params["name"]
    if name.lower() in own(call).aliases:
        raise param_error("name", f"alias '{name}' already exists")
    own(call).aliases[name.lower()] = given_alias(call, name)


def given_alias(call: Call, name: str) -> dict[str, Any]:
    cidr = without_full_prefix(call.params["cidr"])
    return {"name": name, "cidr": cidr, **commented(call.params.get("comment"))}


@everywhere("PUT", WITH_ALIASES, "/aliases/{name}")
def update_alias(call: Call) -> None:
    """Replace an alias whole: a comment that is not given goes, and the name is spelled as in this call."""
    own(call).check(call.params.get("digest"))
    existing_alias(call)
    old, aliases = call.params["name"], own(call).aliases
    name = call.params.get("rename", old)
    if name.lower() != old.lower() and name.lower() in aliases:
        raise param_error("name", f"alias '{name}' already exists")
    del aliases[old.lower()]
    aliases[name.lower()] = given_alias(call, name)


@everywhere("DELETE", WITH_ALIASES, "/aliases/{name}")
def delete_alias(call: Call) -> None:
    own(call).check(call.params.get("digest"))
    own(call).aliases.pop(call.params["name"].lower(), None)


# --- sets ---------------------------------------------------------------------------------------------------------------


def existing_set(call: Call) -> firewall.AddressSet:
    name = call.params["name"]
    if name not in own(call).sets:
        raise ApiError(500, f"no such IPSet '{name}'")
    return own(call).sets[name]


def existing_entry(call: Call) -> dict[str, Any]:
    entries = existing_set(call).entries
    if call.params["cidr"] not in entries:
        raise param_error("cidr", "no such IP/Network")
    return entries[call.params["cidr"]]


@everywhere("GET", WITH_ALIASES, "/ipset")
def list_sets(call: Call) -> list[dict[str, Any]]:
    digest = own(call).digest()
    return [{"name": name, **commented(found.comment), "digest": digest} for name, found in own(call).sets.items()]


@everywhere("POST", WITH_ALIASES, "/ipset")
def create_set(call: Call) -> None:
    """Create a set, or rename one: then the new name may be the old one, to change the comment."""
    name, old, sets = call.params["name"], call.params.get("rename"), own(call).sets
    own(call).check(call.params.get("digest"))
    if old is not None and old not in sets:
        raise param_error("name", f"IPSet '{old}' does not exist")
    if name in sets and name != old:
        raise param_error("name", f"IPSet '{name}' already exists")
    found = sets.pop(old) if old is not None else firewall.AddressSet()
    found.comment = call.params.get("comment", found.comment)
    sets.setdefault(name.lower(), found)  # so it is read the next time


@everywhere("GET", WITH_ALIASES, "/ipset/{name}")
def list_entries(call: Call) -> list[dict[str, Any]]:
    digest = own(call).digest()
    entries = existing_set(call).entries.items()
    return [{**({"cidr": cidr} if cidr else {}), **options, "digest": digest} for cidr, options in entries]


@everywhere("POST", WITH_ALIASES, "/ipset/{name}")
def create_entry(call: Call) -> None:
    entries, cidr = existing_set(call).entries, stored_network(call.params["cidr"])
    if cidr in entries:
        raise param_error("cidr", f"address '{cidr}' already exists")
    firewall.check_entry(call, cidr)
    entries[cidr] = entry_options(call)


def stored_network(cidr: str) -> str:
    """A network without its host bits, and a single address or an alias as it is given."""
    short = without_full_prefix(cidr)
    try:
        return str(ipaddress.ip_network(short, strict=False)) if "/" in short else short
    except ValueError:  # an alias with its scope
        return short


def entry_options(call: Call) -> dict[str, Any]:
    return {name: call.params[name] for name in ("comment", "nomatch") if call.params.get(name)}


@everywhere("GET", WITH_ALIASES, "/ipset/{name}/{cidr}")
def read_entry(call: Call) -> dict[str, Any]:
    return {"cidr": call.params["cidr"], **existing_entry(call), "digest": own(call).digest()}


@everywhere("PUT", WITH_ALIASES, "/ipset/{name}/{cidr}")
def update_entry(call: Call) -> None:
    own(call).check(call.params.get("digest"))
    existing_entry(call)
    existing_set(call).entries[call.params["cidr"]] = entry_options(call)


@everywhere("DELETE", WITH_ALIASES, "/ipset/{name}/{cidr}")
def delete_entry(call: Call) -> None:
    own(call).check(call.params.get("digest"))
    existing_set(call).entries.pop(call.params["cidr"], None)


@everywhere("DELETE", WITH_ALIASES, "/ipset/{name}")
def delete_set(call: Call) -> None:
    if existing_set(call).entries and not call.params.get("force"):
        raise ApiError(500, f"IPSet '{call.params['name']}' is not empty")
    del own(call).sets[call.params["name"]]


# --- what rules may refer to --------------------------------------------------------------------------------------------


@everywhere("GET", WITH_ALIASES, "/refs")
def list_references(call: Call) -> list[dict[str, Any]]:
    rows = _references(firewall.configuration(call.cluster, "cluster"), "dc")
    sets = firewall.sets_of_sdn(call.cluster)
    rows += [{"type": "ipset", "name": name, "ref": f"+{name}", "scope": "sdn"} for name in sets]
    if firewall.scope_of(call) != "cluster":
        rows += _references(own(call), "guest")
    return [row for row in rows if call.params.get("type") in (None, row["type"])]


def _references(file: Configuration, scope: str) -> list[dict[str, Any]]:
    """Aliases and sets."""
    sets = [
        {"type": "ipset", "name": name, "ref": f"+{name}", "scope": scope, **commented(found.comment)}
        for name, found in file.sets.items()
    ]
    aliases = [
        {
            "type": "alias",
            "name": alias["name"],
            "ref": alias["name"],
            "scope": scope,
            **commented(alias.get("comment")),
        }
        for alias in file.aliases.values()
    ]
    return [*sets, *aliases]


@endpoint("GET", f"{CLUSTER}/macros")
def list_macros(call: Call) -> list[dict[str, Any]]:
    return [{"macro": name, "descr": DESCRIPTIONS.get(name, f"{name} traffic")} for name in firewall.MACROS]


@everywhere("GET", (NODE, *GUESTS), "/log")
def read_log(call: Call) -> list[dict[str, Any]]:
    call.extra["total"] = 1
    return [{"n": 1, "t": "unable to open file - No such file or directory"}]
