# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the roles and playbooks do beyond the playbooks of their pages, which the molecule scenarios run."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.harness.cluster import Cluster, running_cluster
from tests.harness.mirror import mirror
from tests.harness.playbook import ROOT, Played, run_playbook

SCENARIOS = ROOT / "extensions" / "molecule"


@pytest.fixture(scope="module", autouse=True)
def images() -> Iterator[str]:
    """The server of cloud images."""
    with mirror() as address:
        MIRRORS["https://"] = address
        yield address


MIRRORS: dict[str, str] = {}


SERVER = {"PVE_HOST": "url", "PVE_FINGERPRINT": "fingerprint"}
PASSWORD = {"PVE_USER": "user", "PVE_PASSWORD": "password"}
TOKEN = {"PVE_TOKEN_ID": "token_id", "PVE_TOKEN_SECRET": "token_secret"}


def environment(cluster: Cluster, directory: Path, login: Mapping[str, str] | None = None) -> dict[str, str]:
    """The connection, as a user gives it by the environment, and a home of its own."""
    return {
        name: cluster.facts[fact] for name, fact in {**SERVER, **(PASSWORD if login is None else login)}.items()
    } | {"HOME": str(directory)}


def played(
    cluster: Cluster, directory: Path, playbook: Path, *arguments: str, login: Mapping[str, str] | None = None
) -> Played:
    variables = environment(cluster, directory, login)
    return run_playbook(
        playbook, directory, "-e", json.dumps({"vm_template_mirrors": MIRRORS}), *arguments, variables=variables
    )


def changed_tasks(ended: Played) -> int:
    return sum(int(count) for count in re.findall(r" changed=(\d+) ", ended.printed))


def play_role(cluster: Cluster, directory: Path, role: str, *arguments: str, **variables: Any) -> Played:
    """Run a role with the variables of its page, except those that are given here."""
    play = yaml.safe_load((SCENARIOS / role / "converge.yml").read_text(encoding="utf-8"))[0]
    play["roles"] = [{**play["roles"][0], **variables}]
    (directory / "role.yml").write_text(yaml.safe_dump([play]), encoding="utf-8")
    return played(cluster, directory, directory / "role.yml", *arguments)


def prepared(cluster: Cluster, directory: Path, role: str) -> None:
    """Play what the scenario of a role needs before the role."""
    playbook = SCENARIOS / role / "prepare.yml"
    if playbook.exists():
        ended = played(cluster, directory, playbook)
        assert ended.code == 0, ended.printed
        cluster.requests_made()


def included(role: str, **variables: Any) -> dict[str, Any]:
    return {
        "name": role,
        "ansible.builtin.import_role": {"name": f"pve.automation.{role}"},
        "vars": {f"{role}_{name}": value for name, value in variables.items()},
    }


def test_roles_build_on_each_other_on_an_empty_cluster(tmp_path: Path) -> None:
    """Check mode says for each role what the run will change, although nothing is there yet that the later ones need.

    A token learns less than root of what is not there, so one logs in here.
    """
    addresses = ["192.0.2.11/24", "192.0.2.12/24", "192.0.2.13/24"]
    nightly = {"id": "nightly", "schedule": "02:00", "storage": "local", "pool": "production"}
    with running_cluster("single") as cluster:
        node = cluster.call("GET", "/nodes")[0]["node"]
        image = {"name": "base", "image": "debian-13", "nodes": [node], "storage": "local"}
        tasks = [
            included("cluster_baseline", pools=[{"poolid": "production"}]),
            included("api_access", modules=["pve_vm"], paths=["/pool/production", "/storage", "/sdn/zones"]),
            included("vm_template", **image, pool="production", memory="512M"),
            included(
                "guests",
                defaults={"node": node, "pool": "production"},
                vm_defaults={"clone": "base"},
                list=[{"name": "web", "count": 3, "addresses": addresses}],
            ),
            included("backup_policy", jobs=[nightly]),
        ]
        play = {"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": tasks}
        playbook = tmp_path / "all.yml"
        playbook.write_text(yaml.safe_dump([play]), encoding="utf-8")
        changed: list[list[str]] = []
        for arguments, writes in (["--check"], False), ([], True), ([], False):
            cluster.requests_made()
            ended = played(cluster, tmp_path, playbook, *arguments, login=TOKEN)
            assert ended.code == 0, ended.printed
            assert bool(cluster.writes_made()) is writes
            changed.append(sorted({row.name.partition(" :")[0] for row in ended.rows if row.result.get("changed")}))
        assert changed[0] == changed[1]
        assert len(changed[0]) == len(tasks)
        assert changed[2] == []
        assert list(listed(cluster, "web")) == ["web1", "web2", "web3"]


