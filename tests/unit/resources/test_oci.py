# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.pve.automation.plugins.module_utils._core.model.errors import (
    InvalidOption,
    NotImplementedByServer,
)
from ansible_collections.pve.automation.plugins.module_utils._core.resources.storage.oci import (
    OCI_TAGS,
    check_reference,
    file_of,
)
from tests.unit.resources.fake import Server, options

PATH = "/nodes/pve1/query-oci-repo-tags"


@pytest.mark.parametrize(
    ("reference", "file"),
    [
        ("nginx:1.29", "nginx_1.29.tar"),
        ("docker.io/library/nginx:latest", "nginx_latest.tar"),
        ("registry.example.org:5000/a/b__c-d:v1_2", "b__c-d_v1_2.tar"),
    ],
)
def test_a_reference_becomes_a_file(reference: str, file: str) -> None:
    check_reference(reference)
    assert file_of(reference) == file


def test_the_tags_come_as_the_registry_tells_them() -> None:
    server = Server({PATH: ["2", "10", "latest"]})
    desired = OCI_TAGS.parse(options(OCI_TAGS, node="pve1", reference="docker.io/library/nginx"))
    assert OCI_TAGS.read(server, desired) == ["2", "10", "latest"]


def test_a_tag_is_refused_and_an_older_server_is_reported_as_such() -> None:
    with pytest.raises(InvalidOption, match=r"reference: .*without scheme and tag"):
        OCI_TAGS.parse(options(OCI_TAGS, node="pve1", reference="nginx:latest"))
    server = Server({PATH: NotImplementedByServer("GET", PATH, 501, "Method 'GET' not implemented")})
    with pytest.raises(NotImplementedByServer, match=r"PVE 9\.1"):
        OCI_TAGS.read(server, OCI_TAGS.parse(options(OCI_TAGS, node="pve1", reference="nginx")))
