# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The drives and network cards of virtual machines: reading, writing, checking and allocating them.

Follows qemu-server src/PVE/API2/Qemu.pm (check_storage_access, create_disks) and QemuServer/Drive.pm (print_drive).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from . import volumes
from .appliances import Appliance
from .errors import ApiError, not_simulated, param_error
from .guest import DISK_SLOTS, DRIVE, NET, new_mac
from .guest_options import option_format
from .property_string import split
from .sizes import GIB, KIB, MIB, format_size
from .storages import find_storage
from .volume_names import MEMBER_NAME, VolumeName, file_path, parse_name, split_volid
from .volumes import Volume

if TYPE_CHECKING:
    from .call import Call
    from .state import Cluster

Parts = dict[str, str]

NEW_DISK = re.compile(r"(?:(?P<storage>[^/:\s]+):)?(?P<size>\d+(?:\.\d+)?)")
SOURCE = "/usr/share/perl5/PVE/Storage.pm"
CLOUDINIT_SIZE = 4 * MIB
EFI_SIZE = 528 * KIB
TPM_SIZE = 4 * MIB
IMPORT_SYNTAX = "'import-from' requires special syntax - use <storage ID>:0,import-from=<source>"
NEEDED_BY_IMPORTS = {"efidisk0": ("efitype", "pre-enrolled-keys"), "tpmstate0": ("version",)}


def parse_drive(slot: str, value: Any) -> Parts:
    return split(str(value), option_format("qemu", slot))


def print_drive(parts: Mapping[str, Any]) -> str:
    others = sorted(name for name in parts if name not in ("file", "import-from"))
    return ",".join([str(parts["file"]), *(f"{name}={parts[name]}" for name in others)])


def is_cdrom(parts: Mapping[str, Any]) -> bool:
    return parts.get("media") == "cdrom"


def is_cloudinit(parts: Mapping[str, Any]) -> bool:
    return is_cdrom(parts) and bool(re.search(r"[:/]vm-\d+-cloudinit\b|:cloudinit$", parts.get("file", "")))


def complete_net(cluster: Cluster, value: Any, slot: str = "net0") -> str:
    """A network card as PVE stores it: model=address first, an address made up where none is given."""
    parts = split(str(value), option_format("qemu", slot))
    model = parts.pop("model")
    address = parts.pop("macaddr", None) or new_mac(cluster)
    return ",".join([f"{model}={address}", *(f"{name}={parts[name]}" for name in sorted(parts))])


def boot_devices(config: Mapping[str, Any]) -> list[str]:
    """The devices of boot: order=…; the letters of the legacy form name none."""
    text = str(config.get("boot", ""))
    for part in text.split(","):
        if part.startswith("order="):
            return [name for name in part.removeprefix("order=").split(";") if name]
    return []


def default_boot(config: Mapping[str, Any]) -> str:
    """First disk, first CD, first network card (QemuServer.pm, get_default_bootdevices)."""
    drives = {slot: parse_drive(slot, config[slot]) for slot in DISK_SLOTS[:-2] if slot in config}
    disk = next((slot for slot, parts in drives.items() if not is_cdrom(parts)), None)
    cdrom = next((slot for slot, parts in drives.items() if is_cdrom(parts)), None)
    net = next((f"net{n}" for n in range(32) if f"net{n}" in config), None)
    devices = [device for device in (disk, cdrom, net) if device]
    return f"order={';'.join(devices)}" if devices else " "


# --- checks before anything is done ------------------------------------------------


def check_drive(call: Call, slot: str, parts: Parts, vmid: int, default_storage: str | None) -> None:
    """Refuse what PVE refuses before a task starts: storages that are absent, names that cannot be volumes."""
    file = parts["file"]
    if "import-from" in parts:
        check_import_syntax(slot, parts)
    if file in ("none", "cdrom"):
        return
    if match := NEW_DISK.fullmatch(file):
        storageid = match["storage"] or default_storage
        if not storageid:
            raise ApiError(500, "no storage ID specified (and no default storage)")
        check_allocation(call, storageid)
        if source := parts.get("import-from"):
            check_import(call, slot, source, vmid)
    elif file.endswith(":cloudinit") or file == "cloudinit":
        check_image_storage(call, file.partition(":")[0])  # takes no right
    elif file.startswith("/"):
        check_path(call, slot, file)
    else:
        check_volume(call, slot, parts, vmid)


def check_allocation(call: Call, storageid: str) -> None:
    call.check(f"/storage/{storageid}", ["Datastore.AllocateSpace"])
    check_image_storage(call, storageid)


