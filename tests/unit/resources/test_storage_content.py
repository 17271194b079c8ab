# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.pve.automation.plugins.module_utils._core.model.errors import InvalidOption, Refused
from ansible_collections.pve.automation.plugins.module_utils._core.model.plan import Plan, Upload
from ansible_collections.pve.automation.plugins.module_utils._core.resources.storage.content import STORAGE_CONTENT
from tests.unit.resources.fake import Server, calls, options, planned

STORE = "/nodes/pve1/storage/local"
ISO = {"volid": "local:iso/a.iso", "content": "iso", "format": "iso", "size": 7, "ctime": 5}
URL = "https://u:geheim@example.org/x/a.iso?b=c.iso"


def template(package: str, version: str, architecture: str = "amd64") -> dict[str, str]:
    name = f"{package}_{version}_{architecture}.tar.zst"
    return {"template": name, "package": package, "version": version, "architecture": architecture}


OFFERS = [
    template("debian-12-standard", "12.7-1"),
    template("debian-13-standard", "13.1-9"),
    template("debian-13-standard", "13.1-10"),
    template("debian-9-standard", "9.13-1"),
    template("debian-13-turnkey-core", "18.0-1"),
    template("devuan-5-standard", "5.0"),
    template("devuan-5-standard", "5.0", "arm64"),
]


def server(*rows: dict[str, Any], takes: str = "images,iso,vztmpl,import", free_places: int = 1000) -> Server:
    return Server(
        {
            f"{STORE}/content": list(rows),
            f"{STORE}/status": {"content": takes, "avail": free_places},
            "/nodes/pve1/aplinfo": OFFERS,
        }
    )


def plan_of(present: Server, **given: Any) -> Plan:
    return planned(STORAGE_CONTENT, present, node="pve1", storage="local", **given)


@pytest.fixture
def src(tmp_path: Path) -> str:
    (tmp_path / "a.iso").write_bytes(b"1234567")
    return str(tmp_path / "a.iso")


def test_an_upload_sends_the_file_with_its_checksum(src: str) -> None:
    plan = plan_of(server(), content="iso", src=src, checksum="00", checksum_algorithm="md5")
    params = {"content": "iso", "checksum-algorithm": "md5", "checksum": "00"}
    assert calls(plan) == [("POST", f"{STORE}/upload", params)]
    assert list(plan.steps[0].params) == list(params)  # PVE reads the parts in this order only
    assert plan.steps[0].upload == Upload(src, "a.iso", 7)
    assert not plan.steps[0].repeatable
    assert plan.after == {
        "volid": "local:iso/a.iso",
        "node": "pve1",
        "storage": "local",
        "content": "iso",
        "filename": "a.iso",
        "size": 7,
    }


@pytest.mark.parametrize("given", [{"src": True}, {"src": True, "force": True}, {"url": URL}, {"filename": "a.iso"}])
def test_a_file_that_is_there_takes_one_read_and_no_call(src: str, given: dict[str, Any]) -> None:
    present = server(ISO)
    plan = plan_of(present, content="iso", **{**given, **({"src": src} if "src" in given else {})})
    assert not plan.steps
    assert plan.after == {
        "volid": "local:iso/a.iso",
        "node": "pve1",
        "storage": "local",
        "content": "iso",
        "filename": "a.iso",
        "format": "iso",
        "size": 7,
        "ctime": 5,
    }
    assert present.asked == [f"{STORE}/content"]


def test_another_size_is_replaced_by_force_only(src: str) -> None:
    present = server({**ISO, "size": 8})
    with pytest.raises(Refused, match=r"local:iso/a\.iso has 8 bytes, but .* has 7\. force: true replaces it"):
        plan_of(present, content="iso", src=src)
    plan = plan_of(present, content="iso", src=src, force=True)
    assert [step.summary.split()[0] for step in plan.steps] == ["replace"]
    assert plan.before is not None
    assert plan.before["size"] == 8


def test_what_the_storage_cannot_take_is_reported_before_it_is_sent(src: str) -> None:
    with pytest.raises(InvalidOption, match="storage: local takes no iso, only images, vztmpl"):
        plan_of(server(takes="vztmpl,images"), content="iso", src=src)
    with pytest.raises(Refused, match=r"local has room for 6 bytes only; .* has 7"):
        plan_of(server(free_places=6), content="iso", src=src)


