# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the jobs have in common that the cluster runs by a calendar event."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from ...model.field import Field
from ...model.kinds.info import ListInfo
from ...model.values import Matching

JOB_KEY = Field("id", aliases=("name",), codec=Matching(r"[A-Za-z][\w-]+", "{value} is not an id such as 'nightly'"))
NO_SUCH_JOB = "No such job"  # what the server says of a wrong id


class JobList(ListInfo):
    """Jobs with the moments of their last and next run, where the server has them."""

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
