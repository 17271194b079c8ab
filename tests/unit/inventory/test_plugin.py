# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The inventory plugin inside Ansible: options, filters, caching, and what is trusted."""

from __future__ import annotations

import copy
import pathlib
from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleError, AnsibleParserError
from ansible.inventory.data import InventoryData
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar

from ansible_collections.pve.automation.plugins.inventory import pve
from ansible_collections.pve.automation.plugins.module_utils._core.api.client import Client
from ansible_collections.pve.automation.plugins.module_utils._core.api.connection import connection_arguments
from tests.unit.guests.fake import node_lists

ROWS: list[dict[str, Any]] = [
    {"id": "node/pve1", "type": "node", "node": "pve1", "status": "online"},
    {"id": "node/pve2", "type": "node", "node": "pve2", "status": "offline"},
    {
        "id": "qemu/100",
        "type": "qemu",
        "vmid": 100,
        "node": "pve1",
        "name": "web",
        "status": "running",
        "tags": "prod;web",
    },
    {"id": "lxc/101", "type": "lxc", "vmid": 101, "node": "pve2", "name": "web", "status": "stopped", "tags": " "},
    {"id": "qemu/102", "type": "qemu", "vmid": 102, "node": "pve1", "name": "tpl", "status": "stopped", "template": 1},
    {"id": "future/1", "type": "future", "node": "pve1"},
]
EVIL = "{{ 'pw' ~ 'ned' }}"
# What constructed and inventory_cache add, with Ansible's defaults.
DEFAULTS = {
    "strict": False, "compose": {}, "groups": {}, "keyed_groups": [], "leading_separator": True, "use_extra_vars": False,
    "cache": False, "facts": [], "concurrency": 10, "filters": [], "group_prefix": "pve_", "vars_prefix": "pve_",
    "node_ansible_host": False, "current": True,
}  # fmt: skip


