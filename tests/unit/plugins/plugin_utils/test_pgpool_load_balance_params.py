# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where reads go. Names are matched with the C library's own regular expressions, as Pgpool-II does it."""

from __future__ import annotations

import ctypes
import math
import warnings

import pytest
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.errors import InputError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.pgpool_conf import conf, params
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.pgpool_load_balance import (
    conflicts,
    lag_in_bytes,
    load_balance,
    name_pattern,
    primary_share,
)
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.pgpool_topology import settings
from hypothesis import given
from hypothesis import strategies as st

REG_EXTENDED, REG_ICASE, REG_NOSUB = 1, 2, 8
DATABASES, APPLICATIONS = "database_redirect_preference_list", "app_name_redirect_preference_list"


def pgpool_matches(pattern: str, name: str) -> bool:
    """Match as add_regex_array() and regex_array_match() of Pgpool-II do."""
    library = ctypes.CDLL(None)
    compiled = ctypes.create_string_buffer(512)
    text = ("" if pattern.startswith("^") else "^") + pattern + ("" if pattern.endswith("$") else "$")
    assert library.regcomp(compiled, text.encode(), REG_NOSUB | REG_ICASE | REG_EXTENDED) == 0, text
    try:
        return library.regexec(compiled, name.encode(), ctypes.c_size_t(0), None, 0) == 0
    finally:
        library.regfree(compiled)


class TestPresets:
    def test_bounded_is_the_default_and_what_the_topology_has(self) -> None:
        assert (
            load_balance({})
            == load_balance({"preset": "bounded"})
            == {
                "statement_level_load_balance": True,
                "disable_load_balance_on_write": "transaction",
                "delay_threshold": 1000000,
            }
        )

    def test_strict_reads_from_the_primary_whatever_the_weights(self) -> None:
        parameters = load_balance({"preset": "strict"})
        assert parameters[DATABASES] == ".*:primary"
        assert parameters["disable_load_balance_on_write"] == "always"
        assert primary_share(parameters, "app") == 1

    def test_strict_lets_what_was_named_read_from_standbys(self) -> None:
        parameters = load_balance(
            {"preset": "strict", "databases": {"reports": "standby"}, "applications": {"bi": "standby"}}
        )
        assert parameters[DATABASES] == "reports:standby,.*:primary"
        assert [primary_share(parameters, *session) for session in (("reports",), ("app",), ("app", "bi"))] == [0, 1, 0]

    def test_eventual_has_a_limit_beyond_what_a_standby_in_service_reaches(self) -> None:
        assert load_balance({"preset": "eventual"}) == {
            "statement_level_load_balance": True,
            "disable_load_balance_on_write": "transaction",
            "delay_threshold": 1024**3,
        }

    @pytest.mark.parametrize("preset", ["strict", "bounded", "eventual"])
    def test_without_a_known_lag_there_is_no_limit(self, preset: str) -> None:
        assert "delay_threshold" not in load_balance({"preset": preset}, "services")

    @pytest.mark.parametrize("preset", ["strict", "bounded", "eventual"])
    def test_what_is_given_wins_over_the_preset(self, preset: str) -> None:
        asked = {"preset": preset, "per": "session", "max_lag": "16MB", "after_write": "dml_adaptive"}
        parameters = load_balance(asked)
        assert parameters["statement_level_load_balance"] is False
        assert parameters["delay_threshold"] == 16 * 1024**2
        assert parameters["disable_load_balance_on_write"] == "dml_adaptive"

    @pytest.mark.parametrize("preset", ["strict", "bounded", "eventual"])
    def test_a_session_does_not_choose_the_primary_s_own_backend(self, preset: str) -> None:
        """For that, select_load_balancing_node() has to look at the lag of what it chose by weight."""
        parameters = {**settings("per_instance"), **load_balance({"preset": preset, "per": "session"})}
        assert parameters["statement_level_load_balance"] is False
        assert parameters["prefer_lower_delay_standby"] is True

    def test_yaml_makes_a_boolean_of_off(self) -> None:
        assert load_balance({"after_write": False})["disable_load_balance_on_write"] == "off"


