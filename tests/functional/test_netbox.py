# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook netbox_guest, with events as the webhooks of NetBox send them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.functional.test_roles import changed_tasks, listed, played
from tests.harness.cluster import Cluster
from tests.harness.playbook import Played

# netbox/extras/webhooks.py and netbox/virtualization/api/serializers_/virtualmachines.py of NetBox 4.4
MACHINE: dict[str, Any] = {
    "id": 42,
    "url": "https://netbox.example.com/api/virtualization/virtual-machines/42/",
    "display_url": "https://netbox.example.com/virtualization/virtual-machines/42/",
    "display": "erp1",
    "name": "erp1",
    "status": {"value": "active", "label": "Active"},
    "site": {
        "id": 1,
        "url": "https://netbox.example.com/api/dcim/sites/1/",
        "display": "HQ",
        "name": "HQ",
        "slug": "hq",
    },
    "cluster": {"id": 3, "display": "lab", "name": "lab", "description": ""},
    "device": None,
    "serial": "",
    "role": None,
    "tenant": None,
    "platform": None,
    "primary_ip": {"id": 7, "display": "192.0.2.61/24", "address": "192.0.2.61/24", "description": ""},
    "primary_ip4": {"id": 7, "family": {"value": 4, "label": "IPv4"}, "address": "192.0.2.61/24", "description": ""},
    "primary_ip6": {"id": 8, "family": {"value": 6, "label": "IPv6"}, "address": "2001:db8::61/64", "description": ""},
    "vcpus": 1.5,
    "memory": 512,
    "disk": 10240,
    "description": "",
    "comments": "",
    "config_template": None,
    "local_context_data": None,
    "tags": [{"id": 1, "display": "Shop", "name": "Shop", "slug": "shop", "color": "aa1409"}],
    "custom_fields": {"vmid": 9401},
    "created": "2026-11-30T12:00:00.000000Z",
    "last_updated": "2026-12-01T05:00:00.000000Z",
    "interface_count": 1,
    "virtual_disk_count": 1,
}
OFFLINE = {"status": {"value": "offline", "label": "Offline"}}
VARIABLES = {
    "guests_vm_defaults": {"clone": "debian-13", "node": "pve1"},
    "netbox_clusters": ["lab"],
    "netbox_gateway": "192.0.2.1",
}


def event(kind: str, before: str | None = None, **changes: Any) -> dict[str, Any]:
    """What a webhook sends; `before` is the name before the change."""
    snapshots = {"prechange": {"name": before or MACHINE["name"]} if kind != "created" else None, "postchange": {}}
    return {
        "event": kind,
        "timestamp": "2026-12-01T05:00:00.000000+00:00",
        "object_type": "virtualization.virtualmachine",
        "username": "admin",
        "request_id": "fdbca812-3142-4783-b364-2e2bd5c16c6a",
        "data": {**MACHINE, **changes},
        "snapshots": snapshots,
    }


def handle(cluster: Cluster, directory: Path, *events: dict[str, Any], **variables: Any) -> Played:
    """Run the playbook for events, one after the other, in one go."""
    imports = [
        {
            "name": f"Event {number}",
            "ansible.builtin.import_playbook": "pve.automation.netbox_guest",
            "vars": {**VARIABLES, **variables, "netbox_event": one},
        }
        for number, one in enumerate(events)
    ]
    path = directory / "events.json"
    path.write_text(json.dumps(imports), encoding="utf-8")
    return played(cluster, directory, path)


def calls(ended: Played) -> list[list[str]]:
    """The calls in words, for each event that came so far."""
    rows = [row for row in ended.rows if row.name.endswith("Manage the guests")]
    return [[request["summary"] for request in row.result["requests"]] for row in rows]


def test_a_vm_follows_what_netbox_says(cluster: Cluster, tmp_path: Path) -> None:
    grown: dict[str, Any] = {"name": "erp2", "vcpus": 2.0, "disk": 20480}
    ended = handle(
        cluster,
        tmp_path,
        event("created"),
        event("updated"),
        event("updated", before="erp1", **grown),
        event("updated", before="erp2", **grown, **OFFLINE),
        event("updated", before="erp2", **grown, status={"value": "planned", "label": "Planned"}),
        event("updated", before="erp2", **grown, cluster={"id": 4, "name": "other"}),
        event("deleted", before="erp2", **grown, **OFFLINE),
    )
    assert ended.code == 0, ended.printed
    created, same, changed, stopped = calls(ended)
    assert "clone the virtual machine 900 (debian-13) on node pve1 as 9401 (erp1)" in created[0]
    assert same == []
    assert "change cpulimit, name of virtual machine 9401 (erp1)" in changed
    assert "grow scsi0 of virtual machine 9401 (erp1) from 10G to 20G" in changed
    assert len(stopped) == 1
    for reason in (
        "netbox_states has no planned",
        "the cluster other is not in netbox_clusters",
        "netbox_delete does not allow to delete it",
    ):
        assert reason in " ".join(ended.printed.split())
    config = cluster.call("GET", "/nodes/pve1/qemu/9401/config")
    assert [config[name] for name in ("name", "cores", "tags")] == ["erp2", 2, "shop"]
    addresses = {"gw=192.0.2.1", "ip=192.0.2.61/24", "ip6=2001:db8::61/64"}
    assert set(config["ipconfig0"].split(",")) == addresses
    refused = handle(cluster, tmp_path, event("deleted", name="erp1"), netbox_delete=True)
    assert refused.code
    assert listed(cluster, "erp") == {"erp2": (9401, "pve1")}
    deleted = handle(cluster, tmp_path, *[event("deleted", **grown)] * 2, netbox_delete=True)
    assert deleted.code == 0, deleted.printed
    assert changed_tasks(deleted) == 1
    assert listed(cluster, "erp") == {}


def test_an_event_that_says_too_little_is_refused(cluster: Cluster, tmp_path: Path) -> None:
    nameless: dict[str, Any] = {"custom_fields": {"vmid": None}}
    wrong: list[tuple[dict[str, Any], str]] = [
        ({**event("created"), "object_type": "virtualization.vminterface"}, "about virtualization.vminterface"),
        (
            event("updated", before="erp0", **nameless),
            "erp1 was renamed, from erp0, in NetBox, but the custom field vmid",
        ),
        (event("deleted", **nameless), "erp1 was deleted in NetBox, but the custom field vmid is empty"),
        (event("updated", before="erp0", custom_fields={"vmid": 100}), "but guest 100 is web1"),
        (event("created", virtual_disk_count=2), "erp1 has 2 disks, but an event has only the sum"),
    ]
    for one, reason in wrong:
        refused = handle(cluster, tmp_path, one, netbox_delete=True)
        assert refused.code
        assert reason in " ".join(refused.printed.split())
    assert cluster.writes_made() == []