# --- playbooks --------------------------------------------------------------------------------------------------------

SITE = {
    "cluster_baseline_roles": [{"roleid": "Operator", "privs": ["VM.Audit"]}],
    "cluster_baseline_groups": [{"groupid": "web-team"}],
    "cluster_baseline_acl": [{"path": "/pool/staging", "groups": ["web-team"], "roles": ["Operator"]}],
    "guests_list": [{"name": "shop", "node": "pve1", "clone": "debian-13", "memory": "1G"}],
    "guests_state": "present",
}
PLAYBOOKS: dict[str, dict[str, Any]] = {
    "bootstrap": {"api_access_modules": ["pve_guest_info"], "api_access_paths": ["/vms"]},
    "template": {
        "vm_template_name": "debian-trixie",
        "vm_template_nodes": ["pve1"],
        "vm_template_image": "debian-13",
    },
    "provision": {"guests_list": SITE["guests_list"], "guests_state": "present"},
    "site": SITE,
}


HANDED_ON = {"provision": {"guests", "vmids", "addresses"}}


def play_by_name(cluster: Cluster, directory: Path, name: str, given: dict[str, Any], *arguments: str) -> Played:
    """Run a playbook of the collection as a user does, by its full name."""
    variables = ("-e", json.dumps(given))
    return played(cluster, directory, Path(f"pve.automation.{name}"), *variables, *arguments)


@pytest.mark.parametrize("name", PLAYBOOKS)
def test_a_playbook_changes_nothing_the_second_time(cluster: Cluster, tmp_path: Path, name: str) -> None:
    first = play_by_name(cluster, tmp_path, name, PLAYBOOKS[name])
    assert first.code == 0, first.printed
    assert cluster.writes_made() != []
    again = play_by_name(cluster, tmp_path, name, PLAYBOOKS[name])
    assert again.code == 0, again.printed
    assert changed_tasks(again) == 0, again.printed
    assert cluster.writes_made() == []
    assert handed_on(again).keys() == HANDED_ON.get(name, set())


def handed_on(ended: Played) -> dict[str, Any]:
    """What a playbook returns to the workflow that it is a part of."""
    found = [row.result["ansible_stats"]["data"] for row in ended.rows if row.module == "ansible.builtin.set_stats"]
    return dict(found[-1]) if found else {}


def test_drift_is_reported_and_nothing_is_changed(cluster: Cluster, tmp_path: Path) -> None:
    report = tmp_path / "drift.md"
    given = {**SITE, "drift_report": str(report)}
    found = play_by_name(cluster, tmp_path, "drift", given)
    assert found.code
    assert "4 differences: roles Operator (create role Operator), groups web-team" in found.printed
    assert "| acl | /pool/staging | depends on an entry above |" in report.read_text(encoding="utf-8")
    assert play_by_name(cluster, tmp_path, "drift", {**given, "drift_fail": False}).code == 0
    assert cluster.writes_made() == []
    assert play_by_name(cluster, tmp_path, "site", SITE).code == 0
    none = play_by_name(cluster, tmp_path, "drift", given)
    assert none.code == 0, none.printed
    assert "0 differences" in none.printed


@pytest.mark.parametrize(
    ("name", "option"),
    [
        ("bootstrap", "api_access_secret_file"),
        ("rotate_tokens", "token_rotation_secret_file"),
        ("restore_test", "backup_policy_restore_report"),
        ("drift", "drift_report"),
        ("awx_setup", "awx_setup_file"),
    ],
)
def test_a_playbook_writes_no_file_into_the_collection(
    cluster: Cluster, tmp_path: Path, name: str, option: str
) -> None:
    refused = play_by_name(cluster, tmp_path, name, {option: "written.yml"})
    assert refused.code
    assert f"{option} is written.yml; give its whole path" in " ".join(refused.printed.split())
    assert not list((ROOT / "playbooks").glob("written*"))
    assert cluster.requests_made() == []