def check_image_storage(call: Call, storageid: str) -> None:
    storage = find_storage(call.cluster, storageid)
    if "images" not in storage.contents:
        raise param_error("storage", f"storage '{storageid}' does not support vm images")


def refuse_path(call: Call) -> None:
    """Files of the host are for root only."""
    if not call.is_root:
        raise ApiError(500, f"Only root can pass arbitrary filesystem paths. at {SOURCE} line 651.")


def check_path(call: Call, slot: str, path: str) -> None:
    refuse_path(call)
    if not path.startswith("/dev/"):
        raise param_error(slot, f"unable to associate path '{path}' to any storage")


def check_volume(call: Call, slot: str, parts: Parts, vmid: int) -> None:
    volid = parts["file"]
    storageid, name = split_volid(volid)
    parsed = parse_name(find_storage(call.cluster, storageid), name)
    check_access(call, storageid, parsed, vmid)
    if parsed.content == "iso" and not is_cdrom(parts):
        raise param_error(slot, "explicit 'media=cdrom' is required for iso images")


def check_access(call: Call, storageid: str, parsed: VolumeName, vmid: int | None) -> None:
    """pve-storage Storage.pm, check_volume_access."""
    path = f"/storage/{storageid}"
    if call.may(path, ["Datastore.Allocate"]):
        return
    if parsed.content in ("iso", "vztmpl", "import", "snippets"):
        call.check(path, ["Datastore.AllocateSpace", "Datastore.Audit"], any=True)
    elif parsed.vmid is not None and parsed.vmid == vmid:
        return
    elif parsed.content == "backup":
        call.check(path, ["Datastore.AllocateSpace"])
        call.check(f"/vms/{parsed.vmid}", ["VM.Backup"])
    else:
        call.check(path, ["Datastore.Audit"])
        call.check(f"/vms/{parsed.vmid}", ["VM.Config.Disk"])


def check_import_syntax(slot: str, parts: Parts) -> None:
    """qemu-server src/PVE/API2/Qemu.pm, check_drive_param."""
    match = NEW_DISK.fullmatch(parts["file"])
    if match is None or float(match["size"]):
        raise param_error(slot, IMPORT_SYNTAX)
    for name in NEEDED_BY_IMPORTS.get(slot, ()):
        if name not in parts:
            raise param_error(slot, f"need to specify '{name}' when using 'import-from'")


def check_import(call: Call, slot: str, source: str, vmid: int) -> None:
    """What is refused at once: the kind of a source, and the caller. Whether it exists turns out when it is copied."""
    if source.startswith("/"):
        raise ApiError(500, f"cannot import from '{source}' - no such file")
    storageid, name = split_volid(source)
    parsed = parse_name(find_storage(call.cluster, storageid), name)
    if parsed.content == "import" and parsed.format in ("ova", "ovf"):
        raise ApiError(500, f"volume '{source}' - not a QEMU image format '{parsed.format}'")
    if parsed.content not in ("images", "import"):
        raise param_error(slot, f"{source} has wrong type '{parsed.content}' - needs to be 'images' or 'import'")
    if parsed.in_archive:
        check_extraction(call, slot, source)
    if parsed.vmid is not None:  # API2/Qemu.pm, check_storage_access
        call.check(f"/vms/{parsed.vmid}", ["VM.Clone"])
    else:
        check_access(call, storageid, parsed, vmid)


def check_extraction(call: Call, slot: str, source: str) -> None:
    """A member is unpacked into a file first, for which its storage or import-working-storage has the place."""
    given = call.params.get("import-working-storage")
    storageid = given or split_volid(source)[0]
    storage = find_storage(call.cluster, storageid)
    if "images" not in storage.contents or not storage.is_directory:
        reason = f"import working storage '{storageid}' does not support 'images' content type or is not file based."
        raise param_error("import-working-storage" if given else slot, reason)
    call.check(f"/storage/{storageid}", ["Datastore.AllocateSpace"])
    archive, member = in_archive(source)
    volume = volumes.find_volume(call.cluster, archive, str(call.node))
    if volume is not None and member in (members := appliance_of(volume).members) and members[member] is None:
        raise not_simulated("reading the size of an image without the header of its format in an appliance")


def in_archive(volid: str) -> tuple[str, str]:
    """The archive and the member that the volume id of a member consists of."""
    storageid, name = split_volid(volid)
    match = MEMBER_NAME.fullmatch(name)
    assert match is not None
    return f"{storageid}:{match['archive']}", match["member"]


