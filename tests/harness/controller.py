# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in for the API of AWX, as far as `awx import` needs it: it keeps objects, and refuses fields that it does not know.

The forms are those that awxkit 24.6.1 expects (awxkit/api/pages/api.py): lists that are filtered by fields, OPTIONS that name the
fields, objects with links to what is related, and lists below an object to which others are added by their ids. Which fields
there are is written down from AWX's documentation and was not held against a running AWX.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl, urlsplit

Fields = dict[str, Any]
TOKEN = "a-token"

# Of each kind: its type, its fields (an id ends with @ and the collection that it is of, what is required with a star), and what
# is related: lists of other objects, and lists of objects that are created in them.
KINDS: dict[str, tuple[str, str, dict[str, str]]] = {
    "users": ("user", "username* password", {}),
    "organizations": ("organization", "name*", {}),
    "teams": ("team", "name* organization@organizations*", {}),
    "credential_types": ("credential_type", "name* description kind* inputs injectors", {}),
    "credentials": (
        "credential",
        "name* description organization@organizations credential_type@credential_types* inputs",
        {},
    ),
    "notification_templates": ("notification_template", "name* organization@organizations*", {}),
    "projects": ("project", "name* description organization@organizations scm_type scm_url scm_branch", {}),
    "inventories": ("inventory", "name* description organization@organizations*", {}),
    "inventory_sources": (
        "inventory_source",
        (
            "name* description inventory@inventories* source* source_project@projects source_path credential@credentials "
            "overwrite overwrite_vars update_on_launch update_cache_timeout"
        ),
        {},
    ),
    "job_templates": (
        "job_template",
        (
            "name* description inventory@inventories project@projects* playbook* job_type extra_vars survey_enabled "
            "ask_credential_on_launch ask_job_type_on_launch ask_variables_on_launch"
        ),
        {"credentials": "credentials", "schedules": "schedules"},
    ),
    "workflow_job_templates": (
        "workflow_job_template",
        "name* description organization@organizations extra_vars survey_enabled",
        {"workflow_nodes": "workflow_job_template_nodes", "schedules": "schedules"},
    ),
    "execution_environments": ("execution_environment", "name* image*", {}),
    "system_job_templates": ("system_job_template", "name*", {}),
    "labels": ("label", "name* organization@organizations*", {}),
    "hosts": ("host", "name* inventory@inventories*", {}),
    "groups": ("group", "name* inventory@inventories*", {}),
    "applications": ("o_auth2_application", "name* organization@organizations*", {}),
    "schedules": ("schedule", "name* description rrule* enabled unified_job_template@unified_job_templates*", {}),
    "workflow_job_template_nodes": (
        "workflow_job_template_node",
        "identifier workflow_job_template@workflow_job_templates* unified_job_template@unified_job_templates",
        dict.fromkeys(("success_nodes", "failure_nodes", "always_nodes"), "workflow_job_template_nodes"),
    ),
}
BELOW = {"workflow_job_template_nodes"}  # what is imported with what it belongs to only
PARENTS = {
    "schedules": "unified_job_template",
    "workflow_nodes": "workflow_job_template",
}  # of what is created in a list
QUESTIONS = {"text", "textarea", "password", "integer", "float", "multiplechoice", "multiselect"}


class Refused(Exception):
    """What the server answers with the code 400."""


