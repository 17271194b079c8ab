# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Odd values of options: whatever a variable holds, a task ends with a result, and nothing is written before a refusal.

A case is a task of the examples or of the lifecycle tests with one or two of its options replaced, in check mode and then for real.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import random
import re
import signal
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from ansible_collections.pve.automation.plugins.module_utils._core.model.errors import InvalidOption
from ansible_collections.pve.automation.plugins.module_utils._core.model.given import refuse_unusable, validate
from ansible_collections.pve.automation.plugins.module_utils._core.run.module import module_arguments
from tests.harness.cluster import Cluster, Result
from tests.harness.examples import option_paths, tasks, with_value
from tests.harness.lifecycle_cases import CASES, resource_of
from tests.unit.test_collection import MODULES

CONNECTION = {"api_host": "192.0.2.1", "api_token_id": "root@pam!t1", "api_token_secret": "s3cret"}
LONGEST = 60  # seconds that a task may take
TEXTS: Sequence[str] = (
    "", " ", "\n", "0", "-1", "00", "1e3", "nan", "inf", "true", "null", "None", "~", ".", "..", "../..", "a/b", "/", "a\\b",
    "a\nb", "a\tb", "a\x00b", "\x1b[31m", "\x85", "\u2028", "\udc80", "\ufeff", "ä€", "😀", "x" * 300, "9" * 5000, "a" * 70000,
    "=", ",", ";", "a=", "=a", "a=b", "a=b,a=c", "a=b,,", ",,", "a,b=c,d", "0=1", "net0", "virtio", "local:1", "local-lvm:", ":",
    "local:iso/../x", "all", "none", "any", "%", "%2e%2e", "%s%n", "{{ x }}", "{x}", "$(id)", "`id`", "'", '"', "-o", "--help", "#",
    "pve1", "root@pam", "100", "99", "1000000000", "root@pam!t", "192.0.2.1", "192.0.2.1/33", "::/0", "1-2", "5-1", "2099-02-31",
)  # fmt: skip
OTHERS: Sequence[Any] = (
    None, True, False, 0, -1, 1, 2**31, 2**63, 2**64, -(2**63), 10**30, 10**5000, 0.5, 1e300, float("nan"), float("inf"),
    [], {}, [None], [[]], [{}], [""], [0], [True], ["a", "a"], ["a"] * 500, [["a"]], [{"a": 1}], [float("nan")],
    {"": ""}, {"a": None}, {"a": {}}, {"a": []}, {"a": [{"b": None}]}, {"a\nb": "c"}, {"\udc80": 1}, {"x": "y"}, {"net0": None},
    {"net99": "virtio"}, {"scsi0": {}}, {"scsi0": "local:1"}, {"scsi0": {"size": None}},
    {"scsi0": {"storage": "local", "size": "0"}},
    {"net0": {"model": []}}, {"net0": {"model": "virtio", "tag": "x"}}, {"net0": {"unknown": 1}}, {"1": 2},
)  # fmt: skip
# Texts by which Python shows itself; no message to a user has them.
OF_PYTHON = re.compile(
    r"Traceback|object has no attribute|NoneType|not subscriptable|invalid literal|not iterable|unhashable|<class|KeyError|"
    r"TypeError|ValueError|codec can't|must be str|Exceeds the limit|unsupported operand|not JSON serializable|<.* object at 0x"
)


@dataclasses.dataclass(frozen=True)
class Case:
    """A task with odd options, which the number of the case decides."""

    number: int
    module: str
    options: Mapping[str, Any]
    odd: str

    def __str__(self) -> str:
        return f"odd_options {self.number}: {self.module}, {self.odd}"


@functools.cache
def _tasks(module: str) -> Sequence[Mapping[str, Any]]:
    """The tasks of a module that its cases vary."""
    lives = [case.stage(stage) for case in CASES if case.module == module for stage in ("create", "update", "absent")]
    return [*tasks(module), *lives]


@functools.cache
def _options(module: str) -> Sequence[tuple[tuple[str, ...], Mapping[str, Any]]]:
    """The options and suboptions of a module, and one that is not there."""
    spec = resource_of(module).arguments()["argument_spec"]
    return [*option_paths(spec), (("no_such_option",), {})]


def _odd_value(chance: random.Random, row: Mapping[str, Any]) -> Any:
    """A value that may have the option's type, or not."""
    value = chance.choice((chance.choice(TEXTS), chance.choice(OTHERS)))
    if row.get("type") == "list" and chance.random() < 0.6:
        return [value]
    if row.get("type") in ("dict", "raw") and chance.random() < 0.3:
        return {chance.choice(("a", "net0", "scsi0", "rootfs", "mp0", "ipconfig0", "size")): value}
    return value


