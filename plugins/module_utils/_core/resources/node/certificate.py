# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The certificate that a node's web interface and API present: one's own, or one that an ACME authority issued."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from ...api.connection import task_arguments
from ...api.pem import certificate_chain, fingerprint, plain, private_key
from ...model.contract import NODE_KEY, STATES, Desired, Reader, Resource, State
from ...model.errors import InvalidOption, Refused
from ...model.kinds.info import ListInfo
from ...model.periods import period
from ...model.plan import Plan, Step, api_path
from .settings import MAX_ACME_DOMAINS, OPTIONS

OWN, CUSTOM = "pve-ssl.pem", "pveproxy-ssl.pem"
SOON = 30 * 86400  # PVE renews certificates that last longer than that only by force
BELONGS = {  # option -> what it belongs to
    "key": "certificates",
    "restart": "certificates, or to state: absent without acme",
    "renew_before": "acme with state: present",
    "force": "certificates, or to acme with state: present",
}


class NodeCertificate(Resource[Desired, State | None]):
    """See the module pve_node_certificate."""

    name = "certificate"

    def arguments(self) -> dict[str, Any]:
        spec = {
            **NODE_KEY,
            "certificates": {"type": "str"},
            "key": {"type": "str", "no_log": True},
            "acme": {"type": "bool", "default": False},
            "renew_before": {"type": "str"},
            "restart": {"type": "bool"},
            "force": {"type": "bool", "default": False},
            "state": dict(STATES),
            **task_arguments(),
        }
        return {"argument_spec": spec}

    def parse(self, params: Mapping[str, Any]) -> Desired:
        _check_combination(params)
        desired = {name: params[name] for name in ("node", "acme", "restart", "force", "state")}
        desired["path"] = api_path("nodes", params["node"], "certificates")
        if params["certificates"] is not None:
            chain = certificate_chain("certificates", params["certificates"])
            desired.update(certificates="\n".join([*chain, ""]), fingerprint=fingerprint(chain[0]))
            if params["key"] is not None:
                desired["key"] = private_key("key", params["key"], chain) + "\n"
        renew_before = period("renew_before", params["renew_before"] or "30d")
        return {**desired, "renew_before": renew_before, "now": int(time.time())}

    def read(self, reader: Reader, desired: Desired) -> State | None:
        rows = {row.get("filename"): row for row in reader.get(f"{desired['path']}/info") or []}
        desired["own_fingerprint"] = rows.get(OWN, {}).get("fingerprint", "")
        if desired["acme"] and desired["state"] == "present":
            desired["domains"] = _domains(reader.get(api_path("nodes", desired["node"], "config")) or {})
        found = rows.get(CUSTOM)
        return found and {"node": desired["node"], **{name: value for name, value in found.items() if name != "pem"}}

    def plan(self, current: State | None, desired: Desired) -> Plan:
        if desired["state"] == "absent":
            return self._plan_absent(current, desired)
        step = None
        if desired["acme"]:
            step = self._acme_step(current, desired)
        elif "certificates" in desired:
            step = self._upload_step(current, desired)
        if step is None:
            return Plan.nothing(current)
        after = {"node": desired["node"], "filename": CUSTOM}
        if not desired["acme"]:
            after["fingerprint"] = desired["fingerprint"]
        return Plan(current, after, (step,))

    @staticmethod
    def _plan_absent(current: State | None, desired: Desired) -> Plan:
        if current is None:
            return Plan.nothing(None)
        if desired["acme"]:
            why = f"revoke and delete the certificate of {desired['node']}"
            step = _acme("DELETE", desired, {}, why, presents=_presents(desired["own_fingerprint"]))
        else:
            why = f"delete the custom certificate of {desired['node']}"
            step = Step(
                "DELETE",
                f"{desired['path']}/custom",
                _restart(desired),
                why,
                presents=_presents(desired["own_fingerprint"]),
            )
        return Plan(current, None, (step,))

    @staticmethod
    def _upload_step(current: State | None, desired: Desired) -> Step | None:
        node = desired["node"]
        if current is not None and plain(current.get("fingerprint", "")) == plain(desired["fingerprint"]):
            return None
        if current is not None and not desired["force"]:
            raise Refused(
                f"{node} has another certificate than this one: {current.get('subject')} by {current.get('issuer')}.",
                hint="force: true replaces it.",
            )
        if current is None and "key" not in desired:
            raise InvalidOption("key", f"is missing: {node} has no custom certificate whose key could stay")
        params = {
            "certificates": desired["certificates"],
            **({"key": desired["key"]} if "key" in desired else {}),
            **_restart(desired),
        }
        if desired["force"]:
            params["force"] = True
        verb = "upload" if current is None else "replace"
        return Step(
            "POST",
            f"{desired['path']}/custom",
            params,
            f"{verb} the custom certificate of {node}",
            secrets=frozenset({"key"}),
            presents=_presents(desired["fingerprint"]),
        )

    @staticmethod
    def _acme_step(current: State | None, desired: Desired) -> Step | None:
        node, domains = desired["node"], desired["domains"]
        if not domains:
            raise InvalidOption("acme", f"{node} has no ACME domain; set acme or acmedomain0 by pve_node")
        forced = {"force": True} if desired["force"] else {}
        if current is None:
            return _acme("POST", desired, forced, f"order a certificate for {', '.join(domains)}")
        missing = sorted(set(domains) - {name.lower() for name in current.get("san", [])})
        if missing and not desired["force"]:
            raise Refused(
                f"The certificate of {node} ({current.get('subject')}) is not for {', '.join(missing)}.",
                hint="force: true orders one that replaces it.",
            )
        if missing:
            return _acme("POST", desired, forced, f"order a certificate for {', '.join(domains)}")
        left = int(current["notafter"]) - desired["now"]
        if left >= desired["renew_before"]:
            return None
        lifetime = int(current["notafter"]) - int(current["notbefore"])
        return _acme(
            "PUT",
            desired,
            {"force": True} if left >= SOON else {},
            f"renew the certificate of {node}, which is good for {max(0, left) // 86400} more days",
            verify=desired["renew_before"] < lifetime,  # else even the new one is due
        )


