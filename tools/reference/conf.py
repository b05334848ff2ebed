# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How Sphinx makes pages of what antsibull-docs writes of plugins and roles: `make docs`.

Nothing is fetched. What leads into Ansible's own documentation is looked up here, and not in the index that Sphinx
would download from there; any other label that is not found is a warning, which ends `make docs`.
"""

from __future__ import annotations

import re
from typing import Any

project = "pgha.kubernetes"
extensions = ["sphinx_antsibull_ext"]
nitpicky = True
default_role = "any"
pygments_style = "ansible"
highlight_language = "YAML+Jinja"
html_theme = "alabaster"  # comes with Sphinx, and loads nothing from elsewhere
html_theme_options = {"page_width": "80rem", "sidebar_width": "20rem"}
html_copy_source = False
html_show_copyright = False

ANSIBLE = "https://docs.ansible.com/projects/ansible/latest/"
LABELS = {
    "action_plugins": "plugins/action.html",
    "ansible_configuration_settings": "reference_appendices/config.html",
    "common_return_values": "reference_appendices/common_return_values.html",
}
# A plugin of another collection, such as ansible_collections.ansible.builtin.set_fact_module.
ELSEWHERE = re.compile(r"ansible_collections\.(?!pgha\.kubernetes\.)(\w+)\.(\w+)\.(\w+_[a-z]+)")


def address(label: str) -> str:
    """Return where Ansible's documentation has a label, or nothing where it is not one of its own."""
    plugin = ELSEWHERE.fullmatch(label)
    page = f"collections/{'/'.join(plugin.groups())}.html" if plugin else LABELS.get(label)
    return ANSIBLE + page if page else ""


def link(_app: Any, _environment: Any, node: Any, text: Any) -> Any:
    """Make a link to Ansible's documentation of a label that is in none of these pages."""
    from docutils import nodes  # noqa: PLC0415 - comes with Sphinx

    found = address(node["reftarget"])
    return nodes.reference("", "", text, refuri=found) if found and node["reftype"] == "ref" else None


def setup(app: Any) -> None:
    """Let Sphinx ask for what it does not find."""
    app.connect("missing-reference", link)
