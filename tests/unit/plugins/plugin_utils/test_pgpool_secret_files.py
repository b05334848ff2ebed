# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of Pgpool-II's Secret, made from the Secrets of the database users."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from ansible_collections.pgha.kubernetes.plugins.plugin_utils import pool_passwd
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.errors import InputError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.pgpool_files import pgpool_files, pgpool_missing_users

GENERATED = {"key": "k" * 64, "pcp_password": "p" * 32}
CONTRACT = {
    "auth_method": "scram-sha-256",
    "superuser_secret": {"name": "hot-superuser", "username_key": "POSTGRES_USER", "password_key": "POSTGRES_PASSWORD"},
}


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def secret(name: str, kind: str = "kubernetes.io/basic-auth", **data: str) -> dict[str, Any]:
    return {"metadata": {"name": name}, "type": kind, "data": {key: encoded(value) for key, value in data.items()}}


APP = secret("hot-app", username="app", password="one")
CHECK = secret("hot-pgpool-check", username="pgpool_check", password="two")
SUPERUSER = secret("hot-superuser", "Opaque", POSTGRES_USER="postgres", POSTGRES_PASSWORD="three")


def as_data(files: dict[str, str]) -> dict[str, str]:
    return {name: encoded(text) for name, text in files.items()}


def test_users_are_sorted_and_encrypted_with_the_key() -> None:
    files = pgpool_files([SUPERUSER, CHECK, APP], CONTRACT, generated=GENERATED)
    passwords = {"app": "one", "pgpool_check": "two", "postgres": "three"}
    assert files["pool_passwd"].splitlines() == pool_passwd.lines(passwords, "aes", GENERATED["key"])
    assert files["pgpoolkey"] == GENERATED["key"]


def test_md5_where_postgresql_uses_md5() -> None:
    files = pgpool_files([APP], {**CONTRACT, "auth_method": "md5"}, generated=GENERATED)
    assert files["pool_passwd"] == f"app:{pool_passwd.md5_entry('app', 'one')}\n"
    assert [line.split()[-1] for line in files["pool_hba.conf"].splitlines()[1:]] == ["md5", "md5"]


def test_cloudnativepg_keeps_scram_whatever_the_clients_know() -> None:
    contract = {**CONTRACT, "auth_method": "md5", "operator": "cloudnativepg"}
    files = pgpool_files([APP], contract, generated=GENERATED)
    assert files["pool_passwd"].splitlines() == pool_passwd.lines({"app": "one"}, "aes", GENERATED["key"])
    assert [line.split()[-1] for line in files["pool_hba.conf"].splitlines()[1:]] == ["md5", "md5"]


def test_what_was_generated_is_kept() -> None:
    first = pgpool_files([APP], CONTRACT, generated=GENERATED)
    again = pgpool_files([APP], CONTRACT, as_data(first), {"key": "other", "pcp_password": "other"})
    assert again == first


def test_the_pcp_password_is_the_same_in_both_files() -> None:
    files = pgpool_files([APP], CONTRACT, generated=GENERATED)
    assert files["pcp.conf"] == pool_passwd.pcp_conf({"pgpool": GENERATED["pcp_password"]})
    assert files["pcppass"] == f"*:*:pgpool:{GENERATED['pcp_password']}\n"


def test_a_part_that_was_lost_is_made_again() -> None:
    kept = as_data(pgpool_files([APP], CONTRACT, generated=GENERATED))
    del kept["pcppass"]
    files = pgpool_files([APP], CONTRACT, kept, {"key": "other", "pcp_password": "new"})
    assert files["pgpoolkey"] == GENERATED["key"]
    assert files["pcppass"] == "*:*:pgpool:new\n"


def test_default_rules_let_all_users_in_with_the_clusters_method() -> None:
    rows = [line.split() for line in pgpool_files([APP], CONTRACT, generated=GENERATED)["pool_hba.conf"].splitlines()]
    assert rows[1:] == [["local", "all", "all", "scram-sha-256"], ["host", "all", "all", "all", "scram-sha-256"]]


def test_the_exporter_gets_in_on_the_socket_whatever_the_rules_are() -> None:
    rules = [{"type": "host", "user": "app", "address": "10.0.0.0/8", "method": "scram-sha-256"}]

    def rows(given: list[dict[str, str]], **more: Any) -> list[list[str]]:
        files = pgpool_files([APP], CONTRACT, generated=GENERATED, hba_rules=given, **more)
        return [line.split() for line in files["pool_hba.conf"].splitlines()[1:]]

    own = ["host", "all", "app", "10.0.0.0/8", "scram-sha-256"]
    assert rows(rules) == [own]
    assert rows(rules, socket_users=["pgha_monitor"]) == [["local", "all", "pgha_monitor", "scram-sha-256"], own]
    assert rows([], socket_users=["pgha_monitor"]) == rows([])


def test_where_tls_is_required_the_default_rules_refuse_plain_connections() -> None:
    files = pgpool_files([APP], CONTRACT, generated=GENERATED, tls_required=True)
    rows = [line.split()[0] for line in files["pool_hba.conf"].splitlines() if not line.startswith("#")]
    assert rows == ["local", "hostssl"]


def test_rules_of_the_user_replace_the_default() -> None:
    rules = [{"type": "host", "user": "app", "address": "10.0.0.0/8", "method": "scram-sha-256"}]
    text = pgpool_files([APP], CONTRACT, generated=GENERATED, hba_rules=rules)["pool_hba.conf"]
    assert "local" not in text
    assert "10.0.0.0/8" in text


