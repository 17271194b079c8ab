# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64
from typing import Any

import pytest

from ansible_collections.pve.automation.plugins.module_utils._core.model.errors import InvalidOption, InvalidParameter
from ansible_collections.pve.automation.plugins.module_utils._core.model.plan import HIDDEN
from ansible_collections.pve.automation.plugins.module_utils._core.resources.cluster.acme import (
    ACCOUNT,
    ACCOUNT_INFO,
    PLUGIN,
    PLUGIN_INFO,
)
from tests.unit.resources.fake import Server, calls, options, planned

ACCOUNT_PATH, PLUGIN_PATH = "/cluster/acme/account/default", "/cluster/acme/plugins/p"
DIRECTORY = "https://acme.example.com/directory"
REGISTERED = {
    "account": {"status": "valid", "contact": ["mailto:b@example.com", "mailto:a@example.com"]},
    "directory": DIRECTORY,
    "location": "https://acme.example.com/acct/1",
    "tos": "https://acme.example.com/terms",
}
ABSENT = {"name": "ACME account config file 'default' does not exist."}
NO_ACCOUNT = {ACCOUNT_PATH: InvalidParameter("GET", ACCOUNT_PATH, 400, "Parameter verification failed.", ABSENT)}
DNS = {"plugin": "p", "type": "dns", "api": "cf", "data": "CF_Token=x\nCF_Zone=a=b\n", "digest": "d", "nodes": "b,a"}


def test_registering_is_a_task_that_keeps_the_key_secret() -> None:
    plan = planned(ACCOUNT, Server(NO_ACCOUNT), contact=["b@x.org", "a@x.org"], eab_kid="k", eab_hmac_key="hush")
    params = {"name": "default", "contact": "a@x.org,b@x.org", "eab-kid": "k", "eab-hmac-key": "hush"}
    assert calls(plan) == [("POST", "/cluster/acme/account", params)]
    assert plan.steps[0].starts_task
    assert "hush" not in str(plan.steps[0].describe()) + str(plan.after)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"contact": ["a@example.com", "b@example.com"], "directory": DIRECTORY, "tos_url": REGISTERED["tos"]},
        {"contact": ["b@example.com", "a@example.com"], "eab_kid": "k", "eab_hmac_key": "hush"},
    ],
)
def test_an_account_that_is_there_takes_one_read(given: dict[str, Any]) -> None:
    server = Server({ACCOUNT_PATH: REGISTERED})
    assert not planned(ACCOUNT, server, **given).steps
    assert server.asked == [ACCOUNT_PATH]


def test_changing_and_deactivating_an_account_are_tasks() -> None:
    server = Server({ACCOUNT_PATH: REGISTERED})
    changed = planned(ACCOUNT, server, contact=["c@example.com"])
    gone = planned(ACCOUNT, server, state="absent")
    assert calls(changed) == [("PUT", ACCOUNT_PATH, {"contact": "c@example.com"})]
    assert calls(gone) == [("DELETE", ACCOUNT_PATH, {})]
    assert changed.steps[0].starts_task
    assert gone.steps[0].starts_task
    assert not planned(ACCOUNT, Server(NO_ACCOUNT), state="absent").steps


def test_another_complaint_about_an_account_is_an_error() -> None:
    wrong = InvalidParameter("GET", ACCOUNT_PATH, 400, "Parameter verification failed.", {"name": "invalid format"})
    with pytest.raises(InvalidParameter):
        planned(ACCOUNT, Server({ACCOUNT_PATH: wrong}), state="absent")


@pytest.mark.parametrize(
    ("present", "given", "option"),
    [
        (False, {}, "contact"),
        (False, {"contact": []}, "contact"),
        (True, {"directory": "https://other.example.com"}, "directory"),
        (True, {"tos_url": "https://acme.example.com/newer"}, "tos_url"),
    ],
)
def test_bad_input_for_accounts_names_the_option(present: bool, given: dict[str, Any], option: str) -> None:
    with pytest.raises(InvalidOption) as error:
        planned(ACCOUNT, Server({ACCOUNT_PATH: REGISTERED} if present else NO_ACCOUNT), **given)
    assert error.value.option == option


