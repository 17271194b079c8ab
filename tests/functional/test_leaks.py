# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No secret is in anything that a run prints, logs, returns or shows as a difference, however talkative it is."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.harness.cluster import Cluster
from tests.harness.demo import DEMO, demo_variables
from tests.harness.lifecycle_cases import CASES, PAIRS, Case, resource_of
from tests.harness.playbook import Task, play, run_playbook

SECRETS = {
    "password of a user": "user-S3cret,ü",
    "another password": "user-An0ther",
    "password of cloud-init": "ci-S3cret-9",
    "password of a container": "ct-S3cret-9",
    "password of a share": "cifs-S3cret",
    "password of a directory": "ldap-S3cret",
    "token of a DNS provider": "dns-S3cret",
    "another token of a DNS provider": "dns-An0ther",
    "key that binds an account": "aG1hYy1TM2NyZXQ",
    "key of a certificate": PAIRS[0]["key"].splitlines()[1],
    "key of a subscription": "pve1c-5ec2e7b00c",
    "wrong token": "11111111-2222-3333-4444-555555555555",
    "wrong password": "wr0ng-Passw0rd",
    "second factor": "876543",
    "token with a line break": "99999999-2222-3333-4444-555555555555",
    "input of a command": "stdin-S3cret-9",
    "number": "470110815",
    "odd password": "odd \"S3cret'\\%41{ü",
    "password of a proxy": "pr0xy/S3cret?",
    "password in a URL": "[url-S3cret/",
    "first line of a secret": "line-S3cret-1",
    "second line of a secret": "line-S3cret-2",
    "value in a text": "text-S3cret",
}
SECRET = list(SECRETS.values())
NO_CONNECTION = {"api_user": None, "api_password": None}


def with_secret(name: str, secret: str) -> Case:
    case = next(case for case in CASES if case.name == name)
    return dataclasses.replace(case, create={**case.create, "password": SECRETS[secret]})


SECRETIVE = (
    with_secret("container", "password of a container"),
    with_secret("storage with a secret", "password of a share"),
    with_secret("realm", "password of a directory"),
)


def of_nodes() -> list[Task]:
    """Tasks about certificates and subscriptions."""
    plugin = {"id": "leak", "type": "dns", "api": "cf", "data": {"CF_Token": SECRETS["token of a DNS provider"]}}
    text = f"CF_Zone=z\nCF_Token={SECRETS['another token of a DNS provider']}\n"
    account = {"contact": ["a@example.com"], "directory": "https://acme.example.com/directory", "eab_kid": "k"}
    return [
        Task("a plugin", "pve_acme_plugin", plugin),
        Task("a plugin with other data", "pve_acme_plugin", {"id": "leak", "data": text}),
        Task("data that is refused", "pve_acme_plugin", {"id": "leak", "data": text.replace("=", ":")}),
        Task("an account", "pve_acme_account", {**account, "eab_hmac_key": SECRETS["key that binds an account"]}),
        Task("a certificate", "pve_node_certificate", {"node": "pve2", **PAIRS[0]}),
        Task("a key that is refused", "pve_node_certificate", {"node": "pve2", **PAIRS[1], "key": PAIRS[0]["key"]}),
        Task("a subscription", "pve_node_subscription", {"node": "pve2", "key": SECRETS["key of a subscription"]}),
        Task("what is there", "pve_node_subscription_info", {"node": "pve2"}),
        Task("the plugins", "pve_acme_plugin_info", {}),
    ]


def odd() -> list[Task]:
    """Tasks with secrets of odd characters, some of them inside of something else."""
    password = SECRETS["odd password"]
    lines = f"{SECRETS['first line of a secret']}\n{SECRETS['second line of a secret']}\n"
    url = f"https://u:{SECRETS['password in a URL']}@files.example.com/a.iso"
    text = f"CF_Zone=zone\nCF_Token={SECRETS['value in a text']}\n"
    file = {"node": "pve1", "storage": "local", "content": "iso", "url": url}
    return [
        Task("an odd password", "pve_user", {"userid": "odd@pve", "password": password}),
        Task("an odd password that is refused", "pve_user", {"userid": "odd@pve", "password": password, "email": "no"}),
        Task("a proxy", "pve_cluster_options", {"http_proxy": f"http://u:{SECRETS['password of a proxy']}@proxy:3128"}),
        Task("a URL that is refused", "pve_storage_content", file),
        Task("lines that are refused", "pve_api", {"method": "POST", "path": "/pools", "params": {"password": lines}}),
        Task("a text with values", "pve_acme_plugin", {"id": "odd", "type": "dns", "api": "cf", "data": text}),
    ]


