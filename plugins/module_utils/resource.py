# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Resources: what the engine and its hosts need to know of them, and the kinds that cover nearly all of PVE.

A resource reads (GET only) and plans (pure). ``Item`` is a thing with an id in a collection, ``Singleton`` the options of
something that always exists. What ``_info`` modules read is in ``listing.py``.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from .errors import InvalidOption, NotFound
from .field import Field, Fields, update_params
from .options import Connection
from .plan import HIDDEN, Plan, Step, api_path

if TYPE_CHECKING:
    from .client import Client

Wish = dict[str, Any]
State = dict[str, Any]


class Reader(Protocol):
    """What a resource may ask of the server."""

    connection: Connection
    warnings: list[str]
    on_progress: Callable[[str], None]
    sleep: Callable[[float], None]

    def get(self, path: str, params: Mapping[str, Any] | None = None, api_format: str = "json") -> Any:
        """The ``data`` of a GET; raises an error of the tree in ``errors``."""

    def document(self, url: str) -> str:
        """The text of a file that the node serves beside the API."""

    def release(self) -> tuple[int, int]:
        """The server's release as (major, minor), asked for once."""

    def addresses(self) -> tuple[str, str] | None:
        """The addresses of this machine and of the server on the way between them; None if a proxy stands there."""


class Planned(Protocol):
    """What the engine needs to know of a thing to bring it to a state.

    One that has more to tell at the end, or something to wait for, also has ``aftermath(client, wish, state, *, changed) -> dict``,
    whose keys join the result; what steps returned is in ``wish["answers"]``. It is not asked in check mode.
    One that can tell beforehand why a plan would fail has ``preflight(reader, plan, wish)``: it adds warnings, or raises Refused.
    It is asked once, in check mode as well, and only if the plan has steps.
    One whose steps end before what they are for has happened has ``settle(client, wish, timeout) -> State``: it waits for that, in
    place of reading back, and tells the state then; what steps returned is in ``wish["answers"]``.
    """

    name: str  # the key of the object in the result

    def wish(self, params: Mapping[str, Any]) -> Wish:
        """The task's options in canonical form; raises InvalidOption. Nothing has been sent yet."""

    def read(self, reader: Reader, wish: Wish) -> State | None:
        """The present state, None if absent. May complete the wish with what only the server knows (a free id)."""

    def plan(self, current: State | None, wish: Wish) -> Plan:
        """Pure: what to do. No client, no clock."""


class Declared(Protocol):
    """What the two hosts (module and action plugin) need to know.

    One whose options may hold secrets in other places than ``no_log`` options has ``secret_values(params) -> set[str]``.
    """

    name: str  # the key of the object in the result

    def arguments(self) -> dict[str, Any]:
        """Keyword arguments of AnsibleModule: argument_spec, required_if, ... without the connection options."""


class Resource(Declared, Planned, Protocol):
    """What a module is about: one thing."""


@runtime_checkable
class Many(Declared, Protocol):
    """What a module is about that is many things, or one of several: it runs the engine itself."""

    def perform_many(self, client: Client, params: Mapping[str, Any], *, check_mode: bool) -> dict[str, Any]:
        """The result of a task."""


UPDATE_PASSWORD = {"type": "str", "choices": ["on_create", "always"], "default": "on_create", "no_log": False}
NODE_KEY: dict[str, dict[str, Any]] = {"node": {"type": "str", "required": True}}
STATES = {"type": "str", "choices": ["present", "absent"], "default": "present"}


def unset_option() -> dict[str, Any]:
    """The option that removes keys."""
    return {"type": "list", "elements": "str"}


