# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of parameters holds together, and says what Pgpool-II's documentation says."""

from __future__ import annotations

import re

import pytest
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.errors import InputError
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.pgpool_conf import conf, params
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.pgpool_parameters import PARAMETERS, Parameter


@pytest.mark.parametrize(("name", "parameter"), PARAMETERS.items(), ids=PARAMETERS)
def test_holds_together(name: str, parameter: Parameter) -> None:
    # Lower case, since an entry point makes the name from a variable; no digit at the end, since that is a number.
    assert re.fullmatch(r"[a-z][a-z0-9_]*[a-z]", name)
    assert parameter.type in {"bool", "int", "real", "string", "enum"}
    assert parameter.change in {"reload", "restart"}
    assert bool(parameter.choices) == (parameter.type == "enum")
    assert parameter.unit in ({"", "s", "ms", "min", "B", "kB"} if parameter.type == "int" else {""})
    assert parameter.low < parameter.high
    assert parameter.bare or parameter.indexes
    assert re.fullmatch(r"4\.[4-7](\.[0-9]+)?", parameter.since)


def test_is_in_the_order_of_names() -> None:
    assert list(PARAMETERS) == sorted(PARAMETERS)


@pytest.mark.parametrize(
    ("names", "change"),
    [
        ("port listen_addresses ssl ssl_cert ssl_key num_init_children max_pool reserved_connections", "restart"),
        ("child_life_time connection_life_time load_balance_mode pool_passwd relcache_expire use_watchdog", "restart"),
        ("backend_hostname backend_port backend_data_directory log_directory", "restart"),
        ("backend_weight backend_application_name sr_check_period delay_threshold health_check_period", "reload"),
        ("database_redirect_preference_list app_name_redirect_preference_list enable_pool_hba", "reload"),
        ("auto_failback failover_command statement_level_load_balance log_min_messages", "reload"),
    ],
)
def test_knows_what_takes_a_restart(names: str, change: str) -> None:
    assert {PARAMETERS[name].change for name in names.split()} == {change}


def test_knows_which_names_have_a_number() -> None:
    numbered = {name for name, parameter in PARAMETERS.items() if parameter.indexes}
    both = {name for name in numbered if PARAMETERS[name].bare}
    health_check = ("database", "max_retries", "password", "period", "retry_delay", "timeout", "user")
    assert both == {"connect_timeout", *(f"health_check_{what}" for what in health_check)}
    assert numbered - both == {
        *(f"backend_{what}" for what in ("application_name", "data_directory", "flag", "hostname", "port", "weight")),
        *(f"heartbeat_{what}" for what in ("device", "hostname", "port")),
        *("hostname", "pgpool_port", "wd_port"),
    }


@pytest.mark.parametrize("name", ["replication_delay_source_cmd", "replication_delay_source_timeout"])
def test_knows_nothing_of_releases_to_come(name: str) -> None:
    for write in (params, conf):
        with pytest.raises(InputError, match=f"Pgpool-II has no parameter '{name}' and would ignore it"):
            write({name: "/bin/true"})
