# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A server on this machine in place of the publishers of cloud images: lists of checksums in their forms, and tiny images."""

from __future__ import annotations

import hashlib
import lzma
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

IMAGE = b"QFI\xfb" + bytes(508)
FEDORA = ("Fedora-Cloud-Base-Generic-{0}-1.6.x86_64.qcow2", "Fedora-Cloud-{0}-1.6-x86_64-CHECKSUM")


def image(name: str) -> bytes:
    """The content of an image; of one build only, however often it is asked for."""
    plain = IMAGE + name.encode()
    return lzma.compress(plain) if name.endswith(".xz") else plain


def listing(path: str) -> str:
    """The names in the directory of a release, as Fedora's servers show them."""
    names = [name.format(release(path, "releases")) for name in FEDORA]
    return "".join(f'<a href="{name}">{name}</a>\n' for name in names)


def digest(algorithm: str, name: str) -> str:
    return hashlib.new(algorithm, image(name)).hexdigest()


def gnu(algorithm: str, *names: str, mark: str = " ") -> str:
    """Lines as of sha256sum."""
    return "".join(f"{digest(algorithm, name)} {mark}{name}\n" for name in names)


def bsd(name: str) -> str:
    return f"# {name}: 512 bytes\nSHA256 ({name}) = {digest('sha256', name)}\n"


def release(path: str, before: str) -> str:
    """The part of a path that follows another one."""
    return path.split(f"/{before}/")[1].partition("/")[0]


def _digests(path: str) -> str:
    name = path.rpartition("/")[2].removesuffix(".DIGESTS")
    return "".join(f"# {kind} HASH\n{gnu(kind, name)}" for kind in ("md5", "sha1", "sha512"))


# What the path of a file of checksums ends with -> the file, in the form of its publisher.
CHECKSUMS: dict[str, Callable[[str], str]] = {
    "/SHA512SUMS": lambda path: gnu(
        "sha512",
        "debian-13-generic-amd64.qcow2",
        *(f"debian-{number}-genericcloud-amd64.qcow2" for number in (12, 13)),
    ),
    "/SHA256SUMS": lambda path: gnu(
        "sha256",
        f"{release(path, 'cloud-images.ubuntu.com')}-server-cloudimg-amd64.img.manifest",
        f"{release(path, 'cloud-images.ubuntu.com')}-server-cloudimg-amd64.img",
        mark="*",
    ),
    "/CHECKSUM.SHA256": lambda path: bsd(f"FreeBSD-{release(path, 'VM-IMAGES')}-amd64-BASIC-CLOUDINIT-ufs.qcow2.xz"),
    "/CHECKSUM": lambda path: bsd(
        f"AlmaLinux-{release(path, 'repo.almalinux.org/almalinux')}-GenericCloud-latest.x86_64.qcow2"
    ),
    "-CHECKSUM": lambda path: f"-----BEGIN PGP SIGNED MESSAGE-----\n{bsd(FEDORA[0].format(release(path, 'releases')))}",
    ".CHECKSUM": lambda path: bsd(path.rpartition("/")[2].removesuffix(".CHECKSUM")),
    ".sha256": lambda path: gnu("sha256", path.rpartition("/")[2].removesuffix(".sha256")),
    ".SHA256": lambda path: gnu("sha256", path.rpartition("/")[2].removesuffix(".SHA256")),
    ".DIGESTS": _digests,
}


def content(path: str) -> bytes:
    """What the publishers have at a path: the list of a directory, checksums, or an image."""
    if path.endswith("/"):
        return listing(path).encode()
    form = next((form for ending, form in CHECKSUMS.items() if path.endswith(ending)), None)
    return form(path).encode() if form else image(path.rpartition("/")[2])


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = content(self.path)
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is http.server's
        pass


@contextmanager
def mirror() -> Iterator[str]:
    """The address of the server, for as long as the block runs; public addresses follow it without their https://."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()
