# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rewrite playbooks and inventory files for community.proxmox to this collection, and report what is left to do by hand.

Usage: python tools/from_community_proxmox.py [--write] FILE...

Without --write it shows the differences. The exit code is 1 if something is left to do. It needs nothing but PyYAML.
Comments and the order of the options stay; what cannot be rewritten stays as it is.
"""

from __future__ import annotations

import argparse
import difflib
import functools
import json
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).resolve().parent
COLLECTION = HERE.parent
OLD = re.compile(r"(?:community\.proxmox\.|community\.general\.)(\w+)")
OURS = "pve.automation."
OLD_GROUPS = ("group/community.proxmox.proxmox", "group/community.general.proxmox")
_SAFE = re.compile(r"[\w./@!+:-]*[\w./@!+-]")  # plain text that means the same inside braces
_BUS = re.compile(r"(ide|sata|scsi|virtio|net)\d+")


class Loader(yaml.SafeLoader):
    """Reads what Ansible reads: unknown tags such as !vault and !unsafe stay as text."""


Loader.add_multi_constructor("!", lambda loader, _suffix, node: getattr(node, "value", None))


@functools.cache
def table() -> dict[str, Any]:
    """How modules and inventories are rewritten."""
    loaded: dict[str, Any] = yaml.safe_load((HERE / "community_proxmox.yml").read_text(encoding="utf-8"))
    return loaded


@functools.cache
def options_of(module: str) -> frozenset[str]:
    """The options of a module of this collection, with those of its fragments."""
    text = (COLLECTION / "plugins" / "modules" / f"{module}.py").read_text(encoding="utf-8")
    literal = re.search(r'^DOCUMENTATION = r?"""(.*?)"""', text, re.MULTILINE | re.DOTALL)
    documentation = yaml.safe_load(literal[1]) if literal else {}
    names = set(documentation.get("options") or {})
    for fragment in ("connection", "preflight", "task", "lockout"):
        if f"pve.automation.{fragment}" in documentation["extends_documentation_fragment"]:
            source = (COLLECTION / "plugins" / "doc_fragments" / f"{fragment}.py").read_text(encoding="utf-8")
            names |= set(re.findall(r"^  (\w+):$", source, re.MULTILINE))
    return frozenset(names)


@dataclass
class Entry:
    """An option of a task: its name, and how it is written."""

    name: str
    key: yaml.Node
    value: yaml.Node
    text: str  # from the key to the end of the value, with comments in between


@dataclass
class Options:
    """What becomes of the options of one task: pieces of text in their order, dictionaries that are put together, and reports."""

    text: str
    pieces: list[str] = field(default_factory=list)
    nested: dict[str, dict[str, str]] = field(default_factory=dict)
    reports: list[tuple[int, str]] = field(default_factory=list)

    def put(self, name: str, value: str) -> None:
        """Add an option, or for a name with a dot the key of a dictionary."""
        parent, dot, key = name.partition(".")
        if dot:
            self.nested.setdefault(parent, {})[key] = value
        else:
            self.pieces.append(f"{name}: {value}")

    def report(self, node: yaml.Node, message: str) -> None:
        self.reports.append((node.start_mark.line + 1, message))


class Rewriting:
    """The rewriting of one file."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.edits: list[tuple[int, int, str]] = []
        self.reports: list[tuple[int, str]] = []
        for document in yaml.compose_all(text, Loader=Loader):
            if document is not None:
                self._document(document)

    @property
    def result(self) -> str:
        text = self.text
        for start, end, new in sorted(self.edits, reverse=True):
            text = text[:start] + new + text[end:]
        return text

    # --- what is found --------------------------------------------------------------------------------------------

    def _document(self, node: yaml.Node) -> None:
        if isinstance(node, yaml.MappingNode):
            plugin = next((value for key, value in node.value if key.value == "plugin"), None)
            if plugin is not None and OLD.fullmatch(str(plugin.value)):
                self._inventory(node, plugin)
                return
        self._walk(node, in_list=False)

    def _walk(self, node: yaml.Node, *, in_list: bool) -> None:
        if isinstance(node, yaml.SequenceNode):
            for item in node.value:
                self._walk(item, in_list=True)
        elif isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                name = str(key.value)
                module = self._module(name, in_list=in_list)
                if name in OLD_GROUPS:
                    self._replace(key, f"group/{OURS}pve")
                elif module:
                    self._task(module, key, value)
                else:
                    self._walk(value, in_list=False)

    @staticmethod
    def _module(name: str, *, in_list: bool) -> str:
        """The name of a module of the other collection; without a namespace only where tasks are."""
        named = OLD.fullmatch(name)
        short = named[1] if named else name if in_list else ""
        return short if short in table()["modules"] else ""

    def _replace(self, node: yaml.Node, new: str) -> None:
        self.edits.append((node.start_mark.index, node.end_mark.index, new))

    def _entries(self, node: yaml.MappingNode) -> Iterator[Entry]:
        for key, value in node.value:
            end = key.start_mark.index + len(self.text[key.start_mark.index : value.end_mark.index].rstrip())
            yield Entry(str(key.value), key, value, self.text[key.start_mark.index : end])

    # --- tasks ----------------------------------------------------------------------------------------------------

    def _task(self, short: str, key: yaml.Node, value: yaml.Node) -> None:
        row = table()["modules"][short]
        line = key.start_mark.line + 1
        if row["module"] is None:
            self.reports.append((line, f"{short}: there is no module for this; pve_api calls any endpoint of the API"))
            return
        if not isinstance(value, yaml.MappingNode):
            if value.value:
                self.reports.append((line, f"{short}: options in one line of text; write them as a dictionary first"))
            else:
                self._replace(key, OURS + row["module"])
            return
        self._replace(key, OURS + row["module"])
        aliases = row.get("aliases", {})
        entries = [replace(entry, name=aliases.get(entry.name, entry.name)) for entry in self._entries(value)]
        options = Options(self.text)
        for name, added in row.get("add", {}).items():
            options.put(name, added)
        entries = _cloned(row, entries, options)
        entries = _of_device(row, entries, options)
        entries = _of_type(row, entries, options)
        for entry in entries:
            self._option(short, row, entry, options)
        for name, inner in options.nested.items():
            braces = "{" + ", ".join(f"{key}: {item}" for key, item in inner.items()) + "}"
            options.pieces.append(f"{name}: [{braces}]" if name in row.get("lists", ()) else f"{name}: {braces}")
        self.reports += options.reports
        self._put_back(value, options.pieces)

    def _put_back(self, node: yaml.MappingNode, pieces: list[str]) -> None:
        start = node.start_mark.index
        end = start + len(self.text[start : node.end_mark.index].rstrip())
        if node.flow_style:
            self.edits.append((start, end, "{" + ", ".join(pieces) + "}"))
        else:
            indent = " " * node.start_mark.column
            self.edits.append((start, end, f"\n{indent}".join(pieces) or "{}"))

    def _option(self, short: str, row: Mapping[str, Any], entry: Entry, options: Options) -> None:
        """What becomes of one option."""
        name, literal = entry.name, str(entry.value.value) if isinstance(entry.value, yaml.ScalarNode) else ""
        advice = row.get("report", {}).get(name) or row.get("report", {}).get(f"{name}={literal}")
        instead = row.get("values", {}).get(name, {})
        if advice:
            options.report(entry.key, f"{short}: {name}: {advice}")
            options.pieces.append(entry.text)
        elif literal in instead:
            for other, value in instead[literal].items():
                options.put(other, value)
        elif name in row.get("drop", {}):
            pass
        elif name in row.get("lift", ()):
            self._lift(short, row, entry, options)
        else:
            self._renamed(short, row, entry, options)

    def _lift(self, short: str, row: Mapping[str, Any], entry: Entry, options: Options) -> None:
        if not isinstance(entry.value, yaml.MappingNode):
            options.report(entry.key, f"{short}: {entry.name}: its keys are options of the task")
            options.pieces.append(entry.text)
            return
        for inner in self._entries(entry.value):
            self._renamed(short, row, inner, options)

    def _renamed(self, short: str, row: Mapping[str, Any], entry: Entry, options: Options) -> None:
        new = row.get("rename", {}).get(entry.name, entry.name)
        known = options_of(row["module"])
        if new.partition(".")[0] not in known:
            options.report(entry.key, f"{short}: {entry.name}: {row['module']} has no such option")
            options.pieces.append(entry.text)
        elif "." in new:
            options.put(new, in_flow(self.text, entry.value))
        elif (converted := self._converted(row, entry)) is not None:
            options.put(new, converted)
        else:
            written = entry.key.end_mark.index - entry.key.start_mark.index
            options.pieces.append(new + entry.text[written:])

    def _converted(self, row: Mapping[str, Any], entry: Entry) -> str | None:
        """The value in another form where the option has one."""
        node = entry.value
        if entry.name in row.get("list", ()) and isinstance(node, yaml.ScalarNode):
            return f"[{in_flow(self.text, node)}]"
        if entry.name in row.get("split", ()) and isinstance(node, yaml.ScalarNode) and "{{" not in node.value:
            return "[" + ", ".join(part.strip() for part in node.value.split(",")) + "]"
        if entry.name in row.get("join", ()) and isinstance(node, yaml.SequenceNode):
            return json.dumps(",".join(str(item.value) for item in node.value), ensure_ascii=False)
        return None

    # --- inventories ----------------------------------------------------------------------------------------------

    def _inventory(self, node: yaml.MappingNode, plugin: yaml.Node) -> None:
        rules = table()["inventory"]
        self._replace(plugin, f"{OURS}pve")
        for entry in self._entries(node):
            start, line = entry.key.start_mark.index, entry.key.start_mark.line + 1
            literal = str(entry.value.value).lower() if isinstance(entry.value, yaml.ScalarNode) else ""
            instead = {str(key).lower(): value for key, value in rules["values"].get(entry.name, {}).items()}
            if entry.name in rules["report"]:
                self.reports.append((line, f"inventory: {entry.name}: {rules['report'][entry.name]}"))
            elif entry.name in rules["drop"] or literal in instead:
                new = "\n".join(f"{name}: {value}" for name, value in instead.get(literal, {}).items())
                end = start + len(entry.text)
                self.edits.append((start, end if new else end + 1, new))
            elif entry.name in rules["rename"]:
                self._replace(entry.key, rules["rename"][entry.name])
            elif entry.name in ("compose", "filters", "groups", "keyed_groups"):
                self._expressions(entry)

    def _expressions(self, entry: Entry) -> None:
        """Use the names of our variables in expressions."""
        known = table()["inventory"]["variables"]
        offset = entry.value.start_mark.index
        for match in re.finditer(r"\bproxmox_\w+", self.text[offset : entry.key.start_mark.index + len(entry.text)]):
            start, end = offset + match.start(), offset + match.end()
            if match[0] in known:
                self.edits.append((start, end, known[match[0]]))
            else:
                line = self.text.count("\n", 0, start) + 1
                self.reports.append((line, f"inventory: the variable {match[0]} has no counterpart of a known name"))


