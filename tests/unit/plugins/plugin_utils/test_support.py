# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes into the archive for support, and that no secret does."""

from __future__ import annotations

import json
import tarfile
import time
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.pgha.kubernetes.plugins.modules.text_archive import write_archive
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.support import MASK, masked, support_files, support_logs

SECRET = "hunter2Hunter2"
VERIFIER = "4096:c2FsdHNhbHRzYWx0c2E=$c3RvcmVka2V5:c2VydmVya2V5"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (f"postgres://app:{SECRET}@host:5432/app", "postgres://app:"),
        (f"host=x password={SECRET} user=y", " user=y"),
        (f"host=x password='{SECRET}' user=y", "' user=y"),
        (f'"password": "{SECRET}", "user": "y"', '"user": "y"'),
        (f'{{"msg": "{{\\"password\\":\\"{SECRET}\\"}}"}}', "msg"),
        (f"PGPASSWORD={SECRET}", "PGPASSWORD="),
        (f"statement: ALTER ROLE app PASSWORD '{SECRET}'", "ALTER ROLE app PASSWORD '"),
        (f"alter user app with encrypted password '{SECRET}''x' login", "' login"),
        (f"SCRAM-SHA-256${VERIFIER}", "SCRAM-SHA-256$"),
        ("md5" + "0123456789abcdef" * 2, "md5"),
        ("app:AES" + "QUJDREVGR0hJSktMTU5PUA=" + "=", "app:AES"),
        (f"Authorization: Bearer {SECRET}", "Authorization: Bearer "),
        (f"eyJhbGciOiJSUzI1NiJ9.{SECRET}.{SECRET}", "eyJ"),
        (f"-----BEGIN RSA PRIVATE KEY-----\n{SECRET}\n-----END RSA PRIVATE KEY-----", "-----END RSA PRIVATE KEY-----"),
        (f"secret_key: {SECRET}", "secret_key: "),
        (f"CREATE SUBSCRIPTION s CONNECTION 'host=h password=''my {SECRET}'' dbname=x'", "'' dbname=x'"),
        (f"SELECT dblink('host=x password=Tr0ub4dor&{SECRET} user=y', 'SELECT 1')", " user=y', 'SELECT 1')"),
        (f"SELECT dblink('host=x password=a,{SECRET}')", "')"),
        (rf"host=x password='it\'s {SECRET}' user=y", "' user=y"),
        (f'"password": "a,b {SECRET}", "user": "y"', '", "user": "y"'),
        (json.dumps({"password": f'a"b {SECRET}', "user": "y"}), '", "user": "y"'),
        (json.dumps({"msg": json.dumps({"password": f'a, "{SECRET}', "user": "y"})}), '\\"user\\": \\"y\\"'),
        (f'"a ""b"" ""password""=""a {SECRET}"" c"', '"" c"'),
        (f"password='{SECRET}", "password='"),
        (f"password:\n    {SECRET}\nnext: 1", "\nnext: 1"),
        (f'"password":\n  "{SECRET}"', '"password":\n  "'),
        (f"ALTER ROLE app PASSWORD $${SECRET}$$ LOGIN", " LOGIN"),
        (f"ALTER ROLE app PASSWORD $x$a$${SECRET}$x$ LOGIN", " LOGIN"),
        (f"EXECUTE 'ALTER ROLE app PASSWORD ''{SECRET}'' LOGIN'", "'' LOGIN'"),
        (f"https://x/login?password={SECRET}&sslmode=require", "&sslmode=require"),
        (f"https://x/?a=b&api_key={SECRET}", "a=b&api_key="),
        (f"api_key={SECRET} next", " next"),
        (f"client_secret: {SECRET}\nnext: 1", "\nnext: 1"),
        (f"secret: {SECRET}", "secret: "),
        (f'"clientSecret":"{SECRET}"', '"clientSecret":"'),
        (f"redis://:{SECRET}@redis:6379/0", "redis://:"),
        (f"other:AESx\napp:TEXT{SECRET}\n", "app:TEXT"),
        (f'app:TEXTa b:"{SECRET}" c\nnext', "\nnext"),
        (json.dumps({"x": f"a\napp:TEXT{SECRET}\nb", "user": "y"}), '\\nb", "user": "y"'),
        (json.dumps({"x": f'app:TEXTa"{SECRET}', "user": "y"}), '", "user": "y"'),
        (f"health_check_password0 = '{SECRET}'\nhealth_check_database0 = 'x'", "health_check_database0 = 'x'"),
        (f"recovery_password12: {SECRET}", "recovery_password12: "),
        (f"DB_PASS={SECRET} next", " next"),
        (f'"smtp-pwd": "{SECRET}"', '"smtp-pwd": "'),
        (json.dumps(f"sr_check_password = '{SECRET}'\nsr_check_database = 'x'"), "nsr_check_database = 'x'"),
    ],
)
def test_secrets_are_masked(text: str, kept: str) -> None:
    shown = masked(text)
    assert MASK in shown
    assert kept in shown
    for secret in (SECRET, VERIFIER, "0123456789abcdef", "QUJDREVGR0hJSktMTU5PUA"):
        assert secret not in shown


