# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role pgpool makes for TLS from clients: parameters, mounts, pods, and what it asks of cert-manager."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

ROLE = Path(__file__).resolve().parents[3] / "roles" / "pgpool"
CONTRACT = {
    "name": "hot",
    "namespace": "demo",
    "exists": True,
    "primary_host": "hot-rw.demo.svc",
    "port": 5432,
    "instances": [{"name": "hot-1", "host": "hot-1.demo.svc", "role": "primary"}],
    "tls": {"enabled": True, "ca_secret": "hot-ca", "ca_key": "ca.crt"},
}
MONITOR = {
    "metadata": {"name": "hot-monitor"},
    "type": "kubernetes.io/basic-auth",
    "data": {"username": "cGdoYV9tb25pdG9y"},
}

# Of cert-manager's v1 API, what a Certificate here may have: a type, a mapping of more, or the values that are known.
TEXT, TEXTS = re.compile(r".+"), [re.compile(r".+")]
CERTIFICATE: dict[str, Any] = {
    "apiVersion": {"cert-manager.io/v1"},
    "kind": {"Certificate"},
    "metadata": {"name": TEXT, "namespace": TEXT, "labels": dict},
    "spec": {
        "secretName": TEXT,
        "issuerRef": {"name": TEXT, "kind": TEXT, "group": TEXT},
        "dnsNames": TEXTS,
        "ipAddresses": TEXTS,
        "commonName": TEXT,
        "duration": re.compile(r"([0-9]+(h|m|s))+"),
        "renewBefore": re.compile(r"([0-9]+(h|m|s))+"),
        "usages": [{"digital signature", "key encipherment", "server auth"}],
        "privateKey": {
            "algorithm": {"RSA", "ECDSA", "Ed25519"},
            "encoding": {"PKCS1", "PKCS8"},
            "rotationPolicy": {"Never", "Always"},
            "size": {256, 384, 521, 2048, 4096, 8192},
        },
        "secretTemplate": {"annotations": dict, "labels": dict},
    },
}


def misfits(value: Any, form: Any, path: str = "") -> list[str]:
    """Return what of a value its form does not have, as paths."""
    if isinstance(form, dict):
        if not isinstance(value, dict):
            return [path]
        unknown = [f"{path}.{key}" for key in value if key not in form]
        known = [key for key in value if key in form]
        return unknown + [bad for key in known for bad in misfits(value[key], form[key], f"{path}.{key}")]
    if isinstance(form, list):
        return (
            [bad for item in value for bad in misfits(item, form[0], f"{path}[]")]
            if isinstance(value, list) and value
            else [path]
        )
    if isinstance(form, re.Pattern):
        fits = isinstance(value, str) and form.fullmatch(value)
    else:
        fits = isinstance(value, form) if isinstance(form, type) else value in form
    return [] if fits else [path]


@pytest.fixture
def rendered(render: Callable[[str, str], Any]) -> Callable[..., Any]:
    def render_with_role(template: str, **given: Any) -> Any:
        variables: dict[str, Any] = {}
        for part in ("defaults", "vars"):
            variables |= yaml.safe_load((ROLE / part / "main.yml").read_text(encoding="utf-8"))
        variables |= {
            "pgpool_postgres_name": "hot",
            "pgpool_postgres_namespace": "demo",
            "postgres_cluster_result": CONTRACT,
            "__pgpool_secrets": [MONITOR],
            "__pgpool_files": {"restart": "abc"},
            "__pgpool_tls_checksum": "abc123",
            **given,
        }
        text = (ROLE / "templates" / template).read_text(encoding="utf-8") if template.endswith(".j2") else template
        made = render(text, yaml.safe_dump(variables))
        return yaml.safe_load(made) if template.endswith(".j2") else made

    return render_with_role


def environment(deployment: dict[str, Any]) -> dict[str, str]:
    return {
        entry["name"].removeprefix("PGPOOL_PARAMS_").lower(): entry["value"]
        for entry in deployment["spec"]["template"]["spec"]["containers"][0]["env"]
    }


def names_of(listed: list[dict[str, Any]]) -> list[str]:
    return [item["name"] for item in listed]


def test_without_it_nothing_is_mounted_and_pods_stay(rendered: Callable) -> None:
    template = rendered("deployment.yml.j2")["spec"]["template"]
    assert "pgha.kubernetes/certificate" not in template["metadata"]["annotations"]
    assert "tls" not in names_of(template["spec"]["volumes"])
    assert not {"ssl_cert", "ssl_key"} & set(environment(rendered("deployment.yml.j2")))


