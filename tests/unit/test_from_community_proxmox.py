# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table by which playbooks for community.proxmox are rewritten knows every module and every option of that collection."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.unit.test_collection import MODULES, ROOT
from tools.from_community_proxmox import Rewriting, options_of, table

FACTS = json.loads((ROOT / "tools" / "community_proxmox_options.json").read_text(encoding="utf-8"))
LISTS = ("rename", "drop", "report", "values", "lift", "list", "split", "join", "clone", "aliases")


def answered(row: dict[str, Any], option: str) -> bool:
    """Whether it is known what becomes of an option."""
    special = {"clone", "vmid", "newid"} if "clone" in row else set()
    if "device" in row:
        return True  # everything else belongs to the device
    if "by_type" in row:
        special |= {"type", "ugid"}
    return (
        option in special or any(option in row.get(name, ()) for name in LISTS) or option in options_of(row["module"])
    )


def test_every_module_has_a_row() -> None:
    assert set(table()["modules"]) == set(FACTS["modules"])


@pytest.mark.parametrize("module", [name for name, row in table()["modules"].items() if row["module"]])
def test_every_option_has_an_answer(module: str) -> None:
    row = table()["modules"][module]
    assert row["module"] in MODULES
    assert [option for option in FACTS["modules"][module] if not answered(row, option)] == []


@pytest.mark.parametrize("module", [name for name, row in table()["modules"].items() if row["module"]])
def test_what_options_become_exists(module: str) -> None:
    row = table()["modules"][module]
    new = {*row.get("rename", {}).values(), *row.get("add", {}), *row.get("by_type", {}).values()}
    new |= {name for values in row.get("values", {}).values() for options in values.values() for name in options}
    assert {name.partition(".")[0] for name in new} <= options_of(row["module"])


@pytest.mark.parametrize("module", [name for name, row in table()["modules"].items() if row["module"]])
def test_what_has_a_row_exists(module: str) -> None:
    """A row for an option that the other collection does not have would be a spelling mistake."""
    row = table()["modules"][module]
    named = {name.partition("=")[0] for kind in LISTS if kind != "clone" for name in row.get(kind, ())}
    assert named <= {*FACTS["modules"][module], "vmid"}


def test_the_options_of_the_inventory_have_answers() -> None:
    rules = table()["inventory"]
    known = {name for kind in ("rename", "values", "drop", "report") for name in rules[kind]}
    same = {"plugin", "validate_certs", "filters", "compose", "groups", "keyed_groups", "strict"}
    assert [
        name for name in FACTS["inventory"] if name not in known | same and not name.startswith(("cache", "api_"))
    ] == []


PLAYBOOK = """\
- hosts: localhost
  module_defaults:
    group/community.proxmox.proxmox:
      api_host: "{{ host }}"   # comes from the inventory
  tasks:
    - name: Clone
      community.general.proxmox_kvm:
        clone: debian-13
        vmid: 900
        newid: "{{ id }}"
        name: web   # the new one
        full: true
        timeout: 300
        lock: backup
      when: wanted
"""


def test_comments_order_and_what_is_unknown_stay() -> None:
    done = Rewriting(PLAYBOOK)
    assert "group/pve.automation.pve:" in done.result
    assert 'api_host: "{{ host }}"   # comes from the inventory' in done.result
    assert "pve.automation.pve_vm:" in done.result
    assert 'vmid: "{{ id }}"' in done.result
    assert "clone: {source: 900, full: true}" in done.result
    assert "name: web" in done.result
    assert "lock: backup" in done.result
    assert done.result.endswith("      when: wanted\n")
    assert [line for line, _message in done.reports] == [14]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("proxmox_kvm: {vmid: 1, delete: 'net1,ide2'}", "pve_vm: {vmid: 1, unset: [net1, ide2]}"),
        (
            "proxmox_nic: {vmid: 1, interface: net0, mac: AA, tag: 5}",
            "pve_vm: {net: {net0: {macaddr: AA, tag: 5}}, vmid: 1}",
        ),
        ("proxmox_nic: {vmid: 1, interface: net0, state: absent}", "pve_vm: {unset: [net0], vmid: 1}"),
        (
            "proxmox_access_acl: {path: /, type: token, ugid: a@pve!b, roleid: Administrator}",
            'pve_acl: {tokens: ["a@pve!b"], path: /, roles: [Administrator]}',
        ),
        ("proxmox_node_info:", "pve_node_info:"),
    ],
)
def test_options_take_their_form(written: str, expected: str) -> None:
    assert Rewriting(f"- community.proxmox.{written}\n").result.strip() in (
        f"- pve.automation.{expected}",
        f"- pve.automation.{expected}".replace('["a@pve!b"]', "[a@pve!b]"),
    )
