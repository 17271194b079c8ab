# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.pve.automation.plugins.module_utils._core.model.errors import InvalidOption
from ansible_collections.pve.automation.plugins.module_utils._core.resources.node.settings import (
    NODE,
    NODE_DNS,
    NODE_HOSTS,
    NODE_TIME,
)
from ansible_collections.pve.automation.plugins.module_utils._core.run.hosted import AnyResource
from tests.unit.resources.fake import Server, calls, planned

CONFIG, DNS, TIME, HOSTS = (f"/nodes/pve1/{name}" for name in ("config", "dns", "time", "hosts"))
TABLE = "127.0.0.1 localhost\n192.0.2.1 pve1.example.org pve1\n"


def server(**more: Any) -> Server:
    return Server(
        {
            CONFIG: {
                "startall-onboot-delay": "5",
                "description": "Two\nlines ✓\n",
                "wakeonlan": "BC:24:11:00:00:09",
                "acme": "domains=b.example.org;a.example.org",
                "acmedomain0": "domain=c.example.org,plugin=standalone",
                "digest": "d",
            },
            DNS: {"search": "example.org", "dns1": "192.0.2.1", "dns3": "192.0.2.3"},
            TIME: {"timezone": "Etc/UTC", "time": 1, "localtime": 1},
            HOSTS: {"data": TABLE, "digest": "d"},
            **more,
        }
    )


@pytest.mark.parametrize(
    ("resource", "path", "given"),
    [
        (NODE, CONFIG, {}),
        (NODE, CONFIG, {"description": "Two\nlines ✓", "startall_onboot_delay": 5, "ballooning_target": 80}),
        (NODE, CONFIG, {"wakeonlan": {"mac": "bc-24-11-00-00-09"}}),
        (NODE, CONFIG, {"acme": {"account": "default", "domains": ["a.example.org", "b.example.org"]}}),
        (NODE, CONFIG, {"acmedomain0": "c.example.org", "unset": ["location", "acmedomain5"]}),
        (NODE_DNS, DNS, {}),
        (NODE_DNS, DNS, {"search": "example.org", "servers": ["192.0.2.1", "192.0.2.3"]}),
        (NODE_TIME, TIME, {"timezone": "Etc/UTC"}),
        (NODE_HOSTS, HOSTS, {}),
        (NODE_HOSTS, HOSTS, {"data": TABLE.rstrip()}),
    ],
)
def test_what_is_there_takes_one_get(resource: AnyResource, path: str, given: dict[str, Any]) -> None:
    present = server()
    assert not planned(resource, present, node="pve1", **given).steps
    assert present.asked == [path]


@pytest.mark.parametrize(
    ("given", "params"),
    [
        ({"startall_onboot_delay": 0}, {"startall-onboot-delay": "0"}),
        ({"unset": ["startall_onboot_delay"], "description": ""}, {"delete": "description,startall-onboot-delay"}),
        (
            {"wakeonlan": {"broadcast-address": "192.0.2.255"}},
            {"wakeonlan": "BC:24:11:00:00:09,broadcast-address=192.0.2.255"},
        ),
        (
            {"acmedomain0": {"alias": "x.example.org"}},
            {"acmedomain0": "c.example.org,plugin=standalone,alias=x.example.org"},
        ),
        ({"location": {"latitude": 48.2, "longitude": 16}}, {"location": "latitude=48.2,longitude=16"}),
    ],
)
def test_only_what_differs_of_a_node_is_sent(given: dict[str, Any], params: dict[str, Any]) -> None:
    plan = planned(NODE, server(), node="pve1", **given)
    assert [(method, path) for method, path, _params in calls(plan)] == [("PUT", CONFIG)]
    assert {name: str(value) for name, value in plan.steps[0].params.items()} == params


def test_a_change_of_name_servers_sends_all_of_them_without_gaps() -> None:
    plan = planned(NODE_DNS, server(), node="pve1", search="example.com")
    assert calls(plan) == [("PUT", DNS, {"search": "example.com", "dns1": "192.0.2.1", "dns2": "192.0.2.3"})]
    plan = planned(NODE_DNS, server(), node="pve1", servers=["2001:DB8::1", "192.0.2.1", "2001:db8:0::1"])
    assert calls(plan) == [("PUT", DNS, {"search": "example.org", "dns1": "2001:db8::1", "dns2": "192.0.2.1"})]
    plan = planned(NODE_DNS, server(), node="pve1", servers=[])
    assert calls(plan) == [("PUT", DNS, {"search": "example.org"})]


def test_name_servers_need_a_domain() -> None:
    with pytest.raises(InvalidOption, match="search: is missing"):
        planned(NODE_DNS, server(**{DNS: {"dns1": "192.0.2.1"}}), node="pve1", servers=["192.0.2.2"])


def test_the_time_zone() -> None:
    plan = planned(NODE_TIME, server(), node="pve1", timezone="Europe/Vienna")
    assert calls(plan) == [("PUT", TIME, {"timezone": "Europe/Vienna"})]
    assert plan.after == {"node": "pve1", "timezone": "Europe/Vienna"}


def test_the_table_of_hosts_is_sent_with_the_digest_that_was_read() -> None:
    text = f"{TABLE}192.0.2.2 pve2"
    plan = planned(NODE_HOSTS, server(), node="pve1", data=text)
    assert calls(plan) == [("POST", HOSTS, {"data": f"{text}\n", "digest": "d"})]
    assert not plan.notes


@pytest.mark.parametrize("text", ["127.0.0.1 localhost # pve1", "# 192.0.2.1 pve1"])
def test_a_table_without_the_node_is_noted(text: str) -> None:
    assert "no line names pve1" in planned(NODE_HOSTS, server(), node="pve1", data=text).notes[0]


@pytest.mark.parametrize(
    ("resource", "given", "option"),
    [
        (NODE, {"wakeonlan": "nonsense"}, "wakeonlan"),
        (NODE, {"location": {"latitude": 91}}, "location"),
        (NODE, {"unset": ["nosuch"]}, "unset"),
        (NODE_DNS, {"servers": ["dns.example.org"]}, "servers"),
        (NODE_DNS, {"servers": ["192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4"]}, "servers"),
        (NODE_DNS, {"search": ""}, "search"),
        (NODE_TIME, {"timezone": ""}, "timezone"),
        (NODE_HOSTS, {"data": " \n"}, "data"),
        (NODE_HOSTS, {"data": "192.0.2.1 pve1\n192.0.2 other"}, "data"),
        (NODE_HOSTS, {"data": "pve1"}, "data"),
    ],
)
def test_bad_input_names_the_option(resource: AnyResource, given: dict[str, Any], option: str) -> None:
    with pytest.raises(InvalidOption) as error:
        planned(resource, server(), node="pve1", **given)
    assert error.value.option == option


def test_another_spelling_of_a_name_server_is_no_change() -> None:
    present = server(**{DNS: {"search": "example.org", "dns1": "2001:DB8:0::1"}})
    assert not planned(NODE_DNS, present, node="pve1", servers=["2001:db8::1"]).steps
