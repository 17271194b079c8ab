# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs that take over users and groups from the directory behind a realm, by a schedule."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...model.calendar import Schedule
from ...model.contract import Desired
from ...model.errors import InvalidOption
from ...model.field import Field, Fields, hyphenated
from ...model.property_string import SEMICOLON_SET
from ..cluster.scheduled import Job, JobList
from .realm import SCOPES, VANISHED

JOBS = "/cluster/jobs/realm-sync"
# No defaults for what is synchronised: an absent key means what the realm itself sets.
FIELDS = Fields(
    [
        Field("realm", create_only=True, clear="never"),
        Field("schedule", codec=Schedule(), clear="never"),
        Field("comment"),
        hyphenated("enable_new", type="bool"),
        Field("enabled", type="bool", clear="never", default=True),
        hyphenated("remove_vanished", type="list", elements="str", choices=VANISHED, codec=SEMICOLON_SET),
        Field("scope", choices=SCOPES),
    ]
)


class RealmSyncJob(Job):
    """A job that says what becomes of users and groups that have vanished."""

    def parse(self, params: Mapping[str, Any]) -> Desired:
        desired = super().parse(params)
        vanished = desired["fields"].get("remove_vanished") or []
        if "none" in vanished and len(vanished) > 1:
            raise InvalidOption("remove_vanished", "none goes with nothing else")
        return desired


JOB = RealmSyncJob(
    "job",
    JOBS,
    Field("id", aliases=("name",)),
    FIELDS,
    needed=("realm", "schedule"),
    own_path=True,
    always=("schedule",),
)
JOB_INFO = JobList("jobs", lambda desired: JOBS, key="id", fields=FIELDS)
