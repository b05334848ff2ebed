# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The adapter of CloudNativePG, with Clusters as its release 1.29.0 wrote them."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.operators import cloudnativepg as adapter

FIXTURES = Path(__file__).resolve().parents[3] / "fixtures" / "cloudnativepg"
WANTED: dict[str, Any] = {
    "name": "hot-postgres",
    "namespace": "demo",
    "create_namespace": True,
    "version": "17",
    "image": "ghcr.io/cloudnative-pg/postgresql:17-standard-trixie",
    "allow_major_upgrade": False,
    "storage": {"size": "1Gi", "class": "standard"},
    "parameters": {"max_connections": 200, "work_mem": "8MB", "log_checkpoints": True, "pg_stat_statements.max": 5000},
    "databases": [{"name": "app"}],
    "operator_follows": False,
    "api_found": True,
}
NAMESPACE = {"kind": "Namespace", "metadata": {"name": "demo"}, "status": {"phase": "Active"}}
OPERATOR = {
    "kind": "Deployment",
    "metadata": {"name": "cnpg-controller-manager", "namespace": "cnpg-system"},
    "status": {"availableReplicas": 1},
}
STANDARD = {
    "kind": "StorageClass",
    "metadata": {"name": "standard", "annotations": {"storageclass.kubernetes.io/is-default-class": "true"}},
}
NEEDED = [NAMESPACE, OPERATOR, STANDARD]


def load(name: str) -> dict[str, Any]:
    return json.loads((FIXTURES / f"{name}.json").read_text())


def contract(*objects: dict[str, Any]) -> dict[str, Any]:
    return adapter.contract("hot-postgres", "demo", objects)


def problems(current: list[dict[str, Any]], needed: list[dict[str, Any]], **changes: Any) -> list[str]:
    return list(adapter.problems({**WANTED, **changes}, current, needed))


def test_reads_one_object() -> None:
    assert adapter.reads("hot", "demo") == [
        {"api_version": "postgresql.cnpg.io/v1", "kind": "Cluster", "name": "hot", "namespace": "demo"}
    ]
    assert [item["kind"] for item in adapter.prerequisites("demo")] == ["Namespace", "StorageClass", "Deployment"]
    assert adapter.database_reads("hot", "demo")[0]["label_selectors"] == ["app.kubernetes.io/instance=hot"]


def test_absent() -> None:
    found = contract()
    assert (found["exists"], found["ready"], found["phase"], found["instances"]) == (False, False, "", [])
    assert found["pending"] == ["it does not exist"]
    assert (found["version"], found["max_connections"], found["superuser_secret"], found["synchronous"]) == (
        "",
        None,
        None,
        None,
    )
    assert found["metrics"]["port"] == 9187  # what a new cluster's Service needs


def test_another_cluster_is_not_this_one() -> None:
    assert not adapter.contract("other", "demo", [load("after_failover")])["exists"]


def test_just_made() -> None:
    cluster = load("starting")
    del cluster["status"]
    found = contract(cluster)
    assert (found["exists"], found["ready"], found["phase"]) == (True, False, "Not started")
    assert found["pending"][0] == "the operator has not started on it"
    assert found["version"] == "17"
    assert found["image"] == "ghcr.io/cloudnative-pg/postgresql:17-standard-trixie"


def test_starting() -> None:
    found = contract(load("starting"))
    assert (found["exists"], found["ready"]) == (True, False)
    assert found["phase"] == "Setting up primary"
    assert found["pending"][:3] == [
        "0 of 3 instances are ready",
        "Setting up primary (Creating primary instance hot-postgres-1)",
        "the user report_ro is not made yet",
    ]
    assert [(item["name"], item["role"], item["ready"]) for item in found["instances"]] == [
        ("hot-postgres-1", "standby", False)
    ]


