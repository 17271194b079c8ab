# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.pve.automation.plugins.module_utils._core.model.errors import InvalidOption
from ansible_collections.pve.automation.plugins.module_utils._core.resources.access.tfa import TFA, TFA_INFO, totp_code
from tests.unit.resources.fake import Server, calls, options, planned

PATH = "/access/tfa/alice@pve"
URI = "otpauth://totp/alice@pve?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&digits=8"
PHONE = {"id": "p1", "type": "totp", "description": "phone", "created": 1, "enable": 0}
TABLET = {"id": "p2", "type": "totp", "description": "tablet", "created": 2}
KEYS = {"id": "recovery", "type": "recovery", "created": 3}


def server(*entries: dict[str, Any]) -> Server:
    return Server({PATH: list(entries)})


@pytest.mark.parametrize(("moment", "code"), [(59, "94287082"), (1111111109, "07081804"), (20000000000, "65353130")])
def test_codes_are_those_of_the_standard(moment: int, code: str) -> None:
    """The values are the test vectors of RFC 6238, appendix B."""
    assert totp_code(URI, moment) == code


def test_other_algorithms() -> None:
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZA"
    assert totp_code(f"otpauth://totp/x?secret={secret}&digits=8&algorithm=SHA256", 59) == "46119246"


@pytest.mark.parametrize(
    "uri",
    ["nonsense", "otpauth://hotp/x?secret=GEZDGNBV", "otpauth://totp/x", f"{URI}&algorithm=MD5", f"{URI}&period=0"],
)
def test_bad_uris_are_refused(uri: str) -> None:
    with pytest.raises(InvalidOption, match="totp"):
        totp_code(uri, 59)


def test_adding_a_code_generator() -> None:
    plan = planned(TFA, server(KEYS), userid="alice@pve", type="totp", description="phone", totp=URI)
    [(method, path, params)] = calls(plan)
    assert (method, path) == ("POST", PATH)
    assert set(params) == {"type", "description", "totp", "value"}
    assert len(params["value"]) == 8
    assert not plan.steps[0].repeatable
    assert "GEZDGNBV" not in str(plan.steps[0].describe()) + str(plan.after)


def test_adding_recovery_keys_returns_them() -> None:
    plan = planned(TFA, server(), userid="alice@pve", type="recovery")
    assert calls(plan) == [("POST", PATH, {"type": "recovery"})]
    assert plan.steps[0].returns == {"recovery_keys": "recovery"}


@pytest.mark.parametrize(
    "given",
    [
        {"type": "totp", "description": "phone", "totp": URI},
        {"type": "totp", "description": "phone", "enable": False},
        {"type": "recovery"},
        {"id": "p1", "description": "phone"},
    ],
)
def test_what_is_there_takes_one_read_and_no_call(given: dict[str, Any]) -> None:
    present = server(PHONE, TABLET, KEYS)
    assert not planned(TFA, present, userid="alice@pve", **given).steps
    assert present.asked == [PATH]


def test_changes() -> None:
    plan = planned(TFA, server(PHONE, TABLET), userid="alice@pve", id="p1", description="old phone", enable=True)
    assert calls(plan) == [("PUT", f"{PATH}/p1", {"description": "old phone", "enable": True})]
    assert plan.after is not None
    assert plan.after["entries"][0]["enable"] is True


def test_deletion() -> None:
    present = server(PHONE, TABLET)
    plan = planned(TFA, present, userid="alice@pve", type="totp", description="tablet", state="absent")
    assert calls(plan) == [("DELETE", f"{PATH}/p2", {})]
    assert plan.after is not None
    assert [entry["id"] for entry in plan.after["entries"]] == ["p1"]
    assert not planned(TFA, present, userid="alice@pve", id="p9", state="absent").steps


def test_others_than_root_confirm_with_their_own_password() -> None:
    given = options(TFA, userid="alice@pve", id="p1", state="absent")
    desired = TFA.parse({**given, "api_user": "bob@pve", "api_password": "own-pass"})
    step = TFA.plan(TFA.read(server(PHONE), desired), desired).steps[0]
    assert step.params == {"password": "own-pass"}
    assert "own-pass" not in str(step.describe())


def test_unlocking() -> None:
    locked = Server({"/access/tfa": [{"userid": "alice@pve", "entries": [KEYS], "totp-locked": 1}]})
    assert calls(planned(TFA, locked, userid="alice@pve", unlock=True)) == [
        ("PUT", "/access/users/alice@pve/unlock-tfa", {})
    ]
    free = Server({"/access/tfa": [{"userid": "alice@pve", "entries": [KEYS], "tfa-locked-until": 5}]})
    assert not planned(TFA, free, userid="alice@pve", unlock=True).steps


@pytest.mark.parametrize(
    ("given", "option"),
    [
        ({}, "id, type"),
        ({"type": "totp"}, "description"),
        ({"type": "totp", "description": "new"}, "totp"),
        ({"type": "webauthn"}, "type"),
        ({"type": "yubico"}, "value"),
        ({"type": "recovery", "enable": False}, "enable"),
        ({"id": "p9"}, "id"),
        ({"unlock": True, "state": "absent"}, "unlock"),
    ],
)
def test_bad_input_names_the_option(given: dict[str, Any], option: str) -> None:
    with pytest.raises(InvalidOption) as error:
        planned(TFA, server(PHONE, TABLET), userid="alice@pve", **given)
    assert error.value.option == option


def test_a_token_cannot_change_factors() -> None:
    desired = TFA.parse({**options(TFA, userid="alice@pve", type="recovery"), "api_token_id": "bob@pve!t1"})
    with pytest.raises(InvalidOption, match="api_token_id"):
        TFA.plan(TFA.read(server(), desired), desired)


def test_info() -> None:
    there = Server({"/access/tfa": [{"userid": "b@pve", "entries": [PHONE]}, {"userid": "a@pve", "entries": [KEYS]}]})
    listed = TFA_INFO.read(there, TFA_INFO.parse(options(TFA_INFO)))
    assert [(row["userid"], row["entries"][0]["enable"]) for row in listed] == [("a@pve", True), ("b@pve", False)]