def test_a_download_by_url() -> None:
    plan = plan_of(server(), content="iso", url=URL, verify_certificates=False)
    params = {"content": "iso", "filename": "a.iso", "url": URL, "verify-certificates": False}
    assert calls(plan) == [("POST", f"{STORE}/download-url", params)]
    assert STORAGE_CONTENT.secret_values({"url": URL}) == {"geheim"}
    assert STORAGE_CONTENT.secret_values({"url": None}) == set()


@pytest.mark.parametrize("more", [{}, {"compression": "gz"}], ids=["recognised", "given"])
def test_a_compressed_download_loses_the_ending_of_its_compression(more: dict[str, str]) -> None:
    plan = plan_of(server(), content="import", url="http://h/a%2Db.qcow2.gz", **more)
    params = {"content": "import", "filename": "a-b.qcow2", "url": "http://h/a%2Db.qcow2.gz", "compression": "gz"}
    assert calls(plan) == [("POST", f"{STORE}/download-url", params)]


@pytest.mark.parametrize(
    ("content", "url", "filename", "sent"),
    [
        ("iso", "http://h/a.ISO.ZST", None, ("a.ISO", "zst")),
        ("iso", "http://h/a.iso.lzo?b", "c.iso", ("c.iso", "lzo")),
        ("iso", "http://h/download", "c.iso", ("c.iso", None)),
        ("iso", "http://h/c.iso", None, ("c.iso", None)),
        ("vztmpl", "http://h/c.tar.gz", None, ("c.tar.gz", None)),
    ],
)
def test_a_compression_is_recognised_by_the_name(
    content: str, url: str, filename: str | None, sent: tuple[str, str | None]
) -> None:
    more = {"filename": filename} if filename else {}
    params = plan_of(server(), content=content, url=url, **more).steps[0].params
    assert (params["filename"], params.get("compression")) == sent


def test_what_the_node_cannot_unpack_is_refused_with_what_to_do() -> None:
    with pytest.raises(InvalidOption, match=r"url: PVE cannot unpack \.xz files") as refused:
        plan_of(server(), content="import", url="http://h/a.qcow2.xz")
    assert "give it as src" in str(refused.value)


def test_what_is_not_compressed_as_its_name_says(tmp_path: Path) -> None:
    (tmp_path / "a.iso.xz").write_bytes(b"1234567")
    with pytest.raises(InvalidOption, match=r"src: .*a\.iso\.xz cannot be read where the module runs: "):
        plan_of(server(), content="iso", src=str(tmp_path / "a.iso.xz"))


@pytest.mark.parametrize(
    ("pattern", "chosen"),
    [
        ("debian-13-standard", "debian-13-standard_13.1-10_amd64.tar.zst"),
        ("debian-*-standard", "debian-13-standard_13.1-10_amd64.tar.zst"),
        ("debian-12-*", "debian-12-standard_12.7-1_amd64.tar.zst"),
        ("devuan-*_amd64*", "devuan-5-standard_5.0_amd64.tar.zst"),
    ],
)
def test_the_newest_version_of_a_template(pattern: str, chosen: str) -> None:
    plan = plan_of(server(), template=pattern)
    assert calls(plan) == [("POST", "/nodes/pve1/aplinfo", {"storage": "local", "template": chosen})]
    assert plan.after is not None
    assert plan.after["volid"] == f"local:vztmpl/{chosen}"


def test_a_template_by_its_full_name_takes_one_read() -> None:
    name = OFFERS[0]["template"]
    present = server({"volid": f"local:vztmpl/{name}", "size": 3})
    assert not plan_of(present, template=name).steps
    assert present.asked == [f"{STORE}/content"]


@pytest.mark.parametrize(
    ("pattern", "says"),
    [
        ("gentoo", "no template that pve1 offers is called 'gentoo'"),
        ("debian-13-*", "means different things: debian-13-standard, debian-13-turnkey-core"),
        ("devuan-*", "means different things"),
    ],
)
def test_a_template_that_cannot_be_reported(pattern: str, says: str) -> None:
    with pytest.raises(InvalidOption, match=says):
        plan_of(server(), template=pattern)


@pytest.mark.parametrize(
    ("given", "sent"), [({}, "nginx_1.29"), ({"filename": "web.tar"}, "web"), ({"filename": "a.tar.tar"}, "a.tar")]
)
def test_an_image_is_pulled_to_a_file_whose_ending_pve_adds(given: dict[str, Any], sent: str) -> None:
    reference = "docker.io/library/nginx:1.29"
    plan = plan_of(server(), reference=reference, **given)
    assert calls(plan) == [("POST", f"{STORE}/oci-registry-pull", {"reference": reference, "filename": sent})]
    assert plan.after is not None
    assert plan.after["volid"] == f"local:vztmpl/{sent}.tar"
    assert plan.steps[0].starts_task


