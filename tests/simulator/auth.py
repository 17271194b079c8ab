# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is calling: tickets, CSRF prevention tokens, second factors and API tokens."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import struct
import urllib.parse
from collections.abc import Mapping

from .errors import Unauthorized
from .state import Cluster, SecondFactor, User

TICKET_LIFETIME = 2 * 60 * 60  # seconds
CHALLENGE_LIFETIME = 5 * 60
CLOCK_SKEW = 5 * 60
TICKET = re.compile(r"PVE:(?P<user>.+):(?P<time>[0-9A-F]{8})::(?P<signature>[A-Za-z0-9+/=]+)")
TOKEN = re.compile(r"PVEAPIToken[ =](?P<name>[^\s!]+@[^\s!]+![^\s=]+)=(?P<secret>[0-9a-f-]{36})")
COOKIE = re.compile(r"(?:^|[\s;,])PVEAuthCookie=([^;]*)")


class Authenticator:
    """Issues and verifies what a client proves its identity with."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self._key = cluster.hexadecimal(64).encode()

    def _signature(self, text: str) -> str:
        digest = hmac.new(self._key, text.encode(), hashlib.sha256).digest()
        return base64.b64encode(digest).decode()

    # --- tickets -----------------------------------------------------------------

    def ticket(self, username: str) -> str:
        plain = f"PVE:{username}:{self.cluster.now():08X}"
        return f"{plain}::{self._signature(plain)}"

    def challenge(self, user: User) -> str:
        """The ticket of somebody who still owes the second factor; it names the factors that will do."""
        kinds: dict[str, object] = {}
        if any(factor.type == "totp" for factor in user.factors):
            kinds["totp"] = True
        codes = [number for factor in user.factors for number in factor.codes]
        if codes:
            kinds["recovery"] = codes
        owed = urllib.parse.quote(json.dumps(kinds, separators=(",", ":")), safe="")
        plain = f"PVE:!tfa!{owed}:{self.cluster.now():08X}"
        return f"{plain}::{self._signature(plain + user.userid)}"

    def verified_ticket(self, ticket: str, lifetime: int = TICKET_LIFETIME) -> str | None:
        """Whom a ticket stands for, or None when it is forged, outdated or only a challenge."""
        match = TICKET.fullmatch(ticket)
        if not match or match["user"].startswith("!tfa!"):
            return None
        plain = ticket.rpartition("::")[0]
        return match["user"] if self._genuine(plain, plain, match, lifetime) else None

    def verified_challenge(self, ticket: str, userid: str) -> bool:
        match = TICKET.fullmatch(ticket)
        plain = ticket.rpartition("::")[0]
        return bool(match and self._genuine(plain, plain + userid, match, CHALLENGE_LIFETIME))

    def _genuine(self, plain: str, signed: str, match: re.Match[str], lifetime: int) -> bool:
        age = self.cluster.now() - int(match["time"], 16)
        return hmac.compare_digest(self._signature(signed), match["signature"]) and -CLOCK_SKEW <= age <= lifetime

    # --- CSRF prevention -----------------------------------------------------------

    def csrf_token(self, username: str) -> str:
        time = f"{self.cluster.now():08X}"
        return f"{time}:{self._signature(f'{time}:{username}').rstrip('=')}"

    def verify_csrf_token(self, username: str, token: str | None) -> None:
        time, _separator, signature = (token or "").partition(":")
        expected = self._signature(f"{time}:{username}").rstrip("=")
        fresh = re.fullmatch(r"[0-9A-F]{8}", time) and self.cluster.now() - int(time, 16) <= TICKET_LIFETIME
        if not fresh or not hmac.compare_digest(expected, signature):
            raise Unauthorized("Permission denied - invalid csrf token")

    # --- requests --------------------------------------------------------------------

    def identify(self, headers: Mapping[str, str], method: str) -> str:
        """The identity behind a request; Unauthorized when there is none."""
        authorization = headers.get("Authorization", "")
        if authorization.startswith("PVEAPIToken"):
            return self._token_identity(authorization)
        ticket = self._presented_ticket(headers, authorization)
        if not ticket:
            raise Unauthorized("No ticket")
        username = self.verified_ticket(ticket)
        if username is None or not self.is_enabled(username):
            raise Unauthorized
        if method != "GET":
            self.verify_csrf_token(username, headers.get("CSRFPreventionToken"))
        return username

    @staticmethod
    def _presented_ticket(headers: Mapping[str, str], authorization: str) -> str | None:
        match = COOKIE.search(headers.get("Cookie", ""))
        if match is None and authorization.startswith("PVEAuthCookie="):
            match = COOKIE.search(authorization)
        return urllib.parse.unquote(match[1].strip()) if match else None

    def _token_identity(self, authorization: str) -> str:
        match = TOKEN.fullmatch(authorization)
        if not match:
            raise Unauthorized
        userid, _separator, tokenid = match["name"].partition("!")
        user = self.cluster.users.get(userid)
        token = user.tokens.get(tokenid) if user else None
        if token is None or not hmac.compare_digest(token.secret, match["secret"]) or not self.is_enabled(userid):
            raise Unauthorized
        if token.expire and token.expire <= self.cluster.now():
            raise Unauthorized
        return match["name"]

    def is_enabled(self, userid: str) -> bool:
        user = self.cluster.users.get(userid)
        return bool(user and user.enable and not (user.expire and user.expire <= self.cluster.now()))

    # --- passwords and second factors ----------------------------------------------------

    def password_fits(self, userid: str, password: str) -> bool:
        user = self.cluster.users.get(userid)
        known = user.password if user and self.is_enabled(userid) else None
        return known is not None and hmac.compare_digest(known.encode(), password.encode())

    def factor_fits(self, user: User, answer: str) -> bool:
        """Whether an answer like "totp:123456" or "recovery:..." fits; a recovery code is used up."""
        kind, _separator, code = answer.partition(":")
        for factor in user.factors:
            if not factor.enable or kind != factor.type:
                continue
            if factor.type == "totp" and self._totp_fits(factor, code):
                return True
            for number, known in factor.codes.items():
                if hmac.compare_digest(known, code):
                    del factor.codes[number]
                    return True
        return False

    def _totp_fits(self, factor: SecondFactor, code: str) -> bool:
        step = self.cluster.now() // factor.step
        return any(
            hmac.compare_digest(totp(factor.key, count, factor.digits), code) for count in range(step - 1, step + 2)
        )


def totp(key: str, count: int, digits: int = 6) -> str:
    """The one-time code of a base32 key for one interval (RFC 6238)."""
    secret = base64.b32decode(key + "=" * (-len(key) % 8), casefold=True)
    digest = hmac.new(secret, struct.pack(">Q", count), hashlib.sha1).digest()
    offset = digest[-1] & 15
    number = struct.unpack(">I", digest[offset : offset + 4])[0] & 0x7FFFFFFF
    return f"{number % 10**digits:0{digits}d}"
