# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""pgpool.conf and PGPOOL_PARAMS_* against readers that behave as Pgpool-II, Kubernetes and both entry points."""

from __future__ import annotations

import re
from types import MappingProxyType

import pytest
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.errors import InputError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.pgpool_conf import (
    conf,
    number,
    numbered,
    params,
    parsed,
    restart_needed,
)
from hypothesis import given
from hypothesis import strategies as st

SECRET = "hunter2-S3cret"
awkward_text = st.text(st.sampled_from("ab \t\\'\"$()={}#;%äß\n\r\0"), max_size=20)


def read_conf(text: str) -> dict[str, str]:
    """The parameters that Pgpool-II finds in a file of one `name = 'value'` in each line.

    As its scanner does, a value is the longest text that fits its pattern, and nothing in it is unescaped.
    """
    found = {}
    for line in text.splitlines():
        name, rest = re.fullmatch(r"([A-Za-z_][A-Za-z0-9_]*) = (.*)", line, re.DOTALL).groups()
        pattern = re.compile(r"'(?:[^'\n]|\\.)*'")
        longest = next(size for size in range(len(rest), 0, -1) if pattern.fullmatch(rest, 0, size))
        assert longest == len(rest), f"syntax error after {rest[:longest]}"
        found[name] = rest[1:-1]
    return found


def expand(value: str) -> str:
    """What a container sees of a value in its `env`, if it has a variable HOME."""
    return re.sub(r"\$(\$|\(HOME\))", lambda found: "$" if found[1] == "$" else "/root", value)


def own_entry_point(variable: dict[str, str]) -> str:
    """The line of pgpool.conf that images/pgpool/entrypoint.sh writes."""
    return f"{variable['name'].removeprefix('PGPOOL_PARAMS_').lower()} = '{expand(variable['value'])}'\n"


def upstream_entry_point(variable: dict[str, str]) -> str:
    """The line of pgpool.conf that upstream's image writes: its name ends at the last `=` of the variable."""
    name, _, value = f"{variable['name']}={expand(variable['value'])}".rpartition("=")
    return f"{name.removeprefix('PGPOOL_PARAMS_').lower()} = '{value}'\n"


def refused(name: str, value: object, version: str | None = None) -> str:
    """The message with which a parameter is refused, by both functions alike."""
    messages = set()
    for function in (params, conf):
        with pytest.raises(InputError) as caught:
            function({name: value}, version)
        messages.add(str(caught.value))
    assert len(messages) == 1
    return messages.pop()


