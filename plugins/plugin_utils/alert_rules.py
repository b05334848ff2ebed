# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prometheus' alerting rules, as the role monitoring loads them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.pgha.kubernetes.plugins.plugin_utils.errors import InputError


def runbook_links(groups: Sequence[Mapping[str, Any]], base: str) -> list[dict[str, Any]]:
    """Give each alert the address of its page.

    :param groups: groups of rules, as Prometheus writes them
    :param base: where the pages `<alert>.md` are
    :returns: the groups, with the annotation `runbook_url` in each alert that has none
    :raises InputError: a group has no list of rules
    """
    linked = []
    for group in groups:
        rules = group.get("rules") if isinstance(group, Mapping) else None
        if not isinstance(rules, (list, tuple)):
            raise InputError("each group has to be a mapping with a list of rules")
        linked.append({**group, "rules": [_linked(rule, base.rstrip("/")) for rule in rules]})
    return linked


def alert_settings(groups: Sequence[Mapping[str, Any]], told: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Give alerts another `for` or `severity`, or leave them out.

    :param groups: groups of rules, as Prometheus writes them
    :param told: by the name of an alert its `for`, its `severity`, and `enabled`
    :returns: the groups
    :raises InputError: there is no such alert
    """
    names = {rule["alert"] for group in groups for rule in group["rules"] if "alert" in rule}
    unknown = sorted(set(told) - names)
    if unknown:
        raise InputError(f"there is no alert {', '.join(unknown)}: give one of {', '.join(sorted(names))}")
    return [
        {
            **group,
            "rules": [
                _set(rule, told.get(rule.get("alert", ""), {}))
                for rule in group["rules"]
                if told.get(rule.get("alert", ""), {}).get("enabled", True)
            ],
        }
        for group in groups
    ]


def _set(rule: Mapping[str, Any], told: Mapping[str, Any]) -> dict[str, Any]:
    found = dict(rule)
    if "for" in told:
        found["for"] = told["for"]
    if "severity" in told:
        found["labels"] = {**(rule.get("labels") or {}), "severity": told["severity"]}
    return found


def _linked(rule: Mapping[str, Any], base: str) -> dict[str, Any]:
    if "alert" not in rule:
        return dict(rule)
    return {**rule, "annotations": {"runbook_url": f"{base}/{rule['alert']}.md", **(rule.get("annotations") or {})}}
