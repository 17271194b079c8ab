# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of guest options that need more than the option's text: the storages, the CPU models, the devices of a node."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from . import volumes
from .errors import ApiError, param_error
from .sections import sections
from .storages import find_storage
from .volume_names import parse_name, split_volid

if TYPE_CHECKING:
    from .state import Cluster

SSH_KEY = re.compile(r"(?:ssh-(?:rsa|dss|ed25519)|ecdsa-sha2-\S+|sk-\S+) [A-Za-z0-9+/]+={0,2}(?: .*)?")
CUSTOM_CPU = re.compile(r"(?:^|,)(?:cputype=)?custom-([^,=]+)")
# Devices that each simulated node has.
DEVICE = re.compile(
    r"/dev/(?:dri/.+|bus/usb/.+|net/tun|fuse|kvm|null|zero|full|u?random|tty.*|nvidia.*|serial/.+|snd/.+)"
)


def check_ssh_keys(text: str | None) -> None:
    """Refuse lines that are neither empty nor a public key, comments included; the key itself is not taken apart."""
    for line in (text or "").splitlines():
        if line.strip() and not SSH_KEY.fullmatch(line.strip()):
            raise ApiError(500, "SSH public key validation error")


def check_hookscript(cluster: Cluster, node: str, volid: str) -> None:
    """Refuse what is no snippet on a storage of the node (pve-guest-common GuestHelpers.pm, check_hookscript)."""
    storageid, name = split_volid(volid)
    if parse_name(find_storage(cluster, storageid), name).content != "snippets":
        raise ApiError(500, f"'{volid}' is not in the snippets directory")
    if volumes.find_volume(cluster, volid, node) is None:
        raise ApiError(500, f"script '{volid}' does not exist")


def check_custom_cpu(cluster: Cluster, cpu: Any) -> None:
    found = CUSTOM_CPU.search(str(cpu or ""))
    if found and found[1] not in sections(cluster, "cpu_models"):
        raise param_error("cpu", f"invalid format - Custom cputype '{found[1]}' not found\n")


def check_device(text: str) -> None:
    path = text.partition(",")[0].removeprefix("path=")
    if not DEVICE.fullmatch(path):
        raise ApiError(500, f"Device {path} does not exist")
