# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates of nodes: the server presents another one in the midst of a task, and ACME orders take their way.

What belongs to them and to packages also stands a connection that is lost at any request.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from ansible_collections.pve.automation.plugins.module_utils._core.api.pem import fingerprint
from tests.functional.test_faults import survives
from tests.harness.cluster import Cluster, Result
from tests.harness.lifecycle_cases import PAIRS, resource_of

CERTIFICATE = resource_of("pve_node_certificate")
UPLOAD = {"node": "pve1", **PAIRS[0], "restart": True}
ACME = {"node": "pve2", "acme": True}
SEQUENCE = (
    ("pve_acme_account", {"contact": ["a@example.com"], "tos_url": "https://example.com/terms"}),
    ("pve_acme_account", {"contact": ["b@example.com"]}),
    ("pve_acme_plugin", {"id": "fault", "type": "dns", "api": "cf", "data": {"CF_Token": "t"}}),
    ("pve_node", {"node": "pve2", "acmedomain0": "domain=one.example.org,plugin=fault"}),
    ("pve_node_certificate", {"node": "pve2", "acme": True}),
    ("pve_node_certificate", {"node": "pve2", "acme": True, "state": "absent"}),
    ("pve_acme_account", {"state": "absent"}),
    ("pve_node_certificate", {"node": "pve1", **PAIRS[0], "restart": True}),
    ("pve_node_certificate", {"node": "pve1", "state": "absent", "restart": True}),
    ("pve_node_subscription", {"node": "pve2", "key": "pve1c-0123456789"}),
    ("pve_node_repository", {"node": "pve2", "handle": "test", "enabled": True}),
    ("pve_node_repository", {"node": "pve2", "uri": "http://deb.debian.org/debian", "enabled": False}),
    ("pve_node_apt", {"node": "pve2", "cache_valid_time": 3600}),
)
ACCOUNT = {"contact": ["a@example.com"], "tos_url": "https://example.com/terms"}


@pytest.fixture
def ours(cluster: Cluster) -> Iterator[Cluster]:
    """A cluster whose first node presents its own certificate again afterwards."""
    yield cluster
    cluster.control("DELETE", "mark")
    cluster.reset()


def succeeded(result: Result) -> Result:
    assert not result.get("failed"), result["msg"]
    assert "warnings" not in result, result["warnings"]
    return result


def refused(result: Result, *texts: str) -> None:
    assert result.get("failed"), result
    assert [text for text in texts if text not in result["msg"]] == [], result["msg"]


def calls(result: Result) -> list[tuple[str, str, dict[str, Any]]]:
    return [(row["method"], row["path"].rpartition("/")[2], row["params"]) for row in result["requests"]]


@pytest.mark.parametrize("trust", ["fingerprint", "authority"])
def test_a_task_goes_on_when_its_node_presents_the_new_certificate(ours: Cluster, trust: str) -> None:
    if trust == "authority":
        del ours.connection["api_fingerprint"]
        ours.connection["ca_path"] = ours.facts["ca_path"]
    uploaded = succeeded(ours.run(CERTIFICATE, UPLOAD))
    assert uploaded["certificate"]["fingerprint"] == fingerprint(PAIRS[0]["certificates"])
    assert "PRIVATE KEY" not in str(uploaded)
    assert succeeded(ours.run(CERTIFICATE, UPLOAD))["changed"] is False  # in a loop, whose items share a client

    ours.forget_client()
    refused(ours.run(CERTIFICATE, UPLOAD), "is not trusted", uploaded["certificate"]["fingerprint"])

    ours.connection.pop("ca_path", None)
    ours.connection["api_fingerprint"] = uploaded["certificate"]["fingerprint"]
    deleted = succeeded(ours.run(CERTIFICATE, {"node": "pve1", "restart": True, "state": "absent"}))
    assert deleted["certificate"] is None
    assert succeeded(ours.run(CERTIFICATE, {"node": "pve1", "state": "absent"}))["changed"] is False


def test_a_certificate_that_the_task_did_not_put_in_place_is_not_trusted(ours: Cluster) -> None:
    ours.run(CERTIFICATE, {"node": "pve1"})
    ours.call("POST", "/nodes/pve1/certificates/custom", {**PAIRS[1], "restart": 1})
    ours.forget_client()
    refused(ours.run(CERTIFICATE, {**UPLOAD, "force": True}), "is not trusted", "No credential was sent.")


