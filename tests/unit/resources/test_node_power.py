# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import pytest

from ansible_collections.pve.automation.plugins.module_utils._core.model.errors import (
    AuthenticationFailed,
    ConnectionFailed,
    InvalidOption,
    PermissionDenied,
    PveError,
    Refused,
    api_error,
)
from ansible_collections.pve.automation.plugins.module_utils._core.resources.node.power import (
    NODE_POWER,
    NodeTimeout,
    PowerDesired,
)
from tests.unit.resources.fake import Server, calls, planned

GUESTS = {
    "qemu": [{"vmid": 100, "name": "web", "status": "running"}, {"vmid": 102, "name": "idle", "status": "stopped"}],
    "lxc": [{"vmid": 101, "name": "db", "status": "running"}],
}
SILENT = ConnectionFailed("No route to host.", sent=False)
HOP_FAILED = api_error("GET", "/nodes/pve1/status", 595, "No route to host")
NO_LOGIN = AuthenticationFailed("GET", "/nodes", 401, "no ticket")


def nodes(**status: str) -> list[dict[str, str]]:
    return [{"node": name, "status": text} for name, text in {"pve1": "online", "pve2": "online", **status}.items()]


def server(guests: Mapping[str, Any] = MappingProxyType({}), **status: str) -> Server:
    lists = {f"/nodes/pve1/{kind}": guests.get(kind, []) for kind in ("qemu", "lxc")}
    return Server({"/nodes": nodes(**{"pve3": "online", **status}), **lists})


@pytest.mark.parametrize(("state", "status"), [("started", "online"), ("shutdown", "offline"), ("", "online")])
def test_what_is_so_already_takes_one_get(state: str, status: str) -> None:
    present = server(GUESTS, pve1=status)
    assert not planned(NODE_POWER, present, node="pve1", **({"state": state} if state else {})).steps
    assert present.asked == ["/nodes"]


def test_a_node_of_which_nothing_is_known_is_asked_itself() -> None:
    """As while its status daemon does not run."""
    present = server(pve1="unknown")
    assert not planned(NODE_POWER, present, node="pve1", state="shutdown").steps
    assert present.asked == ["/nodes", "/nodes/pve1/status"]
    present.answers["/nodes/pve1/status"] = UP
    assert calls(planned(NODE_POWER, present, node="pve1", state="shutdown"))
    assert not planned(NODE_POWER, present, node="pve1", state="started").steps


@pytest.mark.parametrize(
    ("status", "state", "call", "after"),
    [
        ("offline", "started", ("POST", "/nodes/pve1/wakeonlan", {}), "online"),
        ("online", "shutdown", ("POST", "/nodes/pve1/status", {"command": "shutdown"}), "offline"),
        ("online", "rebooted", ("POST", "/nodes/pve1/status", {"command": "reboot"}), "online"),
    ],
)
def test_what_differs_is_one_call(status: str, state: str, call: Any, after: str) -> None:
    plan = planned(NODE_POWER, server(pve1=status), node="pve1", state=state)
    assert calls(plan) == [call]
    assert plan.after == {"node": "pve1", "status": after}
    assert plan.notes == ()


@pytest.mark.parametrize("state", ["shutdown", "rebooted"])
def test_running_guests_are_shut_down_only_by_force(state: str) -> None:
    with pytest.raises(Refused, match=r"100 \(web\), 101 \(db\)\. .*force: true") as error:
        planned(NODE_POWER, server(GUESTS), node="pve1", state=state)
    assert "idle" not in str(error.value)
    assert planned(NODE_POWER, server(GUESTS), node="pve1", state=state, force=True).steps


def test_a_long_list_of_guests_is_cut() -> None:
    many = {"lxc": [{**GUESTS["lxc"][0], "vmid": 100 + number} for number in range(12)]}
    with pytest.raises(Refused, match=r"109 \(db\) and 2 more"):
        planned(NODE_POWER, server(many), node="pve1", state="shutdown")


