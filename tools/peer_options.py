# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write the names of the modules of community.proxmox and of their options into tools/community_proxmox_options.json.

The argument is an unpacked collection, such as that in PyPI's package `ansible`. Only names are kept.
"""

from __future__ import annotations

import ast
import json
import sys
from pathlib import Path
from typing import Any

import yaml

from tools.common import ROOT

TARGET = ROOT / "tools" / "community_proxmox_options.json"


def documentation(path: Path) -> dict[str, Any]:
    """The DOCUMENTATION of a module."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "DOCUMENTATION":
            parsed: dict[str, Any] = yaml.safe_load(ast.literal_eval(node.value))
            return parsed
    raise ValueError(f"{path}: no DOCUMENTATION")


def main() -> int:
    collection = Path(sys.argv[1])
    version = json.loads((collection / "MANIFEST.json").read_text(encoding="utf-8"))["collection_info"]["version"]
    modules = {
        path.stem: sorted(
            name
            for option, row in (documentation(path).get("options") or {}).items()
            for name in (option, *row.get("aliases", ()))
        )
        for path in sorted((collection / "plugins" / "modules").glob("*.py"))
    }
    inventory = sorted(documentation(collection / "plugins" / "inventory" / "proxmox.py")["options"])
    facts = {"version": version, "modules": modules, "inventory": inventory}
    TARGET.write_text(json.dumps(facts, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
