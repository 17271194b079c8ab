# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every key that PVE has for guests is an option, with every sub-option, choice and bound: held against the facts of its API."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from ansible_collections.pve.automation.plugins.module_utils._core.guests.guest import Guest
from ansible_collections.pve.automation.plugins.module_utils._core.guests.lxc import LXC
from ansible_collections.pve.automation.plugins.module_utils._core.guests.vm import VM
from ansible_collections.pve.automation.plugins.module_utils._core.model.field import Field
from ansible_collections.pve.automation.plugins.module_utils._core.model.property_string import PropertyString
from tests.simulator.facts import load

CALLS = (
    ("POST", "/nodes/{node}/%s"),
    ("PUT", "/nodes/{node}/%s/{vmid}/config"),
    ("POST", "/nodes/{node}/%s/{vmid}/config"),
)
# No keys of the configuration, or options of other names, see the modules; and what PVE calls deprecated.
OF_THE_CALL = frozenset(
    "node vmid delete digest revert force skiplock background_delay lock pool start template unique storage bwlimit "
    "archive live-restore import-working-storage ha-managed restore".split()
)
DEPRECATED = frozenset({"bootdisk", "cdrom", "smp"})  # for boot, ide2 and sockets
OURS = frozenset({"storage", "import-from"})  # sub-options that say where a volume is to be allocated
FACTS = load()


def keys(guest: Guest) -> dict[str, Mapping[str, Any]]:
    """What the API takes for a guest of this kind, by name."""
    found: dict[str, Mapping[str, Any]] = {}
    for method, path in CALLS:
        endpoint = FACTS.endpoints.get((method, path % guest.kind.type))
        found.update(endpoint.parameters if endpoint else {})
    return {name: facts for name, facts in found.items() if name not in OF_THE_CALL | DEPRECATED}


def fields(guest: Guest) -> dict[str, Field]:
    return {field.api: field for field in (*guest.kind.config, *guest.kind.volumes.fields)}


def families(guest: Guest) -> Iterator[tuple[str, PropertyString, Mapping[str, Any]]]:
    """The keys that are property strings, one of each family, with their codecs and what the API says of them."""
    seen = set()
    for name, facts in keys(guest).items():
        field = fields(guest).get(name)
        if field and isinstance(field.codec, PropertyString) and id(field.codec) not in seen:
            seen.add(id(field.codec))
            yield name, field.codec, form(facts)


def form(facts: Mapping[str, Any]) -> Mapping[str, Any]:
    described = facts.get("format", {})
    found: Mapping[str, Any] = FACTS.formats.get(described, {}) if isinstance(described, str) else described
    return found


FORMS = [
    pytest.param(guest, codec, facts, id=f"{guest.kind.type}-{name}")
    for guest in (VM, LXC)
    for name, codec, facts in families(guest)
    if facts  # the schema does not have the formats of cpu, startup, amd-sev and intel-tdx
]


@pytest.mark.parametrize("guest", [VM, LXC], ids=["vm", "lxc"])
def test_every_key_is_an_option(guest: Any) -> None:
    creation = {name.replace("_", "-") for name in (*guest.kind.own_arguments, *guest.kind.creation.specs())}
    assert sorted(set(keys(guest)) - set(fields(guest)) - creation) == []


@pytest.mark.parametrize("guest", [VM, LXC], ids=["vm", "lxc"])
def test_no_option_is_for_a_key_that_does_not_exist(guest: Any) -> None:
    names = {field.api for field in (*guest.kind.config, *guest.kind.volumes.fields)}
    assert sorted(names - set(keys(guest))) == []


@pytest.mark.parametrize("guest", [VM, LXC], ids=["vm", "lxc"])
def test_choices_and_defaults_are_those_of_the_api(guest: Any) -> None:
    wrong = {}
    for name, facts in keys(guest).items():
        field = fields(guest).get(name)
        if not field or isinstance(field.codec, PropertyString):
            continue
        if facts.get("enum") and list(field.choices) != list(facts["enum"]):
            wrong[name] = f"{field.choices} instead of {facts['enum']}"
        default = facts.get("default")
        if (
            field.default is not None
            and default is not None
            and field.codec.parse(default) != field.codec.parse(field.default)
        ):
            wrong[name] = f"default {field.default} instead of {default}"
    assert wrong == {}


@pytest.mark.parametrize(("guest", "codec", "facts"), FORMS)
def test_property_strings_have_the_sub_options_of_the_api(guest: Any, codec: Any, facts: Any) -> None:
    reported = {name for name, fact in facts.items() if "alias" not in fact and "keyAlias" not in fact}
    assert sorted(reported - set(codec.parts)) == []
    assert sorted(set(codec.parts) - reported - OURS) == []


@pytest.mark.parametrize(("guest", "codec", "facts"), FORMS)
def test_sub_options_have_the_choices_bounds_and_defaults_of_the_api(guest: Any, codec: Any, facts: Any) -> None:
    wrong = {}
    for name, part in codec.parts.items():
        fact = facts.get(name, {})
        if set(fact.get("enum") or ()) != set(part.choices):
            wrong[name] = f"choices {part.choices} instead of {fact.get('enum')}"
        for bound in ("minimum", "maximum"):
            if fact.get(bound) is not None and getattr(part, bound) not in (None, fact[bound]):
                wrong[name] = f"{bound} {getattr(part, bound)} instead of {fact[bound]}"
        if part.default is not None and "default" in fact and part.codec.parse(fact["default"]) != part.default:
            wrong[name] = f"default {part.default} instead of {fact['default']}"
        if fact.get("default_key") and codec.default_key != name:
            wrong[name] = "is the default key"
    assert wrong == {}
