# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists of the cluster show what the nodes reported last: facts 68 to 71 of the recorded server."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.pve.automation.tests.simulator.reports import Lag
from ansible_collections.pve.automation.tests.simulator.resources import report_all

from .conversation import Conversation

LOOKS = 3
NODE = "/nodes/pve/qemu"
NAMED_BY_REPORT = {"name", "template", "maxcpu", "maxmem", "maxdisk", "uptime", "cpu", "mem", "disk"}


@pytest.fixture
def pve() -> Conversation:
    """A server whose lists show a change with the third look, however fast the test is."""
    talk = Conversation(nodes=("pve", "pveb"))
    talk.cluster.reports.lag = Lag(seconds=3600, looks=LOOKS, cache=0)
    return talk


def row(pve: Conversation, vmid: int = 9000) -> dict[str, Any]:
    rows: list[dict[str, Any]] = pve("GET", "/cluster/resources", type="vm")
    return next(row for row in rows if row["vmid"] == vmid)


def names(pve: Conversation, count: int) -> list[str | None]:
    """The names that so many looks in a row show."""
    return [row(pve).get("name") for _look in range(count)]


def reported(pve: Conversation, **config: Any) -> None:
    """A virtual machine that its node has reported."""
    pve("POST", NODE, vmid=9000, **config)
    report_all(pve.cluster)


def test_a_new_guest_has_no_name_and_no_sizes_until_its_first_report(pve: Conversation) -> None:
    pve("POST", "/pools", poolid="p")
    pve("POST", NODE, vmid=9000, name="fresh", memory="64", tags="a;b", pool="p")
    pve("PUT", f"{NODE}/9000/config", lock="backup")
    expected = {
        "id": "qemu/9000", "type": "qemu", "vmid": 9000, "node": "pve", "status": "unknown",
        "pool": "p", "tags": "a;b", "lock": "backup",
    }  # fmt: skip
    assert row(pve) == expected
    [member] = pve("GET", "/pools/p")["members"]
    assert "name" not in member
    assert row(pve).keys() >= NAMED_BY_REPORT


def test_the_node_itself_knows_at_once(pve: Conversation) -> None:
    reported(pve, name="old")
    pve("PUT", f"{NODE}/9000/config", name="new")
    assert [guest["name"] for guest in pve("GET", NODE)] == ["new"]
    assert pve.config(f"{NODE}/9000")["name"] == "new"
    assert pve("GET", f"{NODE}/9000/status/current")["name"] == "new"
    assert row(pve)["name"] == "old"


def test_a_client_that_keeps_looking_sees_the_change(pve: Conversation) -> None:
    reported(pve, name="old")
    pve("PUT", f"{NODE}/9000/config", name="new")
    assert names(pve, LOOKS + 1) == ["old", "old", "new", "new"]


def test_status_and_template_flag_lag(pve: Conversation) -> None:
    reported(pve, name="a")
    pve("POST", f"{NODE}/9000/status/start")
    assert row(pve)["status"] == "stopped"
    report_all(pve.cluster)
    pve("POST", f"{NODE}/9000/status/stop")
    assert row(pve)["status"] == "running"
    report_all(pve.cluster)
    pve("POST", f"{NODE}/9000/template")
    assert [row(pve)["template"] for _look in range(LOOKS)] == [0, 0, 1]


def test_a_deleted_guest_is_gone_and_lends_its_report_to_its_successor(pve: Conversation) -> None:
    reported(pve, name="predecessor", memory="64")
    pve("POST", f"{NODE}/9000/template")
    report_all(pve.cluster)
    pve("DELETE", f"{NODE}/9000")
    assert pve("GET", "/cluster/resources", type="vm") == []
    pve("POST", NODE, vmid=9000, name="successor", memory="96")
    seen = row(pve)
    assert (seen["name"], seen["template"], seen["maxmem"]) == ("predecessor", 1, 64 * 2**20)
    assert names(pve, LOOKS - 1) == ["predecessor", "successor"]


