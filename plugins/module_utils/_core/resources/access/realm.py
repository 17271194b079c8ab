# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Realms: where users come from and who checks their passwords; and taking over users and groups from a directory."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from ...api.connection import task_arguments
from ...model.contract import Reader, Resource, State
from ...model.errors import InvalidOption
from ...model.field import Field, Fields, hyphenated, update_params
from ...model.given import TO_MAKE
from ...model.kinds.info import ListInfo
from ...model.kinds.item import BuiltIn, Item, ItemDesired
from ...model.kinds.type_rules import TypeRules
from ...model.plan import Plan, Step, api_path
from ...model.property_string import BOOLEAN, SEMICOLON_SET, WORD, Part, PropertyString
from ...model.table import Table
from ...model.values import Comment, Set, Word

COLLECTION = "/access/domains"
SCOPES = ("users", "groups", "both")
VANISHED = ("acl", "entry", "properties", "none")

_EVERY = "comment default"
_DIRECTORY = """tfa server2 port mode secure sslversion verify capath cert certkey bind_dn password case_sensitive filter
    user_classes group_dn group_name_attr group_filter group_classes sync_attributes sync_defaults_options"""
_OPENID = """client_key autocreate username_claim groups_claim groups_autocreate groups_overwrite prompt scopes acr_values
    audiences query_userinfo"""
# type -> options that it needs, and others that it takes; source: sub options of src/PVE/Auth/*.pm in pve-access-control
REALM_TYPES = {
    "pam": ((), tuple(f"{_EVERY} tfa".split())),
    "pve": ((), tuple(f"{_EVERY} tfa".split())),
    "ldap": (("server1", "base_dn", "user_attr"), tuple(f"{_EVERY} {_DIRECTORY}".split())),
    "ad": (("server1", "domain"), tuple(f"{_EVERY} {_DIRECTORY} base_dn user_attr".split())),
    "openid": (("issuer_url", "client_id"), tuple(f"{_EVERY} {_OPENID}".split())),
}
REALM_OPTIONS = {kind: (*needed, *others) for kind, (needed, others) in REALM_TYPES.items()}
BUILT_IN = ("pam", "pve")

SYNC_OPTIONS = PropertyString(
    Part("enable-new", BOOLEAN, default=True),
    Part("full", BOOLEAN),
    Part("purge", BOOLEAN),
    Part("remove-vanished", SEMICOLON_SET),
    Part("scope", WORD, choices=SCOPES),
)
ATTRIBUTES = PropertyString(
    *(Part(name) for name in ("comment", "email", "enable", "expire", "firstname", "keys", "lastname", "username"))
)


FIELDS = Fields(
    [
        Field("type", choices=tuple(sorted(REALM_TYPES)), create_only=True),
        hyphenated("acr_values"),
        Field("audiences"),
        Field("autocreate", type="bool", default=False),
        Field("base_dn"),
        Field("bind_dn"),
        Field("capath", default="/etc/ssl/certs"),
        hyphenated("case_sensitive", type="bool", default=True),
        Field("cert"),
        Field("certkey"),
        hyphenated("client_id"),
        hyphenated("client_key", secret=True),
        Field("comment", codec=Comment()),
        Field("default", type="bool", default=False),
        Field("domain"),
        Field("filter"),
        Field("group_classes", type="list", elements="str"),
        Field("group_dn"),
        Field("group_filter"),
        Field("group_name_attr"),
        hyphenated("groups_autocreate", type="bool", default=False),
        hyphenated("groups_claim"),
        hyphenated("groups_overwrite", type="bool", default=False),
        hyphenated("issuer_url"),
        Field("mode", choices=("ldap", "ldaps", "ldap+starttls")),
        Field("password", secret=True),
        Field("port", type="int"),
        Field("prompt"),
        hyphenated("query_userinfo", type="bool", default=True),
        Field("scopes", type="list", elements="str", codec=Set(" ")),
        Field("secure", type="bool", default=False),
        Field("server1", codec=Word()),
        Field("server2", codec=Word()),
        Field("sslversion", choices=("tlsv1", "tlsv1_1", "tlsv1_2", "tlsv1_3")),
        Field("sync_attributes", type="raw", codec=ATTRIBUTES),
        hyphenated("sync_defaults_options", type="raw", codec=SYNC_OPTIONS),
        Field("tfa", secret=True),
        Field("user_attr"),
        Field("user_classes", type="list", elements="str"),
        hyphenated("username_claim", create_only=True),
        Field("verify", type="bool", default=False),
    ]
)