@dataclass
class Controller:
    """The objects of the server, by their ids, and the lists of related ones."""

    url: str = ""
    objects: dict[int, tuple[str, Fields]] = field(default_factory=dict)
    members: dict[tuple[int, str], list[int]] = field(default_factory=dict)
    surveys: dict[int, Fields] = field(default_factory=dict)
    approvals: dict[int, Fields] = field(default_factory=dict)  # by the node that they belong to

    def all_of(self, collection: str) -> dict[int, Fields]:
        return {number: values for number, (kind, values) in self.objects.items() if kind == collection}

    def by_name(self, collection: str) -> dict[str, tuple[int, Fields]]:
        return {values["name"]: (number, values) for number, values in self.all_of(collection).items()}

    def create(self, collection: str, values: Fields) -> Fields:
        self.check(collection, values)
        number = len(self.objects) + 1
        self.objects[number] = (collection, values)
        return self.shown(number)

    def check(self, collection: str, values: Fields) -> None:
        """Refuse what the fields of the collection do not allow."""
        described = fields_of(collection)
        unknown = set(values) - set(described)
        missing = [name for name, row in described.items() if row["required"] and values.get(name) in (None, "")]
        if unknown or missing:
            raise Refused(f"{collection}: unknown {sorted(unknown)}, missing {missing}")
        for name, value in values.items():
            other = described[name]["collection"]
            if other and value is not None:
                found = self.objects[value][0]
                if found != other and not (other == "unified_job_templates" and found.endswith("job_templates")):
                    raise Refused(f"{collection}: {name} is one of {found}")
        if not isinstance(values.get("extra_vars", ""), str):
            raise Refused("extra_vars: Not a valid string.")

    def shown(self, number: int) -> Fields:
        """An object with its links."""
        collection, values = self.objects[number]
        kind, _fields, lists = KINDS[collection]
        place = f"/api/v2/{collection}/{number}/"
        related = {name: f"{place}{name}/" for name in lists}
        if "survey_enabled" in fields_of(collection):
            related["survey_spec"] = f"{place}survey_spec/"
        if collection == "workflow_job_template_nodes":
            related["create_approval_template"] = f"{place}create_approval_template/"
        for name, row in fields_of(collection).items():
            if row["collection"] and values.get(name):
                related[name] = f"/api/v2/{self.objects[values[name]][0]}/{values[name]}/"
        owner = self.organization_of(number)
        if owner and collection in ("job_templates", "inventory_sources"):
            related["organization"] = f"/api/v2/organizations/{owner}/"
        done = {"status": "successful"} if collection == "projects" else {}
        return {"id": number, "type": kind, "url": place, "related": related, **done, **values}

    def organization_of(self, number: int) -> int | None:
        """A job template belongs to the organization of its project, an inventory source to that of its inventory."""
        collection, values = self.objects[number]
        through = {"job_templates": "project", "inventory_sources": "inventory"}.get(collection)
        owner: int | None = self.objects[values[through]][1]["organization"] if through else values.get("organization")
        return owner

    def survey(self, number: int, survey: Fields) -> None:
        if set(survey) != {"name", "description", "spec"}:
            raise Refused(f"a survey has {sorted(survey)}")
        for question in survey["spec"]:
            if question["type"] not in QUESTIONS or not question["variable"] or "required" not in question:
                raise Refused(f"a question is {question}")
            if question["type"].startswith("multi") and not question["choices"]:
                raise Refused(f"a question without choices is {question}")
        self.surveys[number] = survey

    # --- requests -----------------------------------------------------------------------------------------------------

    def answer(self, method: str, path: str, query: dict[str, str], body: Fields) -> tuple[int, Any]:
        top = {
            "inventory" if name == "inventories" else name: f"/api/v2/{name}/" for name in KINDS if name not in BELOW
        }
        if path in ("/api/", "/api/v2/"):
            return 200, top if path == "/api/v2/" else {"available_versions": {"v2": "/api/v2/"}}
        collection, number, name = [*path.removeprefix("/api/v2/").strip("/").split("/"), "", ""][:3]
        if number:
            return self.in_object(method, collection, int(number), name, query, body)
        return self.in_list(method, collection, query, body, None)

    def in_object(
        self, method: str, collection: str, number: int, name: str, query: dict[str, str], body: Fields
    ) -> tuple[int, Any]:
        """Read or replace an object, or do something with what belongs to it."""
        if name == "survey_spec":
            self.survey(number, body)
        elif name == "create_approval_template":
            self.approvals[number] = body
            return 201, {"id": 0, "type": "workflow_approval_template", "related": {}, **body}
        elif name:
            return self.in_list(method, KINDS[collection][2][name], query, body, (number, name))
        elif method == "PUT":
            self.check(collection, body)
            self.objects[number] = (collection, body)
        return 200, {} if name else self.shown(number)

    def in_list(
        self, method: str, collection: str, query: dict[str, str], body: Fields, below: tuple[int, str] | None
    ) -> tuple[int, Any]:
        """Describe a list, read it, create an object in it, or add one to the list of what is related to another."""
        if method == "OPTIONS":
            return 200, {"actions": {"POST": fields_of(collection)}, "search_fields": ["name"]}
        if method == "GET":
            numbers = self.all_of(collection) if below is None else self.members.get(below, [])
            rows = [self.shown(number) for number in numbers]
            rows = [row for row in rows if all(str(row.get(name)) == value for name, value in query.items())]
            return 200, {"count": len(rows), "next": None, "results": rows}
        members = [] if below is None else self.members.setdefault(below, [])
        if below and set(body) == {"id"}:
            members.append(body["id"])
            return 204, None
        parent = {PARENTS[below[1]]: below[0]} if below else {}
        made = self.create(collection, {**body, **parent})
        members.append(made["id"])
        return 201, made


def fields_of(collection: str) -> dict[str, Fields]:
    """The fields of a collection as OPTIONS name them, and of what else the id is that they hold."""
    described = {}
    for word in KINDS[collection][1].split():
        name, _at, other = word.rstrip("*").partition("@")
        described[name] = {"type": "id" if other else "string", "required": word.endswith("*"), "collection": other}
    return described


@contextmanager
def running_controller() -> Iterator[Controller]:
    """A controller with an organization Default, on this machine."""
    controller = Controller()
    controller.create("organizations", {"name": "Default"})

    class Handler(BaseHTTPRequestHandler):
        def handle_one_request(self) -> None:
            self.raw_requestline = self.rfile.readline(65537)
            if self.raw_requestline and self.parse_request():
                self.reply()
            else:
                self.close_connection = True

        def reply(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"{}")
            parts = urlsplit(self.path)
            try:
                code, answer = controller.answer(self.command, parts.path, dict(parse_qsl(parts.query)), body)
            except Refused as error:
                code, answer = 400, {"detail": str(error)}
            if parts.path.count("/") > 3 and self.headers.get("Authorization") != f"Bearer {TOKEN}":
                code, answer = 401, {"detail": "Authentication credentials were not provided."}
            content = b"" if answer is None else json.dumps(answer).encode()
            self.send_response(code)
            self.send_header("Allow", "GET, POST, HEAD, OPTIONS")
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        controller.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield controller
        finally:
            server.shutdown()
            thread.join()