# --- api_access -------------------------------------------------------------------------------------------------------


def test_api_access_refuses_to_grant_more_than_is_listed(cluster: Cluster, tmp_path: Path) -> None:
    paths = ["/pool/web", "/storage/local"]
    refused = play_role(cluster, tmp_path, "api_access", api_access_paths=paths)
    assert refused.code
    assert "does not cover /sdn/zones" in refused.printed
    assert "SDN.Use" in refused.printed
    refused = play_role(
        cluster,
        tmp_path,
        "api_access",
        api_access_modules=["pve_guest_info"],
        api_access_paths=["/vms", "/storage/local"],
    )
    assert "needs anything on /storage/local" in refused.printed
    assert cluster.writes_made() == []


def test_api_access_takes_away_what_is_no_longer_listed(cluster: Cluster, tmp_path: Path) -> None:
    assert play_role(cluster, tmp_path, "api_access").code == 0
    narrowed = play_role(
        cluster, tmp_path, "api_access", api_access_modules=["pve_guest_info"], api_access_paths=["/vms"]
    )
    assert narrowed.code == 0, narrowed.printed
    entries = [row for row in cluster.call("GET", "/access/acl") if row["ugid"].startswith("automation@pve")]
    assert {(row["path"], row["roleid"]) for row in entries} == {("/vms", "token-automation-pve-ansible-vms")}
    roles = {row["roleid"]: row["privs"] for row in cluster.call("GET", "/access/roles")}
    assert {name: privs for name, privs in roles.items() if name.startswith("token-automation")} == {
        "token-automation-pve-ansible-vms": "VM.Audit"
    }


def test_api_access_sees_rights_that_it_did_not_grant(cluster: Cluster, tmp_path: Path) -> None:
    assert play_role(cluster, tmp_path, "api_access").code == 0
    subjects = {"users": "automation@pve", "tokens": "automation@pve!ansible"}
    cluster.call("PUT", "/access/acl", {"path": "/access", "roles": "PVEUserAdmin", **subjects})
    seen = play_role(cluster, tmp_path, "api_access")
    assert seen.code
    assert "automation@pve!ansible has rights on /access" in seen.printed


def test_api_access_keeps_an_encrypted_file_and_never_replaces_a_lost_secret(cluster: Cluster, tmp_path: Path) -> None:
    file = tmp_path / "token.yml"
    options = {
        "api_access_secret_file": str(file),
        "api_access_secret_format": "vars",
        "api_access_vault_password": "a-passphrase",
    }
    first = play_role(cluster, tmp_path, "api_access", **options)
    assert first.code == 0, first.printed
    assert file.read_text(encoding="utf-8").startswith("$ANSIBLE_VAULT;")
    assert file.stat().st_mode & 0o777 == 0o600
    cluster.requests_made()
    again = play_role(cluster, tmp_path, "api_access", **options)
    assert changed_tasks(again) == 0, again.printed
    assert any(row["user"] == "automation@pve!ansible" for row in cluster.requests_made())  # the proof read the file
    file.unlink()
    lost = play_role(cluster, tmp_path, "api_access", **options)
    assert "PVE shows a secret only once" in lost.printed
    assert cluster.writes_made() == []
    renewed = play_role(cluster, tmp_path, "api_access", **options, api_access_regenerate=True)
    assert renewed.code == 0, renewed.printed
    assert changed_tasks(renewed) == 2  # the token and the file


def test_a_token_for_guests_can_wait_for_their_addresses(cluster: Cluster, tmp_path: Path) -> None:
    """The agent, which knows them, answers to a privilege of its own."""
    file = tmp_path / "token.yml"
    made = play_role(
        cluster,
        tmp_path,
        "api_access",
        api_access_modules=["pve_vm", "pve_lxc", "pve_guests"],
        api_access_paths=["/vms", "/storage", "/sdn/zones"],
        api_access_without=["/pool"],
        api_access_secret_file=str(file),
        api_access_secret_format="vars",
    )
    assert made.code == 0, made.printed
    token = yaml.safe_load(file.read_text(encoding="utf-8"))
    login = {"PVE_TOKEN_ID": token["pve_token_id"], "PVE_TOKEN_SECRET": token["pve_token_secret"]}
    variables = {**environment(cluster, tmp_path, {}), **login}
    done = run_playbook(SCENARIOS / "guests" / "converge.yml", tmp_path, variables=variables)
    assert done.code == 0, done.printed
    assert len(re.findall(r"shop-web\d+ at [\d.]+:8080", done.printed)) == 3
    assert "[WARNING]" not in done.printed, done.printed


