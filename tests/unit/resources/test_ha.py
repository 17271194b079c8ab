# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
import yaml

from ansible_collections.pve.automation.plugins.module_utils._core.api.connection import Connection
from ansible_collections.pve.automation.plugins.module_utils._core.model.errors import (
    ApiError,
    InvalidOption,
    NotFound,
    NotImplementedByServer,
    PermissionDenied,
    Refused,
)
from ansible_collections.pve.automation.plugins.module_utils._core.resources.ha.resource import INFO, RESOURCE, Comment
from ansible_collections.pve.automation.plugins.module_utils._core.resources.ha.rule import GROUP, RULE, NodePriorities
from tests.unit.resources.fake import Server, calls, options, planned

GUESTS = {
    "/cluster/resources": [{"vmid": 100, "type": "qemu"}, {"vmid": 101, "type": "lxc"}],
    "/cluster/ha/resources": [{"sid": "vm:100"}, {"sid": "ct:101"}],
    "/nodes": [{"node": "pve1"}, {"node": "pve2"}],
}
PATH = "/cluster/ha/resources/vm:100"
RULE_PATH = "/cluster/ha/rules/r1"


def with_resource(release: tuple[int, int] = (9, 2), **config: Any) -> Server:
    answer = {"sid": "vm:100", "type": "vm", "digest": "0" * 40, **config}
    return Server({PATH: answer, "/cluster/ha/resources/100": answer, **GUESTS}, release)


def with_rule(**config: Any) -> Server:
    rule = {"rule": "r1", "order": 1, "type": "node-affinity", "resources": "vm:100", "nodes": "pve1:2", **config}
    return Server({RULE_PATH: rule, **GUESTS})


# --- resources ----------------------------------------------------------------------------------------------------------


def test_auto_rebalance_is_sent_with_a_hyphen_and_read_back() -> None:
    plan = planned(RESOURCE, Server(GUESTS), sid="vm:100", auto_rebalance=False)
    assert calls(plan) == [("POST", "/cluster/ha/resources", {"sid": "vm:100", "auto-rebalance": 0})]
    assert not planned(
        RESOURCE, with_resource(**dict[str, Any]({"auto-rebalance": 0})), sid="vm:100", auto_rebalance=False
    ).steps
    assert not planned(RESOURCE, with_resource(), sid="vm:100", auto_rebalance=True).steps


def test_a_bare_number_is_completed_before_anything_is_created() -> None:
    plan = planned(RESOURCE, Server(GUESTS), sid="101", state="started", failback=False, max_restart=0)
    assert calls(plan) == [
        ("POST", "/cluster/ha/resources", {"sid": "ct:101", "failback": 0, "max_restart": 0, "state": "started"})
    ]
    assert plan.after == {"sid": "ct:101", "failback": False, "max_restart": 0, "state": "started"}


def test_a_noop_is_one_get() -> None:
    server = with_resource(state="stopped", max_restart=2, failback=0)
    assert not planned(RESOURCE, server, sid="100", state="stopped", max_restart=2, failback=False).steps
    assert server.asked == ["/cluster/ha/resources/100"]


def test_defaults_of_the_server_equal_being_absent() -> None:
    server = with_resource()
    assert not planned(RESOURCE, server, sid="100", state="started", max_restart=1, max_relocate=1, failback=True).steps


def test_an_empty_comment_equals_none() -> None:
    assert not planned(RESOURCE, with_resource(), sid="100", comment="").steps
    assert not planned(RULE, with_rule(), rule="r1", comment="").steps
    group = Server({"/cluster/ha/groups/g1": {"group": "g1", "nodes": "pve1", "digest": "x"}})
    assert not planned(GROUP, group, group="g1", comment="").steps


def test_present_says_nothing_about_the_requested_state() -> None:
    assert not planned(RESOURCE, with_resource(state="ignored"), sid="vm:100").steps


def test_enabled_is_started() -> None:
    assert not planned(RESOURCE, with_resource(state="enabled"), sid="vm:100", state="started").steps


def test_only_what_differs_is_sent_and_the_empty_comment_is_deleted() -> None:
    plan = planned(RESOURCE, with_resource(state="stopped", comment="x"), sid="100", state="disabled", comment="")
    assert calls(plan) == [("PUT", PATH, {"state": "disabled", "delete": "comment"})]


@pytest.mark.parametrize("text", ["kept ✓", "é", "naïve → yes", "plain", "Ã"])
def test_garbled_comments_are_reported_from_good_ones(text: str) -> None:
    garbled = text.encode().decode("latin-1")
    assert Comment().parse(garbled) == Comment().parse(text) == text


def test_what_a_user_wrote_is_never_taken_for_garbled() -> None:
    assert Comment().parse_option("Ã¤ ") == "Ã¤"


