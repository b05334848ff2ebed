# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Deployment of Pgpool-II as the role renders it: what docs/pgpool-pitfalls.md says of its pods."""

from __future__ import annotations

import base64
import os
import re
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.input_problems import input_problems
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.pgpool_topology import settings
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.postgres_cluster_users import SYSTEM_USERS

ROLE = Path(__file__).parents[3] / "roles" / "pgpool"
CONNECT = Path(__file__).parents[3] / "docs/how-to/connect-an-application.md"
PASSWORD = "hunter2-S3cret"
CONTRACT: dict[str, Any] = {
    "name": "hot",
    "namespace": "demo",
    "exists": True,
    "primary_host": "hot-rw.demo.svc",
    "standby_host": "hot-ro.demo.svc",
    "port": 5432,
    "auth_method": "scram-sha-256",
    "superuser_secret": None,
    "max_connections": 300,
    "image": "",
    "image_pull_secrets": [],
    "databases": ["app"],
    "tls": {"enabled": True, "ca_secret": "hot-ca", "ca_key": "ca.crt"},
    "instances": [
        {
            "name": f"hot-{number}",
            "host": f"hot-{number}.demo.svc",
            "role": "primary" if number == 1 else "standby",
            "application_name": f"hot-{number}",
            "selector": {"cnpg.io/instanceName": f"hot-{number}"},
            "needs_service": True,
        }
        for number in (1, 2, 3)
    ],
}


def secret(user: str) -> dict[str, Any]:
    data = {"username": user, "password": PASSWORD}
    return {
        "metadata": {"name": f"hot-{user}"},
        "type": "kubernetes.io/basic-auth",
        "data": {key: base64.b64encode(text.encode()).decode() for key, text in data.items()},
    }


def variables(**changes: Any) -> dict[str, Any]:
    """The role's defaults and constants, and what its tasks find on a cluster."""
    loader = DataLoader()
    known: dict[str, Any] = {
        "inventory_hostname": "hot",
        "pgha_namespace": "demo",
        "postgres_cluster_result": CONTRACT,
        "role_path": str(ROLE),
    }
    for name in ("defaults", "vars"):
        known |= loader.load(trust_as_template((ROLE / name / "main.yml").read_text()))
    found = {
        "__pgpool_secrets": [secret("pgpool_check"), secret("pgha_monitor")],
        "__pgpool_files": {"pool_passwd": f"app:TEXT{PASSWORD}\n", "pgpoolkey": PASSWORD, "restart": "abc"},
    }
    return {**known, **found, **changes}


def evaluate(template: str, **changes: Any) -> Any:
    return Templar(loader=DataLoader(), variables=variables(**changes)).template(trust_as_template(template))


def rendered(name: str, **changes: Any) -> str:
    text = (ROLE / "templates" / name).read_text()
    templar = Templar(loader=DataLoader(), variables=variables(**changes))
    return str(templar.template(trust_as_template(text), escape_backslashes=False))


def deployment(**changes: Any) -> dict[str, Any]:
    return yaml.safe_load(rendered("deployment.yml.j2", **changes))


@pytest.fixture(scope="module")
def pod() -> dict[str, Any]:
    return deployment()["spec"]["template"]


@pytest.fixture(scope="module")
def container(pod: dict[str, Any]) -> dict[str, Any]:
    return next(container for container in pod["spec"]["containers"] if container["name"] == "pgpool")


@pytest.mark.parametrize("probe", ["startupProbe", "livenessProbe", "readinessProbe"])
def test_no_probe_takes_the_place_of_a_client_or_asks_postgresql(container: dict[str, Any], probe: str) -> None:
    command = container[probe]["exec"]["command"]
    assert command[0] == "pcp_node_count"
    assert "--host=/run/pgpool" in command


def test_a_start_is_noticed_within_a_second_and_has_a_minute(container: dict[str, Any]) -> None:
    probe = container["startupProbe"]
    assert probe["periodSeconds"] == 1
    assert probe["periodSeconds"] * probe["failureThreshold"] == 60


def test_a_stop_waits_and_then_cuts_off_before_kubernetes_kills(pod: dict[str, Any], container: dict[str, Any]) -> None:
    script = container["lifecycle"]["preStop"]["exec"]["command"][-1]
    assert script.startswith("(sleep 30; kill -INT -1)")
    assert script.endswith("sleep 5")
    assert pod["spec"]["terminationGracePeriodSeconds"] > 30


def sysctls(**changes: Any) -> Any:
    """Return those of the pods, after the user's overrides."""
    made = evaluate(
        "{{ made | combine(pgpool_deployment_overrides, recursive=true) }}", made=deployment(**changes), **changes
    )
    return made["spec"]["template"]["spec"]["securityContext"].get("sysctls")


