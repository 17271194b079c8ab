# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ACME: accounts with certificate authorities, and the plugins that prove who owns a domain."""

from __future__ import annotations

import base64
import dataclasses
from collections.abc import Mapping
from typing import Any

from ...api.connection import task_arguments
from ...model.contract import Reader, State
from ...model.errors import InvalidOption
from ...model.field import Field, Fields, hyphenated
from ...model.kinds.info import Composite, ListInfo, OneInfo, Options
from ...model.kinds.item import Item, ItemDesired, Observed
from ...model.kinds.type_rules import TypeRules
from ...model.plan import Plan, Step, api_path
from ...model.values import Codec, Limits

ACME = "/cluster/acme"
ACCOUNTS, PLUGINS = f"{ACME}/account", f"{ACME}/plugins"
MAIL = "mailto:"
SHOWN = ("name", "directory", "location", "status", "tos_url")
ACCOUNT_FIELDS = Fields(
    [
        Field("contact", type="list", elements="str", clear="never"),
        Field("directory", create_only=True, clear="never"),
        Field("tos_url", create_only=True, clear="never"),
        hyphenated("eab_kid", create_only=True, clear="never"),
        hyphenated("eab_hmac_key", create_only=True, clear="never", secret=True),
    ]
)


def account_of(answer: Mapping[str, Any]) -> dict[str, Any]:
    """An account in one level, its contacts as mere addresses."""
    account = answer.get("account") or {}
    found = {**answer, "status": account.get("status"), "tos_url": answer.get("tos")}
    contact = sorted(address.removeprefix(MAIL) for address in account.get("contact") or [])
    return {**{name: found[name] for name in SHOWN if found.get(name)}, **({"contact": contact} if contact else {})}


ACCOUNT = Item(
    "account",
    ACCOUNTS,
    Field("name", default="default"),
    ACCOUNT_FIELDS,
    needed=("contact",),
    delete_keys=False,
    starts_task=True,
    absent="does not exist",
    shape=account_of,
    also_shown=("location", "status"),
    unshown=("eab_kid",),
    extra_options=task_arguments(),
    required_together=(("eab_kid", "eab_hmac_key"),),
)


class AccountList(ListInfo):
    """Accounts with what the authorities say of them, each of which is asked for by itself."""

    def _rows(self, reader: Reader, desired: Options) -> list[dict[str, Any]]:
        names = [row["name"] for row in super()._rows(reader, desired) if desired["name"] in (None, row["name"])]
        return [account_of({"name": name, **reader.get(ACCOUNTS + api_path(name))}) for name in names]


ACCOUNT_INFO = Composite(
    "acme",
    {
        "accounts": AccountList("accounts", lambda desired: ACCOUNTS, key="name"),
        "directories": ListInfo("directories", lambda desired: f"{ACME}/directories"),
        "meta": OneInfo("meta", lambda desired: f"{ACME}/meta", {"directory": {"type": "str"}}, query=("directory",)),
    },
    default=("accounts",),
)


class Variables(Codec):
    """Variables such as ``CF_Token=...``: a mapping, or lines of text. They travel in base64, but are shown as lines."""

    def parse(self, value: Any) -> dict[str, str]:
        if isinstance(value, Mapping):
            pairs = {str(name).strip(): str(item) for name, item in value.items()}
        else:
            lines = [line.strip() for line in str(value).splitlines() if line.strip()]
            if not all("=" in line for line in lines):
                raise ValueError("has a line that is not of the form NAME=value")
            pairs = dict(line.split("=", 1) for line in lines)
        if any(not name or "=" in name or "\n" in item for name, item in pairs.items()):
            raise ValueError("has an empty name, a name with '=' or a value of several lines")
        return pairs

    def format(self, value: Mapping[str, str]) -> str:
        return base64.b64encode("".join(f"{name}={item}\n" for name, item in value.items()).encode()).decode()


PLUGIN_FIELDS = Fields(
    [
        Field("type", choices=("dns", "standalone"), create_only=True, clear="never"),
        Field("api", clear="never"),
        Field("data", type="raw", codec=Variables(), secret=True),
        hyphenated("validation_delay", type="int", default=30),
        Field("nodes", type="list", elements="str", codec=Limits()),
        Field("disable", type="bool", default=False),
    ]
)
STANDALONE = "standalone"
OWN = {"dns": ("api", "data", "validation_delay"), STANDALONE: ()}  # the options that only one type has


@dataclasses.dataclass(frozen=True)
class ObservedPlugin(Observed):
    """A plugin with its secret data, which the server shows."""

    data: Any = ""


class Plugin(Item):
    """An item whose secret the server shows, so that it is compared; it is shown nowhere."""

    def arguments(self) -> dict[str, Any]:
        spec = super().arguments()["argument_spec"]
        return {"argument_spec": {name: row for name, row in spec.items() if name != "update_password"}}

    def parse(self, params: Mapping[str, Any]) -> ItemDesired:
        return super().parse({**params, "update_password": "always"})

    def read(self, reader: Reader, desired: ItemDesired) -> Observed:
        answer = self._answer(reader, self.path(desired.key))
        if answer is None:
            return Observed(None)
        data = self.fields.named("data").read(answer.get("data") or "") or ""
        return ObservedPlugin(state=self.observe(desired.key, answer), digest=answer.get("digest") or "", data=data)

    def plan(self, observed: Observed, desired: ItemDesired) -> Plan:
        there = observed.data if isinstance(observed, ObservedPlugin) else ""
        push = observed.state is not None and desired.fields.get("data", there) != there
        return super().plan(observed, dataclasses.replace(desired, push_secrets=push))

    def _update_step(
        self, observed: Observed, current: State, desired: ItemDesired, changes: Mapping[str, Any]
    ) -> Step:
        return dataclasses.replace(super()._update_step(observed, current, desired, changes), verify=True)


def _keep_standalone(desired: ItemDesired) -> None:
    if desired.state == "absent" and desired.key == STANDALONE:
        raise InvalidOption("id", f"{STANDALONE} always exists; disable: true puts it out of use")


PLUGIN = Plugin(
    "plugin",
    PLUGINS,
    Field("id", aliases=("name",)),
    PLUGIN_FIELDS,
    needed=("type",),
    merges=("nodes",),
    types=TypeRules(OWN, needed={"dns": ("api",)}),
    checks=(_keep_standalone,),
)


class PluginList(ListInfo):
    """Plugins with their ids under the name of the option."""

    def _shown(self, row: Mapping[str, Any]) -> dict[str, Any]:
        rest = {name: value for name, value in row.items() if name not in ("plugin", "digest")}
        return {"id": row["plugin"], **super()._shown(rest)}


PLUGIN_INFO = Composite(
    "acme",
    {
        "plugins": PluginList(
            "plugins",
            lambda desired: PLUGINS,
            key="id",
            fields=PLUGIN_FIELDS,
            options={"type": {"type": "str", "choices": ["dns", STANDALONE]}},
            query=("type",),
        ),
        "apis": ListInfo("apis", lambda desired: f"{ACME}/challenge-schema"),
    },
    default=("plugins",),
)
