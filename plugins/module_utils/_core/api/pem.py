# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates in PEM, by the standard library: what is one, what is its fingerprint, and which key belongs to it."""

from __future__ import annotations

import hashlib
import re
import ssl
import tempfile
from pathlib import Path

from ..model.errors import InvalidOption

_BLOCK = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----.*?-----END \1-----", re.DOTALL)


def blocks(text: str) -> list[tuple[str, str]]:
    """The label and the text of each PEM block."""
    return [(match[1], match[0]) for match in _BLOCK.finditer(text)]


def fingerprint(pem: str) -> str:
    """The SHA-256 fingerprint of a certificate, as PVE writes it."""
    return fingerprint_of(ssl.PEM_cert_to_DER_cert(pem))


def fingerprint_of(der: bytes) -> str:
    """The same of a certificate in binary form."""
    return ":".join(f"{byte:02X}" for byte in hashlib.sha256(der).digest())


def plain(text: str) -> str:
    """A fingerprint without colons, in lower case, for comparison."""
    return re.sub(r"[:\s]", "", text).lower()


def _check_ascii(option: str, pem: str) -> None:
    """Refuse what the standard library answers with an error of its own."""
    if not pem.isascii():
        raise InvalidOption(option, "has characters other than ASCII, which no PEM block has")


def certificate_chain(option: str, text: str) -> list[str]:
    """The certificates of a chain in their order; InvalidOption if there are none, or something else is among them."""
    found = blocks(text)
    if not found:
        raise InvalidOption(option, "holds no certificate in PEM: -----BEGIN CERTIFICATE----- ...")
    for label, pem in found:
        if label != "CERTIFICATE":
            raise InvalidOption(option, f"holds a block {label}; only certificates belong here")
        _check_ascii(option, pem)
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata="\n".join(pem for _label, pem in found))
    except (ssl.SSLError, ValueError) as error:
        raise InvalidOption(option, f"holds a certificate that cannot be read: {error}") from None
    return [pem for _label, pem in found]


def private_key(option: str, text: str, chain: list[str]) -> str:
    """The key of the first certificate; InvalidOption if it is none, is encrypted, or belongs to another certificate.

    The standard library reads keys from files only, so it is written to one that only this user can read.
    """
    found = [(label, pem) for label, pem in blocks(text) if label.endswith("PRIVATE KEY")]
    if len(found) != 1:
        raise InvalidOption(option, "is not one private key in PEM: -----BEGIN PRIVATE KEY----- ...")
    label, pem = found[0]
    if "ENCRYPTED" in label or "Proc-Type: 4,ENCRYPTED" in pem:
        raise InvalidOption(option, "is encrypted; PVE needs it without a passphrase")
    _check_ascii(option, pem)
    with tempfile.TemporaryDirectory() as directory:  # mode 0700
        pair = Path(directory) / "pair.pem"
        pair.write_text("\n".join([*chain, pem, ""]), encoding="ascii")
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(pair)
        except ssl.SSLError as error:
            mismatch = error.reason == "KEY_VALUES_MISMATCH"
            reason = "does not belong to the first certificate" if mismatch else f"cannot be used: {error.reason}"
            raise InvalidOption(option, reason) from None
    return pem
