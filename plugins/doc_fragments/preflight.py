# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of modules whose calls run as PVE tasks."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  preflight:
    description:
      - What to do if the cluster does not seem to have what the task asks for. This is looked up before anything is changed, in check
        mode as well, by one request for each list that is needed, and by none where nothing is asked for. Several guests are checked
        together.
      - It looks whether the memory of the node suffices for the guests that run there and for this one; whether the storages exist
        on the node, hold this kind of volumes, and have the space; whether bridges, images, templates and snippets exist; whether
        a given vmid is free; whether the guest is locked; and whether O(limits) are kept. That a device is passed through to a processor that is not of type
        C(host) is a warning only.
      - What the user or token may not see is taken to be there.
      - V(warn) warns, V(fail) fails, V(off) does not look. What PVE refuses for certain fails with V(warn) as well, by the name of
        the option. These are storages that do not exist on the node, are disabled or do not hold this kind of volume; images,
        templates, hook scripts and disks that do not exist; bridges that the node does not list, if the task starts the guest; a
        vmid that is taken; and a clone to another node whose volumes are on storages that are not shared.
      - V(strict) fails as well, and looks more closely. Guests that do not run count for O(limits.memory_overcommit), too. The memory that
        the node uses and that of the guests that are started may not exceed 90 % of what the node has.
        Unless O(limits) says otherwise, a guest gets at most 128 GiB of memory, and a disk at most 10 TiB.
    type: str
    choices: [warn, fail, strict, "off"]
    default: warn
  limits:
    description: What the preflight allows.
    type: dict
    suboptions:
      memory_overcommit:
        description: How much memory guests may have together, as a multiple of what the node has.
        type: float
        default: 1.2
      storage_overcommit:
        description: How large volumes may be on a storage, as a multiple of its size, for example more than 1 where space is only taken
          when it is written to.
        type: float
        default: 1.0
      max_memory:
        description: Most memory for a guest, in MiB or as in V(64G). No limit by default, 128 GiB with O(preflight=strict).
        type: str
      max_disk:
        description: Most disk space for all volumes of a guest together, in MiB or as in V(2T). No limit by default.
        type: str
      max_volume:
        description: Most disk space for one volume, in MiB or as in V(2T). No limit by default, 10 TiB with O(preflight=strict).
        type: str
"""