class TestValues:
    @pytest.mark.parametrize(
        ("name", "value", "text"),
        [
            ("load_balance_mode", True, "on"),
            ("load_balance_mode", False, "off"),
            ("load_balance_mode", "yes", "on"),
            ("load_balance_mode", "OFF", "off"),
            ("load_balance_mode", 1, "on"),
            ("num_init_children", 32, "32"),
            ("num_init_children", "32", "32"),
            ("num_init_children", 32.0, "32"),
            ("num_init_children", " 0x20 ", "0x20"),
            ("unix_socket_permissions", "0700", "0700"),
            ("client_idle_limit_in_recovery", -1, "-1"),
            ("health_check_period", "10s", "10s"),
            ("health_check_period", "1.5 min", "1.5 min"),
            ("health_check_period3", "1d", "1d"),
            ("connect_timeout", "2s", "2s"),
            ("connect_timeout127", 2000, "2000"),
            ("delay_threshold", "1MB", "1MB"),
            ("delay_threshold", 2**40, "1099511627776"),
            ("memqcache_total_size", "8GB", "8GB"),
            ("log_rotation_age", "1d", "1d"),
            ("backend_weight0", 0, "0"),
            ("backend_weight0", 0.5, "0.5"),
            ("backend_weight12", "1e-3", "1e-3"),
            ("backend_clustering_mode", "Streaming_Replication", "streaming_replication"),
            ("syslog_facility", "local3", "LOCAL3"),
            ("disable_load_balance_on_write", False, "off"),
            ("check_temp_table", True, "on"),
            ("backend_hostname0", "db.example.org", "db.example.org"),
            ("heartbeat_hostname255", "a", "a"),
            ("failover_command", "", ""),
            ("log_line_prefix", "%m: %a \\'pid\\' %p\t", "%m: %a \\'pid\\' %p\t"),
            ("read_only_function_list", "C:\\", "C:\\"),
        ],
    )
    def test_are_written_as_pgpool_reads_them(self, name: str, value: object, text: str) -> None:
        assert conf({name: value}) == f"{name} = '{text}'\n"
        assert params({name: value}) == [{"name": f"PGPOOL_PARAMS_{name.upper()}", "value": text}]
        assert read_conf(conf({name: value})) == {name: text}

    @pytest.mark.parametrize(
        ("name", "most", "too_much"),
        [
            ("health_check_period", "2147483647s", "2147483648s"),
            ("health_check_period", "35791394min", "35791395min"),
            ("health_check_period", "596523h", "596524h"),
            ("health_check_period", "24855d", "24856d"),
            ("connect_timeout", "2147483s", "2147484s"),
            ("memqcache_maxcache", "2147483647B", "2147483648B"),
            ("memqcache_maxcache", "2097151kB", "2097152kB"),
            ("memqcache_maxcache", "2047MB", "2048MB"),
            ("delay_threshold", "8589934591GB", "8589934592GB"),
            ("delay_threshold", "8388607TB", "8388608TB"),
        ],
    )
    def test_with_a_unit_have_the_same_range(self, name: str, most: str, too_much: str) -> None:
        assert conf({name: most}) == f"{name} = '{most}'\n"
        assert f"{name} is {too_much!r} (str); right would be a whole number from 0 to " in refused(name, too_much)

    @pytest.mark.parametrize(
        ("name", "value", "right"),
        [
            ("load_balance_mode", "enabled", "true or false"),
            ("load_balance_mode", 2, "true or false"),
            ("load_balance_mode", [], "true or false"),
            ("num_init_children", 0, "a whole number from 1 to 2147483647"),
            ("max_pool", 0, "a whole number from 1 to 2147483647"),
            ("num_init_children", 1.5, "a whole number from 1 to 2147483647"),
            ("num_init_children", float("nan"), "a whole number"),
            ("num_init_children", True, "a whole number"),
            ("num_init_children", "many", "a whole number"),
            ("num_init_children", "32s", "a whole number"),
            ("num_init_children", "089", "a whole number"),
            ("num_init_children", 2**31, "a whole number"),
            ("num_init_children", 1e300, "a whole number"),
            ("num_init_children", "9" * 400, "a whole number"),
            ("delay_threshold", f"0x{'f' * 400}MB", "a whole number"),
            ("delay_threshold", 2**63, "a whole number"),
            ("port", 80, "a whole number from 1024 to 65535"),
            ("unix_socket_permissions", "01777", "a whole number from 0 to 511"),
            ("health_check_period", "10 MB", "a text with its unit such as '10s'"),
            ("health_check_period", "10 parsecs", "a text with its unit such as '10s'"),
            ("health_check_period", "50000d", "a text with its unit such as '10s'"),
            ("connect_timeout", "4w", "a text with its unit such as '10ms'"),
            ("delay_threshold", "1 kb", "a text with its unit such as '10B'"),
            ("backend_weight0", -1, "a number from 0 to 100000000"),
            ("backend_weight0", "inf", "a number from 0 to 100000000"),
            ("backend_weight0", "heavy", "a number from 0 to 100000000"),
            ("backend_weight0", "1_000", "a number from 0 to 100000000"),
            ("backend_weight0", "1e9", "a number from 0 to 100000000"),
            ("backend_weight0", True, "a number from 0 to 100000000"),
            ("backend_weight0", {}, "a number from 0 to 100000000"),
            ("memqcache_method", "redis", "one of shmem, memcached"),
            ("memqcache_method", True, "one of shmem, memcached"),
            ("backend_hostname0", 10, "a text (in YAML, put it in quotes)"),
            ("sr_check_user", False, "a text (in YAML, put it in quotes)"),
        ],
    )
    def test_of_a_wrong_type_are_refused(self, name: str, value: object, right: str) -> None:
        message = refused(name, value)
        assert message.startswith(f"{name} is {value!r} ({type(value).__name__}); right would be ")
        assert right in message

    @pytest.mark.parametrize("name", ["sr_check_password", "health_check_password3", "wd_authkey", "ssl_key"])
    def test_that_may_be_secret_are_not_shown(self, name: str) -> None:
        assert refused(
            name, 86753
        ) == f"{name} is a value that is not shown (int); right would be a text (in YAML, put" + (" it in quotes)")

    @pytest.mark.parametrize(
        ("value", "reason"),
        [
            (None, "has no value; leave it out"),
            (SECRET + "\n", "holds a line break or a NUL"),
            (SECRET + "\r", "holds a line break or a NUL"),
            (SECRET + "\0", "holds a line break or a NUL"),
            (SECRET + "'", "holds a single quote"),
            (SECRET + "''", "holds a single quote"),
        ],
    )
    def test_that_cannot_be_written_are_refused(self, value: object, reason: str) -> None:
        for name in ("log_line_prefix", "sr_check_password"):
            message = refused(name, value)
            assert message.startswith(f"{name} {reason}")
            assert SECRET not in message

    @given(value=awkward_text)
    def test_are_read_as_they_were_given_or_refused(self, value: str) -> None:
        writable = not re.search(r"[\0\r\n]|^'|[^\\]'", value)
        try:
            text = conf({"log_line_prefix": value})
        except InputError:
            assert not writable
        else:
            assert read_conf(text) == {"log_line_prefix": value}
            assert writable