# --- vm_template ------------------------------------------------------------------------------------------------------


def templates(cluster: Cluster) -> dict[str, int]:
    """The ids of the templates that the role made, by name."""
    rows = [
        row
        for row in cluster.call("GET", "/nodes/pve1/qemu")
        if "build-" in row.get("tags", "") and row.get("template")
    ]
    return {row["name"]: int(row["vmid"]) for row in rows}


def test_vm_template_replaces_a_template_and_keeps_what_clones_use(cluster: Cluster, tmp_path: Path) -> None:
    assert play_role(cluster, tmp_path, "vm_template").code == 0
    (first,) = templates(cluster).values()
    cluster.call("POST", f"/nodes/pve1/qemu/{first}/clone", {"newid": 9001, "name": "linked"})
    options = {"vm_template_memory": "3G", "vm_template_keep": 0}
    predicted = play_role(cluster, tmp_path, "vm_template", "--check", **options)
    cluster.requests_made()
    rebuilt = play_role(cluster, tmp_path, "vm_template", **options)
    assert rebuilt.code == 0, rebuilt.printed
    assert changed_tasks(rebuilt) == changed_tasks(predicted) == 3  # create, rename the old one, rename the new one
    new, old = sorted(templates(cluster).items())
    assert new[0] == "debian-trixie"
    assert re.fullmatch(r"debian-trixie-old-\d{8}-\d{6}", old[0])
    assert old[1] == first
    assert not [row for row in cluster.writes_made() if row["path"].endswith("/download-url")]  # the image is the same
    cluster.call("DELETE", "/nodes/pve1/qemu/9001", {"purge": 1})
    cleaned = play_role(cluster, tmp_path, "vm_template", **options)
    assert changed_tasks(cleaned) == 1, cleaned.printed
    assert set(templates(cluster)) == {"debian-trixie"}


def test_vm_template_unpacks_what_the_node_cannot(cluster: Cluster, tmp_path: Path) -> None:
    options = {
        "vm_template_image": "freebsd-15.1",
        "vm_template_name": "freebsd",
        "vm_template_work_dir": str(tmp_path),
    }
    predicted = play_role(cluster, tmp_path, "vm_template", "--check", **options)
    done = play_role(cluster, tmp_path, "vm_template", **options)
    assert done.code == 0, done.printed
    assert changed_tasks(done) == changed_tasks(predicted)
    (sent,) = [
        row
        for row in cluster.call("GET", "/nodes/pve1/storage/local/content", {"content": "import"})
        if "import/freebsd-" in row["volid"]
    ]
    assert sent["volid"].endswith(".qcow2")
    assert not list(tmp_path.glob("*.xz"))
    (vmid,) = templates(cluster).values()
    assert cluster.call("GET", f"/nodes/pve1/qemu/{vmid}/config")["ostype"] == "other"


def test_every_image_of_the_catalogue_is_found_with_its_checksum(cluster: Cluster, tmp_path: Path) -> None:
    catalogue = yaml.safe_load((ROOT / "roles/vm_template/vars/main.yml").read_text(encoding="utf-8"))
    names = list(catalogue["vm_template_catalogue"])
    described = yaml.safe_load((ROOT / "roles/vm_template/meta/argument_specs.yml").read_text(encoding="utf-8"))
    text = " ".join(described["argument_specs"]["main"]["options"]["vm_template_image"]["description"])
    assert sorted(re.findall(r"V\(([a-z0-9.-]+)\)", text)) == sorted(names)
    found = {
        "name": "found",
        "ansible.builtin.debug": {
            "msg": "{{ item }} {{ _vm_template_address.base }} {{ _vm_template_source.algorithm }}"
        },
    }
    role = {"name": "pve.automation.vm_template", "tasks_from": "image.yml", "public": True}
    block = [
        {
            "ansible.builtin.include_role": role,
            "vars": {"vm_template_image": name, "vm_template_name": "x"},
            "name": name,
        }
        for name in names
    ]
    shown = [{**found, "vars": {"vm_template_image": name}, "loop": [name], "name": f"found {name}"} for name in names]
    tasks = [task for pair in zip(block, shown, strict=True) for task in pair]
    play = {"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": tasks}
    (tmp_path / "catalogue.yml").write_text(yaml.safe_dump([play]), encoding="utf-8")
    ended = played(cluster, tmp_path, tmp_path / "catalogue.yml")
    assert ended.code == 0, ended.printed
    for name in names:
        (line,) = re.findall(rf'"msg": "({re.escape(name)} .*)"', ended.printed)
        assert re.search(r"\.(qcow2|img)(\.xz)? sha(256|512)$", line), line