@pytest.mark.parametrize(
    ("lag", "size"),
    [(1, 1), ("1", 1), (1000000, 1000000), ("16MB", 16777216), ("16 MB", 16777216), ("2GB", 2**31), ("8kB", 8192)],
)
def test_lags(lag: object, size: int) -> None:
    assert lag_in_bytes(lag) == size


@pytest.mark.parametrize("lag", [0, -1, True, None, "", "16MiB", "16 Mb", "many", 1.5, "10s"])
def test_lags_that_are_none(lag: object) -> None:
    with pytest.raises(InputError, match=r"^max_lag is .*such as '16MB'"):
        lag_in_bytes(lag)


class TestPreferences:
    def test_entries_keep_their_order(self) -> None:
        asked = {
            "databases": {"z": "standby", "a": {"prefer": "primary"}, "m": {"prefer": "standby", "share": "0.30"}},
            "applications": {"psql": {"prefer": "primary", "share": 0}, "My App": {"prefer": "standby", "share": 1e-3}},
        }
        parameters = load_balance(asked)
        assert parameters[DATABASES] == "z:standby,a:primary,m:standby(0.3)"
        assert parameters[APPLICATIONS] == "psql:primary(0),My App:standby(0.001)"
        assert len(params(parameters, "4.4")) == len(conf(parameters).splitlines()) == len(parameters)

    def test_a_name_may_be_a_number(self) -> None:
        asked = {"databases": {2024: "standby"}, "applications": {7: "primary"}}
        parameters = load_balance(asked)
        assert (parameters[DATABASES], parameters[APPLICATIONS]) == ("2024:standby", "7:primary")
        with pytest.raises(InputError, match=r"^databases\.2024: '2024' is there, too"):
            load_balance({"databases": {2024: "standby", "2024": "primary"}})

    @pytest.mark.parametrize("name", [True, False, None, 1.1])
    def test_a_name_that_yaml_does_not_take_for_one(self, name: object) -> None:
        with pytest.raises(InputError, match=rf"^databases\.{name} is of type \w+, .* put it in quotes$"):
            load_balance({"databases": {name: "standby"}})

    def test_none_is_no_parameter(self) -> None:
        assert not {DATABASES, APPLICATIONS} & set(load_balance({"databases": {}, "applications": {}}))

    @given(st.text(st.characters(min_codepoint=32, max_codepoint=126, exclude_characters=",:='"), min_size=1))
    def test_a_name_matches_itself(self, name: str) -> None:
        assert pgpool_matches(name_pattern(name), name)

    @pytest.mark.parametrize(
        ("name", "other"),
        [
            ("a.b", "axb"),
            ("app", "app2"),
            ("app", "myapp"),
            ("app*", "appp"),
            ("cash$", "cash$flow"),
            ("^start", "start"),
            ("a|b", "b"),
            ("a{2}", "aa"),
            ("[ab]", "a"),
            ("(a)", "a"),
            ("back\\slash", "backslash"),
        ],
    )
    def test_a_name_matches_nothing_else(self, name: str, other: str) -> None:
        assert pgpool_matches(name_pattern(name), name)
        assert not pgpool_matches(name_pattern(name), other)

    @given(
        st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters=",:='"), min_size=1),
        st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters=",:='"), min_size=1),
    )
    def test_what_pgpool_matches_is_what_we_say(self, name: str, other: str) -> None:
        parameters = load_balance({"databases": {name: "standby"}})
        with warnings.catch_warnings(action="error"):
            assert (primary_share(parameters, other) == 0) is pgpool_matches(name_pattern(name), other)

    @pytest.mark.parametrize("name", ["", "a,b", "a:b", "a=b", "it's", "a\nb", "nul\0"])
    def test_a_name_that_cannot_be_written(self, name: str) -> None:
        with pytest.raises(InputError, match=r"databases: .* cannot be written in a list of preferences"):
            load_balance({"databases": {name: "standby"}})