class TestNames:
    @pytest.mark.parametrize(
        ("name", "message"),
        [
            ("num_init_childs", "Pgpool-II has no parameter 'num_init_childs' and would ignore it; did you mean"),
            ("NUM_INIT_CHILDREN", "did you mean num_init_children?"),
            ("delegate_IP", "did you mean delegate_ip?"),
            ("backend_hostnam0", "did you mean backend_hostname?"),
            ("port0", "did you mean port?"),
            ("zzz", "Pgpool-II has no parameter 'zzz' and would ignore it"),
            ("", "Pgpool-II has no parameter ''"),
            ("include", "Pgpool-II has no parameter 'include'"),
            ("port = 1\nssl", "Pgpool-II has no parameter"),
            ("backend_hostname", "backend_hostname is not one of backend_hostname0 to backend_hostname127"),
            ("backend_hostname128", "backend_hostname128 is not one of backend_hostname0 to backend_hostname127"),
            ("backend_hostname01", "Pgpool-II has no parameter 'backend_hostname01'"),
            ("health_check_period128", "health_check_period128 is not one of health_check_period0 to"),
            (5, "5 is no name of a Pgpool-II parameter"),
        ],
    )
    def test_that_are_unknown_are_refused(self, name: object, message: str) -> None:
        assert message in refused(name, SECRET)
        assert SECRET not in refused(name, SECRET)

    @pytest.mark.parametrize(
        ("name", "value", "since", "before"),
        [
            ("log_backend_messages", "terse", "4.6", "4.5.12"),
            ("notice_per_node_statement", True, "4.4.9", "4.4.8"),
            ("work_dir", "/run", "4.7.0", "4.6.10"),
        ],
    )
    def test_of_later_releases_are_refused(self, name: str, value: object, since: str, before: str) -> None:
        assert params({name: value}) == params({name: value}, since) == params({name: value}, "4.10.0")
        message = refused(name, value, before)
        assert message.startswith(f"{name} is new in Pgpool-II 4.")
        assert message.endswith(f"; {before} would ignore it")

    @pytest.mark.parametrize("version", ["", "4", "latest", "4.6.1-1", 4.6])
    def test_are_not_compared_with_what_is_no_release(self, version: object) -> None:
        assert refused("port", 9999, version).startswith(f"version {version!r} is no release of Pgpool-II")