@dataclasses.dataclass(frozen=True)
class Item:
    """A thing with an id: read one, POST to the collection, PUT and DELETE the item.

    ``needed`` are the options that a new one has to have; "a or b" is one of both. ``delete_keys`` tells that the PUT takes
    ``delete``; without it every field clears by the empty text. ``own_path`` tells that the POST goes to the item's own path,
    which then names it. ``digest`` sends the digest that was read with the update.
    ``always`` names what every update has to tell. ``append`` names a set whose update takes ``append``: with the option of
    that name it is only added to.
    """

    name: str
    collection: str
    key: Field
    fields: Fields
    needed: Sequence[str] = ()
    own_path: bool = False
    delete_keys: bool = True
    digest: bool = False
    always: Sequence[str] = ()
    append: str = ""
    extra_options: Mapping[str, Mapping[str, Any]] = dataclasses.field(default_factory=dict)

    def arguments(self) -> dict[str, Any]:
        spec: dict[str, Any] = {self.key.name: {**self.key.spec(), "required": True}, **self.fields.specs()}
        if self.delete_keys:
            spec["unset"] = unset_option()
        if any(field.secret for field in self.fields):
            spec["update_password"] = dict(UPDATE_PASSWORD)
        if self.append:
            spec["append"] = {"type": "bool", "default": False}
        spec["state"] = dict(STATES)
        return {"argument_spec": {**spec, **self.extra_options}}

    def wish(self, params: Mapping[str, Any]) -> Wish:
        extra = {name: params[name] for name in self.extra_options}
        key = self.key.parse(params[self.key.name])
        if key == "":
            raise InvalidOption(self.key.name, "must not be empty")
        push_secrets = params.get("update_password") == "always"
        fields = self.fields.wish(params)
        emptied = [name for name, value in fields.items() if value == "" and self.fields.named(name).secret]
        if emptied and not push_secrets:
            raise InvalidOption(
                emptied[0],
                "the server does not tell whether there is one, so that it is removed only with update_password: always",
            )
        return {
            "key": key,
            "state": params["state"],
            "fields": fields,
            "push_secrets": push_secrets,
            "append": params.get("append", False),
            **extra,
        }

    def path(self, key: str) -> str:
        return self.collection + api_path(key)

    def read(self, reader: Reader, wish: Wish) -> State | None:
        answer = self._answer(reader, wish["key"])
        state = None if answer is None else self.observe(wish["key"], answer)
        if wish["state"] == "present":
            require_release(reader, self.fields, changed_fields(self.fields, state or {}, wish["fields"]))
        if self.digest and answer is not None:
            wish["digest"] = answer.get("digest")
        return state

    def observe(self, key: str, answer: Mapping[str, Any]) -> State:
        """The item as users see it, from what the server answered."""
        return {self.key.name: key, **self.fields.observe(answer)}

    def _answer(self, reader: Reader, key: str) -> Mapping[str, Any] | None:
        try:
            answer: Mapping[str, Any] = reader.get(self.path(key))
        except NotFound:
            return None
        return answer

    def plan(self, current: State | None, wish: Wish) -> Plan:
        if wish["state"] == "absent":
            return self._plan_absent(current, wish)
        return self._plan_create(wish) if current is None else self._plan_update(current, wish)

    def _plan_absent(self, current: State | None, wish: Wish) -> Plan:
        if current is None:
            return Plan.nothing(None)
        why = f"delete {self.name} {wish['key']}"
        return Plan(current, None, (Step("DELETE", self.path(wish["key"]), self.delete_params(wish), why),))

    def delete_params(self, wish: Wish) -> dict[str, Any]:
        """The parameters of the call that deletes."""
        return {}

    def _plan_create(self, wish: Wish) -> Plan:
        given = present_at_creation(self.fields, wish["fields"])
        for names in self.needed:
            if not any(name in given for name in names.split(" or ")):
                raise InvalidOption(names, f"is needed to create {self.name} {wish['key']}")
        named_by = {} if self.own_path else {self.key.api: self.key.format(wish["key"])}
        step = Step(
            "POST",
            self.path(wish["key"]) if self.own_path else self.collection,
            {**named_by, **update_params(given, self.fields, {})},
            why=f"create {self.name} {wish['key']}",
            secrets=secret_keys(self.fields, given),
        )
        return Plan(None, {self.key.name: wish["key"], **shown(self.fields, {}, given)}, (step,))

    def _plan_update(self, current: State, wish: Wish) -> Plan:
        wanted = dict(wish["fields"])
        if wish.get("append") and self.append in wanted:
            members = [*current.get(self.append, []), *wanted[self.append]]
            wanted[self.append] = self.fields.named(self.append).read(members)
        changes = changed_fields(self.fields, current, wanted, push_secrets=wish["push_secrets"])
        refuse_create_only(self.fields, current, changes, f"{self.name} {wish['key']}")
        if not changes:
            return Plan.nothing(current)
        return Plan(current, shown(self.fields, current, changes), (self._update_step(wish, changes, current),))

    def _update_step(self, wish: Wish, changes: Mapping[str, Any], current: State) -> Step:
        told = {name: current[name] for name in self.always if name in current}
        params = update_params({**told, **changes}, self.fields, current)
        if wish.get("digest"):
            params["digest"] = wish["digest"]
        if wish.get("append") and self.append in changes:
            field = self.fields.named(self.append)
            added = [member for member in changes[field.name] if member not in current.get(field.name, [])]
            params.update({field.api: field.format(added), "append": True})
        verify = any(not self.fields.named(name).secret for name in changes)
        why = f"change {', '.join(changes)} of {self.name} {wish['key']}"
        return Step("PUT", self.path(wish["key"]), params, why, secret_keys(self.fields, changes), verify=verify)