def test_a_client_that_vanished_is_found_gone_within_minutes() -> None:
    assert sysctls() == [
        {"name": "net.ipv4.tcp_keepalive_time", "value": "60"},
        {"name": "net.ipv4.tcp_keepalive_intvl", "value": "10"},
        {"name": "net.ipv4.tcp_keepalive_probes", "value": "6"},
    ]
    # Of a mapping that names one, the others are the kernel's.
    assert sysctls(pgpool_tcp_keepalive={"time": "300"}) == [{"name": "net.ipv4.tcp_keepalive_time", "value": "300"}]
    assert sysctls(pgpool_tcp_keepalive={}) is None


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({}, ""),
        ({"time": "300", "probes": 3}, ""),
        ({"time": 0}, "pgpool_tcp_keepalive.time is 0 (integer)"),
        ({"probes": 128}, "pgpool_tcp_keepalive.probes is 128 (integer)"),
        ({"intvl": 5}, "pgpool_tcp_keepalive.intvl is not known"),
    ],
)
def test_what_keepalive_takes(asked: dict[str, Any], said: str) -> None:
    specs = yaml.safe_load((ROLE / "meta/argument_specs.yml").read_text())["argument_specs"]["main"]["options"]
    options = {"pgpool_tcp_keepalive": specs["pgpool_tcp_keepalive"]}
    problems = input_problems({"pgpool_tcp_keepalive": asked}, options, "pgpool")
    assert [problem[: len(said)] for problem in problems] == ([said] if said else [])


def test_sysctls_of_the_overrides_take_the_place_of_the_role_s() -> None:
    own = [{"name": "net.ipv4.tcp_fin_timeout", "value": "30"}]
    pod = {"securityContext": {"sysctls": own}}
    assert sysctls(pgpool_deployment_overrides={"spec": {"template": {"spec": pod}}}) == own


def test_no_other_pod_has_sysctls() -> None:
    files = [file for file in ROLE.parent.glob("*/templates/**/*.j2") if "sysctls" in file.read_text()]
    assert [str(file.relative_to(ROLE)) for file in files] == ["templates/deployment.yml.j2"]


def test_sessions_of_an_address_can_be_kept_at_one_pod() -> None:
    [given] = [
        yaml.safe_load(text)
        for text in re.findall(r"```yaml\n(.*?)```", CONNECT.read_text(encoding="utf-8"), re.DOTALL)
        if "sessionAffinity" in text
    ]
    service = yaml.safe_load(rendered("service.yml.j2"))
    merged = evaluate("{{ service | combine(pgpool_service_overrides, recursive=true) }}", service=service, **given)
    assert merged == {**service, "spec": {**service["spec"], "sessionAffinity": "ClientIP"}}


def test_a_change_makes_a_new_pod_before_it_takes_an_old_one() -> None:
    assert deployment()["spec"]["strategy"]["rollingUpdate"] == {"maxUnavailable": 0, "maxSurge": 1}
    budget = (ROLE / "templates/pod_disruption_budget.yml.j2").read_text()
    assert "maxUnavailable: 1" in budget


def test_no_password_is_in_the_deployment() -> None:
    text = yaml.safe_dump(deployment())
    assert PASSWORD not in text
    assert base64.b64encode(PASSWORD.encode()).decode() not in text


def test_the_environment_holds_no_name_of_a_secret(container: dict[str, Any]) -> None:
    names = [entry["name"] for entry in container["env"]]
    assert [name for name in names if "PASSWORD" in name or "AUTHKEY" in name] == []
    assert [entry for entry in container["env"] if "valueFrom" in entry] == []


def test_each_pod_has_an_exporter_of_its_own(pod: dict[str, Any]) -> None:
    assert [container["name"] for container in pod["spec"]["containers"]] == ["pgpool", "exporter"]


def test_memory_is_asked_for(container: dict[str, Any]) -> None:
    assert "memory" in container["resources"]["requests"]


def test_backends_are_checked_by_certificate() -> None:
    params = evaluate("{{ __pgpool_all_params }}")
    assert params["ssl"] is True
    assert params["ssl_ca_cert"] == "/etc/pgpool-ca/ca.crt"
    assert evaluate("{{ __pgpool_all_params.ssl }}", postgres_cluster_result={**CONTRACT, "tls": None}) is False


def test_checks_use_their_own_user_without_a_password() -> None:
    params = evaluate("{{ __pgpool_all_params }}")
    assert params["sr_check_user"] == params["health_check_user"] == "pgpool_check"
    assert [name for name in params if name.endswith("_password")] == []


def test_the_check_user_may_monitor_and_no_more() -> None:
    defaults = yaml.safe_load((ROLE / "defaults/main.yml").read_text())
    roles = {user["name"]: user for user in SYSTEM_USERS}
    for variable in ("pgpool_check_user", "pgpool_monitor_user"):
        assert roles[defaults[variable]] == {"name": defaults[variable], "roles": ["pg_monitor"]}


