# Copyright: (c) 2026, pve.automation maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How Sphinx builds the documentation site from what antsibull-docs writes; see tools/docs.py."""

project = "pve.automation"
html_title = project
extensions = ["sphinx_antsibull_ext"]
html_theme = "sphinx_ansible_theme"
pygments_style = "ansible"
highlight_language = "YAML+Jinja"
html_show_sphinx = False
html_use_index = False
html_copy_source = False
html_static_path = ["docsite/static"]
html_css_files = ["tables.css"]

# References into the documentation of ansible-core stay plain text, so that the build needs no network.
suppress_warnings = ["ref.ref"]
