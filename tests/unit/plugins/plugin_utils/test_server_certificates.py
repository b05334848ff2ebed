# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates, with Python's own TLS as the judge of what a client takes."""

from __future__ import annotations

import base64
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.certificates import (
    expired_certificate,
    is_name,
    make_ca,
    make_server,
    renewal_reason,
    service_names,
    tls_problems,
    tls_secrets,
)
from ansible_collections.pgha.kubernetes.plugins.plugin_utils.errors import InputError

NOW = datetime.now(UTC)
NAMES = service_names("hot-pgpool", "demo", ["db.example.org", "192.0.2.7"])


def days(number: float) -> datetime:
    return NOW + timedelta(days=number)


def secret(data: dict[str, str]) -> dict:
    return {"metadata": {"name": "own"}, "type": "kubernetes.io/tls", "data": data}


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def decoded(text: str) -> str:
    return base64.b64decode(text).decode()


def handshake(made: dict[str, dict[str, str]], name: str, folder: Path, trusted: str = "") -> str:
    """Let a client that verifies all connect to a server with the certificate, in memory; return the TLS version."""
    for key in ("tls.crt", "tls.key"):
        (folder / key).write_bytes(base64.b64decode(made["server"][key]))
    server_context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_context.load_cert_chain(folder / "tls.crt", folder / "tls.key")
    authority = trusted or base64.b64decode(made["server"]["ca.crt"]).decode()
    client_context = ssl.create_default_context(cadata=authority)
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = client_context.wrap_bio(to_client, to_server, server_hostname=name)
    server = server_context.wrap_bio(to_server, to_client, server_side=True)
    waiting = {client, server}
    for _turn in range(10):
        for side in list(waiting):
            try:
                side.do_handshake()
                waiting.discard(side)
            except ssl.SSLWantReadError:
                pass
    assert not waiting
    return client.version() or ""


@pytest.fixture(scope="module")
def made() -> dict[str, dict[str, str]]:
    return tls_secrets({}, {}, NAMES, NOW)


@pytest.mark.parametrize("name", [*NAMES])
def test_a_client_that_verifies_all_takes_each_name(made: dict, name: str, tmp_path: Path) -> None:
    assert handshake(made, name, tmp_path) == "TLSv1.3"


def test_it_does_not_take_another_name(made: dict, tmp_path: Path) -> None:
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        handshake(made, "other-pgpool", tmp_path)


def test_it_does_not_take_another_ca(made: dict, tmp_path: Path) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(made, NAMES[0], tmp_path, trusted=make_ca("other", NOW)[0])


def test_the_keys_that_are_mounted_do_not_hold_the_cas(made: dict) -> None:
    assert sorted(made["server"]) == ["ca.crt", "tls.crt", "tls.key"]
    assert made["ca"]["tls.key"] not in made["server"].values()


