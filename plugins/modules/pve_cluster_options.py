# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: pve_cluster_options
short_description: Manage options of the whole cluster
description:
  - Sets and removes the options in C(datacenter.cfg). What is not given stays as it is.
  - Options with parts take a dictionary or a property string. A part that is not given is not changed; an empty string removes it.
version_added: 1.0.0
author: pve.automation maintainers (@pve-automation)
extends_documentation_fragment:
  - pve.automation.about.cluster
  - pve.automation.attributes
  - pve.automation.connection
options:
  append:
    description: Only add what O(registered_tags) and the list in O(user_tag_access) have, never take a tag out.
    type: bool
    default: false
  bwlimit:
    description: Limits of the bandwidth in KiB per second for C(clone), C(migration), C(move) and C(restore), and a C(default).
    type: raw
  consent_text:
    description: Text that everybody has to agree to before the login.
    type: str
  console:
    description: Which console the web interface opens.
    type: str
    choices: [applet, vv, html5, xtermjs]
  crs:
    description: How high availability chooses nodes, with C(ha), C(ha-rebalance-on-start) and the C(ha-auto-rebalance) family.
    type: raw
  description:
    description: Notes on the cluster.
    type: str
  email_from:
    description: Sender of the cluster's mails.
    type: str
  fencing:
    description: How failed nodes are fenced. PVE's default is V(watchdog).
    type: str
    choices: [watchdog, hardware, both]
  ha:
    description: What happens to resources of high availability when a node is shut down, with C(shutdown_policy).
    type: raw
  http_proxy:
    description: Proxy for downloads, such as V(http://proxy.example.com:3128).
    type: str
  keyboard:
    description: Layout of the keyboard of consoles, such as V(de) or V(en-us).
    type: str
  language:
    description: Language of the web interface, such as V(de) or V(en).
    type: str
  location:
    description: Where the cluster is, with C(latitude), C(longitude) and C(name). Only newer servers have it.
    type: raw
  mac_prefix:
    description: First half of the MAC addresses that are made for guests, such as V(BC:24:11).
    type: str
  max_workers:
    description: How many tasks run at the same time in actions on many guests.
    type: int
  migration:
    description: How guests are migrated, with C(type), V(secure) or V(insecure), and the C(network) to use.
    type: raw
  next_id:
    description: From which range the ids of new guests are taken, with C(lower) and C(upper).
    type: raw
  notify:
    description: Older settings of who is notified. Newer servers have matchers for that.
    type: raw
  registered_tags:
    description: Tags that only administrators may set. The list is the whole list unless O(append) is true.
    type: list
    elements: str
  replication:
    description: How guests are replicated, with C(type) and C(network).
    type: raw
  tag_style:
    description: How tags look, with C(shape), C(ordering), C(case-sensitive) and C(color-map).
    type: raw
  u2f:
    description: Settings of U2F, with C(appid) and C(origin).
    type: raw
  user_tag_access:
    description: Which tags users may set, with C(user-allow) and C(user-allow-list).
      The list in it is the whole list unless O(append) is true.
    type: raw
  webauthn:
    description: Settings of WebAuthn, with C(id), C(origin), C(rp) and C(allow-subdomains).
    type: raw
  unset:
    description: Names of options that are removed, so that the server's default holds.
    type: list
    elements: str
seealso:
  - module: pve.automation.pve_version_info
"""

EXAMPLES = r"""
- name: Migrate through a network of its own, and take ids from a range
  pve.automation.pve_cluster_options:
    migration: {type: secure, network: 192.0.2.0/24}
    next_id: {lower: 5000, upper: 5999}
    registered_tags: [production, backup]

- name: Let the server decide again how many tasks run at the same time
  pve.automation.pve_cluster_options:
    unset: [max_workers]
"""

RETURN = r"""
options:
  description: The options that are set, as the server has them afterwards. In check mode as they would be.
  returned: success
  type: dict
  contains:
    bwlimit: {description: As O(bwlimit)., type: dict}
    consent_text: {description: As O(consent_text)., type: str}
    console: {description: As O(console)., type: str}
    crs: {description: As O(crs)., type: dict}
    description: {description: As O(description)., type: str}
    email_from: {description: As O(email_from)., type: str}
    fencing: {description: As O(fencing)., type: str}
    ha: {description: As O(ha)., type: dict}
    http_proxy: {description: As O(http_proxy)., type: str}
    keyboard: {description: As O(keyboard)., type: str}
    language: {description: As O(language)., type: str}
    location: {description: As O(location)., type: dict}
    mac_prefix: {description: As O(mac_prefix)., type: str}
    max_workers: {description: As O(max_workers)., type: int}
    migration: {description: As O(migration)., type: dict}
    next_id: {description: As O(next_id)., type: dict}
    notify: {description: As O(notify)., type: dict}
    registered_tags: {description: As O(registered_tags)., type: list, elements: str}
    replication: {description: As O(replication)., type: dict}
    tag_style: {description: As O(tag_style)., type: dict}
    u2f: {description: As O(u2f)., type: dict}
    user_tag_access: {description: As O(user_tag_access)., type: dict}
    webauthn: {description: As O(webauthn)., type: dict}
  sample: {migration: {type: secure, network: 192.0.2.0/24}, next_id: {lower: 5000, upper: 5999}}
requests:
  description: The writing API calls that were made, in check mode those that would be made; secrets are hidden.
  returned: always
  type: list
  elements: dict
  contains:
    method: {description: "V(POST), V(PUT) or V(DELETE).", type: str}
    path: {description: Path of the call., type: str}
    params: {description: "Its parameters, as they are sent.", type: dict}
    summary: {description: What it does., type: str}
  sample: [{method: PUT, path: /cluster/options, params: {next-id: "lower=5000,upper=5999"}, summary: change next_id}]
"""

from ..module_utils._core.resources.cluster.options import CLUSTER_OPTIONS
from ..module_utils._core.run.module import run_module


def main() -> None:
    run_module(CLUSTER_OPTIONS)


if __name__ == "__main__":
    main()
