# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files on a storage: ISO images, container templates and images to import; uploaded, downloaded or deleted."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from ...api.connection import task_arguments
from ...model.contract import NODE_KEY, STATES, Reader, Resource, State, Wish
from ...model.errors import InvalidOption, Refused
from ...model.given import TO_MAKE, Use
from ...model.plan import Plan, Step, Upload, api_path, whole_part
from .appliance import is_file_name, newest_template
from .oci import SUFFIX, check_reference, file_of, require_oci

SOURCES = ("src", "url", "template", "reference")
TEMPLATE_SOURCES = ("template", "reference")
# PVE/Storage.pm: the endings of file names that uploads and downloads accept
SUFFIXES = {
    "iso": (".iso", ".img"),
    "vztmpl": (".tar.gz", ".tar.xz", ".tar.zst", ".tar.bz2"),
    "import": (".ova", ".ovf", ".qcow2", ".raw", ".vmdk"),
}
COMPRESSIONS = {"gz": ".gz", "lzo": ".lzo", "zst": ".zst", "bz2": ".bz2"}  # with the ending that it gives a file
ALGORITHMS = ("md5", "sha1", "sha224", "sha256", "sha384", "sha512")
LONGEST_NAME = 255
_NAME = re.compile(r"[-A-Za-z0-9_.]+")  # PVE replaces every other character


