# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which changes of a running VM take effect at once, as far as the configuration shows.

Check mode predicts a restart from this; a real run asks the server what is pending.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

# PVE/QemuServer.pm, $fast_plug_option: options that concern the host only.
AT_ONCE = frozenset(
    "description hookscript migrate_downtime migrate_speed name onboot protection shares startup tags vmstatestorage "
    "balloon cpulimit cpuunits".split()
)
DEFAULT_FEATURES = ("disk", "network", "usb")  # of the option hotplug
_FEATURES: Mapping[str, re.Pattern[str]] = {
    "disk": re.compile(r"(scsi|virtio|sata|ide|unused)\d+"),
    "network": re.compile(r"net\d+"),
    "usb": re.compile(r"usb\d+"),
    "cloudinit": re.compile(r"ipconfig\d+|ciuser|cipassword|citype|ciupgrade|cicustom|nameserver|searchdomain|sshkeys"),
    "memory": re.compile(r"memory"),
    "cpu": re.compile(r"vcpus"),
}


def needs_restart(name: str, config: Mapping[str, Any]) -> bool:
    """Whether a change of this key waits for the next start of a running VM with this configuration."""
    if name in AT_ONCE:
        return False
    features = config.get("hotplug") or DEFAULT_FEATURES
    return not any(pattern.fullmatch(name) for feature, pattern in _FEATURES.items() if feature in features)