class TestPrimaryShare:
    PARAMETERS = {  # noqa: RUF012
        DATABASES: "reports:standby,mixed:standby(0.3),most:primary(0.8),one:2(0.5),reports:primary",
        APPLICATIONS: "bi.*:standby,psql:primary",
    }

    @pytest.mark.parametrize(
        ("database", "application", "share"),
        [
            ("reports", "", 0),
            ("REPORTS", "", 0),
            ("mixed", "", 0.7),
            ("most", "", 0.8),
            ("app", "", None),
            ("app", "bi-tool", 0),
            ("reports", "psql", 1),
            ("reports", "pgha-verify", 0),
        ],
    )
    def test_the_first_that_matches_counts(self, database: str, application: str, share: float | None) -> None:
        found = primary_share(self.PARAMETERS, database, application)
        assert found == (None if share is None else pytest.approx(share))

    def test_a_certain_backend_is_not_a_number(self) -> None:
        assert math.isnan(primary_share(self.PARAMETERS, "one"))

    def test_no_list_no_preference(self) -> None:
        assert primary_share({DATABASES: ""}, "app", "psql") is None


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"presets": "strict"}, "presets is not known; preset, per, "),
        ({"preset": "loose"}, "preset is 'loose': give one of strict, bounded, eventual"),
        ({"preset": True}, "preset is True: give one of"),
        ({"per": "query"}, "per is 'query': give one of session, statement"),
        ({"after_write": True}, "after_write is True: give one of off, "),
        ({"after_write": "dml_adaptive_global"}, "after_write is 'dml_adaptive_global'"),
        ({"databases": ["app"]}, "databases is of type list: give a mapping of names to primary or standby"),
        ({"databases": {"app": "replica"}}, "databases.app is 'replica': give one of primary, standby"),
        ({"databases": {"app": {"share": 0.5}}}, "databases.app.prefer is None: give one of primary, standby"),
        ({"applications": {"bi": {"prefer": "standby", "part": 1}}}, "applications.bi.part is not known; prefer"),
        ({"databases": {"app": {"prefer": "standby", "share": 30}}}, "databases.app.share is 30: give a number from 0"),
        ({"databases": {"app": {"prefer": "standby", "share": True}}}, "databases.app.share is True"),
        ({"databases": {"app": {"prefer": "standby", "share": "much"}}}, "databases.app.share is 'much'"),
        ({"databases": {"App": "primary", "app": "standby"}}, "databases.app: 'App' is there, too"),
    ],
)
def test_refusals(asked: dict, message: str) -> None:
    with pytest.raises(InputError) as caught:
        load_balance(asked)
    assert str(caught.value).startswith(message)


def test_a_lag_that_nobody_sees_is_refused() -> None:
    with pytest.raises(InputError, match=r"max_lag is '1MB': leave it out, as Pgpool-II sees no lag"):
        load_balance({"max_lag": "1MB"}, "services")


@pytest.mark.parametrize(
    ("asked", "parameters", "found"),
    [
        ({"max_lag": 5}, {"delay_threshold": 7}, ["max_lag"]),
        ({"preset": "bounded"}, {"delay_threshold": 7}, []),
        ({"preset": "strict"}, {DATABASES: "a:standby"}, ["preset"]),
        ({"preset": "strict", "databases": {"a": "standby"}}, {DATABASES: ""}, ["databases"]),
        ({"preset": "strict"}, {APPLICATIONS: "a:standby"}, []),
        ({"databases": {}}, {DATABASES: "a:standby"}, []),
        ({"per": "session", "after_write": "always"}, {"statement_level_load_balance": True}, ["per"]),
        ({"after_write": False}, {"disable_load_balance_on_write": "always"}, ["after_write"]),
    ],
)
def test_parameters_that_would_overrule_it(asked: dict, parameters: dict, found: list[str]) -> None:
    assert list(conflicts(asked, parameters)) == found
