# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The wire: identities, faults on order, formats and tasks, over a real socket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiohttp import ClientError, ClientSession
from aiohttp.test_utils import TestClient, TestServer

from ansible_collections.pve.automation.tests.simulator.auth import totp
from ansible_collections.pve.automation.tests.simulator.scenarios import CREDENTIALS, scenario
from ansible_collections.pve.automation.tests.simulator.server import Front
from ansible_collections.pve.automation.tests.simulator.simulation import Simulation
from ansible_collections.pve.automation.tests.simulator.tasks import TaskError, TaskLog

Client = TestClient[Any, Any]
ROOT = {"Authorization": f"PVEAPIToken={CREDENTIALS.token_id}={CREDENTIALS.token_secret}"}


def play(story: Callable[[Client, Simulation], Awaitable[None]]) -> None:
    """Run a story against a fresh simulator."""

    async def run() -> None:
        simulation = Simulation(scenario("single", "9.2"))
        async with TestClient(TestServer(Front(simulation).application())) as client:
            await story(client, simulation)

    asyncio.run(run())


async def login(client: Client, **more: str) -> dict[str, Any]:
    form = {"username": CREDENTIALS.user, "password": CREDENTIALS.password, **more}
    async with client.post("/api2/json/access/ticket", data=form) as response:
        answer = await response.json()
        return {"status": response.status, **(answer["data"] or {})}


def headers(ticket: dict[str, Any]) -> dict[str, str]:
    return {"Cookie": f"PVEAuthCookie={ticket['ticket']}", "CSRFPreventionToken": ticket["CSRFPreventionToken"]}


async def status_of(client: Client, method: str, path: str, **options: Any) -> int:
    async with client.request(method, f"/api2/json{path}", **options) as response:
        return response.status


def test_a_ticket_expires_after_two_hours_unless_it_is_renewed() -> None:
    async def story(client: Client, simulation: Simulation) -> None:
        first = await login(client)
        await client.post("/simulator/clock", json={"seconds": 7000})
        second = await login(client, password=first["ticket"])
        await client.post("/simulator/clock", json={"seconds": 400})
        assert await status_of(client, "GET", "/version", headers=headers(first)) == 401
        assert await status_of(client, "GET", "/version", headers=headers(second)) == 200

    play(story)


def test_a_write_without_csrf_token_is_401_and_leaves_no_trace() -> None:
    async def story(client: Client, simulation: Simulation) -> None:
        ticket = await login(client)
        cookie = {"Cookie": headers(ticket)["Cookie"]}
        assert await status_of(client, "POST", "/pools", data={"poolid": "p"}, headers=cookie) == 401
        assert simulation.cluster.pools == {}
        assert await status_of(client, "POST", "/pools", data={"poolid": "p"}, headers=headers(ticket)) == 200

    play(story)