def test_a_report_is_forgotten_five_minutes_after_its_guest(pve: Conversation) -> None:
    reported(pve, name="predecessor")
    pve("DELETE", f"{NODE}/9000")
    pve.cluster.clock_offset += 301
    pve("POST", NODE, vmid=9000, name="successor")
    assert "name" not in row(pve)


def test_a_migrated_guest_is_listed_on_its_new_node_at_once(pve: Conversation) -> None:
    reported(pve, name="old")
    pve("PUT", f"{NODE}/9000/config", name="new")
    pve("POST", f"{NODE}/9000/migrate", target="pveb")
    assert (row(pve)["node"], row(pve)["name"], row(pve)["name"]) == ("pveb", "old", "new")


def test_a_storage_is_unknown_until_its_first_report(pve: Conversation) -> None:
    pve("POST", "/storage", storage="s1", type="dir", path="/srv/s", content="iso", nodes="pve")

    def seen() -> dict[str, Any]:
        return next(row for row in pve("GET", "/cluster/resources", type="storage") if row["storage"] == "s1")

    assert seen()["status"] == "unknown"
    assert "maxdisk" not in seen()
    assert seen()["status"] == "available"
    pve("PUT", "/storage/s1", content="iso,vztmpl")
    assert set(seen()["content"].split(",")) == {"iso", "vztmpl"}
    pve("DELETE", "/storage/s1")
    assert "s1" not in {row["storage"] for row in pve("GET", "/cluster/resources", type="storage")}


def test_seconds_show_a_change_as_well(pve: Conversation) -> None:
    pve.cluster.reports.lag = Lag(seconds=10, looks=1000, cache=0)
    reported(pve, name="old")
    pve("PUT", f"{NODE}/9000/config", name="new")
    assert names(pve, LOOKS + 1) == ["old"] * (LOOKS + 1)
    pve.cluster.clock_offset += 11
    assert names(pve, 1) == ["new"]


def test_the_look_after_the_first_new_one_may_be_the_older_one(pve: Conversation) -> None:
    pve.cluster.reports.lag = Lag(seconds=3600, looks=LOOKS, cache=60)
    reported(pve, name="old")
    pve("PUT", f"{NODE}/9000/config", name="new")
    assert names(pve, LOOKS + 2) == ["old", "old", "new", "old", "new"]


@pytest.mark.parametrize("lag", [Lag(seconds=0), Lag(seconds=10, looks=0)])
def test_a_lag_of_nothing_shows_everything_at_once(pve: Conversation, lag: Lag) -> None:
    pve.cluster.reports.lag = lag
    pve("POST", NODE, vmid=9000, name="a")
    assert row(pve)["name"] == "a"
    pve("PUT", f"{NODE}/9000/config", name="b")
    assert row(pve)["name"] == "b"


def test_what_a_scenario_begins_with_is_reported() -> None:
    demo = Conversation("demo")
    demo.cluster.reports.lag = Lag(seconds=3600)
    rows = demo("GET", "/cluster/resources")
    guests = [row for row in rows if row["type"] in ("qemu", "lxc")]
    assert {row["status"] for row in guests} == {"running", "stopped"}
    assert {row["status"] for row in rows if row["type"] == "storage"} == {"available"}


def test_a_mark_keeps_what_is_not_reported_yet(pve: Conversation) -> None:
    reported(pve, name="old")
    pve("PUT", f"{NODE}/9000/config", name="new")
    pve.simulation.mark()
    for _time in range(2):
        pve.simulation.reset()
        pve.cluster = pve.simulation.cluster
        pve.cluster.reports.lag = Lag(seconds=3600)
        assert row(pve)["name"] == "old"


def test_negative_lags_are_refused() -> None:
    with pytest.raises(ValueError, match="not negative"):
        Lag(seconds=-1)