def appliance_of(volume: Volume) -> Appliance:
    """What is in an archive, which was uploaded: of others there is only the name."""
    if not isinstance(volume.payload, Appliance):
        raise not_simulated("looking into an appliance that was not uploaded")
    return volume.payload


# --- allocation -----------------------------------------------------------------


@dataclass
class Allocation:
    """Allocates the drives of one request; what was made can be undone when a later one fails."""

    cluster: Cluster
    node: str
    vmid: int
    default_storage: str | None = None
    log: Callable[[str], Any] = lambda line: None
    working_storage: str | None = None
    made: list[Volume] = field(default_factory=list)

    def drives(self, wanted: Mapping[str, Parts], present: Mapping[str, Any]) -> dict[str, str]:
        """The texts for the configuration, volumes allocated; nothing stays allocated after an error."""
        done: dict[str, str] = {}
        try:
            for slot in sorted(wanted):
                done[slot] = print_drive(self.drive(slot, dict(wanted[slot]), present))
        except ApiError:
            self.undo()
            raise
        return done

    def undo(self) -> None:
        for volume in self.made:
            volumes.table(self.cluster).remove(volume)
        self.made.clear()

    def drive(self, slot: str, parts: Parts, present: Mapping[str, Any]) -> Parts:
        file = parts["file"]
        if file in ("none", "cdrom"):
            parts.pop("size", None)
        elif match := NEW_DISK.fullmatch(file):
            self._new_disk(slot, parts, match["storage"] or str(self.default_storage), float(match["size"]))
        elif file.endswith(":cloudinit"):
            self._cloudinit(slot, parts, file.partition(":")[0], present)
        elif not file.startswith("/"):
            volume = volumes.existing_volume(self.cluster, file, self.node)
            parts["size"] = format_size(volume.size)
            if is_cloudinit(parts):
                del parts["size"]
        return parts

    def _new_disk(self, slot: str, parts: Parts, storageid: str, gib: float) -> None:
        image_format = parts.pop("format", None)
        source_id = parts.pop("import-from", None)
        if source_id:
            volume = self._imported(source_id, storageid, image_format)
        else:
            size = {"efidisk0": EFI_SIZE, "tpmstate0": TPM_SIZE}.get(slot, int(gib * MIB) * KIB)
            volume = volumes.allocate(self.cluster, storageid, self.node, self.vmid, size, image_format)
            self.log(formatting_line(self.cluster, volume))
        self._made(slot, parts, volume)

    def _imported(self, source_id: str, storageid: str, image_format: str | None) -> Volume:
        """A copy of an image; a member of an archive is unpacked first (API2/Qemu.pm, create_disks)."""
        source_storage, name = split_volid(source_id)
        parsed = parse_name(find_storage(self.cluster, source_storage), name)
        source = self._extracted(source_id) if parsed.in_archive else self._source(source_id, parsed)
        volume = volumes.copy_volume(self.cluster, source, storageid, self.node, self.vmid, image_format)
        volume.content, volume.system = "images", True if parsed.content == "import" else source.system
        for line in copying_lines(self.cluster, f"create full clone of drive ({source.volid})", volume):
            self.log(line)
        if parsed.in_archive:
            self.made.remove(source)
            volumes.free(self.cluster, source)
            self.log(f"cleaned up extracted image {source.volid}")
        return volume

    def _source(self, volid: str, parsed: VolumeName) -> Volume:
        source = volumes.find_volume(self.cluster, volid, self.node)
        if source is None and parsed.content == "import":
            storageid, name = split_volid(volid)
            raise ApiError(500, f"failed to stat '{file_path(find_storage(self.cluster, storageid), name)}'")
        if source is None:
            raise ApiError(500, f"cannot import from '{volid}' - could not get size of {volid}")
        return source

    def _extracted(self, volid: str) -> Volume:
        """A member as a volume of its own (pve-storage src/PVE/GuestImport.pm, extract_disk_from_import_file)."""
        self.log(f"extracting {volid}")
        archive, member = in_archive(volid)
        source_storage, name = split_volid(archive)
        storage = find_storage(self.cluster, self.working_storage or source_storage)
        directory = f"{storage.directory('images')}/{self.vmid}/tmp_{self.cluster.random.randrange(10000)}_{self.vmid}"
        packed = volumes.find_volume(self.cluster, archive, self.node)
        size = appliance_of(packed).members.get(member) if packed else None
        if size is None:
            path = file_path(find_storage(self.cluster, source_storage), name)
            command = f"tar -x --force-local --no-same-owner -C {directory} -f {path} {member}"
            raise ApiError(500, f"error during extraction: command '{command}' failed: exit code 2\n\n")
        image_format = member.rpartition(".")[2]
        volume = volumes.allocate(self.cluster, storage.storageid, self.node, self.vmid, MIB, image_format)
        self.made.append(volume)
        self.log(formatting_line(self.cluster, volume))
        self.log(f"renaming {directory}/{member} to {file_path(storage, volume.name)}")
        volume.size = size
        self.log(f"finished extracting to {volume.volid}")
        return volume

    def _cloudinit(self, slot: str, parts: Parts, storageid: str, present: Mapping[str, Any]) -> None:
        for other, value in present.items():
            if DRIVE.fullmatch(other) and other != slot and is_cloudinit(parse_drive(other, value)):
                raise ApiError(500, f"{slot} - cloud-init drive is already attached at '{other}'")
        storage = find_storage(self.cluster, storageid)
        image_format = parts.pop("format", None) or ("qcow2" if "qcow2" in storage.type.formats else "raw")
        volume = volumes.allocate(
            self.cluster, storageid, self.node, self.vmid, CLOUDINIT_SIZE, image_format, f"vm-{self.vmid}-cloudinit"
        )
        self.log(formatting_line(self.cluster, volume))
        parts["media"] = "cdrom"
        self._made(slot, parts, volume, sized=False)

    def _made(self, slot: str, parts: Parts, volume: Volume, sized: bool = True) -> None:
        self.made.append(volume)
        parts["file"] = volume.volid
        if sized:
            parts["size"] = format_size(volume.size)
        self.log(f"{slot}: successfully created disk '{print_drive(parts)}'")


