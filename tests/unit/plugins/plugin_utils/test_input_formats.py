# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The formats that variables can have."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from ansible_collections.pgha.kubernetes.plugins.plugin_utils import input_formats as fmt

DIGEST = "@sha256:" + "0" * 64

CASES: list[tuple[str, fmt.Format, list[Any], list[Any]]] = [
    ("non_empty", fmt.non_empty(), ["a", 0, [1], {"a": 1}], ["", "  ", None, [], {}, ()]),
    ("integer", fmt.integer(1, 9), [1, 9, "5", " 5 ", "+5"], [0, 10, "0", "x", 1.5, "1.5", True, None, [], ""]),
    ("integer without end", fmt.integer(-1), [-1, 10**9], [-2]),
    ("port", fmt.port(), [1, 65535, "80"], [0, 65536]),
    ("node_port", fmt.node_port(), [30000, 32767], [0, 29999, 32768]),
    ("node_port or none", fmt.node_port("Kubernetes chooses one"), [0, "0", 30999], [1, -1]),
    ("dns_label", fmt.dns_label(), ["a", "1a", "a-b", "a" * 63], ["", "-a", "a-", "A", "a_b", "a.b", "a" * 64, None]),
    ("dns_label as YAML", fmt.dns_label(), ["a2024", "one", "1-2"], ["2024", "no", "null", "2024-01-02", "2024-13-13"]),
    ("bucket", fmt.bucket(), ["2024-logs", "a.b"], ["2024", "null", "a", "A.b", "a_b"]),
    ("dns_label of a Service", fmt.dns_label(50, True), ["a1", "a" * 50], ["1a", "a" * 51, "Hot_Postgres"]),
    (
        "quantity",
        fmt.quantity(),
        ["1Gi", "0.5Gi", "100m", 5, "1E", "250u", "5n", "1e3", "1E-3", ".5", "1.", 1e-05],
        ["2 gigs", "1GB", "", "Gi", "0", "0Gi", "-1Gi", None, "e3", ".", "1e", "1e3Gi", "1e999", True],
    ),
    ("quantity or nothing", fmt.quantity(zero=True), [0, "0", "1Gi"], ["1GB", "", None, "-1"]),
    (
        "duration",
        fmt.duration(),
        ["15d", "5s", "1h30m", "500ms", "0h5m", "1y2w3d4h5m6s7ms", "292y"],
        ["15", "d", "", "15 d", "0s", "0", 15, None, "30s1m", "5s5s", "15d1y", "5ms1s", "1h30", "1.5h", "-5s", "293y"],
    ),
    ("duration with a limit", fmt.duration("5s", longest="30s"), ["30s", "30000ms"], ["31s", "30s1ms", "1m", "0s"]),
    ("duration or nothing", fmt.duration(zero=True), ["0", "0s", "5m"], ["", "00", 0, None, "5m5m"]),
    (
        "image",
        fmt.image(),
        ["a:1", "r.io/a/b:1.0-x", "localhost:5000/a:1", f"r.io/a{DIGEST}", f"r.io/a:1{DIGEST}"],
        ["a", "r.io/a", "A:1", "a:", "a:1 ", "a b:1", "", "https://r.io/a:1", 5, None],
    ),
    ("image to be built", fmt.image(digest=False), ["a:1"], ["a", "a:1@sha256:" + "0" * 64]),
    ("image without tag", fmt.image(pinned=False), ["a", "localhost:5000/a"], ["A", ""]),
    (
        "cron",
        fmt.cron(),
        ["0 2 * * *", "*/30 * * * 1-5", "0 0,12 1-15/2 JAN-mar Sun", "59 23 31 12 6", "0 2 ? * ?"],
        [
            "0 2 * * 7",
            "0 2 * * 5-7",
            "60 2 * * *",
            "0 24 * * *",
            "0 2 0 * *",
            "0 2 * 13 *",
            "0 2 * * fri-mon",
            "0 2 * *",
            "0 0 2 * * *",
            "@daily",
            "*/0 2 * * *",
            "0  2 * * *",
            "0 2 * jan-fri *",
            "",
        ],
    ),
    (
        "point_in_time",
        fmt.point_in_time(),
        ["2026-11-25T21:04:05Z", "2026-11-25 21:04:05.5+01:00", "2028-02-29T00:00:00Z"],
        [
            "2026-02-30T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-11-25T25:00:00Z",
            "2026-11-25T21:04:05+99:00",
            "0000-11-25T21:04:05Z",
            "2026-11-25T21:04:05",
            "2026-11-25",
            "",
            None,
        ],
    ),
    ("version", fmt.version("1.2.3"), ["1", "17.5", "1.30.0", "1.30.0-rc1", 17], ["v1", "latest", "", "1.2.3.4", 17.1]),
    ("url_or_path", fmt.url_or_path(), ["https://a/b", "/a/b", "a.yml"], ["", "ftp://a/b", "https://", "a b", 5]),
    ("url", fmt.url(), ["https://a/b", "http://a"], ["", "a.example", "/a/b", "https://", "https://a b", 5]),
    ("share", fmt.share(), [0.9, 1, "0.5"], [0, -0.1, 1.1, "90%", "", True, None]),
    ("database_role", fmt.database_role(), ["a", "app", "a_b-c1", "_x"], ["", "A", "1a", "a_", "a b", "a.b", "a" * 64]),
    ("database_role that PostgreSQL has", fmt.database_role(), ["publisher", "none2"], ["public", "none"]),
    (
        "database_name",
        fmt.database_name(),
        ["a", "My DB", "dé"],
        ["", "a" * 64, "é" * 32, "a\nb", "a\tb", 'a"b', "a'b", "a/b", "a\\b"],
    ),
    (
        "password",
        fmt.password(),
        ["x", "a" * 79, "p:\\ 'ä", "md5" + "g" * 32, "md5" + "0" * 31, "SCRAM-SHA-256$", "密码"],
        [
            "",
            "a" * 80,
            "ä" * 40,
            "a\tb",
            "a\u00a0b",
            "ﬁ",
            "🐘",
            "\u0627a",
            5,
            None,
            "md5" + "0aF1" * 8,
            "SCRAM-SHA-256$4096:eA==$a:b",
        ],
    ),
    ("labels", fmt.labels(), [{}, {"a": "b"}, {"x.io/a": ""}], [{"a b": "c"}, {"a": "b c"}, {"a": "x" * 64}, "a", []]),
    (
        "labels as YAML",
        fmt.labels(),
        [{"a": "1"}, {"a": "true"}],
        [{"a": 1}, {"a": True}, {"a": 1.5}, {"a": None}, {1: "a"}],
    ),
    (
        "annotations",
        fmt.annotations(),
        [{}, {"x.io/a": "b c\n", "y": "8080"}],
        [{"a b": "c"}, {"a": 8080}, {"a": False}, {"a": None}, {1: "a"}, "a", []],
    ),
    (
        "prometheus_labels",
        fmt.prometheus_labels(),
        [{}, {"kubernetes_cluster": "eu-west 1"}, {"_a1": "true"}],
        [{"a-b": "c"}, {"1a": "b"}, {"__a": "b"}, {"a": ""}, {"a": 1}, {"a": True}, {"a": None}, {1: "a"}, "a", []],
    ),
    (
        "environment",
        fmt.environment(),
        [{}, {"AWS_DEFAULT_REGION": "eu"}, {"_a1": 1, "b": ""}],
        [{"a-b": "c"}, {"a": None}, {"a": True}, {"a": {}}, {1: "a"}, {"1a": "b"}, "a", []],
    ),
]


