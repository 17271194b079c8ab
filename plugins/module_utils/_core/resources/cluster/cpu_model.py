# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Custom CPU models: a model of QEMU with other flags, under a name that machines use."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ...model.contract import Reader
from ...model.errors import InvalidOption, NotImplementedByServer
from ...model.field import Field, Fields, hyphenated
from ...model.kinds.info import ListInfo, Options
from ...model.kinds.item import Item, ItemDesired
from ...model.values import Set, Within, Word

MODELS = "/cluster/qemu/custom-cpu-models"
PREFIX = "custom-"  # what the names have where machines use them; calls take them with and without it
TOO_OLD = "Custom CPU models can be managed since PVE 9.2; before, only by a file on the nodes."
BITS_MOST = 64


class ModelName(Word):
    """A name without its prefix: so the paths of privileges have it."""

    def parse(self, value: Any) -> str:
        return super().parse(value).removeprefix(PREFIX)


class Flags(Set):
    """Flags of the CPU, each switched on (+) or off (-)."""

    def __init__(self) -> None:
        super().__init__(";")

    def parse(self, value: Any) -> list[str]:
        flags = super().parse(value)
        for flag in flags:
            if not re.fullmatch(r"[+-][\w.-]+", flag):
                raise ValueError(f"{flag!r} is not a flag with a sign, such as '+aes' or '-pcid'")
            if flag[0] == "+" and f"-{flag[1:]}" in flags:
                raise ValueError(f"{flag[1:]} cannot be both on and off")
        return flags

    def join(self, current: Any, added: Any) -> Any:
        """A flag that is added has the sign that it has there."""
        names = {flag[1:] for flag in added}
        return super().join([flag for flag in current if flag[1:] not in names], added)


FIELDS = Fields(
    [
        Field("flags", type="list", elements="str", codec=Flags()),
        hyphenated("guest_phys_bits", type="int", codec=Within(32, BITS_MOST)),
        Field("hidden", type="bool", default=False),
        hyphenated("hv_vendor_id"),
        Field("level", type="int", codec=Within(1, 4294967295)),
        hyphenated("phys_bits", codec=Word()),
        hyphenated("reported_model", codec=Word(), clear="never"),
    ]
)


def _check(desired: ItemDesired) -> None:
    """Refuse bits of an address and names of vendors that QEMU does not take."""
    bits = desired.fields.get("phys_bits", "")
    if bits not in ("", "host") and not (bits.isdecimal() and 8 <= int(bits) <= BITS_MOST):
        raise InvalidOption("phys_bits", f"{bits!r} is neither host nor a number from 8 to {BITS_MOST}")
    vendor = desired.fields.get("hv_vendor_id", "")
    if vendor and not re.fullmatch(r"[a-zA-Z0-9]{1,12}", vendor):
        raise InvalidOption("hv_vendor_id", f"{vendor!r} is not one to twelve letters and digits")


class CpuModelList(ListInfo):
    """Models by their names without the prefix."""

    def arguments(self) -> dict[str, Any]:
        return {"argument_spec": {KEY.name: KEY.spec()}}

    def parse(self, params: Mapping[str, Any]) -> Options:
        name = params["cputype"]
        return {"cputype": name and KEY.parse(name)}

    def read(self, reader: Reader, desired: Options) -> Any:
        try:
            return super().read(reader, desired)
        except NotImplementedByServer as error:
            error.hint = TOO_OLD
            raise

    def _shown(self, row: Mapping[str, Any]) -> dict[str, Any]:
        return {"cputype": KEY.read(row["cputype"]), **FIELDS.observe(row)}


KEY = Field("cputype", aliases=("name",), codec=ModelName())
CPU_MODEL = Item(
    "model",
    MODELS,
    KEY,
    FIELDS,
    needed=("reported_model",),
    digest=True,
    merges=("flags",),
    too_old=TOO_OLD,
    shape=lambda answer: {"hidden": False, **answer},  # what is false is left out
    checks=(_check,),
)
CPU_MODEL_INFO = CpuModelList("models", lambda desired: MODELS, key="cputype", fields=FIELDS)
