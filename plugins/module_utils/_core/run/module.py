# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a task's options to its result, the same in both hosts; and the host that is an ordinary module."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import quote, quote_plus

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.common.parameters import remove_values

from ..api.client import Client
from ..api.connection import Connection, connection_arguments
from ..model.errors import InvalidOption, PveError, WrongPathPart, understanding
from ..model.given import check_given, without_nulls
from .engine import failure, run_plan
from .hosted import CustomRun, Hosted

SECRET_LINE = 8  # characters from which on a part of a secret is taken for a secret itself
OpenClient = Callable[[Connection], Client]


def module_arguments(resource: Hosted) -> dict[str, Any]:
    """Keyword arguments of AnsibleModule for a resource: its own ones and the connection's."""
    arguments = resource.arguments()
    return {**arguments, "argument_spec": {**connection_arguments(), **arguments["argument_spec"]}}


def perform(
    resource: Hosted, params: Mapping[str, Any], *, check_mode: bool, open_client: OpenClient = Client
) -> dict[str, Any]:
    """Run a task and return its result; what a user can mend becomes a failed result, a bug stays an exception."""
    client: Client | None = None
    try:
        check_given(resource, params)
        client = open_client(Connection.from_options(params))
        with understanding(client):
            if isinstance(resource, CustomRun):
                result = resource.run(client, params, check_mode=check_mode)
            else:
                result = run_plan(client, resource, params, check_mode=check_mode).result()
    except WrongPathPart as error:
        result = failure(_named(error, params))
    except PveError as error:
        result = failure(error)
    warnings = client.warnings if client else []
    if warnings:
        result["warnings"] = list(dict.fromkeys(warnings))
    return result


def _named(error: WrongPathPart, params: Mapping[str, Any]) -> PveError:
    """The error with the name of the option that holds the id, where it is one."""
    option = next((name for name, value in params.items() if value is not None and str(value) == error.part), None)
    return InvalidOption(option, error.message) if option else error


def secret_values(resource: Hosted, params: Mapping[str, Any]) -> set[str]:
    """Texts that no result may show, besides the values of ``no_log`` options."""
    return resource.secret_values(params)


def spellings(secrets: Iterable[str]) -> set[str]:
    """Secrets in the forms that libraries and servers repeat them in: by lines, escaped, percent-encoded, in base64."""
    found: set[str] = set()
    for secret in secrets:
        found.update(_lines(secret))
        for text in (secret, secret.strip()):
            data = text.encode("utf-8", "surrogatepass")
            found.update(_escaped(text), _percent_encoded(data))
            for coded in _base64(data):
                found.update((coded, *_percent_encoded(coded.encode())))
    return found - {""}


def _lines(secret: str) -> set[str]:
    """The lines of a secret of several, one by one and joined by blanks; short ones and the frame of a PEM block are no secrets."""
    lines = [line.strip() for line in secret.splitlines()]
    if len(lines) < 2:
        return set()
    return {" ".join(secret.split()), *(line for line in lines if len(line) >= SECRET_LINE and line[:5] != "-----")}


def _escaped(text: str) -> set[str]:
    """As Python and JSON write it, with and without characters beyond ASCII."""
    return {
        text,
        repr(text)[1:-1],
        ascii(text)[1:-1],
        json.dumps(text)[1:-1],
        json.dumps(text, ensure_ascii=False)[1:-1],
    }


def _percent_encoded(data: bytes) -> set[str]:
    """As it stands in a path, a query or a form: libraries differ in what they leave as it is."""
    forms = {quote_plus(data), *(quote(data, safe=safe) for safe in ("", "/", "!*'()", "/!*'()"))}
    return forms | {re.sub("%[0-9A-F]{2}", lambda code: code[0].lower(), form) for form in forms}


def _base64(data: bytes) -> set[str]:
    """In base64, in both alphabets and whether padded or not; and inside of something longer, which shifts its bytes."""
    forms = set()
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        coded = encode(data).decode()
        inside = {encode(bytes(shift) + data).decode()[4 if shift else 0 : -4] for shift in range(3)}
        forms |= {coded, coded.rstrip("="), *(part for part in inside if len(part) >= SECRET_LINE)}
    return forms


def censored(result: Mapping[str, Any], secrets: Iterable[str]) -> dict[str, Any]:
    """A result without these secrets. The longest go first, since a secret may be a part of another one."""
    hidden: dict[str, Any] = remove_values(dict(result), sorted(secrets, key=len, reverse=True))
    return hidden


def unsupported(resource: Hosted, message: str) -> str:
    """A message of Ansible about unsupported parameters, with what to write instead in the place of all options, if known."""
    found = re.match(
        r"(?P<intro>Unsupported parameters for \(.*?\) module: )?(?P<names>[^:]+?)\. Supported parameters", message
    )
    advice = resource.advise(found["names"].split(", ")) if found else []
    if not found or not advice:
        return message
    return f"{found['intro'] or ''}{found['names']}. {'; '.join(advice)}."


def _module_of(resource: Hosted) -> type[AnsibleModule]:
    """AnsibleModule that knows a resource's secrets whenever it ends, which may be before its constructor returns."""

    class Module(AnsibleModule):  # type: ignore[misc]
        params: dict[str, Any]

        def _load_params(self) -> None:
            super()._load_params()
            self.params = without_nulls(self.argument_spec, self.params)

        def fail_json(self, *args: Any, **kwargs: Any) -> None:
            if isinstance(kwargs.get("msg"), str):
                kwargs["msg"] = unsupported(resource, kwargs["msg"])
            super().fail_json(*args, **self._shown(kwargs))

        def exit_json(self, **kwargs: Any) -> None:
            super().exit_json(**self._shown(kwargs))

        def _shown(self, result: dict[str, Any]) -> dict[str, Any]:
            """The result without its warnings, which newer releases of ansible-core expect separately."""
            self.no_log_values.update(secret_values(resource, self.params))
            self.no_log_values.update(spellings(map(str, self.no_log_values)))
            for text in result.pop("warnings", []):
                self.warn(text)
            return censored(result, self.no_log_values)

    return Module


def run_module(resource: Hosted) -> None:
    """The whole body of a module."""
    module = _module_of(resource)(supports_check_mode=True, no_log=resource.hides_values, **module_arguments(resource))
    result = perform(resource, module.params, check_mode=module.check_mode)
    if result.get("failed"):
        module.fail_json(**result)
    module.exit_json(**result)
