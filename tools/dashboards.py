#!/usr/bin/env python3
# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make the dashboards of Grafana from roles/monitoring/files/dashboards.yml, which says what is in them.

They are shipped as JSON, so that Grafana takes them as they are, from the role or by hand.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

FILES = Path(__file__).resolve().parents[1] / "roles/monitoring/files"
SOURCE = FILES / "dashboards.yml"
FOLDER = FILES / "dashboards"

DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
TYPES = {"lines": "timeseries", "stat": "stat", "name": "stat", "timeline": "state-timeline", "table": "table"}
# Width and height of a panel on Grafana's grid of 24 columns.
SIZES = {"lines": (12, 8), "stat": (4, 4), "name": (4, 4), "timeline": (12, 8), "table": (24, 6)}
COLUMNS = 24


def dashboard(told: Mapping[str, Any]) -> dict[str, Any]:
    """Return a dashboard as Grafana reads it.

    :param told: an entry of the source
    """
    here = 'namespace="$namespace", cluster="$cluster"' + (', pod=~"$pod"' if told.get("instances") else "")
    if told.get("fleet"):
        here = 'namespace=~"$namespace"'
    return {
        "uid": told["name"],
        "title": told["title"],
        "description": told["description"],
        "tags": ["pgha", "postgresql", "pgpool"],
        "schemaVersion": 39,
        "editable": True,
        "graphTooltip": 1,
        "refresh": "30s",
        "time": {"from": "now-1h", "to": "now"},
        "timezone": "",
        "links": [
            {
                "title": "PostgreSQL and Pgpool-II",
                "type": "dashboards",
                "tags": ["pgha"],
                "asDropdown": True,
                "includeVars": True,
                "keepTime": True,
            }
        ],
        "templating": {"list": list(variables(bool(told.get("instances")), bool(told.get("fleet"))))},
        "panels": list(panels(told["rows"], here)),
    }


def variables(instances: bool, fleet: bool) -> Iterator[dict[str, Any]]:
    """Yield what the reader chooses.

    :param instances: whether there is a choice of instances, too
    :param fleet: whether namespaces are all that is chosen, and several of them
    """
    yield {"name": "datasource", "label": "Prometheus", "type": "datasource", "query": "prometheus"}
    if fleet:
        choice = _choice("namespace", "Namespace", "label_values(pgha:target:up, namespace)")
        yield {**choice, "includeAll": True, "multi": True, "current": _ALL}
        return
    yield _choice("namespace", "Namespace", "label_values(pgha:target:up, namespace)")
    yield _choice("cluster", "Cluster", 'label_values(pgha:target:up{namespace="$namespace"}, cluster)')
    if instances:
        query = 'label_values(pgha:target:up{namespace="$namespace", cluster="$cluster", job="postgres"}, pod)'
        yield {**_choice("pod", "Instance", query), "includeAll": True, "multi": True, "current": _ALL}


_ALL = {"text": ["All"], "value": ["$__all"]}


def _choice(name: str, label: str, query: str) -> dict[str, Any]:
    return {
        "name": name,
        "label": label,
        "type": "query",
        "datasource": DATASOURCE,
        "definition": query,
        "query": {"query": query, "refId": name},
        "refresh": 2,
        "sort": 1,
    }


def panels(rows: Sequence[Mapping[str, Any]], here: str) -> Iterator[dict[str, Any]]:
    """Yield the panels of all rows, each where it has room.

    :param rows: titles and panels, as the source has them
    :param here: what HERE stands for
    """
    number = top = 0
    for row in rows:
        number += 1
        yield {
            "id": number,
            "type": "row",
            "title": row["title"],
            "collapsed": False,
            "panels": [],
            "gridPos": {"x": 0, "y": top, "w": COLUMNS, "h": 1},
        }
        left, top, bottom = 0, top + 1, top + 1
        for told in row["panels"]:
            width, height = SIZES[told.get("kind", "lines")]
            if left + width > COLUMNS:
                left, top = 0, bottom
            number += 1
            place = {"x": left, "y": top, "w": width, "h": height}
            yield {"id": number, **panel(told, here), "gridPos": place}
            left, bottom = left + width, max(bottom, top + height)
        top = bottom


