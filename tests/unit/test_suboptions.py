# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documentation names every key of every dictionary that a guest takes."""

from __future__ import annotations

import pytest
import yaml

from ansible_collections.pve.automation.plugins.doc_fragments.devices import ModuleDocFragment
from ansible_collections.pve.automation.plugins.module_utils._core.guests.schema import lxc, vm
from ansible_collections.pve.automation.plugins.module_utils._core.model.property_string import PropertyString
from tools.suboptions import page

FAMILIES = {
    "VM": [*vm.FAMILIES.values(), *vm.DRIVES.values()],
    "LXC": [*lxc.FAMILIES.values(), *lxc.MOUNT_POINTS.values()],
}
SINGLE = {
    "VM": {**{field.name: field.codec for field in vm.OPTIONS}, **vm.SINGLE_DRIVES},
    "LXC": {**{field.name: field.codec for field in lxc.OPTIONS}, **lxc.SINGLE_VOLUMES},
}


@pytest.mark.parametrize("kind", ["VM", "LXC"])
def test_every_key_is_documented(kind: str) -> None:
    notes = yaml.safe_load(getattr(ModuleDocFragment, kind))["notes"]
    codecs = {**SINGLE[kind], **{family.option: family.codec for family in FAMILIES[kind]}}
    for option, codec in codecs.items():
        if isinstance(codec, PropertyString):
            (note,) = (text for text in notes if f"O({option}) - " in text)
            assert [name for name in codec.parts if f"C({name}) (" not in note] == []


def test_choices_bounds_and_defaults_are_shown() -> None:
    text = page()
    net = text[text.index("\nnet\n") :]
    assert "   * - ``model`` \\*\n     - ``e1000``, " in net
    assert "   * - ``tag``\n     - integer, 1 to 4094\n     -\n" in net
    assert "   * - ``firewall``\n     - boolean\n     - ``false``\n" in net
