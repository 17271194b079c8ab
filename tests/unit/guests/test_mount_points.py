# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mount points of containers: what a wish for a slot leads to."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.pve.automation.plugins.module_utils._core.guests.schema.lxc_formats import MOUNT_POINT, ROOTFS
from ansible_collections.pve.automation.plugins.module_utils._core.guests.volumes.common import VolumePlan
from ansible_collections.pve.automation.plugins.module_utils._core.guests.volumes.mount_points import (
    parse_mount_point,
    plan_mount_point,
)
from ansible_collections.pve.automation.plugins.module_utils._core.model.errors import InvalidOption, PveError, Refused

DATA = {"volume": "local:9101/vm-9101-disk-1.raw", "mp": "/data", "backup": True, "size": "8G"}
BIND = {"volume": "/srv/data", "mp": "/data", "ro": True}


def plan(value: Any, current: Any = None, slot: str = "mp0", move: bool = False, purge: bool = False) -> VolumePlan:
    codec = ROOTFS if slot == "rootfs" else MOUNT_POINT
    return plan_mount_point(slot, current, parse_mount_point(slot, value, codec), codec, move=move, purge=purge)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("local:8,mp=/data", "local:8,mp=/data"),
        ({"volume": "local:8", "mp": "/data"}, "local:8,mp=/data"),
        ({"storage": "local", "size": "8G", "mp": "/data"}, "local:8,mp=/data"),
        ({"storage": "local", "size": "512M", "mp": "/data", "backup": True}, "local:0.5,mp=/data,backup=1"),
        ({"file": "local:9101/vm-9101-disk-3.raw", "mp": "/data"}, "local:9101/vm-9101-disk-3.raw,mp=/data"),
        ("/srv/data,mp=/data,ro=1", "/srv/data,mp=/data,ro=1"),
        (
            {"volume": "/srv", "mp": "/d", "mountoptions": ["nosuid", "noatime"]},
            "/srv,mp=/d,mountoptions=noatime;nosuid",
        ),
    ],
)
def test_a_new_mount_point(value: Any, text: str) -> None:
    made = plan(value)
    assert made.value == text
    assert (made.delete, made.move, made.resize) == (False, None, None)


def test_a_root_file_system_needs_no_mount_point() -> None:
    assert plan("local:8", slot="rootfs").value == "local:8"


def test_an_existing_volume_grows_after_it_is_mounted() -> None:
    assert plan({"volume": "local:9101/vm-9101-disk-3.raw", "mp": "/data", "size": "9G"}).resize == "9G"


@pytest.mark.parametrize(
    "value",
    [
        "local:8,mp=/data",  # what created it
        "local:8,mp=/data,backup=1",
        {"size": "8192M"},
        {"storage": "local"},
        {"volume": "local:9101/vm-9101-disk-1.raw"},
        {"replicate": True, "ro": False, "quota": False},  # PVE's defaults
        {"acl": None},
        {},
    ],
)
def test_a_second_run_finds_its_volume(value: Any) -> None:
    made = plan(value, DATA)
    assert (made.value, made.delete, made.move, made.resize, made.after) == (None, False, None, None, DATA)


def test_an_option_keeps_the_volume_and_the_other_options() -> None:
    made = plan({"ro": True, "backup": ""}, DATA)
    assert made.value == "local:9101/vm-9101-disk-1.raw,mp=/data,size=8G,ro=1"
    assert not made.allocates


def test_growth() -> None:
    made = plan("local:10,mp=/data", DATA)
    assert (made.value, made.resize, made.before_size) == (None, "10G", "8G")
    assert made.after == {**DATA, "size": "10G"}


def test_shrinking_is_refused_with_both_sizes() -> None:
    with pytest.raises(InvalidOption, match="mp0: cannot shrink from 8G to 7G"):
        plan("local:7,mp=/data", DATA)


