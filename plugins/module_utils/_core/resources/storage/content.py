# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files on a storage: ISO images, container templates and images to import; uploaded, downloaded or deleted."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from ...api.connection import task_arguments
from ...model.contract import NODE_KEY, STATES, Reader, Resource, State, StateOrNone
from ...model.errors import InvalidOption, Refused
from ...model.field import Field, Fields, hyphenated
from ...model.given import TO_MAKE, Use
from ...model.plan import Plan, Step, Upload, api_path, whole_part
from ...model.table import Table
from ...model.values import url_passwords
from .appliance import is_file_name, newest_template
from .oci import SUFFIX, check_reference, file_of, require_oci, require_tar
from .packing import COMPRESSIONS, of_download, of_upload, uploaded_size, without_ending

SOURCES = ("src", "url", "template", "reference")
TEMPLATE_SOURCES = ("template", "reference")
# PVE/Storage.pm: the endings of file names that uploads and downloads accept
SUFFIXES = {
    "iso": (".iso", ".img"),
    "vztmpl": (".tar.gz", ".tar.xz", ".tar.zst", ".tar.bz2", SUFFIX),
    "import": (".ova", ".ovf", ".qcow2", ".raw", ".vmdk"),
}
ALGORITHMS = ("md5", "sha1", "sha224", "sha256", "sha384", "sha512")
STORAGE = Field("storage", required=True)
FIELDS = Fields(
    [
        Field("content", choices=(*SUFFIXES, "snippets")),
        Field("filename"),
        Field("url"),
        Field("template"),
        Field("reference"),
        Field("checksum"),
        hyphenated("checksum_algorithm", choices=ALGORITHMS),
        Field("compression", choices=tuple(COMPRESSIONS)),
        hyphenated("verify_certificates", type="bool"),
    ]
)
LONGEST_NAME = 255
_NAME = re.compile(r"[-A-Za-z0-9_.]+")  # PVE replaces every other character


@dataclasses.dataclass(frozen=True)
class FileDesired:
    """A file on a storage as it is to be. ``filename`` is empty until it was looked up, if only the server knows the template."""

    node: str
    storage: str
    content: str
    filename: str
    state: str
    force: bool
    src: str | None
    url: str | None
    template: str | None
    reference: str | None
    checksum: str | None
    checksum_algorithm: str | None
    compression: str | None
    verify_certificates: bool | None
    packed: str  # the ending of src that is unpacked on the way; empty if none is
    size: int  # of src, unpacked

    @property
    def path(self) -> str:
        return api_path("nodes", self.node, "storage", self.storage)

    @property
    def volid(self) -> str:
        return f"{self.storage}:{self.content}/{self.filename}"

    @property
    def source(self) -> str:
        """Where the file comes from; empty if the task does not say so."""
        return self.src or self.url or self.template or self.reference or ""

    def shown(self) -> State:
        """What is known of the file without the server."""
        names = ("volid", "node", "storage", "content", "filename")
        return {name: getattr(self, name) for name in names}


@dataclasses.dataclass(frozen=True)
class FileObserved:
    """A file (None if absent), and the name of the newest template that a pattern means."""

    state: StateOrNone
    filename: str