def cases(numbers: range) -> Iterator[Case]:
    """One case for each number. Most are none that ansible-core refuses by itself."""
    for number in numbers:
        chance = random.Random(number)  # no secret
        tries = [_case(number, chance) for _turn in range(1 if chance.random() < 0.1 else 8)]
        yield next((case for case in tries if _is_valid(case)), tries[0])


def _case(number: int, chance: random.Random) -> Case:
    module = chance.choice(MODULES)
    options, odd = dict(chance.choice(_tasks(module))), []
    for _turn in range(chance.choice((1, 1, 1, 2))):
        path, row = chance.choice(_options(module))
        value = _odd_value(chance, row)
        options = with_value(options, path, value, rows=len(path) > 1 and _is_list(module, path[0]))
        odd.append(f"{'.'.join(path)}: {_shown(value)[:80]}")
    return Case(number, module, options, ", ".join(odd))


def _shown(value: Any) -> str:
    try:
        return ascii(value)
    except ValueError:  # Python does not write so many digits
        return f"an endless number in a {type(value).__name__}"


def _is_valid(case: Case) -> bool:
    """Whether ansible-core accepts the options, so that the module has to know what is wrong with them."""
    arguments = module_arguments(resource_of(case.module))
    try:
        refuse_unusable(arguments["argument_spec"], case.options)
    except InvalidOption:
        return False
    return not validate(arguments, {**CONNECTION, **case.options}).error_messages


def _is_list(module: str, name: str) -> bool:
    return bool(resource_of(module).arguments()["argument_spec"][name].get("type") == "list")


def play(cluster: Cluster, case: Case) -> str:
    """Run the task in check mode, then for real; returns what is wrong with how they ended, empty if nothing is."""
    try:
        with _limited(LONGEST):
            foretold = cluster.run(resource_of(case.module), case.options, check_mode=True)
            wrong = _wrong_in_check_mode(foretold, cluster.requests_made())
            if not wrong:
                result = cluster.run(resource_of(case.module), case.options)
                asked = cluster.requests_made()
                wrong = _wrong_for_real(foretold, result, asked)
                if any(map(_is_write, asked)):
                    cluster.reset()
    except Exception:  # a traceback is a finding, which the caller reports
        cluster.reset()
        wrong = traceback.format_exc(limit=-6)
    return f"{case}\n{wrong}" if wrong else ""


@contextmanager
def _limited(seconds: int) -> Iterator[None]:
    """Interrupt what takes longer, in the main thread."""

    def stop(_signal: int, _frame: Any) -> None:
        raise TimeoutError(f"the task takes more than {seconds} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def _wrong_in_check_mode(result: Result, asked: Sequence[Mapping[str, Any]]) -> str:
    written = [f"{row['method']} {row['path']}" for row in asked if _is_write(row)]
    return f"check mode wrote {written}" if written else _wrong_with(result) or _wrong_paths(asked)


def _wrong_for_real(foretold: Result, result: Result, asked: Sequence[Mapping[str, Any]]) -> str:
    written = [f"{row['method']} {row['path']}" for row in asked if _is_write(row) and row["status"] == 200]
    kind = result.get("error", {}).get("type")  # none in a bulk, where one entry's failure does not stop the others
    if written and kind == "InvalidOption":
        return f"wrote {written} before it refused the task: {result['msg']}"
    if (
        written and result.get("failed") and not result.get("changed") and kind != "TaskFailed"
    ):  # which may change nothing
        return f"wrote {written} and does not say so: {result['msg']}"
    if foretold.get("failed") and not result.get("failed") and written:
        return f"check mode refuses what is done ({written}): {foretold['msg']}"
    return _wrong_with(result) or _wrong_paths(asked)


def _is_write(row: Mapping[str, Any]) -> bool:
    return bool(row["method"] != "GET" and row["path"] != "/access/ticket")


def _wrong_with(result: Result) -> str:
    """What no result may have, whatever the options are."""
    message = str(result.get("msg", ""))
    try:
        json.dumps(result, allow_nan=False, ensure_ascii=False).encode()
    except (TypeError, ValueError) as error:
        return f"the result is no JSON: {error}"
    if result.get("failed") and not message.strip():
        return "fails without a message"
    if not {"error", "requests"} & set(result):  # ansible-core refused it, in its own words
        return ""
    if len(message) > 20000:
        return f"a message of {len(message)} characters: {message[:200]}"
    return f"a message of Python's: {message[:600]}" if OF_PYTHON.search(message) else ""


def _wrong_paths(asked: Sequence[Mapping[str, Any]]) -> str:
    wrong = [row["path"] for row in asked if {"", ".", ".."} & set(row["path"].split("/")[1:])]
    return f"requests to {wrong}" if wrong else ""
