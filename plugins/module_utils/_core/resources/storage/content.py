# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files on a storage: ISO images, container templates and images to import; uploaded, downloaded or deleted."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from ...api.connection import task_arguments
from ...model.contract import NODE_KEY, STATES, Desired, Reader, Resource, State, StateOrNone
from ...model.errors import InvalidOption, Refused
from ...model.given import TO_MAKE, Use
from ...model.plan import Plan, Step, Upload, api_path, whole_part
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
LONGEST_NAME = 255
_NAME = re.compile(r"[-A-Za-z0-9_.]+")  # PVE replaces every other character


class StorageContent(Resource[Desired, StateOrNone]):
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
        return url_passwords(params.get("url") or "")

    def parse(self, params: Mapping[str, Any]) -> Desired:
        _check_combination(params)
        desired = {name: params[name] for name in ("node", "storage", "state", "force", "verify_certificates")}
        desired.update({name: params[name] for name in (*SOURCES, "checksum", "checksum_algorithm")})
        content = _content(params)
        suffixes = () if content == "vztmpl" else SUFFIXES.get(content, ())  # templates are kept as they are
        desired["packed"] = of_upload(Path(params["src"]).name, suffixes) if params["src"] else ""
        desired["compression"] = params["compression"]
        if params["url"] and params["compression"] is None:
            desired["compression"] = of_download(_name_in(params["url"]), suffixes)
        desired.update(content=content, filename=_filename(params, desired))
        if desired["filename"] or not params["template"]:
            _check_name(desired["filename"], desired["content"], params)
        if params["src"] and params["state"] == "present":
            desired["size"] = uploaded_size(params["src"], desired["packed"])
        desired["path"] = api_path("nodes", params["node"], "storage", params["storage"])
        return desired

    def read(self, reader: Reader, desired: Desired) -> State | None:
        if not desired["filename"]:
            desired["filename"] = newest_template(reader, desired["node"], desired["template"])
        desired["volid"] = f"{desired['storage']}:{desired['content']}/{desired['filename']}"
        rows = reader.get(f"{desired['path']}/content", {"content": desired["content"]}) or []
        row = next((row for row in rows if row.get("volid") == desired["volid"]), None)
        if row is None and desired["state"] == "present":
            _check_storage(desired, reader.get(f"{desired['path']}/status"))
            if desired["reference"]:
                require_oci(reader)
            elif desired["content"] == "vztmpl" and desired["filename"].lower().endswith(SUFFIX):
                require_tar(reader)
        return None if row is None else _shown(desired, row)

    def plan(self, observed: State | None, desired: Desired) -> Plan:
        if desired["state"] == "absent":
            return self._plan_absent(observed, desired)
        if observed is not None and (not desired["src"] or observed.get("size") == desired["size"]):
            return Plan.nothing(observed)
        if observed is not None and not desired["force"]:
            raise Refused(
                f"{desired['volid']} has {observed.get('size')} bytes, but {desired['src']} has {desired['size']}.",
                hint="force: true replaces it.",
            )
        if not any(desired[source] for source in SOURCES):
            raise InvalidOption(
                "src", f"there is no {desired['volid']}: src, url, template or reference says where it comes from"
            )
        after = {
            "volid": desired["volid"],
            **{name: desired[name] for name in ("node", "storage", "content", "filename")},
        }
        if desired["src"]:
            return Plan(observed, {**after, "size": desired["size"]}, (self._upload_step(observed, desired),))
        return Plan(None, after, (self._download_step(desired),))

    @staticmethod
    def _plan_absent(current: State | None, desired: Desired) -> Plan:
        if current is None:
            return Plan.nothing(None)
        path = f"{desired['path']}/content{whole_part(desired['volid'])}"
        step = Step("DELETE", path, {}, f"delete {desired['volid']}", starts_task=True, task_id=desired["storage"])
        return Plan(current, None, (step,))

    @staticmethod
    def _upload_step(current: State | None, desired: Desired) -> Step:
        """Not repeated after a lost connection: its task, which has no id, may still be copying the file. It is looked for."""
        verb = "upload" if current is None else "replace"
        summary = f"{verb} {desired['volid']} by {desired['src']} ({desired['size']} bytes)"
        upload = Upload(desired["src"], desired["filename"], desired["size"], desired["packed"])
        return Step(
            "POST",
            f"{desired['path']}/upload",
            _file_params(desired),
            summary,
            upload=upload,
            repeatable=False,
            evident=True,
        )

    @staticmethod
    def _download_step(desired: Desired) -> Step:
        summary = f"download {desired['volid']}"
        if desired["template"]:
            path = api_path("nodes", desired["node"], "aplinfo")
            params = {"storage": desired["storage"], "template": desired["filename"]}
            return Step("POST", path, params, summary, starts_task=True, task_id=desired["filename"])
        if desired["reference"]:  # PVE adds the ending to the name that is given
            params = {"reference": desired["reference"], "filename": desired["filename"].removesuffix(SUFFIX)}
            return Step(
                "POST",
                f"{desired['path']}/oci-registry-pull",
                params,
                summary,
                starts_task=True,
                task_id=desired["filename"],
            )
        params = {
            **_file_params(desired),
            "filename": desired["filename"],
            "url": desired["url"],
            "compression": desired["compression"],
            "verify-certificates": desired["verify_certificates"],
        }
        given = {name: value for name, value in params.items() if value is not None}
        return Step(
            "POST", f"{desired['path']}/download-url", given, summary, starts_task=True, task_id=desired["filename"]
        )


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


def _filename(params: Mapping[str, Any], desired: Desired) -> str:
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
        return without_ending(Path(params["src"]).name, desired["packed"])
    if params["url"] is not None:
        name, ending = _name_in(params["url"]), COMPRESSIONS.get(desired["compression"] or "", "")
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


def _check_storage(desired: Desired, status: Mapping[str, Any]) -> None:
    """Refuse before gigabytes are sent what PVE would refuse after it."""
    contents = sorted(str(status.get("content", "")).split(","))
    if desired["content"] not in contents:
        raise InvalidOption(
            "storage", f"{desired['storage']} takes no {desired['content']}, only {', '.join(contents)}"
        )
    free_places = status.get("avail")
    if desired["src"] and free_places is not None and int(free_places) < desired["size"]:
        raise Refused(
            f"{desired['storage']} has room for {free_places} bytes only; {desired['src']} has {desired['size']}."
        )


def _file_params(desired: Desired) -> dict[str, Any]:
    """The form fields of an upload, in the only order that PVE reads them in."""
    params = {"content": desired["content"]}
    if desired["checksum"]:
        params.update({"checksum-algorithm": desired["checksum_algorithm"], "checksum": desired["checksum"]})
    return params


def _shown(desired: Desired, row: Mapping[str, Any]) -> State:
    told = {name: row[name] for name in ("format", "size", "ctime") if row.get(name) is not None}
    return {
        "volid": desired["volid"],
        **{name: desired[name] for name in ("node", "storage", "content", "filename")},
        **told,
    }
