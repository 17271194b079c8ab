# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Storages: their configuration, where they are available, and the paths of what lies on them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .errors import ApiError
from .formats import split_list
from .sizes import GIB
from .storage_types import STORAGE_TYPES, StorageType

if TYPE_CHECKING:
    from .state import Cluster

DIRECTORIES = {
    "images": "images",
    "rootdir": "private",
    "vztmpl": "template/cache",
    "iso": "template/iso",
    "backup": "dump",
    "snippets": "snippets",
    "import": "import",
}


@dataclass
class Storage:
    """One section of storage.cfg: its options as they were given, secrets apart."""

    storageid: str
    kind: str
    options: dict[str, Any] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    total: int = 256 * GIB

    @property
    def type(self) -> StorageType:
        return STORAGE_TYPES[self.kind]

    @property
    def shared(self) -> bool:
        return self.type.shared or bool(self.options.get("shared"))

    @property
    def enabled(self) -> bool:
        return not self.options.get("disable")

    @property
    def contents(self) -> frozenset[str]:
        given = self.options.get("content")
        return frozenset(split_list(given)) - {"none"} if given else frozenset(self.type.default_contents)

    @property
    def is_directory(self) -> bool:
        return self.type.layout == "directory"

    @property
    def path(self) -> str:
        if given := self.options.get("path"):
            return str(given).rstrip("/")
        return f"{self.type.mounted_at}/{self.storageid}"

    @property
    def default_format(self) -> str:
        return str(self.options.get("format") or "raw")

    def allows(self, node: str) -> bool:
        nodes = self.options.get("nodes")
        return not nodes or node in split_list(nodes)

    def directory(self, content: str) -> str:
        overrides = dict(part.split("=", 1) for part in split_list(self.options.get("content-dirs", "")))
        return f"{self.path}/{overrides.get(content, DIRECTORIES[content]).lstrip('/')}"

    def shown(self) -> dict[str, Any]:
        """The section as the API returns it, without the digest."""
        section = {name: value for name, value in self.options.items() if name != "disable" or value}
        section |= {"storage": self.storageid, "type": self.kind}
        section.setdefault("content", ",".join(self.type.default_contents))
        if self.type.mounted_at:
            section["path"] = self.path
        if self.type.shared:
            section["shared"] = 1
        return section


def make_storage(cluster: Cluster, storageid: str, kind: str, options: dict[str, Any]) -> Storage:
    """Add a storage as scenarios describe it, unchecked."""
    storage = Storage(storageid, kind, dict(options))
    cluster.storages[storageid] = storage
    return storage


def find_storage(cluster: Cluster, storageid: str) -> Storage:
    try:
        storage: Storage = cluster.storages[storageid]
    except KeyError:
        raise ApiError(500, f"storage '{storageid}' does not exist") from None
    return storage


def usable_storage(cluster: Cluster, storageid: str, node: str) -> Storage:
    """The storage, if it may be used on the node (pve-storage Storage.pm, storage_check_enabled)."""
    storage = find_storage(cluster, storageid)
    if not storage.allows(node):
        raise ApiError(500, f"storage '{storageid}' is not available on node '{node}'")
    if not storage.enabled:
        raise ApiError(500, f"storage '{storageid}' is disabled")
    return storage


def config_digest(cluster: Cluster) -> str:
    """The digest of storage.cfg, the same for all its sections."""
    sections = sorted((name, sorted(map(repr, storage.options.items()))) for name, storage in cluster.storages.items())
    return hashlib.sha1(repr(sections).encode()).hexdigest()
