# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Python interface of this collection for other collections; see docs/adr/0010-public-and-private.md.

    connection = Connection.from_options(module.params)  # options as in connection_arguments()
    version = Client(connection).get("/version")

Names, arguments and meanings here change only with a new major release. Everything below ``_core`` may change at any time.
"""

from __future__ import annotations

from ._core.api.client import Client
from ._core.api.connection import Connection, connection_arguments
from ._core.model.errors import (
    ApiError,
    AuthenticationFailed,
    Conflict,
    ConnectionFailed,
    InvalidOption,
    InvalidParameter,
    Locked,
    NotFound,
    PermissionDenied,
    PveError,
    TaskFailed,
    TaskTimeout,
)

__all__ = [
    "ApiError",
    "AuthenticationFailed",
    "Client",
    "Conflict",
    "Connection",
    "ConnectionFailed",
    "InvalidOption",
    "InvalidParameter",
    "Locked",
    "NotFound",
    "PermissionDenied",
    "PveError",
    "TaskFailed",
    "TaskTimeout",
    "connection_arguments",
]
