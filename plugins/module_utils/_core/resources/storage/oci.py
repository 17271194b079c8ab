# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images of OCI registries: their references, the files that they become, and the tags that a registry has of one."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from typing import Any

from ...model.contract import Reader
from ...model.errors import InvalidOption, NotImplementedByServer
from ...model.kinds.info import Info
from ...model.plan import api_path

SUFFIX = ".tar"
SINCE = (9, 1)
TOO_OLD = "Images of OCI registries came with PVE 9.1."
_LABEL = r"[a-zA-Z\d](?:[a-zA-Z\d-]*[a-zA-Z\d])?"
_PART = r"[a-z\d]+(?:(?:[._]|__|-*)[a-z\d]+)*"
_REPOSITORY = re.compile(rf"(?:{_LABEL}(?:\.{_LABEL})*(?::\d+)?/)?{_PART}(?:/{_PART})*")
_TAG = re.compile(r"\w[\w.-]{0,127}", re.ASCII)


def check_reference(reference: str) -> None:
    """Refuse what is not a repository with a tag."""
    repository, colon, tag = reference.rpartition(":")
    if not colon or "/" in tag:
        raise InvalidOption("reference", f"{reference!r} lacks its tag, as in docker.io/library/nginx:1.29")
    if not _REPOSITORY.fullmatch(repository) or not _TAG.fullmatch(tag):
        raise InvalidOption(
            "reference",
            f"{reference!r} is not of the form registry/repository:tag; PVE takes neither schemes nor digests",
        )


def file_of(reference: str) -> str:
    """The name that PVE gives the file of an image."""
    return re.sub(r"[^-a-zA-Z0-9_.]", "_", reference.rpartition("/")[2]) + SUFFIX


def require_oci(reader: Reader) -> None:
    """Refuse servers that cannot pull images."""
    release = reader.release()
    if release < SINCE:
        raise InvalidOption("reference", f"needs PVE 9.1 or newer; this server has {release[0]}.{release[1]}")


def require_tar(reader: Reader) -> None:
    """Refuse servers that take no archive without compression as a template, which images of registries are."""
    release = reader.release()
    if release < SINCE:
        text = f"{SUFFIX} files need PVE 9.1 or newer; this server has {release[0]}.{release[1]}"
        raise InvalidOption("filename", text, hint="Compress it, as in .tar.zst.")


@dataclasses.dataclass(frozen=True)
class TagsDesired:
    """The repository whose tags a node looks up."""

    node: str
    reference: str


class OciTags(Info[TagsDesired]):
    """The tags of a repository, as the node sees them."""

    name = "tags"

    def arguments(self) -> dict[str, Any]:
        return {"argument_spec": {name: {"type": "str", "required": True} for name in ("node", "reference")}}

    def parse(self, params: Mapping[str, Any]) -> TagsDesired:
        if not _REPOSITORY.fullmatch(params["reference"]):
            raise InvalidOption(
                "reference", f"{params['reference']!r} is not of the form registry/repository, without scheme and tag"
            )
        return TagsDesired(params["node"], params["reference"])

    def read(self, reader: Reader, desired: TagsDesired) -> Any:
        try:
            return reader.get(api_path("nodes", desired.node, "query-oci-repo-tags"), {"reference": desired.reference})
        except NotImplementedByServer as error:
            error.hint = TOO_OLD
            raise


OCI_TAGS = OciTags()