class TestParams:
    def test_keeps_the_order_given(self) -> None:
        parameters = MappingProxyType({"port": 9999, "backend_port0": 5432, "load_balance_mode": True})
        assert params(parameters) == [
            {"name": "PGPOOL_PARAMS_PORT", "value": "9999"},
            {"name": "PGPOOL_PARAMS_BACKEND_PORT0", "value": "5432"},
            {"name": "PGPOOL_PARAMS_LOAD_BALANCE_MODE", "value": "on"},
        ]

    @given(value=awkward_text)
    def test_reach_pgpool_through_kubernetes_and_both_entry_points(self, value: str) -> None:
        try:
            (variable,) = params({"failover_command": value})
        except InputError:
            assert re.search(r"[\0\r\n=']", value)
        else:
            assert read_conf(own_entry_point(variable)) == {"failover_command": value}
            assert read_conf(upstream_entry_point(variable)) == {"failover_command": value}

    def test_double_what_kubernetes_would_expand(self) -> None:
        (variable,) = params({"failover_command": "echo $(HOME) $$"})
        assert variable["value"] == "echo $$(HOME) $$$$"
        assert own_entry_point(variable) == "failover_command = 'echo $(HOME) $$'\n"

    @pytest.mark.parametrize(
        "name",
        ["sr_check_password", "recovery_password", "health_check_password0", "wd_lifecheck_password", "wd_authkey"],
    )
    def test_refuse_secrets(self, name: str) -> None:
        with pytest.raises(InputError, match=f"^{name} is a secret") as caught:
            params({name: SECRET})
        assert SECRET not in str(caught.value)
        assert params({name: ""}) == [{"name": f"PGPOOL_PARAMS_{name.upper()}", "value": ""}]
        assert conf({name: SECRET}) == f"{name} = '{SECRET}'\n"

    @pytest.mark.parametrize("name", ["pool_passwd", "ssl_passphrase_command", "ssl_key"])
    def test_take_what_only_leads_to_a_secret(self, name: str) -> None:
        assert params({name: "/etc/file"}) == [{"name": f"PGPOOL_PARAMS_{name.upper()}", "value": "/etc/file"}]

    def test_refuse_an_equals_sign(self) -> None:
        with pytest.raises(InputError, match=r"^log_line_prefix has a '=' in its value"):
            params({"log_line_prefix": "pid=%p"})
        assert conf({"log_line_prefix": "pid=%p"}) == "log_line_prefix = 'pid=%p'\n"


class TestConf:
    def test_has_a_line_for_each_parameter(self) -> None:
        assert conf({"port": 9999, "sr_check_user": "check"}) == "port = '9999'\nsr_check_user = 'check'\n"

    def test_of_nothing_is_empty(self) -> None:
        assert conf({}) == ""
        assert params({}) == []


class TestRestartNeeded:
    OLD = MappingProxyType(
        {
            "num_init_children": 32,
            "load_balance_mode": True,
            "health_check_period": "10s",
            "backend_hostname0": "a",
            "backend_weight0": 1,
            "read_only_function_list": "now",
        }
    )

    @pytest.mark.parametrize(
        ("change", "names"),
        [
            ({}, []),
            ({"load_balance_mode": "on", "num_init_children": "32"}, []),
            ({"health_check_period": 5, "backend_weight0": 2}, []),
            ({"sr_check_period": 5}, []),
            ({"backend_hostname1": "b", "backend_port1": 5432, "backend_flag1": "ALLOW_TO_FAILOVER"}, []),
            ({"backend_hostname0": "b"}, ["backend_hostname0"]),
            ({"num_init_children": 33}, ["num_init_children"]),
            ({"ssl": True, "load_balance_mode": False}, ["load_balance_mode", "ssl"]),
            # A reload takes up a first list of patterns, and no other one.
            ({"write_function_list": "nextval", "primary_routing_query_pattern_list": ""}, []),
            ({"read_only_function_list": "now,get_.*"}, ["read_only_function_list"]),
            ({"read_only_function_list": ""}, ["read_only_function_list"]),
        ],
    )
    def test_names_what_a_reload_leaves_as_it_was(self, change: dict, names: list[str]) -> None:
        assert restart_needed(self.OLD, {**self.OLD, **change}) == names

    def test_names_what_is_gone(self) -> None:
        new = {"max_pool": 2, "load_balance_mode": True, "num_init_children": 32}
        assert restart_needed(self.OLD, new) == [
            "max_pool",
            "health_check_period",
            "backend_hostname0",
            "backend_weight0",
            "read_only_function_list",
        ]

    def test_refuses_what_pgpool_does_not_know(self) -> None:
        with pytest.raises(InputError, match="no parameter 'prot'"):
            restart_needed({}, {"prot": 1})


