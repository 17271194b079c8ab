# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The examples of the modules as tasks, and these tasks with another value of one option."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import jinja2
import trustme

from tests.unit.test_collection import literals

PREFIX = "pve.automation."
SSH_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHRoaXNpc25vdGFyZWFsa2V5YnV0bG9va3NsaWtlb25l me"
CERTIFICATE = trustme.CA().issue_cert("pve1.example.com")
FILES = {
    "~/.ssh/id_ed25519.pub": SSH_KEY,
    "~/.ssh/new.pub": SSH_KEY,
    "pve1.example.com.fullchain.pem": CERTIFICATE.cert_chain_pems[0].bytes().decode(),
    "pve1.example.com.key": CERTIFICATE.private_key_pem.bytes().decode(),
}
VARIABLES: Mapping[str, Any] = {
    "lookup": lambda _kind, name: FILES[name],
    "now": lambda **_options: "20260131",
    "pbs_fingerprint": ":".join(["AB"] * 32),
    "totp_secret": "JBSWY3DPEHPK3PXP",
    "subscription_keys": {"pve1": "pve2c-0123456789"},
}
OptionPath = tuple[str, ...]


class Secret(jinja2.Undefined):
    """What an example takes from somewhere else."""

    def __str__(self) -> str:
        return "s3cret-value"


def examples(module: str) -> Iterator[tuple[dict[str, Any], str, Any]]:
    """The tasks of a module's examples that belong to this collection: the task, the module and its options but the connection."""
    for task in literals(module)["EXAMPLES"]:
        for name, options in task.items():
            if name.startswith(PREFIX):
                own = {key: value for key, value in (options or {}).items() if not key.startswith("api_")}
                yield task, name.removeprefix(PREFIX), own


def templated(value: Any, variables: Mapping[str, Any]) -> Any:
    if isinstance(value, dict):
        return {key: templated(item, variables) for key, item in value.items()}
    if isinstance(value, list):
        return [templated(item, variables) for item in value]
    if isinstance(value, str) and "{" in value:
        return jinja2.Template(value, undefined=Secret).render(variables)
    return value


# --- other values ---------------------------------------------------------------------------------------------------


def filled(value: Any) -> Any:
    """The options of an example with values in place of its variables."""
    if isinstance(value, dict):
        return {key: filled(item) for key, item in value.items()}
    if isinstance(value, list):
        return [filled(item) for item in value]
    try:
        return templated(value, {**VARIABLES, "item": "item"})
    except jinja2.UndefinedError:
        return "text"


def tasks(module: str) -> list[dict[str, Any]]:
    return [filled(options) for _task, name, options in examples(module) if name == module]


def option_paths(spec: Mapping[str, Any], before: OptionPath = ()) -> Iterator[tuple[OptionPath, Mapping[str, Any]]]:
    """All options and suboptions of a module, with their rows."""
    for name, row in spec.items():
        yield (*before, name), row
        yield from option_paths(row.get("options") or {}, (*before, name))


def with_value(options: Mapping[str, Any], path: OptionPath, value: Any, *, rows: bool = False) -> dict[str, Any]:
    """The options with another value of one of them; suboptions of a list stand in its only entry."""
    name, rest = path[0], path[1:]
    if not rest:
        return {**options, name: value}
    inner = options.get(name)
    if isinstance(inner, list) or rows:
        first = inner[0] if isinstance(inner, list) and inner else {}
        return {**options, name: [with_value(first, rest, value)]}
    return {**options, name: with_value(inner if isinstance(inner, dict) else {}, rest, value)}
