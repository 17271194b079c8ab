# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The body of an upload, read as PVE's HTTP server does: as a text with fixed places, not as RFC 7578 has it.

After PVE::APIServer::AnyEvent, file_upload_multipart (pve-http-server), and the recorded scenario "upload": the fields
are looked for in a fixed order, the file comes last, and everything up to the closing delimiter belongs to it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

FIELDS = ("content", "checksum-algorithm", "checksum")  # in the only order that is understood
FILE_FIELD = "filename"
NEWLINE = rb"\r?\n"
FAILED = "upload failed at {source} line 1370."
WRONG_FIELD = "wrong field name '{name}' for file upload, expected 'filename' at {source} line 1325."
SOURCE = "/usr/share/perl5/PVE/APIServer/AnyEvent.pm"


class UploadError(Exception):
    """The body cannot be read; the message is the text of the server's 500."""


@dataclass(frozen=True)
class UploadBody:
    """The fields, the file's name and its content."""

    fields: dict[str, str]
    filename: str
    content: bytes


def boundary_of(content_type: str) -> str | None:
    """The boundary of multipart/form-data, quotes and all; None if it is something else."""
    kind, *parameters = re.split(r"\s*[;,]\s*", content_type)
    for parameter in parameters if kind.strip() == "multipart/form-data" else ():
        if match := re.fullmatch(r"boundary\s*=\s*(\S+)", parameter.strip()):
            return match[1]
    return None


def read_upload(body: bytes, boundary: str) -> UploadBody:
    """Take an upload apart; raises UploadError."""
    dashes = b"--" + re.escape(boundary.encode())
    delimiter = dashes + NEWLINE
    start = re.search(delimiter, body)
    rest = body[start.start() :] if start else b""
    fields = {}
    for name in FIELDS:
        disposition = rb"Content-Disposition: (.*?); name=\"" + name.encode() + rb'"'
        field = rb".*?" + disposition + rb".*?" + NEWLINE + NEWLINE + rb"(.*?)(?=" + delimiter + rb")"
        if found := re.match(delimiter + field, rest, re.DOTALL):
            _check_disposition(found[1])
            fields[name] = found[2].strip().decode("utf-8", "replace")
            rest = rest[found.end() :]
    file = rb'Content-Disposition: (.*?); name="(.*?)"; filename="([^"]+)".*?' + NEWLINE + NEWLINE
    head = re.match(delimiter + file, rest, re.DOTALL)
    if head is None:
        raise UploadError(FAILED.format(source=SOURCE))
    _check_disposition(head[1])
    if head[2] != FILE_FIELD.encode():
        raise UploadError(WRONG_FIELD.format(name=head[2].decode("utf-8", "replace"), source=SOURCE))
    end = re.compile(NEWLINE + dashes + b"--").search(rest, head.end())
    if end is None:
        raise UploadError(FAILED.format(source=SOURCE))
    return UploadBody(fields, head[3].strip().decode("utf-8", "replace"), rest[head.end() : end.start()])


def _check_disposition(disposition: bytes) -> None:
    """Parts in another order make a disposition of several lines out of what stands between."""
    if disposition != b"form-data":
        text = disposition.decode("utf-8", "replace")
        raise UploadError(f"wrong Content-Disposition '{text}' in multipart, expected 'form-data'")