class TestNumbered:
    def test_takes_lists_apart(self) -> None:
        assert numbered({"port": 9999, "backend_weight": [0, 0.5], "connect_timeout": 2000}) == {
            "port": 9999,
            "backend_weight0": 0,
            "backend_weight1": 0.5,
            "connect_timeout": 2000,
        }

    def test_takes_backends_apart(self) -> None:
        backends = [
            {
                "hostname": "pg-rw",
                "port": 5432,
                "flag": "ALWAYS_PRIMARY|DISALLOW_TO_FAILOVER",
                "health_check_period": 0,
            },
            {"hostname": "pg-1", "port": 5432, "application_name": "pg-1", "connect_timeout": "2s"},
        ]
        assert [variable["name"].removeprefix("PGPOOL_PARAMS_") for variable in params({"backends": backends})] == [
            "BACKEND_HOSTNAME0",
            "BACKEND_PORT0",
            "BACKEND_FLAG0",
            "HEALTH_CHECK_PERIOD0",
            "BACKEND_HOSTNAME1",
            "BACKEND_PORT1",
            "BACKEND_APPLICATION_NAME1",
            "CONNECT_TIMEOUT1",
        ]
        assert conf({"backends": backends}).splitlines()[-1] == "connect_timeout1 = '2s'"

    @given(weights=st.lists(st.floats(0, 100), max_size=128))
    def test_numbers_as_a_user_would(self, weights: list[float]) -> None:
        assert numbered({"backend_weight": weights}) == {
            f"backend_weight{number}": weight for number, weight in enumerate(weights)
        }
        assert len(params({"backend_weight": weights})) == len(weights)

    @pytest.mark.parametrize(
        ("parameters", "message"),
        [
            ({"backend_weight": [0] * 129}, "backend_weight128 is not one of backend_weight0 to backend_weight127"),
            ({"num_init_children": [1]}, "num_init_children is [1] (list); right would be a whole number"),
            ({"backend_weight0": 1, "backend_weight": [1]}, "backend_weight0 is there twice"),
            ({"backend_port": [1], "backends": [{"port": 1}]}, "backend_port0 is there twice"),
            ({"backends": {}}, "backends is of type dict; a list of dicts is right"),
            ({"backends": ["pg-1"]}, "backend 0 is of type str; a dict with hostname and port is right"),
            ({"backends": [{}, {"host": "a"}]}, "backend 1: unknown host; known are application_name, "),
            ({"backends": [{"pgpool_port": 1}]}, "backend 0: unknown pgpool_port; known are"),
            ({"backends": [{"port": 80}]}, "backend_port0 is 80 (int); right would be a whole number from 1024"),
        ],
    )
    def test_refuses_what_cannot_be_numbered(self, parameters: dict, message: str) -> None:
        for function in (params, conf):
            with pytest.raises(InputError) as caught:
                function(parameters)
            assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("name", "value", "count"),
    [
        ("delay_threshold", 1000000, 1000000),
        ("delay_threshold", "16MB", 16777216),
        ("num_init_children", "0x20", 32),
        ("connect_timeout", "2s", 2000),
        ("backend_port1", "5432", 5432),
    ],
)
def test_what_a_number_counts(name: str, value: object, count: int) -> None:
    assert number(name, value) == count


@pytest.mark.parametrize(("name", "value"), [("delay_threshold", "far"), ("ssl", "on"), ("num_children", 1)])
def test_what_counts_nothing(name: str, value: object) -> None:
    with pytest.raises(InputError, match=name):
        number(name, value)


def test_a_parameter_ends_at_a_newline_alone() -> None:
    parameters = {"log_line_prefix": "a\x85b\u2028c\x0b", "port": "9999"}
    assert parsed(conf(parameters)) == parameters
