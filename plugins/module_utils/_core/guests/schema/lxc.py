# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every configuration key of a container as a field, and the families of numbered keys (``net0``, ``mp1``, ...)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ...model.field import Field, Fields
from ...model.property_string import PropertyString
from ...model.values import Codec, List, VolumeName
from . import lxc_formats
from .families import LEAST_MEMORY, Family, Memory, SshKeys, Tags, flag, raw
from .vm_formats import STARTUP


class Environment(Codec):
    """Environment variables: a mapping, or texts of the form ``NAME=value``; PVE joins them by NUL characters."""

    def parse(self, value: Any) -> dict[str, str]:
        if isinstance(value, Mapping):
            pairs = [(str(name), "" if item is None else str(item)) for name, item in value.items()]
        else:
            lines = value if isinstance(value, list) else re.split(r"[\0\n]", str(value))
            pairs = [self._pair(str(line)) for line in lines if str(line)]
        for name, item in pairs:
            if not re.fullmatch(r"\w+", name, re.ASCII):
                raise ValueError(f"{name!r} is not a name of a variable: letters, digits and underscores")
            if re.search(r"[\x00-\x08\x0a-\x1f\x7f]", item):
                raise ValueError(f"the value of {name} has a control character")
        return dict(sorted(pairs))

    @staticmethod
    def _pair(text: str) -> tuple[str, str]:
        name, equals, item = text.partition("=")
        if not equals:
            raise ValueError(f"{text!r} is not of the form NAME=value")
        return name, item

    def format(self, value: Mapping[str, str]) -> str:
        return "\0".join(f"{name}={item}" for name, item in value.items())


MOUNT_POINTS: Mapping[str, Family] = {"mp": Family("mp", "mp", 256, lxc_formats.MOUNT_POINT)}
SINGLE_VOLUMES: Mapping[str, PropertyString] = {"rootfs": lxc_formats.ROOTFS}
UNUSED = Family("unused", "unused", 256, lxc_formats.UNUSED)
FAMILIES: Mapping[str, Family] = {
    "net": Family("net", "net", 32, lxc_formats.NET),
    "dev": Family("dev", "dev", 256, lxc_formats.DEVICE),
}
OPTIONS = Fields(
    [
        Field("arch", choices=("amd64", "i386", "arm64", "armhf", "riscv32", "riscv64"), default="amd64"),
        Field("cmode", choices=("shell", "console", "tty"), default="tty"),
        flag("console", True),
        Field("cores", type="int"),
        Field("cpulimit", type="float", default=0),
        Field("cpuunits", type="int"),
        flag("debug", False),
        Field("description"),
        Field("entrypoint", default="/sbin/init", since="9.1"),
        raw("env", Environment(), since="9.1"),
        raw("features", lxc_formats.FEATURES),
        Field("hookscript"),
        Field("hostname", aliases=("name",), clear="never"),
        raw("memory", Memory(LEAST_MEMORY), default=512, clear="never"),
        Field("nameserver", type="list", elements="str", codec=List(" ")),
        flag("onboot", False),
        Field(
            "ostype",
            choices=tuple(
                "debian devuan ubuntu centos fedora opensuse archlinux alpine gentoo nixos unmanaged".split()
            ),
        ),
        flag("protection", False),
        Field("searchdomain"),
        raw("startup", STARTUP),
        raw("swap", Memory(), default=512),
        Field("tags", type="list", elements="str", codec=Tags(";")),
        Field("timezone"),
        Field("tty", type="int", default=2),
        flag("unprivileged", False, create_only=True),
    ]
)
NUMBERED = Fields(field for family in FAMILIES.values() for field in family.fields())
CONFIG = Fields([*OPTIONS, *NUMBERED])
VOLUME_FIELDS = Fields(
    [
        *(raw(name, codec) for name, codec in SINGLE_VOLUMES.items()),
        *(field for family in MOUNT_POINTS.values() for field in family.fields()),
        *UNUSED.fields(),
    ]
)
# Options that only the call takes that creates a container from a template; PVE shows none of them afterwards.
CREATION = Fields(
    [
        Field("ostemplate", codec=VolumeName("local:vztmpl/debian-13-standard_13.1-2_amd64.tar.zst")),
        Field("password", secret=True),
        raw("ssh_public_keys", SshKeys(), api="ssh-public-keys"),
        Field("storage"),
        Field("bwlimit", type="float"),
        flag("ignore_unpack_errors", api="ignore-unpack-errors"),
    ]
)