class TestAgain:
    def test_what_is_right_stays(self, made: dict) -> None:
        assert tls_secrets(made["server"], made["ca"], NAMES, days(1)) == made
        assert tls_secrets(made["server"], made["ca"], [*reversed(NAMES)], days(1))["server"] == made["server"]

    @pytest.mark.parametrize(("day", "stays"), [(242, True), (245, False), (400, False)])
    def test_a_third_of_the_time_before_its_end_the_ca_signs_another(self, made: dict, day: int, stays: bool) -> None:
        again = tls_secrets(made["server"], made["ca"], NAMES, days(day))
        assert again["ca"] == made["ca"]
        assert (again["server"] == made["server"]) is stays
        assert again["server"]["ca.crt"] == made["server"]["ca.crt"]

    def test_other_names_make_another(self, made: dict) -> None:
        again = tls_secrets(made["server"], made["ca"], NAMES[:-1], NOW)
        assert again["ca"] == made["ca"]
        assert again["server"]["tls.crt"] != made["server"]["tls.crt"]

    def test_another_ca_makes_another(self, made: dict) -> None:
        again = tls_secrets(made["server"], {}, NAMES, NOW)
        assert again["ca"] != made["ca"]
        assert again["server"]["tls.crt"] != made["server"]["tls.crt"]

    @pytest.mark.parametrize(("day", "stays"), [(2500, True), (2919, True), (2921, False), (4000, False)])
    def test_a_ca_in_its_last_two_years_is_another(self, made: dict, day: int, stays: bool) -> None:
        again = tls_secrets(made["server"], made["ca"], NAMES, days(day))
        assert (again["ca"] == made["ca"]) is stays
        assert again["server"]["ca.crt"] == again["ca"]["tls.crt"]
        # And its server's certificate is right by it.
        assert tls_secrets(again["server"], again["ca"], NAMES, days(day)) == again

    def test_either_ca_stands_for_what_the_other_has_signed(self, tmp_path: Path) -> None:
        """Clients have until the old one ends to take the new one."""
        old = make_ca(f"{NAMES[0]} CA", days(-2921))
        server = dict(zip(("tls.crt", "tls.key"), map(encoded, make_server(NAMES, old, NOW)), strict=True))
        again = tls_secrets(server, dict(zip(server, map(encoded, old), strict=True)), NAMES, NOW)
        new = decoded(again["server"]["ca.crt"])
        assert new != old[0]
        assert {key: again["server"][key] for key in server} == server
        signed_by_new = {"server": dict(zip(server, map(encoded, make_server(NAMES, (new, old[1]), NOW)), strict=True))}
        for shown in (again, signed_by_new):
            for trusted in (old[0], new, old[0] + new):
                assert handshake(shown, NAMES[0], tmp_path, trusted=trusted) == "TLSv1.3"

    @pytest.mark.parametrize("broken", [{"tls.crt": "eA=="}, {"tls.key": "eA=="}, {"tls.key": "%"}, {"tls.crt": ""}])
    def test_what_cannot_be_read_is_made_anew(self, made: dict, broken: dict[str, str]) -> None:
        again = tls_secrets({**made["server"], **broken}, made["ca"], NAMES, NOW)
        assert again["server"]["tls.crt"] != made["server"]["tls.crt"]

    def test_a_key_of_another_certificate(self, made: dict) -> None:
        ca = make_ca("ca", NOW)
        crt, key = make_server(NAMES, ca, NOW)[0], make_server(NAMES, ca, NOW)[1]
        assert renewal_reason((crt, key), NOW, NAMES, ca[0]) == "the key is not that of the certificate"