def in_flow(text: str, node: yaml.Node) -> str:
    """A value as it can stand inside braces."""
    if isinstance(node, yaml.ScalarNode):
        source = text[node.start_mark.index : node.end_mark.index]
        quoted = node.style in ("'", '"') and "\n" not in source
        return source if quoted or _SAFE.fullmatch(source) else json.dumps(node.value, ensure_ascii=False)
    source = text[node.start_mark.index : node.end_mark.index]
    if isinstance(node, yaml.CollectionNode) and node.flow_style and "\n" not in source:
        return source
    return json.dumps(Loader.construct_object(Loader(""), node, deep=True), ensure_ascii=False)


def _cloned(row: Mapping[str, Any], entries: list[Entry], options: Options) -> list[Entry]:
    """Put what belongs to a clone into one dictionary; returns the other options."""
    members = row.get("clone")
    named = {entry.name: entry for entry in entries}
    if not members or "clone" not in named:
        return entries
    source = named.get("vmid", named["clone"])
    options.nested["clone"] = {"source": in_flow(options.text, source.value)}
    for entry in entries:
        if entry.name in members:
            options.nested["clone"][members[entry.name]] = in_flow(options.text, entry.value)
    if "newid" in named:
        options.put("vmid", in_flow(options.text, named["newid"].value))
    return [entry for entry in entries if entry.name not in {"clone", "vmid", "newid", *members}]