def test_an_upload_whose_answer_is_lost_is_not_sent_twice(ours: Cluster) -> None:
    ours.fault(method="POST", path=".*/certificates/custom", drop="after")
    result = ours.run(CERTIFICATE, UPLOAD)
    assert not result.get("failed"), result["msg"]
    assert result["changed"] is True
    assert [row["path"] for row in ours.writes_made()] == ["/nodes/pve1/certificates/custom"]


def test_another_certificate_is_replaced_only_by_force(ours: Cluster) -> None:
    succeeded(ours.run(CERTIFICATE, {"node": "pve2", **PAIRS[0]}))
    other = {"node": "pve2", **PAIRS[1]}
    refused(ours.run(CERTIFICATE, other), "pve2 has another certificate", "force: true replaces it.")
    replaced = succeeded(ours.run(CERTIFICATE, {**other, "force": True}))
    assert replaced["certificate"]["san"] == ["two.example.org"]


def test_a_key_that_does_not_belong_to_the_certificate_is_refused_before_anything_is_sent(ours: Cluster) -> None:
    mixed = {**UPLOAD, "key": PAIRS[1]["key"]}
    refused(ours.run(CERTIFICATE, mixed), "key: does not belong to the first certificate")
    assert ours.requests_made() == []


def test_the_life_of_a_certificate_from_an_authority(ours: Cluster) -> None:
    refused(ours.run(CERTIFICATE, ACME), "acme: pve2 has no ACME domain; set acme or acmedomain0 by pve_node")
    succeeded(ours.run(resource_of("pve_node"), {"node": "pve2", "acmedomain0": "One.example.org"}))
    refused(ours.run(CERTIFICATE, ACME), "Task acmenewcert", "ACME account config file 'default' does not exist.")

    succeeded(ours.run(resource_of("pve_acme_account"), ACCOUNT))
    predicted = succeeded(ours.run(CERTIFICATE, ACME, check_mode=True))
    ordered = succeeded(ours.run(CERTIFICATE, ACME))
    assert calls(predicted) == calls(ordered) == [("POST", "certificate", {})]
    assert ordered["certificate"]["san"] == ["one.example.org"]
    ours.requests_made()
    assert succeeded(ours.run(CERTIFICATE, {**ACME, "renew_before": "80d"}))["changed"] is False
    assert len(ours.requests_made()) == 2

    renewed = succeeded(ours.run(CERTIFICATE, {**ACME, "renew_before": "90d"}))
    assert calls(renewed) == [("PUT", "certificate", {"force": True})]
    assert renewed["certificate"]["fingerprint"] != ordered["certificate"]["fingerprint"]

    succeeded(ours.run(resource_of("pve_node"), {"node": "pve2", "acme": "domains=two.example.org"}))
    refused(ours.run(CERTIFICATE, ACME), "is not for two.example.org", "force: true orders one")
    both = succeeded(ours.run(CERTIFICATE, {**ACME, "force": True}))
    assert sorted(both["certificate"]["san"]) == ["one.example.org", "two.example.org"]

    revoked = succeeded(ours.run(CERTIFICATE, {**ACME, "state": "absent"}))
    assert calls(revoked) == [("DELETE", "certificate", {})]
    assert succeeded(ours.run(CERTIFICATE, {**ACME, "state": "absent"}))["changed"] is False


def test_a_connection_dropped_at_every_request(ours: Cluster) -> None:
    """Afterwards nothing is left to do, and nothing was done twice."""
    for task in SEQUENCE:
        module, options = task
        ours.control("POST", "mark")
        ours.requests_made()
        succeeded(ours.run(resource_of(module), options))
        methods = [row["method"] for row in ours.requests_made()]
        for index, method in enumerate(methods):
            for drop in ("before",) if method == "GET" else ("before", "after"):
                where = f"{task}: request {index} of {len(methods)}, dropped {drop} the server acted"
                ours.reset()
                ours.fault(index=index, drop=drop)
                survives(ours, task, where)
                assert ours.run(resource_of(module), options)["changed"] is False, where
