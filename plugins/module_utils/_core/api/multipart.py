# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A file that is sent to PVE: a multipart body of known length that is read while it is sent, never held in memory."""

from __future__ import annotations

import io
import uuid
from collections.abc import Iterator, Sequence

from ..model.errors import PveError
from ..model.plan import Upload
from .packed import UNREADABLE, open_file

BLOCK = 64 * 1024  # bytes that are read at once where the reader does not say
PROGRESS_STEPS = 10  # how often the progress of one upload is reported
FILE_PART = "filename"  # PVE/APIServer/AnyEvent.pm: the part that holds the file has this name, and is the last one


class MultipartBody:
    """Form fields, then the file: an open file of ``len()`` bytes, which HTTP libraries send in blocks.

    To be closed. Raises PveError if the file cannot be read.
    """

    def __init__(self, upload: Upload, fields: Sequence[tuple[str, str]]) -> None:
        boundary = uuid.uuid4().hex
        self.content_type = f"multipart/form-data; boundary={boundary}"
        parts = [
            f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in fields
        ]
        parts.append(
            f'--{boundary}\r\nContent-Disposition: form-data; name="{FILE_PART}"; filename="{upload.name}"\r\n'
            "Content-Type: application/octet-stream\r\n\r\n"
        )
        self._upload = upload
        self._head, self._tail = "".join(parts).encode(), f"\r\n--{boundary}--\r\n".encode()
        self._length = len(self._head) + upload.size + len(self._tail)
        self._left = upload.size  # bytes of the file that were not read yet
        self._reported = 0
        try:
            self._file = open_file(upload.path, upload.packed) if upload.data is None else io.BytesIO(upload.data)
        except OSError as error:
            raise PveError(f"{upload.path} cannot be read: {error.strerror}.") from None

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[bytes]:
        while block := self.read(BLOCK):
            yield block

    def read(self, size: int = BLOCK) -> bytes:
        """At most so many bytes; none at the end. Raises PveError if the file has become shorter."""
        size = size if size > 0 else BLOCK
        if self._head:
            block, self._head = self._head[:size], self._head[size:]
        elif self._left:
            block = self._read_file(min(size, self._left))
        else:
            block, self._tail = self._tail[:size], self._tail[size:]
        return block

    def _read_file(self, size: int) -> bytes:
        try:
            block: bytes = self._file.read(size)
        except UNREADABLE as error:
            why = error.strerror if isinstance(error, OSError) and error.strerror else error
            raise PveError(f"{self._upload.path} cannot be read: {why}.") from None
        if not block:
            raise PveError(f"{self._upload.path} became shorter while it was sent.")
        self._left -= len(block)
        sent = self._upload.size - self._left
        if sent * PROGRESS_STEPS // self._upload.size > self._reported:
            self._reported = sent * PROGRESS_STEPS // self._upload.size
            self._upload.on_progress(f"upload of {self._upload.name}: {100 * self._reported // PROGRESS_STEPS} %")
        return block

    def close(self) -> None:
        self._file.close()