def _of_device(row: Mapping[str, Any], entries: list[Entry], options: Options) -> list[Entry]:
    """Put the options of a device into the dictionary of the machine; returns the other options."""
    rules = row.get("device")
    named = {entry.name: entry for entry in entries}
    if not rules or rules["option"] not in named:
        return entries
    device = str(named[rules["option"]].value.value)
    bus = _BUS.fullmatch(device)
    if not bus:
        options.report(
            named[rules["option"]].key, f"the device {device} is not known here: write net, scsi ... by hand"
        )
        return entries
    state = named["state"].value.value if "state" in named else "present"
    if state in ("absent", "detached"):
        options.put("unset", f"[{device}]")
        return [entry for entry in entries if entry.name not in ("state", rules["option"])]
    common = options_of(row["module"]) - {"storage"}
    aside = {*row.get("drop", {}), *row.get("report", {}), "state", "vmid", "name", "node", rules["option"]}
    inner = [
        entry
        for entry in entries
        if entry.name not in aside and not re.match("api_|validate_certs|ca_path", entry.name)
    ]
    words = (f"{rules['rename'].get(entry.name, entry.name)}: {in_flow(options.text, entry.value)}" for entry in inner)
    options.put(bus[1], "{" + f"{device}: {{{', '.join(words)}}}" + "}")
    assert bus[1] in common, bus[1]  # noqa: S101 - the table names a module without such devices
    return [entry for entry in entries if entry not in inner and entry.name != rules["option"]]


def _of_type(row: Mapping[str, Any], entries: list[Entry], options: Options) -> list[Entry]:
    """Put the one that an entry of the access control list is for into the list of its type; returns the other options."""
    lists = row.get("by_type")
    named = {entry.name: entry for entry in entries}
    if not lists or not {"type", "ugid"} <= set(named):
        return entries
    kind = str(named["type"].value.value)
    if kind not in lists:
        options.report(named["type"].key, "type: use users, groups or tokens")
        return entries
    options.put(lists[kind], f"[{in_flow(options.text, named['ugid'].value)}]")
    return [entry for entry in entries if entry.name not in ("type", "ugid")]


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--write", action="store_true", help="change the files")
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    chosen = parser.parse_args()
    left = 0
    for path in chosen.files:
        text = path.read_text(encoding="utf-8")
        done = Rewriting(text)
        if chosen.write:
            path.write_text(done.result, encoding="utf-8")
        else:
            lines = difflib.unified_diff(text.splitlines(), done.result.splitlines(), str(path), str(path), lineterm="")
            print("\n".join(lines))
        for line, message in sorted(done.reports):
            print(f"{path}:{line}: {message}", file=sys.stderr)
        left += len(done.reports)
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main())