def test_a_second_factor_is_asked_for_and_a_recovery_code_works_once() -> None:
    async def story(client: Client, simulation: Simulation) -> None:
        ticket = await login(client)
        key = "JBSWY3DPEHPK3PXP"
        code = totp(key, simulation.cluster.now() // 30)
        entry = {"type": "totp", "totp": f"otpauth://totp/x?secret={key}", "value": code}
        path = "/api2/json/access/tfa/root@pam"
        async with client.post(path, data=entry, headers=headers(ticket)) as response:
            assert response.status == 200
        async with client.post(path, data={"type": "recovery"}, headers=headers(ticket)) as response:
            recovery = (await response.json())["data"]["recovery"][0]
        owed = await login(client)
        assert owed["NeedTFA"] == 1
        assert await status_of(client, "GET", "/version", headers=headers(owed)) == 401
        challenge = {"tfa-challenge": owed["ticket"]}
        assert (await login(client, password="totp:000000", **challenge))["status"] == 401
        assert "NeedTFA" not in await login(client, password=f"totp:{code}", **challenge)
        assert (await login(client, password=f"recovery:{recovery}", **challenge))["status"] == 200
        assert (await login(client, password=f"recovery:{recovery}", **challenge))["status"] == 401

    play(story)


@pytest.mark.parametrize(("moment", "pools"), [("before", 0), ("after", 1)])
def test_a_connection_drops_at_the_ordered_index_before_or_after_the_server_acted(moment: str, pools: int) -> None:
    async def story(client: Client, simulation: Simulation) -> None:
        await client.post("/simulator/faults", json={"index": 1, "drop": moment})
        assert await status_of(client, "GET", "/version", headers=ROOT) == 200
        async with ClientSession(headers=ROOT) as session:
            with pytest.raises(ClientError):
                await session.post(client.make_url("/api2/json/pools"), data={"poolid": "p"})
        assert len(simulation.cluster.pools) == pools
        assert await status_of(client, "GET", "/version", headers=ROOT) == 200

    play(story)


def test_requests_are_listed_and_a_reset_brings_the_beginning_back() -> None:
    async def story(client: Client, simulation: Simulation) -> None:
        await client.post("/simulator/faults", json={"path": "/version", "status": 595, "reason": "No route to host"})
        assert await status_of(client, "GET", "/version", headers=ROOT) == 595
        assert await status_of(client, "POST", "/pools", data={"poolid": "p"}, headers=ROOT) == 200
        async with client.get("/simulator/requests") as response:
            listed = await response.json()
        assert [row["path"] for row in listed["requests"]] == ["/version", "/pools"]
        assert listed["requests"][1]["params"] == {"poolid": "p"}
        await client.post("/simulator/reset")
        assert (simulation.cluster.pools, simulation.requests) == ({}, [])

    play(story)


def test_a_reset_comes_back_to_a_mark_until_that_is_taken_away() -> None:
    async def story(client: Client, simulation: Simulation) -> None:
        async def created(poolid: str) -> list[str]:
            assert await status_of(client, "POST", "/pools", data={"poolid": poolid}, headers=ROOT) == 200
            return sorted(simulation.cluster.pools)

        await created("kept")
        await client.post("/simulator/mark")
        for _again in range(2):
            assert await created("lost") == ["kept", "lost"]
            await client.post("/simulator/reset")
        assert await created("another") == ["another", "kept"]
        await client.delete("/simulator/mark")
        await client.post("/simulator/reset")
        assert simulation.cluster.pools == {}

    play(story)


def test_there_is_no_mark_while_a_task_runs() -> None:
    async def story(client: Client, simulation: Simulation) -> None:
        simulation.cluster.tasks.pace = 1
        simulation.cluster.tasks.start("root@pam", "pve", "test", 1, lambda log: None, duration=600)
        async with client.post("/simulator/mark") as response:
            assert (response.status, await response.json()) == (400, {"error": "a task is running"})

    play(story)


def test_an_unclear_order_is_refused() -> None:
    async def story(client: Client, simulation: Simulation) -> None:
        for order in ({"drop": "sometimes"}, {"when": 1}, {"index": 3}):
            async with client.post("/simulator/faults", json=order) as response:
                assert response.status == 400

    play(story)


def test_a_task_can_be_made_to_fail_and_tells_why() -> None:
    async def story(client: Client, simulation: Simulation) -> None:
        tasks = simulation.cluster.tasks
        await client.post("/simulator/tasks", json={"type": "qmstart", "error": "no luck"})
        spared = tasks.all[tasks.start("root@pam", "pve", "qmstop", 100, lambda log: log("done"))]
        failed = tasks.all[tasks.start("root@pam", "pve", "qmstart", 100, lambda log: log("done"))]
        assert (spared.exitstatus, spared.log.lines) == ("OK", ["done", "TASK OK"])
        assert (failed.exitstatus, failed.log.lines) == ("no luck", ["TASK ERROR: no luck"])

    play(story)


def test_a_task_takes_its_time_can_be_aborted_and_counts_warnings() -> None:
    async def story(client: Client, simulation: Simulation) -> None:
        def worker(output: TaskLog) -> None:
            output.warn("careful")

        tasks = simulation.cluster.tasks
        tasks.pace = 1000
        slow = tasks.all[tasks.start("root@pam", "pve", "qmstop", 1, worker)]
        assert slow.running
        await asyncio.sleep(0)
        tasks.abort(slow)
        assert slow.runner is not None
        await slow.runner
        assert slow.exitstatus == "received interrupt"
        tasks.pace = 0
        warned = tasks.all[tasks.start("root@pam", "pve", "qmstop", 1, worker)]
        assert (warned.exitstatus, warned.log.lines[-1]) == ("WARNINGS: 1", "TASK WARNINGS: 1")

        def broken(log: Any) -> None:
            raise TaskError("first\nsecond")

        failed = tasks.all[tasks.start("root@pam", "pve", "qmstop", 1, broken)]
        assert failed.exitstatus == "first"

    play(story)


def test_the_published_schema_describes_the_calls_with_their_formats() -> None:
    async def story(client: Client, simulation: Simulation) -> None:
        async with client.get("/pve-docs/api-viewer/apidoc.js") as response:
            text = await response.text()
        start = text.index("[")
        (pools,) = [node for node in json.JSONDecoder().raw_decode(text[start:])[0] if node["path"] == "/pools"]
        assert pools["info"]["POST"]["parameters"]["properties"]["poolid"]["format"] == "pve-poolid"
        assert [child["path"] for child in pools["children"]] == ["/pools/{poolid}"]

    play(story)


def test_errors_keep_pves_form_in_each_format() -> None:
    async def story(client: Client, simulation: Simulation) -> None:
        async with client.get("/api2/json/pools/none", headers=ROOT) as response:
            assert (response.status, response.reason) == (500, "pool 'none' does not exist")
            assert await response.json() == {"data": None, "message": "pool 'none' does not exist\n"}
        async with client.get("/api2/extjs/pools/none", headers=ROOT) as response:
            assert response.status == 200
            assert (await response.json())["success"] == 0
        async with client.get("/api2/html/pools/none", headers=ROOT) as response:
            assert response.status == 500
            assert "Error 500: pool &#x27;none&#x27; does not exist" in await response.text()
        async with client.get("/api2/text/version", headers=ROOT) as response:
            assert (response.status, response.reason) == (501, "no formatter for uri /version, text")
        async with client.get("/api2/json/nope", headers=ROOT) as response:
            assert (response.status, response.reason) == (501, "Method 'GET /nope' not implemented")
        async with client.get("/api2/json/nope") as response:
            assert (response.status, response.reason, await response.text()) == (401, "No ticket", "")

    play(story)
