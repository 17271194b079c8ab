# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The errors that the API answers with, before they get PVE's wire form."""

from __future__ import annotations

from collections.abc import Mapping


class ApiError(Exception):
    """A refusal: HTTP status, text (its first line becomes the reason phrase) and the reasons per parameter.

    PVE ends most texts with a newline in the body; `newline=False` is for those that it does not.
    """

    def __init__(
        self, status: int, message: str, errors: Mapping[str, str] | None = None, newline: bool = True
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.errors = dict(errors or {})
        self.newline = newline and not message.endswith("\n")

    @property
    def reason(self) -> str:
        return self.message.split("\n")[0]

    @property
    def body(self) -> str:
        return f"{self.message}\n" if self.newline else self.message

    def __str__(self) -> str:
        lines = [self.message, *(f"{name}: {text}" for name, text in self.errors.items())]
        return "\n".join(lines)


class Lost(Exception):
    """An answer that is lost between the server's processes: a status with an empty body."""

    status, reason = 596, "Broken pipe"


class Unreachable(Lost):
    """The node that a call is for does not answer."""

    status, reason = 595, "No route to host"


class Unauthorized(ApiError):
    """A refusal of an identity: PVE answers with the reason phrase alone and an empty body."""

    def __init__(self, message: str = "Authentication failed!") -> None:
        super().__init__(401, message)


def params_error(errors: Mapping[str, str]) -> ApiError:
    return ApiError(400, "Parameter verification failed.", errors)


def param_error(name: str, text: str) -> ApiError:
    return params_error({name: text})


def permission_error(text: str = "") -> ApiError:
    return ApiError(403, f"Permission check failed ({text})" if text else "Permission check failed")


def not_implemented(method: str, path: str) -> ApiError:
    """For what the real API does not have either."""
    return ApiError(501, f"Method '{method} {path}' not implemented", newline=False)


def not_simulated(what: str) -> ApiError:
    """For what the real API can do and the simulator cannot."""
    return ApiError(501, f"the simulator does not do this: {what}", newline=False)