def test_failing_over() -> None:
    found = contract(load("failing_over"))
    assert (found["exists"], found["ready"]) == (True, False)
    assert found["phase"] == "Failing over"
    assert [(item["name"], item["role"], item["ready"]) for item in found["instances"]] == [
        ("hot-postgres-1", "primary", False),
        ("hot-postgres-2", "standby", True),
        ("hot-postgres-3", "standby", True),
    ]


def test_a_restart_whose_turn_is_later_names_the_delay() -> None:
    cluster = load("after_failover")
    reason = "The cluster needs to be updated, but the operator is configured to delay the operation"
    cluster["status"] |= {"phase": "Cluster upgrade delayed", "phaseReason": reason}
    [ready] = [item for item in cluster["status"]["conditions"] if item["type"] == "Ready"]
    ready["status"] = "False"
    found = contract(cluster)
    assert not found["ready"]
    assert found["pending"] == [
        f"Cluster upgrade delayed ({reason}): its instances restart when it is their turn (CLUSTERS_ROLLOUT_DELAY or "
        "INSTANCES_ROLLOUT_DELAY of cloudnativepg_environment)"
    ]


def test_after_failover() -> None:
    found = contract(load("after_failover"))
    assert found == {
        "name": "hot-postgres",
        "namespace": "demo",
        "operator": "cloudnativepg",
        "exists": True,
        "ready": True,
        "phase": "Cluster in healthy state",
        "pending": [],
        "version": "17",
        "image": "ghcr.io/cloudnative-pg/postgresql:17-standard-trixie",
        "image_pull_secrets": [],
        "primary_host": "hot-postgres-rw.demo.svc",
        "standby_host": "hot-postgres-ro.demo.svc",
        "port": 5432,
        "instances": [
            {
                "name": f"hot-postgres-{number}",
                "pod": f"hot-postgres-{number}",
                "host": f"hot-postgres-{number}.demo.svc",
                "role": "primary" if number == 2 else "standby",
                "ready": True,
                "application_name": f"hot-postgres-{number}",
                "selector": {
                    "cnpg.io/cluster": "hot-postgres",
                    "cnpg.io/instanceName": f"hot-postgres-{number}",
                    "cnpg.io/podRole": "instance",
                },
                "needs_service": True,
            }
            for number in (1, 2, 3)
        ],
        "instances_wanted": 3,
        "superuser_secret": {"name": "hot-postgres-superuser", "username_key": "username", "password_key": "password"},
        "auth_method": "scram-sha-256",
        "tls": {"enabled": True, "ca_secret": "hot-postgres-ca", "ca_key": "ca.crt"},
        "metrics": {
            "port": 9187,
            "port_name": "metrics",
            "selector": {"cnpg.io/cluster": "hot-postgres", "cnpg.io/podRole": "instance"},
        },
        "role_label": "cnpg.io/instanceRole",
        "switching_to": "",
        "hibernated": False,
        "hibernation_asked": False,
        "primary_times": {"chosen": "2026-11-22T16:54:54.998281Z", "promoted": "2026-11-22T16:54:57.420846Z"},
        "synchronous": {"method": "any", "number": 1},
        "max_connections": 200,
        "databases": ["app"],
        "passwords": {
            "app": "hot-postgres-app",
            "boss": "hot-postgres-boss",
            "pgha_monitor": "hot-postgres-pgha-monitor",
            "pgpool_check": "hot-postgres-pgpool-check",
            "report_ro": "hot-postgres-report-ro",
        },
    }


def test_which_secrets_let_in_to_the_image() -> None:
    cluster = load("after_failover")
    cluster["spec"]["imagePullSecrets"] = [{"name": "of-postgres"}]
    assert contract(cluster)["image_pull_secrets"] == [{"name": "of-postgres"}]


