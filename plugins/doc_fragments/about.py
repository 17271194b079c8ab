# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a module is about: one fragment for each subject, with its guides and its chapter of the manual of Proxmox VE.

The list of modules in README.md and the page of all modules are grouped by these subjects, in this order.
"""

from __future__ import annotations


class ModuleDocFragment:
    GUESTS = r"""
options: {}
seealso:
  - ref: ansible_collections.pve.automation.docsite.guide_guests
    description: Guests by example.
  - ref: ansible_collections.pve.automation.docsite.guide_identity
    description: What identifies a guest.
  - name: Virtual machines
    description: The manual of Proxmox VE.
    link: https://pve.proxmox.com/pve-docs/chapter-qm.html
  - name: Containers
    description: The manual of Proxmox VE.
    link: https://pve.proxmox.com/pve-docs/chapter-pct.html
"""

    BACKUP = r"""
options: {}
seealso:
  - ref: ansible_collections.pve.automation.docsite.guide_backup
    description: Backup and restore.
  - name: Backup and restore
    description: The manual of Proxmox VE.
    link: https://pve.proxmox.com/pve-docs/chapter-vzdump.html
"""

    STORAGE = r"""
options: {}
seealso:
  - ref: ansible_collections.pve.automation.docsite.guide_storage
    description: Storage.
  - name: Storage
    description: The manual of Proxmox VE.
    link: https://pve.proxmox.com/pve-docs/chapter-pvesm.html
"""

    HA = r"""
options: {}
seealso:
  - ref: ansible_collections.pve.automation.docsite.guide_ha
    description: High availability.
  - name: High availability
    description: The manual of Proxmox VE.
    link: https://pve.proxmox.com/pve-docs/chapter-ha-manager.html
"""

    FIREWALL = r"""
options: {}
seealso:
  - ref: ansible_collections.pve.automation.docsite.guide_firewall
    description: Firewall.
  - name: Firewall
    description: The manual of Proxmox VE.
    link: https://pve.proxmox.com/pve-docs/chapter-pve-firewall.html
"""

    ACCESS = r"""
options: {}
seealso:
  - ref: ansible_collections.pve.automation.docsite.guide_permissions
    description: Authentication and permissions.
  - name: User management
    description: The manual of Proxmox VE.
    link: https://pve.proxmox.com/pve-docs/chapter-pveum.html
"""

    NODES = r"""
options: {}
seealso:
  - ref: ansible_collections.pve.automation.docsite.guide_network
    description: Networks of a node.
  - name: Host system administration
    description: The manual of Proxmox VE.
    link: https://pve.proxmox.com/pve-docs/chapter-sysadmin.html
"""

    CLUSTER = r"""
options: {}
seealso:
  - ref: ansible_collections.pve.automation.docsite.guide_getting_started
    description: Getting started.
  - name: Cluster manager
    description: The manual of Proxmox VE.
    link: https://pve.proxmox.com/pve-docs/chapter-pvecm.html
"""

    NOTIFICATIONS = r"""
options: {}
seealso:
  - ref: ansible_collections.pve.automation.docsite.guide_backup
    description: Backup and restore.
  - name: Notifications
    description: The manual of Proxmox VE.
    link: https://pve.proxmox.com/pve-docs/chapter-notifications.html
"""

    TASKS = r"""
options: {}
seealso:
  - ref: ansible_collections.pve.automation.docsite.guide_troubleshooting
    description: Troubleshooting.
  - name: The API of Proxmox VE
    description: The manual of Proxmox VE.
    link: https://pve.proxmox.com/pve-docs/api-viewer/index.html
"""
