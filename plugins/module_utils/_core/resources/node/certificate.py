# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The certificate that a node's web interface and API present: one's own, or one that an ACME authority issued."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Mapping, Sequence
from typing import Any

from ...api.connection import task_arguments
from ...api.pem import certificate_chain, fingerprint, plain, private_key
from ...model.contract import NODE_KEY, STATES, Reader, Resource, State
from ...model.errors import InvalidOption, Refused
from ...model.field import Field, Fields
from ...model.kinds.info import ListInfo
from ...model.periods import period
from ...model.plan import Plan, Step, api_path
from ...model.table import Table
from .settings import MAX_ACME_DOMAINS, OPTIONS

FIELDS = Fields(
    [
        Field("certificates", clear="never"),
        Field("key", secret=True),
        Field("restart", type="bool"),
        Field("force", type="bool"),
    ]
)
OWN, CUSTOM = "pve-ssl.pem", "pveproxy-ssl.pem"
SOON = 30 * 86400  # PVE renews certificates that last longer than that only by force
BELONGS = {  # option -> what it belongs to
    "key": "certificates",
    "restart": "certificates, or to state: absent without acme",
    "renew_before": "acme with state: present",
    "force": "certificates, or to acme with state: present",
}


@dataclasses.dataclass(frozen=True)
class CertificateDesired:
    """What a task wants of a node's certificate: one of its own, one by ACME, or none."""

    node: str
    state: str
    acme: bool
    restart: bool | None
    force: bool
    renew_before: int  # seconds
    now: int
    certificates: str = ""  # PEM, the node's first; empty to leave them as they are
    fingerprint: str = ""
    key: str = ""  # PEM; empty to keep the present one

    @property
    def path(self) -> str:
        return api_path("nodes", self.node, "certificates")


@dataclasses.dataclass(frozen=True)
class CertificateObserved:
    """The custom certificate of a node, None without one; and what is needed to replace it."""

    shown: State | None
    own_fingerprint: str  # of the certificate that the cluster's authority made, which is used without a custom one
    domains: Sequence[str] = ()  # for ACME; looked up only where they matter


