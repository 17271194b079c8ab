# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the jobs have in common that the cluster runs by a calendar event."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from typing import Any

from ...model.contract import Desired, Reader
from ...model.errors import InvalidOption, InvalidParameter
from ...model.kinds.info import ListInfo
from ...model.kinds.item import Item


class Job(Item):
    """An item whose absence is answered as a wrong parameter."""

    def parse(self, params: Mapping[str, Any]) -> Desired:
        desired = super().parse(params)
        if not re.fullmatch(r"[A-Za-z][\w-]+", desired["key"]):
            raise InvalidOption(self.key.name, f"{desired['key']!r} is not an id such as 'nightly'")
        return desired

    def _answer(self, reader: Reader, key: str) -> Mapping[str, Any] | None:
        try:
            return super()._answer(reader, key)
        except InvalidParameter as error:
            if "No such job" in error.errors.get("id", ""):
                return None
            raise


class JobList(ListInfo):
    """Jobs with the moments of their last and next run, where the server tells them."""

    def _shown(self, row: Mapping[str, Any]) -> dict[str, Any]:
        moments = {"last_run": row.get("last-run"), "next_run": row.get("next-run")}
        observed = self.fields.observe(row) if self.fields else {}
        return {
            self.key: row[self.key],
            **observed,
            **{name: in_utc(value) for name, value in moments.items() if value},
        }


def in_utc(timestamp: int) -> str:
    """A moment as an ISO date in UTC."""
    return datetime.datetime.fromtimestamp(int(timestamp), datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
