# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.pve.automation.plugins.module_utils._core.model.errors import (
    InvalidOption,
    NotImplementedByServer,
)
from ansible_collections.pve.automation.plugins.module_utils._core.resources.cluster.cpu_model import (
    CPU_MODEL,
    CPU_MODEL_INFO,
)
from tests.unit.resources.fake import Server, calls, options, planned

MODELS = "/cluster/qemu/custom-cpu-models"
PATH = f"{MODELS}/own"
PRESENT = {"cputype": "custom-own", "reported-model": "host", "flags": "+aes;-pcid", "digest": "d1"}


@pytest.mark.parametrize("name", ["own", "custom-own"])
def test_a_model_is_created_by_its_name_without_the_prefix(name: str) -> None:
    plan = planned(CPU_MODEL, Server(), cputype=name, reported_model="host", flags=["-pcid", "+aes"], hidden=False)
    params = {"cputype": "own", "reported-model": "host", "flags": "+aes;-pcid", "hidden": 0}
    assert calls(plan) == [("POST", MODELS, params)]


def test_what_is_there_takes_one_get() -> None:
    server = Server({PATH: PRESENT})
    desired = {"flags": "-pcid,+aes", "reported_model": "host", "hidden": False}
    assert not planned(CPU_MODEL, server, cputype="custom-own", **desired).steps
    assert server.asked == [PATH]


def test_a_change_comes_with_the_digest() -> None:
    plan = planned(CPU_MODEL, Server({PATH: PRESENT}), cputype="own", flags=[], phys_bits="host")
    assert calls(plan) == [("PUT", PATH, {"phys-bits": "host", "delete": "flags", "digest": "d1"})]


@pytest.mark.parametrize(
    ("present", "given", "option"),
    [
        (False, {"flags": ["+aes"]}, "reported_model"),
        (True, {"reported_model": ""}, "reported_model"),
        (True, {"flags": ["aes"]}, "flags"),
        (True, {"flags": ["+aes", "-aes"]}, "flags"),
        (True, {"guest_phys_bits": 31}, "guest_phys_bits"),
        (True, {"level": 0}, "level"),
        (True, {"phys_bits": "7"}, "phys_bits"),
        (True, {"phys_bits": "many"}, "phys_bits"),
        (True, {"hv_vendor_id": "no blanks"}, "hv_vendor_id"),
    ],
)
def test_bad_input_names_the_option(present: bool, given: dict[str, Any], option: str) -> None:
    with pytest.raises(InvalidOption) as error:
        planned(CPU_MODEL, Server({PATH: PRESENT} if present else {}), cputype="own", **given)
    assert error.value.option == option


def test_an_older_server_is_reported_as_such() -> None:
    refusals = {
        path: NotImplementedByServer("GET", path, 501, "Method 'GET' not implemented") for path in (PATH, MODELS)
    }
    with pytest.raises(NotImplementedByServer, match=r"since PVE 9\.2"):
        planned(CPU_MODEL, Server(refusals), cputype="own")
    with pytest.raises(NotImplementedByServer, match=r"since PVE 9\.2"):
        planned(CPU_MODEL_INFO, Server(refusals))


def test_the_list_knows_a_model_by_both_of_its_names() -> None:
    server = Server({MODELS: [PRESENT, {"cputype": "custom-else", "reported-model": "max", "hidden": 1}]})
    listed = CPU_MODEL_INFO.read(server, CPU_MODEL_INFO.parse(options(CPU_MODEL_INFO, cputype="custom-own")))
    assert listed == [{"cputype": "own", "reported_model": "host", "flags": ["+aes", "-pcid"]}]
    listed = CPU_MODEL_INFO.read(server, CPU_MODEL_INFO.parse(options(CPU_MODEL_INFO)))
    assert [model["cputype"] for model in listed] == ["else", "own"]
