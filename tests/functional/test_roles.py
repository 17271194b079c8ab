# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The roles, by the playbooks of their pages: check mode writes nothing and says what changes, the second run changes nothing."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.harness.cluster import Cluster
from tests.harness.playbook import ROOT, Played, run_playbook

ROLES = sorted(path.name for path in (ROOT / "roles").iterdir())
SCENARIOS = ROOT / "extensions" / "molecule"


def environment(cluster: Cluster, directory: Path) -> dict[str, str]:
    """The connection, as a user gives it by the environment, and a home of its own."""
    facts = cluster.facts
    names = {"PVE_HOST": "url", "PVE_USER": "user", "PVE_PASSWORD": "password", "PVE_FINGERPRINT": "fingerprint"}
    return {**{name: facts[fact] for name, fact in names.items()}, "HOME": str(directory)}


def played(cluster: Cluster, directory: Path, playbook: Path, *arguments: str) -> Played:
    return run_playbook(playbook, directory, *arguments, variables=environment(cluster, directory))


def changed_tasks(ended: Played) -> int:
    (count,) = re.findall(r" changed=(\d+) ", ended.printed)
    return int(count)


def play_role(cluster: Cluster, directory: Path, role: str, *arguments: str, **variables: Any) -> Played:
    """Run a role with the variables of its page, except those that are given here."""
    play = yaml.safe_load((SCENARIOS / role / "converge.yml").read_text(encoding="utf-8"))[0]
    play["roles"] = [{**play["roles"][0], **variables}]
    (directory / "role.yml").write_text(yaml.safe_dump([play]), encoding="utf-8")
    return played(cluster, directory, directory / "role.yml", *arguments)


@pytest.mark.parametrize("role", ROLES)
def test_the_playbook_of_its_page(cluster: Cluster, tmp_path: Path, role: str) -> None:
    playbook = SCENARIOS / role / "converge.yml"
    predicted = played(cluster, tmp_path, playbook, "--check")
    assert predicted.code == 0, predicted.printed
    assert cluster.writes_made() == []
    done = played(cluster, tmp_path, playbook)
    assert done.code == 0, done.printed
    assert cluster.writes_made() != []
    assert changed_tasks(done) == changed_tasks(predicted), f"{predicted.printed}\n{done.printed}"
    again = played(cluster, tmp_path, playbook)
    assert again.code == 0, again.printed
    assert changed_tasks(again) == 0, again.printed
    assert cluster.writes_made() == []
    assert "[WARNING]" not in done.printed + again.printed, done.printed


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
    assert {(row["path"], row["roleid"]) for row in entries} == {("/vms", "automation-pve-ansible-vms")}
    roles = {row["roleid"]: row["privs"] for row in cluster.call("GET", "/access/roles")}
    assert {name: privs for name, privs in roles.items() if name.startswith("automation")} == {
        "automation-pve-ansible-vms": "VM.Audit"
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
