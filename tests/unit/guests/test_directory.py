# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which guest has a name or an id, whatever the list of the cluster says of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pytest

from ansible_collections.pve.automation.plugins.module_utils._core.guests.directory import OFFLINE, Directory
from ansible_collections.pve.automation.plugins.module_utils._core.guests.making import await_finish, unfinished
from ansible_collections.pve.automation.plugins.module_utils._core.guests.vm import VM
from ansible_collections.pve.automation.plugins.module_utils._core.model.errors import HopFailed, InvalidOption, Refused
from tests.unit.guests.fake import ROOT
from tests.unit.resources.fake import Server, options

Row = dict[str, Any]
Guest = tuple[int, str, str, str]  # id, kind, node, name
NODES = ("pve1", "pve2")
DOWN = HopFailed("GET", "/nodes/pve2/qemu", 595, "No route to host")


class Cluster(Server):
    """Guests as they are, below a list of the cluster that says something else of some: their names, or None for nothing."""

    def __init__(self, guests: Iterable[Guest], said: Mapping[int, str | None] | None = None, down: str = "") -> None:
        said = said or {}
        rows: list[Row] = [
            {"type": "node", "node": node, "status": "offline" if node == down else "online"} for node in NODES
        ]
        answers: dict[str, Any] = {f"/nodes/{node}/{kind}": [] for node in NODES for kind in ("qemu", "lxc")}
        answers["/cluster/nextid"] = "105"
        for vmid, kind, node, name in guests:
            row: Row = {"type": kind, "vmid": vmid, "node": node, "status": "stopped", "name": said.get(vmid, name)}
            if row["name"] is None:
                row = {"type": kind, "vmid": vmid, "node": node, "status": "unknown"}
            rows.append(row)
            answers[f"/nodes/{node}/{kind}"].append({"vmid": vmid, "name": name, "status": "running", "cpus": 3})
            answers[f"/nodes/{node}/{kind}/{vmid}/config"] = {"hostname" if kind == "lxc" else "name": name}
        super().__init__({**answers, "/cluster/resources": rows})
        self.connection = ROOT
        self.sleep = lambda seconds: None
        self.on_progress = lambda text: None

    def lists_asked(self) -> list[str]:
        return [path for path in self.asked if path.endswith(("/qemu", "/lxc"))]


A, B, C = (101, "qemu", "pve1", "a"), (102, "qemu", "pve2", "b"), (103, "lxc", "pve2", "c")


@pytest.mark.parametrize(
    ("guests", "said", "name", "vmid"),
    [
        pytest.param([A, B], {}, "a", 101, id="nothing lags"),
        pytest.param([A, B], {}, "x", None, id="nobody has it"),
        pytest.param([A, B], {101: "x"}, "x", None, id="it was renamed to something else"),
        pytest.param([A, B], {101: "x"}, "a", 101, id="it was renamed to this"),
        pytest.param([A, B], {101: "b", 102: "a"}, "a", 101, id="two have swapped their names"),
        pytest.param([A, B], {101: None}, "a", 101, id="it is new"),
        pytest.param([A, B], {101: None}, "b", 102, id="another one is new"),
        pytest.param([A, B], {101: "b"}, "b", 102, id="one of two was renamed"),
        pytest.param([A, B, C], {103: "x"}, "x", None, id="a container has the id of a machine"),
        pytest.param([A, (102, "qemu", "pve1", "b")], {102: "a"}, "a", 101, id="an id was used before under this name"),
        pytest.param([], {}, "a", None, id="there are no guests"),
    ],
)
def test_a_name_is_that_of_the_guest_that_has_it(
    guests: list[Guest], said: dict[int, str | None], name: str, vmid: int | None
) -> None:
    found = Directory(Cluster(guests, said)).find(["qemu"], name)
    assert (found and found[0].vmid) == vmid
    assert found is None or (found[0].name, found[1]["name"]) == (name, name)


@pytest.mark.parametrize(
    ("guests", "said"),
    [
        pytest.param([A, (102, "qemu", "pve2", "a")], {}, id="both are known"),
        pytest.param([A, (102, "qemu", "pve2", "a")], {102: None}, id="one is new"),
        pytest.param([A, (102, "qemu", "pve2", "a")], {101: "x", 102: "y"}, id="both were renamed"),
        pytest.param(
            [A, (102, "qemu", "pve2", "a"), C], {101: "x", 102: "y", 103: "a"}, id="neither is the one that seemed so"
        ),
    ],
)
def test_several_guests_of_a_name_are_an_error_that_lists_them(
    guests: list[Guest], said: dict[int, str | None]
) -> None:
    with pytest.raises(
        InvalidOption, match=r"2 guests are named 'a': .* 101 \(a\) on node pve1; .* 102 \(a\) on node pve2"
    ):
        Directory(Cluster(guests, said)).find(["qemu"], "a")


def test_a_hidden_namesake_is_found_when_it_matters() -> None:
    directory = Directory(Cluster([A, (102, "qemu", "pve2", "a")], {102: "x"}))
    assert directory.find(["qemu"], "a")
    assert [guest.vmid for guest in directory.namesakes(["qemu"], "a")] == [101, 102]


def test_only_nodes_with_guests_of_the_kind_are_asked_once() -> None:
    on = Cluster([A, C])
    directory = Directory(on)
    directory.find(["qemu"], "x")
    directory.namesakes(["qemu"], "y")
    assert on.lists_asked() == ["/nodes/pve1/qemu"]


