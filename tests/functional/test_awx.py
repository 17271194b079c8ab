# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Job templates as a controller launches them, the inventory source with a credential, and awx_setup with stand-ins for awx.awx."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.functional.test_netbox import event
from tests.functional.test_roles import SITE
from tests.harness.awx import DATA, data, default_answers, injected, job_templates, launch
from tests.harness.cluster import Cluster
from tests.harness.controller import TOKEN, Controller, running_controller
from tests.harness.mirror import mirror
from tests.harness.playbook import ROOT, run_playbook

TEMPLATES = job_templates()
# What the survey does not propose, or what is called otherwise on the simulator.
ANSWERS: dict[str, dict[str, Any]] = {
    "PVE: create a token": {
        "api_access_modules_yaml": "[pve_guest_info]",
        "api_access_paths_yaml": "[/vms]",
        "api_access_secret_file": "{directory}/token",
    },
    "PVE: build a template": {"vm_template_name": "debian-trixie"},
    "PVE: replace a token that expires soon": {
        "token_rotation_user": "ops@pve",
        "token_rotation_token": "nightly",
        "token_rotation_secret_file": "{directory}/token.yml",
    },
    "PVE: update nodes": {"node_maintenance_nodes_yaml": "[pve3]", "node_maintenance_local": "shutdown"},
    "PVE: test that backups can be restored": {"backup_policy_restore_bridge": "vmbr0"},
    "PVE: machines for k3s": {"k3s_servers": 1, "k3s_agents": 0},
    "PVE: machines for Talos Linux": {
        "talos_image_url": "https://factory.talos.dev/image/schematic/v1.13.0/nocloud-amd64.raw.xz",
        "talos_controlplanes": 1,
        "talos_workers": 0,
    },
    "PVE: create a token for Kubernetes": {
        "kubernetes_token_url": "https://pve.example.com:8006/api2/json",
        "kubernetes_token_region": "lab",
        "kubernetes_token_file": "{directory}/csi.yaml",
    },
    "PVE: a VM of NetBox": {
        "netbox_event": event("created"),
        "guests_vm_defaults": {"clone": "debian-13", "node": "pve1"},
    },
}
# Options of the modules of awx.awx 24 that are used, from their documentation; `required` ones end with a star.
AWX_MODULES = {
    "credential_type": "name* description kind inputs injectors",
    "credential": "name* organization credential_type* inputs",
    "project": "name* organization scm_type scm_url scm_branch wait",
    "inventory": "name* description organization*",
    "inventory_source": "name* inventory* organization source source_project source_path credential overwrite overwrite_vars "
    "update_on_launch update_cache_timeout",
    "job_template": "name* description organization inventory project playbook job_type credentials ask_credential_on_launch "
    "ask_job_type_on_launch ask_variables_on_launch extra_vars survey_enabled survey_spec",
    "workflow_job_template": "name* description organization workflow_nodes",
    "schedule": "name* unified_job_template rrule enabled",
}
STAND_IN = """#!/usr/bin/python
import json
from ansible.module_utils.basic import AnsibleModule
TYPES = dict(inputs="dict", injectors="dict", extra_vars="dict", survey_spec="dict", credentials="list", workflow_nodes="list")
names = {names!r}.split()
spec = dict()
for name in names:
    option = name.rstrip("*")
    spec[option] = dict(type=TYPES.get(option, "raw"), required=name.endswith("*"), no_log=False)
module = AnsibleModule(spec)
with open({record!r}, "a") as file:
    file.write(json.dumps([{module!r}, module.params]) + "\\n")
module.exit_json(changed=True)
"""


@pytest.fixture
def environment(cluster: Cluster, tmp_path: Path) -> dict[str, str]:
    """The environment of a job, by a credential with the authority of the cluster and a password."""
    facts = cluster.facts
    ca = Path(facts["ca_path"]).read_text(encoding="utf-8")
    return injected({"host": facts["url"], "user": facts["user"], "password": facts["password"], "ca": ca}, tmp_path)


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_job_template_runs(cluster: Cluster, environment: dict[str, str], tmp_path: Path, name: str) -> None:
    template = TEMPLATES[name]
    cluster.call("POST", "/nodes/pve1/vzdump", {"vmid": "100", "storage": "shared"}, in_person=True)
    cluster.call("POST", "/access/users/ops@pve/token/nightly", {"expire": int(time.time()) + 86400}, in_person=True)
    cluster.requests_made()
    answers = {**default_answers(template), **ANSWERS.get(name, {})}
    answers = {
        key: str(value).format(directory=tmp_path) if "{directory}" in str(value) else value
        for key, value in answers.items()
    }
    with mirror() as images:
        variables = {**SITE, "vm_template_mirrors": {"https://": images}}
        code, printed = launch(template, answers, variables, environment, tmp_path)
    if name == "PVE: look for drift":
        assert code, printed
        assert "Run pve.automation.site with the same variables to remove them." in " ".join(printed[-3000:].split())
        assert cluster.writes_made() == []
    else:
        assert code == 0, printed
        assert cluster.writes_made() != []


