# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How VMs and containers differ, as data and small functions; everything else about guests exists once."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from ..model.contract import State
from ..model.errors import InvalidOption
from ..model.field import Fields
from ..model.property_string import PropertyString
from ..model.values import Codec
from .locate import NAME_KEY, TITLES, Location
from .schema.families import Family
from .volumes.common import Slot, VolumePlan

_NO_FIELDS = Fields(())


class PlanSlot(Protocol):
    """Plans one slot: how to get from what it holds to what a task wants of it."""

    def __call__(
        self, slot: str, current: Slot | None, desired: Slot | str, codec: PropertyString, *, move: bool, purge: bool
    ) -> VolumePlan:
        """The plan of the slot; raises an error for what PVE would refuse."""


class CheckWritten(Protocol):
    """Refuses changes of keys that the server would not accept.

    ``complete`` is false where ``after`` does not have all devices of the guest, because its backup could not be read.
    """

    def __call__(self, before: State, after: State, names: Sequence[str], *, as_root: bool, complete: bool) -> None:
        """Raise an error if a change would be refused."""


@dataclasses.dataclass(frozen=True)
class VolumeRules:
    """The slots of volumes of one kind of guest, and what can be done to them.

    ``purge_params`` are the parameters by which the write that removes a slot deletes its volume; without any, the volume
    becomes unused first and is deleted by a call of its own. ``root`` is the slot for which a task may name the storage as an
    option of the creation. ``depend_on_power``: what can be done depends on whether the guest runs. ``protected_whole``: of a
    guest with protection no slot can be written, not only none be emptied.
    """

    fields: Fields  # every slot, unused ones included
    families: Mapping[str, Family]  # options that are maps of numbered slots
    singles: Mapping[str, PropertyString]  # slots that are options of their own
    content: str  # of a storage that holds such volumes
    move_call: str
    move_option: str  # which allows to move volumes
    parse_slot: Callable[[str, Any, PropertyString], dict[str, Any] | str]
    plan_slot: PlanSlot
    check_running: Callable[[Mapping[str, VolumePlan], bool], None]  # refuses what a running guest does not allow
    leaves_unused: Callable[[Slot], bool]  # whether a slot that is emptied keeps what it held as ``unusedN``
    purge_params: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    root: str = ""
    depend_on_power: bool = False
    protected_whole: bool = False

    def codec(self, slot: str) -> PropertyString:
        """The property string of a slot."""
        codec = self.fields.named(slot).codec
        if not isinstance(codec, PropertyString):
            raise TypeError(f"{slot} has no property string")
        return codec

    def parse(self, params: Mapping[str, Any], emptied: Sequence[str]) -> dict[str, dict[str, Any] | str]:
        """What a task wants of each slot, in canonical form; an empty string empties it."""
        given = {key: value for family in self.families.values() for key, value in family.spread(params).items()}
        given.update({slot: params[slot] for slot in self.singles if params.get(slot) is not None})
        both = sorted(set(given) & set(emptied))
        if both:
            raise InvalidOption("unset", f"{', '.join(both)} is also given a value")
        given.update(dict.fromkeys(emptied, ""))
        return {slot: self.parse_slot(slot, value, self.codec(slot)) for slot, value in given.items()}

    def free_slots(self, state: State) -> list[str]:
        """The slots for unused volumes that are free, in PVE's order."""
        return [field.name for field in self.fields if field.name.startswith("unused") and field.name not in state]

    def deletes(self, slot: str, held: Slot, *, purge: bool) -> bool:
        """Whether removing a slot from the configuration deletes what it holds."""
        return slot.startswith("unused") or bool(purge and self.purge_params and self.leaves_unused(held))


@dataclasses.dataclass(frozen=True)
class GuestKind:
    """One kind of guest: its options, and what PVE does with it in a way of its own.

    ``as_kept``: the configuration that a task wants, as the server would keep it. ``migration_params``: parameters of the call
    that migrates a guest with this power state, besides the target, for the option ``target_storage``. ``needs_restart``: whether
    a change of a key waits for the next start of a running guest. ``needed_to_create``: options without which there is no new
    guest, unless it is a clone or restored. ``allocates_by_task``: a write of the configuration that allocates volumes is a task.
    """

    type: str  # qemu or lxc, as in the API's paths
    name: str  # the key of the guest in the result
    states: Sequence[str]  # of a guest that exists
    events: Sequence[str]  # what a task may wait for
    config: Fields  # every key of the configuration but the volumes
    options: Fields  # those of them that are options of their own
    families: Mapping[str, Family]  # options that are maps of numbered keys
    volumes: VolumeRules
    clone_options: Mapping[str, Codec]
    restore_options: Mapping[str, Codec]
    required_parts: Sequence[tuple[str, str, str]]  # patterns of keys, the part that they need, an example
    check: CheckWritten
    as_kept: Callable[[State, Mapping[str, Any]], Mapping[str, Any]]
    needs_restart: Callable[[str, State], bool]
    migration_params: Callable[[str, str | None], dict[str, Any]]
    creation: Fields = _NO_FIELDS  # options that only the call takes that creates a guest
    needed_to_create: Sequence[str] = ()
    own_arguments: Mapping[str, Mapping[str, Any]] = dataclasses.field(default_factory=dict)  # further options
    allocates_by_task: bool = False

    @property
    def title(self) -> str:
        """What users call it."""
        return TITLES[self.type]

    @property
    def name_option(self) -> str:
        """The option that holds the guest's name, which is its key in the configuration as well."""
        return NAME_KEY[self.type]

    @property
    def flags(self) -> Sequence[str]:
        """Boolean options that are no part of the configuration and false unless given."""
        return ("force", "purge", "destroy_unreferenced_disks", self.volumes.move_option)

    def is_volume(self, name: str) -> bool:
        """Whether a key of the configuration is a slot for a volume."""
        return any(field.name == name for field in self.volumes.fields)

    def observe(self, config: Mapping[str, Any]) -> State:
        """A configuration as users see it: by option names, property strings as dictionaries."""
        state = {**self.config.observe(config), **self.volumes.fields.observe(config)}
        if config.get("template"):
            state["template"] = True
        if config.get("lock"):
            state["lock"] = config["lock"]
        return state

    def label(self, vmid: int, name: str | None) -> str:
        """A guest in messages."""
        return f"{self.title} {vmid}" + (f" ({name})" if name else "")

    def where(self, state: State) -> Location:
        """Where a guest with this state is."""
        return Location(self.type, state["vmid"], state["node"], state.get(self.name_option, ""))