@pytest.mark.parametrize(
    ("bootstrap", "secret"),
    [
        ({"initdb": {"owner": "shop", "secret": {"name": "mine"}}}, "mine"),
        # The operator makes one.
        ({"recovery": {"owner": "shop"}}, "hot-postgres-app"),
        # Nobody is made with it.
        ({"recovery": {"backup": {"name": "old"}}}, None),
        ({"initdb": None}, None),
    ],
)
def test_from_which_secret_the_owner_has_its_password(bootstrap: dict[str, Any], secret: str | None) -> None:
    cluster = load("after_failover")
    cluster["spec"]["bootstrap"] = bootstrap
    assert contract(cluster)["passwords"].get("shop") == secret
    # Since then, it has one from another.
    cluster["spec"]["managed"]["roles"].append({"name": "shop", "passwordSecret": {"name": "hot-postgres-shop"}})
    assert contract(cluster)["passwords"].get("shop") == secret
    cluster["status"]["managedRolesStatus"]["passwordStatus"]["shop"] = {"resourceVersion": "1"}
    assert contract(cluster)["passwords"]["shop"] == "hot-postgres-shop"


def test_a_cluster_that_is_being_made_has_no_passwords_yet() -> None:
    assert contract(load("starting"))["passwords"] == {}
    assert contract()["passwords"] == {}


@pytest.mark.parametrize(
    ("asked", "reason", "hibernated", "waits"),
    [
        ("on", "Hibernated", True, False),
        ("on", "WaitingPodsDeletion", True, False),
        ("on", "DeletingPods", True, False),
        ("on", "WaitingForHealthy", False, True),
        ("on", "", False, False),
        ("off", "Hibernated", False, False),  # it is just being started
    ],
)
def test_what_is_to_stop_is_stopped_only_once_the_operator_has_begun(
    asked: str, reason: str, hibernated: bool, waits: bool
) -> None:
    cluster = load("after_failover")
    cluster["metadata"]["annotations"]["cnpg.io/hibernation"] = asked
    if reason:
        cluster["status"]["conditions"].append({"type": "cnpg.io/hibernation", "status": "False", "reason": reason})
    found = contract(cluster)
    assert (found["hibernated"], found["hibernation_asked"]) == (hibernated, asked == "on")
    words = "it is to stop once it is healthy (cnpg.io/hibernation is on), which wake.yml takes back"
    assert found["pending"] == ([words] if waits else [])


@pytest.mark.parametrize(
    ("asked", "info", "waits"),
    [
        ("postgresql:17.6", {"image": "postgresql:17.5", "majorVersion": 17}, True),
        ("postgresql:18", {"image": "postgresql:17", "majorVersion": 17}, True),
        ("postgresql:17.6@sha256:ab", {"image": "postgresql:17.6", "majorVersion": 17}, True),
        ("postgresql:18", {"image": "postgresql:18", "majorVersion": 18}, False),
        (None, {"image": "postgresql:17", "majorVersion": 17}, False),
        ("postgresql:17", None, False),
    ],
    ids=["minor", "major", "digest", "done", "from a catalog", "made by an older operator"],
)
def test_the_status_of_another_image_is_not_believed(
    asked: str | None, info: dict[str, Any] | None, waits: bool
) -> None:
    cluster = load("after_failover")  # whose status says that all is well
    cluster["spec"]["imageName"], cluster["status"]["pgDataImageInfo"] = asked, info
    found = contract(cluster)
    assert found["ready"] is not waits
    assert found["pending"] == ([f"it is to have the image {asked}, and has {info['image']}"] if waits and info else [])


def pod_made_with(resources: Any, number: int = 1, **metadata: Any) -> dict[str, Any]:
    """Return the pod of an instance; a text is what the operator noted, and nothing is what it did not."""
    spec = {"containers": [{"name": "other"}, {"name": "postgres", "resources": resources}]}
    noted = resources if isinstance(resources, str) else json.dumps(spec)
    labels = {"cnpg.io/cluster": "hot-postgres", "cnpg.io/podRole": "instance"}
    annotations = {} if resources is None else {"cnpg.io/podSpec": noted}
    # What the API has of it is another thing: LimitRanges, webhooks and resizes change that.
    now = {"containers": [{"name": "postgres", "resources": {"requests": {"cpu": "7"}}}]}
    metadata = {"name": f"hot-postgres-{number}", "labels": labels, "annotations": annotations} | metadata
    return {"kind": "Pod", "metadata": metadata, "spec": now}


