# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64
from typing import Any

import pytest

from ansible_collections.pve.automation.plugins.module_utils._core.model.errors import InvalidOption, Refused
from ansible_collections.pve.automation.plugins.module_utils._core.model.plan import HIDDEN
from ansible_collections.pve.automation.plugins.module_utils._core.resources.cluster.notification import (
    ENDPOINT,
    ENDPOINT_INFO,
    MATCHER,
    MATCHER_INFO,
)
from tests.unit.resources.fake import Server, calls, options, planned

BASE = "/cluster/notifications/endpoints"
HOOK = f"{BASE}/webhook/h"
MAIL = f"{BASE}/sendmail/m"


def test_texts_and_secrets_of_a_webhook_are_encoded_and_secrets_hidden() -> None:
    desired = {
        "url": "https://x",
        "method": "post",
        "body": "a=✓",
        "header": {"X-A": "b,c"},
        "secret": {"token": "hush"},
    }
    plan = planned(ENDPOINT, Server(), name="h", type="webhook", **desired)
    params = {"name": "h", "url": "https://x", "method": "post", "body": "YT3inJM="}
    lists = {"header": ["name=X-A,value=Yixj"], "secret": ["name=token,value=aHVzaA=="]}
    assert calls(plan) == [("POST", f"{BASE}/webhook", {**params, **lists})]
    assert plan.steps[0].describe()["params"]["secret"] == HIDDEN
    assert (plan.after or {})["secret"] == HIDDEN
    answer = {**params, "header": lists["header"], "secret": ["name=token"], "digest": "x", "origin": "user-created"}
    server = Server({HOOK: answer})
    assert not planned(ENDPOINT, server, name="h", type="webhook", **desired).steps
    assert server.asked == [HOOK]


def test_a_body_that_a_template_turned_into_a_mapping_is_json_again() -> None:
    desired = {"url": "https://x", "method": "post", "body": {"text": "{{ escape title }}"}}
    plan = planned(ENDPOINT, Server(), name="h", type="webhook", **desired)
    assert base64.b64decode(plan.steps[0].params["body"]) == b'{"text": "{{ escape title }}"}'


def test_removed_options_are_a_repeated_parameter() -> None:
    server = Server({MAIL: {"name": "m", "mailto": ["a@x", "b@x"], "author": "me", "comment": "c"}})
    plan = planned(ENDPOINT, server, name="m", type="sendmail", mailto=["b@x"], comment="", unset=["author"])
    assert calls(plan) == [("PUT", MAIL, {"mailto": ["b@x"], "delete": ["comment", "author"]})]
    assert plan.after == {"type": "sendmail", "name": "m", "mailto": ["b@x"]}


def test_secrets_are_pushed_only_on_demand() -> None:
    server = Server({f"{BASE}/gotify/g": {"name": "g", "server": "http://x"}})
    desired = {"name": "g", "type": "gotify", "server": "http://x", "token": "t"}
    assert not planned(ENDPOINT, server, **desired).steps
    plan = planned(ENDPOINT, server, **desired, update_password="always")
    assert calls(plan) == [("PUT", f"{BASE}/gotify/g", {"token": "t"})]
    assert not plan.steps[0].verify


@pytest.mark.parametrize(
    ("given", "option"),
    [
        ({"type": "gotify", "server": "x"}, "token"),
        ({"type": "gotify", "server": "x", "token": "t", "mailto": ["a@x"]}, "mailto"),
        ({"type": "smtp", "server": "x", "mailto": ["a@x"]}, "from_address"),
        ({"type": "sendmail"}, "mailto or mailto_user"),
        ({"type": "webhook", "url": "x"}, "method"),
        ({"type": "webhook", "url": "", "method": "post"}, "url"),
    ],
)
def test_bad_input_names_the_option(given: dict[str, Any], option: str) -> None:
    with pytest.raises(InvalidOption) as error:
        planned(ENDPOINT, Server(), name="e", **given)
    assert error.value.option == option


def test_endpoints_are_deleted_below_their_type() -> None:
    server = Server({MAIL: {"name": "m", "mailto": ["a@x"]}})
    assert calls(planned(ENDPOINT, server, name="m", type="sendmail", state="absent")) == [("DELETE", MAIL, {})]
    assert not planned(ENDPOINT, Server(), name="m", type="sendmail", state="absent").steps