@pytest.mark.parametrize(("given", "name"), [("", "east-hot"), ("postgres_cluster_name: hot", "hot")])
def test_it_is_for_the_cluster_of_the_host(render: Callable[[str, str], Any], given: str, name: str) -> None:
    template = yaml.safe_load((ROLE / "defaults/main.yml").read_text())["pgpool_postgres_name"]
    assert render(template, f"inventory_hostname: east-hot\n{given}") == name


def test_what_pgpool_knows_grows_old() -> None:
    params = evaluate("{{ __pgpool_all_params }}")
    assert 60 <= params["relcache_expire"] <= 300
    assert 300 <= params["connection_life_time"] <= 600
    assert params["reserved_connections"] >= 1


def patterns(**params: str) -> list[str]:
    """The patterns by which Pgpool-II sends a SELECT to the primary, as it anchors them (add_regex_pattern())."""
    text = evaluate("{{ __pgpool_all_params.primary_routing_query_pattern_list }}", pgpool_params=params)
    return [f"^{pattern}$" for pattern in text.split(";") if pattern]


@pytest.mark.parametrize(
    ("query", "primary"),
    [
        ("select 1 from information_schema.tables", True),
        ("SELECT\n  txid_current()", True),
        ("SELECT pg_catalog.PG_BACKEND_PID() AS pid", True),
        ("SELECT current_setting('transaction_read_only'), inet_server_addr()", False),
        ("SELECT * FROM orders", False),
    ],
)
def test_what_a_standby_answers_otherwise_is_for_the_primary(query: str, primary: bool) -> None:
    matched = [re.search(pattern, query, re.IGNORECASE | re.DOTALL) for pattern in patterns()]
    assert any(matched) is primary


def test_patterns_of_the_user_come_behind_ours() -> None:
    joined = patterns(primary_routing_query_pattern_list=".*orders.*;.*stock.*")
    assert joined == [*patterns(), "^.*orders.*$", "^.*stock.*$"]
    assert patterns(primary_routing_query_pattern_list="") == []


def test_commands_are_local() -> None:
    assert evaluate("{{ __pgpool_all_params.pcp_listen_addresses }}") == ""


def test_an_instance_keeps_its_address_while_it_is_not_ready() -> None:
    """As an address that goes and comes leaves sessions that begin just then without an answer."""
    made = list(filter(None, yaml.safe_load_all(rendered("instance_services.yml.j2", __pgpool_contract=CONTRACT))))
    assert made
    assert all(service["spec"]["publishNotReadyAddresses"] is True for service in made)


def test_a_look_up_ends_before_a_health_check(pod: dict[str, Any]) -> None:
    """Where DNS is silent, the C library waits for each of Kubernetes' domains and for the name itself: 4 s."""
    assert pod["spec"]["dnsConfig"] == {"options": [{"name": "timeout", "value": "1"}]}
    assert settings()["health_check_timeout"] >= 2 * 4


def test_only_instances_without_an_address_get_a_service() -> None:
    first, *others = CONTRACT["instances"]
    contract = {**CONTRACT, "instances": [first, *({**one, "needs_service": False} for one in others)]}
    made = list(filter(None, yaml.safe_load_all(rendered("instance_services.yml.j2", __pgpool_contract=contract))))
    assert [(one["metadata"]["name"], one["spec"]["selector"]) for one in made] == [("hot-1", first["selector"])]


def found_problems(topology: str, **contract: Any) -> list[str]:
    """What discover.yml finds wrong."""
    tasks = yaml.safe_load((ROLE / "tasks/discover.yml").read_text())
    (task,) = [task for task in tasks if "Compare" in task["name"]]
    return evaluate(
        task["ansible.builtin.set_fact"]["__pgpool_problems"],
        pgpool_topology=topology,
        postgres_cluster_result={**CONTRACT, **contract},
        __pgpool_read=[secret("pgpool_check"), secret("pgha_monitor")],
    )


@pytest.mark.parametrize(
    ("topology", "contract", "sentence"),
    [
        ("per_instance", {}, ""),
        ("per_instance", {"instances": []}, "pgpool_topology is 'per_instance' (string)"),
        ("services", {"instances": []}, ""),
        ("per_instance", {"exists": False, "instances": []}, "pgpool_postgres_name is 'hot' (string)"),
    ],
)
def test_a_cluster_without_instances_is_refused_in_words(
    topology: str, contract: dict[str, Any], sentence: str
) -> None:
    """And not by an error in a task whose output is hidden."""
    found = found_problems(topology, **contract)
    assert [problem.partition(":")[0] for problem in found] == ([sentence] if sentence else [])


