# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The codec of property strings: its laws, and the strings that PVE really uses."""

from __future__ import annotations

import re
import string
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.pve.automation.plugins.module_utils._core.model.property_string import (
    BOOLEAN,
    INTEGER,
    MAC,
    SEMICOLON_SET,
    SIZE,
    TEXT,
    Part,
    PropertyString,
)

NET = PropertyString(
    Part("model", choices=("virtio", "e1000")),
    Part("macaddr", MAC),
    Part("bridge"),
    Part("tag", INTEGER, minimum=1, maximum=4094),
    Part("firewall", BOOLEAN, default=False),
    Part("trunks", SEMICOLON_SET),
    Part("queues", INTEGER),
    default_key="model",
    key_aliases=("model", "macaddr", ("virtio", "e1000")),
)
DRIVE = PropertyString(
    Part("file", aliases=("volume",)),
    Part("size", SIZE),
    Part("iothread", BOOLEAN, default=False),
    Part("cache", default="none"),
    Part("import-from"),
    default_key="file",
    exclusive=("file", "import-from"),
)
MAC_1 = "BC:24:11:00:00:01"

words = st.text(alphabet=string.ascii_letters + string.digits + "-_.:/=ü ", min_size=1).map(str.strip).filter(bool)
unknown_keys = st.from_regex(r"[a-z][a-z0-9-]{3,8}", fullmatch=True).map(lambda name: f"new-{name}")
nets = st.fixed_dictionaries(
    {"model": st.sampled_from(("virtio", "e1000"))},
    optional={
        "macaddr": st.from_regex(r"[0-9A-F]{2}(:[0-9A-F]{2}){5}", fullmatch=True),
        "bridge": words,
        "tag": st.integers(1, 4094),
        "firewall": st.booleans(),
        "trunks": st.lists(st.integers(1, 4094).map(str), min_size=1),
    },
).map(NET.parse)
drives = st.fixed_dictionaries(
    {"file": words},
    optional={"size": st.integers(0, 2**50), "iothread": st.booleans(), "cache": words},
).map(DRIVE.parse)
with_unknown = st.dictionaries(unknown_keys, words, max_size=3)


@given(nets, with_unknown)
def test_nets_survive_the_wire_with_keys_that_nobody_knows(net: Any, unknown: Any) -> None:
    value = {**net, **unknown}
    assert NET.decode(NET.format(value)) == value


@given(drives, with_unknown)
def test_drives_survive_the_wire_whatever_the_volume_is_called(drive: Any, unknown: Any) -> None:
    value = {**drive, **unknown}
    assert DRIVE.decode(DRIVE.format(value)) == value


@given(nets, nets, with_unknown)
def test_merging_laws(current: Any, desired: Any, unknown: Any) -> None:
    current = {**current, **unknown}
    merged = NET.merge(current, desired)
    assert NET.merge(merged, desired) == merged
    assert all(merged[name] == value for name, value in desired.items())
    assert all(merged[name] == value for name, value in current.items() if name not in desired)
    assert NET.merge(current, {}) == current
    assert NET.merge(None, desired) == desired


@given(nets, nets)
def test_equality_laws(first: Any, second: Any) -> None:
    assert NET.equal(first, dict(reversed(first.items())))
    assert NET.equal(first, second) == NET.equal(second, first)
    assert NET.equal({**first, "firewall": False}, {name: first[name] for name in first if name != "firewall"})
    assert not NET.equal(first, {**first, "model": "other"})


@pytest.mark.parametrize(
    ("codec", "text", "value"),
    [
        (NET, f"virtio={MAC_1.lower()},bridge=vmbr0", {"model": "virtio", "macaddr": MAC_1, "bridge": "vmbr0"}),
        (NET, "virtio,trunks=20;3", {"model": "virtio", "trunks": ["3", "20"]}),
        (NET, "model=e1000, firewall = on", {"model": "e1000", "firewall": True}),
        (
            DRIVE,
            "local:9000/vm-9000-disk-0.qcow2,size=10240M",
            {"file": "local:9000/vm-9000-disk-0.qcow2", "size": "10G"},
        ),
        (DRIVE, "volume=none,cache=unsafe", {"file": "none", "cache": "unsafe"}),
        (DRIVE, "local:1,serial=a=b", {"file": "local:1", "serial": "a=b"}),
        (DRIVE, "", {}),
    ],
)
def test_strings_of_pve(codec: Any, text: str, value: dict[str, Any]) -> None:
    assert codec.parse(text) == value
    assert codec.parse(codec.format(value)) == value


