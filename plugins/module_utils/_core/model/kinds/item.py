# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A thing with an id in a collection."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..changes import changed_fields, present_at_creation, refuse_create_only, require_release, secret_keys, shown
from ..contract import STATES, UPDATE_PASSWORD, Reader, Resource, State, refuse_removal_of_sets, unset_option
from ..errors import InvalidOption, InvalidParameter, NotFound, NotImplementedByServer, Refused
from ..field import Field, Fields, hyphenated, update_params
from ..given import TO_MAKE, Use
from ..plan import HIDDEN, Plan, Step, api_path
from ..table import Table, calls_below
from .type_rules import TypeRules

SHORTEST_SECRET = 4  # characters; shorter ones cannot be distinguished from other text


@dataclasses.dataclass(frozen=True)
class ItemDesired:
    """What a task wants of an item, in canonical form."""

    key: str
    state: str
    fields: Mapping[str, Any]
    push_secrets: bool = False
    append: bool = False
    options: Mapping[str, Any] = dataclasses.field(default_factory=dict)  # the extra options, as they were given
    parent: Any = None  # what the options of the item's parent say
    type: str = ""  # of an item that has collections by type


@dataclasses.dataclass(frozen=True)
class Observed:
    """What is there. A resource that looks up more than an item has a subclass with fields for that."""

    state: State | None  # as users see it; None if absent
    digest: str = ""
    base: str = ""  # the path in front of the collection, if the item has a parent
    key: str = ""  # as the server writes it, if that can differ from the task


@dataclasses.dataclass(frozen=True)
class Parent:
    """What the collection of an item belongs to, if that depends on the task: the path in front of it.

    ``parse`` says which parent the options mean, ``find`` looks up its path; ``bases`` are the paths that there are, with *
    for one part.
    """

    options: Mapping[str, Mapping[str, Any]]
    parse: Callable[[Mapping[str, Any]], Any]
    find: Callable[[Reader, Any], str]
    bases: Sequence[str] = ("",)


@dataclasses.dataclass(frozen=True)
class BuiltIn:
    """Items that come with the server: they cannot be deleted and, unless ``changeable``, not be changed.

    ``{name}`` and ``{key}`` in ``refusal`` stand for the kind of the item and its key.
    """

    includes: Callable[[str], bool]
    refusal: str
    hint: str = ""
    changeable: bool = True

    def check(self, name: str, plan: Plan, desired: ItemDesired) -> None:
        """Refuse what they cannot take."""
        refused = desired.state == "absent" if self.changeable else bool(plan.steps)
        if refused and self.includes(desired.key):
            raise Refused(self.refusal.format(name=name, key=desired.key), hint=self.hint)


