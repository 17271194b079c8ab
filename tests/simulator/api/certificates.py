# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates of the nodes: after PVE::API2::Certificates, PVE::API2::ACME and PVE::CertHelpers (pve-manager)."""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Callable
from typing import Any

from ..call import Call
from ..certificates import Presented, describe, issue
from ..errors import ApiError, param_error
from ..property_string import split
from ..routing import endpoint
from ..tasks import TaskError, TaskLog
from .acme import plugins
from .acme_accounts import accounts

BASE = "/nodes/{node}/certificates"
SOON = 30 * 86400
MAX_DOMAINS = 6
RELOAD_FAILED = "command 'systemctl reload-or-restart pveproxy' failed: exit code 1"
Files = dict[str, str]
DOMAIN = {"domain": {"default_key": 1}}


def custom(call: Call) -> Files:
    """The texts of pveproxy-ssl.pem ("pem") and pveproxy-ssl.key ("key"), as far as these files exist."""
    found: Files = call.cluster.nodes[str(call.node)].extra.setdefault("custom_certificate", {})
    return found


def presented(call: Call) -> Presented:
    found: Presented = call.cluster.areas["presented"]
    return found


def is_local(call: Call) -> bool:
    return call.node == call.cluster.local_node


def restart(call: Call) -> None:
    """Let pveproxy present what is in the files; only the local node's is the one that clients see."""
    if not is_local(call):
        return
    files = custom(call)
    if not files.get("pem") or not files.get("key"):
        presented(call).present_own()
        return
    try:
        presented(call).present(files["pem"], files["key"])
    except ssl.SSLError:
        raise ApiError(500, RELOAD_FAILED) from None


def set_files(call: Call, pem: str, key: str | None, force: bool) -> dict[str, Any]:
    """PVE::CertHelpers::set_cert_files: the old files come back only if there were both."""
    files = custom(call)
    for name, text in (("pem", "Custom certificate file"), ("key", "Custom certificate key file")):
        if name in files and not force:
            raise ApiError(500, f"{text} exists but force flag is not set.")
    old = dict(files)
    files.update({"pem": pem, **({"key": key} if key else {})})
    try:
        return describe("pveproxy-ssl.pem", pem)
    except ValueError:
        if len(old) == 2:
            files.update(old)
        path = f"/etc/pve/nodes/{call.node}/pveproxy-ssl.pem"
        raise ApiError(500, f"Setting certificate files failed - unable to read certificate from '{path}'\n") from None


@endpoint("GET", f"{BASE}/info")
def certificates(call: Call) -> list[dict[str, Any]]:
    """Files that cannot be read are left out."""
    rows = [
        describe("pve-root-ca.pem", presented(call).authority_pem),
        describe("pve-ssl.pem", presented(call).pem_of(str(call.node), is_local(call))),
    ]
    with contextlib.suppress(KeyError, ValueError):
        rows.append(describe("pveproxy-ssl.pem", custom(call)["pem"]))
    return rows


@endpoint("POST", f"{BASE}/custom")
def upload_certificate(call: Call) -> dict[str, Any]:
    key = call.params.get("key")
    if not key and "key" not in custom(call):
        raise param_error("key", "Attempted to upload custom certificate without (existing) key.")
    reported = set_files(call, call.params["certificates"], key, bool(call.params.get("force")))
    if call.params.get("restart"):
        restart(call)
    return reported


@endpoint("DELETE", f"{BASE}/custom")
def delete_certificate(call: Call) -> None:
    """Deleting an absent one is fine."""
    custom(call).clear()
    if call.params.get("restart"):
        restart(call)


# --- ACME ------------------------------------------------------------------------------


def acme_config(call: Call) -> tuple[str, dict[str, str]]:
    """The account and the plugin of each domain: PVE::NodeConfig::get_acme_conf (pve-manager)."""
    config = call.cluster.nodes[str(call.node)].config
    names = ["acme", *(f"acmedomain{number}" for number in range(MAX_DOMAINS))]
    if not any(config.get(name) for name in names):
        source = "/usr/share/perl5/PVE/API2/ACME.pm line 195."
        raise ApiError(500, f"Can't use an undefined value as a HASH reference at {source}")
    acme = split(str(config.get("acme", "")), {})
    domains = {name.lower(): "standalone" for name in acme.get("domains", "").split(";") if name}
    for name in names[1:]:
        if config.get(name):
            parsed = split(str(config[name]), DOMAIN)
            domains[parsed["domain"].lower()] = parsed.get("plugin", "standalone")
    if not domains:
        raise ApiError(400, "ACME domain list in node configuration is missing!")
    return acme.get("account", "default"), domains


def _start(call: Call, kind: str, work: Callable[[TaskLog], None]) -> str:
    account, domains = acme_config(call)
    known = plugins(call)

    def run(log: TaskLog) -> None:
        if account not in accounts(call):
            raise TaskError(f"ACME account config file '{account}' does not exist.")
        log("Loading ACME account details")
        for domain, plugin in domains.items():
            if plugin not in known:
                raise TaskError(f"plugin '{plugin}' for domain '{domain}' not found!")
        work(log)

    return call.cluster.tasks.start(call, str(call.node), kind, "", run, duration=10.0)


def _order(call: Call, log: TaskLog, force: bool) -> None:
    log("Placing ACME order\nAll domains validated!\nDownloading certificate")
    chain, key = issue(list(acme_config(call)[1]), call.cluster.now())
    log("Setting pveproxy certificate and key")
    set_files(call, chain, key, force)
    log("Restarting pveproxy")
    restart(call)


@endpoint("POST", f"{BASE}/acme/certificate")
def order_certificate(call: Call) -> str:
    force = bool(call.params.get("force"))
    if "pem" in custom(call) and not force:
        raise param_error("force", "Custom certificate exists but 'force' is not set.")
    return _start(call, "acmenewcert", lambda log: _order(call, log, force))


@endpoint("PUT", f"{BASE}/acme/certificate")
def renew_certificate(call: Call) -> str:
    if "pem" not in custom(call):
        raise ApiError(500, "No current (custom) certificate found, please order a new certificate!")
    soon = describe("", custom(call)["pem"])["notafter"] < call.cluster.now() + SOON
    if not soon and not call.params.get("force"):
        text = "Certificate does not expire within the next 30 days, and 'force' is not set."
        raise param_error("force", text)

    def renew(log: TaskLog) -> None:
        _order(call, log, force=True)
        log("Revoking old certificate")

    return _start(call, "acmerenew", renew)


@endpoint("DELETE", f"{BASE}/acme/certificate")
def revoke_certificate(call: Call) -> str:
    acme_config(call)
    if "pem" not in custom(call):
        path = f"/etc/pve/nodes/{call.node}/pveproxy-ssl.pem"
        raise ApiError(500, f"unable to open file '{path}' - No such file or directory")

    def revoke(log: TaskLog) -> None:
        log("Revoking old certificate\nDeleting certificate files")
        custom(call).clear()
        log("Restarting pveproxy to revert to self-signed certificates")
        restart(call)

    return _start(call, "acmerevoke", revoke)
