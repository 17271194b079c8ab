# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Backups: what is asked for each guest, what is said of one that exists, pruning, and which options mean something when."""

from __future__ import annotations

import copy
import time
from typing import Any

import pytest

from ansible_collections.pve.automation.plugins.module_utils._core.model.errors import InvalidOption, Refused
from ansible_collections.pve.automation.plugins.module_utils._core.resources.backup.run import BACKUP, restoration
from ansible_collections.pve.automation.plugins.module_utils._core.resources.backup.volume import (
    Prune,
    Volume,
    owner_of,
)
from tests.unit.guests.fake import GuestServer
from tests.unit.resources.fake import Server, options

VOLUME = "local:backup/vzdump-qemu-101-2026_01_31-12_00_00.vma.zst"
CONTENT = "/nodes/pve1/storage/local/content"
PATH = f"{CONTENT}/local:backup%2Fvzdump-qemu-101-2026_01_31-12_00_00.vma.zst"
PRUNE = "/nodes/pve1/storage/local/prunebackups"


class BackupServer(GuestServer):
    """Guests that have a storage."""

    def __init__(self, *backups: Any) -> None:
        rows = [{"volid": VOLUME, "vmid": 101, "ctime": ctime, "subtype": "qemu"} for ctime in backups]
        super().__init__({"qemu/101": {"name": "web1"}, "lxc/102": {"hostname": "db1"}}, {CONTENT: rows})
        listed = self.answers["/cluster/resources"]
        listed[-1]["pool"] = "db"
        listed += [{"type": "node", "node": "pve2"}, {"type": "pool", "pool": "web"}]
        listed.append({"type": "storage", "storage": "local", "node": "pve1"})

    def sibling(self) -> Any:
        return copy.copy(self)

    def on_step(self, text: Any) -> None:
        pass

    on_progress = on_step


def run(server: Any, **given: Any) -> Any:
    return BACKUP.run(server, options(BACKUP, **given), check_mode=True)


def asked(server: Any, **given: Any) -> list[Any]:
    """Parameters of the calls that would be made."""
    return [request["params"] for request in run(server, **given)["requests"]]


def test_every_option_of_vzdump_reaches_it_under_its_own_name() -> None:
    given = {
        "bwlimit": 1000,
        "compress": "zstd",
        "exclude_path": ["/tmp/?*", "/var/cache"],
        "fleecing": {"enabled": True, "storage": "local-lvm"},
        "ionice": 8,
        "lockwait": 5,
        "mailnotification": "failure",
        "mailto": ["a@example.com", "root@pam"],
        "mode": "stop",
        "notes_template": "{{guestname}}",
        "notification_mode": "legacy-sendmail",
        "pbs_change_detection_mode": "data",
        "performance": {"max_workers": 4},
        "pigz": 1,
        "protected": True,
        "prune_backups": {"keep-last": 3},
        "remove": False,
        "script": "/usr/local/bin/hook",
        "stdexcludes": False,
        "stopwait": 2,
        "tmpdir": "/srv/tmp",
        "zstd": 0,
    }
    assert asked(BackupServer(), vmid=[101], storage="local", **given) == [
        {
            "vmid": 101,
            "storage": "local",
            "bwlimit": 1000,
            "compress": "zstd",
            "exclude-path": ["/tmp/?*", "/var/cache"],
            "fleecing": "1,storage=local-lvm",
            "ionice": 8,
            "lockwait": 5,
            "mailnotification": "failure",
            "mailto": "a@example.com,root@pam",
            "mode": "stop",
            "notes-template": "{{guestname}}",
            "notification-mode": "legacy-sendmail",
            "pbs-change-detection-mode": "data",
            "performance": "max-workers=4",
            "pigz": 1,
            "protected": True,
            "prune-backups": "keep-last=3",
            "remove": False,
            "script": "/usr/local/bin/hook",
            "stdexcludes": False,
            "stopwait": 2,
            "tmpdir": "/srv/tmp",
            "zstd": 0,
        }
    ]


@pytest.mark.parametrize(
    ("given", "vmids"),
    [
        ({"all": True}, [101, 102]),
        ({"all": True, "exclude": [102]}, [101]),
        ({"node": "pve1"}, [101, 102]),
        ({"node": "pve2"}, []),
        ({"pool": "db"}, [102]),
        ({"pool": "db", "node": "pve1"}, [102]),
        ({"vmid": [102, 101, 102]}, [102, 101]),
        ({"pool": "web"}, []),
    ],
)
def test_which_guests_are_backed_up(given: dict[str, Any], vmids: list[Any]) -> None:
    assert [params["vmid"] for params in asked(BackupServer(), storage="local", **given)] == vmids


