# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of the whole cluster (datacenter.cfg), its property strings taken apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...model.field import Field, Fields, hyphenated
from ...model.kinds.singleton import Singleton
from ...model.property_string import (
    BOOLEAN,
    INTEGER,
    NUMBER,
    SEMICOLON_LIST,
    SEMICOLON_SET,
    WORD,
    Part,
    PropertyString,
    flag,
    words,
)
from ...model.values import Set, Word, url_passwords
from ..node.settings import LOCATION
from ..storage.fields import BANDWIDTH


def _channel() -> PropertyString:
    """How and through which network guests are moved or replicated."""
    kind = Part("type", WORD, choices=("secure", "insecure"), default="secure")
    return PropertyString(kind, *words("network"), default_key="type")


SCHEDULER = PropertyString(
    Part("ha", WORD, choices=("basic", "static", "dynamic"), default="basic"),
    flag("ha-rebalance-on-start", False),
    flag("ha-auto-rebalance", False),
    Part("ha-auto-rebalance-hold-duration", NUMBER, minimum=0, default=3),
    Part("ha-auto-rebalance-margin", NUMBER, minimum=0, maximum=100, default=10),
    Part("ha-auto-rebalance-method", WORD, choices=("bruteforce", "topsis"), default="bruteforce"),
    Part("ha-auto-rebalance-threshold", NUMBER, minimum=0, maximum=100, default=30),
)
TAG_STYLE = PropertyString(
    flag("case-sensitive", False),
    Part("color-map", SEMICOLON_LIST),
    Part("ordering", WORD, choices=("config", "alphabetical"), default="alphabetical"),
    Part("shape", WORD, choices=("full", "circle", "dense", "none"), default="circle"),
)
NOTIFY = PropertyString(
    Part("fencing", WORD, choices=("always", "never")),
    Part("package-updates", WORD, choices=("auto", "always", "never"), default="auto"),
    Part("replication", WORD, choices=("always", "never")),
    *words("target-fencing", "target-package-updates", "target-replication"),
)


class TagAccess(PropertyString):
    """Which tags users may set, with a list that can be added to."""

    def join(self, current: Any, added: Any) -> Any:
        name = "user-allow-list"
        if not added.get(name):
            return added
        return {**added, name: SEMICOLON_SET.join(current.get(name, []), added[name])}


FIELDS = Fields(
    [
        Field("bwlimit", type="raw", codec=BANDWIDTH),
        hyphenated("consent_text"),
        Field("console", choices=("applet", "vv", "html5", "xtermjs")),
        Field("crs", type="raw", codec=SCHEDULER),
        Field("description"),
        Field("email_from"),
        Field("fencing", choices=("watchdog", "hardware", "both"), default="watchdog"),
        Field(
            "ha",
            type="raw",
            codec=PropertyString(
                Part(
                    "shutdown_policy",
                    WORD,
                    choices=("freeze", "failover", "conditional", "migrate"),
                    default="conditional",
                )
            ),
        ),
        Field("http_proxy"),
        Field("keyboard"),
        Field("language"),
        Field("location", type="raw", codec=LOCATION),
        Field("mac_prefix", codec=Word(), default="BC:24:11"),
        Field("max_workers", type="int"),
        Field("migration", type="raw", codec=_channel()),
        hyphenated(
            "next_id",
            type="raw",
            codec=PropertyString(Part("lower", INTEGER, default=100), Part("upper", INTEGER, default=1000000)),
        ),
        Field("notify", type="raw", codec=NOTIFY),
        hyphenated("registered_tags", type="list", elements="str", codec=Set(";")),
        Field("replication", type="raw", codec=_channel()),
        hyphenated("tag_style", type="raw", codec=TAG_STYLE),
        Field("u2f", type="raw", codec=PropertyString(*words("appid", "origin"))),
        hyphenated(
            "user_tag_access",
            type="raw",
            codec=TagAccess(
                Part("user-allow", WORD, choices=("none", "list", "existing", "free"), default="free"),
                Part("user-allow-list", SEMICOLON_SET),
            ),
        ),
        Field(
            "webauthn",
            type="raw",
            codec=PropertyString(Part("allow-subdomains", BOOLEAN, default=True), *words("id", "origin", "rp")),
        ),
    ]
)


def proxy_password(params: Mapping[str, Any]) -> set[str]:
    """The password of the proxy."""
    return url_passwords(params.get("http_proxy") or "")


CLUSTER_OPTIONS = Singleton(
    "options",
    lambda keys: "/cluster/options",
    FIELDS,
    merges=("registered_tags", "user_tag_access"),
    hides_values=True,
    secrets_in=proxy_password,
)