def formatting_line(cluster: Cluster, volume: Volume) -> str:
    """The line of a task's log that reports of a new image (qemu-img, lvcreate)."""
    storage = find_storage(cluster, volume.storage)
    if not storage.is_directory:
        return f'  Logical volume "{volume.basename}" created.'
    path = file_path(storage, volume.name)
    if volume.format == "qcow2":
        return (
            f"Formatting '{path}', fmt=qcow2 cluster_size=65536 extended_l2=off preallocation=metadata "
            f"compression_type=zlib size={volume.size} lazy_refcounts=off refcount_bits=16"
        )
    return f"Formatting '{path}', fmt={volume.format} size={volume.size} preallocation=off"


def copying_lines(cluster: Cluster, title: str, copy: Volume) -> list[str]:
    """The lines of a task's log about a full copy (qemu-img convert)."""
    total = f"{copy.size / GIB:.1f} GiB" if copy.size >= GIB else f"{copy.size / MIB:.1f} MiB"
    progress = [f"transferred {done} of {total}" for done in ("0.0 B", total, total)]
    shares = ("0.00", "100.00", "100.00")
    lines = [f"{text} ({share}%)" for text, share in zip(progress, shares, strict=True)]
    return [title, formatting_line(cluster, copy), f"allocated target volume '{copy.volid}'", *lines]


def linking_lines(cluster: Cluster, base: Volume, clone: Volume) -> list[str]:
    """The lines of a task's log that report of a linked volume (pve-storage src/PVE/Storage/Plugin.pm, clone_image)."""
    storage = find_storage(cluster, clone.storage)
    if not storage.is_directory:
        return [f'  Logical volume "{clone.basename}" created.']
    names = f"{base.content}, {clone.basename}, {clone.vmid} to {clone.basename} (base={clone.parent})"
    preallocation = "metadata" if base.format == "qcow2" else "off"
    image = (
        f"Formatting '{file_path(storage, clone.name)}', fmt={clone.format} cluster_size=131072 extended_l2=on "
        f"preallocation={preallocation} compression_type=zlib size={clone.size} backing_file={clone.parent} "
        f"backing_fmt={base.format} lazy_refcounts=off refcount_bits=16"
    )
    return [f"clone {base.name}: {names}", image]


def wanted_drives(call: Call, settings: Mapping[str, Any], vmid: int, default_storage: str | None) -> dict[str, Parts]:
    """The drives among the given options, each checked."""
    wanted = {}
    for slot in DISK_SLOTS:
        if slot in settings:
            wanted[slot] = parse_drive(slot, settings[slot])
            check_drive(call, slot, wanted[slot], vmid, default_storage)
    return wanted


def nets_completed(cluster: Cluster, settings: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: complete_net(cluster, value, name) if NET.fullmatch(name) else value for name, value in settings.items()
    }