def test_appending_targets_takes_none_away() -> None:
    path = "/cluster/notifications/matchers/m"
    present = Server({path: {"name": "m", "target": ["mail"]}})
    (call,) = calls(planned(MATCHER, present, name="m", target=["gotify"], append=True))
    assert call == ("PUT", path, {"target": ["gotify", "mail"]})
    assert not planned(MATCHER, present, name="m", target=["mail"], append=True).steps


def test_rules_of_a_matcher_are_never_split() -> None:
    path = "/cluster/notifications/matchers/m"
    desired = {"match_severity": ["warning,error"], "match_calendar": ["mon..fri 8:00-17:00"], "mode": "all"}
    server = Server(
        {path: {"name": "m", "match-severity": ["warning,error"], "match-calendar": ["mon..fri 8:00-17:00"]}}
    )
    assert not planned(MATCHER, server, name="m", **desired, invert_match=False).steps
    assert calls(planned(MATCHER, server, name="m", match_calendar=[], target=["b", "a"])) == [
        ("PUT", path, {"target": ["a", "b"], "delete": ["match-calendar"]})
    ]


def test_a_test_message_is_the_last_step_and_never_sent_twice_blindly() -> None:
    server = Server({MAIL: {"name": "m", "mailto": ["a@x"]}})
    plan = planned(ENDPOINT, server, name="m", type="sendmail", comment="c", send_test=True)
    send: Any = ("POST", "/cluster/notifications/targets/m/test", {})
    assert calls(plan) == [("PUT", MAIL, {"comment": "c"}), send]
    assert not plan.steps[1].repeatable
    assert calls(planned(ENDPOINT, server, name="m", type="sendmail", send_test=True)) == [send]
    with pytest.raises(InvalidOption, match="send_test"):
        planned(ENDPOINT, server, name="m", type="sendmail", state="absent", send_test=True)


@pytest.mark.parametrize(
    ("resource", "given"),
    [(ENDPOINT, {"name": "mail-to-root", "type": "sendmail"}), (MATCHER, {"name": "default-matcher"})],
    ids=["endpoint", "matcher"],
)
def test_what_the_server_always_has_can_be_switched_off_but_not_deleted(resource: Any, given: dict[str, Any]) -> None:
    paths = (f"{BASE}/sendmail/mail-to-root", "/cluster/notifications/matchers/default-matcher")
    server = Server({path: {"name": given["name"], "mailto-user": ["root@pam"]} for path in paths})
    assert [step.params for step in planned(resource, server, disable=True, **given).steps] == [{"disable": 1}]
    with pytest.raises(Refused, match=given["name"]):
        planned(resource, server, state="absent", **given)


def test_endpoints_are_listed_with_all_options_where_the_type_is_given() -> None:
    hook = {
        "name": "h",
        "url": "https://x",
        "method": "post",
        "body": "YQ==",
        "disable": 1,
        "origin": "user-created",
        "secret": ["name=t"],
    }
    target = {"name": "h", "type": "webhook", "disable": 0, "origin": "user-created"}
    server = Server({f"{BASE}/webhook": [hook], "/cluster/notifications/targets": [target, {**target, "name": "g"}]})

    def listed(**given: str) -> Any:
        return ENDPOINT_INFO.read(server, ENDPOINT_INFO.parse(options(ENDPOINT_INFO, **given)))

    reported = {"name": "h", "type": "webhook", "url": "https://x", "method": "post", "body": "a", "disable": True}
    assert listed(type="webhook") == [{**reported, "origin": "user-created"}]
    assert [row["name"] for row in listed()] == ["g", "h"]
    assert listed(name="h") == [{**target, "disable": False}]


def test_matchers_are_listed() -> None:
    rows = [{"name": "m", "mode": "any", "match-severity": ["error"], "invert-match": 1, "origin": "builtin"}]
    server = Server({"/cluster/notifications/matchers": rows})
    listed = MATCHER_INFO.read(server, MATCHER_INFO.parse(options(MATCHER_INFO)))
    assert listed == [
        {"name": "m", "mode": "any", "match_severity": ["error"], "invert_match": True, "origin": "builtin"}
    ]