@pytest.mark.parametrize(
    "text",
    [
        "the password of app has been changed",
        'FATAL: password authentication failed for user "app"',
        "http://10.0.0.1:9999/metrics",
        "2026-11-22 16:54:57.420 UTC [12] LOG: checkpoint complete",
        "md5 is the method",
        '{"passwordSecret": {"name": "hot-postgres-app"}}',
        '{"secretName": "hot-postgres-app", "serverTLSSecret": "hot-server", "secretKeyRef": {"name": "a"}}',
        '{"password_encryption": "scram-sha-256", "password": "", "user": ""}',
        json.dumps("health_check_password = ''\nhealth_check_database = ''\n"),
        'MountVolume.SetUp failed for volume "x" : secret "hot-postgres-app" not found',
        "secret:\n  defaultMode: 420",
        "bypass=1 compass: north PGPASSFILE=/tmp/pgpass PWD=/root",
        "http://[::1]:9999/metrics, mail to a@b",
        "Content-Type:text/html",
        "SELECT id::TEXT FROM a",
    ],
)
def test_other_texts_stay_as_they_are(text: str) -> None:
    assert masked(text) == text


APPLIED = {f"{ours}/last-applied-configuration": SECRET for ours in ("kubectl.kubernetes.io", "pgha.kubernetes")}


def pod(name: str, **labels: str) -> dict[str, Any]:
    shown = {key.replace("__", "/").replace("_", "."): value for key, value in labels.items()}
    variables = [{"name": "PGPASSWORD", "value": SECRET}, {"name": "TZ", "value": "UTC"}]
    return {
        "kind": "Pod",
        "metadata": {"name": name, "namespace": "demo", "labels": shown, "managedFields": [1], "annotations": APPLIED},
        "spec": {"containers": [{"name": "a", "env": variables}, {"name": "b"}]},
    }


def test_the_logs_are_those_of_the_cluster_and_of_the_operator() -> None:
    pods = [
        pod("hot-postgres-1"),
        pod("hot-postgres-12"),
        pod("x", pgha_kubernetes__cluster="hot-postgres"),
        pod("y", pgha_kubernetes__cluster="other"),
        pod("z", app_kubernetes_io__name="cloudnative-pg"),
        *(pod(name, app_kubernetes_io__name=name) for name in ("kubedb-provisioner", "kubedb-ops-manager")),
        pod("kubedb-autoscaler", app_kubernetes_io__name="kubedb-autoscaler"),
    ]
    found = support_logs([*pods, {"kind": "Event", "metadata": {"name": "e"}}], "hot-postgres", ["hot-postgres-1"])
    assert {(item["pod"], item["container"]) for item in found} == {
        (name, container)
        for name in ("hot-postgres-1", "x", "z", "kubedb-provisioner", "kubedb-ops-manager")
        for container in "ab"
    }
    assert {item["namespace"] for item in found} == {"demo"}
    assert [item for item in found if item["previous"]] == []


def test_what_has_restarted_has_a_log_of_before() -> None:
    restarts = [{"name": "a", "restartCount": 2}, {"name": "b", "restartCount": 0}]
    restarted = {**pod("hot-postgres-1"), "status": {"containerStatuses": restarts}}
    found = support_logs([restarted], "hot-postgres", ["hot-postgres-1"])
    assert [(item["container"], item["previous"]) for item in found] == [("a", False), ("a", True), ("b", False)]
    logs = [{**item, "log": f"password={SECRET} {item['previous']}\n"} for item in found]
    where = "logs/demo/hot-postgres-1"
    assert support_files([], logs, {}) == {
        f"{where}/a.log": f"password={MASK} False\n",
        f"{where}/a.previous.log": f"password={MASK} True\n",
        f"{where}/b.log": f"password={MASK} False\n",
    }


