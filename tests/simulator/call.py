# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One call of the API, as its handler sees it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from .permissions import Permissions
from .state import Cluster


@dataclass(frozen=True)
class Upload:
    """The file of a multipart request."""

    filename: str
    content: bytes


@dataclass(frozen=True)
class Text:
    """An answer that is plain text, without the API's form around it."""

    text: str
    content_type: str = "text/plain"


@dataclass
class Call:
    """Who asks for what.

    `params` are checked and converted (booleans to 0 and 1) and hold the parameters of the path as well; `raw` are the
    same as the texts that were sent. `user` is the identity with its token, if any ("root@pam!name"); `owner` is the
    user behind it. What a handler puts into `extra` stands beside `data` in the answer.
    """

    cluster: Cluster
    method: str
    path: str
    template: str
    user: str
    permissions: Permissions
    params: dict[str, Any] = field(default_factory=dict)
    raw: dict[str, Any] = field(default_factory=dict)
    upload: Upload | None = None
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def node(self) -> str | None:
        """The node that the path names; "localhost" is the node that was asked."""
        return self.params.get("node")

    @property
    def owner(self) -> str:
        return self.user.partition("!")[0]

    @property
    def is_root(self) -> bool:
        """Whether this is root@pam in person: a token of root is not."""
        return self.user == "root@pam"

    @property
    def changes(self) -> Any:
        """The pending changes that an answer shows beside its data."""
        return self.extra.get("changes")

    @changes.setter
    def changes(self, value: Any) -> None:
        self.extra["changes"] = value

    def given(self, name: str) -> bool:
        return name in self.params

    def may(self, path: str, privileges: Sequence[str], any: bool = False) -> bool:  # noqa: A002
        """Whether the caller has all (or any) of the privileges on a path."""
        return self.permissions.missing(self.user, path, privileges, any) is None

    def check(self, path: str, privileges: Sequence[str], any: bool = False) -> None:  # noqa: A002
        """Refuse with 403 unless the caller has all (or any) of the privileges on a path."""
        self.permissions.require(self.user, path, privileges, any)