@pytest.mark.parametrize(
    ("others", "warned"),
    [({"pve3": "online"}, False), ({"pve3": "offline"}, True), ({"pve2": "offline", "pve3": "offline"}, False)],
)
def test_a_lost_majority_is_a_warning(others: dict[str, str], warned: bool) -> None:
    plan = planned(NODE_POWER, server({}, **others), node="pve1", state="shutdown")
    assert bool(plan.notes) is warned


def test_a_node_alone_has_no_quorum_to_lose() -> None:
    alone = Server({"/nodes": [{"node": "pve1", "status": "online"}], "/nodes/pve1/qemu": [], "/nodes/pve1/lxc": []})
    assert planned(NODE_POWER, alone, node="pve1", state="rebooted").notes == ()


def test_a_node_that_is_off_cannot_be_rebooted() -> None:
    with pytest.raises(Refused, match="state: started"):
        planned(NODE_POWER, server(pve1="offline"), node="pve1", state="rebooted")


@pytest.mark.parametrize(("given", "option"), [({"node": "pve9"}, "node"), ({"timeout": 0}, "timeout")])
def test_bad_input_names_the_option(given: dict[str, Any], option: str) -> None:
    with pytest.raises(InvalidOption) as error:
        planned(NODE_POWER, server(), **{"node": "pve1", "state": "started", **given})
    assert error.value.option == option


class Looks:
    """A client that gets these answers, in turn, whatever it asks for; the last one again and again."""

    def __init__(self, *answers: Any) -> None:
        self.answers, self.asked, self.pauses, self.said = list(answers), [], [], []  # type: ignore[var-annotated]
        self.sleep: Callable[[float], None] = self.pauses.append
        self.on_progress: Callable[[str], None] = self.said.append

    def get(self, path: str, params: Mapping[str, Any] | None = None, api_format: str = "json") -> Any:
        self.asked.append(path)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


def settled(client: Any, state: str, timeout: float = 60) -> dict[str, Any]:
    found: dict[str, Any] = NODE_POWER.wait_converged(client, PowerDesired("pve1", state, force=False), {}, timeout)
    return found


UP = {"uptime": 90000}
NEW = {"uptime": 1}


@pytest.mark.parametrize(
    ("state", "answers", "looks"),
    [
        ("shutdown", [nodes(), nodes(), nodes(pve1="offline")], 3),
        ("shutdown", [NO_LOGIN, HOP_FAILED, nodes(pve1="unknown"), nodes(pve1="offline")], 4),
        ("shutdown", [nodes(), SILENT], 2),
        ("rebooted", [UP, UP, NEW], 3),
        ("rebooted", [UP, HOP_FAILED, SILENT, NO_LOGIN, NEW], 5),
        ("started", [HOP_FAILED, HOP_FAILED, UP], 3),
    ],
)
def test_it_waits_until_that_has_happened(state: str, answers: list[Any], looks: int) -> None:
    client = Looks(*answers)
    assert settled(client, state) == {"node": "pve1", "status": "offline" if state == "shutdown" else "online"}
    assert len(client.asked) == looks
    assert len(client.pauses) == looks - 1
    assert len(client.said) == 1


@pytest.mark.parametrize(
    ("state", "answer", "goal"),
    [("shutdown", nodes(), "is off"), ("rebooted", UP, "is up again"), ("started", HOP_FAILED, "is up")],
)
def test_it_does_not_wait_for_ever(state: str, answer: Any, goal: str) -> None:
    with pytest.raises(NodeTimeout, match=goal):
        settled(Looks(answer), state, timeout=0)


@pytest.mark.parametrize("state", ["shutdown", "rebooted", "started"])
def test_what_does_not_pass_ends_the_wait(state: str) -> None:
    refusal: PveError = PermissionDenied("GET", "/", 403, "no")
    with pytest.raises(PermissionDenied):
        settled(Looks(refusal), state)