def panel(told: Mapping[str, Any], here: str) -> dict[str, Any]:
    """Return a panel without its place.

    :param told: a panel of the source
    :param here: what HERE stands for
    """
    kind = told.get("kind", "lines")
    queries = dict(told["queries"])
    if "limit" in told:
        queries["limit"] = f"pgha:limit:{told['limit']}"
    return {
        "type": TYPES[kind],
        "title": told["title"],
        "description": told.get("description", ""),
        "datasource": DATASOURCE,
        "targets": [
            {
                "refId": chr(ord("A") + index),
                "datasource": DATASOURCE,
                "expr": expression.replace("HERE", here),
                "legendFormat": line,
                **({"instant": True, "range": False} if kind in ("stat", "name", "table") else {"range": True}),
                **({"format": "table"} if kind == "table" else {}),
            }
            for index, (line, expression) in enumerate(queries.items())
        ],
        "fieldConfig": {"defaults": _field(told, kind), "overrides": [_LIMIT] if "limit" in told else []},
        "options": OPTIONS[kind],
        **({"transformations": [_columns(told["columns"])]} if kind == "table" else {}),
    }


_LIMIT = {
    "matcher": {"id": "byName", "options": "limit"},
    "properties": [
        {"id": "color", "value": {"mode": "fixed", "fixedColor": "red"}},
        {"id": "custom.lineStyle", "value": {"fill": "dash", "dash": [8, 8]}},
        {"id": "custom.fillOpacity", "value": 0},
    ],
}

_REDUCED = {"calcs": ["lastNotNull"], "fields": "", "values": False}
OPTIONS: dict[str, dict[str, Any]] = {
    "lines": {
        "legend": {"displayMode": "table", "placement": "bottom", "calcs": ["lastNotNull", "max"]},
        "tooltip": {"mode": "multi", "sort": "desc"},
    },
    "stat": {"reduceOptions": _REDUCED, "colorMode": "value", "graphMode": "none", "textMode": "auto"},
    "name": {"reduceOptions": _REDUCED, "colorMode": "value", "graphMode": "none", "textMode": "name"},
    "timeline": {"mergeValues": True, "showValue": "auto", "rowHeight": 0.8, "legend": {"showLegend": False}},
    "table": {"showHeader": True},
}


def _field(told: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """Say how values are shown."""
    field: dict[str, Any] = {"unit": told.get("unit", "short"), "noValue": "none"}
    if kind == "lines":
        field |= {"min": 0, "custom": {"lineWidth": 2, "fillOpacity": 8, "spanNulls": False}}
    if "colors" in told:
        # The first colour is that of all values below the second, too.
        steps = [
            {"color": color, "value": value if index else None}
            for index, (value, color) in enumerate(told["colors"].items())
        ]
        field |= {"color": {"mode": "thresholds"}, "thresholds": {"mode": "absolute", "steps": steps}}
    else:
        field["color"] = {"mode": "palette-classic"}
    if "states" in told:
        options = {
            str(value): {"text": word, "index": index} for index, (value, word) in enumerate(told["states"].items())
        }
        field["mappings"] = [{"type": "value", "options": options}]
    return field


def _columns(names: Sequence[str]) -> dict[str, Any]:
    """Keep some columns of a table, in this order."""
    return {"id": "filterFieldsByName", "options": {"include": {"names": list(names)}}}


def text(told: Mapping[str, Any]) -> str:
    """Return a dashboard as its file has it.

    :param told: an entry of the source
    """
    return json.dumps(dashboard(told), indent=1, ensure_ascii=False) + "\n"


def source() -> list[dict[str, Any]]:
    """Return what is to be made."""
    return yaml.safe_load(SOURCE.read_text(encoding="utf-8"))


def main() -> None:
    """Write the files, and nothing else into their folder."""
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.json"):
        old.unlink()
    for told in source():
        (FOLDER / f"{told['name']}.json").write_text(text(told), encoding="utf-8")


if __name__ == "__main__":
    main()
