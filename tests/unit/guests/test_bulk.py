# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many guests at once: what is refused before anything is sent, and what becomes of each."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.pve.automation.plugins.module_utils._core.guests.bulk import GUESTS, _job
from ansible_collections.pve.automation.plugins.module_utils._core.guests.kinds import BY_WORD
from ansible_collections.pve.automation.plugins.module_utils._core.model.errors import InvalidOption
from ansible_collections.pve.automation.plugins.module_utils._core.model.given import Validator
from ansible_collections.pve.automation.plugins.module_utils._core.model.places import Places
from tests.unit.guests.fake import ROOT

GIB = 2**30
ROWS: list[dict[str, Any]] = [
    {"type": "qemu", "vmid": 101, "node": "pve1", "name": "web1", "tags": "web;prod", "pool": "p", "status": "running"},
    {"type": "qemu", "vmid": 102, "node": "pve2", "name": "web2", "tags": "web", "status": "stopped"},
    {"type": "lxc", "vmid": 103, "node": "pve1", "name": "db1", "tags": "prod", "status": "running"},
    {"type": "qemu", "vmid": 104, "node": "pve1", "name": "base", "tags": "web", "template": 1, "status": "stopped"},
    {"type": "storage", "storage": "local", "node": "pve1"},
]


class Server:
    """Answers with the rows and with empty configurations; counts what was asked; ``broken`` guests answer with an error."""

    def __init__(self, broken: Any = ()) -> None:
        self.broken = set(broken)
        self.connection = ROOT
        self.asked: list[Any] = []
        self.warnings: list[Any] = []
        self.places = Places()

    def sibling(self) -> Any:
        return copy.copy(self)

    def on_step(self, text: Any) -> None:
        pass

    on_progress = on_step

    def get(self, path: str, params: Mapping[str, Any] | None = None, api_format: str = "json") -> Any:
        self.asked.append(path)
        if path == "/cluster/resources":
            return ROWS
        if path.endswith(("/qemu", "/lxc")):
            return [row for row in ROWS if path == f"/nodes/{row['node']}/{row['type']}"]
        if path == "/cluster/nextid":
            return "103"
        if any(path.startswith(f"{part}/") for part in self.broken):
            raise InvalidOption("node", "is broken")
        if path.endswith("/current"):
            return {"status": "running"}
        name = next((row["name"] for row in ROWS if path.endswith(f"/{row.get('vmid')}/config")), "")
        return {"digest": "d", "hostname" if "/lxc/" in path else "name": name}


def defaults() -> Any:
    """The options of a task that names none."""
    return ArgumentSpecValidator(GUESTS.arguments()["argument_spec"]).validate({}).validated_parameters


def run(server: Any, **options: Any) -> Any:
    checked = ArgumentSpecValidator(**GUESTS.arguments()).validate(options)
    assert not checked.error_messages
    return GUESTS.run(server, checked.validated_parameters, check_mode=True)


@pytest.mark.parametrize(
    ("guests", "says"),
    [
        ([{"vmid": 101, "memory": "lots"}], r"guests\[0\] \(101\): memory: 'lots'"),
        ([{"vmid": 101}, {"vmid": 101}], "vmid 101 is given more than once"),
        ([{"name": "a", "node": "pve1"}, {"name": "a", "node": "pve2"}], "name a is given more than once"),
        ([{"vmid": 101, "type": "jail"}], r"guests\[0\]: type 'jail' is not one of vm, lxc"),
        ([{"vmid": 101, "nosuch": 1}], r"guests\[0\]: unsupported parameters: nosuch"),
        ([{"cores": 1}], r"guests\[0\]: one of the following is required: vmid, name"),
    ],
)
def test_wrong_entries_are_refused_before_anything_is_sent(guests: list[Any], says: str) -> None:
    server = Server()
    with pytest.raises(InvalidOption, match=says):
        run(server, guests=guests)
    assert server.asked == []


