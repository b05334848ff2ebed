# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What postgres_cluster writes for KubeDB, old and new, against the schemas, and against the system of 2020."""

from __future__ import annotations

import base64
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template
from ansible_collections.pgha.kubernetes.plugins.module_utils.three_way import with_annotation
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.input_problems import input_problems
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.operators import ADAPTERS
from program import program
from strict_schema import violations

ROOT = Path(__file__).parents[3]
ROLE = ROOT / "roles" / "postgres_cluster"
FIXTURES = ROOT / "tests/unit/fixtures/kubedb"
PUBLISHED = program("molecule/kubedb_crds.py").PUBLISHED / "kubedb.com_postgreses.yaml"
PASSWORD = "hunter2-S3cret"

# What each of the role's inputs can make of the Postgres object.
WIDE: dict[str, dict[str, Any]] = {
    "defaults": {},
    "one instance": {"postgres_cluster_instances": 1, "postgres_cluster_synchronous": {"number": 0}},
    "five": {"postgres_cluster_instances": 5, "postgres_cluster_synchronous": {"method": "first", "number": 2}},
    "tls": {"postgres_cluster_kubedb": {"issuer": {"name": "ca"}}},
    "cluster issuer": {"postgres_cluster_kubedb": {"issuer": {"name": "ca", "kind": "ClusterIssuer"}}},
    "placement": {
        "postgres_cluster_kubedb": {
            "placement_policy": "spread",
            "node_selector": {"disk": "ssd"},
            "tolerations": [{"key": "db", "operator": "Exists", "effect": "NoSchedule"}],
        },
        "postgres_cluster_resources": {"requests": {"cpu": 2, "memory": "4Gi"}, "limits": {"memory": "4Gi"}},
    },
    "operator's monitor": {
        "postgres_cluster_kubedb": {"monitor": {"agent": "operator", "labels": {"release": "prometheus"}}}
    },
    "no monitor": {"postgres_cluster_kubedb": {"monitor": {"agent": "none"}}},
    "md5, and volumes that stay": {"postgres_cluster_kubedb": {"client_auth": "md5", "deletion_policy": "Halt"}},
    "parameters": {"postgres_cluster_parameters": {"search_path": "a, 'b'", "jit": False, "work_mem": "8MB"}},
    "storage class": {"postgres_cluster_storage": {"size": "20Gi", "class": "fast"}},
    "overrides": {"postgres_cluster_overrides": {"spec": {"healthChecker": {"periodSeconds": 5}}}},
}


def variables(operator: str = "kubedb", **changes: Any) -> dict[str, Any]:
    """The role's defaults and constants, and what its tasks find on a cluster that has nothing yet."""
    loader = DataLoader()
    known: dict[str, Any] = {"inventory_hostname": "hot-postgres", "pgha_namespace": "demo", "pgha_operator": operator}
    for name in ("defaults", "vars"):
        known |= loader.load(trust_as_template((ROLE / name / "main.yml").read_text()))
    return {**known, "role_path": str(ROLE), "__postgres_cluster_objects": [], **changes}


def templar(**changes: Any) -> Templar:
    loader = DataLoader()
    loader.set_basedir(str(ROLE))
    return Templar(loader=loader, variables={**variables(**changes), "ansible_search_path": [str(ROLE)]})


def evaluate(template: str, **changes: Any) -> Any:
    return templar(**changes).template(trust_as_template(template))


def manifests(**changes: Any) -> list[dict[str, Any]]:
    return evaluate("{{ __postgres_cluster_manifests }}", **changes)


def template(name: str, **changes: Any) -> dict[str, Any]:
    text = (ROLE / "templates" / name).read_text()
    return yaml.safe_load(str(templar(**changes).template(trust_as_template(text), escape_backslashes=False)))


def test_the_service_for_prometheus_says_whose_it_is() -> None:
    """The Pgpool-II of another cluster may have one of its name: `db` beside `db-pgpool`."""
    metrics = {"port": 9187, "port_name": "metrics", "selector": {"cnpg.io/cluster": "db-pgpool"}}
    known = {"postgres_cluster_name": "db-pgpool", "__postgres_cluster_found": {"metrics": metrics}}
    made = template("stats-service.yml.j2", **known)["metadata"]
    assert (made["name"], made["labels"]["pgha.kubernetes/cluster"]) == ("db-pgpool-stats", "db-pgpool")