def test_an_image_that_is_there_takes_one_read() -> None:
    present = server({"volid": "local:vztmpl/nginx_1.29.tar", "content": "vztmpl", "size": 5})
    assert not plan_of(present, reference="nginx:1.29").steps
    assert present.asked == [f"{STORE}/content"]
    assert calls(plan_of(present, content="vztmpl", filename="nginx_1.29.tar", state="absent"))


def test_images_need_a_server_that_can_pull_them() -> None:
    old = server()
    old._release = (9, 0)
    with pytest.raises(InvalidOption, match=r"reference: needs PVE 9\.1 or newer; this server has 9\.0"):
        plan_of(old, reference="nginx:1.29")


def test_deletion() -> None:
    plan = plan_of(server(ISO), content="iso", filename="a.iso", state="absent")
    assert calls(plan) == [("DELETE", f"{STORE}/content/local:iso%2Fa.iso", {})]
    assert plan.after is None
    gone = server()
    assert not plan_of(gone, content="iso", src="/nonexistent/a.iso", state="absent").steps
    assert gone.asked == [f"{STORE}/content"]


@pytest.mark.parametrize(
    ("given", "option", "says"),
    [
        ({"content": "iso"}, "filename", "is missing"),
        ({"filename": "a.iso"}, "content", "is missing"),
        ({"content": "iso", "filename": "a b.iso"}, "filename", "letters"),
        ({"content": "iso", "filename": "../a.iso"}, "filename", "letters"),
        ({"content": "iso", "filename": "a.zip"}, "filename", r"\.iso, \.img"),
        ({"content": "iso", "filename": ""}, "filename", "letters"),
        ({"template": ""}, "template", "letters"),
        ({"content": "iso", "url": "https://h/"}, "url", "choose another name by filename"),
        ({"content": "iso", "url": "ftp://h/a.iso"}, "url", "http://"),
        ({"content": "iso", "url": "http://[h/a.iso"}, "url", "not a URL"),
        ({"content": "iso", "src": "/nonexistent/a.iso"}, "src", "cannot be read"),
        ({"content": "iso", "src": "/dev", "filename": "a.iso"}, "src", "cannot be read"),
        ({"content": "iso", "url": URL, "force": True}, "force", "belongs to src"),
        (
            {"content": "iso", "filename": "a.iso", "verify_certificates": False},
            "verify_certificates",
            "belongs to url",
        ),
        ({"template": "x", "checksum": "0", "checksum_algorithm": "md5"}, "checksum", "belongs to src or url"),
        ({"content": "iso", "template": "x"}, "content", "is vztmpl"),
        ({"filename": "x.tar.gz", "template": "x"}, "filename", "cannot be chosen"),
        ({"template": "x*", "state": "absent"}, "template", "full name"),
        ({"reference": "docker.io/library/nginx"}, "reference", "lacks its tag"),
        ({"reference": "localhost:5000/nginx"}, "reference", "lacks its tag"),
        ({"reference": "docker://docker.io/nginx:1"}, "reference", "schemes"),
        ({"reference": "Nginx:1"}, "reference", "form"),
        ({"reference": "nginx:1", "filename": "nginx.tar.gz"}, "filename", r"\.tar"),
        ({"reference": "nginx:1", "content": "iso"}, "content", "is vztmpl with reference"),
        ({"reference": "nginx:1", "force": True}, "force", "belongs to src"),
        ({"content": "snippets", "url": "http://h/a"}, "content", "only be deleted"),
    ],
)
def test_bad_input_names_the_option(given: dict[str, Any], option: str, says: str) -> None:
    with pytest.raises(InvalidOption, match=says) as error:
        STORAGE_CONTENT.parse(options(STORAGE_CONTENT, node="pve1", storage="local", **given))
    assert error.value.option == option


def test_an_empty_file_and_a_missing_source(tmp_path: Path) -> None:
    (tmp_path / "empty.iso").touch()
    with pytest.raises(InvalidOption, match="is empty"):
        plan_of(server(), content="iso", src=str(tmp_path / "empty.iso"))
    with pytest.raises(InvalidOption, match=r"src: there is no local:iso/a\.iso: src, url, template or reference"):
        plan_of(server(), content="iso", filename="a.iso")