def test_a_job_is_there_until_its_log_is_read() -> None:
    """That of the ledger ends soon after a primary has moved, and is asked after all that follows."""

    def seconds(name: str) -> int:
        loader = DataLoader()
        loader.set_basedir(str(ROLE))  # where the clients' programs are
        known = variables(ansible_search_path=[str(ROLE)], __pgpool_slices={"resources": []})
        job = Templar(loader=loader, variables=known).template(trust_as_template("{{ __pgpool_" + name + "_job }}"))
        made = rendered("job.yml.j2", __pgpool_job=job, __pgpool_job_name="hot-pgpool-job")
        return yaml.safe_load(made)["spec"]["ttlSecondsAfterFinished"]

    waits = 0
    for role, names in (
        ("postgres_cluster", ["wait_timeout", "switchover_timeout"]),
        ("pgpool", ["wait_timeout", "verify_timeout"]),
        ("drills", ["timeout"]),
    ):
        defaults = yaml.safe_load((ROLE.parent / role / "defaults/main.yml").read_text())
        waits += sum(defaults[f"{role}_{name}"] for name in names)
    assert seconds("ledger") > waits
    assert seconds("verify") == 300


@pytest.mark.parametrize(
    ("address", "tried"), [("10.0.0.7", ["hot-pgha_monitor", "hot-pgpool_check"]), ("fd00::7", [])]
)
def test_verify_tries_whom_rules_let_in_by_the_addresses_of_the_pods(address: str, tried: list[str]) -> None:
    loader = DataLoader()
    loader.set_basedir(str(ROLE))
    rules = [
        {"type": "host", "address": "::/0", "method": "reject"},
        {"type": "host", "address": "all", "method": "scram-sha-256"},
    ]
    slices = {"resources": [{"endpoints": [{"addresses": [address], "conditions": {"ready": True}}]}]}
    known = variables(
        ansible_search_path=[str(ROLE)], __pgpool_slices=slices, __pgpool_job_name="hot-pgpool-job",
        pgpool_hba_rules=rules,
    )  # fmt: skip
    known["__pgpool_job"] = known["__pgpool_verify_job"]
    made = Templar(loader=loader, variables=known).template(trust_as_template("{{ __pgpool_job_manifest }}"))
    volumes = {volume["name"]: volume for volume in made["spec"]["template"]["spec"]["volumes"]}
    sources = volumes["users"]["projected"]["sources"] or []
    assert [source["secret"]["name"] for source in sources] == tried


def test_verify_knows_which_pods_have_ended_since() -> None:
    """One that is only not ready takes clients again, so whom it did not let in counts."""

    def slices(**conditions: dict[str, bool]) -> dict[str, Any]:
        ends = [{"addresses": [f"fd00::{name}"], "conditions": said} for name, said in conditions.items()]
        return {"resources": [{"endpoints": ends}, {}]}

    ready, ends = {"ready": True}, {"ready": False, "terminating": True}
    not_ready = {"ready": False, "terminating": False}
    found = {"__pgpool_slices": slices(a=ready, b=ready, c=ready, d=not_ready, f=ready)}
    known = variables(**found, __pgpool_slices_after=slices(a=ready, b=not_ready, e=ready, f=ends))
    gone = Templar(loader=DataLoader(), variables=known).template(trust_as_template("{{ __pgpool_pods_gone }}"))
    assert sorted(gone) == ["fd00::c", "fd00::f"]


@pytest.mark.parametrize(
    ("given", "of_postgres", "wanted"),
    [
        ([], [], []),
        (["of-pgpool"], [], ["of-pgpool"]),
        (["of-pgpool"], ["of-postgres"], ["of-pgpool", "of-postgres"]),
        (["of-both"], ["of-both", "of-postgres"], ["of-both", "of-postgres"]),
    ],
)
def test_the_secrets_of_the_instances_image_are_those_of_the_jobs_too(
    given: list[str], of_postgres: list[str], wanted: list[str]
) -> None:
    """A node that runs no instance pulls their image for verify.yml."""
    pull, instances = ([{"name": name} for name in names] for names in (given, of_postgres))
    made = rendered(
        "job.yml.j2", __pgpool_job={"image": "r.io/p:17", "command": [], "env": {}, "timeout": 9},
        __pgpool_job_name="hot-pgpool-job", pgpool_image_pull_secrets=pull,
        postgres_cluster_result={**CONTRACT, "image_pull_secrets": instances},
    )  # fmt: skip
    pod = yaml.safe_load(made)["spec"]["template"]["spec"]
    assert [secret["name"] for secret in pod["imagePullSecrets"]] == wanted


ZONE = [{"key": "topology.kubernetes.io/zone", "operator": "In", "values": ["a"]}]
ARM = [{"key": "kubernetes.io/arch", "operator": "In", "values": ["arm64"]}]
APART = [{"key": "metadata.name", "operator": "NotIn", "values": ["ip-10-0-0-1.example.internal"]}]


