# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers that the cluster sends its metrics to."""

from __future__ import annotations

import base64
import contextlib
import functools
import json
from collections.abc import Mapping
from typing import Any

from ...model.field import Field, Fields, hyphenated
from ...model.kinds.info import ListInfo
from ...model.kinds.item import Item
from ...model.kinds.type_rules import TypeRules
from ...model.values import Codec

SERVERS = "/cluster/metrics/server"
TYPES = ("graphite", "influxdb", "opentelemetry")


class Json64(Codec):
    """Names with texts, which travel as JSON in base64. Written as a mapping, as JSON, or as it travels."""

    def parse(self, value: Any) -> dict[str, str]:
        names = value if isinstance(value, Mapping) else _mapping(str(value))
        return {str(name): str(text) for name, text in sorted(names.items())}

    def format(self, value: Mapping[str, str]) -> str:
        return base64.b64encode(json.dumps(value, ensure_ascii=False).encode()).decode()


def _mapping(text: str) -> Mapping[str, Any]:
    """The mapping that a text is as JSON, plain or in base64."""
    for decode in (str.encode, functools.partial(base64.b64decode, validate=True)):
        with contextlib.suppress(ValueError):  # also of base64 and UTF-8
            parsed = json.loads(decode(text))
            if isinstance(parsed, Mapping):
                return parsed
    raise ValueError("is no mapping of names to texts, neither as such nor as JSON, plain or in base64")


FIELDS = Fields(
    [
        Field("type", choices=TYPES, create_only=True, clear="never"),
        Field("server", clear="never"),
        Field("port", type="int", clear="never"),
        Field("disable", type="bool", default=False),
        Field("mtu", type="int", default=1500),
        Field("timeout", type="int", default=1),
        Field("path"),
        Field("proto", choices=("udp", "tcp")),
        Field("influxdbproto", choices=("udp", "http", "https"), default="udp"),
        hyphenated("api_path_prefix"),
        Field("bucket"),
        Field("organization"),
        Field("token", secret=True),
        hyphenated("max_body_size", type="int", default=25000000),
        hyphenated("verify_certificate", type="bool", default=True),
        hyphenated("otel_compression", choices=("none", "gzip"), default="gzip"),
        hyphenated("otel_headers", type="raw", codec=Json64(), secret=True),
        hyphenated("otel_max_body_size", type="int", default=10000000),
        hyphenated("otel_path", default="/v1/metrics"),
        hyphenated("otel_protocol", choices=("http", "https"), default="https"),
        hyphenated("otel_resource_attributes", type="raw", codec=Json64()),
        hyphenated("otel_timeout", type="int", default=5),
        hyphenated("otel_verify_ssl", type="bool", default=True),
    ]
)
OWN = {
    "graphite": ("path", "proto"),
    "influxdb": (
        "influxdbproto",
        "api_path_prefix",
        "bucket",
        "organization",
        "token",
        "max_body_size",
        "verify_certificate",
    ),
    "opentelemetry": tuple(field.name for field in FIELDS if field.name.startswith("otel_")),
}


SERVER = Item(
    "server",
    SERVERS,
    Field("id", aliases=("name",)),
    FIELDS,
    needed=("type", "server", "port"),
    own_path=True,
    always=("server", "port"),
    types=TypeRules(OWN),
)
SERVER_INFO = ListInfo("servers", lambda desired: SERVERS, key="id", fields=FIELDS)
