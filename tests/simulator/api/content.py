# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What lies on a storage: list, look at, allocate, upload, download, delete.

Follows pve-storage src/PVE/API2/Storage/Content.pm and Status.pm (upload, download_url, oci_registry_pull).
"""

from __future__ import annotations

import hashlib
import io
import re
import tarfile
from typing import Any
from xml.etree import ElementTree

from .. import volumes
from ..appliances import NoOvf, read_appliance
from ..call import Call
from ..drives import appliance_of, check_access
from ..errors import ApiError, not_simulated, param_error
from ..guest_tasks import start_task
from ..images import read_image
from ..routing import endpoint
from ..sizes import KIB
from ..storages import Storage, find_storage, usable_storage
from ..tasks import TaskError, TaskLog
from ..volume_names import (
    IMPORT_SUFFIXES,
    ISO_SUFFIXES,
    TEMPLATE_SUFFIXES,
    VolumeName,
    file_path,
    parse_name,
)
from ..volumes import Volume

CONTENT = "/nodes/{node}/storage/{storage}/content"
VOLUME = f"{CONTENT}/{{volume}}"
SUFFIXES = {"iso": ISO_SUFFIXES, "vztmpl": TEMPLATE_SUFFIXES, "import": IMPORT_SUFFIXES}
WRONG_NAME = {"import": "invalid filename or wrong extension"}
QCOW2_MAGIC, VMDK_MAGICS = b"QFI\xfb", (b"KDMV", b"COWD", b"# Disk DescriptorFile")
RELEASE_FILES = {
    "etc/alpine-release": "alpine",
    "etc/devuan_version": "devuan",
    "etc/debian_version": "debian",
    "etc/fedora-release": "fedora",
    "etc/redhat-release": "centos",
    "etc/arch-release": "archlinux",
    "etc/gentoo-release": "gentoo",
}
SECTOR = 512  # what qemu-img rounds the size of a plain file up to
DOWNLOAD_SIZE = 64 * 1024 * KIB  # nothing is fetched: downloads are images of this size


@endpoint("GET", CONTENT, ordered=True)
def list_content(call: Call) -> Any:
    params, node = call.params, str(call.node)
    storage = usable_storage(call.cluster, params["storage"], node)
    place, vmid = volumes.place_of(storage, node), params.get("vmid")
    table = volumes.table(call.cluster)
    found = table.at(place) if vmid is None else table.owned(place, vmid)
    rows = [row(call, volume) for volume in found if readable(call, volume)]
    shown = storage.contents | {"rootdir", "images"}
    if "content" in params:
        shown &= {params["content"]}
    return sorted((item for item in rows if item["content"] in shown), key=lambda item: str(item["volid"]))


def readable(call: Call, volume: Volume) -> bool:
    if call.is_root:
        return True
    try:
        check_access(call, volume.storage, VolumeName(volume.content, volume.format, volume.vmid), None)
    except ApiError:
        return False
    return True


def row(call: Call, volume: Volume) -> dict[str, Any]:
    item: dict[str, Any] = {"volid": volume.volid, "content": volume.content, "format": volume.format}
    item |= {"size": volume.size, "ctime": volume.ctime}
    if volume.vmid is not None:
        item["vmid"] = volume.vmid
    if volume.content in ("images", "rootdir"):
        owner = call.cluster.guests.get(volume.vmid or 0)
        item |= {"used": volume.used, "parent": volume.parent}
        item["content"] = "rootdir" if owner is not None and owner.kind == "lxc" else "images"
    if volume.content == "backup":
        item["subtype"] = "lxc" if "vzdump-lxc" in volume.name or "/ct/" in volume.name else "qemu"
        if volume.notes:
            item["notes"] = volume.notes.split("\n")[0]
        if volume.protected:
            item["protected"] = 1
    return item


def named(call: Call) -> tuple[Storage, str]:
    """The storage and the name of the volume in the path, which may leave the storage out."""
    storageid, volume = call.params["storage"], call.params["volume"]
    head, colon, name = volume.partition(":")
    if colon:
        if head != storageid:
            raise param_error("storage", f"storage ID missmatch ({storageid} != {head})")
    else:
        name = volume
    return find_storage(call.cluster, storageid), name


def accessible(call: Call) -> tuple[Storage, str]:
    """The storage and the volume in the path, which the caller may read."""
    storage, name = named(call)
    check_access(call, storage.storageid, parse_name(storage, name), None)
    return storage, name


@endpoint("GET", VOLUME)
def get_volume(call: Call) -> Any:
    storage, name = accessible(call)
    usable_storage(call.cluster, storage.storageid, str(call.node))
    volume = volumes.table(call.cluster).get(volumes.place_of(storage, str(call.node)), name)
    if volume is None:
        raise ApiError(500, f"volume_size_info on '{storage.storageid}:{name}' failed - no format")
    if not volume.size:
        raise ApiError(500, f"volume '{storage.storageid}:{name}' has size zero")
    is_image = volume.content in ("images", "rootdir")
    answer: dict[str, Any] = {
        "path": file_path(storage, name),
        "size": volume.size if is_image else -(-volume.size // SECTOR) * SECTOR,
        "used": volume.used,
        "format": volume.format if is_image else "raw",
    }
    if volume.content == "backup":
        answer |= {"notes": volume.notes, "protected": int(volume.protected)}
    return answer


@endpoint("PUT", VOLUME)
def update_volume(call: Call) -> Any:
    """Notes and protection of a backup; PVE does not mind when there is no such backup."""
    storage, name = accessible(call)
    if not (call.given("notes") or call.given("protected")):
        return None
    if parse_name(storage, name).content != "backup":
        raise ApiError(500, "only backups can have notes")
    if call.given("protected"):
        call.check(f"/storage/{storage.storageid}", ["Datastore.Allocate", "Datastore.AllocateSpace"], any=True)
    volume = volumes.table(call.cluster).get(volumes.place_of(storage, str(call.node)), name)
    if volume is not None:
        volume.notes = call.params.get("notes", volume.notes)
        volume.protected = bool(call.params.get("protected", volume.protected))
    return None


@endpoint("POST", CONTENT)
def allocate_volume(call: Call) -> Any:
    params, node = call.params, str(call.node)
    storage = usable_storage(call.cluster, params["storage"], node)
    name, suffix = str(params["filename"]), ""
    if match := re.fullmatch(r".+\.(raw|qcow2|subvol|vmdk)", name):
        suffix = match[1]
    if suffix and params.get("format", suffix) != suffix:
        raise param_error("format", f"different storage formats ({params['format']} != {suffix})")
    size = str(params["size"])
    kib = int(size) if size.isdigit() else int(size[:-1]) * {"K": 1, "M": KIB, "G": KIB * KIB}[size[-1].upper()]
    image_format = suffix or params.get("format") or storage.default_format
    stem = name.removesuffix(f".{suffix}") if suffix else name
    volume = volumes.allocate(call.cluster, storage.storageid, node, params["vmid"], kib * KIB, image_format, stem)
    return volume.volid


@endpoint("DELETE", VOLUME)
def delete_volume(call: Call) -> Any:
    """A task; with `delay` null when it is done within that time."""
    storage, name = named(call)
    parsed = parse_name(storage, name)
    path = f"/storage/{storage.storageid}"
    if parsed.content == "backup" and not call.may(path, ["Datastore.Allocate"]):
        call.check(path, ["Datastore.AllocateSpace"])
        call.check(f"/vms/{parsed.vmid}", ["VM.Backup"])
    elif parsed.content != "backup":
        call.check(path, ["Datastore.Allocate"])
    owner = parsed.vmid if parsed.content in ("images", "backup", "rootdir") else None
    ident = f"{owner}@{storage.storageid}" if owner is not None else storage.storageid

    upid = start_task(
        call,
        "imgdel",
        ident,
        lambda log: remove(call, storage, name, log),
        duration=0.0 if call.given("delay") else 0.5,
    )
    task = call.cluster.tasks.all[upid]
    if call.given("delay") and not task.running:
        if task.exitstatus != "OK":
            raise ApiError(500, f"{task.exitstatus}")
        return None
    return upid


def remove(call: Call, storage: Storage, name: str, log: TaskLog) -> None:
    volume = volumes.table(call.cluster).get(volumes.place_of(storage, str(call.node)), name)
    if volume is None:
        log(f"disk image '{file_path(storage, name)}' does not exist")
    else:
        if volume.protected:
            raise TaskError(f"cannot remove protected volume '{name}' on '{storage.storageid}'")
        volumes.free(call.cluster, volume)
    log(f"Removed volume '{storage.storageid}:{name}'")


# --- upload and download ----------------------------------------------------------------


def plain_name(filename: str) -> str:
    """The name that a file gets (normalize_content_filename in Storage.pm)."""
    return re.sub(r"[^-a-zA-Z0-9_.]", "_", filename.rsplit("/", 1)[-1].rsplit("\\", 1)[-1])


def new_file(call: Call, node: str) -> tuple[Storage, str]:
    """The storage and the name for a file that is to come, by content type and file name."""
    storage = usable_storage(call.cluster, call.params["storage"], node)
    content, plain = call.params["content"], plain_name(str(call.params["filename"]))
    if not plain.lower().endswith(SUFFIXES[content]) or plain.lower() in SUFFIXES[content]:
        raise param_error("filename", WRONG_NAME.get(content, "wrong file extension"))
    if content not in storage.contents:
        raise ApiError(500, f"storage '{storage.storageid}' does not support '{content}' content")
    return storage, f"{content}/{plain}"


def check_checksum_options(call: Call) -> None:
    for name, other in (("checksum", "checksum-algorithm"), ("checksum-algorithm", "checksum")):
        if call.given(name) and not call.given(other):
            raise param_error(other, f"missing property required by '{name}'")


def put_file(call: Call, storage: Storage, node: str, name: str, size: int, payload: Any = None) -> None:
    content = name.partition("/")[0]
    parsed = parse_name(storage, name)
    table, place = volumes.table(call.cluster), volumes.place_of(storage, node)
    used = -(-size // (4 * KIB)) * 4 * KIB
    file = Volume(storage.storageid, place[1], name, content, parsed.format, size, int(call.cluster.now()), used=used)
    file.payload = payload
    table.add(file)


def archive_members(content: bytes) -> set[str]:
    """The names in an archive; none if it is not one."""
    try:
        with tarfile.open(fileobj=io.BytesIO(content)) as archive:
            return {name.removeprefix("./") for name in archive.getnames()}
    except (tarfile.TarError, EOFError, OSError):
        return set()


def root_file_system(content: bytes) -> str | None:
    """Which distribution the root file system in an archive is of, if that can be seen (pve-container LXC/Setup.pm)."""
    names = archive_members(content)
    return next((ostype for name, ostype in RELEASE_FILES.items() if name in names), None)


def read_content(name: str, source: str, content: bytes) -> Any:
    """What is kept of an uploaded file: the distribution of a template, what is in an appliance or on a CD-ROM."""
    if name.startswith("vztmpl/"):
        return root_file_system(content)
    if name.startswith("import/"):
        return read_import(name, source, content)
    if name.startswith("iso/"):
        return read_image(content)
    return None


def read_import(name: str, source: str, content: bytes) -> Any:
    """Images and archives for import have to be what their names say; returns what is in an appliance."""
    refused = f"qemu-img: Could not open '{source}': "
    if name.endswith(".qcow2") and not content.startswith(QCOW2_MAGIC):
        raise TaskError(f"{refused}Image is not in qcow2 format")
    if name.endswith(".vmdk") and not content.startswith(VMDK_MAGICS):
        raise TaskError(f"{refused}invalid VMDK image descriptor")
    if not name.endswith(".ova"):
        return None
    try:
        return read_appliance(content)
    except NoOvf:
        raise TaskError("ova archive has no .ovf file inside") from None


@endpoint("POST", "/nodes/{node}/storage/{storage}/upload")
def upload(call: Call) -> Any:
    check_checksum_options(call)
    node, sent = str(call.node), call.upload
    storage, name = new_file(call, node)
    if sent is None:
        raise ApiError(500, "missing temporary upload file")
    size = len(sent.content)
    expected = str(call.params["checksum"]).lower() if call.given("checksum") else None
    actual = hashlib.new(call.params.get("checksum-algorithm", "sha256"), sent.content).hexdigest()
    source, target = f"/var/tmp/pveupload-{call.cluster.hexadecimal(32)}", file_path(storage, name)

    def copy(log: TaskLog) -> None:
        log(f"starting file import from: {source}")
        if expected is not None and actual != expected:
            log("calculating checksum...")
            raise TaskError(f"checksum mismatch: got '{actual}' != expect '{expected}'")
        if expected is not None:
            log("calculating checksum...OK, checksum verified")
        payload = read_content(name, source, sent.content)
        log(f"target node: {node}\ntarget file: {target}\nfile size is: {size}")
        log(f"command: cp -- {source} {target}\nfinished file import successfully")
        put_file(call, storage, node, name, size, payload)

    local = call.cluster.local_node  # the node that receives the request runs the task
    call.params["node"] = local
    return start_task(call, "imgcopy", "", copy)


@endpoint("POST", "/nodes/{node}/storage/{storage}/download-url")
def download(call: Call) -> Any:
    """Nothing is fetched: an image of a fixed size appears, except for hosts under .invalid, which fail."""
    check_checksum_options(call)
    node, url = str(call.node), str(call.params["url"])
    storage, name = new_file(call, node)

    def fetch(log: TaskLog) -> None:
        target = file_path(storage, name)
        log(f"downloading {url} to {target}")
        if re.match(r"https?://[^/]*\.invalid(?:[:/]|$)", url):
            raise TaskError("download failed: unable to resolve host address")
        put_file(call, storage, node, name, DOWNLOAD_SIZE)
        log(f"download of '{url}' to '{target}' finished")

    return start_task(call, "download", name.partition("/")[2], fetch, duration=3.0)


@endpoint("POST", "/nodes/{node}/storage/{storage}/oci-registry-pull")
def pull_image(call: Call) -> Any:
    """Nothing is fetched, as with downloads (oci_registry_pull in Status.pm)."""
    node, reference = str(call.node), str(call.params["reference"])
    storage = usable_storage(call.cluster, call.params["storage"], node)
    if not storage.is_directory:
        raise ApiError(500, f"can't upload to storage type '{storage.kind}', not a file based storage!")
    if "vztmpl" not in storage.contents:
        raise ApiError(500, f"storage '{storage.storageid}' is not configured for content-type 'vztmpl'")
    filename = f"{plain_name(str(call.params.get('filename', reference)))}.tar"
    name = f"vztmpl/{filename}"
    if volumes.table(call.cluster).get(volumes.place_of(storage, node), name) is not None:
        raise ApiError(500, f"refusing to override existing file '{filename}'")

    def pull(log: TaskLog) -> None:
        check_registry(reference, log)
        put_file(call, storage, node, name, DOWNLOAD_SIZE)

    return start_task(call, "ociregistrypull", filename, pull, duration=3.0)


def check_registry(reference: str, log: TaskLog) -> None:
    """There are no registries under .invalid."""
    if re.match(r"[^/]*\.invalid(?::\d+)?/", reference):
        log(f'level=fatal msg="pinging container registry {reference.partition("/")[0]}: no such host"')
        raise TaskError(f"command 'skopeo copy docker://{reference}' failed: exit code 1")


@endpoint("GET", "/nodes/{node}/query-oci-repo-tags", ordered=True)
def list_image_tags(call: Call) -> Any:
    """No registry is asked: all repositories have the same tags."""
    if re.match(r"[^/]*\.invalid(?::\d+)?/", str(call.params["reference"])):
        raise ApiError(500, "command 'skopeo list-tags' failed: exit code 1")
    return ["1.28", "1.29", "latest"]


@endpoint("GET", "/nodes/{node}/storage/{storage}/import-metadata")
def import_metadata(call: Call) -> Any:
    storage, name = usable_storage(call.cluster, call.params["storage"], str(call.node)), str(call.params["volume"])
    if "import" not in storage.type.contents:
        raise ApiError(500, f"storage type '{storage.kind}' does not support import")
    if not storage.is_directory:
        raise not_simulated("reading the metadata of a guest on another hypervisor")
    parsed = parse_name(storage, name)
    check_access(call, storage.storageid, parsed, None)
    if parsed.content != "import":
        raise ApiError(500, f"invalid content type '{parsed.content}'")
    if parsed.format not in ("ova", "ovf"):
        raise ApiError(500, "invalid format")
    volume = volumes.table(call.cluster).get(volumes.place_of(storage, str(call.node)), name)
    if volume is None:
        command = f"tar -xO --wildcards --occurrence=1 -f {file_path(storage, name)} '*.ovf'"
        raise ApiError(500, f"command '{command}' failed: exit code 2")
    try:
        return appliance_of(volume).metadata(storage.storageid, name)
    except ElementTree.ParseError as error:
        raise ApiError(500, str(error)) from None


@endpoint("GET", "/nodes/{node}/storage/{storage}/file-restore/list")
def list_files_in_backup(call: Call) -> Any:
    storage = usable_storage(call.cluster, call.params["storage"], str(call.node))
    name = str(call.params["volume"]).removeprefix(f"{storage.storageid}:")
    parse_name(storage, name)
    raise ApiError(500, "Only PBS storages supported for file-restore.")
