# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What several variables of postgres_cluster say together."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.postgres_cluster_inputs import postgres_cluster_checks

GOOD: dict[str, Any] = {
    "postgres_cluster_name": "hot",
    "postgres_cluster_operator": "cloudnativepg",
    "postgres_cluster_version": "17",
    "postgres_cluster_image": "r.io/postgresql:17-system-trixie",
    "postgres_cluster_instances": 3,
    "postgres_cluster_synchronous": {"method": "any", "number": 1},
    "postgres_cluster_users": [{"name": "app"}],
    "postgres_cluster_databases": [{"name": "app", "owner": "app"}],
    "postgres_cluster_parameters": {"work_mem": "8MB", "log_checkpoints": True},
}
PAUL = {"name": "paul", "password": "x"}
MANY = [{"name": f"service_{number:04}", "roles": ["pg_read_all_data"]} for number in range(5000)]
KUBEDB = {"operator": "kubedb", "version": "17.5", "parameters": {}}


def problems(**changes: Any) -> list[str]:
    return list(
        postgres_cluster_checks({**GOOD, **{f"postgres_cluster_{key}": value for key, value in changes.items()}})
    )


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"synchronous": {"number": 0}, "instances": 1},
        {"databases": [{"name": "a=b", "owner": "app"}]},
        {**KUBEDB, "databases": [{"name": "my db", "owner": "app"}]},
        {"synchronous": {"number": "2"}, "instances": "3"},
        {"databases": [{"name": "Any-Name", "owner": "app"}, {"name": "other"}]},
        {"users": [{"name": "app"}, {"name": "pgpool_check", "password": "x"}]},
        {"users": [{"name": "app", "overlap": True}, {"name": "app_3"}], "rotate_users": ["app"]},
        {"users": [{"name": "a" * 61, "overlap": "yes"}, {"name": "b_2"}, {"name": "b", "overlap": False}]},
        {"initdb": {"locale": "en_US.UTF-8", "wal_segment_size": "64", "icu_locale": ""}},
        {"initdb": {"locale_provider": "icu", "icu_locale": "de-DE"}},
        {"operator": "kubedb", "version": "17.5", "parameters": {}, "initdb": {"locale": ""}},
        {"parameters": {"log_line_prefix": "\\"}},
        {"image": f"r.io/postgresql:17.6@sha256:{'0' * 64}"},
        {"image": "localhost:5000/postgresql:17.6"},
        {"users": MANY[:3000]},
        {"users": MANY[:4000], **KUBEDB},
        {"users": MANY, "state": "absent"},
        {
            "operator": "existing",
            "existing": {"primary_host": "pg.example"},
            "users": [{"name": "pgpool", "password": "x"}],
        },
        {
            "operator": "existing",
            "existing": {"primary_host": "pg.example"},
            "users": [{"name": "app", "password": "x"}],
        },
        {
            "operator": "existing",
            "existing": {"primary_host": "pg.example"},
            "users": [{"name": "app", "state": "absent"}, {"name": "pgpool-check", "password": "x"}],
        },
    ],
)
def test_accepts(changes: dict[str, Any]) -> None:
    assert problems(**changes) == []