class TestSecretsOfOthers:
    def test_all_is_well(self, made: dict) -> None:
        assert tls_problems(secret(made["server"]), "own", NOW, NAMES) == []
        assert tls_problems(secret(made["server"]), "own", days(364)) == []

    def test_a_chain_is_well(self, made: dict) -> None:
        chain = base64.b64decode(made["server"]["tls.crt"]) + base64.b64decode(made["server"]["ca.crt"])
        data = {**made["server"], "tls.crt": base64.b64encode(chain).decode()}
        assert tls_problems(secret(data), "own", NOW, NAMES) == []

    def test_one_that_leads_up_from_it_is_judged_and_others_are_not(self) -> None:
        root, other = make_ca("root", days(-3640)), make_ca("other", days(-3660))
        server = make_server(NAMES, root, NOW)

        def problems(*above: str) -> list[str]:
            data = {"tls.crt": encoded("".join([server[0], *above])), "tls.key": encoded(server[1])}
            return tls_problems(secret(data), "own", days(20), NAMES)

        end = f"{days(10):%Y-%m-%d %H:%M} UTC"
        assert problems(other[0], root[0]) == [f"the Secret own: the certificate CN=root in its tls.crt ended at {end}"]
        assert problems(other[0]) == []
        # Clients take the one of the same name that is valid.
        assert problems(root[0], make_ca("root", NOW)[0]) == []
        [later] = problems(make_ca("root", days(30))[0])
        assert later.startswith("the Secret own: the certificate CN=root in its tls.crt is valid from ")

    @pytest.mark.parametrize("comment", [b"M\xfcller\n", "Müller\n".encode(), b"\xef\xbb\xbf", b"\x81\xff\n"])
    def test_a_comment_may_be_of_any_encoding(self, made: dict, comment: bytes) -> None:
        data = {
            key: base64.b64encode(comment + base64.b64decode(made["server"][key])).decode()
            for key in ("tls.crt", "tls.key", "ca.crt")
        }
        assert tls_problems(secret(data), "own", NOW, NAMES) == []
        # Nor is it another by that.
        again = tls_secrets(data, made["ca"], NAMES, NOW)["server"]
        assert {key: again[key] for key in ("tls.crt", "tls.key")} == {key: data[key] for key in ("tls.crt", "tls.key")}

    @pytest.mark.parametrize("none", [None, {}])
    def test_none(self, none: dict | None) -> None:
        (problem,) = tls_problems(none, "own", NOW)
        assert problem.startswith("there is no Secret own: make it")

    @pytest.mark.parametrize(
        ("change", "sentence"),
        [
            ({"tls.key": ""}, "the Secret own lacks tls.key"),
            ({"tls.crt": encoded("x")}, "the Secret own: tls.crt is no certificate in PEM"),
            ({"tls.key": encoded("hunter2")}, "the Secret own: tls.key is no key in PEM"),
            ({"tls.key": encoded(make_ca("x", NOW)[1])}, "the Secret own: tls.key is not the key of"),
        ],
    )
    def test_broken_ones(self, made: dict, change: dict[str, str], sentence: str) -> None:
        (problem,) = tls_problems(secret({**made["server"], **change}), "own", NOW)
        assert problem.startswith(sentence)
        assert "hunter2" not in problem

    @pytest.mark.parametrize(
        ("day", "sentence"), [(366, "its certificate ended at "), (-1, "its certificate is valid from ")]
    )
    def test_times(self, made: dict, day: int, sentence: str) -> None:
        (problem,) = tls_problems(secret(made["server"]), "own", days(day))
        assert problem.startswith(f"the Secret own: {sentence}")

    def test_names_that_are_missing(self, made: dict) -> None:
        (problem,) = tls_problems(secret(made["server"]), "own", NOW, ["HOT-pgpool", "shop.example.org"])
        assert problem == "the Secret own: its certificate lacks the names shop.example.org"


@pytest.mark.parametrize("name", ["a", "a.b-c.d", "*.example.org", "10.0.0.1", "::1", "a" * 63])
def test_names(name: str) -> None:
    assert is_name(name)


@pytest.mark.parametrize("name", ["", "a b", "a..b", "*", "ä.de", "a" * 64, "10.0.0", "a,b", "-"])
def test_no_names(name: str) -> None:
    assert not is_name(name)


def test_a_long_name_is_cut_where_a_subject_ends() -> None:
    name = f"{'a' * 60}.{'b' * 60}"
    ca = make_ca(name, NOW)
    assert renewal_reason(make_server([name], ca, NOW), NOW, [name], ca[0]) == ""


def test_a_server_without_a_ca_is_refused() -> None:
    with pytest.raises(InputError, match="is no certificate in PEM"):
        make_server(NAMES, ("", ""), NOW)


def test_an_expired_certificate_is_refused_as_that(made: dict, tmp_path: Path) -> None:
    ca = {"ca.crt": made["ca"]["tls.crt"], "ca.key": made["ca"]["tls.key"]}
    server = {**expired_certificate(ca, NAMES, NOW), "ca.crt": made["server"]["ca.crt"]}
    with pytest.raises(ssl.SSLCertVerificationError, match="expired"):
        handshake({"server": server}, NAMES[0], tmp_path)


def test_an_expired_certificate_has_its_key_as_cloudnativepg_reads_it(made: dict) -> None:
    data = expired_certificate({"ca.crt": made["ca"]["tls.crt"], "ca.key": made["ca"]["tls.key"]}, NAMES, NOW)
    assert base64.b64decode(data["tls.key"]).startswith(b"-----BEGIN EC PRIVATE KEY-----\n")
