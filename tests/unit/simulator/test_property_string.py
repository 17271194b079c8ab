# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Property strings and sizes, as far as the recorded answers do not show them."""

from __future__ import annotations

import pytest

from ansible_collections.pve.automation.tests.simulator.guest_options import option_format
from ansible_collections.pve.automation.tests.simulator.property_string import PropertyStringError, join, split
from ansible_collections.pve.automation.tests.simulator.sizes import format_size, parse_size, wanted_size

NET, MOUNT = option_format("qemu", "net0"), option_format("lxc", "mp0")


def test_aliases_name_both_model_and_address() -> None:
    assert split("e1000=BC:24:11:00:00:01,firewall=yes", NET) == {
        "model": "e1000", "macaddr": "BC:24:11:00:00:01", "firewall": "1",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("virtio,virtio", "duplicate key in comma-separated list property: model"),
        ("virtio,tag=1,tag=2", "duplicate key in comma-separated list property: tag"),
        ("virtio=BC:24:11:00:00:01,e1000=BC:24:11:00:00:02", "key alias 'model' is already defined"),
        ("virtio,=1", "missing key in comma-separated list property"),
    ],
)
def test_contradictions_are_refused(text: str, reason: str) -> None:
    with pytest.raises(PropertyStringError, match=reason):
        split(text, NET)


def test_the_default_key_comes_first_then_what_is_required() -> None:
    text = join(split("backup=1,mp=/data,local:1", MOUNT), MOUNT)
    assert text == "local:1,mp=/data,backup=1"


@pytest.mark.parametrize(
    ("size", "text"), [(0, "0T"), (512, "512"), (4096, "4K"), (528 * 1024, "528K"), (2**30, "1G"), (3 * 2**40, "3T")]
)
def test_sizes_are_written_in_the_largest_exact_unit(size: int, text: str) -> None:
    assert format_size(size) == text
    assert parse_size(text) == size


def test_a_resize_is_to_or_by_a_size() -> None:
    assert wanted_size("3G", 2**30) == 3 * 2**30
    assert wanted_size("+512M", 2**30) == 2**30 + 2**29
    assert parse_size("big") is None