class NodeCertificate(Resource[CertificateDesired, CertificateObserved]):
    """See the module pve_node_certificate."""

    name = "certificate"

    def tables(self) -> Sequence[Table]:
        custom, acme = "/nodes/*/certificates/custom", "/nodes/*/certificates/acme/certificate"
        force = (FIELDS.named("force"),)
        return (
            Table((f"POST {custom}", f"DELETE {custom}"), tuple(FIELDS)),
            Table((f"POST {acme}", f"PUT {acme}", f"DELETE {acme}"), force),
        )

    def arguments(self) -> dict[str, Any]:
        spec = {
            **NODE_KEY,
            **FIELDS.specs(),
            "acme": {"type": "bool", "default": False},
            "renew_before": {"type": "str"},
            "force": {**FIELDS.named("force").spec(), "default": False},
            "state": dict(STATES),
            **task_arguments(),
        }
        return {"argument_spec": spec}

    def parse(self, params: Mapping[str, Any]) -> CertificateDesired:
        _check_combination(params)
        desired = CertificateDesired(
            **{name: params[name] for name in ("node", "state", "acme", "restart", "force")},
            renew_before=period("renew_before", params["renew_before"] or "30d"),
            now=int(time.time()),
        )
        if params["certificates"] is None:
            return desired
        chain = certificate_chain("certificates", params["certificates"])
        key = "" if params["key"] is None else private_key("key", params["key"], chain) + "\n"
        return dataclasses.replace(
            desired, certificates="\n".join([*chain, ""]), fingerprint=fingerprint(chain[0]), key=key
        )

    def read(self, reader: Reader, desired: CertificateDesired) -> CertificateObserved:
        rows = {row.get("filename"): row for row in reader.get(f"{desired.path}/info") or []}
        domains: Sequence[str] = ()
        if desired.acme and desired.state == "present":
            domains = _domains(reader.get(api_path("nodes", desired.node, "config")) or {})
        found = rows.get(CUSTOM)
        shown = found and {"node": desired.node, **{name: value for name, value in found.items() if name != "pem"}}
        return CertificateObserved(shown, rows.get(OWN, {}).get("fingerprint", ""), domains)

    def plan(self, observed: CertificateObserved, desired: CertificateDesired) -> Plan:
        if desired.state == "absent":
            return self._plan_absent(observed, desired)
        step = None
        if desired.acme:
            step = self._acme_step(observed, desired)
        elif desired.certificates:
            step = self._upload_step(observed.shown, desired)
        if step is None:
            return Plan.nothing(observed.shown)
        after = {"node": desired.node, "filename": CUSTOM}
        if not desired.acme:
            after["fingerprint"] = desired.fingerprint
        return Plan(observed.shown, after, (step,))

    @staticmethod
    def _plan_absent(observed: CertificateObserved, desired: CertificateDesired) -> Plan:
        if observed.shown is None:
            return Plan.nothing(None)
        trusts = _fingerprints(observed.own_fingerprint)
        if desired.acme:
            summary = f"revoke and delete the certificate of {desired.node}"
            step = _acme("DELETE", desired, {}, summary, trusts=trusts)
        else:
            summary = f"delete the custom certificate of {desired.node}"
            step = Step("DELETE", f"{desired.path}/custom", _restart(desired), summary, trusts=trusts)
        return Plan(observed.shown, None, (step,))

    @staticmethod
    def _upload_step(current: State | None, desired: CertificateDesired) -> Step | None:
        node = desired.node
        if current is not None and plain(current.get("fingerprint", "")) == plain(desired.fingerprint):
            return None
        if current is not None and not desired.force:
            raise Refused(
                f"{node} has another certificate than this one: {current.get('subject')} by {current.get('issuer')}.",
                hint="force: true replaces it.",
            )
        if current is None and not desired.key:
            raise InvalidOption("key", f"is missing: {node} has no custom certificate whose key could stay")
        params: dict[str, Any] = {"certificates": desired.certificates}
        if desired.key:
            params["key"] = desired.key
        params.update(_restart(desired))
        if desired.force:
            params["force"] = True
        verb = "upload" if current is None else "replace"
        return Step(
            "POST",
            f"{desired.path}/custom",
            params,
            f"{verb} the custom certificate of {node}",
            secrets=frozenset({"key"}),
            trusts=_fingerprints(desired.fingerprint),
        )

    @staticmethod
    def _acme_step(observed: CertificateObserved, desired: CertificateDesired) -> Step | None:
        node, domains, current = desired.node, observed.domains, observed.shown
        if not domains:
            raise InvalidOption("acme", f"{node} has no ACME domain; set acme or acmedomain0 by pve_node")
        forced = {"force": True} if desired.force else {}
        order = f"order a certificate for {', '.join(domains)}"
        if current is None:
            return _acme("POST", desired, forced, order)
        missing = sorted(set(domains) - {name.lower() for name in current.get("san", [])})
        if missing and not desired.force:
            raise Refused(
                f"The certificate of {node} ({current.get('subject')}) is not for {', '.join(missing)}.",
                hint="force: true orders one that replaces it.",
            )
        if missing:
            return _acme("POST", desired, forced, order)
        left = int(current["notafter"]) - desired.now
        if left >= desired.renew_before:
            return None
        lifetime = int(current["notafter"]) - int(current["notbefore"])
        return _acme(
            "PUT",
            desired,
            {"force": True} if left >= SOON else {},
            f"renew the certificate of {node}, which is good for {max(0, left) // 86400} more days",
            verify=desired.renew_before < lifetime,  # else even the new one is due
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


def _acme(method: str, desired: CertificateDesired, params: Mapping[str, Any], summary: str, **more: Any) -> Step:
    return Step(method, f"{desired.path}/acme/certificate", params, summary, starts_task=True, **more)


def _restart(desired: CertificateDesired) -> dict[str, Any]:
    return {} if desired.restart is None else {"restart": desired.restart}


def _fingerprints(text: str) -> frozenset[str]:
    return frozenset({plain(text)} if text else ())


CERTIFICATE = NodeCertificate()
CERTIFICATE_INFO = ListInfo(
    "certificates",
    lambda desired: api_path("nodes", desired["node"], "certificates", "info"),
    key="filename",
    options=NODE_KEY,
)