def test_what_is_found_at_once_is_not_asked_of_nodes() -> None:
    on = Cluster([A, B])
    assert Directory(on).find(["qemu"], "a")
    assert on.asked == ["/cluster/resources", "/nodes/pve1/qemu/101/config"]


def test_a_guest_that_moves_while_it_is_looked_for_is_found_where_it_is() -> None:
    there = Cluster([(101, "qemu", "pve2", "a")])
    here = Cluster([A]).answers["/cluster/resources"]
    for name, vmid in (("a", None), (None, 101)):
        directory = Directory(there, here)
        found = directory.find(["qemu"], name) if name else directory.follow(vmid or 0)
        assert found
        assert found[0].node == "pve2"
    directory = Directory(there, here)
    directory.confirm()
    assert [row["node"] for row in directory.guests()] == ["pve2"]


def test_a_guest_that_is_deleted_while_it_is_looked_for_is_absent() -> None:
    gone, rows = Cluster([B]), Cluster([A, B]).answers["/cluster/resources"]
    assert Directory(gone, rows).find(["qemu"], "a") is None
    assert Directory(gone, rows).follow(101) is None


@pytest.mark.parametrize("down", ["offline", "does not answer"])
def test_a_name_that_may_be_on_a_node_that_is_down_is_neither_there_nor_free(down: str) -> None:
    on = Cluster([A, B], {102: None}, down="pve2" if down == "offline" else "")
    on.answers["/nodes/pve2/qemu"] = DOWN
    assert Directory(on).find(["qemu"], "a")
    with pytest.raises(InvalidOption, match=r"'x' may be the name of a guest whose node does not answer .*: .* of 102"):
        Directory(on).find(["qemu"], "x")
    directory = Directory(on)
    directory.confirm()
    assert directory.silent == {"pve2": OFFLINE if down == "offline" else "No route to host"}
    assert ("/nodes/pve2/qemu" in on.asked) is (down != "offline")


def test_a_name_is_free_if_the_guests_of_a_node_that_is_down_have_others() -> None:
    assert Directory(Cluster([A, B], down="pve2")).find(["qemu"], "x") is None


def test_what_nodes_list_replaces_what_they_reported() -> None:
    directory = Directory(Cluster([A], {101: "x"}))
    directory.rows[-1].update(template=1, tags="t", pool="p", maxcpu=1)
    directory.confirm()
    (row,) = directory.guests()
    assert row == {
        "type": "qemu", "vmid": 101, "node": "pve1", "name": "a", "status": "running", "tags": "t", "pool": "p", "maxcpu": 3,
    }  # fmt: skip


# --- guests that are being made ---------------------------------------------------------------------------------------


def making(task: Row | None, looks: int = 3) -> Cluster:
    """A machine that has its name after so many looks at its configuration, made by a task."""
    on = Cluster([A, (102, "qemu", "pve2", "")])
    on.answers["/cluster/resources"][-1]["lock"] = "clone"
    on.answers["/cluster/tasks"] = [] if task is None else [task]
    get, left = on.get, [looks]

    def seen(path: str, params: Mapping[str, Any] | None = None, api_format: str = "json") -> Any:
        if path == "/nodes/pve2/qemu/102/config":
            left[0] -= 1
            return {"lock": "clone"} if left[0] >= 0 else {"name": "new"}
        if path == "/nodes/pve2/qemu" and left[0] < 0:
            return [{"vmid": 102, "name": "new", "status": "stopped"}]
        return get(path, params, api_format)

    on.get = seen  # type: ignore[method-assign]
    return on


CLONING = {"type": "qmclone", "id": "900", "node": "pve2"}


@pytest.mark.parametrize("task", [CLONING, {"type": "qmcreate", "id": "102"}, {"type": "qmrestore", "id": "102"}])
def test_a_guest_that_is_being_made_is_waited_for(task: Row) -> None:
    on = making(task)
    observed = VM.read(on, VM.parse(options(VM, name="new")))
    assert observed.state
    assert observed.known
    assert observed.known.vmid == 102
    assert on.warnings == []


def test_waiting_for_a_guest_that_is_being_made_ends() -> None:
    on = making(CLONING, looks=10**9)
    others = unfinished(on, Directory(on), "qemu")
    with pytest.raises(
        Refused, match=r"102 \(without a name\) on node pve2 is still being made after 0 s.* may be 'new'"
    ):
        await_finish(on, others, 0, "new")


@pytest.mark.parametrize(
    "task", [None, {**CLONING, "endtime": 1}, {"type": "qmcreate", "id": "109"}, {**CLONING, "type": "vzclone"}]
)
def test_what_was_left_behind_is_reported_and_not_waited_for(task: Row | None) -> None:
    on = making(task, looks=10**9)
    observed = VM.read(on, VM.parse(options(VM, name="new", node="pve1")))
    assert observed.state is None
    assert observed.known
    assert observed.known.vmid == 105
    assert "102 (without a name) on node pve2 is locked as if it were being made" in on.warnings[0]


def test_what_a_bulk_makes_itself_is_not_waited_for() -> None:
    on = making(CLONING, looks=10**9)
    assert unfinished(on, Directory(on), "qemu", skip={102}) == []
    assert unfinished(on, Directory(on), "lxc") == []


def test_a_guest_that_is_being_made_with_the_id_of_the_task_is_waited_for() -> None:
    on = making(CLONING)
    state = VM.read(on, VM.parse(options(VM, vmid=102, name="new", node="pve2", clone="900"))).state
    assert state
    assert state["name"] == "new"
