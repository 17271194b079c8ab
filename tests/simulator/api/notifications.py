# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Notifications: endpoints of four kinds, and the matchers that choose among them. Nothing is ever sent."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator

from ..call import Call
from ..errors import ApiError, not_simulated
from ..routing import endpoint
from ..sections import MODIFIED, Section, Sections, change, deleted, digest_of, given, sections

BASE = "/cluster/notifications"
KINDS = ("gotify", "sendmail", "smtp", "webhook")
SECRETS = {"gotify": "token", "smtp": "password"}
SEVERITIES = frozenset({"info", "notice", "warning", "error", "unknown"})
# What is there from the beginning, and again when it is deleted (proxmox-notify src/lib.rs Config::new; pve.rs default_config)
BUILTIN: dict[str, Sections] = {
    "sendmail": {"mail-to-root": {"comment": "Send mails to root@pam's email address", "mailto-user": ["root@pam"]}},
    "matchers": {
        "default-matcher": {
            "comment": "Route all notifications to mail-to-root",
            "mode": "all",
            "target": ["mail-to-root"],
        }
    },
}
FIELD_VALUES = (
    ("type", "fencing"), ("type", "package-updates"), ("type", "replication"), ("type", "system-mail"),
    ("type", "vzdump"),
)  # fmt: skip


def endpoints(call: Call, kind: str) -> Sections:
    found = sections(call.cluster, f"notifications_{kind}")
    for name, section in BUILTIN.get(kind, {}).items():
        found.setdefault(name, dict(section))
    return found


def matchers(call: Call) -> Sections:
    return endpoints(call, "matchers")


def origin(kind: str, name: str, section: Section) -> str:
    if name not in BUILTIN.get(kind, {}):
        return "user-created"
    return "builtin" if section == BUILTIN[kind][name] else "modified-builtin"


def digest(call: Call) -> str:
    everything = [*(endpoints(call, kind) for kind in KINDS), matchers(call)]
    return digest_of(everything, hashlib.sha256)


def check_digest(call: Call) -> None:
    if call.given("digest") and call.params["digest"] != digest(call):
        raise ApiError(400, MODIFIED)


def targets(call: Call) -> Iterator[tuple[str, str, Section]]:
    """Name, kind and options of each endpoint."""
    for kind in KINDS:
        for name, section in endpoints(call, kind).items():
            yield name, kind, section


def shown(kind: str, name: str, section: Section) -> Section:
    """An endpoint without its secrets: of a webhook's only the names are reported."""
    row = {key: value for key, value in section.items() if key != SECRETS.get(kind)}
    if "secret" in row:
        row["secret"] = [text.partition(",")[0] for text in row["secret"]]
    return {"name": name, "origin": origin(kind, name, section), **row}


def existing(found: Sections, name: str, what: str) -> Section:
    if name not in found:
        raise ApiError(404, f"{what} '{name}' not found")
    return found[name]


def check_name(call: Call, name: str) -> None:
    """Endpoints and matchers share their names."""
    taken = {known for known, _kind, _section in targets(call)} | matchers(call).keys()
    if name in taken:
        raise ApiError(400, f"Cannot create '{name}', an entity with the same name already exists")


def check_recipients(kind: str, section: Section) -> None:
    if kind in ("sendmail", "smtp") and not (section.get("mailto") or section.get("mailto-user")):
        raise ApiError(400, "must at least provide one recipient, either in mailto or in mailto-user")


def check_deletable(call: Call, path: str, required: frozenset[str]) -> None:
    """Only what is optional can be deleted; the text is that of the server's parser."""
    optional = call.cluster.areas["facts"].endpoints["PUT", path].parameters
    names = sorted(optional.keys() - {"delete", "digest", "name"} - required)
    for name in deleted(call):
        if name not in names:
            raise ApiError(
                500, f"error: unknown variant `{name}`, expected one of {', '.join(f'`{n}`' for n in names)}"
            )


