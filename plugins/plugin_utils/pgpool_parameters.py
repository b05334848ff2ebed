# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The configuration parameters of Pgpool-II 4.4 to 4.7, as data.

The facts come from Pgpool-II's own table, src/config/pool_config_variables.c (no code of it is here), compared over all
release tags from V4_4_0 to V4_7_2. Parameters that it hides because they were renamed (delegate_IP,
fail_over_on_backend_error) are left out. Where releases differ, the stricter holds: the log file settings, for one, are
taken up by a reload from 4.6 on, and need a restart here.
"""

from __future__ import annotations

from typing import NamedTuple

RELOAD = "reload"
RESTART = "restart"

INT_MAX = 2**31 - 1
LONG_MAX = 2**63 - 1

# Lists of patterns, to which a reload adds those of the file without dropping what is there ("TODO clear the old regex
# array"): it takes up a first list, and no other one.
PATTERNS = (
    "cache_safe_memqcache_table_list",
    "cache_unsafe_memqcache_table_list",
    "primary_routing_query_pattern_list",
    "read_only_function_list",
    "write_function_list",
)

# How many numbered parameters of one kind there may be: MAX_NUM_BACKENDS, MAX_WATCHDOG_NUM, WD_MAX_IF_NUM.
BACKENDS = 128
WATCHDOGS = 128
HEARTBEATS = 256

_LEVELS = ("debug", "debug5", "debug4", "debug3", "debug2", "debug1")
_LEVELS += ("info", "notice", "warning", "error", "log", "fatal", "panic")


class Parameter(NamedTuple):
    """What Pgpool-II takes for one parameter.

    Attributes:
        type: ``bool``, ``int``, ``real``, ``string`` or ``enum``.
        change: ``reload`` or ``restart``: what it takes to change the value of a running Pgpool-II.
        unit: what a bare number counts, and so which family of units may stand behind a number; empty for none.
        low, high: the range of a number, in ``unit``.
        choices: the values of an enum; upper and lower case are the same.
        indexes: how many there may be, numbered from 0 (``backend_port0``); 0 for one without a number.
        bare: the name may stand without a number, and gives the default of the numbered ones.
        since: the first release that has it.

    """

    type: str
    change: str
    unit: str = ""
    low: int = 0
    high: int = INT_MAX
    choices: tuple[str, ...] = ()
    indexes: int = 0
    bare: bool = True
    since: str = "4.4"


PARAMETERS: dict[str, Parameter] = {
    "allow_clear_text_frontend_auth": Parameter("bool", RELOAD),
    "allow_multiple_failover_requests_from_node": Parameter("bool", RESTART),
    "allow_sql_comments": Parameter("bool", RELOAD),
    "app_name_redirect_preference_list": Parameter("string", RELOAD),
    "arping_cmd": Parameter("string", RESTART),
    "arping_path": Parameter("string", RESTART),
    "authentication_timeout": Parameter("int", RESTART, unit="s"),
    "auto_failback": Parameter("bool", RELOAD),
    "auto_failback_interval": Parameter("int", RELOAD, unit="s"),
    "backend_application_name": Parameter("string", RELOAD, indexes=BACKENDS, bare=False),
    "backend_clustering_mode": Parameter(
        "enum",
        RESTART,
        choices=("streaming_replication", "native_replication", "logical_replication", "raw", "snapshot_isolation"),
    ),
    # A reload takes up a new backend. The address of one that is there it passes over in silence, and of the flags
    # it can add ALWAYS_PRIMARY but not take it away (BackendHostAssignFunc, BackendFlagsAssignFunc, …).
    "backend_data_directory": Parameter("string", RESTART, indexes=BACKENDS, bare=False),
    "backend_flag": Parameter("string", RESTART, indexes=BACKENDS, bare=False),
    "backend_hostname": Parameter("string", RESTART, indexes=BACKENDS, bare=False),
    "backend_port": Parameter("int", RESTART, low=1024, high=65535, indexes=BACKENDS, bare=False),
    "backend_weight": Parameter("real", RELOAD, high=100_000_000, indexes=BACKENDS, bare=False),
    "cache_safe_memqcache_table_list": Parameter("string", RELOAD),
    "cache_unsafe_memqcache_table_list": Parameter("string", RELOAD),
    "check_temp_table": Parameter("enum", RELOAD, choices=("catalog", "trace", "none", "on", "off")),
    "check_unlogged_table": Parameter("bool", RELOAD),
    "child_life_time": Parameter("int", RESTART, unit="s"),
    "child_max_connections": Parameter("int", RESTART),
    "clear_memqcache_on_escalation": Parameter("bool", RELOAD),
    "client_idle_limit": Parameter("int", RELOAD, unit="s"),
    "client_idle_limit_in_recovery": Parameter("int", RELOAD, unit="s", low=-1),
    "client_min_messages": Parameter("enum", RELOAD, choices=_LEVELS),
    "connect_timeout": Parameter("int", RELOAD, unit="ms", indexes=BACKENDS),
    "connection_cache": Parameter("bool", RESTART),
    "connection_life_time": Parameter("int", RESTART, unit="s"),
    "database_redirect_preference_list": Parameter("string", RELOAD),
    "delay_threshold": Parameter("int", RELOAD, unit="B", high=LONG_MAX),
    # In 4.4 a bare number counts seconds: write the unit.
    "delay_threshold_by_time": Parameter("int", RELOAD, unit="ms"),
    "delegate_ip": Parameter("string", RESTART),
    "detach_false_primary": Parameter("bool", RELOAD),
    "disable_load_balance_on_write": Parameter(
        "enum", RELOAD, choices=("off", "transaction", "trans_transaction", "always", "dml_adaptive")
    ),
    "dml_adaptive_object_relationship_list": Parameter("string", RELOAD),
    "enable_consensus_with_half_votes": Parameter("bool", RESTART),
    "enable_pool_hba": Parameter("bool", RELOAD),
    "enable_shared_relcache": Parameter("bool", RESTART),
    "failback_command": Parameter("string", RELOAD),
    "failover_command": Parameter("string", RELOAD),
    "failover_if_affected_tuples_mismatch": Parameter("bool", RELOAD),
    "failover_on_backend_error": Parameter("bool", RELOAD),
    "failover_on_backend_shutdown": Parameter("bool", RELOAD),
    "failover_require_consensus": Parameter("bool", RESTART),
    "failover_when_quorum_exists": Parameter("bool", RESTART),
    "follow_primary_command": Parameter("string", RELOAD),
    "health_check_database": Parameter("string", RELOAD, indexes=BACKENDS),
    "health_check_max_retries": Parameter("int", RELOAD, indexes=BACKENDS),
    "health_check_password": Parameter("string", RELOAD, indexes=BACKENDS),
    "health_check_period": Parameter("int", RELOAD, unit="s", indexes=BACKENDS),
    "health_check_retry_delay": Parameter("int", RELOAD, unit="s", indexes=BACKENDS),
    "health_check_test": Parameter("bool", RESTART),
    "health_check_timeout": Parameter("int", RELOAD, unit="s", indexes=BACKENDS),
    "health_check_user": Parameter("string", RELOAD, indexes=BACKENDS),
    "heartbeat_device": Parameter("string", RELOAD, indexes=HEARTBEATS, bare=False),
    "heartbeat_hostname": Parameter("string", RELOAD, indexes=HEARTBEATS, bare=False),
    "heartbeat_port": Parameter("int", RELOAD, low=1024, high=65535, indexes=HEARTBEATS, bare=False),
    "hostname": Parameter("string", RELOAD, indexes=WATCHDOGS, bare=False),
    "if_cmd_path": Parameter("string", RESTART),
    "if_down_cmd": Parameter("string", RESTART),
    "if_up_cmd": Parameter("string", RESTART),
    "ignore_leading_white_space": Parameter("bool", RELOAD),
    "insert_lock": Parameter("bool", RELOAD),
    "listen_addresses": Parameter("string", RESTART),
    "listen_backlog_multiplier": Parameter("int", RESTART, low=1),
    "load_balance_mode": Parameter("bool", RESTART),
    "lobj_lock_table": Parameter("string", RELOAD),
    "log_backend_messages": Parameter("enum", RELOAD, choices=("none", "terse", "verbose"), since="4.6"),
    "log_client_messages": Parameter("bool", RELOAD),
    "log_connections": Parameter("bool", RELOAD),
    "log_destination": Parameter("string", RELOAD),
    "log_directory": Parameter("string", RESTART),
    "log_disconnections": Parameter("bool", RELOAD),
    "log_error_verbosity": Parameter("enum", RELOAD, choices=("terse", "default", "verbose")),
    "log_file_mode": Parameter("int", RESTART),
    "log_filename": Parameter("string", RESTART),
    "log_hostname": Parameter("bool", RELOAD),
    "log_line_prefix": Parameter("string", RELOAD),
    "log_min_messages": Parameter("enum", RELOAD, choices=_LEVELS),
    "log_pcp_processes": Parameter("bool", RELOAD, since="4.5"),
    "log_per_node_statement": Parameter("bool", RELOAD),
    "log_rotation_age": Parameter("int", RESTART, unit="min"),
    "log_rotation_size": Parameter("int", RESTART, unit="kB", high=INT_MAX // 1024),
    "log_standby_delay": Parameter("enum", RELOAD, choices=("always", "if_over_threshold", "none")),
    "log_statement": Parameter("bool", RELOAD),
    "log_truncate_on_rotation": Parameter("bool", RESTART),
    # Renamed to work_dir in 4.7, which still reads it and warns.
    "logdir": Parameter("string", RESTART),
    "logging_collector": Parameter("bool", RESTART),
    # Pgpool-II's table has 0, too, with which a child writes to a pool that is not there (pool_connection_pool.c).
    "max_pool": Parameter("int", RESTART, low=1),
    "max_spare_children": Parameter("int", RELOAD, low=1),
    "memory_cache_enabled": Parameter("bool", RESTART),
    "memqcache_auto_cache_invalidation": Parameter("bool", RELOAD),
    "memqcache_cache_block_size": Parameter("int", RESTART, unit="B", low=512),
    "memqcache_expire": Parameter("int", RESTART, unit="s"),
    "memqcache_max_num_cache": Parameter("int", RESTART),
    "memqcache_maxcache": Parameter("int", RESTART, unit="B"),
    "memqcache_memcached_host": Parameter("string", RESTART),
    "memqcache_memcached_port": Parameter("int", RESTART),
    "memqcache_method": Parameter("enum", RESTART, choices=("shmem", "memcached")),
    "memqcache_oiddir": Parameter("string", RESTART),
    "memqcache_total_size": Parameter("int", RESTART, unit="B", high=LONG_MAX),
    "min_spare_children": Parameter("int", RELOAD, low=1),
    "notice_per_node_statement": Parameter("bool", RELOAD, since="4.4.9"),
    "num_init_children": Parameter("int", RESTART, low=1),
    "pcp_listen_addresses": Parameter("string", RESTART),
    "pcp_port": Parameter("int", RESTART, low=1024, high=65535),
    "pcp_socket_dir": Parameter("string", RESTART),
    "pgpool_port": Parameter("int", RELOAD, low=1024, high=65535, indexes=WATCHDOGS, bare=False),
    "pid_file_name": Parameter("string", RESTART),
    "ping_path": Parameter("string", RESTART),
    "pool_passwd": Parameter("string", RESTART),
    "port": Parameter("int", RESTART, low=1024, high=65535),
    "prefer_lower_delay_standby": Parameter("bool", RELOAD),
    "primary_routing_query_pattern_list": Parameter("string", RELOAD),
    "process_management_mode": Parameter("enum", RELOAD, choices=("static", "dynamic")),
    "process_management_strategy": Parameter("enum", RELOAD, choices=("aggressive", "gentle", "lazy")),
    "read_only_function_list": Parameter("string", RELOAD),
    "recovery_1st_stage_command": Parameter("string", RELOAD),
    "recovery_2nd_stage_command": Parameter("string", RELOAD),
    "recovery_database": Parameter("string", RELOAD, since="4.7"),
    "recovery_password": Parameter("string", RELOAD),
    "recovery_timeout": Parameter("int", RELOAD, unit="s"),
    "recovery_user": Parameter("string", RELOAD),
    "relcache_expire": Parameter("int", RESTART, unit="s", high=LONG_MAX),
    "relcache_query_target": Parameter("enum", RELOAD, choices=("primary", "load_balance_node")),
    "relcache_size": Parameter("int", RESTART),
    "replicate_select": Parameter("bool", RELOAD),
    "replication_mode": Parameter("bool", RESTART),
    "replication_stop_on_mismatch": Parameter("bool", RELOAD),
    "reserved_connections": Parameter("int", RESTART),
    "reset_query_list": Parameter("string", RELOAD),
    "search_primary_node_timeout": Parameter("int", RELOAD, unit="s"),
    "serialize_accept": Parameter("bool", RESTART),
    "sr_check_database": Parameter("string", RELOAD),
    "sr_check_password": Parameter("string", RELOAD),
    "sr_check_period": Parameter("int", RELOAD, unit="s"),
    "sr_check_user": Parameter("string", RELOAD),
    "ssl": Parameter("bool", RESTART),
    "ssl_ca_cert": Parameter("string", RESTART),
    "ssl_ca_cert_dir": Parameter("string", RESTART),
    "ssl_cert": Parameter("string", RESTART),
    "ssl_ciphers": Parameter("string", RESTART),
    "ssl_crl_file": Parameter("string", RESTART),
    "ssl_dh_params_file": Parameter("string", RESTART),
    "ssl_ecdh_curve": Parameter("string", RESTART),
    "ssl_key": Parameter("string", RESTART),
    "ssl_passphrase_command": Parameter("string", RESTART),
    "ssl_prefer_server_ciphers": Parameter("bool", RESTART),
    "statement_level_load_balance": Parameter("bool", RELOAD),
    "syslog_facility": Parameter(
        "enum", RELOAD, choices=("LOCAL0", "LOCAL1", "LOCAL2", "LOCAL3", "LOCAL4", "LOCAL5", "LOCAL6", "LOCAL7")
    ),
    "syslog_ident": Parameter("string", RELOAD),
    "trusted_server_command": Parameter("string", RELOAD),
    "trusted_servers": Parameter("string", RESTART),
    "unix_socket_directories": Parameter("string", RESTART),
    "unix_socket_group": Parameter("string", RESTART),
    "unix_socket_permissions": Parameter("int", RESTART, high=0o777),
    "use_watchdog": Parameter("bool", RESTART),
    "user_redirect_preference_list": Parameter("string", RELOAD, since="4.5"),
    "wd_authkey": Parameter("string", RELOAD),
    "wd_de_escalation_command": Parameter("string", RELOAD),
    "wd_escalation_command": Parameter("string", RELOAD),
    "wd_heartbeat_deadtime": Parameter("int", RESTART, unit="s", low=1),
    "wd_heartbeat_keepalive": Parameter("int", RESTART, unit="s", low=1),
    "wd_heartbeat_listen_addresses": Parameter("string", RESTART, since="4.7.1"),
    "wd_heartbeat_listen_port": Parameter("int", RESTART, since="4.7.1"),
    "wd_interval": Parameter("int", RESTART, unit="s"),
    "wd_ipc_socket_dir": Parameter("string", RESTART),
    "wd_life_point": Parameter("int", RESTART),
    "wd_lifecheck_dbname": Parameter("string", RELOAD),
    "wd_lifecheck_method": Parameter("enum", RESTART, choices=("query", "heartbeat", "external")),
    "wd_lifecheck_password": Parameter("string", RELOAD),
    "wd_lifecheck_query": Parameter("string", RESTART),
    "wd_lifecheck_user": Parameter("string", RELOAD),
    "wd_listen_address": Parameter("string", RESTART, since="4.7.1"),
    "wd_listen_port": Parameter("int", RESTART, low=1024, high=65535, since="4.7.1"),
    "wd_lost_node_removal_timeout": Parameter("int", RELOAD, unit="s"),
    "wd_monitoring_interfaces_list": Parameter("string", RESTART),
    "wd_no_show_node_removal_timeout": Parameter("int", RELOAD, unit="s"),
    "wd_port": Parameter("int", RELOAD, low=1024, high=65535, indexes=WATCHDOGS, bare=False),
    "wd_priority": Parameter("int", RESTART),
    "wd_remove_shutdown_nodes": Parameter("bool", RELOAD),
    "work_dir": Parameter("string", RESTART, since="4.7"),
    "write_function_list": Parameter("string", RELOAD),
}