@pytest.mark.parametrize("mode", ["allowed", "required"])
@pytest.mark.parametrize("source", [{}, {"secret": "shop-tls"}, {"issuer": {"name": "internal"}}])
def test_the_certificate_is_mounted_and_told_to_pgpool(
    rendered: Callable, mode: str, source: dict[str, Any]
) -> None:
    deployment = rendered("deployment.yml.j2", pgpool_tls={"mode": mode, **source})
    template = deployment["spec"]["template"]
    assert template["metadata"]["annotations"]["pgha.kubernetes/certificate"] == "abc123"
    (volume,) = [volume["secret"] for volume in template["spec"]["volumes"] if volume["name"] == "tls"]
    assert volume["secretName"] == source.get("secret", "hot-pgpool-tls")
    assert volume["items"] == [{"key": "tls.crt", "path": "tls.crt"}, {"key": "tls.key", "path": "tls.key"}]
    containers = {container["name"]: container for container in template["spec"]["containers"]}
    assert {"name": "tls", "mountPath": "/etc/pgpool-tls", "readOnly": True} in containers["pgpool"]["volumeMounts"]
    assert "tls" not in names_of(containers["exporter"]["volumeMounts"])
    assert {"name": "PGPOOL_EXPORTER_CERTIFICATE", "value": "/run/pgpool/tls.crt"} in containers["exporter"]["env"]
    told = {name: value for name, value in environment(deployment).items() if name.startswith("ssl")}
    assert told == {
        "ssl": "on",
        "ssl_ca_cert": "/etc/pgpool-ca/ca.crt",
        "ssl_cert": "/run/pgpool/tls.crt",
        "ssl_key": "/run/pgpool/tls.key",
    }


@pytest.mark.parametrize(("mode", "ssl"), [("disabled", "off"), ("allowed", "on")])
def test_a_cluster_without_tls_does_not_matter(rendered: Callable, mode: str, ssl: str) -> None:
    contract = {**CONTRACT, "tls": {"enabled": False}}
    told = environment(rendered("deployment.yml.j2", pgpool_tls={"mode": mode}, postgres_cluster_result=contract))
    assert (told["ssl"], told["ssl_ca_cert"]) == (ssl, "")


@pytest.mark.parametrize("mode", ["disabled", "allowed"])
@pytest.mark.parametrize("more", [{}, {"ca_secret": ""}, {"ca_secret": None}])
def test_a_cluster_with_tls_whose_ca_is_not_known_is_asked_for_it(
    rendered: Callable, mode: str, more: dict[str, Any]
) -> None:
    contract = {**CONTRACT, "tls": {"enabled": True, **more}}
    deployment = rendered("deployment.yml.j2", pgpool_tls={"mode": mode}, postgres_cluster_result=contract)
    told = environment(deployment)
    assert (told["ssl"], told["ssl_ca_cert"]) == ("on", "")
    assert "ca" not in names_of(deployment["spec"]["template"]["spec"]["volumes"])


BY_CERTIFICATE = {"type": "hostssl", "user": "app", "address": "all", "method": "cert"}
BY_PASSWORD = {**BY_CERTIFICATE, "method": "scram-sha-256"}


@pytest.mark.parametrize("rule", [BY_CERTIFICATE, 'hostssl "app" "cert" 10.0.0.0/8 cert'])
def test_another_ca_of_clients_certificates_makes_other_pods(rendered: Callable, rule: Any) -> None:
    """Pgpool-II reads it at its start alone, and refuses them all once that one has ended."""

    def annotations(authority: str) -> dict[str, str]:
        tasks = yaml.safe_load((ROLE / "tasks" / "tls.yml").read_text(encoding="utf-8"))
        (read,) = [task for task in tasks if task.get("register") == "__pgpool_client_ca_read"]
        given = {"pgpool_tls": {"mode": "required"}, "pgpool_hba_rules": [BY_PASSWORD, rule]}
        assert rendered(f"{{{{ {read['when']} }}}}", **given) is True
        assert rendered(read["pgha.kubernetes.read"]["name"], **given) == "hot-ca"
        (remember,) = [task for task in tasks if "ansible.builtin.set_fact" in task]
        known = {**given, "__pgpool_client_ca_read": {"resources": [{"data": {"ca.crt": authority, "ca.key": "a"}}]}}
        known["__pgpool_client_ca"] = remember["vars"]["__pgpool_client_ca"]
        found = rendered(remember["ansible.builtin.set_fact"]["__pgpool_client_ca_checksum"], **known)
        deployment = rendered("deployment.yml.j2", **given, __pgpool_client_ca_checksum=found)
        return deployment["spec"]["template"]["metadata"]["annotations"]

    first, second = annotations("YQ=="), annotations("Yg==")
    assert first == annotations("YQ==")
    assert {name for name in first if first[name] != second[name]} == {"pgha.kubernetes/client-ca"}


