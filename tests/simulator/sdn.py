# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Software defined networks: what is configured, what runs, and the lock that keeps others from changing it.

After PVE::Network::SDN (pve-network, src/PVE/Network/SDN.pm: pending_config, commit_config, lock_sdn_config).
"""

from __future__ import annotations

import copy
import ipaddress
from dataclasses import dataclass, field

from .errors import ApiError
from .sections import Section, Sections, digest_of
from .state import Cluster

SOURCE = "/usr/share/perl5/PVE/Network/SDN"
KINDS = ("zones", "vnets", "subnets", "controllers")  # what is planned first and applied later


@dataclass
class Sdn:
    """The configuration, the part of it that runs, and the token of whoever holds the lock."""

    config: dict[str, Sections] = field(default_factory=lambda: {kind: {} for kind in KINDS})
    running: dict[str, Sections] = field(default_factory=lambda: {kind: {} for kind in KINDS})
    ipams: Sections = field(default_factory=lambda: {"pve": {"type": "pve"}})
    dns: Sections = field(default_factory=dict)
    lock: str | None = None

    @property
    def has_changes(self) -> bool:
        return self.config != self.running

    def check_lock(self, token: str | None) -> None:
        if self.lock is not None and token != self.lock:
            raise ApiError(500, f"invalid lock token provided! at {SOURCE}.pm line 291.")

    def rollback(self) -> None:
        self.config = copy.deepcopy(self.running)


def sdn_of(cluster: Cluster) -> Sdn:
    found: Sdn = cluster.areas.setdefault("sdn", Sdn())
    return found


def commit(cluster: Cluster) -> None:
    """Let what is configured run; others look for the running zones and networks in the cluster's areas."""
    sdn = sdn_of(cluster)
    sdn.running = copy.deepcopy(sdn.config)
    cluster.areas["sdn_running_zones"] = list(sdn.running["zones"])
    cluster.areas["sdn_vnets"] = list(sdn.running["vnets"])


# --- reading -----------------------------------------------------------------------


def shown(name: str, kind: str, section: Section, everything: Sections) -> Section:
    """A section as configured."""
    row = {**section, kind[:-1]: name, "digest": digest_of(everything)}
    return {**row, **described_subnet(name, section)} if kind == "subnets" else row


def with_pending(sdn: Sdn, kind: str) -> dict[str, Section]:
    """The rows of a kind by name, with what would change when the configuration was applied."""
    config, running = sdn.config[kind], sdn.running[kind]
    return {name: _pending_row(name, kind, config.get(name), running.get(name)) for name in {**running, **config}}


def _pending_row(name: str, kind: str, wanted: Section | None, current: Section | None) -> Section:
    whole: Section = wanted or current or {}
    row: Section = {**(current or {}), kind[:-1]: name, "type": whole["type"], "digest": None}
    if kind == "subnets":
        row.update({**described_subnet(name, whole), "dhcp-range": parsed_ranges(current or {})})
    if wanted is None:
        return {**row, "state": "deleted"}
    fixed = {"type", "vnet", "zone"} if kind == "subnets" else {"type"}
    changes = {key: value for key, value in wanted.items() if key not in fixed and value != (current or {}).get(key)}
    changes |= {key: "deleted" for key in current or {} if key not in wanted}
    if current is None:
        return {**row, "state": "new", "pending": changes}
    return {**row, "state": "changed", "pending": changes} if changes else row


def described_subnet(name: str, section: Section) -> Section:
    """What the id of a subnet (ZONE-ADDRESS-PREFIX) reports, and its ranges taken apart."""
    zone, network, mask = name.rsplit("-", 2)
    row: Section = {"id": name, "zone": zone, "network": network, "mask": mask, "cidr": f"{network}/{mask}"}
    row["vnet"] = section["vnet"]
    if "dhcp-range" in section:
        row["dhcp-range"] = parsed_ranges(section)
    return row


def parsed_ranges(section: Section) -> list[dict[str, str]]:
    return [dict(part.split("=", 1) for part in text.split(",")) for text in section.get("dhcp-range", ())]


# --- rules -------------------------------------------------------------------------------

REQUIRED: dict[tuple[str, str], tuple[str, ...]] = {
    ("zones", "vlan"): ("bridge",),
    ("zones", "qinq"): ("bridge", "tag"),
    ("zones", "evpn"): ("controller", "vrf-vxlan"),
    ("controllers", "evpn"): ("asn",),
    ("controllers", "bgp"): ("asn", "node"),
    ("controllers", "isis"): ("isis-domain", "isis-ifaces", "isis-net", "node"),
}
TAGGED_ZONES = frozenset({"vlan", "qinq", "vxlan", "evpn"})


def check_required(kind: str, section: Section) -> None:
    for option in REQUIRED.get((kind, section["type"]), ()):
        if option not in section:
            raise ApiError(500, f"missing value for required option '{option}'")


def nested(name: str, text: str) -> ApiError:
    """A parameter error from within a change: 500 with the text of a 400."""
    return ApiError(500, f"400 Parameter verification failed.\n{name}: {text}")


def check_zone(sdn: Sdn, section: Section) -> None:
    if section.get("ipam", "pve") not in sdn.ipams:
        raise nested("ipam", f"{section['ipam']} not existing")
    controller = section.get("controller")
    if controller and controller not in sdn.config["controllers"]:
        raise ApiError(500, f"controller {controller} don't exist at {SOURCE}/Zones/EvpnPlugin.pm line 354.")


def check_vnet(cluster: Cluster, section: Section) -> None:
    zone = sdn_of(cluster).config["zones"].get(section["zone"])
    if zone is None:
        raise ApiError(500, "cannot lookup undefined type! at /usr/share/perl5/PVE/API2/Network/SDN/Vnets.pm line 326.")
    if zone["type"] in TAGGED_ZONES and "tag" not in section:
        raise nested("tag", "missing vlan tag")


def subnet_id(zone: str, cidr: str) -> str:
    network = ipaddress.ip_network(cidr, strict=False)
    return f"{zone}-{network.network_address}-{network.prefixlen}"


def check_subnet(name: str, section: Section) -> None:
    _zone, network, mask = name.rsplit("-", 2)
    gateway = section.get("gateway")
    if gateway and ipaddress.ip_address(gateway) not in ipaddress.ip_network(f"{network}/{mask}", strict=False):
        raise nested("gateway", f"{gateway} is not in subnet {network}/{mask}")


def check_unused(sdn: Sdn, kind: str, name: str) -> None:
    """Refuse to delete what something else is made from."""
    if kind == "zones":
        for vnet, section in sdn.config["vnets"].items():
            if section["zone"] == name:
                raise ApiError(500, f"zone {name} is used by vnet {vnet} at {SOURCE}/Zones/Plugin.pm line 149.")
    if kind == "controllers":
        for zone, section in sdn.config["zones"].items():
            if section.get("controller") == name:
                source = f"{SOURCE}/Controllers/EvpnPlugin.pm line 476."
                raise ApiError(500, f"controller {name} is used by {zone} at {source}")
    if kind == "vnets" and any(section["vnet"] == name for section in sdn.config["subnets"].values()):
        raise nested("vnet", "Can't delete vnet if subnets exists")
