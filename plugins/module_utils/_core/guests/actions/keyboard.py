# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A text as keys of a US keyboard, with pauses: ``install auto=true<ret><wait 5>``. Pure."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator

CHORD = re.compile(r"[a-z0-9_]+(-[a-z0-9_]+)*")
LONGEST_PAUSE = 3600.0
_TOKEN = re.compile(r"<([^<>\n]*)>")
_PAUSE = re.compile(r"wait *(\d+(?:\.\d+)?)?s?")
# The names of keys are those of QEMU (ui/keymaps.c and qapi/ui.json, QKeyCode), without and with shift.
_PLAIN = {
    " ": "spc", "\n": "ret", "\t": "tab", "-": "minus", "=": "equal", "[": "bracket_left", "]": "bracket_right",
    ";": "semicolon", "'": "apostrophe", "`": "grave_accent", "\\": "backslash", ",": "comma", ".": "dot", "/": "slash",
}  # fmt: skip
_SHIFTED = {
    "_": "minus", "+": "equal", "{": "bracket_left", "}": "bracket_right", ":": "semicolon", '"': "apostrophe",
    "~": "grave_accent", "|": "backslash", "<": "comma", ">": "dot", "?": "slash",
    "!": "1", "@": "2", "#": "3", "$": "4", "%": "5", "^": "6", "&": "7", "*": "8", "(": "9", ")": "0",
}  # fmt: skip
_NAMED = {"enter": "ret", "return": "ret", "space": "spc", "lt": "shift-comma", "gt": "shift-dot"}


@dataclasses.dataclass(frozen=True)
class Stroke:
    """Keys that are pressed together, after a pause of some seconds."""

    chord: str
    pause: float = 0.0


def chord_of(character: str) -> str:
    """The keys of one character; ValueError if a US keyboard does not have it."""
    if re.fullmatch("[a-z0-9]", character):
        return character
    if re.fullmatch("[A-Z]", character):
        return f"shift-{character.lower()}"
    if character in _PLAIN:
        return _PLAIN[character]
    if character in _SHIFTED:
        return f"shift-{_SHIFTED[character]}"
    raise ValueError(f"{character!r} is not on a US keyboard")


def strokes(text: str, interval: float) -> list[Stroke]:
    """The keys that type a text, ``interval`` seconds apart; ValueError if it cannot be typed."""
    found: list[Stroke] = []
    pause = 0.0
    for chord, seconds in _pieces(text):
        if not chord:
            pause += seconds
            continue
        found.append(Stroke(chord, pause + (interval if found else 0.0)))
        pause = 0.0
    if pause or not found:
        raise ValueError("ends with a pause, which nothing follows" if found else "has no key")
    return found


def _pieces(text: str) -> Iterator[tuple[str, float]]:
    """Chords, and pauses as an empty chord with seconds."""
    position = 0
    while position < len(text):
        token = _TOKEN.match(text, position)
        if token:
            yield _named(token[1])
            position = token.end()
            continue
        if text[position] == "<":
            raise ValueError("has a '<' that names no key, as in <esc>; write <lt> for the character")
        yield chord_of(text[position]), 0.0
        position += 1


def _named(name: str) -> tuple[str, float]:
    """What stands between ``<`` and ``>``: a pause, or keys by their names."""
    pause = _PAUSE.fullmatch(name)
    if pause:
        seconds = float(pause[1] or 1)
        if seconds > LONGEST_PAUSE:
            raise ValueError(f"<{name}> is longer than {LONGEST_PAUSE:g} seconds")
        return "", seconds
    chord = _NAMED.get(name, name)
    if not CHORD.fullmatch(chord):
        raise ValueError(
            f"<{name}> is neither a key, such as <esc> or <ctrl-alt-delete>, nor a pause, such as <wait 5>"
        )
    return chord, 0.0