def script(connection: Mapping[str, Any]) -> list[Task]:
    """Tasks that carry every kind of secret, successful ones and ones that fail."""
    user = {"userid": "leak@pve", "password": SECRETS["password of a user"]}
    machine = {
        "node": "pve1",
        "vmid": 9300,
        "name": "leak",
        "ciuser": "x",
        "cipassword": SECRETS["password of cloud-init"],
    }
    refused = {
        "api_host": connection["api_host"],
        "api_fingerprint": connection["api_fingerprint"],
        "path": "/version",
    }
    by_token = {"api_token_id": "root@pam!leak", "api_token_secret": SECRETS["wrong token"]}
    broken = {**by_token, "api_token_secret": SECRETS["token with a line break"] + "\n"}
    foreign = {**by_token, "api_token_secret": SECRETS["token with a line break"] + "\u20ac"}
    program = {"argv": ["cat"], "stdin": SECRETS["input of a command"] + "\n"}
    numbers = {"password": int(SECRETS["number"]), "token": [SECRETS["wrong token"]]}
    return [
        Task("predict", "pve_user", user, {"check_mode": True}),
        Task("create", "pve_user", user),
        Task("push", "pve_user", {**user, "password": SECRETS["another password"], "update_password": "always"}),
        Task("a value that is refused", "pve_user", {**user, "email": "no mail"}),
        Task("an option that is unknown", "pve_user", {**user, "colour": "red"}),
        Task("a machine", "pve_vm", machine),
        Task("a machine again", "pve_vm", {**machine, "cores": 2, "update_password": "always"}),
        *(Task(f"{case.name}, with a secret", case.module, case.stage("create")) for case in SECRETIVE),
        *of_nodes(),
        Task("a token", "pve_token", {"userid": "leak@pve", "tokenid": "one"}, {"no_log": True}),
        Task("a wrong token", "pve_pool", {"poolid": "leak", **by_token, **NO_CONNECTION}),
        Task("a wrong password", "pve_pool", {"poolid": "leak", "api_password": SECRETS["wrong password"]}),
        Task("a second factor", "pve_pool", {"poolid": "leak", "api_otp": SECRETS["second factor"]}),
        Task("a wrong token with a line break", "pve_pool", {"poolid": "leak", **broken, **NO_CONNECTION}),
        Task("a wrong token that is no ASCII", "pve_pool", {"poolid": "leak", **foreign, **NO_CONNECTION}),
        Task("a command that is refused", "pve_guest_agent", {"vmid": 9999, "exec": program}),
        Task("a raw call that is refused", "pve_api", {"method": "post", "path": "/pools", "params": numbers}),
        Task("a raw call", "pve_api", {"method": "GET", **refused}),
        *odd(),
        Task("a host that is down", "pve_user", {**user, "api_host": "127.0.0.1:1"}),
    ]


@pytest.mark.parametrize("in_process", [True, False], ids=["in process", "as modules"])
def test_no_secret_leaks(cluster: Cluster, tmp_path: Path, in_process: bool) -> None:
    tasks = script(cluster.connection)
    played = play(cluster, tasks, tmp_path, "-vvvv", "--diff", in_process=in_process)

    assert [name for name, _result in played.results] == [task.name for task in tasks], played.printed[-3000:]
    failed = {name for name, result in played.results if result["failed"]}
    assert failed == {
        task.name for task in tasks if "refused" in task.name or "unknown" in task.name or "wrong" in task.name
    } | {"a host that is down"}
    (kept,) = (row["params"]["password"] for row in cluster.requests_made() if row["path"] == "/access/password")
    assert kept == SECRETS["another password"]

    reported = {
        "output": played.printed,
        "log": played.logged,
        "results": json.dumps(played.results, ensure_ascii=False),
    }
    assert all(len(text) > 1000 for text in reported.values())
    secrets = [*SECRET, cluster.facts["password"]]
    for place, text in reported.items():
        for secret in secrets:
            for form in (secret, json.dumps(secret)[1:-1]):
                assert form not in text, f"{form} is in the {place}: {text[max(0, text.index(form) - 300) :][:400]}"
        assert "PVEAuthCookie=PVE" not in text
        assert "PVEAPIToken=" not in text


def test_the_demo_keeps_its_secrets(cluster: Cluster, tmp_path: Path) -> None:
    """The password it logs in with, and the secret of the token that it makes and then works with."""
    played = run_playbook(DEMO, tmp_path, "-vvvv", "--diff", variables=demo_variables(cluster, tmp_path))
    assert played.code == 0, played.printed[-3000:]
    token_secret = (tmp_path / ".pvetest-demo-token").read_text(encoding="utf-8")
    assert len(token_secret) == 36
    results = json.dumps(
        [row.result for row in played.rows if not str(row.name).startswith(("An API token", "Keep the secret"))]
    )
    for place, text in (("output", played.printed), ("log", played.logged), ("results", results)):
        assert len(text) > 1000, place
        for secret in (token_secret, cluster.facts["password"]):
            shown = text.replace(cluster.facts["second_password"], "")
            assert secret not in shown, f"it is in the {place}: {shown[max(0, shown.index(secret) - 300) :][:400]}"


def test_the_secret_of_a_token_is_told_once(cluster: Cluster) -> None:
    """The one secret that a result has, documented as such; tasks keep it from output by no_log."""
    token = {"userid": "root@pam", "tokenid": "leak"}
    created = cluster.run(resource_of("pve_token"), token)
    assert len(created["token_secret"]) == 36
    rest = {name: value for name, value in created.items() if name != "token_secret"}
    assert created["token_secret"] not in json.dumps(rest)
    assert "token_secret" not in cluster.run(resource_of("pve_token"), token)