def test_new_guests_get_ids_that_differ() -> None:
    guests = [{"name": name, "node": "pve1"} for name in ("a", "b")] + [{"vmid": 105, "node": "pve1"}]
    result = run(Server(), guests=guests)
    assert [entry["vmid"] for entry in result["guests"]] == [106, 107, 105]


def test_all_guests_are_found_by_one_request() -> None:
    server = Server()
    result = run(server, guests=[{"name": "web1", "cores": 2}, {"name": "web2", "cores": 2}])
    assert server.asked.count("/cluster/resources") == 1
    assert [entry["changed"] for entry in result["guests"]] == [True, True]
    assert [request["path"] for request in result["requests"]] == [
        "/nodes/pve1/qemu/101/config",
        "/nodes/pve2/qemu/102/config",
    ]


def test_entries_take_the_timeout_of_the_task_unless_they_have_their_own() -> None:
    guests = [{"vmid": 101, "name": "web1"}, {"vmid": 103, "hostname": "db1", "type": "lxc", "timeout": 9}]
    task = {**defaults(), "timeout": 60}
    validators = {word: Validator(guest.arguments()) for word, guest in BY_WORD.items()}
    jobs = [_job(number, spec, task, validators) for number, spec in enumerate(guests)]
    assert [job.params["timeout"] for job in jobs] == [60, 9]


@pytest.mark.parametrize(
    ("select", "says"),
    [
        ({"vmid": [101, 999]}, "select.vmid: there is no guest 999"),
        ({"name": "nobody"}, "select.name: there is no guest nobody"),
        ({"pool": "q"}, "select.pool: there is no pool q"),
        ({"node": "pve9", "tag": ["web"]}, "select.node: there is no node pve9"),
    ],
)
def test_what_a_selection_names_has_to_exist(select: dict[str, Any], says: str) -> None:
    with pytest.raises(InvalidOption, match=says):
        run(Server(), select=select, state="stopped")


def test_a_selection_that_fits_nothing_warns() -> None:
    server = Server()
    assert run(server, select={"tag": ["nobody"], "pool": "p"}, state="stopped")["guests"] == []
    assert server.warnings == ["select: no guest fits tag: ['nobody'], pool: p."]


@pytest.mark.parametrize("options", [{"state": "started", "force": True}, {"state": "paused", "shutdown_timeout": 5}])
def test_what_means_nothing_for_a_state_is_refused_before_anything_is_asked(options: dict[str, Any]) -> None:
    server = Server()
    with pytest.raises(InvalidOption, match="means nothing with state"):
        run(server, select={"tag": ["web"]}, **options)
    assert server.asked == []


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ({"vmid": 101, "node": ""}, r"guests\[0\] \(101\): node: must not be empty"),
        ({"vmid": None, "name": None}, r"guests\[0\]: one of the following is required: vmid, name"),
        ({"vmid": 101, "state": "absent", "cores": 2}, "cores: means nothing with state: absent"),
    ],
)
def test_entries_follow_the_rules_of_their_modules(entry: dict[str, Any], says: str) -> None:
    server = Server()
    with pytest.raises(InvalidOption, match=says):
        run(server, guests=[entry])
    assert server.asked == []


@pytest.mark.parametrize("option", [{"force": True}, {"shutdown_timeout": 5}])
def test_what_belongs_to_a_selection_is_refused_beside_entries(option: dict[str, Any]) -> None:
    server = Server()
    with pytest.raises(InvalidOption, match="belongs to select"):
        run(server, guests=[{"vmid": 101, "state": "stopped"}], **option)
    assert server.asked == []


def test_one_failure_hides_no_other_guest() -> None:
    result = run(Server(broken=["/nodes/pve1/qemu/101"]), guests=[{"vmid": 101, "cores": 2}, {"vmid": 102, "cores": 2}])
    assert result["failed"]
    assert result["msg"].startswith("1 of 2 guests failed.\n101: node: is broken")
    assert [entry.get("failed", False) for entry in result["guests"]] == [True, False]
    assert result["changed"]


