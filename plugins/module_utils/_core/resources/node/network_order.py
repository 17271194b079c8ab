# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way from one state of a node's network to another: in which order, and whether the node stays within reach."""

from __future__ import annotations

from collections.abc import Iterator

from .network_interfaces import PORTS, Interface, Interfaces, Problem, cards, normalised, refusals, without_empty

ADDRESSES = ("cidr", "cidr6")
GATEWAYS = ("gateway", "gateway6")
_GUARDED = (*ADDRESSES, *GATEWAYS, "vlan_raw_device", "vlan_id", "autostart")


def in_order(now: Interfaces, after: Interfaces, names: list[str]) -> Iterator[tuple[str, Interface, Interface]]:
    """The changes (name, old, new) that lead from one state to the other without a state between that PVE refuses.

    Deletions come first, then the order of ``names``, as far as each one causes no problem. Where two wait for each other, one
    first does without the devices that it cannot have yet.
    """
    state = now
    waiting = sorted(names, key=lambda name: name in after)
    reduced: set[str] = set()
    while waiting := [name for name in waiting if state.get(name) != after.get(name)]:
        whole = [(name, after.get(name, {})) for name in waiting]
        partial = [(name, _partial(name, state, after)) for name in waiting if name in after and name not in reduced]
        bearable = refusals(state)
        possible = ((name, new) for name, new in whole + partial if _is_possible(state, name, new, bearable))
        name, new = next(possible, whole[0])  # if nothing is possible, the server says what is in the way
        yield name, state.get(name, {}), new
        state = _with(state, name, new)
        if (name, new) in whole:
            waiting.remove(name)
        else:
            reduced.add(name)


def _is_possible(state: Interfaces, name: str, new: Interface, bearable: set[Problem]) -> bool:
    """Whether PVE takes a change, and does not undo it at once because of other interfaces."""
    if new == state.get(name, {}):
        return False
    result = _with(state, name, new)
    return result.get(name, {}) == new and refusals(result) <= bearable


def _with(state: Interfaces, name: str, new: Interface) -> Interfaces:
    """The state after one change; an empty interface is a deleted one."""
    if new:
        return normalised({**state, name: new})
    return normalised({key: value for key, value in state.items() if key != name})


def _partial(name: str, state: Interfaces, after: Interfaces) -> Interface:
    """An interface as desired, with those of its devices that are there and free."""
    taken = {device for other, row in state.items() if other != name for key in PORTS for device in row.get(key, [])}
    free = set(state) - taken
    kept = {key: [device for device in after[name].get(key, []) if device in free] for key in PORTS}
    return without_empty({**after[name], **kept})


def why_cut_off(name: str, now: Interfaces, after: Interfaces, addresses: set[str]) -> str:
    """How an interface that carries one of the addresses or a default gateway would lose it; empty if it would not."""
    old, new = now[name], after.get(name)
    if not (_hosts(old) & addresses or set(GATEWAYS) & set(old)):
        return ""
    if new is None:
        return "it would be deleted"
    for option in _GUARDED:
        if option in old and old[option] != new.get(option):
            return f"{option} would change from {old[option]} to {new.get(option, 'nothing')}"
    below = cards(name, now)
    return (
        f"{' and '.join(sorted(below))} would no longer be below it" if below and not below & cards(name, after) else ""
    )


def lost_addresses(changes: str, after: Interfaces) -> set[str]:
    """The addresses that staged changes, as the server shows them, take away and that no interface has in the end."""
    lines = [line for line in changes.splitlines() if line.startswith("-\taddress")]
    gone = {line.split()[-1].partition("/")[0] for line in lines}
    return gone.difference(*(_hosts(interface) for interface in after.values()))


def _hosts(interface: Interface) -> set[str]:
    return {str(interface[key]).partition("/")[0] for key in ADDRESSES if key in interface}
