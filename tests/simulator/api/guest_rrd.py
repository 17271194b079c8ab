# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Statistics of guests over time: empty moments before the guest was seen first, then its present values."""

from __future__ import annotations

from typing import Any

from ..call import Call
from ..errors import ApiError, not_simulated
from ..formats import split_list
from ..guest import find_guest
from ..guest_status import lxc_status, qemu_status
from ..routing import endpoint

STEPS = {"hour": 60, "day": 1800, "week": 10800, "month": 43200, "year": 604800, "decade": 604800}
POINTS = 70
ALWAYS = ("maxdisk", "maxmem", "disk")
RUNNING = ("cpu", "mem", "memhost", "diskread", "diskwrite", "netin", "netout")


def rrd_data(call: Call) -> Any:
    kind = "lxc" if "/lxc/" in call.template else "qemu"
    guest = find_guest(call.cluster, kind, call.params["vmid"], str(call.node))
    status = (lxc_status if kind == "lxc" else qemu_status)(call.cluster, guest)
    step = STEPS[call.params["timeframe"]]
    now = call.cluster.now() // step * step
    rows: list[dict[str, Any]] = [{"time": now - number * step} for number in range(POINTS, 0, -1)]
    rows[-1] |= {"maxcpu": status["cpus"], **{name: status[name] for name in ALWAYS}}
    if guest.running:
        rows[-1] |= {name: status.get(name, 0) for name in (*RUNNING, *(n for n in status if n.startswith("pressure")))}
    return rows


def rrd_image(call: Call) -> Any:
    """A picture; only sources that there are not are known here."""
    find_guest(call.cluster, "lxc" if "/lxc/" in call.template else "qemu", call.params["vmid"], str(call.node))
    sources = {"maxcpu", "maxmem", "maxdisk", "disk", *RUNNING}
    unknown = next((name for name in split_list(str(call.params["ds"])) if name not in sources), None)
    if unknown is None:
        raise not_simulated(f"GET {call.template}")
    file = f"/var/lib/rrdcached/db/pve-vm-9.0/{call.params['vmid']}"
    raise ApiError(500, f"RRD error: No DS called '{unknown}' in '{file}'")


for _kind in ("qemu", "lxc"):
    endpoint("GET", f"/nodes/{{node}}/{_kind}/{{vmid}}/rrddata", ordered=True)(rrd_data)
    endpoint("GET", f"/nodes/{{node}}/{_kind}/{{vmid}}/rrd")(rrd_image)