def test_fail_fast_begins_no_further_guest() -> None:
    server = Server(broken=["/nodes/pve1/qemu/101"])
    result = run(server, guests=[{"vmid": 101, "cores": 2}, {"vmid": 102, "cores": 2}], parallel=1, fail_fast=True)
    assert result["guests"][1]["skipped"]
    assert not result["changed"]


@pytest.mark.parametrize(
    ("select", "vmids"),
    [
        ({"tag": ["Web"]}, [101, 102]),
        ({"tag": ["web", "prod"]}, [101]),
        ({"name": "*1"}, [101, 103]),
        ({"type": "lxc"}, [103]),
        ({"pool": "p"}, [101]),
        ({"node": "pve1", "status": "running"}, [101, 103]),
        ({"vmid": [102, 104]}, [102]),
        ({"name": "nobody*"}, []),
        ({"tag": ["nobody"]}, []),
    ],
)
def test_a_selection_takes_what_all_selectors_fit_and_no_template(select: dict[str, Any], vmids: list[Any]) -> None:
    result = run(Server(), select=select, state="stopped")
    assert [entry["vmid"] for entry in result["guests"]] == vmids


def test_an_empty_selection_selects_nothing() -> None:
    with pytest.raises(InvalidOption, match="names nothing"):
        run(Server(), select={}, state="stopped")


def test_one_guest_named_in_two_ways_is_refused() -> None:
    with pytest.raises(InvalidOption, match="web1 and 101 are the same guest"):
        run(Server(), guests=[{"name": "web1", "cores": 2}, {"vmid": 101, "memory": 512}])


def test_a_state_of_machines_needs_a_selection_of_machines() -> None:
    with pytest.raises(InvalidOption, match="paused is for virtual machines; the selection also fits container 103"):
        run(Server(), select={"node": "pve1"}, state="paused")
    result = run(Server(), select={"node": "pve1", "type": "vm"}, state="paused")
    assert [entry["vmid"] for entry in result["guests"]] == [101]


class Leaving(Server):
    """Running machines of some GiB of memory each on node ``c``, which is to be emptied; nodes ``a`` and ``b`` have 16 GiB."""

    def __init__(self, sizes: list[int]) -> None:
        super().__init__()
        self.guests: dict[int, dict[str, Any]] = {
            200 + number: {"type": "qemu", "vmid": 200 + number, "node": "c", "name": f"g{number}", "status": "running"}
            | {"maxmem": size * GIB}
            for number, size in enumerate(sizes)
        }
        self.nodes = [
            {"type": "node", "node": name, "status": "online", "maxmem": 16 * GIB, "maxcpu": 8} for name in "abc"
        ]

    def get(self, path: str, params: Mapping[str, Any] | None = None, api_format: str = "json") -> Any:
        if path == "/cluster/resources":
            return [*self.nodes, *self.guests.values()]
        if path == "/nodes/c/qemu":
            return list(self.guests.values())
        if path.endswith("/config"):
            guest = self.guests[int(path.split("/")[4])]
            return {"digest": "d", "name": guest["name"], "memory": str(guest["maxmem"] // 2**20)}
        return super().get(path, params, api_format)


@given(st.lists(st.integers(1, 12), min_size=1, max_size=8))
def test_what_was_moved_before_counts_for_the_next_one(sizes: list[int]) -> None:
    guests = [{"vmid": 200 + number, "nodes": ["a", "b"], "migrate": True} for number in range(len(sizes))]
    result = run(Leaving(sizes), guests=guests, limits={"memory_overcommit": 1.0})
    free = {"a": 16, "b": 16}
    for size, entry in zip(sizes, result["guests"], strict=True):
        best = min(free, key=lambda name: (-free[name], name))
        if size > free[best]:
            assert "No node can take" in entry["msg"]
        else:
            assert entry["vm"]["node"] == best
            free[best] -= size