def placed(*terms: dict[str, Any]) -> dict[str, Any]:
    return {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": list(terms)}}}


@pytest.mark.parametrize(
    ("node", "wanted", "affinity"),
    [
        ("", None, None),
        ("", placed({"matchExpressions": ZONE}), placed({"matchExpressions": ZONE})),
        (APART[0]["values"][0], None, placed({"matchFields": APART})),
        # One of the terms is enough, so each has to say it.
        (
            APART[0]["values"][0],
            {**placed({"matchExpressions": ZONE}, {"matchExpressions": ARM}), "podAntiAffinity": {}},
            {
                **placed(
                    {"matchExpressions": ZONE, "matchFields": APART}, {"matchExpressions": ARM, "matchFields": APART}
                ),
                "podAntiAffinity": {},
            },
        ),
    ],
)
def test_the_clients_of_a_drill_are_on_another_node(node: str, wanted: Any, affinity: Any) -> None:
    """By its name: on AWS, the label kubernetes.io/hostname may differ from that."""
    pods: dict[str, Any] = {"tolerations": [{"operator": "Exists"}], **({"affinity": wanted} if wanted else {})}
    loader = DataLoader()
    loader.set_basedir(str(ROLE))
    known = variables(
        ansible_search_path=[str(ROLE)],
        __pgpool_slices={"resources": []},
        __pgpool_job_name="hot-pgpool-job",
        pgpool_job_overrides={"spec": {"template": {"spec": pods}}},
    )
    known["__pgpool_ledger_wanted"] = {**known["__pgpool_ledger_wanted"], "avoided_node": node}
    known["__pgpool_job"] = known["__pgpool_ledger_job"]
    made = Templar(loader=loader, variables=known).template(trust_as_template("{{ __pgpool_job_manifest }}"))
    spec = made["spec"]["template"]["spec"]
    assert (spec.get("affinity"), spec["tolerations"]) == (affinity, pods["tolerations"])
    assert spec["containers"][0]["name"] == "verify"


def test_jobs_of_long_names_are_told_apart() -> None:
    names = [f"{'a' * 50}-{number}-pgpool" for number in (1, 2)]
    bases = [evaluate("{{ __pgpool_job_base }}", pgpool_name=name) for name in names]
    assert len(set(bases)) == 2
    assert {len(base) for base in bases} == {48}
    assert evaluate("{{ __pgpool_job_base }}", pgpool_name="hot-pgpool") == "hot-pgpool"


def test_two_runs_of_verify_in_one_second_have_a_job_each() -> None:
    name = yaml.safe_load((ROLE / "tasks/verify_job.yml").read_text())[0]["ansible.builtin.set_fact"][
        "__pgpool_job_name"
    ]
    names = {evaluate(name, pgpool_name="a" * 50) for _ in range(5)}
    assert len(names) > 1
    assert all(re.fullmatch(r"a{41}-[0-9a-f]{6}-verify-\d{6}", one) for one in names)


def test_an_image_without_an_entry_point_gets_one() -> None:
    mounted = deployment(pgpool_entrypoint="mounted", pgpool_image="docker.io/pgpool/pgpool:4.4.3")
    spec = mounted["spec"]["template"]["spec"]
    pgpool, exporter = spec["containers"]
    assert pgpool["command"] == ["/bin/sh", "/etc/pgpool-entrypoint/pgpool-entrypoint"]
    [mount] = [one for one in pgpool["volumeMounts"] if one["name"] == "entrypoint"]
    assert mount == {"name": "entrypoint", "mountPath": "/etc/pgpool-entrypoint", "readOnly": True}
    [volume] = [one for one in spec["volumes"] if one["name"] == "entrypoint"]
    assert volume["configMap"]["name"] == "hot-pgpool-entrypoint"
    [path] = [one["value"] for one in pgpool["env"] if one["name"] == "PATH"]
    assert path.startswith("/opt/pgpool-II/bin:")
    # It needs Python.
    assert exporter["image"] == "ghcr.io/pgha/pgpool:4.6"


def test_our_own_image_starts_as_it_is() -> None:
    spec = deployment()["spec"]["template"]["spec"]
    assert "command" not in spec["containers"][0]
    assert "entrypoint" not in [volume["name"] for volume in spec["volumes"]]
    assert {container["image"] for container in spec["containers"]} == {"ghcr.io/pgha/pgpool:4.6"}


def test_the_mounted_entry_point_is_that_of_the_image() -> None:
    text = (ROLE / "templates/entrypoint.yml.j2").read_text()
    templar = Templar(loader=DataLoader(), variables=variables())
    made = yaml.safe_load(str(templar.template(trust_as_template(text), escape_backslashes=False)))
    script = (ROLE.parents[1] / "images/pgpool/entrypoint.sh").read_text()
    assert made["data"]["pgpool-entrypoint"].strip() == script.strip()


@pytest.mark.parametrize("on", [True, "on"])
def test_the_cache_of_results_learns_of_writes(on: object) -> None:
    def folder(**params: object) -> str:
        return evaluate("{{ __pgpool_all_params.memqcache_oiddir | default('') }}", pgpool_params=params)

    assert folder(memory_cache_enabled=on) == "/var/cache/pgpool-oids"
    assert folder(memory_cache_enabled=on, memqcache_oiddir="/tmp/oiddir") == "/tmp/oiddir"
    assert folder() == folder(memory_cache_enabled="off") == ""


@pytest.mark.parametrize("mode", ["env", "files"])
def test_what_the_cache_of_results_writes_takes_no_room_from_the_entry_point(mode: str) -> None:
    params = {"memory_cache_enabled": "on"}
    known = {"pgpool_params": params, "pgpool_config_mode": mode}
    spec = deployment(**known)["spec"]["template"]["spec"]
    pgpool, exporter = spec["containers"]
    written = evaluate("{{ __pgpool_all_params.memqcache_oiddir }}", pgpool_params=params)
    [mount] = [mount for mount in pgpool["volumeMounts"] if f"{written}/".startswith(f"{mount['mountPath']}/")]
    assert mount == {"name": "oids", "mountPath": written}
    assert "oids" not in [mount["name"] for mount in exporter["volumeMounts"]]
    [volume] = [volume for volume in spec["volumes"] if volume["name"] == "oids"]
    # On the disk: over its limit, the pod is replaced, and no result grows old for want of room.
    assert volume["emptyDir"] == {"sizeLimit": "1Gi"}


def test_without_the_cache_of_results_pods_stay_as_they_are() -> None:
    for params in ({}, {"memory_cache_enabled": False}):
        spec = deployment(pgpool_params=params)["spec"]["template"]["spec"]
        assert [mount["name"] for mount in spec["containers"][0]["volumeMounts"]] == ["run", "tmp", "secret", "ca"]
        assert [volume["name"] for volume in spec["volumes"]] == ["run", "tmp", "secret", "ca", "monitor"]


def test_the_exporter_asks_for_what_the_api_would_show() -> None:
    asked = {"enabled": True, "resources": {"requests": {"cpu": 0.5, "memory": "1024Mi"}}}
    exporter = deployment(pgpool_exporter=asked)["spec"]["template"]["spec"]["containers"][1]
    assert exporter["resources"] == {"requests": {"cpu": "500m", "memory": "1Gi"}}


def test_a_reload_in_check_mode_says_nothing_of_files_that_were_not_made() -> None:
    block = yaml.safe_load((ROLE / "tasks/take_up.yml").read_text())[-1]["block"]
    conditions = {task["name"].removeprefix("Take up | "): task.get("when") for task in block}
    made = conditions["Make the files that hold secrets"]
    assert conditions["Say what a run would do"] == f"ansible_check_mode and {made}"


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ({}, []),
        ({"pgpool_exporter": {"enabled": False}}, ["Service hot-pgpool-stats"]),
        (
            {"pgpool_exporter": {"enabled": "no"}, "pgpool_network_policy": {"enabled": False}},
            ["NetworkPolicy hot-pgpool", "Service hot-pgpool-stats"],
        ),
    ],
)
def test_what_was_switched_off_goes(given: dict[str, Any], names: list[str]) -> None:
    found = evaluate("{{ __pgpool_unwanted }}", **given)
    assert [f"{item['kind']} {item['metadata']['name']}" for item in found] == names
    assert {item["metadata"]["namespace"] for item in found} <= {"demo"}