def test_other_secrets_are_passed_over() -> None:
    other = secret("hot-backup", "Opaque", username="x", password="y")
    assert pgpool_files([APP, other], CONTRACT, generated=GENERATED)["pool_passwd"].count("\n") == 1


def test_two_secrets_of_one_user() -> None:
    same, different = (secret("hot-b", username="app", password=word) for word in ("one", "hunter2"))
    assert pgpool_files([APP, same], CONTRACT, generated=GENERATED)["pool_passwd"].count("app:") == 1
    with pytest.raises(InputError, match=r"hot-app and hot-b both say that they are of the user 'app'") as refused:
        pgpool_files([APP, different], CONTRACT, generated=GENERATED)
    assert "hunter2" not in str(refused.value)


def test_a_secret_without_a_password() -> None:
    with pytest.raises(InputError, match=r"the Secret hot-b lacks the key password"):
        pgpool_files([secret("hot-b", username="b")], CONTRACT, generated=GENERATED)


def test_a_password_that_is_not_text() -> None:
    broken = secret("hot-b", username="b", password="x")
    broken["data"]["password"] = base64.b64encode(b"\xff\xfe").decode()
    with pytest.raises(InputError, match=r"the key password of the Secret hot-b is not text in UTF-8"):
        pgpool_files([broken], CONTRACT, generated=GENERATED)


def test_missing_users() -> None:
    assert pgpool_missing_users([APP, SUPERUSER], CONTRACT, ["postgres", "app", "pgpool_check"]) == ["pgpool_check"]
    assert pgpool_missing_users([], {**CONTRACT, "superuser_secret": None}, ["a"]) == ["a"]


PARAMETERS = {"num_init_children": 8, "max_pool": 1, "backend_weight0": 0, "health_check_password": "secret"}


def configured(current: dict[str, str] | None = None, mode: str = "env", **changes: Any) -> dict[str, str]:
    parameters = {name: value for name, value in {**PARAMETERS, **changes}.items() if value is not None}
    return pgpool_files([APP], CONTRACT, as_data(current or {}), GENERATED, parameters=parameters, config_mode=mode)


def test_params_conf_has_what_a_reload_takes_up() -> None:
    files = configured()
    assert files["params.conf"] == "backend_weight0 = '0'\nhealth_check_password = 'secret'\n"
    assert "pgpool.conf" not in files


def test_pgpool_conf_has_all_parameters() -> None:
    files = configured(mode="files")
    assert [line.partition(" ")[0] for line in files["pgpool.conf"].splitlines()] == list(PARAMETERS)
    assert "params.conf" not in files


@pytest.mark.parametrize("mode", ["env", "files"])
def test_the_same_again_has_the_same_version_and_no_restart(mode: str) -> None:
    first = configured(mode=mode)
    assert configured(first, mode) == first


@pytest.mark.parametrize("mode", ["env", "files"])
def test_a_weight_makes_another_version_and_no_restart(mode: str) -> None:
    first = configured(mode=mode)
    second = configured(first, mode, backend_weight0=1)
    assert second["version"] != first["version"]
    assert second["restart"] == first["restart"]


def test_a_new_user_makes_another_version_and_no_restart() -> None:
    first = configured()
    second = pgpool_files([APP, CHECK], CONTRACT, as_data(first), GENERATED, parameters=PARAMETERS)
    assert second["version"] != first["version"]
    assert second["restart"] == first["restart"]


@pytest.mark.parametrize("mode", ["env", "files"])
@pytest.mark.parametrize("edited", ["pool_passwd", "pool_hba.conf"])
def test_what_was_edited_by_hand_gets_another_version_once(mode: str, edited: str) -> None:
    """A pod that started meanwhile has the edited file, under the version that the Secret has always had."""
    first = configured(mode=mode)
    mended = configured({**first, edited: "edited"}, mode)
    assert {name: text for name, text in mended.items() if name != "version"} == {
        name: text for name, text in first.items() if name != "version"
    }
    assert mended["version"] != first["version"]
    assert configured(mended, mode) == mended
    again = configured({**mended, edited: "edited"}, mode)
    assert again["version"] != mended["version"]


def test_a_parameter_that_is_gone_restarts_once() -> None:
    first = configured()
    second = configured(first, backend_weight0=None)
    assert second["restart"] != first["restart"]
    assert configured(second, backend_weight0=None) == second


def test_in_a_file_too_a_parameter_that_needs_a_restart_gets_one() -> None:
    first = configured(mode="files")
    second = configured(first, "files", num_init_children=9)
    assert second["restart"] != first["restart"]
    assert configured(second, "files", num_init_children=9) == second


def test_in_a_file_a_reload_takes_up_a_new_backend() -> None:
    first = configured(mode="files", backend_hostname0="a")
    second = configured(first, "files", backend_hostname0="a", backend_hostname1="b")
    assert second["restart"] == first["restart"]


def test_another_way_to_configure_restarts() -> None:
    first = configured()
    assert configured(first, "files")["restart"] != first["restart"]


def test_a_file_that_nobody_understands_restarts() -> None:
    first = configured()
    first["params.conf"] = "no_such_parameter = '1'\n"
    assert configured(first)["restart"] != first["restart"]


def test_a_pcp_password_that_was_lost_restarts() -> None:
    first = configured()
    kept = {name: text for name, text in first.items() if name != "pcppass"}
    assert configured(kept)["restart"] != first["restart"]