ASKED = {"requests": {"cpu": "500m", "memory": "1024Mi"}, "limits": {"memory": "1Gi"}}


@pytest.mark.parametrize(
    ("pod", "number"),
    [
        (pod_made_with({}), 1),
        (pod_made_with({"requests": {"cpu": "500m", "memory": "1Gi"}}), 1),
        (pod_made_with({**ASKED, "limits": {"memory": "2Gi"}}), 1),
        (pod_made_with({**ASKED, "requests": {"cpu": "0.5", "memory": "1Gi"}}), 0),
        # One that is to go, as a quota may refuse an instance without it; claims are not of the spec.
        (pod_made_with({**ASKED, "limits": {"cpu": 1, "memory": "1Gi"}}), 1),
        (pod_made_with({**ASKED, "claims": []}), 0),
        # One that goes; those of another cluster, or of a Job; and what the operator did not note, or not so.
        (pod_made_with({}, deletionTimestamp="2026-11-25T21:04:05Z"), 0),
        (pod_made_with({}, labels={"cnpg.io/cluster": "other", "cnpg.io/podRole": "instance"}), 0),
        (pod_made_with({}, labels={"cnpg.io/cluster": "hot-postgres"}), 0),
        (pod_made_with(None), 0),
        (pod_made_with("{"), 0),
        (pod_made_with('{"containers": []}'), 0),
    ],
)
def test_other_resources_are_waited_for_by_what_pods_were_made_with(pod: dict[str, Any], number: int) -> None:
    cluster = load("after_failover")
    cluster["spec"]["resources"] = ASKED
    told = contract(cluster, pod)
    assert told["pending"] == ["the instance hot-postgres-1 does not have its resources yet"] * number
    # Who reads no pods is not told of any.
    assert contract(cluster)["pending"] == []
    # Nor is any waited for where the operator does not restart them for it, or gives them others.
    for key, value in (("cnpg.io/reconcilePodSpec", "disabled"), ("cnpg.io/podPatch", "[]")):
        cluster["metadata"]["annotations"][key] = value
        assert contract(cluster, pod)["pending"] == []
        del cluster["metadata"]["annotations"][key]
    assert contract(cluster, pod) == told
    cluster["spec"]["resources"] = {}
    assert contract(cluster, pod_made_with({}))["pending"] == []
    assert len(contract(cluster, pod_made_with(ASKED))["pending"]) == 1


def test_details_of_the_contract() -> None:
    cluster = load("after_failover")
    cluster["spec"]["postgresql"]["parameters"].update(password_encryption="md5")
    del cluster["spec"]["postgresql"]["parameters"]["max_connections"]
    cluster["spec"]["postgresql"].pop("synchronous")
    cluster["spec"]["minSyncReplicas"] = 2
    cluster["spec"]["superuserSecret"] = {"name": "su"}
    cluster["spec"]["bootstrap"] = {"recovery": {"database": "old", "owner": "app"}}
    cluster["status"]["instanceNames"] = ["hot-postgres-10", "hot-postgres-2"]
    found = contract(cluster)
    assert found["auth_method"] == "md5"
    assert found["max_connections"] == 100
    assert found["synchronous"] == {"method": "any", "number": 2}
    assert found["superuser_secret"]["name"] == "su"
    assert found["databases"] == ["old"]
    assert [item["name"] for item in found["instances"]] == ["hot-postgres-2", "hot-postgres-10"]
    cluster["spec"].update(enableSuperuserAccess=False, bootstrap={})
    cluster["spec"].pop("minSyncReplicas")
    assert (
        contract(cluster)["superuser_secret"],
        contract(cluster)["databases"],
        contract(cluster)["synchronous"],
    ) == (None, [], None)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda c: c["spec"].update(instances=5), "3 of 5 instances are ready"),
        (
            lambda c: c["status"].update(targetPrimary="hot-postgres-3"),
            "the primary moves from hot-postgres-2 to hot-postgres-3",
        ),
        (lambda c: c["status"].update(conditions=[]), "Cluster in healthy state"),
        (
            lambda c: c["status"]["managedRolesStatus"].update(cannotReconcile={"boss": ["no such role x"]}),
            "the user boss cannot be made: no such role x",
        ),
        (lambda c: c["spec"]["managed"]["roles"].append({"name": "new"}), "the user new is not made yet"),
    ],
)
def test_pending(change: Any, sentence: str) -> None:
    cluster = load("after_failover")
    change(cluster)
    assert contract(cluster)["pending"] == [sentence]