@pytest.mark.parametrize(("purge", "params"), [(None, {}), (True, {"purge": True}), (False, {"purge": False})])
def test_absent_sends_purge_only_if_it_was_given(purge: bool | None, params: dict[str, Any]) -> None:
    plan = planned(RESOURCE, with_resource(), sid="100", state="absent", purge=purge)
    assert calls(plan) == [("DELETE", PATH, params)]


def test_absent_of_a_guest_that_is_gone_is_nothing() -> None:
    assert not planned(RESOURCE, Server(), sid="100", state="absent").steps


@pytest.mark.parametrize(
    ("release", "given", "option"),
    [
        ((8, 4), {"failback": False}, "failback"),
        ((8, 4), {"auto_rebalance": False}, "auto_rebalance"),
        ((8, 4), {"state": "absent", "purge": True}, "purge"),
        ((9, 2), {"group": "g1"}, "group"),
        ((9, 2), {"max_restart": -1}, "max_restart"),
        ((9, 2), {"unset": ["state"]}, "unset"),
    ],
)
def test_what_a_server_cannot_do_is_refused(release: tuple[int, int], given: dict[str, Any], option: str) -> None:
    with pytest.raises(InvalidOption) as error:
        planned(RESOURCE, with_resource(release), sid="100", **given)
    assert error.value.option == option


def test_groups_are_for_older_servers() -> None:
    plan = planned(RESOURCE, with_resource((8, 4)), sid="100", group="g1")
    assert calls(plan) == [("PUT", PATH, {"group": "g1"})]


@pytest.mark.parametrize("sid", ["nonsense", "vm:", "vm:1", "qemu:100", "99", "", "0100"])
def test_bad_ids_are_refused(sid: str) -> None:
    with pytest.raises(InvalidOption) as error:
        RESOURCE.parse(options(RESOURCE, sid=sid))
    assert error.value.option == "sid"


def test_an_unknown_guest_is_refused_before_any_write() -> None:
    with pytest.raises(InvalidOption, match="no guest 199"):
        planned(RESOURCE, Server(GUESTS), sid="199")


# --- rules --------------------------------------------------------------------------------------------------------------


def test_a_rule_is_created_with_full_ids() -> None:
    server = Server(GUESTS)
    plan = planned(
        RULE,
        server,
        rule="r1",
        type="node-affinity",
        resources=["101", "vm:100"],
        nodes=["pve2", "pve1:2"],
        strict=False,
    )
    params = {"type": "node-affinity", "nodes": "pve1:2,pve2", "resources": "vm:100,ct:101", "strict": 0}
    assert calls(plan) == [("POST", "/cluster/ha/rules", {"rule": "r1", **params})]


def test_a_rule_that_is_there_takes_one_get() -> None:
    server = with_rule(strict=0)
    desired = {"type": "node-affinity", "resources": ["100"], "nodes": ["pve1:2"], "strict": False, "disable": False}
    assert not planned(RULE, server, rule="r1", **desired).steps
    assert server.asked == [RULE_PATH]


def test_an_update_names_the_type() -> None:
    plan = planned(RULE, with_rule(comment="x", strict=1), rule="r1", nodes=["pve2"], strict=False, comment="")
    assert calls(plan) == [
        ("PUT", RULE_PATH, {"type": "node-affinity", "delete": "comment", "nodes": "pve2", "strict": 0})
    ]


def test_append_only_adds() -> None:
    assert calls(planned(RULE, with_rule(), rule="r1", resources=["101"], append=True)) == [
        ("PUT", RULE_PATH, {"type": "node-affinity", "resources": "vm:100,ct:101"})
    ]
    assert not planned(RULE, with_rule(), rule="r1", resources=["vm:100"], append=True).steps
    assert calls(planned(RULE, with_rule(), rule="r1", resources=["ct:101"])) == [
        ("PUT", RULE_PATH, {"type": "node-affinity", "resources": "ct:101"})
    ]


def test_a_rule_may_keep_away_from_nodes() -> None:
    desired = {"rule": "r1", "affinity": "negative"}
    changed = ("PUT", RULE_PATH, {"type": "node-affinity", "affinity": "negative", "digest": "d"})
    assert calls(planned(RULE, with_rule(digest="d"), **desired)) == [changed]
    assert not planned(RULE, with_rule(), rule="r1", affinity="positive").steps
    assert not planned(RULE, with_rule(affinity="negative"), **desired).steps


def test_affinity_is_not_carried_over_to_another_type() -> None:
    """Away from nodes is something else than away from each other."""
    with pytest.raises(InvalidOption, match="affinity"):
        planned(RULE, with_rule(affinity="negative", resources="vm:100,ct:101"), rule="r1", type="resource-affinity")