def present_at_creation(fields: Fields, wish: Mapping[str, Any]) -> dict[str, Any]:
    """The part of a wish that a new thing is created with: what is emptied is not there to begin with."""
    return {name: value for name, value in wish.items() if fields.named(name).result(None, value) is not None}


def secret_keys(fields: Fields, changes: Mapping[str, Any]) -> frozenset[str]:
    """The wire names of the secrets among the changes."""
    return frozenset(fields.named(name).api for name in changes if fields.named(name).secret)


def changed_fields(
    fields: Fields, current: Mapping[str, Any], wish: Mapping[str, Any], *, push_secrets: bool = False
) -> dict[str, Any]:
    """The part of a wish that differs. Secrets cannot be compared: they count only if they are to be pushed."""
    return {
        name: value
        for name, value in wish.items()
        if (push_secrets if fields.named(name).secret else fields.named(name).differs(current.get(name), value))
    }


def require_release(reader: Reader, fields: Fields, names: Iterable[str]) -> None:
    """Refuse options that the server is too old for. It is asked for its release only if one of them has a ``since``."""
    for name in names:
        since = fields.named(name).since
        if since and reader.release() < tuple(int(number) for number in since.split(".")):
            release = ".".join(str(number) for number in reader.release())
            raise InvalidOption(name, f"needs PVE {since} or newer; this server has {release}")


def refuse_create_only(fields: Fields, current: Mapping[str, Any], changes: Mapping[str, Any], what: str) -> None:
    """What is fixed at creation and differs is an error, never silence."""
    for name, value in changes.items():
        if fields.named(name).create_only:
            turn = f"; it is {current.get(name)!r} and cannot become {value!r}" if not fields.named(name).secret else ""
            raise InvalidOption(
                name,
                f"can be set only when the {what} is created{turn}",
                hint="Keep the present value, or delete the thing and create it anew.",
            )


def shown(fields: Fields, current: Mapping[str, Any], changes: Mapping[str, Any]) -> State:
    """The object after the changes, as a user may see it: secrets hidden."""
    after = dict(current)
    for name, value in changes.items():
        field = fields.named(name)
        result = field.result(current.get(name), value)
        if result is None:
            after.pop(name, None)
        else:
            after[name] = HIDDEN if field.secret else result
    return after


@dataclasses.dataclass(frozen=True)
class Singleton:
    """The options of something that always exists: GET and PUT one path, which may hold names from the task."""

    name: str
    path: Callable[[Wish], str]
    fields: Fields
    keys: Mapping[str, Mapping[str, Any]] = dataclasses.field(default_factory=dict)  # options that address it
    delete_keys: bool = True
    task: bool = False

    def __post_init__(self) -> None:
        if any(field.secret for field in self.fields):
            raise TypeError(f"singleton {self.name}: a secret cannot be compared, and nothing says when to push it")

    def arguments(self) -> dict[str, Any]:
        spec: dict[str, Any] = {**self.keys, **self.fields.specs()}
        if self.delete_keys:
            spec["unset"] = unset_option()
        return {"argument_spec": spec}

    def wish(self, params: Mapping[str, Any]) -> Wish:
        return {**{name: params[name] for name in self.keys}, "fields": self.fields.wish(params)}

    def read(self, reader: Reader, wish: Wish) -> State | None:
        return {**{name: wish[name] for name in self.keys}, **self.fields.observe(reader.get(self.path(wish)) or {})}

    def plan(self, current: State | None, wish: Wish) -> Plan:
        current = current or {}
        changes = changed_fields(self.fields, current, wish["fields"])
        if not changes:
            return Plan.nothing(current)
        step = Step(
            "PUT",
            self.path(wish),
            update_params(changes, self.fields, current),
            why=f"change {', '.join(changes)}",
            task=self.task,
        )
        return Plan(current, shown(self.fields, current, changes), (step,))
