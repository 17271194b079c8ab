# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A thing with an id in a collection."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from ..changes import changed_fields, present_at_creation, refuse_create_only, require_release, secret_keys, shown
from ..contract import STATES, UPDATE_PASSWORD, Desired, Reader, Resource, State, unset_option
from ..errors import InvalidOption, NotFound
from ..field import Field, Fields, update_params
from ..given import TO_MAKE, Use
from ..plan import Plan, Step, api_path


@dataclasses.dataclass(frozen=True)
class Item(Resource[Desired, State | None]):
    """A thing with an id: read one, POST to the collection, PUT and DELETE the item.

    ``needed`` are the options that a new one has to have; "a or b" is one of both. ``delete_keys`` tells that the PUT takes
    ``delete``; without it every field clears by the empty text. ``own_path`` tells that the POST goes to the item's own path,
    which then names it. ``digest`` sends the digest that was read with the update.
    ``always`` names what every update has to tell. ``append`` names a set whose update takes ``append``: with the option of
    that name it is only added to. ``extra_uses`` tells where the extra options mean something.
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
    extra_uses: Mapping[str, Use] = dataclasses.field(default_factory=dict)

    def option_of(self, parameter: str) -> str:
        return self.fields.option_of(parameter)

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

    def may_be_empty(self) -> set[str]:
        return self.fields.clearable()

    def uses(self) -> dict[str, Use]:
        described = {field.name: TO_MAKE for field in self.fields if field.name != "state"}
        append = {"append": Use(never=("absent",), beside=(self.append,))} if self.append else {}
        return {**described, "unset": TO_MAKE, "update_password": TO_MAKE, **append, **self.extra_uses}

    def parse(self, params: Mapping[str, Any]) -> Desired:
        extra = {name: params[name] for name in self.extra_options}
        key = self.key.parse(params[self.key.name])
        if key == "":
            raise InvalidOption(self.key.name, "must not be empty")
        push_secrets = params.get("update_password") == "always"
        fields = self.fields.parse(params)
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

    def read(self, reader: Reader, desired: Desired) -> State | None:
        answer = self._answer(reader, desired["key"])
        state = None if answer is None else self.observe(desired["key"], answer)
        if desired["state"] == "present":
            require_release(reader, self.fields, changed_fields(self.fields, state or {}, desired["fields"]))
        if self.digest and answer is not None:
            desired["digest"] = answer.get("digest")
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

    def plan(self, current: State | None, desired: Desired) -> Plan:
        if desired["state"] == "absent":
            return self._plan_absent(current, desired)
        return self._plan_create(desired) if current is None else self._plan_update(current, desired)

    def _plan_absent(self, current: State | None, desired: Desired) -> Plan:
        if current is None:
            return Plan.nothing(None)
        why = f"delete {self.name} {desired['key']}"
        return Plan(current, None, (Step("DELETE", self.path(desired["key"]), self.delete_params(desired), why),))

    def delete_params(self, desired: Desired) -> dict[str, Any]:
        """The parameters of the call that deletes."""
        return {}

    def _plan_create(self, desired: Desired) -> Plan:
        given = present_at_creation(self.fields, desired["fields"])
        for names in self.needed:
            if not any(name in given for name in names.split(" or ")):
                raise InvalidOption(names, f"is needed to create {self.name} {desired['key']}")
        named_by = {} if self.own_path else {self.key.api: self.key.format(desired["key"])}
        step = Step(
            "POST",
            self.path(desired["key"]) if self.own_path else self.collection,
            {**named_by, **update_params(given, self.fields, {})},
            why=f"create {self.name} {desired['key']}",
            secrets=secret_keys(self.fields, given),
        )
        return Plan(None, {self.key.name: desired["key"], **shown(self.fields, {}, given)}, (step,))

    def _plan_update(self, current: State, desired: Desired) -> Plan:
        wanted = dict(desired["fields"])
        if desired.get("append") and self.append in wanted:
            members = [*current.get(self.append, []), *wanted[self.append]]
            wanted[self.append] = self.fields.named(self.append).read(members)
        changes = changed_fields(self.fields, current, wanted, push_secrets=desired["push_secrets"])
        refuse_create_only(self.fields, current, changes, f"{self.name} {desired['key']}")
        if not changes:
            return Plan.nothing(current)
        return Plan(current, shown(self.fields, current, changes), (self._update_step(desired, changes, current),))

    def _update_step(self, desired: Desired, changes: Mapping[str, Any], current: State) -> Step:
        told = {name: current[name] for name in self.always if name in current}
        params = update_params({**told, **changes}, self.fields, current)
        if desired.get("digest"):
            params["digest"] = desired["digest"]
        if desired.get("append") and self.append in changes:
            field = self.fields.named(self.append)
            added = [member for member in changes[field.name] if member not in current.get(field.name, [])]
            params.update({field.api: field.format(added), "append": True})
        verify = any(not self.fields.named(name).secret for name in changes)
        why = f"change {', '.join(changes)} of {self.name} {desired['key']}"
        return Step("PUT", self.path(desired["key"]), params, why, secret_keys(self.fields, changes), verify=verify)