class StorageContent(Resource[FileDesired, FileObserved]):
    """See the module pve_storage_content."""

    name = "file"
    hides_values = True

    def tables(self) -> Sequence[Table]:
        storage = "/nodes/*/storage/*"
        sources = (f"POST {storage}/upload", f"POST {storage}/download-url", f"POST {storage}/oci-registry-pull")
        calls = (*sources, "POST /nodes/*/aplinfo", f"DELETE {storage}/content/*")
        return (Table(calls, (STORAGE, *FIELDS)),)

    def arguments(self) -> dict[str, Any]:
        spec = {
            **NODE_KEY,
            STORAGE.name: STORAGE.spec(),
            **FIELDS.specs(),
            "src": {"type": "path"},
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
        return url_passwords(params.get("url") or "")

    def parse(self, params: Mapping[str, Any]) -> FileDesired:
        _check_combination(params)
        content = _content(params)
        suffixes = () if content == "vztmpl" else SUFFIXES.get(content, ())  # templates are kept as they are
        packed = of_upload(Path(params["src"]).name, suffixes) if params["src"] else ""
        compression = params["compression"]
        if params["url"] and compression is None:
            compression = of_download(_name_in(params["url"]), suffixes)
        filename = _filename(params, packed, compression)
        if filename or not params["template"]:
            _check_name(filename, content, params)
        size = uploaded_size(params["src"], packed) if params["src"] and params["state"] == "present" else 0
        given = {field.name: params[field.name] for field in dataclasses.fields(FileDesired) if field.name in params}
        found = {"content": content, "filename": filename, "compression": compression, "packed": packed, "size": size}
        return FileDesired(**{**given, **found})

    def read(self, reader: Reader, desired: FileDesired) -> FileObserved:
        if not desired.filename:
            desired = _named(desired, newest_template(reader, desired.node, desired.template or ""))
        rows = reader.get(f"{desired.path}/content", {"content": desired.content}) or []
        row = next((row for row in rows if row.get("volid") == desired.volid), None)
        if row is None and desired.state == "present":
            _check_storage(desired, reader.get(f"{desired.path}/status"))
            if desired.reference:
                require_oci(reader)
            elif desired.content == "vztmpl" and desired.filename.lower().endswith(SUFFIX):
                require_tar(reader)
        return FileObserved(None if row is None else _shown(desired, row), desired.filename)

    def remember(self, observed: FileObserved, desired: FileDesired) -> FileDesired:
        return _named(desired, observed.filename)

    def plan(self, observed: FileObserved, desired: FileDesired) -> Plan:
        current = observed.state
        if desired.state == "absent":
            return self._plan_absent(current, desired)
        if current is not None and (not desired.src or current.get("size") == desired.size):
            return Plan.nothing(current)
        if current is not None and not desired.force:
            raise Refused(
                f"{desired.volid} has {current.get('size')} bytes, but {desired.src} has {desired.size}.",
                hint="force: true replaces it.",
            )
        if not desired.source:
            raise InvalidOption(
                "src", f"there is no {desired.volid}: src, url, template or reference says where it comes from"
            )
        if desired.src:
            step = self._upload_step(current, desired, desired.src)
            return Plan(current, {**desired.shown(), "size": desired.size}, (step,))
        return Plan(None, desired.shown(), (self._download_step(desired),))

    @staticmethod
    def _plan_absent(current: State | None, desired: FileDesired) -> Plan:
        if current is None:
            return Plan.nothing(None)
        path = f"{desired.path}/content{whole_part(desired.volid)}"
        step = Step("DELETE", path, {}, f"delete {desired.volid}", starts_task=True, task_id=desired.storage)
        return Plan(current, None, (step,))

    @staticmethod
    def _upload_step(current: State | None, desired: FileDesired, src: str) -> Step:
        """Not repeated after a lost connection: its task, which has no id, may still be copying the file. It is looked for."""
        verb = "upload" if current is None else "replace"
        summary = f"{verb} {desired.volid} by {src} ({desired.size} bytes)"
        upload = Upload(src, desired.filename, desired.size, desired.packed)
        return Step(
            "POST",
            f"{desired.path}/upload",
            _file_params(desired),
            summary,
            upload=upload,
            repeatable=False,
            evident=True,
        )

    @staticmethod
    def _download_step(desired: FileDesired) -> Step:
        summary = f"download {desired.volid}"
        if desired.template:
            path = api_path("nodes", desired.node, "aplinfo")
            params = {"storage": desired.storage, "template": desired.filename}
            return Step("POST", path, params, summary, starts_task=True, task_id=desired.filename)
        if desired.reference:  # PVE adds the ending to the name that is given
            params = {"reference": desired.reference, "filename": desired.filename.removesuffix(SUFFIX)}
            return Step(
                "POST", f"{desired.path}/oci-registry-pull", params, summary, starts_task=True, task_id=desired.filename
            )
        sent = {
            **_file_params(desired),
            "filename": desired.filename,
            "url": desired.url,
            "compression": desired.compression,
            "verify-certificates": desired.verify_certificates,
        }
        given = {name: value for name, value in sent.items() if value is not None}
        return Step("POST", f"{desired.path}/download-url", given, summary, starts_task=True, task_id=desired.filename)


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


def _name_in(url: str) -> str:
    """The name of the file that a URL ends with."""
    return str(unquote(_parts(url).path).rpartition("/")[2])


def _filename(params: Mapping[str, Any], packed: str, compression: str | None) -> str:
    """The name on the storage; empty if only the server knows which template is meant."""
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
        return without_ending(Path(params["src"]).name, packed)
    if params["url"] is not None:
        name, ending = _name_in(params["url"]), COMPRESSIONS.get(compression or "", "")
        return without_ending(name, ending) if name.lower().endswith(ending) else name
    raise InvalidOption("filename", "is missing: the name of the file on the storage")


def _check_name(filename: str, content: str, params: Mapping[str, Any]) -> None:
    option = next((name for name in ("filename", *SOURCES) if params[name] is not None), "filename")
    cure = "; choose another name by filename" if option in ("src", "url") else ""
    if not _NAME.fullmatch(filename) or filename.startswith(".") or len(filename) > LONGEST_NAME:
        raise InvalidOption(
            option, f"{filename!r} is not a file name of letters, digits, '-', '_' and '.', without a leading dot{cure}"
        )
    suffixes = (SUFFIX,) if params["reference"] is not None else SUFFIXES.get(content, ())
    if suffixes and not filename.lower().endswith(suffixes):
        raise InvalidOption(option, f"{filename!r} must end with one of {', '.join(suffixes)} as {content}{cure}")


def _check_storage(desired: FileDesired, status: Mapping[str, Any]) -> None:
    """Refuse before gigabytes are sent what PVE would refuse after it."""
    contents = sorted(str(status.get("content", "")).split(","))
    if desired.content not in contents:
        raise InvalidOption("storage", f"{desired.storage} takes no {desired.content}, only {', '.join(contents)}")
    free_places = status.get("avail")
    if desired.src and free_places is not None and int(free_places) < desired.size:
        raise Refused(f"{desired.storage} has room for {free_places} bytes only; {desired.src} has {desired.size}.")


def _file_params(desired: FileDesired) -> dict[str, Any]:
    """The form fields of an upload, in the only order that PVE reads them in."""
    params: dict[str, Any] = {"content": desired.content}
    if desired.checksum:
        params.update({"checksum-algorithm": desired.checksum_algorithm, "checksum": desired.checksum})
    return params


def _shown(desired: FileDesired, row: Mapping[str, Any]) -> State:
    known = {name: row[name] for name in ("format", "size", "ctime") if row.get(name) is not None}
    return {**desired.shown(), **known}


def _named(desired: FileDesired, filename: str) -> FileDesired:
    return dataclasses.replace(desired, filename=filename)
