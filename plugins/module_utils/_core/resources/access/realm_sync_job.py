# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs that take over users and groups from the directory behind a realm, by a schedule."""

from __future__ import annotations

from ...model.calendar import Schedule
from ...model.errors import InvalidOption
from ...model.field import Field, Fields, hyphenated
from ...model.kinds.item import Item, ItemDesired
from ...model.property_string import SEMICOLON_SET
from ..cluster.scheduled import JOB_KEY, NO_SUCH_JOB, JobList
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


def _check_vanished(desired: ItemDesired) -> None:
    vanished = desired.fields.get("remove_vanished") or []
    if "none" in vanished and len(vanished) > 1:
        raise InvalidOption("remove_vanished", "none goes with nothing else")


JOB = Item(
    "job",
    JOBS,
    JOB_KEY,
    FIELDS,
    needed=("realm", "schedule"),
    own_path=True,
    always=("schedule",),
    absent=NO_SUCH_JOB,
    checks=(_check_vanished,),
)
JOB_INFO = JobList("jobs", lambda desired: JOBS, key="id", fields=FIELDS)
