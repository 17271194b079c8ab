# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates, packages, repositories and the subscription of a node, where no recording shows what they answer."""

from __future__ import annotations

from typing import Any

import trustme

from .conversation import Conversation

CUSTOM, ACME = "/nodes/pve/certificates/custom", "/nodes/pve/certificates/acme/certificate"
REPOSITORIES, SUBSCRIPTION = "/nodes/pve/apt/repositories", "/nodes/pve/subscription"


def pair(*names: str) -> dict[str, str]:
    issued = trustme.CA().issue_cert(*names)
    return {"certificates": issued.cert_chain_pems[0].bytes().decode(), "key": issued.private_key_pem.bytes().decode()}


def certificates(pve: Conversation) -> dict[str, Any]:
    return {row["filename"]: row for row in pve("GET", "/nodes/pve/certificates/info")}


def handles(pve: Conversation) -> dict[str, int | None]:
    return {row["handle"]: row.get("status") for row in pve("GET", REPOSITORIES)["standard-repos"]}


# --- certificates --------------------------------------------------------------------


def test_the_nodes_own_certificate_is_the_one_that_is_presented() -> None:
    pve = Conversation()
    reported = certificates(pve)
    assert set(reported) == {"pve-root-ca.pem", "pve-ssl.pem"}
    assert reported["pve-ssl.pem"]["fingerprint"] == pve.cluster.areas["fingerprint"]
    assert "127.0.0.1" in reported["pve-ssl.pem"]["san"]
    assert reported["pve-root-ca.pem"]["subject"] == reported["pve-ssl.pem"]["issuer"]


def test_an_upload_needs_a_key_and_overwrites_only_by_force() -> None:
    pve, one, two = Conversation(), pair("one.example.org"), pair("two.example.org")
    assert "without (existing) key" in pve.refused("POST", CUSTOM, certificates=one["certificates"])
    reported = pve("POST", CUSTOM, **one)
    assert reported["san"] == ["one.example.org"]
    assert "force flag is not set" in pve.refused("POST", CUSTOM, **two)
    pve("POST", CUSTOM, **two, force=1)
    assert certificates(pve)["pveproxy-ssl.pem"]["san"] == ["two.example.org"]
    assert not pve.simulation.presented.take_change()


def test_a_key_of_another_certificate_lets_the_restart_fail() -> None:
    pve, one, two = Conversation(), pair("one.example.org"), pair("two.example.org")
    mixed = {**one, "key": two["key"]}
    assert "systemctl reload-or-restart pveproxy" in pve.refused("POST", CUSTOM, **mixed, restart=1)
    pve("POST", CUSTOM, **one, force=1, restart=1)
    assert pve.simulation.presented.take_change()


def test_what_is_no_certificate_replaces_nothing() -> None:
    pve, one = Conversation(), pair("one.example.org")
    pve("POST", CUSTOM, **one)
    broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
    assert "Setting certificate files failed" in pve.refused("POST", CUSTOM, **{**one, "certificates": broken}, force=1)
    assert certificates(pve)["pveproxy-ssl.pem"]["san"] == ["one.example.org"]


def test_an_order_needs_account_and_plugin() -> None:
    pve = Conversation()
    pve("PUT", "/nodes/pve/config", acmedomain0="domain=a.example.org,plugin=dns")
    assert "ACME account config file" in str(pve.failed_task("POST", ACME).exitstatus)
    account = "/cluster/acme/account"
    assert "agree to terms" in str(pve.failed_task("POST", account, contact="a@example.org").exitstatus)
    pve("POST", account, contact="a@example.org", tos_url="x")
    assert "plugin 'dns' for domain 'a.example.org' not found!" in str(pve.failed_task("POST", ACME).exitstatus)
    pve("POST", "/cluster/acme/plugins", id="dns", type="dns", api="cf")
    pve("POST", ACME)
    assert "'force' is not set" in pve.refused("POST", ACME)
    assert "within the next 30 days" in pve.refused("PUT", ACME)
    pve("PUT", ACME, force=1)
    pve("DELETE", ACME)
    assert "please order a new certificate" in pve.refused("PUT", ACME)


