# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs that take over users and groups from the directory behind a realm, by a schedule."""

from __future__ import annotations

from ...model.calendar import Schedule
from ...model.contract import Reader
from ...model.errors import InvalidOption, does_not_exist
from ...model.field import Field, Fields, hyphenated
from ...model.kinds.item import Item, ItemDesired
from ...model.plan import Plan
from ...model.property_string import SEMICOLON_SET
from ...model.values import Comment
from ..cluster.scheduled import JOB_KEY, NO_SUCH_JOB, JobList
from ..existence import new_value
from .realm import SCOPES, VANISHED

SYNCHRONISED = ("ad", "ldap")  # types of realms with a directory behind them
JOBS = "/cluster/jobs/realm-sync"
# No defaults for what is synchronised: an absent key means what the realm itself sets.
FIELDS = Fields(
    [
        Field("realm", create_only=True, clear="never"),
        Field("schedule", codec=Schedule(), clear="never"),
        Field("comment", codec=Comment()),
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


def _look_at_realm(reader: Reader, plan: Plan, desired: ItemDesired) -> None:
    """Refuse a realm that does not exist, or has no directory."""
    realm = new_value(plan, "realm")
    if realm is None:
        return
    types = {row["realm"]: row.get("type") for row in reader.get("/access/domains") or []}
    if realm not in types:
        raise does_not_exist("realm", f"realm {realm!r}")
    if types[realm] not in SYNCHRONISED:
        known = " and ".join(SYNCHRONISED)
        raise InvalidOption("realm", f"{realm!r} is of type {types[realm]}; only {known} have users to take over")


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
    preflights=(_look_at_realm,),
)
JOB_INFO = JobList("jobs", lambda desired: JOBS, key="id", fields=FIELDS)