def test_a_role_that_goes_is_waited_for() -> None:
    cluster = load("after_failover")
    cluster["spec"]["managed"]["roles"].append({"name": "gone", "ensure": "absent"})
    assert contract(cluster)["pending"] == ["the user gone is not dropped yet"]
    cluster["status"]["managedRolesStatus"]["byStatus"]["reconciled"].append("gone")
    assert contract(cluster)["pending"] == []


def test_what_a_role_owns_is_said() -> None:
    cluster = load("after_failover")
    cluster["spec"]["managed"]["roles"].append({"name": "gone", "ensure": "absent"})
    reason = "could not perform DELETE on role gone: 1 object in database app"
    cluster["status"]["managedRolesStatus"]["cannotReconcile"] = {"gone": [reason]}
    first, second = contract(cluster)["pending"]
    assert first == f"the user gone cannot be dropped: {reason}"
    assert "REASSIGN OWNED BY gone TO" in second


@pytest.mark.parametrize(("version", "pending"), [("1014", []), ("9", ["does not have its new password yet"])])
def test_a_password_is_waited_for(version: str, pending: list[str]) -> None:
    cluster = load("after_failover")
    status = cluster["status"]["managedRolesStatus"]["passwordStatus"]
    status["report_ro"]["resourceVersion"] = "1014"
    secret = {"kind": "Secret", "metadata": {"name": "hot-postgres-report-ro", "resourceVersion": version}}
    assert contract(cluster, secret)["pending"] == [f"the user report_ro {text}" for text in pending]


@pytest.mark.parametrize(
    ("status", "pending"),
    [
        ({"applied": True}, []),
        ({}, ["the database x is not made yet"]),
        ({"applied": False, "message": "no owner"}, ["the database x cannot be made: no owner"]),
    ],
)
def test_databases_pending(status: dict[str, Any], pending: list[str]) -> None:
    database = {"kind": "Database", "spec": {"name": "x", "cluster": {"name": "hot-postgres"}}, "status": status}
    found = contract(load("after_failover"), database)
    assert found["pending"] == pending
    assert found["ready"]


@pytest.mark.parametrize(
    ("image", "version"),
    [
        ("ghcr.io/cloudnative-pg/postgresql:16.4-1", "16"),
        ("r.io:5000/postgresql:17-standard", "17"),
        (f"r.io/postgresql:18@sha256:{'0' * 64}", "18"),
        ("r.io/postgresql:latest", ""),
        ("r.io:5000/postgresql", ""),
        ("", ""),
    ],
)
def test_version_before_the_operator_knows(image: str, version: str) -> None:
    cluster = {"kind": "Cluster", "metadata": {"name": "hot-postgres"}, "spec": {"imageName": image}}
    assert contract(cluster)["version"] == version