def register(kind: str) -> None:
    """The five calls of one kind of endpoint."""
    path = f"{BASE}/endpoints/{kind}"

    @endpoint("GET", path)
    def list_endpoints(call: Call) -> list[Section]:
        return [shown(kind, name, section) for name, section in endpoints(call, kind).items()]

    @endpoint("GET", f"{path}/{{name}}")
    def read_endpoint(call: Call) -> Section:
        name = call.params["name"]
        return {**shown(kind, name, existing(endpoints(call, kind), name, "endpoint")), "digest": digest(call)}

    @endpoint("POST", path)
    def create_endpoint(call: Call) -> None:
        section = given(call, "name")
        check_name(call, call.params["name"])
        check_recipients(kind, section)
        endpoints(call, kind)[call.params["name"]] = section

    @endpoint("PUT", f"{path}/{{name}}")
    def update_endpoint(call: Call) -> None:
        section = existing(endpoints(call, kind), call.params["name"], "endpoint")
        check_digest(call)
        posted = call.cluster.areas["facts"].endpoints["POST", path].parameters
        required = frozenset(name for name, facts in posted.items() if not facts.get("optional"))
        check_deletable(call, f"{path}/{{name}}", required)
        changed = dict(section)
        change(changed, given(call, "name"), deleted(call))
        check_recipients(kind, changed)
        endpoints(call, kind)[call.params["name"]] = changed

    @endpoint("DELETE", f"{path}/{{name}}")
    def delete_endpoint(call: Call) -> None:
        name = call.params["name"]
        existing(endpoints(call, kind), name, "endpoint")
        users = sorted(matcher for matcher, section in matchers(call).items() if name in section.get("target", ()))
        if users:
            raise ApiError(400, f"cannot delete '{name}', referenced by: {', '.join(users)}")
        del endpoints(call, kind)[name]


for _kind in KINDS:
    register(_kind)


# --- targets ------------------------------------------------------------------------


@endpoint("GET", f"{BASE}/targets")
def list_targets(call: Call) -> list[Section]:
    rows: list[Section] = []
    for name, kind, section in targets(call):
        kept: Section = {key: section[key] for key in ("comment", "disable") if key in section}
        rows.append({"name": name, "type": kind, "origin": origin(kind, name, section), **kept})
    return rows


@endpoint("POST", f"{BASE}/targets/{{name}}/test")
def test_target(call: Call) -> None:
    """Local mail is accepted, and goes nowhere; what needs another server is not simulated."""
    name = call.params["name"]
    kinds = {known: kind for known, kind, _section in targets(call)}
    if name not in kinds:
        raise ApiError(404, f"endpoint '{name}' does not exist")
    if kinds[name] != "sendmail":
        raise not_simulated(f"sending a notification by {kinds[name]}")


@endpoint("GET", f"{BASE}/matcher-fields")
def matcher_fields(call: Call) -> list[Section]:
    return [{"name": name} for name in ("type", "hostname", "job-id")]


@endpoint("GET", f"{BASE}/matcher-field-values")
def matcher_field_values(call: Call) -> list[Section]:
    rows = [{"field": field, "value": value} for field, value in FIELD_VALUES]
    return rows + [{"field": "hostname", "value": name} for name in call.cluster.nodes]


# --- matchers -------------------------------------------------------------------------


def check_matcher(call: Call, section: Section) -> None:
    known = {name for name, _kind, _section in targets(call)}
    for target in section.get("target", ()):
        if target not in known:
            raise ApiError(404, f"endpoint '{target}' does not exist")
    for text in section.get("match-severity", ()):
        for severity in text.split(","):
            if severity not in SEVERITIES:
                raise ApiError(500, f"error: invalid severity {severity}")
    for text in section.get("match-field", ()):
        if not re.fullmatch(r"(?:exact|regex):[^=]+=.*", text):
            raise ApiError(500, f"error: could not apply filter: invalid match-field statement: {text}")


def shown_matcher(name: str, section: Section) -> Section:
    return {"name": name, "origin": origin("matchers", name, section), **section}


@endpoint("GET", f"{BASE}/matchers")
def list_matchers(call: Call) -> list[Section]:
    return [shown_matcher(name, section) for name, section in matchers(call).items()]


@endpoint("GET", f"{BASE}/matchers/{{name}}")
def read_matcher(call: Call) -> Section:
    name = call.params["name"]
    return {**shown_matcher(name, existing(matchers(call), name, "matcher")), "digest": digest(call)}


@endpoint("POST", f"{BASE}/matchers")
def create_matcher(call: Call) -> None:
    section = given(call, "name")
    check_name(call, call.params["name"])
    check_matcher(call, section)
    matchers(call)[call.params["name"]] = section


@endpoint("PUT", f"{BASE}/matchers/{{name}}")
def update_matcher(call: Call) -> None:
    section = existing(matchers(call), call.params["name"], "matcher")
    check_digest(call)
    check_deletable(call, f"{BASE}/matchers/{{name}}", frozenset())
    changed = dict(section)
    change(changed, given(call, "name"), deleted(call))
    check_matcher(call, changed)
    matchers(call)[call.params["name"]] = changed


@endpoint("DELETE", f"{BASE}/matchers/{{name}}")
def delete_matcher(call: Call) -> None:
    existing(matchers(call), call.params["name"], "matcher")
    del matchers(call)[call.params["name"]]
