# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ACME: accounts, with certificate authorities that the simulator plays itself.

After PVE::API2::ACMEAccount (pve-manager) and PVE::ACME (proxmox-acme); what an authority says is the simulator's own.
"""

from __future__ import annotations

from typing import Any

from ..call import Call
from ..errors import ApiError, param_error
from ..parameters import split_list
from ..routing import endpoint
from ..sections import Section, Sections, sections
from ..tasks import TaskError, TaskLog

BASE = "/cluster/acme"
DIRECTORIES = {
    "Let's Encrypt V2": "https://acme-v02.api.letsencrypt.org/directory",
    "Let's Encrypt V2 Staging": "https://acme-staging-v02.api.letsencrypt.org/directory",
}
DEFAULT = DIRECTORIES["Let's Encrypt V2"]
TERMS = "https://letsencrypt.org/documents/LE-SA-v1.5-February-24-2025.pdf"
BOUND = "https://acme.example.com/directory"  # an authority that binds accounts to its customers
META: dict[str, dict[str, Any]] = {
    **{
        url: {"termsOfService": TERMS, "caaIdentities": ["letsencrypt.org"], "website": "https://letsencrypt.org"}
        for url in DIRECTORIES.values()
    },
    BOUND: {"externalAccountRequired": 1},
}


def accounts(call: Call) -> Sections:
    return sections(call.cluster, "acme_accounts")


def meta_of(directory: str) -> dict[str, Any]:
    if directory not in META:
        raise ApiError(500, f"Error: GET to {directory} failed 500 Can't connect")
    return META[directory]


@endpoint("GET", f"{BASE}/directories")
def directories(call: Call) -> list[Section]:
    return [{"name": name, "url": url} for name, url in DIRECTORIES.items()]


@endpoint("GET", f"{BASE}/meta")
def meta(call: Call) -> dict[str, Any]:
    return meta_of(call.params.get("directory", DEFAULT))


@endpoint("GET", f"{BASE}/tos")
def terms(call: Call) -> str | None:
    return meta_of(call.params.get("directory", DEFAULT)).get("termsOfService")


@endpoint("GET", f"{BASE}/account")
def list_accounts(call: Call) -> list[Section]:
    return [{"name": name} for name in accounts(call)]


def existing(call: Call) -> Section:
    name = call.params.get("name", "default")
    if name not in accounts(call):
        raise param_error("name", f"ACME account config file '{name}' does not exist.")
    return accounts(call)[name]


def contacts(call: Call) -> list[str]:
    return [f"mailto:{address}" for address in split_list(call.params.get("contact", ""))]


@endpoint("GET", f"{BASE}/account/{{name}}")
def read_account(call: Call) -> Section:
    return existing(call)


@endpoint("POST", f"{BASE}/account")
def create_account(call: Call) -> str:
    name, directory = call.params.get("name", "default"), call.params.get("directory", DEFAULT)
    if name in accounts(call):
        raise param_error("name", f"ACME account config file '{name}' already exists.")

    def register(log: TaskLog) -> None:
        log("Generating ACME account key..\nRegistering ACME account..")
        try:
            rules = meta_of(directory)
        except ApiError as error:
            raise TaskError(f"Registration failed: {error.message}") from None
        if "termsOfService" in rules and "tos_url" not in call.params:
            raise TaskError("Registration failed: Error: malformed - must agree to terms of service")
        if rules.get("externalAccountRequired") and "eab-kid" not in call.params:
            raise TaskError("Registration failed: Error: externalAccountRequired - no external account binding")
        location = f"{directory.rpartition('/')[0]}/acct/{1000 + len(accounts(call))}"
        account = {"status": "valid", "contact": contacts(call), "key": {"kty": "RSA", "e": "AQAB"}}
        reported = {"tos": call.params["tos_url"]} if "tos_url" in call.params else {}
        accounts(call)[name] = {"account": account, "directory": directory, "location": location, **reported}
        log(f"Registration successful, account URL: '{location}'")

    return call.cluster.tasks.start(call, call.cluster.local_node, "acmeregister", "", register)


@endpoint("PUT", f"{BASE}/account/{{name}}")
def update_account(call: Call) -> str:
    account = existing(call)["account"]

    def update(log: TaskLog) -> None:
        if contacts(call):
            account["contact"] = contacts(call)

    kind = "acmeupdate" if contacts(call) else "acmerefresh"
    return call.cluster.tasks.start(call, call.cluster.local_node, kind, "", update)


@endpoint("DELETE", f"{BASE}/account/{{name}}")
def deactivate_account(call: Call) -> str:
    """The account's file gets a name that is no account's any more."""
    existing(call)
    name = call.params["name"]

    def deactivate(log: TaskLog) -> None:
        log(f"Renaming account file from '/etc/pve/priv/acme/{name}' to '/etc/pve/priv/acme/_deactivated_{name}_0'")
        del accounts(call)[name]

    return call.cluster.tasks.start(call, call.cluster.local_node, "acmedeactivate", "", deactivate)