def test_origin_of_a_new_cluster() -> None:
    databases = [{"name": "app", "owner": "app_owner"}, {"name": "other"}]
    assert adapter.origin("hot", [], databases) == {
        "bootstrap": {
            "initdb": {
                "database": "app",
                "owner": "app_owner",
                "secret": {"name": "hot-app-owner"},
                "dataChecksums": True,
            }
        },
        "database": "app",
        "owner": "app_owner",
        "external_clusters": [],
        "server_name": "",
        "major": "",
        "kept": {},
        "destination": "",
        "moved_from": "",
        "due": "",
        "env": {},
    }


def test_initdb_is_told_the_locale_for_text_too() -> None:
    def told(**asked: Any) -> dict[str, Any]:
        made = adapter.origin("hot", [], [{"name": "app"}], initdb=asked)["bootstrap"]["initdb"]
        return {
            key: value for key, value in made.items() if key not in ("database", "owner", "secret", "dataChecksums")
        }

    both = {"localeCollate": "en_US.UTF-8", "localeCType": "en_US.UTF-8"}
    assert told(locale="en_US.UTF-8") == {"locale": "en_US.UTF-8", **both}
    assert told(locale="en_US.UTF-8", ctype="C") == {"locale": "en_US.UTF-8", **both, "localeCType": "C"}
    assert told(locale_provider="icu", icu_locale="de-DE") == {"localeProvider": "icu", "icuLocale": "de-DE"}
    assert told(encoding="", wal_segment_size="64", builtin_locale=None) == {"walSegmentSize": 64}
    assert told() == {}


def test_what_a_cluster_has_by_default_may_be_said_of_it() -> None:
    asked = {"encoding": "UTF8", "locale": "C", "locale_provider": "libc", "wal_segment_size": "16"}
    assert problems([load("after_failover")], [], initdb=asked) == []


def test_origin_stays_as_it_was_applied() -> None:
    found = adapter.origin("hot-postgres", [load("after_failover")], [{"name": "another"}])
    assert (found["database"], found["owner"]) == ("app", "app")
    # Not with what the operator's webhook added, as that would differ from what was applied.
    assert set(found["bootstrap"]["initdb"]) == {"database", "owner", "secret", "dataChecksums"}


def test_origin_of_a_cluster_that_something_else_made() -> None:
    cluster = load("after_failover")
    cluster["metadata"] |= {"annotations": {}, "uid": "ab12cd34-5678"}
    cluster["spec"]["bootstrap"] = {"recovery": {"database": "old", "owner": "boss"}}
    assert adapter.origin("hot-postgres", [cluster], [{"name": "another"}]) == {
        "bootstrap": {"recovery": {"database": "old", "owner": "boss"}},
        "database": "old",
        "owner": "boss",
        "external_clusters": [],
        # Where the backups would be, if there were any.
        "server_name": "hot-postgres-ab12cd34-17",
        "major": "17",
        "kept": {},
        "destination": "",
        "moved_from": "",
        "due": "",
        "env": {},
    }


@pytest.mark.parametrize(
    "name", ["postgres_cluster_kubedb", "postgres_cluster_superuser", "postgres_cluster_job_overrides"]
)
def test_what_is_for_kubedb_alone(name: str) -> None:
    assert list(adapter.input_problems({name: {}})) == []
    [problem] = adapter.input_problems({name: {"spec": {}}})
    assert problem.startswith(f"{name} is a mapping: leave it empty, as it is for KubeDB alone")


def test_nothing_is_wrong() -> None:
    assert problems([], NEEDED) == []
    assert problems([load("after_failover")], []) == []
    assert problems([], [STANDARD], operator_follows=True, api_found=False) == []
    assert problems([], NEEDED, storage={"size": "1Gi"}) == []
    assert problems([load("after_failover")], [], storage={"size": "2Gi", "class": "standard"}) == []
    assert problems([load("after_failover")], [], databases=[{"name": "b"}, {"name": "app", "owner": "app"}]) == []
    assert problems([load("after_failover")], [], version="18", allow_major_upgrade=True, image="r.io/p:18") == []