@pytest.mark.parametrize(
    ("changes", "goes"),
    [
        ({}, True),
        ({"team": "shop"}, True),
        ({"app.kubernetes.io/managed-by": "Helm"}, False),
        ({"app.kubernetes.io/instance": "hot-pgpool-2"}, False),
    ],
)
def test_what_somebody_else_made_under_such_a_name_stays(changes: dict[str, str], goes: bool) -> None:
    tasks = yaml.safe_load((ROLE / "tasks/unwanted.yml").read_text())
    [delete] = [task for task in tasks if task.get("kubernetes.core.k8s", {}).get("state") == "absent"]

    def is_deleted(metadata: dict[str, Any]) -> bool:
        labels = evaluate(delete["vars"]["__pgpool_item_labels"], __pgpool_item={"metadata": metadata})
        return evaluate("{{ " + delete["when"] + " }}", __pgpool_item_labels=labels)

    assert is_deleted({"labels": {**evaluate("{{ __pgpool_labels }}"), **changes}}) is goes
    assert not is_deleted({"name": "hot-pgpool"})


def asking_for_backends() -> dict[str, Any]:
    [ask] = [task for task in yaml.safe_load((ROLE / "tasks/pool_nodes.yml").read_text()) if "loop" in task]
    return ask


def test_no_pod_is_asked_through_an_exporter_that_it_does_not_have() -> None:
    loop = asking_for_backends()["loop"]
    pods = {"resources": [{"metadata": {"name": "hot-pgpool-a"}, "status": {"phase": "Running"}}]}
    assert evaluate(loop, __pgpool_pods=pods) == ["hot-pgpool-a"]
    assert evaluate(loop, __pgpool_pods=pods, pgpool_exporter={"enabled": False}) == []