@pytest.mark.parametrize(
    "given",
    [
        {"pgpool_tls": {"mode": "required"}},
        {"pgpool_tls": {"mode": "required"}, "pgpool_hba_rules": [BY_PASSWORD]},
        {"pgpool_hba_rules": [BY_CERTIFICATE]},
        {
            "pgpool_tls": {"mode": "required"},
            "pgpool_hba_rules": [BY_CERTIFICATE],
            "postgres_cluster_result": {**CONTRACT, "tls": {"enabled": False}},
        },
    ],
)
def test_that_of_others_stays_out_of_the_pods(rendered: Callable, given: dict[str, Any]) -> None:
    assert rendered("{{ __pgpool_takes_certificates }}", **given) is False
    template = rendered("deployment.yml.j2", **given)["spec"]["template"]
    assert "pgha.kubernetes/client-ca" not in template["metadata"]["annotations"]


@pytest.mark.parametrize(
    ("tls", "issuer"),
    [
        (
            {"issuer": {"name": "internal"}},
            {"name": "internal", "kind": "Issuer", "group": "cert-manager.io"},
        ),
        (
            {"issuer": {"name": "vault", "kind": "ClusterIssuer"}, "secret": "shop-tls"},
            {"name": "vault", "kind": "ClusterIssuer", "group": "cert-manager.io"},
        ),
        (
            {"issuer": {"name": "pca", "kind": "AWSPCAIssuer", "group": "awspca.cert-manager.io"}},
            {"name": "pca", "kind": "AWSPCAIssuer", "group": "awspca.cert-manager.io"},
        ),
    ],
)
def test_what_cert_manager_is_asked_for(rendered: Callable, tls: dict[str, Any], issuer: dict[str, str]) -> None:
    names = ["db.example.org", "192.0.2.7", "2001:db8::7", "7.example.org"]
    certificate = rendered("certificate.yml.j2", pgpool_tls={"mode": "required", "names": names, **tls})
    assert misfits(certificate, CERTIFICATE) == []
    assert certificate["metadata"]["namespace"] == "demo"
    spec = certificate["spec"]
    assert spec["issuerRef"] == issuer
    assert spec["secretName"] == tls.get("secret", "hot-pgpool-tls")
    assert spec["ipAddresses"] == ["192.0.2.7", "2001:db8::7"]
    assert spec["dnsNames"] == [
        "hot-pgpool",
        "hot-pgpool.demo",
        "hot-pgpool.demo.svc",
        "hot-pgpool.demo.svc.cluster.local",
        "db.example.org",
        "7.example.org",
    ]
    assert spec["usages"] == ["digital signature", "server auth"]


def test_without_addresses_none_are_asked_for(rendered: Callable) -> None:
    certificate = rendered("certificate.yml.j2", pgpool_tls={"mode": "required", "issuer": {"name": "internal"}})
    assert misfits(certificate, CERTIFICATE) == []
    assert "ipAddresses" not in certificate["spec"]


def test_the_check_of_fields_finds_a_misspelt_one() -> None:
    wrong = {"kind": "Certificate", "spec": {"dnsName": ["a"], "usages": ["server"], "privateKey": {"size": 1}}}
    assert misfits(wrong, CERTIFICATE) == [".spec.dnsName", ".spec.usages[]", ".spec.privateKey.size"]


LABELS = {
    "app.kubernetes.io/name": "pgpool",
    "app.kubernetes.io/instance": "hot-pgpool",
    "app.kubernetes.io/component": "proxy",
    "app.kubernetes.io/part-of": "pgha",
    "app.kubernetes.io/managed-by": "pgha.kubernetes",
    "pgha.kubernetes/cluster": "hot",
}


def found(kind: str, names: list[str], component: str = "proxy", instance: str = "hot-pgpool") -> dict[str, Any]:
    """What a read by labels gives."""
    labels = {**LABELS, "app.kubernetes.io/component": component, "app.kubernetes.io/instance": instance}
    return {
        "__pgpool_kind": {"api_version": "v1", "kind": kind, "component": component},
        "resources": [{"metadata": {"name": name, "labels": labels}} for name in names],
    }


def by_cert_manager(name: str) -> dict[str, Any]:
    """A read of a Secret that cert-manager wrote for the Certificate of that name."""
    return {"resources": [{"metadata": {"annotations": {"cert-manager.io/certificate-name": name}}}]}