@pytest.mark.parametrize(("age", "taken"), [(10, False), (5000, True)])
def test_a_backup_that_is_young_enough_counts_as_done(age: int, taken: bool) -> None:
    server = BackupServer(int(time.time()) - age, 1)
    result = run(server, vmid=[101], storage="local", max_age="1h")
    assert result["changed"] is taken
    assert result["backups"][0]["backup"]["vmid"] == 101


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"storage": "local"}, "vmid: is missing"),
        ({"vmid": [101]}, "storage: is missing"),
        ({"vmid": [109], "storage": "local"}, "vmid: there is no guest 109"),
        ({"vmid": [101, 109], "storage": "local"}, "vmid: there is no guest 109"),
        ({"pool": "misspelt", "storage": "local"}, "pool: there is no pool misspelt"),
        ({"node": "pve9", "storage": "local"}, "node: there is no node pve9"),
        ({"all": True, "storage": "misspelt"}, "storage: there is no storage misspelt"),
        ({"vmid": [101], "node": "pve2", "storage": "local"}, "node: guest 101 is on pve1, not on pve2"),
        ({"vmid": [101], "all": True, "storage": "local"}, "vmid and all: exclude each other"),
        ({"vmid": [101], "storage": "local", "notes": "x"}, "notes: means nothing when backups are taken"),
        ({"vmid": [101], "storage": "local", "force": True}, "force: means nothing when backups are taken"),
        ({"volume": VOLUME}, "node: is needed with volume"),
        *(
            ({"volume": volume, "node": "pve1", "state": state}, f"volume: '{volume}' is not a backup")
            for volume in (
                "local-lvm:vm-100-disk-0",
                "local:100/vm-100-disk-0.qcow2",
                "local:iso/a.iso",
                "local:backups/x",
            )
            for state in ("absent", "present")
        ),
        ({"volume": VOLUME, "node": "pve1", "mode": "stop"}, "mode: means nothing with volume"),
        (
            {"volume": VOLUME, "node": "pve1", "notes": "x", "state": "absent"},
            "notes: means nothing with state: absent",
        ),
        ({"state": "pruned", "node": "pve1"}, "storage: is needed"),
        ({"state": "pruned", "node": "pve1", "storage": "local", "max_age": "1d"}, "max_age: means nothing with"),
        ({"state": "pruned", "node": "pve1", "storage": "local", "vmid": [1, 2]}, "vmid: takes one id"),
        ({"state": "restored", "volume": VOLUME}, "node: is needed with state: restored"),
    ],
)
def test_options_that_are_missing_or_mean_nothing_are_refused_before_anything_is_written(
    given: dict[str, Any], says: str
) -> None:
    with pytest.raises(InvalidOption, match=says):
        run(BackupServer(), **given)


def plan_of(volume_answer: Any, **given: Any) -> Any:
    server = Server({PATH: volume_answer} if volume_answer else {})
    resource = Volume()
    given = {"volume": VOLUME, "node": "pve1", "state": "present", **given}
    desired = resource.parse(given)
    return resource.plan(resource.read(server, desired), desired)


def test_notes_and_protection_are_changed_only_if_they_differ() -> None:
    answer = {"notes": "old", "protected": 0, "size": 1}
    plan = plan_of(answer, notes="", protected=True)
    assert [(step.method, step.path, dict(step.params)) for step in plan.steps] == [
        ("PUT", PATH, {"notes": "", "protected": True})
    ]
    assert plan_of(answer, notes="old", protected=False).steps == ()


def test_deleting_needs_one_that_is_not_protected() -> None:
    assert plan_of(None, state="absent").steps == ()
    assert [step.method for step in plan_of({"protected": 0}, state="absent").steps] == ["DELETE"]
    with pytest.raises(Refused, match="is protected"):
        plan_of({"protected": 1}, state="absent")


def test_pruning_tells_beforehand_what_goes() -> None:
    rows = [{"volid": "a", "mark": "keep"}, {"volid": "b", "mark": "remove"}, {"volid": "c", "mark": "protected"}]
    resource = Prune()
    desired = resource.parse({"node": "pve1", "storage": "local", "vmid": [101], "prune_backups": "keep-last=1"})
    plan = resource.plan(resource.read(Server({PRUNE: rows}), desired), desired)
    assert plan.after == {"keep": ["a"], "remove": [], "protected": ["c"]}
    assert [dict(step.params) for step in plan.steps] == [{"prune-backups": "keep-last=1", "vmid": 101}]
    assert "b" in plan.steps[0].summary


@pytest.mark.parametrize(
    ("volume", "owner"),
    [
        (VOLUME, ("qemu", 101)),
        ("local:backup/vzdump-lxc-102-2026_01_31-12_00_00.tar.gz", ("lxc", 102)),
        ("pbs:backup/vm/101/2026-01-31T12:00:00Z", ("qemu", 101)),
        ("pbs:backup/ct/102/2026-01-31T12:00:00Z", ("lxc", 102)),
        ("local:backup/mine.vma", None),
    ],
)
def test_whose_backup_it_is(volume: Any, owner: Any) -> None:
    assert owner_of(volume) == owner


def test_a_restored_guest_has_the_id_that_the_backup_names_unless_the_task_does() -> None:
    given = {"volume": VOLUME, "node": "pve1", "state": "restored"}
    assert restoration(options(BACKUP, **given))["vmid"] == 101
    assert restoration(options(BACKUP, **given, vmid=[109]))["vmid"] == 109
