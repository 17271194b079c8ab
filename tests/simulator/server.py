# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The HTTPS front: PVE's wire form around the simulation.

After PVE::APIServer::AnyEvent and PVE::APIServer::Formatter::Standard (pve-http-server).
"""

from __future__ import annotations

import asyncio
import contextlib
import html
import json
import re
import sys
import traceback
import urllib.parse
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from .apidoc import apidoc
from .call import Text, Upload
from .control import Control
from .errors import ApiError, Lost, Unauthorized
from .faults import Fault
from .multipart import SOURCE, UploadError, boundary_of, read_upload
from .outages import take_request
from .simulation import Answer, Request, Simulation

MAX_POST = 512 * 1024  # bytes of a body that is not an upload
MAX_UPLOAD = 4 * 2**30
METHODS = ("GET", "POST", "PUT", "DELETE")
# The formats that pve-http-server registers (PVE::APIServer::Formatter::Standard and ::HTML); "text" is not among them.
CONTENT_TYPES = {
    "json": "application/json;charset=UTF-8",
    "extjs": "application/json;charset=UTF-8",
    "htmljs": "text/html;charset=UTF-8",
    "html": "text/html;charset=UTF-8",
}
EXT_FORMATS = ("extjs", "htmljs")
NOT_SIMULATED_FORMATS = ("spiceconfig", "png")
UPLOAD = re.compile(r"/nodes/[^/]+/storage/[^/]+/upload")


class Plain(Exception):
    """An answer outside the API's form: a status, a reason phrase and a body of text."""

    def __init__(self, status: int, reason: str, body: str = "") -> None:
        super().__init__(reason)
        self.status, self.reason, self.body = status, reason, body


class Disconnect(Exception):
    """The server ends the connection without an answer."""


class Front:
    """Turns HTTP requests into calls of the simulation."""

    def __init__(self, simulation: Simulation) -> None:
        self.simulation = simulation
        self.control = Control(simulation)
        self._apidoc: str | None = None

    def application(self) -> web.Application:
        app = web.Application(client_max_size=MAX_UPLOAD)
        app.router.add_route("*", "/{tail:.*}", self.handle)
        return app

    async def handle(self, request: web.Request) -> web.StreamResponse:
        # PVE::APIServer::AnyEvent, unshift_read_header: the bytes of a path are not taken as UTF-8, as those of parameters are.
        path = urllib.parse.unquote(request.raw_path.partition("?")[0], encoding="latin-1")
        try:
            if path.startswith("/simulator/"):
                return await self.control.handle(request, path)
            if path == "/pve-docs/api-viewer/apidoc.js":
                self._apidoc = self._apidoc or apidoc(self.simulation.facts)
                return web.Response(text=self._apidoc, content_type="application/javascript")
            return await self._api(request, path)
        except Plain as answer:
            return web.Response(status=answer.status, reason=answer.reason, text=answer.body)
        except Disconnect:
            return await self._drop(request)

    async def _api(self, request: web.Request, path: str) -> web.StreamResponse:
        if request.method not in METHODS:
            raise Plain(501, f"method '{request.method}' not available")
        match = re.fullmatch(r"/api2/+([a-z][a-z0-9]+)(/.*)?", path)
        if not match:
            raise Plain(500, f"no such file '{path}'", f"no such file '{path}'\n")
        form, rest = match[1], re.sub(r"/+", "/", match[2] or "/")
        rest = rest.rstrip("/") or "/"
        index = len(self.simulation.requests)
        record: dict[str, Any] = {"method": request.method, "path": rest, "params": {}}
        self.simulation.requests.append(record)
        if take_request(self.simulation.cluster):
            return await self._drop(request)
        fault = self.simulation.faults.strike(index, request.method, rest)
        if fault:
            early = await self._before(fault, request)
            if early is not None:
                return early
        response = await self._answered(request, form, rest, record)
        if self.simulation.presented.take_change():
            response.force_close()
        if fault and fault.drop == "after":
            return await self._drop(request)
        return response

    # --- faults ------------------------------------------------------------------

    async def _before(self, fault: Fault, request: web.Request) -> web.StreamResponse | None:
        await asyncio.sleep(fault.latency)
        if fault.drop == "before":
            return await self._drop(request)
        if fault.status:
            return web.Response(status=fault.status, reason=fault.reason or "fault on order")
        return None

    @staticmethod
    async def _drop(request: web.Request) -> web.StreamResponse:
        """Close the connection without an answer."""
        if request.transport is not None:
            request.transport.abort()
        return web.Response()

    # --- a call ----------------------------------------------------------------------

    async def _answered(self, http: web.Request, form: str, path: str, record: dict[str, Any]) -> web.Response:
        try:
            user = self.simulation.authenticate(http.method, path, http.headers, csrf=not _is_upload(http, path))
        except Unauthorized as refusal:
            return web.Response(status=401, reason=refusal.message)
        if form not in CONTENT_TYPES:
            text = f"no formatter for uri {path}, {form}"
            if form in NOT_SIMULATED_FORMATS:
                text = f"the simulator has no format '{form}'"
            raise Plain(501, text, text)
        request = Request(http.method, path, http.headers, user=user)
        request.query = _decoded(http.raw_path.partition("?")[2])
        await self._read_body(http, request)
        record.update(params={**request.body, **request.query}, user=user)
        try:
            answer = await self.simulation.answer(request)
        except ApiError as refusal:
            record["status"] = refusal.status
            if refusal.status == 403 and http.content_type == "multipart/form-data":
                return web.Response(status=403, reason=refusal.message)  # before the file is looked at
            return _refused(form, refusal)
        except Lost as lost:
            record["status"] = lost.status
            return web.Response(status=lost.status, reason=lost.reason)
        except Exception as error:
            traceback.print_exc(file=sys.stderr)
            record["status"] = 500
            return _refused(form, ApiError(500, f"simulator: {error!r}"))
        record["status"] = 200
        return _granted(form, answer)

    async def _read_body(self, http: web.Request, request: Request) -> None:
        length = http.content_length or 0
        if http.method in ("GET", "DELETE"):
            if length:
                text = f"Unexpected content for method '{http.method}'"
                raise Plain(501, text, text)
            return
        if length and _is_upload(http, request.path):
            await _read_upload(http, request)
            return
        if length > MAX_POST:
            raise Plain(501, "for data too large", "for data too large")
        body = (await http.read()).decode("utf-8", "replace")
        content_type = http.headers.get("Content-Type", "")
        kind = content_type.partition(";")[0].strip()
        if kind == "application/json":
            request.body = _json_object(body)
        elif kind == "application/x-www-form-urlencoded" or (not kind and not body):
            request.body = _decoded(body)
        else:
            text = f"upload 'Content-Type '{content_type}' not implemented"
            raise Plain(506, text, text)


