# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: pve_realm
short_description: Manage authentication realms (LDAP, Active Directory, OpenID Connect)
description:
  - Creates, changes and deletes realms, which say where users come from and who checks their passwords.
  - The users of a realm stay when it is deleted.
version_added: 1.0.0
author: pve.automation maintainers (@pve-automation)
extends_documentation_fragment:
  - pve.automation.about.access
  - pve.automation.attributes
  - pve.automation.connection
options:
  realm:
    description: Name of the realm.
    type: str
    required: true
    aliases: [name]
  type:
    description: Type of the realm, needed to create it. It cannot change later. V(pam) and V(pve) are built in.
    type: str
    choices: [ad, ldap, openid, pam, pve]
  acr_values:
    description: Authentication context classes to ask for. For openid.
    type: str
  audiences:
    description: Audiences that are trusted beside O(client_id). For openid. Needs PVE 9.2.
    type: str
  autocreate:
    description: Whether a user is created at its first login. For openid. PVE's default is V(false).
    type: bool
  base_dn:
    description: Where the users are in the directory. For ldap, which needs it, and ad.
    type: str
  bind_dn:
    description: Identity that searches the directory, with O(password). For ldap, ad.
    type: str
  capath:
    description: File or directory of certificates of authorities on the nodes. For ldap, ad. PVE's default is V(/etc/ssl/certs).
    type: str
  case_sensitive:
    description: Whether upper and lower case make different users. For ldap, ad. The server assumes V(true).
    type: bool
  cert:
    description: File of the client's certificate on the nodes. For ldap, ad.
    type: str
  certkey:
    description: File of the key of O(cert) on the nodes. For ldap, ad.
    type: str
  client_id:
    description: Identity of the cluster at the provider. For openid, which needs it.
    type: str
  client_key:
    description: Secret of O(client_id). For openid. See O(update_password).
    type: str
  comment:
    description: Comment. An empty string clears it.
    type: str
  default:
    description: Whether the login form chooses this realm. Setting it takes it from the realm that had it. PVE's default is V(false).
    type: bool
  domain:
    description: Name of the AD domain. For ad, which needs it.
    type: str
  filter:
    description: LDAP filter of the users to take over. For ldap, ad.
    type: str
  group_classes:
    description: Object classes of groups, in any order. For ldap, ad.
    type: list
    elements: str
  group_dn:
    description: Where the groups are in the directory. For ldap, ad.
    type: str
  group_filter:
    description: LDAP filter of the groups to take over. For ldap, ad.
    type: str
  group_name_attr:
    description: Attribute with the name of a group. For ldap, ad.
    type: str
  groups_autocreate:
    description: Whether groups of O(groups_claim) are created. For openid. PVE's default is V(false).
    type: bool
  groups_claim:
    description: Claim that names the groups of a user. For openid.
    type: str
  groups_overwrite:
    description: Whether a login takes the user out of groups that O(groups_claim) does not name. For openid. PVE's default is V(false).
    type: bool
  issuer_url:
    description: URL of the provider. For openid, which needs it.
    type: str
  mode:
    description: How the connection is protected. For ldap, ad.
    type: str
    choices: [ldap, ldaps, ldap+starttls]
  password:
    description: Password of O(bind_dn). For ldap, ad. See O(update_password).
    type: str
  port:
    description: Port of the servers. For ldap, ad.
    type: int
  prompt:
    description: What the provider asks at a login, such as V(login) or V(none). For openid.
    type: str
  query_userinfo:
    description: Whether claims are asked for at the userinfo endpoint. For openid. The server assumes V(true).
    type: bool
  scopes:
    description: Scopes to ask for, in any order. For openid.
    type: list
    elements: str
  secure:
    description: Older form of O(mode=ldaps). For ldap, ad. PVE's default is V(false).
    type: bool
  server1:
    description: Name or address of the directory. For ldap and ad, which need it.
    type: str
  server2:
    description: Another one, asked when the first does not answer. For ldap, ad.
    type: str
  sslversion:
    description: Version of TLS. For ldap, ad.
    type: str
    choices: [tlsv1, tlsv1_1, tlsv1_2, tlsv1_3]
  sync_attributes:
    description:
      - Attributes that fill V(comment), V(email), V(enable), V(expire), V(firstname), V(keys), V(lastname), V(username) of a
        user, as a dictionary or as PVE's own text (C(email=mail,firstname=givenName)). For ldap, ad.
      - One that is not named stays; one that is given as an empty string is removed.
    type: raw
  sync_defaults_options:
    description:
      - What M(pve.automation.pve_realm_sync) and scheduled jobs do where they say nothing else - C(scope), C(enable_new),
        C(remove_vanished) (a list) - as a dictionary or as PVE's own text. For ldap, ad.
      - One that is not named stays; one that is given as an empty string is removed.
    type: raw
  tfa:
    description: Second factor that every user of the realm needs, as PVE's text (C(type=oath,digits=6)). For pam, pve, ldap,
      ad. It may hold an API key, so see O(update_password).
    type: str
  user_attr:
    description: Attribute with the name of a user. For ldap, which needs it, and ad.
    type: str
  user_classes:
    description: Object classes of users, in any order. For ldap, ad.
    type: list
    elements: str
  username_claim:
    description: Claim that names the user. For openid. It cannot change later.
    type: str
  verify:
    description: Whether the directory's certificate is verified. For ldap, ad. PVE's default is V(false).
    type: bool
  check_connection:
    description: Let the server try the directory before it stores a change. Without a change nothing is tried.
    type: bool
    default: false
  update_password:
    description:
      - When secrets (O(password), O(client_key), O(tfa)) are sent. The server never returns them, so they cannot be compared.
      - V(on_create) sends them only when the realm is created; V(always) sends them on each run, which then always reports a change.
    type: str
    choices: [on_create, always]
    default: on_create
  unset:
    description: Options to remove from the realm, by name. An empty string does the same for a single one.
    type: list
    elements: str
  state:
    description: Whether the realm exists.
    type: str
    choices: [present, absent]
    default: present