def test_pods_that_are_not_ready_are_asked_last() -> None:
    """A pod of a node that is away is there for five minutes more, and each question to it takes half a minute."""

    def one(name: str, **conditions: str) -> dict[str, Any]:
        told = [{"type": key, "status": value} for key, value in conditions.items()]
        return {"metadata": {"name": name}, "status": {"phase": "Running", **({"conditions": told} if told else {})}}

    pods = [one("dead", Initialized="True", Ready="False"), one("new"), one("well", Initialized="True", Ready="True")]
    assert evaluate(asking_for_backends()["loop"], __pgpool_pods={"resources": pods}) == ["well", "dead", "new"]


WELL = "node_id,hostname\n0,a,9999,up,up,0.0,primary,primary,0\n1,b,9999,up,up,0.5,standby,standby,0\n"


@pytest.mark.parametrize(
    ("waits", "said", "ago", "over"),
    [
        (False, "", 0, True),
        (True, WELL, 0, True),
        (True, "", 59, False),
        (True, "", 61, True),
        (True, WELL.replace("9999,up,up,0.5", "9999,down,up,0.5"), 59, False),
        (True, WELL.replace("9999,up,up,0.5", "9999,down,up,0.5"), 61, True),
    ],
)
def test_backends_are_waited_for_by_the_clock(waits: bool, said: str, ago: int, over: bool) -> None:
    """And not for so many questions, whatever each takes."""
    known = {
        "__pgpool_wait_for_backends": waits,
        "__pgpool_asked": {"stdout": said},
        "__pgpool_asked_since": str(time.time() - ago),
    }
    assert evaluate("{{ " + asking_for_backends()["until"] + " }}", **known) is over


def test_pods_that_have_ended_are_none() -> None:
    def one(name: str, phase: str, **metadata: str) -> dict[str, Any]:
        return {"metadata": {"name": name, **metadata}, "status": {"phase": phase}}

    pods = [
        one("new", "Pending"),
        one("serving", "Running"),
        one("ending", "Running", deletionTimestamp="2026-11-25T21:04:05Z"),
        one("evicted", "Failed"),
        one("done", "Succeeded"),
    ]
    assert evaluate("{{ __pgpool_pod_names }}", __pgpool_pods={"resources": pods}) == ["new", "serving"]


def test_variables_are_checked_again_where_they_are_others() -> None:
    def digest(**given: Any) -> str:
        return evaluate("{{ __pgpool_variables_digest }}", **given)

    assert len(digest()) == 64
    assert digest() == digest(pgpool_result={"name": "hot-pgpool"}, pgpool_verify_result={}, pgpool_ledger={})
    assert len({digest(), digest(pgpool_name="hot-pgpool-2"), digest(pgpool_params={"max_pool": 2})}) == 3
    includes = [
        task
        for path in (ROLE / "tasks").glob("*.yml")
        for task in yaml.safe_load(path.read_text())
        if task.get("ansible.builtin.include_tasks") == "preflight.yml"
    ]
    assert len(includes) == 6
    assert {task["when"] for task in includes} == {"__pgpool_checked | default('') != __pgpool_variables_digest"}


def test_new_files_are_those_that_no_run_has_had_taken_up() -> None:
    def is_new(secret: dict[str, Any]) -> bool:
        return evaluate("{{ __pgpool_has_new_files }}", __pgpool_own_secret=secret, __pgpool_files={"version": "2"})

    there = {"name": "hot-pgpool"}
    assert is_new({"metadata": there})
    assert is_new({"metadata": {**there, "annotations": {"pgha.kubernetes/loaded": "1"}}})
    assert not is_new({"metadata": {**there, "annotations": {"pgha.kubernetes/loaded": "2"}}})
    assert not is_new({})  # pods that are yet to come find them