@pytest.mark.parametrize(
    ("needed", "changes", "words"),
    [
        (NEEDED, {"api_found": False}, "has no such operator (no API postgresql.cnpg.io/v1); install it"),
        ([NAMESPACE, STANDARD], {}, "no Deployment labelled app.kubernetes.io/name=cloudnative-pg"),
        (
            [NAMESPACE, STANDARD, {**OPERATOR, "status": {}}],
            {},
            "no pod that is ready (cnpg-system/cnpg-controller-manager)",
        ),
        (NEEDED, {"storage": {"class": "fast"}}, "postgres_cluster_storage.class is 'fast' (string)"),
        (
            [NAMESPACE, OPERATOR],
            {"storage": {"class": ""}},
            "has no default StorageClass; give one of those it has: none",
        ),
        (
            [OPERATOR, STANDARD],
            {"create_namespace": False},
            "there is no such namespace and postgres_cluster_create_namespace",
        ),
        (
            [{**NAMESPACE, "status": {"phase": "Terminating"}}, OPERATOR, STANDARD],
            {},
            "postgres_cluster_namespace is 'demo' (string): this namespace is being deleted",
        ),
    ],
)
def test_problems_of_a_new_cluster(needed: list[dict[str, Any]], changes: dict[str, Any], words: str) -> None:
    found = problems([], needed, **changes)
    assert len(found) == 1
    assert words in found[0]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"storage": {"size": "500Mi", "class": "standard"}},
            "postgres_cluster_storage.size is '500Mi' (string): the cluster has 1Gi",
        ),
        ({"storage": {"size": "1Gi", "class": "fast"}}, "the cluster's volumes are of the class 'standard'"),
        ({"version": "16"}, "the cluster runs PostgreSQL 17 and cannot go back; give 17"),
        ({"initdb": {"ctype": "de_DE"}}, "postgres_cluster_initdb.ctype is 'de_DE': the cluster was made with 'C'"),
        ({"initdb": {"wal_segment_size": 64}}, "wal_segment_size is 64: the cluster was made with the default"),
        ({"version": "18"}, "set postgres_cluster_allow_major_upgrade to true"),
        (
            {"image": "r.io/p:17", "parameters": {**WANTED["parameters"], "work_mem": "9MB"}},
            "so do the parameters work_mem; change one of the two",
        ),
        (  # The operator's webhook compares all, and what the operator itself has added stays.
            {"image": "r.io/p:17", "parameters": {"max_connections": 200, "log_checkpoints": True}},
            "so do the parameters pg_stat_statements.max, work_mem; change one of the two",
        ),
        (
            {"databases": [{"name": "b"}, {"name": "app", "owner": "new"}]},
            "postgres_cluster_databases[1].owner is 'new' (string): 'app' was made with the cluster, for 'app', and",
        ),
    ],
)
def test_problems_of_a_change(changes: dict[str, Any], words: str) -> None:
    found = problems([load("after_failover")], [], **changes)
    assert len(found) == 1
    assert words in found[0]


def test_a_parameter_that_is_gone_already_does_not_hold_up_another_image() -> None:
    cluster = copy.deepcopy(load("after_failover"))
    del cluster["spec"]["postgresql"]["parameters"]["work_mem"]
    parameters = {name: value for name, value in WANTED["parameters"].items() if name != "work_mem"}
    assert problems([cluster], [], image="r.io/p:17", parameters=parameters) == []


def test_a_cluster_that_is_being_deleted() -> None:
    cluster = copy.deepcopy(load("after_failover"))
    cluster["metadata"]["deletionTimestamp"] = "2026-11-22T17:00:00Z"
    assert "this cluster is being deleted" in problems([cluster], [])[0]


@pytest.mark.parametrize(
    ("name", "reserved"), [("postgres", True), ("pg_x", True), ("cnpg_x", True), ("pgha_monitor", False)]
)
def test_reserved_roles(name: str, reserved: bool) -> None:
    assert adapter.is_reserved_role(name) is reserved
