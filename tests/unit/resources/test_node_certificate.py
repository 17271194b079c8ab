# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import hashlib
import ssl
import time
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization

from ansible_collections.pve.automation.plugins.module_utils._core.api.pem import fingerprint, plain
from ansible_collections.pve.automation.plugins.module_utils._core.model.errors import InvalidOption, Refused
from ansible_collections.pve.automation.plugins.module_utils._core.resources.node.certificate import (
    CERTIFICATE,
    CERTIFICATE_INFO,
)
from tests.harness.lifecycle_cases import PAIRS
from tests.unit.resources.fake import Server, calls, options, planned

INFO, CONFIG = "/nodes/n/certificates/info", "/nodes/n/config"
CUSTOM, ACME = "/nodes/n/certificates/custom", "/nodes/n/certificates/acme/certificate"
ONE, KEY = PAIRS[0]["certificates"], PAIRS[0]["key"]
OWN = {"filename": "pve-ssl.pem", "fingerprint": "AB:" * 31 + "AB", "pem": "x"}
DAY = 86400


def row(pem: str = ONE, days: float = 60, san: tuple[str, ...] = ("a.example.org",)) -> dict[str, Any]:
    end = int(time.time() + days * DAY)
    reported = {"filename": "pveproxy-ssl.pem", "fingerprint": fingerprint(pem), "subject": "/CN=a", "issuer": "/CN=b"}
    return {**reported, "san": list(san), "notbefore": end - 90 * DAY, "notafter": end, "pem": pem}


def server(*rows: dict[str, Any], **config: str) -> Server:
    return Server({INFO: [OWN, *rows], CONFIG: config})


def test_fingerprints_are_those_of_the_der_form() -> None:
    assert plain(fingerprint(ONE)) == hashlib.sha256(ssl.PEM_cert_to_DER_cert(ONE)).hexdigest()


def test_upload() -> None:
    text = f"subject=/CN=one\n{ONE}\n\n{PAIRS[1]['certificates']}"
    plan = planned(CERTIFICATE, server(), node="n", certificates=text, key=KEY, restart=True)
    [(method, path, params)] = calls(plan)
    assert (method, path, params["restart"], "force" in params) == ("POST", CUSTOM, True, False)
    assert params["certificates"].count("BEGIN CERTIFICATE") == 2
    assert params["certificates"].startswith("-----BEGIN")
    assert "PRIVATE" not in str(plan.steps[0].describe()) + str(plan.after)
    assert plan.steps[0].trusts == {plain(fingerprint(ONE))}


def test_what_is_there_takes_one_read() -> None:
    there = server(row())
    plan = planned(CERTIFICATE, there, node="n", certificates=ONE, key=KEY, force=True, restart=True)
    assert not plan.steps
    assert there.asked == [INFO]
    assert plan.after is not None
    assert "pem" not in plan.after
    assert not planned(CERTIFICATE, there, node="n").steps


def test_another_certificate_is_replaced_only_by_force() -> None:
    given = {"node": "n", "certificates": ONE}
    there = server(row(PAIRS[1]["certificates"]))
    with pytest.raises(Refused, match="force: true replaces it"):
        planned(CERTIFICATE, there, **given)
    plan = planned(CERTIFICATE, there, **given, force=True)
    assert calls(plan) == [("POST", CUSTOM, {"certificates": ONE, "force": True})]


def test_deletion_expects_the_nodes_own_certificate() -> None:
    plan = planned(CERTIFICATE, server(row()), node="n", state="absent", restart=False)
    assert calls(plan) == [("DELETE", CUSTOM, {"restart": False})]
    assert plan.steps[0].trusts == {"ab" * 32}
    assert not planned(CERTIFICATE, server(), node="n", state="absent").steps


@pytest.mark.parametrize(
    ("days", "given", "wanted"),
    [
        (60, {}, []),
        (30.5, {}, []),
        (29.5, {}, [("PUT", ACME, {})]),
        (-1, {}, [("PUT", ACME, {})]),
        (29.5, {"renew_before": "3w"}, []),
        (60, {"renew_before": "80d"}, [("PUT", ACME, {"force": True})]),
    ],
)
def test_renewal(days: float, given: dict[str, Any], wanted: list[Any]) -> None:
    there = server(row(days=days), acme="domains=A.example.org")
    plan = planned(CERTIFICATE, there, node="n", acme=True, **given)
    assert calls(plan) == wanted
    assert all(step.starts_task and step.verify for step in plan.steps)
    assert there.asked == [INFO, CONFIG]


def test_a_span_longer_than_certificates_last_is_never_met() -> None:
    plan = planned(
        CERTIFICATE, server(row(days=89), acmedomain3="a.example.org"), node="n", acme=True, renew_before="1y"
    )
    assert [step.verify for step in plan.steps] == [False]


def test_orders() -> None:
    config = {"acme": "account=x,domains=a.example.org", "acmedomain1": "domain=b.example.org,plugin=dns"}
    assert calls(planned(CERTIFICATE, server(**config), node="n", acme=True)) == [("POST", ACME, {})]
    with pytest.raises(Refused, match=r"not for b\.example\.org"):
        planned(CERTIFICATE, server(row(), **config), node="n", acme=True)
    plan = planned(CERTIFICATE, server(row(), **config), node="n", acme=True, force=True)
    assert calls(plan) == [("POST", ACME, {"force": True})]


def test_revocation() -> None:
    plan = planned(CERTIFICATE, server(row()), node="n", acme=True, state="absent")
    assert calls(plan) == [("DELETE", ACME, {})]
    assert plan.steps[0].starts_task


def encrypted(key: str) -> str:
    loaded = serialization.load_pem_private_key(key.encode(), None)
    best = serialization.BestAvailableEncryption(b"x")
    forms = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return loaded.private_bytes(*forms, best).decode()


@pytest.mark.parametrize(
    ("given", "option"),
    [
        ({"certificates": ONE}, "key"),
        ({"certificates": "nonsense", "key": KEY}, "certificates"),
        ({"certificates": ONE + KEY, "key": KEY}, "certificates"),
        ({"certificates": ONE.replace("M", "Q", 3), "key": KEY}, "certificates"),
        ({"certificates": ONE.replace("M", "é", 1), "key": KEY}, "certificates"),
        ({"certificates": ONE, "key": KEY.replace("M", "é", 1)}, "key"),
        ({"certificates": ONE, "key": "nonsense"}, "key"),
        ({"certificates": ONE, "key": PAIRS[1]["key"]}, "key"),
        ({"certificates": ONE, "key": encrypted(KEY)}, "key"),
        ({"certificates": ONE, "key": KEY, "acme": True}, "certificates"),
        ({"certificates": ONE, "state": "absent"}, "certificates"),
        ({"acme": True}, "acme"),
        ({"acme": True, "renew_before": "soon"}, "renew_before"),
        ({"acme": True, "restart": True}, "restart"),
        ({"key": KEY}, "key"),
        ({"renew_before": "30d"}, "renew_before"),
        ({"force": True}, "force"),
        ({"force": True, "state": "absent"}, "force"),
    ],
)
def test_bad_input_names_the_option(given: dict[str, Any], option: str) -> None:
    with pytest.raises(InvalidOption) as error:
        planned(CERTIFICATE, server(), node="n", **given)
    assert error.value.option == option


def test_info() -> None:
    listed = CERTIFICATE_INFO.read(server(row()), CERTIFICATE_INFO.parse(options(CERTIFICATE_INFO, node="n")))
    assert [entry["filename"] for entry in listed] == ["pve-ssl.pem", "pveproxy-ssl.pem"]