@pytest.mark.parametrize(
    ("form", "value"),
    [pytest.param(form, value, id=f"{name} {value!r}"[:60]) for name, form, good, _ in CASES for value in good],
)
def test_accepts(form: fmt.Format, value: Any) -> None:
    assert form.accepts(value)


@pytest.mark.parametrize(
    ("form", "value"),
    [pytest.param(form, value, id=f"{name} {value!r}"[:60]) for name, form, _, bad in CASES for value in bad],
)
def test_refuses(form: fmt.Format, value: Any) -> None:
    assert not form.accepts(value)


def test_each_says_what_to_do() -> None:
    assert all(form.remedy.startswith("give ") for _, form, _, _ in CASES)


@pytest.mark.parametrize(
    ("quantity", "amount"),
    [
        ("1Ki", 1024),
        ("1k", 1000),
        ("100m", Decimal("0.1")),
        ("250u", Decimal("0.00025")),
        ("5n", Decimal("5e-9")),
        ("1e3", 1000),
        ("12E-1", Decimal("1.2")),
        ("1E", 10**18),
        (".5", Decimal("0.5")),
        ("1.5Gi", 1.5 * 2**30),
        (7, 7),
        ("x", None),
    ],
)
def test_as_bytes(quantity: Any, amount: Any) -> None:
    assert fmt.as_bytes(quantity) == amount