def test_an_authority_may_bind_accounts() -> None:
    pve = Conversation()
    params = {"contact": "a@example.org", "directory": "https://acme.example.com/directory"}
    assert "external account binding" in str(pve.failed_task("POST", "/cluster/acme/account", **params).exitstatus)
    pve("POST", "/cluster/acme/account", **params, **{"eab-kid": "k", "eab-hmac-key": "h"})
    assert pve("GET", "/cluster/acme/account/default")["account"]["contact"] == ["mailto:a@example.org"]


# --- packages and repositories -------------------------------------------------------


def test_repositories_of_the_releases() -> None:
    new, old = Conversation(), Conversation(version="8.4")
    assert handles(new)["enterprise"] == handles(old)["enterprise"] == 1
    assert "ceph-quincy-test" in set(handles(old)) - set(handles(new))
    for pve, path in (
        (new, "/etc/apt/sources.list.d/proxmox.sources"),
        (old, "/etc/apt/sources.list"),
    ):
        assert handles(pve)["test"] is None
        pve("PUT", REPOSITORIES, handle="test")
        assert handles(pve)["test"] == 1
        listed = {file["path"]: file["repositories"] for file in pve("GET", REPOSITORIES)["files"]}
        assert listed[path][-1]["URIs"] == ["http://download.proxmox.com/debian/pve"]


def test_changes_of_repositories() -> None:
    pve = Conversation()
    path = "/etc/apt/sources.list.d/pve-enterprise.sources"
    digest = pve("GET", REPOSITORIES)["digest"]
    pve("POST", REPOSITORIES, path=path, index=0, enabled=0, digest=digest)
    assert handles(pve)["enterprise"] == 0
    changed = {"path": path, "index": 0, "enabled": 1}
    assert "detected modified configuration" in pve.refused("POST", REPOSITORIES, **changed, digest=digest)
    assert "invalid index - 5" in pve.refused("POST", REPOSITORIES, path=path, index=5)
    assert "invalid path - /x" in pve.refused("POST", REPOSITORIES, path="/x", index=0)
    assert "unknown variant `nosuch`" in pve.refused("PUT", REPOSITORIES, handle="nosuch")


def test_a_refresh_fails_without_the_subscription_that_a_repository_needs() -> None:
    pve = Conversation()
    assert "exit code 100" in str(pve.failed_task("POST", "/nodes/pve/apt/update").exitstatus)
    assert pve("GET", "/nodes/pve/apt/update") == []
    pve("PUT", SUBSCRIPTION, key="pve1c-0123456789")
    pve("POST", "/nodes/pve/apt/update")
    assert len(pve("GET", "/nodes/pve/apt/update")) == 2


# --- the subscription ----------------------------------------------------------------


def test_a_subscription_is_reported_to_those_who_may_audit_the_node() -> None:
    pve = Conversation()
    pve("PUT", SUBSCRIPTION, key=" pve1c-0123456789 ")
    assert pve("GET", SUBSCRIPTION)["key"] == "pve1c-0123456789"
    pve("POST", "/access/users", userid="u@pve")
    pve.user = "u@pve"
    assert "key" not in pve("GET", SUBSCRIPTION)


def test_a_key_is_checked_again_only_after_a_while_or_by_force() -> None:
    pve = Conversation()
    pve("PUT", SUBSCRIPTION, key="pve1c-0123456789")
    first = pve("GET", SUBSCRIPTION)["checktime"]
    pve.cluster.clock_offset += 3600
    pve("POST", SUBSCRIPTION)
    assert pve("GET", SUBSCRIPTION)["checktime"] == first
    pve("POST", SUBSCRIPTION, force=1)
    assert pve("GET", SUBSCRIPTION)["checktime"] >= first + 3600
    pve("PUT", SUBSCRIPTION, key="pve1c-0000000000")
    assert pve("GET", SUBSCRIPTION)["status"] == "invalid"
    pve("DELETE", SUBSCRIPTION)
    assert pve("GET", SUBSCRIPTION)["status"] == "notfound"