def test_another_type_is_delete_and_create_and_carries_over() -> None:
    server = with_rule(resources="vm:100,ct:101", comment="kept", strict=1)
    plan = planned(RULE, server, rule="r1", type="resource-affinity", affinity="negative")
    created = {"rule": "r1", "type": "resource-affinity", "affinity": "negative", "comment": "kept"}
    assert calls(plan) == [
        ("DELETE", RULE_PATH, {}),
        ("POST", "/cluster/ha/rules", {**created, "resources": "vm:100,ct:101"}),
    ]
    assert plan.after == {**created, "resources": ["vm:100", "ct:101"]}


@pytest.mark.parametrize(
    ("given", "option"),
    [
        ({"resources": ["vm:100"]}, "type"),
        ({"type": "node-affinity", "resources": ["vm:100"]}, "nodes"),
        ({"type": "node-affinity", "nodes": ["pve1"]}, "resources"),
        ({"type": "resource-affinity", "resources": ["vm:100", "ct:101"]}, "affinity"),
        ({"type": "resource-affinity", "resources": ["vm:100"], "affinity": "positive"}, "resources"),
        ({"type": "resource-affinity", "resources": ["vm:100"], "affinity": "positive", "strict": False}, "strict"),
        ({"type": "node-affinity", "resources": ["all"], "nodes": ["pve1"]}, "resources"),
        ({"type": "node-affinity", "resources": ["vm:100"], "nodes": ["pve1:high"]}, "nodes"),
        ({"type": "node-affinity", "resources": ["vm:100"], "nodes": ["pve1", "pve1:2"]}, "nodes"),
        ({"type": "node-affinity", "resources": [], "nodes": ["pve1"]}, "resources"),
        ({"type": "node-affinity", "resources": ["199"], "nodes": ["pve1"]}, "resources"),
    ],
)
def test_a_rule_that_cannot_be_is_refused(given: dict[str, Any], option: str) -> None:
    with pytest.raises(InvalidOption) as error:
        planned(RULE, Server(GUESTS), rule="r1", **given)
    assert error.value.option == option


def test_priority_zero_is_no_priority() -> None:
    assert NodePriorities().parse("pve2:0;pve1:02") == ["pve1:2", "pve2"]


def test_servers_without_rules_are_distinguished() -> None:
    missing = NotImplementedByServer("GET", RULE_PATH, 501, "Method 'GET /cluster/ha/rules/r1' not implemented")
    with pytest.raises(NotImplementedByServer, match="pve_ha_group"):
        planned(RULE, Server({RULE_PATH: missing}), rule="r1")


# --- groups -------------------------------------------------------------------------------------------------------------


def test_a_group_is_created_changed_and_deleted() -> None:
    path = "/cluster/ha/groups/g1"
    desired = {"nodes": ["pve2:1", "pve1"], "restricted": True}
    assert calls(planned(GROUP, Server(), group="g1", **desired)) == [
        ("POST", "/cluster/ha/groups", {"group": "g1", "nodes": "pve1,pve2:1", "restricted": 1})
    ]
    server = Server({path: {"group": "g1", "nodes": "pve2:1,pve1", "restricted": 1, "digest": "x"}})
    assert not planned(GROUP, server, group="g1", **desired, nofailback=False).steps
    assert calls(planned(GROUP, server, group="g1", nofailback=True)) == [("PUT", path, {"nofailback": 1})]
    assert calls(planned(GROUP, server, group="g1", state="absent")) == [("DELETE", path, {})]


def test_a_group_needs_nodes() -> None:
    with pytest.raises(InvalidOption, match="nodes"):
        planned(GROUP, Server(), group="g1")


def test_appending_nodes_to_a_group_takes_none_away() -> None:
    path = "/cluster/ha/groups/g1"
    server = Server({path: {"group": "g1", "nodes": "pve1,pve2:2"}})
    assert calls(planned(GROUP, server, group="g1", nodes=["pve2:3", "pve3"], append=True)) == [
        ("PUT", path, {"nodes": "pve1,pve2:3,pve3"})
    ]
    assert not planned(GROUP, server, group="g1", nodes=["pve2:2"], append=True).steps


def migrated() -> Server:
    text = "cannot read group: ha groups have been migrated to rules"
    return Server({"/cluster/ha/groups/g1": ApiError("GET", "/cluster/ha/groups/g1", 500, text)})


def test_a_server_with_rules_gets_a_task_ready_to_paste() -> None:
    with pytest.raises(Refused) as error:
        planned(GROUP, migrated(), group="g1", nodes=["pve1:2"], restricted=True, nofailback=True, comment="it's: #1")
    _text, _newline, pasted = error.value.hint.partition("\n")
    (task,) = yaml.safe_load(pasted)
    desired = task["pve.automation.pve_ha_rule"]
    assert desired.pop("resources") == []
    assert desired == {
        "rule": "g1",
        "type": "node-affinity",
        "nodes": ["pve1:2"],
        "strict": True,
        "comment": "it's: #1",
    }
    assert "pve_ha with failback: false" in pasted
    assert "rule" in options(RULE, **desired)