@pytest.fixture
def gone(rendered: Callable) -> Callable[..., list[str]]:
    def names(*reads: dict[str, Any], secrets: tuple[str, ...] = (), **given: Any) -> list[str]:
        text = (ROLE / "templates" / "absent.yml.j2").read_text(encoding="utf-8")
        known = {"__pgpool_others": [], "__pgpool_tls_read": {"resources": []}, **given}
        known["__pgpool_there_secrets"] = {"resources": [{"metadata": {"name": name}} for name in secrets]}
        made = rendered(text, __pgpool_there={"results": list(reads)}, **known)
        return [f"{item['kind']} {item['metadata']['name']}" for item in yaml.safe_load_all(made or "") if item]

    return names


def test_what_goes_away_with_it(gone: Callable) -> None:
    of_another = found("Service", ["hot-pgpool-2"], instance="hot-pgpool-2")
    made = gone(found("Service", ["hot-pgpool"]), of_another, secrets=("hot-pgpool", "hot-pgpool-tls"))
    assert made == ["Service hot-pgpool", "Secret hot-pgpool", "Secret hot-pgpool-tls"]
    kept = {"mode": "required", "secret": "hot-pgpool-tls"}
    assert gone(secrets=("hot-pgpool", "hot-pgpool-tls"), pgpool_tls=kept) == ["Secret hot-pgpool"]


@pytest.mark.parametrize("keeps", [True, False])
def test_the_ca_stays_as_long_as_the_data(gone: Callable, keeps: bool) -> None:
    """Clients trust it, and the cluster may come back."""
    plays = yaml.safe_load((ROLE.parents[1] / "playbooks/teardown.yml").read_text(encoding="utf-8"))
    [step] = [task for play in plays for task in play["tasks"] if task["name"] == "Remove Pgpool-II"]
    assert step["vars"] == {"pgpool_state": "absent", "__pgpool_keeps_ca": "{{ __teardown_keep_data }}"}
    made = gone(secrets=("hot-pgpool", "hot-pgpool-ca", "hot-pgpool-tls"), __pgpool_keeps_ca=keeps)
    assert made == ["Secret hot-pgpool", *([] if keeps else ["Secret hot-pgpool-ca"]), "Secret hot-pgpool-tls"]


def test_the_services_of_instances_go_with_the_last_one(gone: Callable) -> None:
    services = found("Service", ["hot-1", "hot-2"], "instance", "hot")
    assert gone(services) == ["Service hot-1", "Service hot-2"]
    assert gone(services, __pgpool_others=["hot-pgpool-2"]) == []


def test_what_has_but_the_name_stays(gone: Callable) -> None:
    assert gone() == []
    assert gone(__pgpool_tls_read=by_cert_manager("shop")) == []


@pytest.mark.parametrize(("labels", "names"), [(LABELS, ["Secret hot-pgpool-tls"]), ({}, []), (None, [])])
def test_the_secret_of_cert_manager_goes_with_the_roles_own_certificate(
    gone: Callable, labels: dict[str, str] | None, names: list[str]
) -> None:
    certificate = {"resources": [{"metadata": {"name": "hot-pgpool", "labels": labels}}]}
    read = by_cert_manager("hot-pgpool")
    assert gone(__pgpool_tls_read=read, __pgpool_certificate_read=certificate) == names
    assert gone(__pgpool_tls_read=read, __pgpool_certificate_read={"resources": []}) == ["Secret hot-pgpool-tls"]


@pytest.mark.parametrize(
    ("labels", "others"),
    [({**LABELS, "team": "shop"}, False), ({**LABELS, "app.kubernetes.io/instance": "shop"}, True), (None, True)],
)
def test_whose_certificate_it_is(rendered: Callable, labels: dict[str, str] | None, others: bool) -> None:
    read = {"resources": [{"metadata": {"labels": labels}}]}
    assert rendered("{{ __pgpool_certificate_is_others }}", __pgpool_certificate_read=read) is others
    assert rendered("{{ __pgpool_certificate_is_others }}", __pgpool_certificate_read={"resources": []}) is False


def test_a_secret_of_cert_manager_is_known_by_its_annotation(rendered: Callable) -> None:
    assert rendered("{{ __pgpool_certificate }}", __pgpool_tls_read=by_cert_manager("hot-pgpool")) == "hot-pgpool"
    for nothing in ([], [{"metadata": {}}], [{"metadata": {"annotations": None}}]):
        assert rendered("{{ __pgpool_certificate | length }}", __pgpool_tls_read={"resources": nothing}) == 0


