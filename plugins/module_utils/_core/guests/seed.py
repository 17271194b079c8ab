# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Data for cloud-init or Ignition as an image of a CD-ROM of its own, which takes neither snippets nor access to the node.

The name of the image has the id of the machine and a digest of the data, so that an equal image is never uploaded again.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import io
import json
import re
from collections.abc import Iterator, Mapping
from types import NoneType
from typing import Any

from ..model.errors import InvalidOption
from ..model.plan import Step, Upload, api_path, whole_part

DATA = ("user_data", "meta_data", "network_config", "vendor_data", "ignition")
OPTION: Mapping[str, Any] = {
    "type": "dict",
    "options": {
        **{name: {"type": "raw"} for name in DATA},
        "storage": {"type": "str"},
        "slot": {"type": "str"},
    },
}
DEFAULT_STORAGE, DEFAULT_SLOT = "local", "ide2"
LARGEST = 16 * 1024 * 1024  # bytes of all data
_SLOT = re.compile(r"(?:ide[0-3]|sata[0-5]|scsi(?:[0-9]|[12][0-9]|30))")
_IMAGE = re.compile(r"([A-Za-z][\w.-]*):iso/vm-(\d+)-seed-[0-9a-f]{16}\.iso")
# cloudinit/sources/DataSourceNoCloud.py and DataSourceConfigDrive.py: labels, and the names of the files
NOCLOUD, CONFIG_DRIVE = "cidata", "config-2"
_PATHS: Mapping[str, Mapping[str, str]] = {
    NOCLOUD: {
        "user_data": "user-data",
        "meta_data": "meta-data",
        "network_config": "network-config",
        "vendor_data": "vendor-data",
    },
    CONFIG_DRIVE: {
        "user_data": "openstack/latest/user_data",
        "meta_data": "openstack/latest/meta_data.json",
        "network_config": "openstack/latest/network_data.json",
        "vendor_data": "openstack/latest/vendor_data.json",
    },
}


@dataclasses.dataclass(frozen=True)
class Seed:
    """The data of a task: the files of the image by their paths, the label that it has, and where it is attached."""

    label: str
    files: Mapping[str, bytes]
    storage: str
    slot: str

    @classmethod
    def parse(cls, given: Mapping[str, Any] | None, citype: Any) -> Seed | None:
        """From the option; None where it is not given. InvalidOption if it cannot be meant, or no image can be built."""
        if given is None:
            return None
        storage, slot = given.get("storage") or DEFAULT_STORAGE, given.get("slot") or DEFAULT_SLOT
        if given["ignition"] is not None and given["user_data"] is not None:
            raise InvalidOption("seed", "ignition takes the place of user_data; give one of them")
        if all(given[name] is None for name in DATA):
            raise InvalidOption("seed", f"has no data; give at least one of {', '.join(DATA)}")
        if not _SLOT.fullmatch(slot):
            raise InvalidOption("seed", f"slot: {slot!r} is not a slot for a CD-ROM, such as ide2, sata0 or scsi1")
        if _library() is None:
            raise InvalidOption(
                "seed",
                "needs the Python library pycdlib where the module runs",
                hint="Install it there, for example by pip install pycdlib.",
            )
        label = CONFIG_DRIVE if citype == "configdrive2" else NOCLOUD
        files = _files(given, label)
        if sum(map(len, files.values())) > LARGEST:
            raise InvalidOption("seed", f"has more than {LARGEST // 1024**2} MiB of data")
        return cls(label, files, storage, slot)

    @property
    def digest(self) -> str:
        """A hash of the data, which images with other data differ in."""
        content = hashlib.sha256(self.label.encode())
        for path, data in sorted(self.files.items()):
            content.update(f"\0{path}\0{len(data)}\0".encode() + data)
        return content.hexdigest()[:16]

    def image(self, vmid: int) -> str:
        """The name of the image of a machine."""
        return f"vm-{vmid}-seed-{self.digest}.iso"

    def volume(self, vmid: int) -> str:
        """The volume of the image of a machine."""
        return f"{self.storage}:iso/{self.image(vmid)}"

    def drive(self, vmid: int) -> dict[str, Any]:
        """The CD-ROM drive of a machine."""
        return {"file": self.volume(vmid), "media": "cdrom"}

    def upload_step(self, node: str, vmid: int) -> Step:
        """The call that brings the image to the storage. Not repeated after a lost connection: it is looked for."""
        data = self.build()
        upload = Upload("the seed", self.image(vmid), len(data), data=data)
        path = f"{api_path('nodes', node, 'storage', self.storage)}/upload"
        summary = f"upload {self.volume(vmid)} ({', '.join(sorted(self.files))})"
        return Step("POST", path, {"content": "iso"}, summary, upload=upload, repeatable=False, evident=True)

    def build(self) -> bytes:
        """The image: ISO 9660 with Joliet and Rock Ridge names."""
        library = _library()
        if library is None:
            raise TypeError("without the library no seed is parsed")
        image, result = library.PyCdlib(), io.BytesIO()
        image.new(interchange_level=3, vol_ident=self.label, joliet=3, rock_ridge="1.09")
        for directory in _directories(self.files):
            image.add_directory(_plain(directory), rr_name=directory[-1], joliet_path="/" + "/".join(directory))
        for number, (path, data) in enumerate(sorted(self.files.items())):
            *parents, name = path.split("/")
            plain = f"{_plain(tuple(parents))}/F{number}.;1"
            image.add_fp(io.BytesIO(data), len(data), plain, rr_name=name, joliet_path=f"/{path}")
        with contextlib.closing(image):
            image.write_fp(result)
        return result.getvalue()


