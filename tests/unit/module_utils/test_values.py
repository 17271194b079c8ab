# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Codecs: what they accept, their one canonical form, and their form on the wire."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.pve.automation.plugins.module_utils._core.model.values import (
    Boolean,
    Expiry,
    Integer,
    List,
    Number,
    Secret,
    Set,
    Size,
    SizeText,
    Text,
    UrlEncoded,
    Within,
    Word,
    bytes_of,
    seconds_of,
    size_text,
)


@pytest.mark.parametrize(
    ("codec", "written", "canonical", "wire"),
    [
        (Text(), "two\nlines \n", "two\nlines", "two\nlines"),
        (Text(), 5, "5", "5"),
        (Secret(), " kept ", " kept ", " kept "),
        (Word(lower=True), " AES ", "aes", "aes"),
        (Integer(), " 007", 7, 7),
        (Within(0, 8), "8", 8, 8),
        (Number(), "2.0", 2, 2),
        (Number(), "0.5", 0.5, 0.5),
        (Boolean(), "on", True, 1),
        (Boolean(), 0, False, 0),
        (Size("M"), "2G", 2 * 1024**3, "2G"),
        (Size("M", bare=True), "2G", 2 * 1024**3, "2048"),
        (Size("M", bare=True), 512, 512 * 1024**2, "512"),
        (SizeText("G"), 32, "32G", "32G"),
        (SizeText("M", bare=True), "2G", "2G", "2048"),
        (SizeText(), "10240M", "10G", "10G"),
        (List(), "b, a;b  c", ["b", "a", "c"], "b,a,c"),
        (List(";"), ["x", " y "], ["x", "y"], "x;y"),
        (Set(), "10,9,b,a,9", ["9", "10", "a", "b"], "9,10,a,b"),
        (Set(), [], [], ""),
        (UrlEncoded(), ["ssh-rsa A b@c", ""], "ssh-rsa A b@c", "ssh-rsa%20A%20b%40c"),
        (
            UrlEncoded(),
            "ssh-rsa%20A%20b%40c%0Assh-rsa%20D",
            "ssh-rsa A b@c\nssh-rsa D",
            "ssh-rsa%20A%20b%40c%0Assh-rsa%20D",
        ),
        (Expiry(), "never", 0, 0),
        (Expiry(), "1767225600", 1767225600, 1767225600),
        (Expiry(), "2026-01-01", 1767225600, 1767225600),
        (Expiry(), "2026-01-01T00:00Z", 1767225600, 1767225600),
        (Expiry(), "2026-01-01T01:00+01:00", 1767225600, 1767225600),
    ],
)
def test_one_canonical_form(codec: Any, written: Any, canonical: Any, wire: Any) -> None:
    assert codec.parse(written) == canonical
    assert codec.format(canonical) == wire
    assert codec.parse(wire) == canonical


@pytest.mark.parametrize(
    ("codec", "written", "reason"),
    [
        (Integer(), "1.5", "'1.5' is not a whole number"),
        (Within(0, 8), 9, "9 is not from 0 to 8"),
        (Within(1), 0, "0 is less than 1"),
        (Integer(), True, "not a whole number"),
        (Number(), "much", "'much' is not a number"),
        (Number(), "nan", "not a finite number"),
        (Number(), "-inf", "not a finite number"),
        (Boolean(), "perhaps", "neither true nor false"),
        (Size(), "32 apples", "not a size such as 32G"),
        (Size(), "-1G", "not a size"),
        (SizeText(), "0.3", "not a whole number of bytes"),
        (SizeText("M"), "0.5K", "not a whole number of K"),
        (Expiry(), "tomorrow", "neither 'never', an epoch, an ISO date nor a period such as 90d"),
    ],
)
def test_what_is_refused_says_why(codec: Any, written: Any, reason: str) -> None:
    with pytest.raises(ValueError, match=re.escape(reason)):
        codec.parse(written)


def test_a_size_that_is_no_multiple_of_the_unit_is_not_rounded() -> None:
    with pytest.raises(ValueError, match="1000K is not a whole number of M"):
        Size("M", bare=True).format(1000 * 1024)


@given(st.integers(min_value=0, max_value=2**63))
def test_sizes_are_exact(number: Any) -> None:
    assert bytes_of(size_text(number)) == number


@given(st.lists(st.text()))
def test_sets_know_no_order(parts: Any) -> None:
    codec = Set()
    canonical = codec.parse(parts)
    assert codec.parse(list(reversed(parts))) == canonical
    assert codec.parse(codec.format(canonical)) == codec.parse(canonical) == canonical


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="%"), min_size=1))
def test_keys_survive_percent_encoding(text: Any) -> None:
    codec = UrlEncoded()
    canonical = codec.parse(text)
    assert codec.parse(codec.format(f"{canonical} x")) == codec.parse(f"{canonical} x")


@pytest.mark.parametrize(
    ("written", "seconds"), [("90d", 7776000), ("12 h", 43200), ("2W", 1209600), ("90", None), ("x", None)]
)
def test_periods(written: str, seconds: int | None) -> None:
    assert seconds_of(written) == seconds