@pytest.mark.parametrize(
    ("changes", "start"),
    [
        ({"synchronous": {"number": 3}}, "postgres_cluster_synchronous.number is 3 (integer): give less than"),
        ({"synchronous": {}, "instances": 1}, "postgres_cluster_synchronous.number is 1 (integer): give less than"),
        (
            {"users": [{"name": "a"}, {"name": "a"}]},
            "postgres_cluster_users has 'a' 2 times (list): name each user once",
        ),
        ({"users": [{"name": "postgres"}]}, "postgres_cluster_users[0].name is 'postgres' (string): give another name"),
        (
            {"operator": "kubedb", "version": "17.5", "parameters": {}, "initdb": {"locale": "C"}},
            "postgres_cluster_initdb is a mapping: leave it empty",
        ),
        (
            {"initdb": {"icu_locale": "de"}},
            "postgres_cluster_initdb.icu_locale is 'de' (string): give locale_prov",
        ),
        (
            {"initdb": {"locale_provider": "builtin"}},
            "postgres_cluster_initdb.locale_provider is 'builtin' (string)",
        ),
        (
            {"initdb": {"wal_segment_size": 24}},
            "postgres_cluster_initdb.wal_segment_size is 24 (integer): give",
        ),
        (
            {"users": MANY},
            "postgres_cluster_users has 5000 users (list): give about 3200 or fewer, as they come to ",
        ),
        (
            {"users": MANY, **KUBEDB},
            "postgres_cluster_users has 5000 users (list): give about 4600 or fewer, as they come to ",
        ),
        ({"users": [{"name": "pg_x"}]}, "postgres_cluster_users[0].name is 'pg_x' (string): give another name"),
        (
            {"databases": [{"name": "app"}, {"name": "my_db", "owner": "a"}, {"name": "My-DB", "owner": "a"}]},
            "postgres_cluster_databases[2].name is 'My-DB' (string): give one that differs from 'my_db' in letters",
        ),
        (
            {"databases": [{"name": "my db", "owner": "a"}]},
            "postgres_cluster_databases[0].name is 'my db' (string): give one without spaces, as CloudNativePG cannot",
        ),
        (
            {"databases": [{"name": "app"}, {"name": "db ", "owner": "a"}], "restore": {"source": "old"}},
            "postgres_cluster_databases[1].name is 'db ' (string): give one without spaces, as CloudNativePG cannot",
        ),
        (
            {"databases": [{"name": "日本", "owner": "a"}, {"name": "東京", "owner": "a"}]},
            "postgres_cluster_databases[1].name is '東京' (string): give one with a Latin letter or a digit",
        ),
        (
            {"users": [{"name": "ca"}]},
            "postgres_cluster_users[0].name is 'ca' (string): give another name, as the Secret hot-ca",
        ),
        (
            {"users": [{"name": "a", "state": "absent"}], "databases": [{"name": "d", "owner": "a"}]},
            "postgres_cluster_users[0].state is 'absent' (string): leave 'a' there, as it owns a database",
        ),
        (
            {"users": [{"name": "pgpool_check", "state": "absent"}]},
            "postgres_cluster_users[0].state is 'absent' (string): leave 'pgpool_check' there, as Pgpool-II's checks",
        ),
        (
            {"rotate_users": ["nobody"]},
            "postgres_cluster_rotate_users[0] is 'nobody' (string): the cluster has no such user; give one of app,",
        ),
        (
            {"users": [{"name": "a", "password": "x"}], "rotate_users": ["a"]},
            "postgres_cluster_rotate_users[0] is 'a' (string): its password is given in postgres_cluster_users;",
        ),
        (
            {"rotate_users": ["postgres"]},
            "postgres_cluster_rotate_users[0] is 'postgres' (string): leave out the superuser; CloudNativePG makes the",
        ),
        (
            {"users": [{"name": "a_b"}, {"name": "a-b"}]},
            "postgres_cluster_users[1].name is 'a-b' (string): give a name that differs",
        ),
        (
            {"users": [{"name": "pgpool-check"}]},
            "postgres_cluster_users[0].name is 'pgpool-check' (string): give a name that differs from 'pgpool_check'",
        ),
        (
            {"users": [{"name": "backup"}], "backup": {"bucket": "b", "credentials_secret": "hot-backup"}},
            "postgres_cluster_users[0].name is 'backup' (string): give another name, or name the Secret of "
            "postgres_cluster_backup.credentials_secret otherwise, as both would be hot-backup",
        ),
        (
            {"databases": [{"name": "app"}, {"name": "Shop"}]},
            "postgres_cluster_databases[1].owner is missing, and the name of the database, 'Shop', cannot be that of a "
            "user: give a name of lower-case letters",
        ),
        (
            {"users": [{"name": "a", "overlap": True, "password": "x"}]},
            "postgres_cluster_users[0].overlap is true (boolean): leave its password out, as rotations make new ones",
        ),
        (
            {"users": [{"name": "a" * 62, "overlap": True}]},
            f"postgres_cluster_users[0].overlap is true (boolean): give '{'a' * 62}' a name of 61 characters at most",
        ),
        (
            {"users": [{"name": "pgpool_check", "overlap": True}]},
            "postgres_cluster_users[0].overlap is true (boolean): leave it out, as Pgpool-II's checks",
        ),
        (
            {"users": [{"name": "a_2"}, {"name": "a", "overlap": True}]},
            "postgres_cluster_users[1].overlap is true (boolean): give the user 'a_2' another name, as that is the",
        ),
        (
            {"users": [{"name": "a", "overlap": True}], "databases": [{"name": "a-2"}]},
            "postgres_cluster_users[0].overlap is true (boolean): give 'a' another name, as the user 'a-2' has the "
            "Secret hot-a-2 of its second login",
        ),
        (
            {"users": [{"name": "a", "overlap": True}, {"name": "a_login"}]},
            "postgres_cluster_users[0].overlap is true (boolean): give 'a' another name, as the user 'a_login' has the "
            "Secret hot-a-login of its login of now",
        ),
        (
            {
                "users": [{"name": "a", "overlap": True}],
                "backup": {"bucket": "b", "credentials_secret": "hot-a-login"},
            },
            "postgres_cluster_users[0].overlap is true (boolean): give 'a' another name, as another one has the Secret "
            "hot-a-login of its login of now",
        ),
        (
            {"users": [{"name": "a", "overlap": True}], "rotate_users": ["a_2"]},
            "postgres_cluster_rotate_users[0] is 'a_2' (string): the cluster has no such user",
        ),
        (
            {"operator": "kubedb_v1alpha1", "users": [{"name": "a", "overlap": True}], "synchronous": {"number": 0}},
            "postgres_cluster_users[0].overlap is true (boolean): leave it out, as the releases of PostgreSQL",
        ),
        (
            {
                "operator": "existing",
                "existing": {"primary_host": "x"},
                "users": [{"name": "a", "password": "x", "overlap": True}],
            },
            "postgres_cluster_users[0].overlap is true (boolean): leave it out, as nobody makes a second login",
        ),
        (
            {"databases": [{"name": "d", "owner": "pgpool"}]},
            "postgres_cluster_databases[0].owner is 'pgpool' (string): give another",
        ),
        (
            {"databases": [{"name": "d"}, {"name": "d"}]},
            "postgres_cluster_databases has 'd' 2 times (list): name each database",
        ),
        (
            {"databases": [{"name": "template1", "owner": "app"}]},
            "postgres_cluster_databases has 'template1' (list): leave it out",
        ),
        ({"version": "9", "image": "r.io/p:9"}, "postgres_cluster_version is '9' (string): give 14 or newer"),
        (
            {"version": "18"},
            "postgres_cluster_image is 'r.io/postgresql:17-system-trixie' (string): give an image of PostgreSQL 18",
        ),
        (
            {"parameters": {"ssl": "off"}},
            "postgres_cluster_parameters.ssl cannot be set: remove it, CloudNativePG sets it itself",
        ),
        (
            {"parameters": {"shared_preload_libraries": "pg_cron"}},
            "postgres_cluster_parameters.shared_preload_libraries cannot be set: remove it, and give its libraries as "
            "a list, as in postgres_cluster_overrides: {spec: {postgresql: {shared_preload_libraries: [pg_cron]}}}",
        ),
        (
            {"parameters": {"SSL": "off"}},
            "postgres_cluster_parameters.SSL cannot be set: remove it, CloudNativePG sets it itself",
        ),
        (
            {"parameters": {"Shared_Preload_Libraries": "pg_cron"}},
            "postgres_cluster_parameters.Shared_Preload_Libraries cannot be set: remove it, and give its libraries as",
        ),
        (
            {"parameters": {"MAX_CONNECTIONS": 500}},
            "postgres_cluster_parameters.MAX_CONNECTIONS has capitals: write it as max_connections",
        ),
        (
            {"parameters": {"log_line_prefix": "%m\n"}},
            "postgres_cluster_parameters.log_line_prefix is '%m\\n' (string): give it on one line",
        ),
        (
            {"image": "r.io/p@sha256:" + "0" * 64},
            f"postgres_cluster_image is 'r.io/p@sha256:{'0' * 64}' (string): give an image whose tag begins with",
        ),
        (
            {"version": "17-bookworm"},
            "postgres_cluster_version is '17-bookworm' (string): give the number alone, 17, and the image of that",
        ),
        (
            {"image": "r.io/p:latest"},
            "postgres_cluster_image is 'r.io/p:latest' (string): give an image whose tag begins with PostgreSQL",
        ),
        ({"parameters": {"work_mem": [1]}}, "postgres_cluster_parameters.work_mem is no plain value: give a string"),
        (
            {"existing": {"primary_host": "x"}},
            "postgres_cluster_existing is a mapping: leave it empty, as the operator is 'cloudnativepg', which makes",
        ),
        ({"operator": "existing"}, "postgres_cluster_existing is empty (mapping): say where the cluster is"),
        (
            {"operator": "existing", "existing": {"primary_host": "x"}},
            "postgres_cluster_users[0].password is missing: give the one",
        ),
    ],
)
def test_refuses(changes: dict[str, Any], start: str) -> None:
    assert problems(**changes)[0].startswith(start)


@pytest.mark.parametrize(
    ("changes", "start"),
    [
        ({"rotate_users": ["app"]}, "postgres_cluster_rotate_users is a list: leave it empty, as the operator is"),
        ({"users": [PAUL, PAUL]}, "postgres_cluster_users has 'paul' 2 times (list): name each user once"),
        (
            {"users": [{**PAUL, "name": "a_b"}, {**PAUL, "name": "a-b"}]},
            "postgres_cluster_users[1].name is 'a-b' (string): give a name that differs from 'a_b' in more than",
        ),
        ({"users": [{"name": "a"}]}, "postgres_cluster_users[0].password is missing: give the one that the user has"),
    ],
)
def test_refuses_of_a_cluster_that_something_else_made(changes: dict[str, Any], start: str) -> None:
    [found] = problems(**{"operator": "existing", "existing": {"primary_host": "x"}, "users": [PAUL], **changes})
    assert found.startswith(start)