# --- guests -----------------------------------------------------------------------------------------------------------


def test_guests_become_hosts_of_the_next_play(cluster: Cluster, tmp_path: Path) -> None:
    first = played(cluster, tmp_path, SCENARIOS / "guests" / "converge.yml")
    shown = re.findall(r'"msg": "(shop-web\d+) at ([\d.]+):8080 is guest (\d+) on pve1"', first.printed)
    ids = {row["name"]: row["vmid"] for row in cluster.call("GET", "/nodes/pve1/qemu")}
    assert sorted((name, int(vmid)) for name, _address, vmid in shown) == [
        (f"shop-web0{number}", ids[f"shop-web0{number}"]) for number in (1, 2, 3)
    ]
    assert not [address for _name, address, _vmid in shown if address.startswith("127.")]


def test_guests_refuses_a_list_that_does_not_say_who_is_who(cluster: Cluster, tmp_path: Path) -> None:
    twice = [{"name": "a", "clone": "debian-13"}, {"name": "a", "clone": "debian-13"}]
    few = [{"name": "b", "count": 2, "addresses": ["192.0.2.1/24"], "clone": "debian-13"}]
    for entries, reported in ((twice, "names are a, a"), (few, "too few addresses are at b1, b2")):
        refused = play_role(cluster, tmp_path, "guests", guests_list=entries)
        assert reported in refused.printed.replace("\n", " "), refused.printed
    assert cluster.writes_made() == []


def listed(cluster: Cluster, prefix: str) -> dict[str, tuple[int, str]]:
    """The guests whose names begin so, with their ids and nodes, as their nodes know them."""
    rows = [
        {**row, "node": node["node"]}
        for node in cluster.call("GET", "/nodes")
        for kind in ("qemu", "lxc")
        for row in cluster.call("GET", f"/nodes/{node['node']}/{kind}")
    ]
    found = {row["name"]: (int(row["vmid"]), row["node"]) for row in rows if row["name"].startswith(prefix)}
    return dict(sorted(found.items()))


CONTAINER: dict[str, Any] = {
    "type": "lxc",
    "ostemplate": "local:vztmpl/debian-13-standard_13.1-2_amd64.tar.zst",
    "rootfs": "local-lvm:2",
    "net": {"net0": {"name": "eth0", "bridge": "vmbr0"}},
}
PLACED: list[dict[str, Any]] = [
    {"name": "lab-w%02d", "count": 3, "spread": "lab"},
    {"name": "lab-turn", "count": 2, "vmid": 9300},
    {"name": "lab-there", "nodes": ["pve3"], "placement": "count"},
    {"name": "lab-seed", "node": "pve3", "seed": {"user_data": {"hostname": "lab-seed"}}, "state": "present"},
    {**CONTAINER, "name": "lab-ct", "count": 2, "placement": "memory", "addresses": ["dhcp", "192.0.2.41/24"]},
]