def test_files_have_no_secrets() -> None:
    reads = [
        {"kind": "Pod", "resources": [pod("hot-postgres-1")]},
        {"kind": "Node", "msg": "403 Forbidden"},
        {"kind": "Secret", "resources": [{"data": {"x": SECRET}}]},
    ]
    log = {"namespace": "demo", "pod": "hot-postgres-1", "container": "a"}
    logs = [{**log, "log": f"password={SECRET}\n"}, {**log, "container": "b", "msg": "no such container"}]
    files = support_files(reads, logs, {"pool_nodes.txt": f"PASSWORD '{SECRET}'"})
    assert sorted(files) == [
        "logs/demo/hot-postgres-1/a.log",
        "logs/demo/hot-postgres-1/b.log",
        "objects/Node.json",
        "objects/Pod.json",
        "pool_nodes.txt",
    ]
    assert SECRET not in "".join(files.values())
    shown = json.loads(files["objects/Pod.json"])
    assert [item["value"] for item in shown["spec"]["containers"][0]["env"]] == [MASK, "UTC"]
    assert "managedFields" not in shown["metadata"]
    assert shown["metadata"]["annotations"] == {}
    assert files["objects/Node.json"] == "not read: 403 Forbidden\n"
    assert files["logs/demo/hot-postgres-1/b.log"] == "not read: no such container\n"


def test_values_of_keys_that_are_named_as_secrets_are_masked() -> None:
    data = {
        "api-key": SECRET,
        "db.password": f"two {SECRET}",
        "credentials": SECRET,
        "app.conf": f"x\npassword={SECRET}",
    }
    kept = {"secretName": "hot-app", "secretKeyRef": {"key": "k"}, "password_encryption": "md5", "tokens": ["a"]}
    item = {"kind": "ConfigMap", "metadata": {"name": "secret"}, "data": {**data, **kept}}
    text = support_files([{"kind": "ConfigMap", "resources": [item]}], [], {})["objects/ConfigMap.json"]
    assert SECRET not in text
    shown = json.loads(text)
    assert {key: shown["data"][key] for key in kept} == kept
    assert shown["data"]["app.conf"] == f"x\npassword={MASK}"
    assert shown["metadata"] == {"name": "secret"}


@pytest.mark.parametrize("name", ["DB_PASS", "SMTP_PWD", "pass", "db.pass", "DB_PASS2", "ADMIN-PASS_OLD"])
def test_variables_with_short_names_of_passwords_are_masked(name: str) -> None:
    item = {"env": [{"name": name, "value": SECRET}], "data": {name: SECRET}}
    assert SECRET not in support_files([{"kind": "Pod", "resources": [item]}], [], {})["objects/Pod.json"]


@pytest.mark.parametrize("name", ["BYPASS", "COMPASS", "PASSIVE", "PGPASSFILE", "ssl-passthrough", "OLDPWD"])
def test_variables_with_other_words_stay(name: str) -> None:
    item = {"env": [{"name": name, "value": "/tmp/x"}], "data": {name: "/tmp/x"}}
    assert MASK not in support_files([{"kind": "Pod", "resources": [item]}], [], {})["objects/Pod.json"]


def test_a_long_text_is_masked_at_once() -> None:
    """Backslashes and quotes without an end are where such patterns may take for ever."""
    for text in (
        'password="' + "\\" * 20000,
        "password=''" * 2000,
        "a-" * 20000,
        "password='" + "''a" * 20000,
        "password" + "0" * 20000,
        "password0" * 5000,
        "_pass" * 5000,
        "a" * 20000 + ":TEXT",
        " " * 20000 + "app",
        "'a:TEX" * 5000,
        "'app:TEXT" + '"' * 20000,
        "\\nap" * 5000,
        "x://:" * 20000,
    ):
        began = time.monotonic()
        masked(text)
        assert time.monotonic() - began < 5


def test_the_archive_is_its_owners(tmp_path: Path) -> None:
    path = tmp_path / "hot.tar.gz"
    size = write_archive(path, {"b/c.txt": "é", "a.txt": "1"})
    assert size == path.stat().st_size
    assert path.stat().st_mode & 0o777 == 0o600
    with tarfile.open(path) as archive:
        assert archive.getnames() == ["hot/a.txt", "hot/b/c.txt"]
        assert archive.extractfile("hot/b/c.txt").read().decode() == "é"