def _is_upload(http: web.Request, path: str) -> bool:
    """Whether the call may bring a file; such calls need no CSRF token (auth_handler in pve-manager PVE/HTTPServer.pm)."""
    return http.method == "POST" and UPLOAD.fullmatch(path) is not None


async def _read_upload(http: web.Request, request: Request) -> None:
    boundary = boundary_of(http.headers.get("Content-Type", ""))
    if boundary is None:
        raise Disconnect
    try:
        sent = read_upload(await http.read(), boundary)
    except UploadError as error:
        if "\r" in str(error):
            raise Plain(400, "Bad Request") from None
        raise Plain(500, str(error), f"{error}\n") from None
    request.upload = Upload(sent.filename, sent.content)
    request.body = {**sent.fields, "filename": sent.filename}


def _json_object(body: str) -> dict[str, Any]:
    try:
        value = json.loads(body)
    except ValueError:
        # The text of Perl's JSON module for a document that ends too early; other mistakes get its general form.
        offset, rest = len(body), "(end of string)"
        text = (
            "malformed JSON string, neither tag, array, object, number, string or atom, "
            f'at character offset {offset} (before "{rest}") at {SOURCE} line 934.'
        )
        raise Plain(500, text, f"{text}\n") from None
    if not isinstance(value, dict):
        text = f"Not a HASH reference at {SOURCE} line 978."
        raise Plain(500, text, f"{text}\n")
    return value


def _decoded(text: str) -> dict[str, Any]:
    """Form or query parameters; a repeated one becomes a list."""
    values: dict[str, Any] = {}
    for name, value in urllib.parse.parse_qsl(text, keep_blank_values=True):
        if name not in values:
            values[name] = value
        elif isinstance(values[name], list):
            values[name].append(value)
        else:
            values[name] = [values[name], value]
    return values


# --- answers -------------------------------------------------------------------------


def _granted(form: str, answer: Answer) -> web.Response:
    if isinstance(answer.data, Text):
        return web.Response(text=answer.data.text, content_type=answer.data.content_type)
    body: dict[str, Any] = {"data": answer.data, **answer.extra}
    if form in EXT_FORMATS:
        body["success"] = 1
    return _response(form, 200, "OK", body)


def _refused(form: str, refusal: ApiError) -> web.Response:
    """An error in the API's form; the formats for Ext JS hide the status in the body.

    A text with a carriage return cannot be a reason phrase: what is left is a bare 400.
    """
    if any(character < " " or character == "\x7f" for character in refusal.reason):
        return web.Response(status=400, reason="Bad Request")
    body: dict[str, Any] = {"data": None, "message": refusal.body}
    if refusal.errors:
        body["errors"] = refusal.errors
    if form in EXT_FORMATS:
        body.update(success=0, status=str(refusal.status) if refusal.errors else refusal.status)
        return _response(form, 200, "OK", body)
    return _response(form, refusal.status, refusal.reason, body)


def _response(form: str, status: int, reason: str, body: Mapping[str, Any]) -> web.Response:
    if form == "html":
        text = _page(status, reason, body)
    else:
        text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
        text = html.escape(text) if form == "htmljs" else text
    response = web.Response(status=status, reason=reason, body=text.encode())
    response.headers["Content-Type"] = CONTENT_TYPES[form]
    response.headers["Cache-Control"] = "max-age=0"
    return response


def _page(status: int, reason: str, body: Mapping[str, Any]) -> str:
    """A page for people: what went wrong, and the answer as JSON."""
    error = f"<p>Error {status}: {html.escape(reason)}</p>" if status >= 400 else ""
    text = json.dumps(body, ensure_ascii=False, indent=3, sort_keys=True)
    return f"<!DOCTYPE html><html><body>{error}<pre>{html.escape(text)}</pre></body></html>"


@contextlib.asynccontextmanager
async def serving(front: Front, ssl_context: Any, host: str, port: int) -> Any:
    """Serve while the context lasts; yields the port."""
    runner = web.AppRunner(front.application(), access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    site = web.TCPSite(runner, host, port, ssl_context=ssl_context)
    try:
        await site.start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()