def test_guests_are_counted_placed_and_seeded(cluster: Cluster, tmp_path: Path) -> None:
    options = {
        "guests_defaults": {"tags": ["lab"], "memory": 256},
        "guests_vm_defaults": {"clone": "debian-13", "agent": {"enabled": True}},
        "guests_nodes": ["pve1", "pve2"],
    }
    predicted = play_role(cluster, tmp_path, "guests", "--check", guests_list=PLACED, **options)
    assert predicted.code == 0, predicted.printed
    assert cluster.writes_made() == []
    done = play_role(cluster, tmp_path, "guests", guests_list=PLACED, **options)
    assert done.code == 0, done.printed

    def calls(played: Played) -> list[str]:
        (row,) = [row for row in played.rows if row.name.endswith("Manage the guests")]
        return [request["summary"] for request in row.result["requests"]]

    assert calls(done) == calls(predicted)
    assert set(listed(cluster, "lab-")) == {
        *("lab-w01", "lab-w02", "lab-w03", "lab-turn1", "lab-turn2", "lab-there", "lab-seed", "lab-ct1", "lab-ct2")
    }
    nodes = {name: node for name, (_vmid, node) in listed(cluster, "lab-").items()}
    assert {nodes[f"lab-w0{number}"] for number in (1, 2, 3)} == {"pve1", "pve2"}
    assert {nodes["lab-turn1"], nodes["lab-turn2"]} == {"pve1", "pve2"}
    assert nodes["lab-there"] == "pve3"
    assert [vmid for vmid, _node in listed(cluster, "lab-turn").values()] == [9300, 9301]
    (seed,) = cluster.control("GET", "images").values()
    assert "lab-seed" in seed["files"]["user-data"]
    cluster.requests_made()
    again = play_role(cluster, tmp_path, "guests", guests_list=PLACED, **options)
    assert changed_tasks(again) == 0, again.printed
    assert cluster.writes_made() == []
    gone = [{**entry, "state": "absent", "force": True} for entry in PLACED]
    deleted = play_role(cluster, tmp_path, "guests", guests_list=gone, **options)
    assert changed_tasks(deleted) == 1, deleted.printed
    assert listed(cluster, "lab-") == {}
    assert cluster.control("GET", "images") == {}


# --- backup_policy ----------------------------------------------------------------------------------------------------


def test_backup_policy_names_guests_in_no_job(cluster: Cluster, tmp_path: Path) -> None:
    jobs = [{"id": "production", "schedule": "daily", "pool": "production"}]
    shown = play_role(cluster, tmp_path, "backup_policy", backup_policy_jobs=jobs, backup_policy_without=[])
    assert shown.code
    assert re.search(r"No backup job includes .*debian-13 900.*", shown.printed)


def test_restored_backups_are_checked_and_deleted_again(cluster: Cluster, tmp_path: Path) -> None:
    kinds = {row["vmid"]: row["type"] for row in cluster.call("GET", "/cluster/resources", {"type": "vm"})}
    running = {row["vmid"]: row["node"] for row in cluster.call("GET", "/cluster/resources", {"type": "vm"})}
    machine = next(vmid for vmid in sorted(kinds) if kinds[vmid] == "qemu")
    container = next(vmid for vmid in sorted(kinds) if kinds[vmid] == "lxc")
    for vmid in (machine, container):
        cluster.call("POST", f"/nodes/{running[vmid]}/vzdump", {"vmid": str(vmid), "storage": "shared"}, in_person=True)
    options = {
        "backup_policy_restore_node": "pve1",
        "backup_policy_restore_bridge": "vmbr0",
        "backup_policy_restore_command": ["hostname"],
        "backup_policy_restore_report": str(tmp_path / "report.md"),
    }
    before = sorted(kinds)

    def test(guests: list[int], *arguments: str, **more: Any) -> Played:
        given = json.dumps({**options, **more, "backup_policy_restore_guests": guests})
        return played(cluster, tmp_path, ROOT / "playbooks" / "restore_test.yml", "-e", given, *arguments)

    cluster.requests_made()
    checked = test([machine], "--check")
    assert checked.code == 0, checked.printed
    assert cluster.writes_made() == []
    done = test([machine, container])
    assert done.code == 0, done.printed
    assert "2 backups could be restored" in done.printed
    assert changed_tasks(done) == 0
    report = (tmp_path / "report.md").read_text(encoding="utf-8")
    assert (
        len(
            re.findall(
                rf"^\| ({machine}|{container}) \| shared:backup/vzdump-\S+ \| \S+ h \| restored \|", report, re.M
            )
        )
        == 2
    )
    failed = test([machine, 901], backup_policy_restore_command=["no-such-program"])
    assert "2 of 2 tests failed" in failed.printed
    assert f"Guest {machine}: Run the command in it:" in failed.printed
    assert "Guest 901: there is no backup on pve1" in failed.printed
    after = [row["vmid"] for row in cluster.call("GET", "/cluster/resources", {"type": "vm"})]
    assert sorted(after) == before


# --- token_rotation ---------------------------------------------------------------------------------------------------