seealso:
  - module: pve.automation.pve_realm_sync
  - module: pve.automation.pve_user
  - module: pve.automation.pve_realm_info
"""

EXAMPLES = r"""
- name: A directory
  pve.automation.pve_realm:
    realm: corp
    type: ldap
    server1: ldap1.example.com
    server2: ldap2.example.com
    mode: ldaps
    verify: true
    base_dn: ou=people,dc=example,dc=com
    user_attr: uid
    bind_dn: cn=pve,dc=example,dc=com
    password: "{{ ldap_password }}"
    sync_attributes: {email: mail, firstname: givenName, lastname: sn}
    sync_defaults_options: {scope: both, remove_vanished: [acl, entry]}

- name: Single sign-on, and let the login form choose it
  pve.automation.pve_realm:
    realm: sso
    type: openid
    issuer_url: https://id.example.com/
    client_id: pve
    client_key: "{{ client_key }}"
    username_claim: email
    autocreate: true
    default: true
"""

RETURN = r"""
realm:
  description:
    - The realm as the server has it afterwards, without secrets; null if it does not exist. In check mode as it would be.
    - Options that are set are in it under their names.
  returned: success
  type: dict
  contains:
    realm: {description: As O(realm)., type: str}
    type: {description: As O(type)., type: str}
  sample: {realm: corp, type: ldap, server1: ldap1.example.com, base_dn: "dc=example,dc=com", user_attr: uid}
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
  sample: [{method: PUT, path: /access/domains/corp, params: {comment: Staff}, summary: change comment of realm corp}]
"""

from ..module_utils._core.resources.access.realm import REALM
from ..module_utils._core.run.module import run_module


def main() -> None:
    run_module(REALM)


if __name__ == "__main__":
    main()
