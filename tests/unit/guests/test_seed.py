# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images with data for cloud-init, read by an independent library (libarchive)."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest
import yaml

from ansible_collections.pve.automation.plugins.module_utils._core.guests.seed import DATA, Seed, seeds_of
from ansible_collections.pve.automation.plugins.module_utils._core.model.errors import InvalidOption

USER = {"hostname": "grün", "users": ["default"], "runcmd": [["touch", "/x"]]}


def seed(citype: str | None = None, **given: Any) -> Seed:
    parsed = Seed.parse({**dict.fromkeys(DATA), "storage": "local", "slot": "ide2", **given}, citype)
    assert parsed
    return parsed


def read(image: bytes) -> dict[str, bytes]:
    """The files on an image by their paths, as libarchive reads them."""
    try:
        import libarchive
    except (ImportError, OSError, TypeError) as error:  # it is a binding, and the library may not be there
        pytest.skip(f"libarchive: {error}")
    found = {}
    with libarchive.memory_reader(image, format_name="iso9660") as entries:
        for entry in entries:
            if entry.isfile:
                found[entry.pathname] = b"".join(entry.get_blocks())
    return found


IN_FULL: dict[str, Any] = {
    **USER,
    "users": [
        "default",
        {"name": "ops", "ssh_authorized_keys": ["ssh-ed25519 AAAA ops"], "sudo": "ALL=(ALL) NOPASSWD:ALL"},
    ],
    "packages": ["qemu-guest-agent"],
    "write_files": [{"path": "/etc/motd", "content": "a\nb\n", "permissions": "0644"}],
}


def test_cloud_init_accepts_data_from_dictionaries() -> None:
    """Held against the schema of cloud-init itself, which Debian has and PyPI has not."""
    schema = pytest.importorskip("cloudinit.config.schema", reason="cloud-init is not installed for this Python")
    whole = schema.get_schema()
    for name, given in (("user_data", IN_FULL), ("vendor_data", IN_FULL), ("meta_data", {"local-hostname": "a"})):
        data: dict[str, Any] = {name: given}
        files = seed(**data).files
        path = "vendor-data" if name == "vendor_data" else "user-data"
        assert files[path].startswith(b"#cloud-config\n")
        schema.validate_cloudconfig_schema(yaml.safe_load(files[path]), schema=whole, strict=True)
    wrong = yaml.safe_load(seed(user_data={"runcmd": "ls"}).files["user-data"])
    with pytest.raises(schema.SchemaValidationError):
        schema.validate_cloudconfig_schema(wrong, schema=whole, strict=True)


def label(image: bytes) -> str:
    """The volume identifier: ECMA-119, 8.4.7."""
    return image[0x8000 + 40 : 0x8000 + 72].decode().strip()


def test_an_image_for_nocloud() -> None:
    image = seed(user_data=USER, network_config={"version": 2}, vendor_data="#!/bin/sh\n").build()
    files = read(image)
    assert label(image) == "cidata"
    assert sorted(files) == ["meta-data", "network-config", "user-data", "vendor-data"]
    assert files["user-data"].startswith(b"#cloud-config\n")
    assert yaml.safe_load(files["user-data"]) == USER
    assert yaml.safe_load(files["network-config"]) == {"version": 2}
    assert list(yaml.safe_load(files["meta-data"])) == ["instance-id"]
    assert files["vendor-data"] == b"#!/bin/sh\n"


def test_an_image_of_a_config_drive() -> None:
    image = seed("configdrive2", user_data="#cloud-config\n{}\n", meta_data={"hostname": "web"}).build()
    files = read(image)
    assert label(image) == "config-2"
    assert sorted(files) == ["openstack/latest/meta_data.json", "openstack/latest/user_data"]
    assert json.loads(files["openstack/latest/meta_data.json"]).keys() == {"hostname", "uuid"}


def test_ignition_is_user_data_without_an_intro() -> None:
    files = read(seed("configdrive2", ignition={"ignition": {"version": "3.4.0"}}).build())
    assert json.loads(files["openstack/latest/user_data"]) == {"ignition": {"version": "3.4.0"}}


def test_texts_are_taken_as_they_are() -> None:
    files = read(seed(user_data="#!/bin/sh\necho ä\n", meta_data="instance-id: i-1\n").build())
    assert files["user-data"].decode() == "#!/bin/sh\necho ä\n"
    assert files["meta-data"] == b"instance-id: i-1\n"


def test_equal_data_have_one_name_and_other_data_another_one() -> None:
    names = [
        seed(user_data={"a": 1, "b": 2}).image(100),
        seed(user_data={"b": 2, "a": 1}).image(100),
        seed(user_data={"a": 1}).image(100),
        seed("configdrive2", user_data={"a": 1, "b": 2}).image(100),
        seed(user_data={"a": 1, "b": 2}).image(101),
    ]
    assert names[0] == names[1]
    assert len(set(names)) == 4


def test_the_instance_changes_with_the_data() -> None:
    first, second = (seed(user_data={"a": number}).files["meta-data"] for number in (1, 2))
    assert first != second


def test_only_images_of_the_machine_are_its_seeds() -> None:
    one = seed(user_data={})
    state = {"ide2": one.drive(100), "ide3": one.drive(101), "sata0": {"file": "local:iso/debian.iso"}, "name": "x"}
    assert list(seeds_of(100, state)) == [("ide2", one.volume(100))]


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({}, "seed: has no data"),
        ({"user_data": "a", "ignition": {}}, "seed: ignition takes the place of user_data"),
        ({"user_data": "a", "slot": "virtio0"}, "seed: slot: 'virtio0' is not a slot for a CD-ROM"),
        ({"user_data": [1, 2]}, "seed: user_data: must be a text or a dictionary, not list"),
        ({"meta_data": 5}, "seed: meta_data: must be a text or a dictionary, not int"),
        ({"user_data": "a" * (17 * 1024**2)}, "seed: has more than 16 MiB"),
    ],
)
def test_a_seed_that_cannot_be_meant(given: dict[str, Any], says: str) -> None:
    with pytest.raises(InvalidOption, match=says):
        seed(**given)


def test_without_the_library_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pycdlib", None)
    with pytest.raises(InvalidOption, match="seed: needs the Python library pycdlib") as refused:
        seed(user_data="a")
    assert "pip install pycdlib" in str(refused.value)
