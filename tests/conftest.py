# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings of all tests."""

from __future__ import annotations

import os
from pathlib import Path

from hypothesis import HealthCheck, settings

BUILD = Path(__file__).resolve().parents[1] / ".build"

# ansible-core makes directories when it is imported; they do not belong into the user's home.
os.environ.setdefault("ANSIBLE_HOME", str(BUILD / "ansible"))
os.environ.setdefault("ANSIBLE_REMOTE_TMP", str(BUILD / "ansible" / "tmp"))

# How long an example takes says more of the machine than of the code.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")