def _refuse_second(reader: Reader, plan: Plan, desired: ItemDesired) -> None:
    """Refuse to create another realm of a type of which there is one."""
    kind = desired.fields.get("type")
    if desired.state == "present" and plan.before is None and kind in BUILT_IN:
        raise InvalidOption("type", f"the one realm of type {kind} is called {kind}; there can be no other one")


SYNC_FIELDS = Fields(
    [
        Field("scope", choices=SCOPES),
        hyphenated("enable_new", type="bool"),
        hyphenated("remove_vanished", type="list", elements="str", choices=VANISHED, codec=Set(";")),
        hyphenated("dry_run", type="bool"),
    ]
)


@dataclasses.dataclass(frozen=True)
class SyncDesired:
    """A synchronisation of a realm; ``sent`` are the parameters of the call."""

    realm: str
    sent: Mapping[str, Any]


class RealmSync(Resource[SyncDesired, State]):
    """An action: take over users and groups from the directory behind a realm."""

    name = "sync"

    def tables(self) -> Sequence[Table]:
        return (Table((f"POST {COLLECTION}/*/sync",), tuple(SYNC_FIELDS)),)

    def arguments(self) -> dict[str, Any]:
        spec = {
            "realm": {"type": "str", "required": True},
            **SYNC_FIELDS.specs(),
            "dry_run": {**SYNC_FIELDS.named("dry_run").spec(), "default": False},
            **task_arguments(),
        }
        return {"argument_spec": spec}

    def parse(self, params: Mapping[str, Any]) -> SyncDesired:
        vanished = params["remove_vanished"]
        if vanished is not None and "none" in vanished and len(vanished) > 1:
            raise InvalidOption("remove_vanished", "none goes with nothing else")
        named = ["none"] if vanished == [] else vanished
        fields = SYNC_FIELDS.parse({**params, "remove_vanished": named, "dry_run": params["dry_run"] or None})
        return SyncDesired(params["realm"], update_params(fields, SYNC_FIELDS, {}))

    def read(self, reader: Reader, desired: SyncDesired) -> State:
        """The defaults of the realm, so that a missing scope is found before anything is sent."""
        answer = reader.get(COLLECTION + api_path(desired.realm))
        return {
            "realm": desired.realm,
            "type": answer.get("type"),
            "defaults": answer.get("sync-defaults-options", ""),
        }

    def plan(self, observed: State, desired: SyncDesired) -> Plan:
        if observed.get("type") not in ("ad", "ldap"):
            raise InvalidOption(
                "realm",
                f"{desired.realm} is of type {observed.get('type')}; only ad and ldap have users to take over",
            )
        if "scope" not in desired.sent and "scope" not in SYNC_OPTIONS.parse(observed["defaults"]):
            raise InvalidOption("scope", "is missing: the realm has no default for it in sync_defaults_options")
        dry = bool(desired.sent.get("dry-run"))
        step = Step(
            "POST",
            COLLECTION + api_path(desired.realm, "sync"),
            desired.sent,
            f"{'try to take' if dry else 'take'} over users and groups of realm {desired.realm}",
            starts_task=True,
            returns={"task": ""},
            changes=not dry,
            verify=False,
        )
        return Plan(observed, observed, (step,))


REALM = Item(
    "realm",
    COLLECTION,
    Field("realm", aliases=("name",)),
    FIELDS,
    digest=True,
    types=TypeRules(REALM_OPTIONS, needed={kind: needed for kind, (needed, _others) in REALM_TYPES.items()}),
    built_in=BuiltIn(BUILT_IN.__contains__, "Realm {key} is built in and cannot be deleted."),
    passed_on={"check_connection": ("POST", "PUT")},
    preflights=(_refuse_second,),
    extra_options={"check_connection": {"type": "bool", "default": False}},
    extra_uses={"check_connection": TO_MAKE},
)
REALM_SYNC = RealmSync()
REALM_INFO = ListInfo("realms", lambda desired: COLLECTION, key="realm", fields=FIELDS)