def _library() -> Any:
    """pycdlib, which takes a while to import and only seeds need; None if it is not installed."""
    try:
        import pycdlib
    except ImportError:
        return None
    return pycdlib


def _directories(files: Mapping[str, bytes]) -> list[tuple[str, ...]]:
    """The directories of files, parents first. No two of them have the same depth."""
    parents = {tuple(path.split("/")[:depth]) for path in files for depth in range(1, path.count("/") + 1)}
    return sorted(parents, key=len)


def _plain(directory: tuple[str, ...]) -> str:
    """The path of a directory in names of ISO 9660, which have few characters."""
    return "".join(f"/D{depth}" for depth in range(len(directory)))


def _files(given: Mapping[str, Any], label: str) -> dict[str, bytes]:
    paths = _PATHS[label]
    for name in DATA:
        if not isinstance(given[name], (str, Mapping, NoneType)):
            raise InvalidOption("seed", f"{name}: must be a text or a dictionary, not {type(given[name]).__name__}")
    user = given["user_data"] if given["ignition"] is None else given["ignition"]
    values = {**{name: given[name] for name in paths}, "user_data": user}
    intro = "" if given["ignition"] is not None else "#cloud-config\n"
    texts = {
        name: _text(value, intro if name in ("user_data", "vendor_data") and not paths[name].endswith(".json") else "")
        for name, value in values.items()
        if value is not None
    }
    if "user_data" not in texts:
        texts["user_data"] = "#cloud-config\n{}\n"
    texts["meta_data"] = _with_instance(texts, values["meta_data"], label)
    return {paths[name]: text.encode() for name, text in texts.items()}


def _text(value: Any, intro: str) -> str:
    """A text as it is; a dictionary as JSON, which is YAML as well."""
    if isinstance(value, str):
        return value
    return f"{intro}{json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False)}\n"


def _with_instance(texts: Mapping[str, str], given: Any, label: str) -> str:
    """The meta data, with an id of the instance that changes with the other data, so that cloud-init runs again then."""
    if isinstance(given, str):
        return given
    content = "\0".join(f"{name}={text}" for name, text in sorted(texts.items()))
    key = "uuid" if label == CONFIG_DRIVE else "instance-id"
    digest = hashlib.sha256(content.encode()).hexdigest()
    return _text(
        {key: f"{digest[:8]}-{digest[8:12]}-{digest[12:16]}-{digest[16:20]}-{digest[20:32]}", **(given or {})}, ""
    )


def seeds_of(vmid: int, state: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The slots of a machine with images that were made for it, and these volumes."""
    for slot, held in state.items():
        found = _IMAGE.fullmatch(str(held.get("file") or "")) if isinstance(held, Mapping) else None
        if found and int(found[2]) == vmid:
            yield slot, found[0]


def delete_step(node: str, volume: str) -> Step:
    """The call that deletes an image that nothing needs any more."""
    storage = volume.partition(":")[0]
    path = f"{api_path('nodes', node, 'storage', storage)}/content{whole_part(volume)}"
    return Step("DELETE", path, {}, f"delete {volume}", starts_task=True, task_id=storage)
