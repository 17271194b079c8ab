# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.pve.automation.plugins.module_utils._core.model.errors import InvalidOption
from ansible_collections.pve.automation.plugins.module_utils._core.resources.cluster.options import CLUSTER_OPTIONS
from tests.unit.resources.fake import Server, calls, planned

PATH = "/cluster/options"
PRESENT = {
    "mac_prefix": "BC:24:11",
    "description": "Two\nlines ✓\n",
    "migration": {"type": "insecure", "network": "192.0.2.0/24"},
    "next-id": {"lower": "5000", "upper": "5999"},
    "registered-tags": ["Zeta", "alpha"],
    "max_workers": "3",
    "bwlimit": "migration=1024,clone=2048",
    "allowed-tags": ["Zeta", "alpha", "x"],
}


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"description": "Two\nlines ✓", "max_workers": 3},
        {"migration": {"type": "insecure"}},
        {"migration": "insecure,network=192.0.2.0/24"},
        {"next_id": {"lower": 5000, "upper": 5999}},
        {"registered_tags": ["alpha", "Zeta"]},
        {"bwlimit": {"clone": 2048.0}},
        {"mac_prefix": "BC:24:11", "fencing": "watchdog", "unset": ["console"]},
    ],
)
def test_what_is_there_takes_one_get(given: dict[str, Any]) -> None:
    server = Server({PATH: PRESENT})
    assert not planned(CLUSTER_OPTIONS, server, **given).steps
    assert server.asked == [PATH]


@pytest.mark.parametrize(
    ("given", "params"),
    [
        ({"migration": {"type": "secure"}}, {"migration": "secure,network=192.0.2.0/24"}),
        ({"migration": {"network": ""}}, {"migration": "insecure"}),
        ({"registered_tags": []}, {"delete": "registered-tags"}),
        ({"registered_tags": ["b", "a"]}, {"registered-tags": "a;b"}),
        ({"description": ""}, {"delete": "description"}),
        ({"unset": ["next-id", "max_workers"]}, {"delete": "next-id,max_workers"}),
        ({"crs": {"ha": "static", "ha-rebalance-on-start": True}}, {"crs": "ha=static,ha-rebalance-on-start=1"}),
        ({"console": "html5"}, {"console": "html5"}),
    ],
)
def test_only_what_differs_is_sent(given: dict[str, Any], params: dict[str, Any]) -> None:
    assert calls(planned(CLUSTER_OPTIONS, Server({PATH: PRESENT}), **given)) == [("PUT", PATH, params)]


@pytest.mark.parametrize(
    ("given", "option"),
    [
        ({"migration": {"kind": "secure"}}, "migration"),
        ({"migration": {"type": "fast"}}, "migration"),
        ({"crs": {"ha-auto-rebalance-margin": 101}}, "crs"),
        ({"unset": ["nosuch"]}, "unset"),
    ],
)
def test_bad_input_names_the_option(given: dict[str, Any], option: str) -> None:
    with pytest.raises(InvalidOption) as error:
        planned(CLUSTER_OPTIONS, Server({PATH: PRESENT}), **given)
    assert error.value.option == option


@pytest.mark.parametrize(
    ("proxy", "secrets"),
    [
        ("http://u:h@sh@proxy:3128", {"h@sh"}),
        ("http://u@proxy:3128", set()),
        ("http://proxy:3128/a:b@c", set()),
        (None, set()),
    ],
)
def test_the_password_of_the_proxy_is_secret(proxy: str | None, secrets: set[str]) -> None:
    assert CLUSTER_OPTIONS.secret_values({"http_proxy": proxy}) == secrets