class World:
    """A cluster that answers, and a way to read its inventory with given options."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, directory: pathlib.Path) -> None:
        self.answers: dict[str, Any] = {"/cluster/resources": copy.deepcopy(ROWS)}
        self.asked: list[str] = []
        self.secrets: list[str] = []
        self.warnings: list[str] = []
        self.cache: dict[str, Any] = {}
        self.file = directory / "test.pve.yml"
        world = self

        def call(client: Client, method: str, path: str, params: Any = None, **_options: Any) -> Any:
            world.asked.append(path)
            world.secrets.append(client.connection.token_secret)
            if path not in world.answers and path.endswith(("/qemu", "/lxc")):
                return node_lists(world.answers["/cluster/resources"])[path]
            return world.answers[path]

        def read_config(plugin: pve.InventoryModule, path: str) -> dict[str, Any]:
            config: dict[str, Any] = plugin.loader.load_from_file(path, **_TRUST)
            connection = {name: row.get("default") for name, row in connection_arguments().items()}
            plugin._options = {**connection, **DEFAULTS, **config}
            plugin._cache = world.cache
            return config

        monkeypatch.setattr(Client, "call", call)
        monkeypatch.setattr(pve.InventoryModule, "_read_config_data", read_config)
        known = dict.fromkeys([*connection_arguments(), *DEFAULTS, "plugin"])
        monkeypatch.setattr(pve.InventoryModule, "option_definitions", known)
        monkeypatch.setattr(pve.InventoryModule, "get_cache_key", lambda plugin, path: "key")

    def read(self, *, refresh: bool = False, into: InventoryData | None = None, **options: Any) -> InventoryData:
        connection = {"api_host": ["pve1"], "api_token_id": "inv@pve!test", "api_token_secret": "s"}
        self.file.write_text(
            yaml.safe_dump({"plugin": "pve.automation.pve", **connection, **options}), encoding="utf-8"
        )
        plugin = pve.InventoryModule()
        plugin.display.warning = self.warnings.append
        inventory = into or InventoryData()
        plugin.parse(inventory, DataLoader(), str(self.file), cache=not refresh)
        return inventory


_TRUST: dict[str, Any] = {"trusted_as_template": True} if hasattr(Templar, "evaluate_conditional") else {}


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> World:
    return World(monkeypatch, tmp_path)


def members(inventory: InventoryData, group: str) -> list[str]:
    return sorted(host.name for host in inventory.groups[group].hosts)


@pytest.mark.parametrize(
    ("name", "ours"),
    [
        ("a.pve.yml", True),
        ("a.pve.yaml", True),
        ("pve.yml", True),
        ("a.yml", False),
        ("apve.yml", False),
        ("a.pve.json", False),
    ],
)
def test_files_of_ours(tmp_path: pathlib.Path, name: str, ours: bool) -> None:
    (tmp_path / name).touch()
    assert pve.InventoryModule().verify_file(str(tmp_path / name)) is ours


def test_each_list_of_a_node_is_one_request_more(world: World) -> None:
    world.read()
    assert sorted(world.asked) == ["/cluster/resources", "/nodes/pve1/qemu"]  # pve2 is offline


def test_a_guest_has_the_name_and_status_that_its_node_lists(world: World) -> None:
    listed = [{"vmid": 100, "name": "db", "status": "stopped"}, {"vmid": 102, "name": "tpl", "status": "running"}]
    world.answers["/nodes/pve1/qemu"] = listed
    inventory = world.read()
    assert sorted(inventory.hosts) == ["db", "pve1", "pve2", "tpl", "web"]
    assert members(inventory, "pve_status_running") == ["tpl"]
    assert "pve_templates" not in inventory.groups
    assert sorted(world.read(current=False).hosts) == ["pve1", "pve2", "tpl", "web-100", "web-101"]


def test_one_request_is_enough_where_all_have_names(world: World) -> None:
    inventory = world.read(current=False)
    assert world.asked == ["/cluster/resources"]
    assert sorted(inventory.hosts) == ["pve1", "pve2", "tpl", "web-100", "web-101"]
    assert members(inventory, "pve_qemu") == ["tpl", "web-100"]
    assert members(inventory, "pve_nodes") == ["pve1", "pve2"]
    assert members(inventory, "pve_templates") == ["tpl"]
    assert members(inventory, "pve_tag_web") == ["web-100"]
    assert inventory.hosts["web-100"].vars["pve_tags"] == ["prod", "web"]


def test_prefixes(world: World) -> None:
    inventory = world.read(group_prefix="", vars_prefix="guest_", filters=["guest_type == 'lxc'"])
    assert members(inventory, "lxc") == ["web-101"]
    assert inventory.hosts["web-101"].vars["guest_vmid"] == 101


def test_filters_see_every_host_and_rename_none(world: World) -> None:
    inventory = world.read(filters=["pve_type != 'node'", "'web' in pve_tags"], strict=True)
    assert sorted(inventory.hosts) == ["web-100"]


def test_a_wrong_filter_is_an_error_with_strict(world: World) -> None:
    with pytest.raises(AnsibleParserError, match="pve_vmd"):
        world.read(filters=["pve_vmd > 100"], strict=True)


def test_a_wrong_filter_is_one_warning_without_strict(world: World) -> None:
    assert not world.read(filters=["pve_vmd > 100"]).hosts
    assert len(world.warnings) == 1
    assert "pve_vmd" in world.warnings[0]


def test_constructed_for_guests_and_nodes(world: World) -> None:
    inventory = world.read(
        strict=True,
        compose={"who": "pve_name ~ '!'", "ansible_host": "'192.0.2.99'"},
        groups={"alive": "pve_status in ['running', 'online']", "called": "who == 'web!'"},
        keyed_groups=[{"key": "pve_type", "prefix": "kind"}, {"key": "pve_tags", "prefix": "role"}],
    )
    assert members(inventory, "alive") == ["pve1", "web-100"]
    assert members(inventory, "called") == ["web-100", "web-101"]
    assert members(inventory, "kind_node") == ["pve1", "pve2"]
    assert members(inventory, "role_prod") == ["web-100"]
    assert inventory.hosts["pve1"].vars["who"] == "pve1!"


def test_one_text_as_value_and_as_condition(world: World) -> None:
    inventory = world.read(
        compose={"is_template": "pve_template"}, groups={"made": "pve_template"}, filters=["not pve_template"]
    )
    assert inventory.hosts["pve1"].vars["is_template"] is False
    assert "made" not in inventory.groups


def test_a_wrong_group_is_an_error_with_strict(world: World) -> None:
    with pytest.raises(AnsibleParserError, match="group broken"):
        world.read(groups={"broken": "no_such_variable > 1"}, strict=True)
    assert "broken" not in world.read(groups={"broken": "no_such_variable > 1"}).groups


def test_what_the_server_tells_is_no_template(world: World) -> None:
    world.answers["/cluster/resources"] = [{**ROWS[2], "name": EVIL, "tags": EVIL.replace(" ", ""), "lock": EVIL}]
    world.answers["/nodes/pve1/qemu/100/config"] = {"description": EVIL}
    inventory = world.read(
        facts=["config"], compose={"copied": "pve_lock", "reported": "pve_config.description"}, strict=True
    )
    (host,) = inventory.hosts.values()
    assert not set("{}'") & set(host.name)
    shown = Templar(loader=DataLoader(), variables=host.vars).template({**host.vars})
    assert shown["pve_lock"] == EVIL
    assert shown["copied"] == EVIL
    assert shown["reported"] == EVIL
    assert shown["pve_config"] == {"description": EVIL}
    assert "pwned" not in str(shown)


def test_facts_are_read_of_guests_that_pass_only(world: World) -> None:
    world.answers["/nodes/pve1/qemu/102/config"] = {"net0": "virtio=BC:24:11:00:00:01", "ipconfig0": "ip=192.0.2.2/24"}
    inventory = world.read(facts=["config"], filters=["pve_template or pve_type == 'node'"])
    assert world.asked[-1] == "/nodes/pve1/qemu/102/config"
    assert inventory.hosts["tpl"].vars["ansible_host"] == "192.0.2.2"
    assert inventory.hosts["tpl"].vars["pve_config"]["ipconfig0"] == "ip=192.0.2.2/24"


def test_compose_replaces_the_address(world: World) -> None:
    world.answers["/nodes/pve1/qemu/102/config"] = {"net0": "virtio", "ipconfig0": "ip=192.0.2.2/24"}
    inventory = world.read(facts=["config"], filters=["pve_template"], compose={"ansible_host": "'t.example.org'"})
    assert inventory.hosts["tpl"].vars["ansible_host"] == "t.example.org"


def test_addresses_of_nodes(world: World) -> None:
    world.answers["/cluster/status"] = [{"type": "node", "name": "pve1", "ip": "192.0.2.1"}]
    inventory = world.read(node_ansible_host=True)
    assert inventory.hosts["pve1"].vars["ansible_host"] == "192.0.2.1"
    assert "ansible_host" not in inventory.hosts["pve2"].vars


def test_a_cached_inventory_asks_nothing_and_a_refresh_asks_again(world: World) -> None:
    first = world.read(cache=True)
    second = world.read(cache=True)
    assert len(world.asked) == 2
    assert sorted(first.hosts) == sorted(second.hosts)
    world.answers["/cluster/resources"] = ROWS[:1]
    assert sorted(world.read(cache=True, refresh=True).hosts) == ["pve1"]  # what meta: refresh_inventory does
    assert sorted(world.read(cache=True).hosts) == ["pve1"]
    assert len(world.asked) == 3


def test_another_identity_does_not_get_the_cached_inventory(world: World) -> None:
    world.read(cache=True)
    world.read(cache=True, api_token_id="other@pve!test")
    assert len(world.asked) == 4
    assert len(world.cache) == 2


def test_secrets_can_be_templates(world: World) -> None:
    world.read(api_token_secret="{{ 'from-' ~ 'a-template' }}")
    assert set(world.secrets) == {"from-a-template"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"api_host": []}, "api_host: is missing"),
        ({"api_token_secret": ""}, "api_token_secret: is missing"),
        ({"facts": ["config"], "concurrency": 0}, "concurrency: 0 is not"),
    ],
)
def test_wrong_options_are_named(world: World, options: dict[str, Any], message: str) -> None:
    with pytest.raises(AnsibleParserError, match=message):
        world.read(**options)


def named(world: World, *names: str) -> None:
    rows = [
        {"id": f"qemu/{vmid}", "type": "qemu", "vmid": vmid, "node": "n", "name": name}
        for vmid, name in enumerate(names, 1)
    ]
    world.answers["/cluster/resources"] = rows


def test_a_guest_never_becomes_a_group(world: World) -> None:
    named(world, "webservers", "pve_qemu", "other")
    inventory = world.read(groups={"webservers": "true"})
    assert sorted(inventory.hosts) == ["other", "pve_qemu-2", "webservers-1"]
    assert members(inventory, "webservers") == members(inventory, "pve_qemu") == sorted(inventory.hosts)


@pytest.mark.parametrize("names", [("a", "role_x", "z"), ("role_x",), ("z", "role_x")])
def test_a_guest_that_is_called_like_a_keyed_group_is_left_out(world: World, names: tuple[str, ...]) -> None:
    named(world, *names)
    keyed = [{"key": "'x'", "prefix": "role"}]
    inventory = world.read(keyed_groups=keyed)
    assert sorted(inventory.hosts) == [name for name in sorted(names) if name != "role_x"]
    assert members(inventory, "role_x") == sorted(inventory.hosts)
    assert len([text for text in world.warnings if text.startswith("role_x cannot be in the inventory")]) == 1
    with pytest.raises(AnsibleError, match="role_x"):
        world.read(keyed_groups=keyed, strict=True)


def test_an_inventory_that_fails_leaves_no_half(world: World) -> None:
    inventory = InventoryData()
    with pytest.raises(AnsibleError):
        world.read(compose={"x": "pve_missing + 1"}, strict=True, into=inventory)
    assert not inventory.hosts


def test_the_name_of_the_host_is_known_to_expressions(world: World) -> None:
    inventory = world.read(
        compose={"url": "'https://' ~ inventory_hostname"},
        groups={"tpl_only": "inventory_hostname_short == 'tpl'"},
        strict=True,
    )
    assert inventory.hosts["tpl"].vars["url"] == "https://tpl"
    assert members(inventory, "tpl_only") == ["tpl"]