class StorageContent(Resource[Wish, State | None]):
    """See the module pve_storage_content."""

    name = "file"
    hides_values = True

    def arguments(self) -> dict[str, Any]:
        spec = {
            **NODE_KEY,
            "storage": {"type": "str", "required": True},
            "content": {"type": "str", "choices": [*SUFFIXES, "snippets"]},
            "filename": {"type": "str"},
            "src": {"type": "path"},
            "url": {"type": "str"},
            "template": {"type": "str"},
            "reference": {"type": "str"},
            "checksum": {"type": "str"},
            "checksum_algorithm": {"type": "str", "choices": list(ALGORITHMS)},
            "compression": {"type": "str", "choices": list(COMPRESSIONS)},
            "verify_certificates": {"type": "bool"},
            "force": {"type": "bool", "default": False},
            "state": dict(STATES),
            **task_arguments(),
        }
        spec["timeout"] = {"type": "int", "default": 7200}
        rules = {"mutually_exclusive": [list(SOURCES)], "required_together": [["checksum", "checksum_algorithm"]]}
        return {"argument_spec": spec, **rules}

    def uses(self) -> dict[str, Use]:
        return dict.fromkeys(("checksum", "checksum_algorithm", "verify_certificates", "force"), TO_MAKE)

    def secret_values(self, params: Mapping[str, Any]) -> set[str]:
        """The password in the URL."""
        password = _parts(params.get("url") or "").password
        return {password} if password else set()

    def wish(self, params: Mapping[str, Any]) -> Wish:
        _check_combination(params)
        wish = {
            name: params[name] for name in ("node", "storage", "state", "force", "compression", "verify_certificates")
        }
        wish.update({name: params[name] for name in (*SOURCES, "checksum", "checksum_algorithm")})
        wish.update(content=_content(params), filename=_filename(params))
        if wish["filename"] or not params["template"]:
            _check_name(wish["filename"], wish["content"], params)
        if params["src"] and params["state"] == "present":
            wish["size"] = _size_of(params["src"])
        wish["path"] = api_path("nodes", params["node"], "storage", params["storage"])
        return wish

    def read(self, reader: Reader, wish: Wish) -> State | None:
        if not wish["filename"]:
            wish["filename"] = newest_template(reader, wish["node"], wish["template"])
        wish["volid"] = f"{wish['storage']}:{wish['content']}/{wish['filename']}"
        rows = reader.get(f"{wish['path']}/content", {"content": wish["content"]}) or []
        row = next((row for row in rows if row.get("volid") == wish["volid"]), None)
        if row is None and wish["state"] == "present":
            _check_storage(wish, reader.get(f"{wish['path']}/status"))
            if wish["reference"]:
                require_oci(reader)
        return None if row is None else _shown(wish, row)

    def plan(self, current: State | None, wish: Wish) -> Plan:
        if wish["state"] == "absent":
            return self._plan_absent(current, wish)
        if current is not None and (not wish["src"] or current.get("size") == wish["size"]):
            return Plan.nothing(current)
        if current is not None and not wish["force"]:
            raise Refused(
                f"{wish['volid']} has {current.get('size')} bytes, but {wish['src']} has {wish['size']}.",
                hint="force: true replaces it.",
            )
        if not any(wish[source] for source in SOURCES):
            raise InvalidOption(
                "src", f"there is no {wish['volid']}: src, url, template or reference says where it comes from"
            )
        after = {"volid": wish["volid"], **{name: wish[name] for name in ("node", "storage", "content", "filename")}}
        if wish["src"]:
            return Plan(current, {**after, "size": wish["size"]}, (self._upload_step(current, wish),))
        return Plan(None, after, (self._download_step(wish),))

    @staticmethod
    def _plan_absent(current: State | None, wish: Wish) -> Plan:
        if current is None:
            return Plan.nothing(None)
        path = f"{wish['path']}/content{whole_part(wish['volid'])}"
        step = Step("DELETE", path, {}, f"delete {wish['volid']}", task=True, guest=wish["storage"])
        return Plan(current, None, (step,))

    @staticmethod
    def _upload_step(current: State | None, wish: Wish) -> Step:
        """Not repeated after a lost connection: its task, which has no id, may still be copying the file. It is looked for."""
        verb = "upload" if current is None else "replace"
        why = f"{verb} {wish['volid']} by {wish['src']} ({wish['size']} bytes)"
        upload = Upload(wish["src"], wish["filename"], wish["size"])
        return Step("POST", f"{wish['path']}/upload", _file_params(wish), why, upload=upload, repeatable=False)

    @staticmethod
    def _download_step(wish: Wish) -> Step:
        why = f"download {wish['volid']}"
        if wish["template"]:
            path = api_path("nodes", wish["node"], "aplinfo")
            params = {"storage": wish["storage"], "template": wish["filename"]}
            return Step("POST", path, params, why, task=True, guest=wish["filename"])
        if wish["reference"]:  # PVE adds the ending to the name that is given
            params = {"reference": wish["reference"], "filename": wish["filename"].removesuffix(SUFFIX)}
            return Step("POST", f"{wish['path']}/oci-registry-pull", params, why, task=True, guest=wish["filename"])
        params = {
            **_file_params(wish),
            "filename": wish["filename"],
            "url": wish["url"],
            "compression": wish["compression"],
            "verify-certificates": wish["verify_certificates"],
        }
        given = {name: value for name, value in params.items() if value is not None}
        return Step("POST", f"{wish['path']}/download-url", given, why, task=True, guest=wish["filename"])


STORAGE_CONTENT = StorageContent()


def _parts(url: str) -> Any:
    try:
        return urlsplit(url)
    except ValueError as error:
        raise InvalidOption("url", f"{url!r} is not a URL: {error}") from None


def _check_combination(params: Mapping[str, Any]) -> None:
    """Options that would have no effect, or not the one that is meant, are errors."""
    for option, sources in (
        ("checksum", ("src", "url")),
        ("compression", ("url",)),
        ("verify_certificates", ("url",)),
        ("force", ("src",)),
    ):
        given = params[option] not in (None, False) or (option == "verify_certificates" and params[option] is False)
        if given and not any(params[source] for source in sources):
            raise InvalidOption(option, f"belongs to {' or '.join(sources)}")
    if params["template"] is not None and params["filename"] is not None:
        raise InvalidOption("filename", "cannot be chosen with template: it is that of the template")
    if params["reference"] is not None:
        check_reference(params["reference"])
    if params["url"] is not None and _parts(params["url"]).scheme not in ("http", "https"):
        raise InvalidOption("url", "must begin with http:// or https://")
    if params["content"] == "snippets" and any(params[source] for source in SOURCES):
        raise InvalidOption("content", "PVE has no call that uploads or downloads snippets; they can only be deleted")


