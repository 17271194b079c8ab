# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What SDN asks for addresses and names: address management ("ipams") and name servers. None is ever asked."""

from __future__ import annotations

from typing import Any

from ..call import Call
from ..errors import ApiError
from ..routing import endpoint
from ..sdn import sdn_of
from ..sections import Section, Sections, digest_of
from .sdn import BASE, READ, changed, changing, check_digest, existing, options

SECRETS = ("token", "key")


def register(kind: str, key: str) -> None:
    """The five calls of one kind of service."""
    path, failure = f"{BASE}/{kind}", f"sdn {key} object failed"

    def sections(call: Call) -> Sections:
        found: Sections = getattr(sdn_of(call.cluster), kind)
        return found

    def shown(call: Call, name: str) -> Section:
        found = sections(call)
        own = {option: value for option, value in found[name].items() if option not in SECRETS}
        kept = {section: options for section, options in found.items() if section != "pve"}
        return {**own, key: name, "digest": digest_of(kept)}

    @endpoint("GET", path)
    def list_services(call: Call) -> list[Section]:
        wanted = call.params.get("type")
        return [
            shown(call, name)
            for name, section in sections(call).items()
            if wanted in (None, section["type"]) and call.may(f"/sdn/{kind}/{name}", READ, any=True)
        ]

    @endpoint("GET", f"{path}/{{{key}}}")
    def read_service(call: Call) -> Section:
        existing(sections(call), call.params[key])
        return shown(call, call.params[key])

    @endpoint("POST", path)
    def create_service(call: Call) -> None:
        name = call.params[key]
        with changing(call, f"create {failure}"):
            if name in sections(call):
                raise ApiError(500, f"sdn {key} object ID '{name}' already defined")
            sections(call)[name] = options(call, key)

    @endpoint("PUT", f"{path}/{{{key}}}")
    def update_service(call: Call) -> None:
        name = call.params[key]
        with changing(call, f"update {failure}"):
            check_digest(call, sections(call))
            sections(call)[name] = changed(call, existing(sections(call), name), key)

    @endpoint("DELETE", f"{path}/{{{key}}}")
    def delete_service(call: Call) -> None:
        name = call.params[key]
        with changing(call, f"delete {failure}"):
            existing(sections(call), name)
            for zone, section in sdn_of(call.cluster).config["zones"].items():
                if section.get(key, "pve" if key == "ipam" else None) == name:
                    raise ApiError(500, f"{key} {name} is used by zone {zone}")
            del sections(call)[name]


register("ipams", "ipam")
register("dns", "dns")


@endpoint("GET", f"{BASE}/ipams/{{ipam}}/status")
def addresses(call: Call) -> list[dict[str, Any]]:
    """No address is ever handed out here: the gateways of the subnets are all there is."""
    existing(sdn_of(call.cluster).ipams, call.params["ipam"])
    state = sdn_of(call.cluster)
    return [
        {"zone": name.rsplit("-", 2)[0], "subnet": "/".join(name.rsplit("-", 2)[1:]), "ip": section["gateway"],
         "gateway": 1, "vnet": section["vnet"]}
        for name, section in state.running["subnets"].items()
        if "gateway" in section
    ]  # fmt: skip
