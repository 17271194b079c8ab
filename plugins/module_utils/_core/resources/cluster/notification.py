# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Notifications: the endpoints that messages go to, and the matchers that choose among them."""

from __future__ import annotations

import base64
import binascii
import dataclasses
from collections.abc import Mapping
from typing import Any

from ...model.contract import Reader
from ...model.errors import InvalidOption
from ...model.field import Field, Fields, hyphenated
from ...model.given import TO_MAKE
from ...model.kinds.by_type import ByType
from ...model.kinds.info import ListInfo, Options
from ...model.kinds.item import BuiltIn, Item, ItemDesired
from ...model.plan import Plan, Step, api_path
from ...model.values import Codec, Comment, Items, Text

ENDPOINTS = "/cluster/notifications/endpoints"
MATCHERS = "/cluster/notifications/matchers"
TARGETS = "/cluster/notifications/targets"
NAME = Field("name")


def _list(name: str) -> Field:
    return hyphenated(name, type="list", elements="str", codec=Items())


class Encoded(Text):
    """Text that travels in base64. Canonically it is the text itself; ``decoded`` undoes what the server answers."""

    def format(self, value: str) -> str:
        return base64.b64encode(value.encode()).decode()


class Pairs(Codec):
    """Names with values, ``{Content-Type: application/json}``; the values travel in base64."""

    def parse(self, value: Any) -> dict[str, str]:
        return {str(name): str(text) for name, text in value.items()}

    def format(self, value: Mapping[str, str]) -> list[str]:
        return [f"name={name},value={Encoded().format(text)}" for name, text in value.items()]


def decoded(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return text


def pairs(rows: list[str]) -> dict[str, str]:
    """Names and values as the server answers them."""
    parts = [dict(piece.partition("=")[::2] for piece in row.split(",", 1)) for row in rows]
    return {part.get("name", ""): decoded(part.get("value", "")) for part in parts}


def _decode(answer: Mapping[str, Any]) -> dict[str, Any]:
    """The answer with what travels in base64 decoded."""
    shaped = dict(answer)
    if "body" in shaped:
        shaped["body"] = decoded(shaped["body"])
    if "header" in shaped:
        shaped["header"] = pairs(shaped["header"])
    return shaped


def _with_test(plan: Plan, desired: ItemDesired) -> Plan:
    """The plan with the test message that the task asks for."""
    if not desired.options["send_test"]:
        return plan
    if desired.state == "absent":
        raise InvalidOption("send_test", "needs state: present")
    path = f"{TARGETS}{api_path(desired.key)}/test"
    summary = f"send a test message to endpoint {desired.key}"
    send = Step("POST", path, summary=summary, verify=False, repeatable=False)
    return dataclasses.replace(plan, steps=(*plan.steps, send))


def _built_in(name: str) -> BuiltIn:
    """An item that comes back when it is deleted."""
    return BuiltIn(name.__eq__, "The server always has {name} {key}.", hint="disable: true switches it off.")


_COMMON = (Field("comment", codec=Comment()), Field("disable", type="bool", default=False))
_MAIL = (Field("author"), hyphenated("from_address"), _list("mailto"), _list("mailto_user"))
_TYPES: dict[str, tuple[tuple[str, ...], list[Field]]] = {
    "sendmail": (("mailto or mailto_user",), [*_MAIL]),
    "gotify": (("server", "token"), [Field("server", clear="never"), Field("token", secret=True, clear="never")]),
    "smtp": (
        ("server", "from_address", "mailto or mailto_user"),
        [
            *_MAIL,
            Field("server", clear="never"),
            Field("mode", choices=("insecure", "starttls", "tls"), default="tls"),
            Field("port", type="int"),
            Field("username"),
            Field("password", secret=True),
        ],
    ),
    "webhook": (
        ("url", "method"),
        [
            Field("url", clear="never"),
            Field("method", choices=("post", "put", "get"), clear="never"),
            Field("header", type="dict", codec=Pairs()),
            Field("body", type="json", codec=Encoded()),  # a template may have turned JSON into a mapping
            Field("secret", type="dict", codec=Pairs(), secret=True),
        ],
    ),
}
ITEMS = {
    kind: Item(
        name="endpoint",
        collection=f"{ENDPOINTS}/{kind}",
        key=NAME,
        fields=Fields([*_COMMON, *fields]),
        extra_options={"send_test": {"type": "bool", "default": False}},
        extra_uses={"send_test": TO_MAKE},
        needed=needed,
        delete_list=True,
        merges=tuple(field.name for field in fields if field.name in ("mailto", "mailto_user")),
        shape=_decode,
        built_in=_built_in("mail-to-root") if kind == "sendmail" else None,
        amend=_with_test,
        more_calls=(f"POST {TARGETS}/*/test",),
    )
    for kind, (needed, fields) in _TYPES.items()
}
MATCHER_FIELDS = Fields(
    [
        *_COMMON,
        hyphenated("invert_match", type="bool", default=False),
        _list("match_calendar"),
        _list("match_field"),
        _list("match_severity"),
        Field("mode", choices=("all", "any"), default="all"),
        _list("target"),
    ]
)
ENDPOINT = ByType("endpoint", ITEMS)
MATCHER = Item(
    "matcher",
    MATCHERS,
    NAME,
    MATCHER_FIELDS,
    delete_list=True,
    merges=("target",),
    built_in=_built_in("default-matcher"),
)


class EndpointList(ListInfo):
    """Endpoints. PVE lists those of all types with little more than their names, those of one type with all options."""

    def read(self, reader: Reader, desired: Options) -> Any:
        rows, kind = super().read(reader, desired), desired["type"]
        if kind is None:
            return rows
        return [{"type": kind, **ITEMS[kind].observe(row["name"], row), "origin": row.get("origin")} for row in rows]


ENDPOINT_INFO = EndpointList(
    "endpoints",
    lambda desired: f"{ENDPOINTS}/{desired['type']}" if desired["type"] else TARGETS,
    key="name",
    fields=Fields(_COMMON),
    options={"type": {"type": "str", "choices": list(ITEMS)}},
)
MATCHER_INFO = ListInfo("matchers", lambda desired: MATCHERS, key="name", fields=MATCHER_FIELDS)