def test_a_move_has_to_be_allowed() -> None:
    with pytest.raises(Refused, match=r"mp0 is on local, not on other.*move_volumes: true"):
        plan({"storage": "other"}, DATA)
    made = plan({"storage": "other", "size": "9G"}, DATA, move=True)
    assert made.move == {"volume": "mp0", "storage": "other", "delete": True}
    assert made.resize == "9G"


def test_another_path_of_the_host_is_only_written() -> None:
    assert plan({"volume": "/srv/other"}, BIND).value == "/srv/other,mp=/data,ro=1"
    assert plan({"volume": "/srv/data"}, BIND).value is None


@pytest.mark.parametrize(
    ("value", "current"),
    [
        ("/srv,mp=/data", DATA),
        ("local:9101/vm-9101-disk-7.raw,mp=/data", DATA),
        ("local:8,mp=/data", BIND),
        ("local:9101/vm-9101-disk-7.raw,mp=/data", BIND),
    ],
)
def test_nothing_replaces_what_a_slot_holds(value: Any, current: Any) -> None:
    with pytest.raises(Refused, match="would be detached"):
        plan(value, current)


def test_a_root_file_system_is_never_replaced() -> None:
    with pytest.raises(InvalidOption, match="cannot be replaced"):
        plan("/srv", {"volume": "local:9101/vm-9101-disk-0.raw", "size": "8G"}, slot="rootfs")


def test_removal() -> None:
    assert plan("", DATA).delete
    assert plan("", None) == VolumePlan()
    with pytest.raises(Refused, match="deletes the volume"):
        plan("", DATA, slot="unused0")
    assert plan("", DATA, slot="unused0", purge=True).delete


@pytest.mark.parametrize(
    ("slot", "value", "reason"),
    [
        ("mp0", {"storage": "local", "size": "8G"}, "names no mp"),
        ("mp0", {"storage": "local", "mp": "/x"}, "names no size"),
        ("mp0", {"mp": "/x"}, "names no storage"),
        ("mp0", {"volume": "/srv", "mp": "/x", "size": "1G"}, "no size here"),
        ("mp0", {"storage": "local", "size": 8, "mp": "/x"}, "size: 8 is less than 1M"),
        ("mp0", {"volume": "local:8", "storage": "other", "mp": "/x"}, "two storages, local and other"),
        ("mp0", {"volume": "local:9101/x.raw", "storage": "local", "mp": "/x"}, "either volume"),
        ("mp0", {"volume": "local:8", "mp": ""}, "cannot be without mp"),
        ("mp0", {"volume": "local:8", "mp": "/x", "colour": "red"}, "unknown option colour"),
        ("mp0", {"volume": "local:8", "mp": "/x", "ro": "perhaps"}, "neither true nor false"),
        ("rootfs", "8", "8 names no storage, as local-lvm:8 does"),
        ("rootfs", "", "always has a rootfs"),
        ("rootfs", {"volume": "local:8", "mp": "/x"}, "unknown option mp"),
    ],
)
def test_a_wrong_wish_names_the_slot_and_the_reason(slot: str, value: Any, reason: str) -> None:
    with pytest.raises(PveError, match=reason) as caught:
        plan(value, slot=slot)
    assert str(caught.value).startswith((slot, "unset"))


@given(
    st.fixed_dictionaries(
        {"size": st.integers(1, 64).map("{}G".format), "mp": st.sampled_from(["/a", "/b/c"])},
        optional={
            "backup": st.booleans(),
            "ro": st.booleans(),
            "acl": st.booleans(),
            "quota": st.booleans(),
            "replicate": st.booleans(),
            "mountoptions": st.lists(st.sampled_from(["noatime", "nosuid", "nodev"]), min_size=1),
        },
    )
)
def test_what_was_created_is_found_again(desired: dict[str, Any]) -> None:
    made = plan({"storage": "local", **desired})
    assert made.value is not None
    stored = MOUNT_POINT.parse(made.value) | {"volume": "local:9101/vm-9101-disk-1.raw", "size": desired["size"]}
    again = plan({"storage": "local", **desired}, stored)
    assert (again.value, again.resize, again.move) == (None, None, None)