def wait_in_vain(folder: Path, reload: dict[str, Any], **known: Any) -> str:
    """Run wait.yml with a Deployment that never gets ready, and say what was shown. Nothing asks an API."""

    def stand_in(tasks: list[dict[str, Any]]) -> list[dict[str, Any]]:
        made = []
        for task in tasks:
            parts = {part: stand_in(task[part]) for part in ("block", "rescue", "always") if part in task}
            if "kubernetes.core.k8s_info" in task:
                made.append({"name": task["name"], "ansible.builtin.fail": {"msg": "not ready"}})
            elif "ansible.builtin.fail" in task:
                made.append({"name": task["name"], "ansible.builtin.fail": {"msg": "why it is not"}})
            elif parts or "ansible.builtin.include_tasks" in task:
                made.append({**task, **parts})
        return made

    tasks = yaml.safe_load((ROLE / "tasks/wait.yml").read_text())
    folder.joinpath("wait.yml").write_text(yaml.safe_dump(stand_in(tasks)))
    folder.joinpath("reload.yml").write_text(yaml.safe_dump([reload]))
    play = {"hosts": "localhost", "gather_facts": False, "vars": known, "tasks": [{"include_tasks": "wait.yml"}]}
    folder.joinpath("play.yml").write_text(yaml.safe_dump([play]))
    run = subprocess.run(
        ["ansible-playbook", "--inventory=localhost,", "--connection=local", str(folder / "play.yml")],
        env={**os.environ, "ANSIBLE_NOCOLOR": "1"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.returncode == 2
    assert "why it is not" in run.stdout.rpartition("TASK [")[2], run.stdout
    return run.stdout


@pytest.mark.parametrize(
    ("reload", "new", "shown"),
    [
        ({"ansible.builtin.debug": {"msg": "reloads, every pod: {{ __pgpool_is_every_pod }}"}}, True, True),
        ({"ansible.builtin.debug": {"msg": "reloads"}}, False, False),
        ({"ansible.builtin.fail": {"msg": "reloads, and a pod does not answer"}}, True, True),
    ],
)
def test_pods_that_run_get_their_files_where_others_never_get_ready(
    tmp_path: Path, reload: dict[str, Any], new: bool, shown: bool
) -> None:
    """Or they kept a password that PostgreSQL has no longer; and the run fails with the reason all the same."""
    said = wait_in_vain(tmp_path, reload, __pgpool_has_new_files=new)
    assert ("reloads" in said) is shown
    assert "every pod: True" not in said


def test_the_pgpool_of_a_cluster_whose_name_begins_in_the_same_way_gives_no_reasons() -> None:
    def broken(name: str, of: str) -> dict[str, Any]:
        container = {"name": "c", "containerID": "x", "ready": False, "state": {"waiting": {"reason": "Broken"}}}
        metadata = {"name": name, "labels": {"pgha.kubernetes/cluster": of}}
        return {"kind": "Pod", "metadata": metadata, "status": {"containerStatuses": [container]}}

    [waits] = [task["rescue"] for task in yaml.safe_load((ROLE / "tasks/wait.yml").read_text())]
    tasks = {task["name"].partition(" | ")[2]: task for task in waits[0]["always"]}
    pods = [broken("hot-pgpool-1", "hot"), broken("hot-pgpool-eu-pgpool-1", "hot-pgpool-eu")]
    seen = {"__pgpool_seen": {"results": [{"resources": pods}]}}
    logs = tasks["Read what containers that are not ready logged last"]["loop"]
    assert evaluate(logs, **seen) == [{"pod": "hot-pgpool-1", "container": "c"}]
    found = tasks["Say why they are not ready"]["vars"]["__pgpool_found"]
    assert evaluate(found, **seen) == ["pod hot-pgpool-1, container c: Broken"]


def test_what_some_pods_have_taken_up_is_not_remembered_as_if_all_had() -> None:
    tasks = {task["name"]: task for task in yaml.safe_load((ROLE / "tasks/reload.yml").read_text())}
    when = tasks["Reload | Remember what all pods have taken up"]["when"]
    assert evaluate("{{ " + when + " }}") is True
    assert evaluate("{{ " + when + " }}", __pgpool_is_every_pod=False) is False


def places(tmp_path: Path, **hosts: dict[str, Any]) -> subprocess.CompletedProcess[str]:
    """Run what preflight.yml says of other hosts of the run, for several."""
    defaults = yaml.safe_load((ROLE / "defaults/main.yml").read_text())
    names = ("k8s_auth", "name", "postgres_name", "postgres_namespace", "state")
    known = {f"pgpool_{name}": defaults[f"pgpool_{name}"] for name in names}
    inventory, playbook = tmp_path / "hosts.yml", tmp_path / "play.yml"
    inventory.write_text(yaml.safe_dump({"all": {"hosts": hosts, "vars": {**known, "ansible_connection": "local"}}}))
    tasks = yaml.safe_load((ROLE / "tasks/preflight.yml").read_text())
    tasks = [task for task in tasks if re.search("where it is to be|another host of this run", task["name"])]
    playbook.write_text(yaml.safe_dump([{"hosts": "all", "gather_facts": False, "tasks": tasks}]))
    return subprocess.run(
        ["ansible-playbook", f"--inventory={inventory}", str(playbook)],
        env={**os.environ, "ANSIBLE_NOCOLOR": "1"}, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_two_hosts_of_a_run_do_not_make_one_pgpool_of_two_clusters(tmp_path: Path) -> None:
    shared = {"pgpool_name": "pgpool"}
    run = places(
        tmp_path,
        hot=shared,
        cold=shared,
        elsewhere={**shared, "pgha_namespace": "elsewhere"},
        far={**shared, "pgha_k8s_auth": {"context": "far"}},
        going={**shared, "pgpool_state": "absent"},
        hot_again={**shared, "postgres_cluster_name": "hot", "pgha_namespace": "elsewhere", "pgpool_name": "other"},
        usual={},
        named={"pgpool_name": "usual-pgpool"},
    )
    failed = re.findall(r"^fatal: \[(\w+)\]", run.stdout, re.MULTILINE)
    assert sorted(failed) == ["cold", "hot", "named"], run.stdout
    said = " ".join(run.stdout.split())
    assert "pgpool_name is 'pgpool' (string): of this run, cold would have a Pgpool-II of that name in the" in said