def _content(params: Mapping[str, Any]) -> str:
    content = params["content"]
    for source in TEMPLATE_SOURCES:
        if params[source] is not None:
            if content not in (None, "vztmpl"):
                raise InvalidOption("content", f"is vztmpl with {source}, not {content}")
            return "vztmpl"
    if content is None:
        raise InvalidOption("content", f"is missing: one of {', '.join(SUFFIXES)} and snippets")
    return str(content)


def _filename(params: Mapping[str, Any]) -> str:
    """The name on the storage; empty if only the server can tell which template is meant."""
    if params["filename"] is not None:
        return str(params["filename"])
    if params["template"] is not None:
        if is_file_name(params["template"]):
            return str(params["template"])
        if params["state"] == "absent":
            raise InvalidOption("template", "must be the full name of a file with state: absent, as PVE lists it")
        return ""
    if params["reference"] is not None:
        return file_of(params["reference"])
    if params["src"] is not None:
        return Path(params["src"]).name
    if params["url"] is not None:
        name: str = unquote(_parts(params["url"]).path).rpartition("/")[2]
        return name.removesuffix(COMPRESSIONS.get(params["compression"], ""))
    raise InvalidOption("filename", "is missing: the name of the file on the storage")


def _check_name(filename: str, content: str, params: Mapping[str, Any]) -> None:
    option = next((name for name in ("filename", *SOURCES) if params[name] is not None), "filename")
    cure = "; choose another name by filename" if option in ("src", "url") else ""
    if not _NAME.fullmatch(filename) or filename.startswith(".") or len(filename) > LONGEST_NAME:
        raise InvalidOption(
            option, f"{filename!r} is not a file name of letters, digits, '-', '_' and '.', without a leading dot{cure}"
        )
    suffixes = (SUFFIX,) if params["reference"] is not None else SUFFIXES.get(content, ())
    if content == "vztmpl" and not any(params[source] for source in SOURCES):
        suffixes = (*suffixes, SUFFIX)  # of an image, which can be deleted by its name, too
    if suffixes and not filename.lower().endswith(suffixes):
        raise InvalidOption(option, f"{filename!r} must end with one of {', '.join(suffixes)} as {content}{cure}")


def _size_of(src: str) -> int:
    """The size of a file that can be read, in bytes."""
    try:
        with Path(src).open("rb") as file:
            size = os.fstat(file.fileno()).st_size
    except OSError as error:
        raise InvalidOption("src", f"{src} cannot be read where the module runs: {error.strerror}") from None
    if not size:
        raise InvalidOption("src", f"{src} is empty")
    return size


def _check_storage(wish: Wish, status: Mapping[str, Any]) -> None:
    """Refuse before gigabytes are sent what PVE would refuse after it."""
    contents = sorted(str(status.get("content", "")).split(","))
    if wish["content"] not in contents:
        raise InvalidOption("storage", f"{wish['storage']} takes no {wish['content']}, only {', '.join(contents)}")
    room = status.get("avail")
    if wish["src"] and room is not None and int(room) < wish["size"]:
        raise Refused(f"{wish['storage']} has room for {room} bytes only; {wish['src']} has {wish['size']}.")


def _file_params(wish: Wish) -> dict[str, Any]:
    params = {"content": wish["content"]}
    if wish["checksum"]:
        params.update({"checksum": wish["checksum"], "checksum-algorithm": wish["checksum_algorithm"]})
    return params


def _shown(wish: Wish, row: Mapping[str, Any]) -> State:
    told = {name: row[name] for name in ("format", "size", "ctime") if row.get(name) is not None}
    return {"volid": wish["volid"], **{name: wish[name] for name in ("node", "storage", "content", "filename")}, **told}