def test_a_server_with_rules_has_no_groups_to_delete() -> None:
    assert not planned(GROUP, migrated(), group="g1", state="absent").steps


# --- state --------------------------------------------------------------------------------------------------------------

ROWS = [
    {"id": "quorum", "type": "quorum", "node": "pve1", "quorate": 1, "status": "OK"},
    {"id": "master", "type": "master", "node": "pve2", "status": "pve2 (active)"},
    {"id": "service:vm:100", "type": "service", "sid": "vm:100", "node": "pve1", "state": "started"},
    {"id": "service:ct:101", "type": "service", "sid": "ct:101", "node": "pve1", "state": "error"},
]


def test_info_takes_one_get() -> None:
    server = Server({"/cluster/ha/status/current": ROWS})
    found = INFO.read(server, INFO.parse(options(INFO)))
    assert server.asked == ["/cluster/ha/status/current"]
    assert (found["quorate"], found["master"], found["armed"]) == (True, "pve2", None)
    assert [row["sid"] for row in found["services"]] == ["ct:101", "vm:100"]


@pytest.mark.parametrize("sid", ["101", "ct:101"])
def test_info_of_one_resource(sid: str) -> None:
    server = Server(
        {
            "/cluster/ha/status/current": ROWS,
            "/cluster/ha/resources": [{"sid": "ct:101", "state": "started", "digest": "x"}, {"sid": "vm:100"}],
        }
    )
    found = INFO.read(server, INFO.parse(options(INFO, sid=sid, include=["resources"])))
    assert [row["sid"] for row in found["services"]] == ["ct:101"]
    assert found["resources"] == [{"sid": "ct:101", "state": "started"}]


def test_info_passes_errors_on() -> None:
    with pytest.raises(NotFound):
        INFO.read(Server({"/cluster/ha/status/current": []}), INFO.parse(options(INFO, include=["rules"])))


def test_comments_lose_blanks_and_rules_take_ascii_only() -> None:
    assert RESOURCE.parse(options(RESOURCE, sid="vm:100", comment="  größer ")).fields["comment"] == "größer"
    assert RULE.parse(options(RULE, rule="r1", comment="  two words ")).fields["comment"] == "two words"
    with pytest.raises(InvalidOption, match="outside ASCII, which PVE refuses in HA rules"):
        RULE.parse(options(RULE, rule="r1", comment="größer"))


@pytest.mark.parametrize(
    ("sid", "hint"), [("vm:999", "run the task that creates it first"), ("vm:101", "101 is ct:101")]
)
def test_a_guest_that_does_not_exist_is_no_resource(sid: str, hint: str) -> None:
    server = Server(GUESTS)
    server.connection = Connection(user="root@pam")
    with pytest.raises(InvalidOption, match=f"sid: there is no guest {sid} in the cluster") as caught:
        planned(RESOURCE, server, sid=sid)
    assert hint in caught.value.hint


def test_a_guest_that_the_login_cannot_see_may_exist() -> None:
    path = "/access/permissions"
    server = Server({**GUESTS, path: {"/vms/999": {"VM.PowerMgmt": 1}}})
    server.connection = Connection(token="ha@pve!t1")
    assert planned(RESOURCE, server, sid="vm:999").steps
    assert server.params[path] == {"path": "/vms/999"}
    server.answers[path] = {"/vms/999": {"VM.Audit": 1}}
    with pytest.raises(InvalidOption, match="no guest vm:999"):
        planned(RESOURCE, server, sid="vm:999")
    server.asked.clear()
    assert planned(RESOURCE, server, sid="vm:100").steps
    assert path not in server.asked


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"nodes": ["pve1", "pve9:2"]}, "nodes: node 'pve9' does not exist"),
        ({"resources": ["vm:102"], "append": True}, "resources: high availability does not manage vm:102"),
        (
            {"type": "resource-affinity", "affinity": "positive", "resources": ["vm:100", "vm:103"]},
            "resources: high availability does not manage vm:103",
        ),
    ],
)
def test_a_rule_names_nodes_and_resources_that_exist(given: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidOption, match=message):
        planned(RULE, with_rule(), rule="r1", **given)


def test_a_login_that_may_not_list_resources_leaves_them_to_the_server() -> None:
    server = with_rule()
    server.answers["/cluster/ha/resources"] = PermissionDenied("GET", "/cluster/ha/resources", 403, "no")
    assert planned(RULE, server, rule="r1", resources=["vm:102"]).steps