def test_a_certificate_of_the_roles_own_is_no_longer_cert_managers(rendered: Callable) -> None:
    text = (ROLE / "templates" / "tls_secrets.yml.j2").read_text(encoding="utf-8")
    now = [{"metadata": {"annotations": {"cert-manager.io/certificate-name": "hot-pgpool", "team": "shop"}}}]
    part = {"name": "hot-pgpool-tls", "data": {"tls.crt": "YQ=="}, "now": now}
    (made,) = [item for item in yaml.safe_load_all(rendered(text, __pgpool_tls_parts=[part])) if item]
    assert made["metadata"]["annotations"] == {"cert-manager.io/certificate-name": None}


def secret_of(labels: dict[str, str] | None, certificate: str = "") -> dict[str, Any]:
    annotations = {"cert-manager.io/certificate-name": certificate} if certificate else None
    return {"resources": [{"metadata": {"labels": labels, "annotations": annotations}}]}


OURS, NOTHING = secret_of({**LABELS, "team": "shop"}), {"resources": []}


@pytest.mark.parametrize(
    ("server", "ca", "others"),
    [
        (NOTHING, NOTHING, ""),
        (OURS, OURS, ""),
        (secret_of({**LABELS, "pgha.kubernetes/cluster": "before"}), OURS, ""),
        # As cert-manager wrote it for the role, also where that Certificate is gone by now.
        (secret_of(None, "hot-pgpool"), NOTHING, ""),
        (secret_of(None, "shop"), NOTHING, "hot-pgpool-tls"),
        (secret_of(None), NOTHING, "hot-pgpool-tls"),
        (secret_of({"team": "shop"}), OURS, "hot-pgpool-tls"),
        (secret_of({**LABELS, "app.kubernetes.io/managed-by": "Helm"}), OURS, "hot-pgpool-tls"),
        (OURS, secret_of({"cnpg.io/cluster": "hot"}), "hot-pgpool-ca"),
        (secret_of(None), secret_of(None), "hot-pgpool-ca, hot-pgpool-tls"),
    ],
)
def test_a_secret_of_somebody_else_is_not_written_over(
    rendered: Callable, server: dict[str, Any], ca: dict[str, Any], others: str
) -> None:
    tasks = yaml.safe_load((ROLE / "tasks" / "tls_own.yml").read_text(encoding="utf-8"))
    names = [task["name"].partition(" | ")[2] for task in tasks]
    assert names == [
        "Read the CA",
        "Have cert-manager leave the Secret alone",
        "Refuse to write over what something else made",
        "Make the certificates",
        "Write them where they differ",
    ]
    known = {"__pgpool_tls_read": server, "__pgpool_tls_ca_read": ca, **tasks[2]["vars"]}
    assert rendered("{{ __pgpool_others | join(', ') }}", **known) == others
    assert "when" not in tasks[2]
    told = rendered(tasks[2]["ansible.builtin.assert"]["fail_msg"], **known)
    assert "labels app.kubernetes.io/instance=hot-pgpool, app.kubernetes.io/managed-by=pgha.kubernetes: name" in told
    # Nothing of cert-manager's is deleted in a run that ends here.
    asked = rendered("{{ " + tasks[1]["when"] + " }}", **known)
    annotated = any(item["metadata"]["annotations"] for item in server["resources"])
    assert asked is (annotated and "-ca" not in others)


def test_only_what_differs_is_written_and_the_ca_comes_first(rendered: Callable) -> None:
    ca = {"name": "hot-pgpool-ca", "data": {"tls.crt": "YQ=="}, "now": []}
    server = {"name": "hot-pgpool-tls", "data": {"tls.crt": "Yg=="}, "now": [{"data": {"tls.crt": "Yg=="}}]}

    def written(*parts: dict[str, Any]) -> list[dict[str, Any]]:
        text = (ROLE / "templates" / "tls_secrets.yml.j2").read_text(encoding="utf-8")
        made = rendered(text, __pgpool_tls_parts=list(parts))
        return [item for item in yaml.safe_load_all(made or "") if item]

    assert written(server) == []
    assert [item["metadata"]["name"] for item in written(ca, server)] == ["hot-pgpool-ca"]
    both = written(ca, {**server, "now": []})
    assert [item["metadata"]["name"] for item in both] == ["hot-pgpool-ca", "hot-pgpool-tls"]
    assert {item["type"] for item in both} == {"kubernetes.io/tls"}
    assert both[1]["data"] == {"tls.crt": "Yg=="}
