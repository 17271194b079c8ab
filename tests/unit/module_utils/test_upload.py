# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The multipart body of an upload, taken apart again by the standard library, and as requests sends it."""

from __future__ import annotations

import email
import email.policy
from pathlib import Path

import pytest
import requests

from ansible_collections.pve.automation.plugins.module_utils._core.api.multipart import MultipartBody
from ansible_collections.pve.automation.plugins.module_utils._core.model.errors import PveError
from ansible_collections.pve.automation.plugins.module_utils._core.model.plan import Upload

FIELDS = [("content", "iso"), ("checksum", "ab€")]
GIB = 1024**3


def stored(directory: Path, content: bytes) -> Upload:
    path = directory / "here.iso"
    path.write_bytes(content)
    return Upload(str(path), "there.iso", len(content))


def read_all(body: MultipartBody, block: int) -> bytes:
    text = b""
    while piece := body.read(block):
        assert len(piece) <= block
        text += piece
    body.close()
    return text


@pytest.mark.parametrize("block", [1, 7, 16384])
@pytest.mark.parametrize("content", [b"x", b"a\r\n--b\r\n\0\xff" * 99])
def test_the_parts_are_what_was_given(tmp_path: Path, content: bytes, block: int) -> None:
    body = MultipartBody(stored(tmp_path, content), FIELDS)
    text = read_all(body, block)
    assert len(text) == len(body)
    message = email.message_from_bytes(
        f"Content-Type: {body.content_type}\r\n\r\n".encode() + text, policy=email.policy.HTTP
    )
    parts = list(message.iter_parts())
    names = [part.get_param("name", header="content-disposition") for part in parts]
    assert names == ["content", "checksum", "filename"]
    assert [part.get_payload(decode=True) for part in parts] == [b"iso", "ab€".encode(), content]
    assert parts[-1].get_filename() == "there.iso"


def test_the_blocks_of_an_iteration_are_the_body(tmp_path: Path) -> None:
    upload = stored(tmp_path, b"z" * 200_000)
    body = MultipartBody(upload, FIELDS)
    assert sum(len(block) for block in body) == len(body)
    body.close()


def test_a_file_above_two_gib_has_its_length_and_is_not_read_ahead(tmp_path: Path) -> None:
    path = tmp_path / "large.iso"
    with path.open("wb") as file:
        file.truncate(5 * GIB)
    body = MultipartBody(Upload(str(path), "large.iso", 5 * GIB), FIELDS)
    request = requests.Request("POST", "https://pve.example", data=body, headers={"Content-Type": body.content_type})
    prepared = request.prepare()
    assert int(prepared.headers["Content-Length"]) == len(body) > 5 * GIB
    assert "Transfer-Encoding" not in prepared.headers
    sent: object = prepared.body
    assert sent is body
    body.close()


def test_progress_is_reported_in_ten_steps(tmp_path: Path) -> None:
    reported: list[str] = []
    read_all(MultipartBody(stored(tmp_path, b"y" * 1000).reporting_to(reported.append), []), 10)
    assert reported == [f"upload of there.iso: {percent} %" for percent in range(10, 101, 10)]


def test_a_file_that_grows_is_sent_as_it_was(tmp_path: Path) -> None:
    upload = stored(tmp_path, b"old")
    Path(upload.path).write_bytes(b"older")
    body = MultipartBody(upload, [])
    assert len(read_all(body, 100)) == len(body)


def test_a_file_that_shrinks_is_an_error(tmp_path: Path) -> None:
    upload = stored(tmp_path, b"long enough")
    Path(upload.path).write_bytes(b"short")
    body = MultipartBody(upload, [])
    with pytest.raises(PveError, match=r"here\.iso became shorter while it was sent"):
        read_all(body, 100)
    body.close()


def test_a_file_that_is_gone_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(PveError, match=r"gone\.iso cannot be read: No such file"):
        MultipartBody(Upload(str(tmp_path / "gone.iso"), "gone.iso", 3), [])
