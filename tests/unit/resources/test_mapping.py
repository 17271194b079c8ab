# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.pve.automation.plugins.module_utils._core.model.errors import InvalidOption
from ansible_collections.pve.automation.plugins.module_utils._core.resources.cluster.mapping import (
    MAPPING,
    MAPPING_INFO,
)
from tests.unit.resources.fake import Server, calls, options, planned

PCI = "/cluster/mapping/pci/gpu"
CARD = "node=pve1,path=0000:01:00.0,id=10de:2204"
OTHER = "node=pve2,path=0000:02:00.0,id=10de:2204"


def server(**config: Any) -> Server:
    return Server({PCI: {"type": "pci", "map": [OTHER, CARD], "digest": "d", **config}})


def test_a_mapping_is_created_from_dicts_and_texts() -> None:
    card = {"node": "pve1", "path": "0000:01:00.0;0000:01:00.1", "id": "10DE:2204", "subsystem_id": "10de:0001"}
    plan = planned(MAPPING, Server(), type="pci", id="gpu", map=[OTHER, card], mdev=True, description="GPU")
    sent = "node=pve1,path=0000:01:00.0;0000:01:00.1,id=10de:2204,subsystem-id=10de:0001"
    params = {"id": "gpu", "description": "GPU", "map": [sent, OTHER], "mdev": 1}
    assert calls(plan) == [("POST", "/cluster/mapping/pci", params)]
    assert plan.after is not None
    assert plan.after["type"] == "pci"
    assert [entry["node"] for entry in plan.after["map"]] == ["pve1", "pve2"]


@pytest.mark.parametrize(
    "given",
    [
        {"map": [CARD, OTHER]},
        {"map": [{"id": "10de:2204", "path": "0000:01:00.0", "node": "pve1", "description": ""}, OTHER, CARD]},
        {"map": [CARD], "append": True},
        {"mdev": False, "live_migration_capable": False, "description": ""},
    ],
)
def test_a_noop_is_one_get(given: dict[str, Any]) -> None:
    present = server(mdev=0)
    assert not planned(MAPPING, present, type="pci", id="gpu", **given).steps
    assert present.asked == [PCI]


def test_the_list_is_whole_or_replaces_the_entries_of_its_nodes() -> None:
    new = "node=pve1,path=0000:03:00.0,id=10de:2204"
    whole = planned(MAPPING, server(), type="pci", id="gpu", map=[new])
    assert calls(whole) == [("PUT", PCI, {"map": [new], "digest": "d"})]
    added = planned(MAPPING, server(), type="pci", id="gpu", map=[new], append=True)
    assert calls(added) == [("PUT", PCI, {"map": [new, OTHER], "digest": "d"})]
    assert [step.method for step in planned(MAPPING, Server(), type="pci", id="x", map=[new], append=True).steps] == [
        "POST"
    ]


def test_unknown_parts_of_the_server_survive_what_is_done_to_other_nodes() -> None:
    present = server(map=[CARD, f"{OTHER},novel=1"])
    plan = planned(MAPPING, present, type="pci", id="gpu", map=[f"{CARD},iommugroup=3"], append=True)
    assert calls(plan)[0][2]["map"] == [f"{CARD},iommugroup=3", f"{OTHER},novel=1"]


def test_options_are_cleared() -> None:
    plan = planned(MAPPING, server(description="x", mdev=1), type="pci", id="gpu", description="", mdev=False)
    assert calls(plan) == [("PUT", PCI, {"delete": "description", "mdev": 0, "digest": "d"})]


@pytest.mark.parametrize(
    ("given", "option", "reported"),
    [
        ({"type": "pci"}, "map", "needed to create"),
        ({"type": "pci", "map": []}, "map", "empty"),
        ({"type": "pci", "map": ["node=pve1,path=0000:01:00.0"]}, "map", "lacks id"),
        ({"type": "pci", "map": [{"node": "pve1", "path": 60.0, "id": "10de:2204"}]}, "map", "quotes"),
        ({"type": "pci", "map": [{"node": "pve1", "path": "01:00.0", "id": "10de:2204"}]}, "map", "path"),
        ({"type": "pci", "map": [f"{CARD},color=red"]}, "map", "color"),
        ({"type": "pci", "map": [{"node": "n", "path": "0000:01:00", "id": "1:2"}]}, "map", "id"),
        ({"type": "usb", "map": [{"node": "n", "id": "1234:5678", "description": "a,b"}]}, "map", "comma"),
        ({"type": "usb", "map": ["node=n,id=1234:5678"], "mdev": True}, "mdev", "type: pci"),
        ({"type": "usb", "map": ["node=n"]}, "map", "lacks id"),
        ({"type": "dir", "map": [{"node": "n", "path": "relative"}]}, "map", "path"),
        ({"type": "dir", "map": ["node=n,path=/srv"], "unset": ["map"]}, "unset", "map"),
    ],
)
def test_bad_input_names_the_option(given: dict[str, Any], option: str, reported: str) -> None:
    with pytest.raises(InvalidOption, match=reported) as error:
        planned(MAPPING, Server(), id="gpu", **given)
    assert error.value.option == option


def test_absent() -> None:
    assert calls(planned(MAPPING, server(), type="pci", id="gpu", state="absent")) == [("DELETE", PCI, {})]
    assert not planned(MAPPING, server(), type="usb", id="gpu", state="absent").steps


def test_info_tells_problems_by_one_name() -> None:
    problem = {"severity": "warning", "message": "gone"}
    rows = [
        {"id": "b", "type": "pci", "map": [CARD], "digest": "d", "checks": [problem]},
        {"id": "a", "type": "pci", "map": [CARD], "digest": "d", "mdev": 1},
    ]
    found = MAPPING_INFO.read(
        Server({"/cluster/mapping/pci": rows}), MAPPING_INFO.parse(options(MAPPING_INFO, type="pci", check_node="pve1"))
    )
    card = {"node": "pve1", "path": "0000:01:00.0", "id": "10de:2204"}
    assert found == [
        {"id": "a", "type": "pci", "map": [card], "mdev": True},
        {"id": "b", "type": "pci", "map": [card], "problems": [problem]},
    ]


@pytest.mark.parametrize("given", [{"description": "Größe"}, {"map": [f"{CARD},description=Größe"]}])
def test_what_pve_garbles_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(InvalidOption, match="outside ASCII, which PVE garbles in mappings"):
        planned(MAPPING, server(), type="pci", id="gpu", **given)


def test_a_garbled_description_can_be_replaced() -> None:
    plan = planned(MAPPING, server(description="GrÃ¶Ã\x9fe"), type="pci", id="gpu", description=" Size ")
    assert plan.steps[0].params["description"] == "Size"
