# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates: what they report, and the one that the simulator itself presents to its clients."""

from __future__ import annotations

import datetime
import hashlib
import ssl
import tempfile
from pathlib import Path
from typing import Any

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

ABBREVIATIONS = {
    NameOID.COMMON_NAME: "CN",
    NameOID.ORGANIZATION_NAME: "O",
    NameOID.ORGANIZATIONAL_UNIT_NAME: "OU",
    NameOID.COUNTRY_NAME: "C",
}


def fingerprint_of(pem: str) -> str:
    """The SHA-256 fingerprint of the first certificate."""
    certificate = x509.load_pem_x509_certificate(pem.encode())
    digest = hashlib.sha256(certificate.public_bytes(serialization.Encoding.DER)).hexdigest().upper()
    return ":".join(digest[index : index + 2] for index in range(0, len(digest), 2))


def describe(filename: str, pem: str) -> dict[str, Any]:
    """What PVE::Certificate::get_certificate_info (pve-common) reports of the first certificate; ValueError if it is none."""
    certificate = x509.load_pem_x509_certificate(pem.encode())
    key = certificate.public_key()
    kinds = {rsa.RSAPublicKey: "rsaEncryption", ec.EllipticCurvePublicKey: "id-ecPublicKey"}
    return {
        "filename": filename,
        "fingerprint": fingerprint_of(pem),
        "subject": _one_line(certificate.subject),
        "issuer": _one_line(certificate.issuer),
        "notbefore": int(certificate.not_valid_before_utc.timestamp()),
        "notafter": int(certificate.not_valid_after_utc.timestamp()),
        "san": _names(certificate),
        "pem": certificate.public_bytes(serialization.Encoding.PEM).decode(),
        "public-key-type": next((name for kind, name in kinds.items() if isinstance(key, kind)), "unknown"),
        "public-key-bits": getattr(key, "key_size", 0),
    }


def _one_line(name: x509.Name) -> str:
    return "".join(f"/{ABBREVIATIONS.get(part.oid, part.oid.dotted_string)}={part.value!s}" for part in name)


def _names(certificate: x509.Certificate) -> list[str]:
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return []
    return [str(name.value) for name in extension.value]


class Presented:
    """The certificate authority of a cluster, and the certificate that its server presents.

    New connections get the certificate that was put in place last; `take_change` reports once that the present ones are to be
    closed, as pveproxy does when it is reloaded.
    """

    def __init__(self, host: str = "127.0.0.1") -> None:
        self.authority = trustme.CA()
        self.own = self.authority.issue_cert(host, "localhost", "127.0.0.1", "::1")
        self.others: dict[str, str] = {}
        self.context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.own.configure_cert(self.context)
        self._custom = self._changed = False

    @property
    def authority_pem(self) -> str:
        return self.authority.cert_pem.bytes().decode()

    @property
    def own_pem(self) -> str:
        return self.own.cert_chain_pems[0].bytes().decode()

    def pem_of(self, node: str, local: bool) -> str:
        """The certificate that the cluster's authority issued for a node."""
        if local:
            return self.own_pem
        if node not in self.others:
            self.others[node] = self.authority.issue_cert(node).cert_chain_pems[0].bytes().decode()
        return self.others[node]

    def present(self, certificates: str, key: str) -> None:
        """Present another certificate from now on; ssl.SSLError if the key does not belong to it."""
        with tempfile.TemporaryDirectory(prefix="pve-simulator-") as directory:
            pair = Path(directory) / "pair.pem"
            pair.write_text(f"{certificates}\n{key}", encoding="utf-8")
            self.context.load_cert_chain(pair)
        self._custom = self._changed = True

    def present_own(self) -> None:
        if self._custom:
            self.own.configure_cert(self.context)
            self._custom, self._changed = False, True

    def take_change(self) -> bool:
        changed, self._changed = self._changed, False
        return changed


def issue(domains: list[str], now: int) -> tuple[str, str]:
    """A chain and its key, as an ACME authority issues them: for ninety days, a little of which is past."""
    start = datetime.datetime.fromtimestamp(now - 3600, datetime.timezone.utc)
    leaf = trustme.CA(organization_name="Simulated ACME").issue_cert(
        *domains, common_name=domains[0], not_before=start, not_after=start + datetime.timedelta(days=90)
    )
    chain = "".join(pem.bytes().decode() for pem in leaf.cert_chain_pems)
    return chain, leaf.private_key_pem.bytes().decode()
