# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.pve.automation.plugins.module_utils._core.model.errors import InvalidOption
from ansible_collections.pve.automation.plugins.module_utils._core.model.plan import HIDDEN
from ansible_collections.pve.automation.plugins.module_utils._core.resources.cluster.metric_server import SERVER
from tests.unit.resources.fake import Server, calls, planned

PATH = "/cluster/metrics/server/m"
PRESENT = {"type": "influxdb", "server": "192.0.2.1", "port": 8089, "influxdbproto": "udp", "mtu": 1300}


def test_it_is_created_under_its_own_path() -> None:
    plan = planned(SERVER, Server(), id="m", type="influxdb", server="x", port=1, token="t", disable=False)
    params = {"type": "influxdb", "server": "x", "port": 1, "token": "t", "disable": 0}
    assert calls(plan) == [("POST", PATH, params)]
    assert plan.steps[0].describe()["params"]["token"] == HIDDEN


def test_what_is_there_takes_one_get() -> None:
    server = Server({PATH: PRESENT})
    desired = {"type": "influxdb", "port": 8089, "influxdbproto": "udp", "timeout": 1, "disable": False, "token": "t"}
    assert not planned(SERVER, server, id="m", **desired).steps
    assert server.asked == [PATH]


def test_an_update_names_server_and_port() -> None:
    server = Server({PATH: PRESENT})
    assert calls(planned(SERVER, server, id="m", unset=["mtu"])) == [
        ("PUT", PATH, {"server": "192.0.2.1", "port": 8089, "delete": "mtu"})
    ]
    assert calls(planned(SERVER, server, id="m", port=1)) == [("PUT", PATH, {"server": "192.0.2.1", "port": 1})]


@pytest.mark.parametrize(
    ("present", "given", "option"),
    [
        (False, {"server": "x", "port": 1}, "type"),
        (False, {"type": "graphite", "server": "x"}, "port"),
        (False, {"type": "graphite", "server": "x", "port": 1, "bucket": "b"}, "bucket"),
        (True, {"type": "graphite"}, "type"),
        (True, {"otel_timeout": 5}, "otel_timeout"),
        (True, {"server": ""}, "server"),
    ],
)
def test_bad_input_names_the_option(present: bool, given: dict[str, Any], option: str) -> None:
    with pytest.raises(InvalidOption) as error:
        planned(SERVER, Server({PATH: PRESENT} if present else {}), id="m", **given)
    assert error.value.option == option


HEADERS = "eyJBdXRob3JpemF0aW9uIjogIkJlYXJlciBow7xzaCJ9"  # {"Authorization": "Bearer hüsh"}


@pytest.mark.parametrize("headers", [{"Authorization": "Bearer hüsh"}, '{"Authorization": "Bearer hüsh"}', HEADERS])
def test_headers_are_json_in_base64_and_secret(headers: Any) -> None:
    otel = {"type": "opentelemetry", "server": "x", "port": 1}
    plan = planned(SERVER, Server(), id="m", **otel, otel_headers=headers, otel_resource_attributes={"b": 1, "a": "x"})
    sent = {**otel, "otel-headers": HEADERS, "otel-resource-attributes": "eyJhIjogIngiLCAiYiI6ICIxIn0="}
    assert calls(plan) == [("POST", PATH, sent)]
    assert plan.steps[0].describe()["params"]["otel-headers"] == (plan.after or {})["otel_headers"] == HIDDEN
    spaced = {**sent, "otel-resource-attributes": "eyJiIjoiMSIsImEiOiJ4In0="}  # the same in another order
    assert not planned(SERVER, Server({PATH: spaced}), id="m", otel_resource_attributes={"a": "x", "b": "1"}).steps


@pytest.mark.parametrize("value", ["A=b", "WzFd", "[1]"])
def test_what_is_no_mapping_of_names_is_refused(value: str) -> None:
    with pytest.raises(InvalidOption, match="otel_headers: is no mapping"):
        planned(SERVER, Server(), id="m", type="opentelemetry", server="x", port=1, otel_headers=value)