def test_token_rotation_is_completed_after_a_hook_has_failed(cluster: Cluster, tmp_path: Path) -> None:
    prepared(cluster, tmp_path, "token_rotation")
    hook = tmp_path / "hook.yml"
    task: dict[str, Any] = {"name": "Hand over", "ansible.builtin.debug": {"msg": "handed {{ token_rotation_new_id }}"}}
    hook.write_text(yaml.safe_dump([{**task, "failed_when": True}]), encoding="utf-8")
    options = {"token_rotation_hooks": [str(hook)]}

    def tokens() -> list[str]:
        return sorted(row["tokenid"] for row in cluster.call("GET", "/access/users/ops@pve/token"))

    failed = play_role(cluster, tmp_path, "token_rotation", **options)
    assert failed.code
    assert tokens() == ["nightly", "nightly-2"]
    hook.write_text(yaml.safe_dump([task]), encoding="utf-8")
    completed = play_role(cluster, tmp_path, "token_rotation", **options)
    assert completed.code == 0, completed.printed
    assert "handed ops@pve!nightly-2" in completed.printed
    assert changed_tasks(completed) == 1  # the old one is deleted
    assert tokens() == ["nightly-2"]
    (tmp_path / ".pve-nightly.yml").unlink()
    cluster.requests_made()
    settled = play_role(cluster, tmp_path, "token_rotation", **options)
    assert changed_tasks(settled) == 0, settled.printed
    assert cluster.writes_made() == []


# --- snapshot_policy --------------------------------------------------------------------------------------------------


def test_snapshot_policy_keeps_so_many_of_each_series(cluster: Cluster, tmp_path: Path) -> None:
    cluster.call("POST", "/nodes/pve1/qemu/100/snapshot", {"snapname": "mine"}, in_person=True)
    options = {
        "snapshot_policy_pool": [],
        "snapshot_policy_vmid": [100],
        "snapshot_policy_series": [
            {"label": "often", "hours": 0.2, "keep": 2},
            {"label": "daily", "hours": 24, "keep": 7},
        ],
    }
    taken: list[set[str]] = []
    for _run in range(3):
        assert play_role(cluster, tmp_path, "snapshot_policy", **options).code == 0
        rows = cluster.call("GET", "/nodes/pve1/qemu/100/snapshot")
        taken.append({row["name"] for row in rows} - {"current"})
        options["snapshot_policy_series"] = [{"label": "often", "hours": 0.1, "keep": 2}]  # due at every run
    assert [len(names) for names in taken] == [3, 4, 4]
    assert all("mine" in names for names in taken)
    assert len(taken[2] & taken[1]) == 3  # the oldest of the series has gone


# --- node_maintenance -------------------------------------------------------------------------------------------------

RESUME = re.compile(r"^Mend this, and go on with pve2 by the same command and -e '(.*)'$", re.MULTILINE)


def placed(cluster: Cluster) -> dict[int, tuple[str, str]]:
    """The nodes and states of all guests."""
    rows = cluster.call("GET", "/cluster/resources", {"type": "vm"})
    return {row["vmid"]: (row["node"], row["status"]) for row in rows}


def booted(cluster: Cluster) -> list[str]:
    """The nodes that were asked to reboot, in this order."""
    return [
        row["path"].split("/")[-2] for row in cluster.writes_made() if re.fullmatch(r".*/nodes/\w+/status", row["path"])
    ]