def plain(value: Any) -> Any:
    """Return what YAML makes of it, as the API sees it."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value


def published() -> dict[str, Any]:
    if not PUBLISHED.is_file():
        pytest.skip(f"KubeDB's published schema is not at {PUBLISHED}")
    versions = yaml.safe_load(PUBLISHED.read_text())["spec"]["versions"]
    return next(item["schema"]["openAPIV3Schema"] for item in versions if item["name"] == "v1")


def own(version: str) -> dict[str, Any]:
    return yaml.safe_load((FIXTURES / f"postgres-{version}.yml").read_text())


@pytest.mark.parametrize("changes", WIDE.values(), ids=WIDE)
def test_the_postgres_object_is_what_kubedb_publishes(changes: dict[str, Any]) -> None:
    assert list(violations(plain(manifests(**changes)[0]), published())) == []


@pytest.mark.parametrize("changes", WIDE.values(), ids=WIDE)
def test_the_postgres_object_is_what_our_own_schema_takes(changes: dict[str, Any]) -> None:
    assert list(violations(plain(manifests(**changes)[0]), own("v1"))) == []


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ({"replicas": "3"}, ".spec.replicas: '3' is not of the type integer"),
        ({"standbyMode": "hot"}, ".spec.standbyMode: 'hot' is none of ['Hot', 'Warm']"),
        ({"databaseSecret": {}}, ".spec.databaseSecret is not known"),
        ({"authSecret": {"name": "x"}}, ".spec.authSecret.kind is missing"),
        ({"podTemplate": {"spec": {"resources": {}}}}, ".spec.podTemplate.spec.resources is not known"),
    ],
)
def test_what_is_wrong_is_seen(spec: dict[str, Any], said: str) -> None:
    wrong = plain(manifests()[0])
    wrong["spec"] |= spec
    assert list(violations(wrong, own("v1"))) == [said]


@pytest.mark.parametrize("changes", WIDE.values(), ids=WIDE)
def test_the_variables_are_right(changes: dict[str, Any]) -> None:
    options = yaml.safe_load((ROLE / "meta/argument_specs.yml").read_text())["argument_specs"]["main"]["options"]
    names = [name for name in variables(**changes) if name.startswith(("postgres_cluster_", "pgha_"))]
    given = {name: evaluate("{{ " + name + " }}", **changes) for name in names}
    assert input_problems(given, options, "postgres_cluster") == []


def test_the_object_of_the_defaults() -> None:
    made = plain(manifests()[0])
    assert made["metadata"]["annotations"] == {"pgha.kubernetes/database": "app"}
    assert made["spec"] == {
        "version": "17.9",
        "replicas": 3,
        "standbyMode": "Hot",
        "streamingMode": "Synchronous",
        "synchronousReplicationConfig": {"mode": "Any", "numSyncReplicas": 1, "commitLevel": "On"},
        "authSecret": {"kind": "Secret", "name": "hot-postgres-auth", "externallyManaged": True},
        "clientAuthMode": "scram",
        "storageType": "Durable",
        "storage": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "10Gi"}}},
        "replication": {"walLimitPolicy": "WALKeepSize", "walKeepSize": 1536},
        "configuration": {
            "inline": {"user.conf": "max_connections = '300'\nwal_retrieve_retry_interval = '250ms'\n"}
        },
        "monitor": {"agent": "prometheus.io/builtin", "prometheus": {"exporter": {"port": 56790}}},
        "deletionPolicy": "DoNotTerminate",
    }


def test_parameters_are_quoted_as_postgresql_reads_them() -> None:
    text = manifests(**WIDE["parameters"])[0]["spec"]["configuration"]["inline"]["user.conf"]
    assert "jit = 'off'\n" in text
    assert "search_path = 'a, ''b'''\n" in text


def test_both_containers_are_named_as_lists_are_compared_whole() -> None:
    containers = manifests(**WIDE["placement"])[0]["spec"]["podTemplate"]["spec"]["containers"]
    assert [item["name"] for item in containers] == ["postgres", "pg-coordinator"]
    assert containers[0]["resources"]["requests"] == {"cpu": "2", "memory": "4Gi"}


@pytest.mark.parametrize("operator", ["kubedb", "kubedb_v1alpha1"])
def test_users_and_databases_are_made_by_a_job(operator: str) -> None:
    _main, config, job = manifests(operator=operator)
    sql = config["data"]["users.sql"]
    assert [config["kind"], job["kind"]] == ["ConfigMap", "Job"]
    assert '{"name":"app","roles":[]},{"name":"pgpool_check","roles":["pg_monitor"]}' in sql
    assert 'ALTER DATABASE "app" OWNER TO "app"' in sql
    assert len(job["metadata"]["name"]) <= 63
    sources = next(volume for volume in job["spec"]["template"]["spec"]["volumes"] if volume["name"] == "users")
    secrets = [item["secret"]["name"] for item in sources["projected"]["sources"]]
    assert secrets == ["hot-postgres-app", "hot-postgres-pgpool-check", "hot-postgres-pgha-monitor"]
    # The place of each in the SQL is its place here.
    assert [sql.index(f"/users/{number}/password") for number in (1, 2, 3)] == sorted(
        sql.index(f"/users/{number}/password") for number in (1, 2, 3)
    )


def test_the_job_makes_second_logins_that_act_as_the_first() -> None:
    _main, config, job = manifests(postgres_cluster_users=[{"name": "app", "overlap": True}])
    sql = config["data"]["users.sql"]
    assert '{"name":"app_2","roles":["app"]}' in sql
    assert "('app'::text, 'app_2'::text)" in sql
    sources = next(volume for volume in job["spec"]["template"]["spec"]["volumes"] if volume["name"] == "users")
    secrets = [item["secret"]["name"] for item in sources["projected"]["sources"]]
    assert secrets[:2] == ["hot-postgres-app", "hot-postgres-app-2"]
    assert sql.index("/users/2/password") < sql.index('ALTER ROLE "app_2"') < sql.index("/users/3/password")


def test_no_password_is_in_what_is_applied() -> None:
    users = [{"name": "app", "password": PASSWORD}]
    superuser = {"password": PASSWORD}
    assert PASSWORD not in str(manifests(postgres_cluster_users=users, postgres_cluster_superuser=superuser))


def test_the_job_is_another_one_for_other_users_passwords_and_instances() -> None:
    def secrets(version: str) -> dict[str, Any]:
        return {"resources": [{"metadata": {"name": "hot-postgres-app", "resourceVersion": version}}]}

    def name(**changes: Any) -> str:
        return evaluate("{{ __postgres_cluster_job }}", **{"__postgres_cluster_secrets": secrets("1"), **changes})

    written = {"result": {"kind": "Secret", **secrets("3")["resources"][0]}}
    names = [
        name(),
        name(postgres_cluster_users=[{"name": "app", "createdb": True}]),
        name(postgres_cluster_instances=5),
        name(__postgres_cluster_secrets=secrets("2")),
        name(__postgres_cluster_written={"result": {"results": [written]}}),
    ]
    several = [written, {"result": {"kind": "Namespace"}}]
    assert name() == names[0]
    assert len(set(names)) == 5
    assert name(__postgres_cluster_written={"result": {"results": several}}) == names[4]


def test_the_job_is_another_one_for_another_pod(tmp_path: Path) -> None:
    """The API takes no other pod in a Job that is there."""
    role = tmp_path / "role"
    shutil.copytree(ROLE, role)
    loader = DataLoader()
    loader.set_basedir(str(role))

    def name(**changes: Any) -> str:
        known = {**variables(**changes), "ansible_search_path": [str(role)]}
        return Templar(loader=loader, variables=known).template(trust_as_template("{{ __postgres_cluster_job }}"))

    first = name()
    assert name(postgres_cluster_wait_timeout=900) == first  # a Job can take another one
    names = [first, name(postgres_cluster_image="r.io/p:17"), name(**WIDE["tls"])]
    for file, text, other in (
        ("files/users.sh", "sleep 2", "sleep 3"),
        ("templates/users-job.yml.j2", "runAsNonRoot: true", "runAsNonRoot: false"),
    ):
        path = role / file
        path.write_text(path.read_text().replace(text, other))
        names.append(name())
    assert len(set(names)) == 5


def test_what_is_merged_into_the_job() -> None:
    tolerations = [{"key": "dedicated", "operator": "Exists"}]
    pod = {"metadata": {"labels": {"team": "shop"}}, "spec": {"tolerations": tolerations}}
    limits = {"cpu": "1", "memory": "64Mi"}
    pull = [{"name": "my-registry"}]
    given: list[dict[str, Any]] = [
        {},
        {"postgres_cluster_job_overrides": {"spec": {"backoffLimit": 4, "template": pod}}},
        {"postgres_cluster_job_resources": {"limits": limits}},
        {"postgres_cluster_overrides": {"spec": {"podTemplate": {"spec": {"imagePullSecrets": pull}}}}},
    ]
    jobs = [plain(manifests(**changes))[2] for changes in given]
    assert [item["kind"] for item in jobs] == ["Job"] * 4
    # The API takes no other pod in a Job that is there.
    assert len({item["metadata"]["name"] for item in jobs}) == 4
    assert all(item["metadata"]["name"].startswith("hot-postgres-users-") for item in jobs)
    first, merged, limited, let_in = (item["spec"]["template"] for item in jobs)
    assert "imagePullSecrets" not in first["spec"]
    assert first["spec"]["containers"][0]["resources"] == {"requests": {"cpu": "50m", "memory": "64Mi"}}
    assert jobs[1]["spec"]["backoffLimit"] == 4
    assert merged["metadata"]["labels"] == {**first["metadata"]["labels"], "team": "shop"}
    assert merged["spec"] == {**first["spec"], "tolerations": tolerations}
    assert limited["spec"]["containers"][0]["resources"] == {"limits": limits}
    assert let_in["spec"] == {**first["spec"], "imagePullSecrets": pull}


def test_tls_lets_the_job_check_the_server() -> None:
    job = manifests(**WIDE["tls"])[2]["spec"]["template"]["spec"]
    environment = {item["name"]: item["value"] for item in job["containers"][0]["env"]}
    assert environment["PGSSLMODE"] == "verify-ca"
    ca = next(volume for volume in job["volumes"] if volume["name"] == "ca")
    assert ca["secret"]["secretName"] == "hot-postgres-server-cert"
    assert "ca" not in [volume["name"] for volume in manifests()[2]["spec"]["template"]["spec"]["volumes"]]


@pytest.mark.parametrize("operator", ["kubedb", "kubedb_v1alpha1"])
def test_the_role_and_the_adapter_name_the_same_keys(operator: str) -> None:
    assert evaluate("{{ __postgres_cluster_superuser_keys }}")[operator] == ADAPTERS[operator].SUPERUSER_KEYS


def test_the_superusers_secret() -> None:
    secret = template("superuser-secret.yml.j2", postgres_cluster_superuser={"password": PASSWORD})
    assert secret["type"] == "kubernetes.io/basic-auth"
    assert secret["metadata"]["name"] == "hot-postgres-auth"
    assert {key: base64.b64decode(value).decode() for key, value in secret["data"].items()} == {
        "username": "postgres",
        "password": PASSWORD,
    }
    generated = template("superuser-secret.yml.j2")["data"]["password"]
    assert base64.b64decode(generated).isalnum()
    assert len(base64.b64decode(generated)) == 32


@pytest.mark.parametrize(
    ("operator", "there", "missing"),
    [
        ("kubedb", "hot-postgres-auth", False),
        ("kubedb", "hot-postgres-app", True),
        ("kubedb_v1alpha1", "hot-postgres-auth", False),
        ("cloudnativepg", "hot-postgres-app", False),  # the operator makes it
    ],
)
def test_the_superusers_secret_is_made_where_there_is_none_right_before(
    operator: str, there: str, missing: bool
) -> None:
    """Another run may have made it, and the cluster with its password, since the preflight found none."""
    secrets = {"resources": [{"metadata": {"name": there}}]}
    known = {"__postgres_cluster_superuser_found": {"resources": []}, "__postgres_cluster_secrets": secrets}
    assert evaluate("{{ __postgres_cluster_superuser_missing }}", operator=operator, **known) is missing


@pytest.mark.parametrize(("missing", "superusers"), [(True, ["hot-postgres-auth"]), (False, [])])
def test_a_generated_password_takes_the_place_of_none(missing: bool, superusers: list[str]) -> None:
    [write] = writing("users", "Users | Write the Secrets")
    plan = [
        {"secret": "a", "name": "a", "new": True, "generate": True},
        {"secret": "b", "name": "b", "new": True, "password": "given"},
        {"secret": "c", "name": "c", "new": False, "generate": True},  # a rotation
        {"secret": "d", "name": "d", "new": False},
    ]
    known = {"__postgres_cluster_plan": plan, "__postgres_cluster_superuser_missing": missing}
    assert evaluate(write["pgha.kubernetes.apply"]["only_create"], **known) == ["a", *superusers]
    [rotate] = writing("rotate_superuser", "Rotate superuser | Write it")
    known = {name: trust_as_template(value) for name, value in rotate["vars"].items()}
    [name] = rotate["pgha.kubernetes.apply"]["only_create"]
    assert evaluate(name, **known, __postgres_cluster_request={"secret": "new"}) == "new"
    assert evaluate("{{ " + rotate["when"] + " }}", ansible_check_mode=False) is True


def writing(file: str, name: str) -> list[dict[str, Any]]:
    tasks = yaml.safe_load((ROLE / f"tasks/{file}.yml").read_text())
    return [task for task in tasks if task["name"] == name]


def test_the_superusers_secret_is_the_one_that_the_cluster_has() -> None:
    found = {"superuser_secret": {"name": "hot-postgres-auth-0a1b2c"}}
    rotated = manifests(__postgres_cluster_found=found)
    assert rotated[0]["spec"]["authSecret"]["name"] == "hot-postgres-auth-0a1b2c"
    # A Job cannot be changed, so it is another one.
    assert rotated[2]["metadata"]["name"] != manifests()[2]["metadata"]["name"]
    assert manifests(__postgres_cluster_found={"superuser_secret": None})[0]["spec"]["authSecret"]["name"] == (
        "hot-postgres-auth"
    )


@pytest.mark.parametrize(
    ("operator", "version", "image", "number"),
    [
        ("cloudnativepg", "17", "ghcr.io/cloudnative-pg/postgresql:17-standard-trixie", 1),
        ("kubedb", "17.9", "docker.io/library/postgres:17", 1),
        ("kubedb_v1alpha1", "11.2", "docker.io/library/postgres:11", 0),
    ],
)
def test_defaults_fit_the_operator(operator: str, version: str, image: str, number: int) -> None:
    names = "postgres_cluster_version, postgres_cluster_image | trim, postgres_cluster_synchronous.number | int"
    assert evaluate("{{ [" + names + "] }}", operator=operator) == [version, image, number]


def test_another_operator_gets_no_job() -> None:
    more = {"external_clusters": [], "server_name": ""}
    origin = {"bootstrap": {"initdb": {}}, "database": "app", "owner": "app", **more}
    found = {"metrics": {"port": 9187, "port_name": "metrics", "selector": {}}}
    made = manifests(
        operator="cloudnativepg", __postgres_cluster_origin=origin, __postgres_cluster_found=found
    )
    assert [item["kind"] for item in made] == ["Cluster", "Service"]
    assert evaluate("{{ __postgres_cluster_more_reads }}", operator="cloudnativepg") == []
    assert [item["kind"] for item in evaluate("{{ __postgres_cluster_more_reads }}")] == ["Pod", "Job", "Pod"]


def test_another_client_auth_is_refused_before_the_first_write() -> None:
    tasks = yaml.safe_load((ROLE / "tasks/preflight_superuser.yml").read_text())
    [check] = [task for task in tasks if "__postgres_cluster_change_problems" in task.get("vars", {})]

    def found(**kubedb: str) -> list[str]:
        there = [plain(manifests()[0])]
        changes = {"__postgres_cluster_objects": there, "postgres_cluster_kubedb": kubedb}
        return evaluate(check["vars"]["__postgres_cluster_change_problems"], **changes)

    assert found() == []
    [problem] = found(client_auth="md5")
    assert "the cluster has 'scram'" in problem


def test_what_a_change_takes_beside_the_run_is_said() -> None:
    tasks = yaml.safe_load((ROLE / "tasks/preflight_superuser.yml").read_text())
    [saying] = [task for task in tasks if "__postgres_cluster_requests_left" in task.get("vars", {})]
    there = with_annotation(plain(manifests()[0]))

    def said(**changes: Any) -> list[str]:
        known = {name: trust_as_template(value) for name, value in saying["vars"].items()}
        values = {**known, "__postgres_cluster_objects": [there], **changes}
        return evaluate(saying["ansible.builtin.debug"]["msg"], **values)

    assert said() == []
    [warning] = said(postgres_cluster_parameters={"work_mem": "8MB"})
    assert warning.startswith("WARNING: postgres_cluster_parameters is not what hot-postgres was applied with")


@pytest.mark.parametrize(
    ("labels", "unlabelled"),
    [
        ({"pgha.kubernetes/superuser": "hot-postgres"}, True),
        ({"pgha.kubernetes/superuser": "hot-postgres", "pgha.kubernetes/user": "true"}, False),
        ({"pgha.kubernetes/user": "true"}, False),
        ({}, False),  # somebody's own
        (None, False),
    ],
)
def test_a_rotation_that_was_stopped_is_brought_to_its_end(labels: dict[str, str] | None, unlabelled: bool) -> None:
    metadata = {"name": "x"} if labels is None else {"name": "x", "labels": labels}
    found = {"resources": [{"metadata": metadata}]}
    name = "{{ __postgres_cluster_superuser_unlabelled }}"
    assert evaluate(name, __postgres_cluster_superuser_found=found) is unlabelled
    assert evaluate(name) is False
