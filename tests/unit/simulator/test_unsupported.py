# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The list of what the simulator cannot do is what it answers with 501."""

from __future__ import annotations

from ansible_collections.pve.automation.tests.simulator import unsupported
from ansible_collections.pve.automation.tests.simulator.facts import load

from .conversation import Conversation

FACTS = load()


def test_listed_calls_are_refused_and_others_are_not_listed() -> None:
    listed = unsupported.calls(FACTS)
    assert ("GET", "/cluster/ceph/flags") in listed
    assert ("POST", "/nodes/{node}/qemu") not in listed
    assert "does not do this: GET /cluster/ceph/flags" in Conversation().refused("GET", "/cluster/ceph/flags")


def test_parts_of_calls_are_listed_with_their_area() -> None:
    assert ("content", "reading the metadata of a guest on another hypervisor") in set(unsupported.parts())
    assert "in part, content: reading the metadata of a guest on another hypervisor" in unsupported.listing(FACTS)