def test_account_info_reads_what_is_asked_for() -> None:
    server = Server(
        {
            "/cluster/acme/account": [{"name": "default"}, {"name": "other"}],
            ACCOUNT_PATH: REGISTERED,
            "/cluster/acme/meta": {"termsOfService": "t"},
        }
    )
    given = options(ACCOUNT_INFO, name="default", gather=["accounts", "meta"])
    reported = ACCOUNT_INFO.read(server, ACCOUNT_INFO.parse(given))
    assert [(row["name"], row["contact"]) for row in reported["accounts"]] == [
        ("default", ["a@example.com", "b@example.com"])
    ]
    assert reported["meta"] == {"termsOfService": "t"}
    assert server.asked == ["/cluster/acme/account", ACCOUNT_PATH, "/cluster/acme/meta"]


def test_creating_a_plugin_sends_its_data_in_base64_and_shows_it_nowhere() -> None:
    plan = planned(PLUGIN, Server(), id="p", type="dns", api="cf", data={"CF_Token": "hush", "CF_TTL": 60})
    data = base64.b64encode(b"CF_Token=hush\nCF_TTL=60\n").decode()
    assert calls(plan) == [("POST", "/cluster/acme/plugins", {"id": "p", "type": "dns", "api": "cf", "data": data})]
    assert plan.steps[0].describe()["params"]["data"] == HIDDEN
    assert "hush" not in str(plan.after)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"data": {"CF_Zone": "a=b", "CF_Token": "x"}},
        {"data": "CF_Zone=a=b\n\n  CF_Token=x"},
        {"type": "dns", "api": "cf", "validation_delay": 30, "disable": False, "nodes": ["a", "b"]},
    ],
)
def test_a_plugin_that_is_there_takes_one_read(given: dict[str, Any]) -> None:
    server = Server({PLUGIN_PATH: DNS})
    plan = planned(PLUGIN, server, id="p", **given)
    assert not plan.steps
    assert server.asked == [PLUGIN_PATH]
    assert plan.before is not None
    assert "data" not in plan.before


def test_changed_data_is_sent_whole_with_the_digest_and_verified() -> None:
    plan = planned(PLUGIN, Server({PLUGIN_PATH: DNS}), id="p", data="CF_Token=y")
    assert calls(plan) == [("PUT", PLUGIN_PATH, {"data": base64.b64encode(b"CF_Token=y\n").decode(), "digest": "d"})]
    assert plan.steps[0].verify
    assert plan.after is not None
    assert plan.after["data"] == HIDDEN


@pytest.mark.parametrize("given", [{"data": ""}, {"unset": ["data"]}])
def test_data_can_be_removed(given: dict[str, Any]) -> None:
    plan = planned(PLUGIN, Server({PLUGIN_PATH: DNS}), id="p", **given)
    assert calls(plan) == [("PUT", PLUGIN_PATH, {"delete": "data", "digest": "d"})]
    without = {name: value for name, value in DNS.items() if name != "data"}
    assert not planned(PLUGIN, Server({PLUGIN_PATH: without}), id="p", **given).steps


@pytest.mark.parametrize(
    ("present", "given", "option"),
    [
        (False, {}, "type"),
        (False, {"type": "dns"}, "api"),
        (False, {"type": "standalone", "data": "A=b"}, "data"),
        (True, {"type": "standalone"}, "type"),
        (True, {"data": "no pair"}, "data"),
        (True, {"data": {"A": "two\nlines"}}, "data"),
        (True, {"id": "standalone", "state": "absent"}, "id"),
    ],
)
def test_bad_input_for_plugins_names_the_option(present: bool, given: dict[str, Any], option: str) -> None:
    with pytest.raises(InvalidOption) as error:
        planned(PLUGIN, Server({PLUGIN_PATH: DNS} if present else {}), **{"id": "p", **given})
    assert error.value.option == option


def test_plugin_info_hides_the_data() -> None:
    server = Server({"/cluster/acme/plugins": [{"plugin": "standalone", "type": "standalone"}, DNS]})
    reported = PLUGIN_INFO.read(server, PLUGIN_INFO.parse(options(PLUGIN_INFO)))
    assert [(row["id"], row["type"]) for row in reported["plugins"]] == [("p", "dns"), ("standalone", "standalone")]
    assert "CF_Token" not in str(reported)