@pytest.mark.parametrize(
    "written", [{"model": "virtio", "tag": "5", "queues": None}, "virtio,tag=5", "tag=5,model=virtio"]
)
def test_a_mapping_and_a_text_mean_the_same(written: Any) -> None:
    assert NET.parse(written) == {"model": "virtio", "tag": 5}


def test_underscores_of_yaml_stand_for_dashes() -> None:
    assert DRIVE.parse({"import_from": "local:import/a.qcow2"}) == {"import-from": "local:import/a.qcow2"}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("virtio,e1000", "'e1000' is not of the form key=value"),
        ("virtio,tag=5,tag=6", "tag is given twice"),
        ("rtl,tag=5", "model: 'rtl' is not one of virtio, e1000"),
        ("virtio,tag=4095", "tag: '4095' is more than 4094"),
        ("virtio,tag=0", "tag: '0' is less than 1"),
        ("virtio,tag=many", "tag: 'many' is not a whole number"),
        ("virtio=12:34", "macaddr: '12:34' is not a MAC address"),
    ],
)
def test_what_is_refused_says_which_part_and_why(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=re.escape(reason)):
        NET.parse(text)


def test_unknown_options_of_a_device_are_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"unknown option colour; known are bridge, firewall, .*trunks"):
        NET.check_known(NET.parse({"model": "virtio", "colour": "red"}))


def test_a_comma_inside_a_value_cannot_be_written() -> None:
    with pytest.raises(ValueError, match=r"bridge: 'a,b' has a comma"):
        NET.format({"model": "virtio", "bridge": "a,b"})


def test_emptied_sub_options_go_and_exclusive_ones_replace_each_other() -> None:
    current = {"file": "local:1", "size": "1G", "cache": "unsafe"}
    assert DRIVE.merge(current, {"cache": ""}) == {"file": "local:1", "size": "1G"}
    assert DRIVE.merge(current, {"import-from": "x"}) == {"size": "1G", "cache": "unsafe", "import-from": "x"}


ADDRESS = PropertyString(Part("ip"), Part("gw"), Part("keep-last"), rules_out={"ip": (("dhcp",), ("gw",))})


@pytest.mark.parametrize(
    ("current", "wish", "merged"),
    [
        ({"ip": "192.0.2.2/24", "gw": "192.0.2.1"}, {"ip": "dhcp"}, {"ip": "dhcp"}),
        ({"ip": "dhcp", "gw": "192.0.2.1"}, {"ip": "dhcp"}, {"ip": "dhcp"}),
        ({"ip": "192.0.2.2/24", "gw": "192.0.2.1"}, {"ip": "192.0.2.3/24"}, {"ip": "192.0.2.3/24", "gw": "192.0.2.1"}),
        ({"ip": "dhcp"}, {"ip": "192.0.2.2/24", "gw": "192.0.2.1"}, {"ip": "192.0.2.2/24", "gw": "192.0.2.1"}),
    ],
)
def test_a_value_takes_away_what_means_nothing_beside_it(
    current: dict[str, str], wish: dict[str, str], merged: dict[str, str]
) -> None:
    assert ADDRESS.merge(current, wish) == merged


def test_what_means_nothing_beside_a_value_is_refused_where_it_is_named() -> None:
    with pytest.raises(ValueError, match="gw means nothing with ip=dhcp"):
        ADDRESS.check_known({"ip": "dhcp", "gw": "192.0.2.1"})
    ADDRESS.check_consistent({"ip": "dhcp", "gw": "192.0.2.1"}, {"keep-last": "1"})


@pytest.mark.parametrize("value", [{"keep_last": "3"}, {"keep-last": 3}, "keep_last=3", "keep-last=3"])
def test_keys_may_have_underscores(value: Any) -> None:
    assert ADDRESS.parse(value) == {"keep-last": "3"}


def test_nothing_equals_a_value_that_says_only_defaults() -> None:
    assert DRIVE.equal(None, {"iothread": False, "cache": "none"})
    assert not DRIVE.equal(None, {"iothread": True})


@pytest.mark.parametrize(
    "make",
    [
        lambda: PropertyString(Part("a"), default_key="b"),
        lambda: PropertyString(Part("a"), Part("a")),
        lambda: PropertyString(Part("a"), Part("b", TEXT, aliases=("a",))),
    ],
)
def test_contradictory_tables_are_refused(make: Any) -> None:
    with pytest.raises(TypeError):
        make()