def test_a_rolling_update_goes_on_after_it_has_failed(cluster: Cluster, tmp_path: Path) -> None:
    for vmid, nodes in ((105, "pve2,pve3"), (106, "pve1,pve3")):  # of which their disks are on shared storage
        cluster.call("POST", "/cluster/ha/resources", {"sid": f"vm:{vmid}", "state": "started"})
        rule = {"type": "node-affinity", "rule": f"db{vmid}", "resources": f"vm:{vmid}", "nodes": nodes, "strict": 1}
        cluster.call("POST", "/cluster/ha/rules", rule)
    before = placed(cluster)
    cluster.requests_made()
    hook = tmp_path / "hook.yml"
    task: dict[str, Any] = {"name": "Update {{ node_maintenance_node }}", "ansible.builtin.debug": {"msg": "updated"}}
    hook.write_text(yaml.safe_dump([task]), encoding="utf-8")
    given: dict[str, Any] = {"node_maintenance_local": "migrate", "node_maintenance_tasks": [str(hook)]}

    checked = play_by_name(cluster, tmp_path, "rolling_update", given, "--check")
    assert checked.code == 0, checked.printed
    moves = dict(re.findall(r'"(\d+) \(\S+\) moves from (\w+ to \w+)"', checked.printed))
    assert sorted(map(int, moves)) == [vmid for vmid, (_node, status) in sorted(before.items()) if status == "running"]
    assert (moves["105"], moves["106"]) == ("pve3 to pve2", "pve1 to pve3")
    assert re.findall(r'"(\w+) reboots"', checked.printed) == ["pve1", "pve2", "pve3"]
    assert cluster.writes_made() == []

    hook.write_text(yaml.safe_dump([{**task, "failed_when": "node_maintenance_node == 'pve2'"}]), encoding="utf-8")
    failed = play_by_name(cluster, tmp_path, "rolling_update", given)
    assert failed.code
    assert "pve2: Update pve2: updated\nDone: pve1.\n" in failed.printed
    (resume,) = RESUME.findall(failed.printed)
    theirs = [vmid for vmid, place in sorted(before.items()) if place == ("pve2", "running")]
    assert json.loads(resume) == {
        "node_maintenance_nodes": ["pve2", "pve3"],
        "node_maintenance_guests": {"pve2": theirs},
    }
    now = placed(cluster)
    assert {vmid for vmid in now if now[vmid] != before[vmid]} == set(theirs)
    assert booted(cluster) == ["pve1"]

    hook.write_text(yaml.safe_dump([task]), encoding="utf-8")
    completed = play_by_name(cluster, tmp_path, "rolling_update", given, "-e", resume)
    assert completed.code == 0, completed.printed
    assert placed(cluster) == before
    assert booted(cluster) == ["pve2", "pve3"]


def test_node_maintenance_refuses_guests_that_cannot_leave(cluster: Cluster, tmp_path: Path) -> None:
    cluster.call("PUT", "/nodes/pve3/qemu/105/config", {"ide2": "local:iso/virtio-win.iso,media=cdrom"})
    cluster.requests_made()
    refused = play_role(cluster, tmp_path, "node_maintenance")
    assert refused.code
    assert "keeps them there: 105 (db1) on pve3: ide2 local:iso/virtio-win.iso. See" in refused.printed
    assert cluster.writes_made() == []


# --- shutdown_environment ---------------------------------------------------------------------------------------------


def test_the_environment_goes_down_in_order_and_comes_back(cluster: Cluster, tmp_path: Path) -> None:
    before = placed(cluster)
    running = {vmid for vmid, (_node, status) in before.items() if status == "running"}
    tags = {row["vmid"]: row.get("tags", "") for row in cluster.call("GET", "/cluster/resources", {"type": "vm"})}
    nodes = ["pve1", "pve2", "pve3"]
    given = {"shutdown_environment_nodes": nodes, "shutdown_environment_power_off": True}
    cluster.requests_made()
    checked = play_role(cluster, tmp_path, "shutdown_environment", "--check", **given)
    assert checked.code == 0, checked.printed
    assert cluster.writes_made() == []

    stopped = play_role(cluster, tmp_path, "shutdown_environment", **given)
    assert stopped.code == 0, stopped.printed
    made = [row["path"].split("/") for row in cluster.writes_made()]
    guests = [int(parts[4]) for parts in made if parts[3] in ("qemu", "lxc")]
    assert set(guests) == running
    places = [2 - ("db" in tags[vmid]) * 2 - ("web" in tags[vmid]) for vmid in guests]
    assert places == sorted(places, reverse=True)
    assert [parts[2] for parts in made if parts[3] == "status"] == ["pve2", "pve3", "pve1"]
    assert [len(parts) for parts in made][-3:] == [4, 4, 4]

    for node in nodes:
        cluster.control("POST", "node", {"node": node, "online": True})
    for changes in (True, False):
        started = play_role(
            cluster, tmp_path, "shutdown_environment", **{**given, "shutdown_environment_state": "running"}
        )
        assert started.code == 0, started.printed
        assert bool(changed_tasks(started)) is changes
    cluster.control("POST", "report", {})
    assert placed(cluster) == before
    assert not (tmp_path / "stopped.json").exists()