@dataclasses.dataclass(frozen=True)
class Item(Resource[ItemDesired, Observed]):
    """A thing with an id: read one, POST to the collection, PUT and DELETE the item.

    What the calls look like
        ``own_path``: the POST goes to the item's own path. ``delete_keys``: the PUT takes ``delete``, which is a list with
        ``delete_list``; without it every field is cleared by an empty string. ``replaces``: the PUT replaces the item, so that
        it sends all that stays. ``digest``: an update sends the digest that was read. ``always``: fields that every update
        sends. ``created_with``: parameters of the POST that are no options. ``passed_on``: extra options that are parameters of
        the calls with these methods, where they are not the default. ``append``: a set whose update takes ``append``: with the
        option of that name it is only added to. ``merges``: the same for sets whose update does not take it, so that the whole
        set is sent. ``starts_task``: every call starts a task. ``more_calls``: calls besides these, as in ``Table``.

    What the server answers
        ``absent``: what it says of the parameter that is the key if there is no such item, besides "not found". ``too_old``: a
        hint where the server does not implement the call. ``shape``: makes an answer one that the fields can read.
        ``also_shown``: keys that are shown as they are. ``shown_secrets``: secrets of which it says whether there is one.
        ``unshown``: fields that it never shows and that are set at creation only.

    What is refused
        ``needed``: the options that a new item must have; "a or b" is one of both. ``types``, ``built_in``: see there.
        ``checks``: functions that refuse options. ``preflights``: functions that refuse a plan that would fail, or warn; they
        may ask the server.

    What is special
        ``extra_options``: options that are no fields, and in ``extra_uses`` where they mean something. ``resolve``: the fields
        as they are wanted, given what is there. ``amend``: the plan with what extra options add.
    """

    name: str
    collection: str
    key: Field
    fields: Fields
    needed: Sequence[str] = ()
    own_path: bool = False
    delete_keys: bool = True
    delete_list: bool = False
    digest: bool = False
    replaces: bool = False
    always: Sequence[str] = ()
    created_with: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    passed_on: Mapping[str, Sequence[str]] = dataclasses.field(default_factory=dict)
    append: str = ""
    merges: Sequence[str] = ()
    starts_task: bool = False
    more_calls: Sequence[str] = ()
    parent: Parent | None = None
    absent: str = ""
    too_old: str = ""
    shape: Callable[[Mapping[str, Any]], Mapping[str, Any]] = dict
    also_shown: Sequence[str] = ()
    shown_secrets: Sequence[str] = ()
    unshown: Sequence[str] = ()
    types: TypeRules | None = None
    built_in: BuiltIn | None = None
    checks: Sequence[Callable[[ItemDesired], None]] = ()
    preflights: Sequence[Callable[[Reader, Plan, ItemDesired], None]] = ()
    extra_options: Mapping[str, Mapping[str, Any]] = dataclasses.field(default_factory=dict)
    extra_uses: Mapping[str, Use] = dataclasses.field(default_factory=dict)
    resolve: Callable[[State, ItemDesired], Mapping[str, Any]] | None = None
    amend: Callable[[Plan, ItemDesired], Plan] | None = None
    required_together: Sequence[Sequence[str]] = ()

    # --- options ------------------------------------------------------------------------------------------------------

    def tables(self) -> Sequence[Table]:
        collection, item = self.collection, f"{self.collection}/*"
        made = f"POST {item if self.own_path else collection}"
        bases = self.parent.bases if self.parent else ("",)
        passed = (hyphenated(name, type=self.extra_options[name]["type"]) for name in self.passed_on)
        own = Table(
            calls_below(bases, f"GET {item}", made, f"PUT {item}", f"DELETE {item}"), (self.key, *self.fields, *passed)
        )
        return (own, Table(tuple(self.more_calls), None)) if self.more_calls else (own,)

    def option_of(self, parameter: str) -> str:
        return self.fields.option_of(parameter)

    def arguments(self) -> dict[str, Any]:
        named = {"required": True} if self.key.default is None else {"default": self.key.default}
        spec: dict[str, Any] = {self.key.name: {**self.key.spec(), **named}, **self.fields.specs()}
        if self.delete_keys:
            spec["unset"] = unset_option()
        if any(field.secret and not field.create_only for field in self.fields):
            spec["update_password"] = dict(UPDATE_PASSWORD)
        if self._sets:
            spec["append"] = {"type": "bool", "default": False}
        spec["state"] = dict(STATES)
        arguments: dict[str, Any] = {
            "argument_spec": {**(self.parent.options if self.parent else {}), **spec, **self.extra_options}
        }
        if self.required_together:
            arguments["required_together"] = [list(names) for names in self.required_together]
        return arguments

    def may_be_empty(self) -> set[str]:
        return self.fields.clearable()

    @property
    def _sets(self) -> tuple[str, ...]:
        """The options that ``append`` only adds to."""
        return (self.append,) if self.append else tuple(self.merges)

    def uses(self) -> dict[str, Use]:
        described = {field.name: TO_MAKE for field in self.fields if field.name != "state"}
        append = {"append": Use(never=("absent",), beside=self._sets)} if self._sets else {}
        return {**described, "unset": TO_MAKE, "update_password": TO_MAKE, **append, **self.extra_uses}

    def secret_values(self, params: Mapping[str, Any]) -> set[str]:
        """The secrets inside of those that are written as one text, such as lines of NAME=value."""
        found: set[str] = set()
        for field in self.fields:
            if field.secret and field.type == "raw" and params.get(field.name):
                with contextlib.suppress(InvalidOption):  # parse reports it
                    parsed = field.parse(params[field.name])
                    texts = parsed.values() if isinstance(parsed, Mapping) else ()
                    found.update(text for text in texts if len(text) >= SHORTEST_SECRET)
        return found

    def parse(self, params: Mapping[str, Any]) -> ItemDesired:
        refuse_removal_of_sets(params, self._sets)
        parent = self.parent.parse(params) if self.parent else None
        key = self.key.parse(params[self.key.name])
        if key == "":
            raise InvalidOption(self.key.name, "must not be empty")
        push_secrets = params.get("update_password") == "always"
        fields = self.fields.parse(params)
        emptied = [name for name, value in fields.items() if value == "" and self.fields.named(name).secret]
        if emptied and not push_secrets:
            raise InvalidOption(
                emptied[0],
                "the server does not show whether there is one, so that it is removed only with update_password: always",
            )
        options = {name: params[name] for name in self.extra_options}
        append = bool(params.get("append"))
        desired = ItemDesired(key, params["state"], fields, push_secrets, append, options, parent)
        for check in self.checks:
            check(desired)
        return desired

    # --- what is there ------------------------------------------------------------------------------------------------

    def path(self, key: str, base: str = "") -> str:
        return base + self.collection + api_path(key)

    def read(self, reader: Reader, desired: ItemDesired) -> Observed:
        base = self.parent.find(reader, desired.parent) if self.parent else ""
        answer = self._answer(reader, self.path(desired.key, base))
        if answer is None:
            return Observed(None, base=base)
        digest = str(answer.get("digest") or "") if self.digest else ""
        return Observed(self.observe(desired.key, answer), digest, base)

    def observe(self, key: str, answer: Mapping[str, Any]) -> State:
        """The item as users see it, from what the server answered."""
        answer = self.shape(answer)
        as_it_is = {name: answer[name] for name in self.also_shown if answer.get(name)}
        hidden = {name: HIDDEN for name in self.shown_secrets if answer.get(self.fields.named(name).api)}
        return {self.key.name: key, **self.fields.observe(answer), **as_it_is, **hidden}

    def _answer(self, reader: Reader, path: str) -> Mapping[str, Any] | None:
        """What the server answers of an item; None if there is no such item."""
        try:
            answer: Mapping[str, Any] = reader.get(path)
        except NotFound:
            return None
        except InvalidParameter as error:
            if self.absent and self.absent in error.errors.get(self.key.api, ""):
                return None
            raise
        except NotImplementedByServer as error:
            error.hint = self.too_old or error.hint
            raise
        return answer

    def preflight(self, reader: Reader, plan: Plan, desired: ItemDesired) -> None:
        if desired.state == "present":
            require_release(reader, self.fields, changed_fields(self.fields, plan.before or {}, desired.fields))
        for preflight in self.preflights:
            preflight(reader, plan, desired)

    # --- what to do ---------------------------------------------------------------------------------------------------

    def plan(self, observed: Observed, desired: ItemDesired) -> Plan:
        if observed.key:
            desired = dataclasses.replace(desired, key=observed.key)
        if desired.state == "absent":
            plan = self._plan_absent(observed, desired)
        else:
            desired = dataclasses.replace(desired, fields=self._wanted(observed, desired))
            plan = self._plan_present(observed, desired)
        if self.built_in:
            self.built_in.check(self.name, plan, desired)
        return self.amend(plan, desired) if self.amend else plan

    def _wanted(self, observed: Observed, desired: ItemDesired) -> Mapping[str, Any]:
        """The fields as they are wanted, given what is there."""
        current, fields = observed.state or {}, dict(desired.fields)
        for name in self.merges if desired.append and observed.state is not None else ():
            if name in fields:
                fields[name] = self.fields.named(name).codec.join(current.get(name, []), fields[name] or []) or ""
        if observed.state is not None:
            fields = {name: value for name, value in fields.items() if name not in self.unshown}
        return self.resolve(current, dataclasses.replace(desired, fields=fields)) if self.resolve else fields

    def _plan_present(self, observed: Observed, desired: ItemDesired) -> Plan:
        if self.types:
            self.types.check(self.name, desired.key, self.fields, observed.state, desired.fields)
        if observed.state is None:
            return self._plan_create(observed, desired)
        return self._plan_update(observed, observed.state, desired)

    def _plan_absent(self, observed: Observed, desired: ItemDesired) -> Plan:
        if observed.state is None:
            return Plan.nothing(None)
        path, summary = self.path(desired.key, observed.base), f"delete {self.name} {desired.key}"
        return Plan(observed.state, None, (self._step("DELETE", path, {}, summary, desired),))

    def _plan_create(self, observed: Observed, desired: ItemDesired) -> Plan:
        given = present_at_creation(self.fields, desired.fields)
        for names in self.needed:
            if not any(name in given for name in names.split(" or ")):
                raise InvalidOption(names, f"is needed to create {self.name} {desired.key}")
        named_by = {} if self.own_path else {self.key.api: self.key.format(desired.key)}
        path = self.path(desired.key, observed.base) if self.own_path else observed.base + self.collection
        params = {**self.created_with, **named_by, **update_params(given, self.fields, {})}
        step = self._step("POST", path, params, f"create {self.name} {desired.key}", desired)
        step = dataclasses.replace(step, secrets=secret_keys(self.fields, given))
        return Plan(None, {self.key.name: desired.key, **shown(self.fields, {}, given)}, (step,))

    def _plan_update(self, observed: Observed, current: State, desired: ItemDesired) -> Plan:
        wanted, push_secrets = self._secrets_to_push(current, desired)
        if desired.append and self.append in wanted:
            wanted[self.append] = self.fields.named(self.append).codec.join(
                current.get(self.append, []), wanted[self.append]
            )
        changes = changed_fields(self.fields, current, wanted, push_secrets=push_secrets)
        refuse_create_only(self.fields, current, changes, f"{self.name} {desired.key}")
        if not changes:
            return Plan.nothing(current)
        step = self._update_step(observed, current, desired, changes)
        return Plan(current, shown(self.fields, current, changes), (step,))

    def _secrets_to_push(self, current: State, desired: ItemDesired) -> tuple[dict[str, Any], bool]:
        """The fields that count, and whether their secrets do: one that is known to be missing is sent in any case."""
        wanted = dict(desired.fields)
        missing = [name for name in self.shown_secrets if wanted.get(name) and name not in current]
        if not missing or desired.push_secrets:
            return wanted, desired.push_secrets
        kept = {n: value for n, value in wanted.items() if n in missing or not self.fields.named(n).secret}
        return kept, True

    def _update_step(
        self, observed: Observed, current: State, desired: ItemDesired, changes: Mapping[str, Any]
    ) -> Step:
        sent = {name: current[name] for name in self.always if name in current}
        params = update_params({**sent, **changes}, self.fields, current)
        if self.replaces:
            after = shown(self.fields, current, changes)
            params = update_params({name: after[name] for name in after if name != self.key.name}, self.fields, {})
        if self.delete_list and "delete" in params:
            params["delete"] = params["delete"].split(",")
        if observed.digest:
            params["digest"] = observed.digest
        if desired.append and self.append in changes:
            field = self.fields.named(self.append)
            added = [member for member in changes[field.name] if member not in current.get(field.name, [])]
            params.update({field.api: field.format(added), "append": True})
        verify = any(not self.fields.named(name).secret for name in changes)
        summary = f"change {', '.join(changes)} of {self.name} {desired.key}"
        step = self._step("PUT", self.path(desired.key, observed.base), params, summary, desired)
        return dataclasses.replace(step, secrets=secret_keys(self.fields, changes), verify=verify)

    def _step(self, method: str, path: str, params: Mapping[str, Any], summary: str, desired: ItemDesired) -> Step:
        passed = {
            option.replace("_", "-"): desired.options[option]
            for option, methods in self.passed_on.items()
            if method in methods and desired.options[option] not in (None, self.extra_options[option].get("default"))
        }
        return Step(method, path, {**params, **passed}, summary, starts_task=self.starts_task)
