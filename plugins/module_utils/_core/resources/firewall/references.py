# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the source and the destination of a rule name: aliases and IP sets, which have to exist before the rule.

Source: pve-firewall, src/PVE/Firewall.pm, parse_address_list and verify_rule. The server looks into the firewall of the guest
and into that of the cluster, or only into the one that the name has in front: dc/ or guest/. Sets with sdn/ in front belong to
networks that run; the references list those that the login may use (refs in src/PVE/API2/Firewall/Cluster.pm).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ...model.contract import Reader
from ...model.errors import PermissionDenied, does_not_exist
from .safety import Rule
from .scope import CLUSTER, Scope

ALIAS = re.compile(r"(?:(?:dc|guest)/)?[A-Za-z][A-Za-z0-9_-]+")
_SET = re.compile(r"\+(?:(?:dc|guest|sdn)/)?[A-Za-z][A-Za-z0-9_-]+")
# compile in Firewall.pm makes them where nobody has, and the references do not list them then: they are left to the server
_BUILT_IN = {"local_network", "management"}
# kind -> what it is called, and the module that makes it
_KINDS = {"alias": ("alias", "pve_firewall_alias"), "ipset": ("IP set", "pve_firewall_ipset")}
_OF_SDN = "Sets of SDN are named after a network that runs, such as +sdn/vnet0-all, or a guest, +sdn/guest-ipam-100."


def refuse_unknown_names(
    reader: Reader, scope: Scope, path: str, wanted: Sequence[Rule], present: Sequence[Rule]
) -> None:
    """Refuse new rules with aliases and IP sets that do not exist. A login that may not list them leaves that to the server."""
    named = list(_names(wanted, present))
    if not named:
        return
    try:
        rows = reader.get(f"{path if scope.kind == 'guest' else CLUSTER}/refs") or []
    except PermissionDenied:
        return
    for option, value in named:
        kind = "ipset" if value.startswith("+") else "alias"
        if not any(_is_meant(value, row, scope) for row in rows if row["type"] == kind):
            title, module = _KINDS[kind]
            hint = _OF_SDN if value.startswith("+sdn/") else f"Create it with {module}."
            raise does_not_exist(option, f"{title} {value!r}", hint)


def _names(wanted: Sequence[Rule], present: Sequence[Rule]) -> Iterator[tuple[str, str]]:
    """The aliases and sets that new rules name, each with the option that does."""
    for number, rule in enumerate(wanted):
        for option in ("source", "dest") if rule not in present else ():
            value = str(rule.get(option, ""))
            is_name = ALIAS.fullmatch(value) or _SET.fullmatch(value)
            if is_name and value.rpartition("/")[2].lstrip("+").lower() not in _BUILT_IN:
                yield f"rules[{number}].{option}", value


def _is_meant(value: str, row: Mapping[str, Any], scope: Scope) -> bool:
    """Whether a name is that of a row of the references; in a guest's firewall dc/ or guest/ in front says whose it is."""
    place, _slash, name = value.removeprefix("+").rpartition("/")
    in_place = place in ("", row.get("scope", place)) if scope.kind == "guest" or place == "sdn" else True
    return in_place and name.lower() == str(row["name"]).lower()
