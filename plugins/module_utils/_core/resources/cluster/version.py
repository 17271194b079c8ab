# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The version of a server."""

from __future__ import annotations

from ...model.kinds.info import OneInfo

VERSION_INFO = OneInfo("version", lambda desired: "/version", shape=dict)