def test_the_inventory_source_needs_nothing_but_the_credential(cluster: Cluster, tmp_path: Path) -> None:
    """A token and a fingerprint; user, password and authority stay empty."""
    facts = cluster.facts
    inputs = {"host": facts["url"], **{name: facts[name] for name in ("token_id", "token_secret", "fingerprint")}}
    given = injected(inputs, tmp_path)
    assert [name for name, value in given.items() if not value] == ["PVE_USER", "PVE_PASSWORD", "PVE_CA_PATH"]
    listed = subprocess.run(
        [str(Path(sys.executable).parent / "ansible-inventory"), "-i", str(DATA / "inventory.pve.yml"), "--list"],
        env={
            "PATH": "/usr/bin:/bin",
            "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".build" / "dev"),
            "HOME": str(tmp_path),
            **given,
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert listed.returncode == 0, listed.stderr
    assert "web1" in json.loads(listed.stdout)["_meta"]["hostvars"]


def test_awx_setup_makes_what_the_data_say(tmp_path: Path) -> None:
    collection = tmp_path / "collections" / "ansible_collections" / "stand" / "in_"
    (collection / "plugins" / "modules").mkdir(parents=True)
    record = tmp_path / "record.jsonl"
    for module, names in AWX_MODULES.items():
        text = STAND_IN.format(names=names, record=str(record), module=module)
        (collection / "plugins" / "modules" / f"{module}.py").write_text(text, encoding="utf-8")
    given = {
        "awx_setup_collection": "stand.in_",
        "awx_setup_project_url": "https://git.example.com/proxmox.git",
        "awx_setup_credential_inputs": {"host": "pve1", "token_id": "a@pve!b", "token_secret": "hidden-s3cret"},
        "ansible_python_interpreter": sys.executable,
    }
    paths = f"{tmp_path / 'collections'}:{ROOT / '.build' / 'dev'}"
    playbook = Path("pve.automation.awx_setup")
    done = run_playbook(playbook, tmp_path, "-e", json.dumps(given), variables={"ANSIBLE_COLLECTIONS_PATH": paths})
    assert done.code == 0, done.printed
    assert "hidden-s3cret" not in done.printed
    made = [json.loads(line) for line in record.read_text(encoding="utf-8").splitlines()]
    kinds = [kind for kind, _given in made]
    assert kinds == sorted(kinds, key=list(AWX_MODULES).index)
    (kind,) = data("credential_types.yml")["controller_credential_types"]
    assert [params["injectors"] for module, params in made if module == "credential_type"] == [kind["injectors"]]
    launched = {params["name"]: params for module, params in made if module == "job_template"}
    assert set(launched) == set(TEMPLATES)
    for name, template in TEMPLATES.items():
        assert launched[name]["extra_vars"] == template["extra_vars"]
        assert launched[name]["survey_spec"] == template["survey_spec"]
        assert launched[name]["organization"] == "Default"
    assert all(params["enabled"] is False for module, params in made if module == "schedule")


def test_awx_setup_names_the_collection_that_is_missing(tmp_path: Path) -> None:
    given = {"awx_setup_collection": "stand.in_", "awx_setup_project_url": "https://git.example.com/proxmox.git"}
    failed = run_playbook(Path("pve.automation.awx_setup"), tmp_path, "-e", json.dumps(given))
    assert failed.code
    last = " ".join(failed.printed[-1200:].split())
    assert "The collection stand.in_ is not installed. Run ansible-galaxy collection install stand.in_" in last


def test_a_failed_job_ends_with_what_to_do(cluster: Cluster, environment: dict[str, str], tmp_path: Path) -> None:
    """The guest is the only one that fails of two; its reason is not buried under what was done."""
    wanted = [
        {"name": "good", "node": "pve1", "memory": 128, "scsi": {"scsi0": "local-lvm:1"}, "state": "present"},
        {"name": "web1", "state": "absent"},
    ]
    template = TEMPLATES["PVE: create guests"]
    answers = {**default_answers(template), "guests_list_yaml": json.dumps(wanted)}
    code, printed = launch(template, answers, {}, environment, tmp_path)
    assert code
    last = printed[-900:]
    assert "1 of 2 guests failed." in last
    assert "web1 (100): The virtual machine 100 (web1) is running. Stop it first, or set force: true." in last


def test_an_execution_environment_can_be_described(tmp_path: Path) -> None:
    builder = [sys.executable, "-m", "ansible_builder"]
    command = [*builder, "create", "--file", str(DATA / "execution-environment.yml"), "--context", str(tmp_path)]
    created = subprocess.run(command, capture_output=True, text=True, check=False)
    assert created.returncode == 0, created.stdout + created.stderr
    assert list(tmp_path.glob("*file"))  # Containerfile or Dockerfile
    assert "pve.automation" in (tmp_path / "_build" / "requirements.yml").read_text(encoding="utf-8")


def imported(controller: Controller, file: Path, directory: Path) -> subprocess.CompletedProcess[str]:
    """Import a file by the program awx."""
    return subprocess.run(
        [str(Path(sys.executable).parent / "awx"), "--conf.host", controller.url, "--conf.token", TOKEN, "import"],
        input=file.read_text(encoding="utf-8"),
        env={"PATH": "/usr/bin:/bin", "HOME": str(directory)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_the_program_awx_imports_the_data(tmp_path: Path) -> None:
    file = tmp_path / "assets.json"
    given = {
        "awx_setup_file": str(file),
        "awx_setup_project_url": "https://git.example.com/proxmox.git",
        "awx_setup_credential_inputs": {"host": "pve1", "token_id": "a@pve!b", "token_secret": "hidden-s3cret"},
        "awx_setup_schedules": ["PVE: drift, every morning"],
    }
    written = run_playbook(Path("pve.automation.awx_setup"), tmp_path, "-e", json.dumps(given))
    assert written.code == 0, written.printed
    assert "hidden-s3cret" not in written.printed
    assert file.stat().st_mode & 0o777 == 0o600
    with running_controller() as controller:
        done = imported(controller, file, tmp_path)
        assert (done.returncode, done.stderr) == (0, "")
        first = copy.deepcopy(controller)
        again = imported(controller, file, tmp_path)
        assert (again.returncode, again.stderr) == (0, "")
    assert controller == first
    (kind,) = controller.by_name("credential_types").values()
    wanted = data("credential_types.yml")["controller_credential_types"][0]
    assert {name: kind[1][name] for name in wanted} == wanted
    credential, (project, source) = (
        controller.by_name("credentials")["Proxmox VE"],
        controller.all_of("projects").popitem(),
    )
    assert credential[1]["inputs"] == given["awx_setup_credential_inputs"]
    assert source["scm_url"] == given["awx_setup_project_url"]
    (inventory,) = controller.all_of("inventories")
    (inventory_source,) = controller.all_of("inventory_sources").values()
    assert [inventory_source[name] for name in ("inventory", "source_project", "credential")] == [
        inventory,
        project,
        credential[0],
    ]
    templates = controller.by_name("job_templates")
    assert set(templates) == set(TEMPLATES)
    for name, template in TEMPLATES.items():
        number, values = templates[name]
        assert json.loads(values["extra_vars"]) == template["extra_vars"]
        assert (values["inventory"], values["project"]) == (inventory, project)
        assert values["playbook"] == template["playbook"]
        assert controller.members[(number, "credentials")] == [credential[0]]
        assert controller.surveys.get(number, {}) == template["survey_spec"]
    ((workflow, _values),) = controller.by_name("workflow_job_templates").values()
    nodes = {
        values["identifier"]: (number, values)
        for number, values in controller.all_of("workflow_job_template_nodes").items()
    }
    assert controller.members[(workflow, "workflow_nodes")] == [
        nodes[name][0] for name in ("drift", "approval", "site")
    ]
    assert nodes["drift"][1]["unified_job_template"] == templates["PVE: look for drift"][0]
    assert controller.members[(nodes["drift"][0], "failure_nodes")] == [nodes["approval"][0]]
    assert controller.approvals[nodes["approval"][0]]["name"] == "Remove the drift"
    assert controller.members[(nodes["approval"][0], "success_nodes")] == [nodes["site"][0]]
    assert nodes["site"][1]["unified_job_template"] == templates["PVE: apply the site"][0]
    schedules = {name: values for name, (_number, values) in controller.by_name("schedules").items()}
    assert {name: (row["rrule"], row["enabled"]) for name, row in schedules.items()} == {
        row["name"]: (row["rrule"], row["name"] == "PVE: drift, every morning")
        for row in data("workflows.yml")["controller_schedules"]
    }
    assert schedules["PVE: drift, every morning"]["unified_job_template"] == workflow
