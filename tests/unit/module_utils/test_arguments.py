# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The check of a call's parameters: what the server would refuse is refused beforehand, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.pve.automation.plugins.module_utils._core.api import facts
from ansible_collections.pve.automation.plugins.module_utils._core.api.arguments import Unacceptable, check_call

VM = "/nodes/pve1/qemu/100/config"


def problems(method: str, path: str, **params: Any) -> list[str]:
    return [str(problem) for problem in check_call(method, path, {n.replace("_", "-"): v for n, v in params.items()})]


@pytest.mark.parametrize(
    ("method", "path", "name", "value", "reason"),
    [
        ("PUT", VM, "cores", 0, "0 is too small; the minimum is 1"),
        ("PUT", VM, "cores", "two", "'two' is not a whole number"),
        ("PUT", VM, "cpulimit", 129, "129 is not in the range 0 to 128"),
        ("PUT", VM, "bios", "uefi", "'uefi' is not one of seabios, ovmf"),
        ("PUT", VM, "onboot", "yes", "'yes' is not a boolean"),
        ("PUT", VM, "description", "x" * 8193, "has 8193 characters; at most 8192 are allowed"),
        ("PUT", VM, "name", "web_1", "'web_1' is not a DNS name"),
        ("PUT", VM, "args", "-a\n-b", "must be one line without control characters"),
        ("PUT", VM, "hugepages", 3, "'3' is not one of any, 2, 1024"),
        ("POST", "/pools", "poolid", "a\x00b", "must be one line without control characters"),
        ("POST", "/cluster/firewall/aliases", "comment", "x\n[RULES]", "must be one line without control characters"),
        ("POST", "/cluster/ha/resources", "max_relocate", -1, "-1 is too small; the minimum is 0"),
        ("POST", "/nodes/pve1/vzdump", "zstd", "fast", "'fast' is not a whole number"),
        ("POST", "/access/users", "email", "x" * 255, "has 255 characters; at most 254 are allowed"),
        (
            "PUT",
            "/cluster/options",
            "mac_prefix",
            "01:00",
            "'01:00' is not the beginning of unicast MAC addresses, such as BC:24:11",
        ),
        ("POST", "/access/users", "email", "nobody", "'nobody' is not an e-mail address"),
        ("POST", "/access/users", "groups", "web,a/b", "'a/b' is not a group's name (letters, digits, ., - and _)"),
        ("POST", "/cluster/acme/account", "contact", "a@example.com,b", "'b' is not an e-mail address"),
    ],
)
def test_what_the_server_refuses_is_found(method: str, path: str, name: str, value: Any, reason: str) -> None:
    assert [str(problem) for problem in check_call(method, path, {name: value})] == [f"{name}: {reason}"]


@pytest.mark.parametrize(
    ("method", "path", "params"),
    [
        ("PUT", VM, {"cores": 4, "cpulimit": 0.5, "onboot": True, "description": "two\nlines", "net0": "virtio"}),
        ("PUT", VM, {"delete": "cores,net0", "digest": "a" * 40, "skiplock": 1}),
        ("PUT", "/pools/web", {"comment": "two\nlines"}),
        ("PUT", "/cluster/options", {"mac_prefix": "bc:24:"}),
        ("PUT", "/access/users/a@pve", {"email": "", "groups": ""}),
        ("PUT", "/access/users/a@pve", {"email": "a.b+c@mail.example.com", "groups": "web-team,ops_1"}),
        ("PUT", "/nodes/pve1/network/vmbr0", {"type": "bridge", "comments": "two\nlines\n"}),
        ("POST", "/nodes/pve1/qemu/100/agent/exec", {"command": ["sh", "-c", "echo a\necho b"]}),
        ("POST", "/somewhere/else", {"cores": 0}),  # a call that is not in the table is the server's to judge
    ],
)
def test_what_the_server_accepts_passes(method: str, path: str, params: dict[str, Any]) -> None:
    assert list(check_call(method, path, params)) == []


@pytest.mark.parametrize(
    ("kind", "release", "binds"),
    [
        ("number", facts.RELEASE, True),
        ("number", (9, 0), True),
        ("number", (9, 3), False),
        ("number", (8, 4), True),
        ("choice", (8, 4), False),
        ("choice", (9, 0), True),
        ("control", (9, 3), True),
    ],
)
def test_rules_bind_the_releases_that_they_are_of(kind: str, release: tuple[int, int], binds: bool) -> None:
    assert Unacceptable("x", "why", kind).binds(lambda: release) is binds


def test_the_call_with_most_literal_parts_is_meant() -> None:
    assert problems("POST", "/nodes/pve1/qemu/100/status/start", timeout=-1) == [
        "timeout: -1 is too small; the minimum is 0"
    ]