def _check_combination(params: Mapping[str, Any]) -> None:
    """Options that would have no effect, or not the one that is meant, are errors."""
    present, acme, own = params["state"] == "present", params["acme"], params["certificates"] is not None
    if own and (acme or not present):
        raise InvalidOption("certificates", "belongs to state: present without acme")
    fits = {
        "key": own,
        "restart": own or not (present or acme),
        "renew_before": acme and present,
        "force": present and (own or acme),
    }
    for option, fitting in fits.items():
        if not fitting and params[option] not in (None, False):
            raise InvalidOption(option, f"belongs to {BELONGS[option]}")


def _domains(config: Mapping[str, Any]) -> list[str]:
    """The domains that the node's options name for ACME."""
    options = OPTIONS.observe(config)
    single = [options.get(f"acmedomain{number}", {}).get("domain", "") for number in range(MAX_ACME_DOMAINS)]
    return sorted({name.lower() for name in [*options.get("acme", {}).get("domains", []), *single] if name})


def _acme(method: str, desired: Desired, params: Mapping[str, Any], why: str, **more: Any) -> Step:
    return Step(method, f"{desired['path']}/acme/certificate", params, why, task=True, **more)


def _restart(desired: Desired) -> dict[str, Any]:
    return {} if desired["restart"] is None else {"restart": desired["restart"]}


def _presents(text: str) -> frozenset[str]:
    return frozenset({plain(text)} if text else ())


CERTIFICATE = NodeCertificate()
CERTIFICATE_INFO = ListInfo(
    "certificates",
    lambda desired: api_path("nodes", desired["node"], "certificates", "info"),
    key="filename",
    options=NODE_KEY,
)
