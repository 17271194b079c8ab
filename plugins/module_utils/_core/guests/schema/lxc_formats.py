# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The property strings of containers, as tables: names, types, choices and bounds of every sub-option.

Facts from the API schema of PVE 9.2 (POST /nodes/{node}/lxc); what PVE assumes for an absent sub-option is its default.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...model.property_string import (
    INTEGER,
    INTERFACE_NAME,
    MAC,
    NUMBER,
    SEMICOLON_LIST,
    SEMICOLON_SET,
    SIZE,
    STORAGE_NAME,
    WORD,
    Part,
    PropertyString,
    flag,
    words,
)
from .addresses import ADDRESSES, NO_GATEWAY

NET = PropertyString(
    *(Part(name, WORD, pattern=INTERFACE_NAME) for name in ("name", "bridge")),
    Part("hwaddr", MAC),
    flag("firewall", False),
    *ADDRESSES,
    flag("host-managed", False),
    flag("link_down", False),
    Part("mtu", INTEGER, minimum=64, maximum=65535),
    Part("rate", NUMBER, minimum=0),
    Part("tag", INTEGER, minimum=1, maximum=4094),
    Part("trunks", SEMICOLON_LIST),
    Part("type", WORD, choices=("veth",), default="veth"),
    rules_out=NO_GATEWAY,
)


class Features(PropertyString):
    """PVE lets only root name another feature than nesting, even to switch it off: what is off anyhow is not written."""

    def merge(self, current: Mapping[str, Any] | None, desired: Mapping[str, Any]) -> dict[str, Any]:
        present = current or {}
        named = {name: item for name, item in desired.items() if name in present or item != self._value({}, name)}
        return super().merge(present, named)


FEATURES = Features(
    flag("force_rw_sys", False),
    flag("fuse", False),
    flag("keyctl", False),
    flag("mknod", False),
    Part("mount", SEMICOLON_SET),
    flag("nesting", False),
)
DEVICE = PropertyString(
    *words("path"),
    flag("deny-write", False),
    Part("gid", INTEGER, minimum=0),
    Part("mode", WORD, pattern="0[0-7]{3}"),
    Part("uid", INTEGER, minimum=0),
    default_key="path",
)
_VOLUME = Part("volume", WORD, aliases=("file",))
_VOLUME_PARTS = (
    _VOLUME,
    Part("storage", WORD, pattern=STORAGE_NAME),  # not PVE's: where a task wants its volume
    Part("size", SIZE),
    flag("acl"),
    Part("idmap", SEMICOLON_LIST),
    Part("mountoptions", SEMICOLON_SET),
    flag("quota", False),
    flag("replicate", True),
    flag("ro", False),
    flag("shared", False),
)
ROOTFS = PropertyString(*_VOLUME_PARTS, default_key="volume")
MOUNT_POINT = PropertyString(
    *_VOLUME_PARTS, *words("mp"), flag("backup", False), flag("keepattrs", False), default_key="volume"
)
UNUSED = PropertyString(_VOLUME, default_key="volume")
