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


@pytest.mark.parametrize(
    ("tls", "kinds"),
    [
        ({"mode": "disabled"}, {"hot-pgpool-tls", "hot-pgpool-ca"}),
        ({"mode": "required"}, {"hot-pgpool-tls", "hot-pgpool-ca"}),
        ({"mode": "required", "secret": "hot-pgpool-tls"}, set()),
        ({"mode": "required", "issuer": {"name": "internal"}}, {"hot-pgpool-tls", "hot-pgpool-ca", "Certificate"}),
    ],
)
def test_what_goes_away_with_it(render: Callable, tls: dict[str, Any], kinds: set[str]) -> None:
    variables = yaml.safe_load((ROLE / "vars" / "main.yml").read_text(encoding="utf-8"))
    given = {"pgpool_name": "hot-pgpool", "pgpool_postgres_namespace": "demo", "pgpool_tls": tls}
    given["__pgpool_services"] = []
    text = (ROLE / "templates" / "absent.yml.j2").read_text(encoding="utf-8")
    made = [item for item in yaml.safe_load_all(render(text, yaml.safe_dump({**variables, **given}))) if item]
    secrets = {item["metadata"]["name"] for item in made if item["kind"] == "Secret"} - {"hot-pgpool"}
    assert secrets | {item["kind"] for item in made if item["kind"] == "Certificate"} == kinds


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
