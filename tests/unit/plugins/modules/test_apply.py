# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module apply, with a client that only remembers what it was asked for."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.pgha.kubernetes.plugins.module_utils.three_way import ANNOTATION, with_annotation
from ansible_collections.pgha.kubernetes.plugins.modules import apply as module
from kubernetes.client.exceptions import ApiException
from kubernetes.dynamic.exceptions import (
    ConflictError,
    ForbiddenError,
    InternalServerError,
    NotFoundError,
    ResourceNotFoundError,
    ServiceUnavailableError,
)
from urllib3.exceptions import ProtocolError

SERVICE = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "x", "namespace": "demo"}, "spec": {"a": 1}}

SECRET = {
    "apiVersion": "v1",
    "kind": "Secret",
    "metadata": {"name": "x", "namespace": "demo"},
    "data": {"password": "c2VjcmV0"},
}


def error(kind: type, status: int, message: str = "no") -> Exception:
    exception = ApiException(status=status, reason=message)
    exception.body = json.dumps({"message": message})
    exception.headers = {}
    return kind(exception)


class Kind(str):
    """What the client knows of a kind."""

    __slots__ = ()
    namespaced = property(lambda self: self not in ("Namespace", "ClusterRole"))


class Client:
    """A client of kubernetes.core with objects by kind and name, and failures to come."""

    def __init__(
        self, *objects: dict[str, Any], kinds: tuple[str, ...] = ("Service",), failures: tuple[Exception, ...] = ()
    ):
        self.objects = {(item["kind"], item["metadata"]["name"]): item for item in objects}
        self.kinds = kinds
        self.failures = list(failures)
        self.sent: list[tuple[str, Any]] = []

    def _answer(self, verb: str, value: Any, sent: Any = None) -> Any:
        self.sent.append((verb, sent))
        if self.failures:
            failure = self.failures.pop(0)
            if failure is not None:
                raise failure
        return SimpleNamespace(to_dict=lambda: value)

    def resource(self, kind: str, api_version: str) -> Kind:
        if kind not in self.kinds:
            raise ResourceNotFoundError("no matches")
        return Kind(kind)

    def get(self, resource: str, name: str, namespace: str | None = None) -> Any:
        if (resource, name) not in self.objects and not self.failures:
            self.sent.append(("get", None))
            raise error(NotFoundError, 404)
        return self._answer("get", self.objects.get((resource, name)))

    def create(self, resource: str, body: Any, namespace: str | None, query_params: Any) -> Any:
        assert ("fieldValidation", "Strict") in query_params
        return self._answer("create", body, body)

    def patch(
        self, resource: str, body: Any, content_type: str, query_params: Any, name: str, namespace: str | None = None
    ) -> Any:
        assert content_type == "application/merge-patch+json"
        assert ("fieldValidation", "Strict") in query_params
        there = self.objects.get((resource, name), {})
        parts = {part: {**there.get(part, {}), **body.get(part, {})} for part in ("spec", "data", "metadata")}
        return self._answer("patch", {**there, **{part: value for part, value in parts.items() if value}}, body)


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAUSE", 0)
    monkeypatch.setattr(module, "LOOK_PAUSE", 0)


def verbs(client: Client) -> list[str]:
    return [verb for verb, _ in client.sent]


def test_unchanged_is_one_request() -> None:
    there = with_annotation(SERVICE)
    there["metadata"]["managedFields"] = [{"manager": "pgha.kubernetes"}]
    client = Client(there)
    assert module.Applier(client).apply(SERVICE) == {
        "changed": False,
        "method": "unchanged",
        "result": SERVICE,
        "diff": {},
    }
    assert verbs(client) == ["get"]


def test_creates_with_the_annotation() -> None:
    client = Client()
    outcome = module.Applier(client).apply(SERVICE)
    assert (outcome["changed"], outcome["method"]) == (True, "create")
    assert verbs(client) == ["get", "create"]
    assert json.loads(client.sent[1][1]["metadata"]["annotations"][ANNOTATION]) == SERVICE


def test_a_namespace_that_is_missing_is_named() -> None:
    manifest = {**SERVICE, "metadata": {"name": "x", "labels": {module.OWNER_LABEL: "pgha.kubernetes"}}}
    for step in ("check_own", "apply"):
        client = Client()
        with pytest.raises(module.RefusedError, match=r"needs metadata\.namespace"):
            getattr(module.Applier(client), step)(manifest)
        assert verbs(client) == []


def test_patches_what_differs() -> None:
    there = with_annotation({**SERVICE, "spec": {"a": 2}})
    client = Client(there)
    outcome = module.Applier(client).apply(SERVICE)
    assert (outcome["changed"], outcome["method"]) == (True, "patch")
    assert outcome["diff"]["after"]["spec"] == {"a": 1}
    assert client.sent[1][1]["spec"] == {"a": 1}


def test_what_was_applied_is_in_no_result() -> None:
    for spec in ({"a": 1}, {"a": "x" * 200_000}):
        outcome = module.Applier(Client()).apply({**SERVICE, "spec": spec})
        assert outcome["result"]["metadata"] == {"name": "x", "namespace": "demo"}
        assert outcome["diff"]["after"]["metadata"] == {"name": "x", "namespace": "demo"}


def test_check_mode_sends_nothing_for_what_is_not_there() -> None:
    client = Client(kinds=())
    outcome = module.Applier(client, check_mode=True).apply(SERVICE)
    assert (outcome["changed"], outcome["method"], verbs(client)) == (True, "create", [])
    client = Client()
    assert module.Applier(client, check_mode=True).apply(SERVICE)["changed"]
    assert verbs(client) == ["get"]


def test_made_by_something_else_in_the_meantime() -> None:
    client = Client(failures=(error(NotFoundError, 404), error(ConflictError, 409)))
    client.objects[("Service", "x")] = with_annotation({**SERVICE, "spec": {"a": 2}})
    assert module.Applier(client).apply(SERVICE)["changed"]
    assert verbs(client) == ["get", "create", "get", "patch"]


class SharedClient(Client):
    """Others write its Secret, too: what it is before each of our writes is given, and `None` leaves it as it is."""

    def __init__(self, there: dict[str, Any] | None, *meanwhile: dict[str, Any] | None):
        super().__init__(*([there] if there else []), kinds=("Secret",))
        self.meanwhile = list(meanwhile)

    def _others_write(self, verb: str, sent: Any) -> None:
        found = self.meanwhile.pop(0) if self.meanwhile else None
        if found:
            self.objects[("Secret", "x")] = found
            self.sent.append((verb, sent))
            raise error(ConflictError, 409, "the object has been modified")

    def create(self, resource: str, body: Any, namespace: str | None, query_params: Any) -> Any:
        self._others_write("create", body)
        return super().create(resource, body, namespace, query_params)

    def patch(self, resource: str, body: Any, *args: Any, **more: Any) -> Any:
        if "resourceVersion" in body.get("metadata", {}):  # without it the API takes what comes
            self._others_write("patch", body)
        return super().patch(resource, body, *args, **more)


def secret(password: str, version: str = "1", **metadata: Any) -> dict[str, Any]:
    return {
        **SECRET,
        "metadata": {**SECRET["metadata"], "resourceVersion": version, **metadata},
        "data": {"password": password},
    }


WANTED = {**SECRET, "data": {"password": "d2FudGVk"}}
OLD, NEW = secret("b2xk"), secret("bmV3", version="2")
MARKED = secret("b2xk", version="2", annotations={"a": "b"})


def changed_from(client: Client, data: dict[str, str]) -> dict[str, Any]:
    return module.Applier(client, expect={"data": data}).apply(WANTED)


@pytest.mark.parametrize(
    ("client", "data", "asked"),
    [
        pytest.param(SharedClient(NEW), OLD["data"], ["get"], id="before it was read again"),
        pytest.param(SharedClient(OLD, NEW), OLD["data"], ["get", "patch", "get"], id="after it"),
        pytest.param(SharedClient(NEW), {}, ["get"], id="it is new"),
        pytest.param(SharedClient(None, NEW), {}, ["get", "create", "get"], id="it is new by now"),
        pytest.param(SharedClient(None), OLD["data"], ["get"], id="it is gone"),
    ],
)
def test_what_something_else_wrote_meanwhile_is_not_written_over(
    client: Client, data: dict[str, str], asked: list[str]
) -> None:
    with pytest.raises(module.ChangedMeanwhileError, match=r"^it has changed meanwhile \(data\)"):
        changed_from(client, data)
    assert verbs(client) == asked


@pytest.mark.parametrize("check_mode", [False, True])
def test_check_mode_says_so_too(check_mode: bool) -> None:
    with pytest.raises(module.ChangedMeanwhileError):
        module.Applier(SharedClient(NEW), check_mode, expect={"data": {}}).apply(WANTED)


def test_what_is_as_it_was_read_is_written_as_that_version() -> None:
    client = SharedClient(OLD)
    assert changed_from(client, OLD["data"])["method"] == "patch"
    assert client.sent[1:] == [("patch", {"data": WANTED["data"], "metadata": {"resourceVersion": "1"}})]
    client = SharedClient(None)
    assert changed_from(client, {})["method"] == "create"


def test_another_mark_on_it_does_no_harm() -> None:
    client = SharedClient(OLD, MARKED)
    assert changed_from(client, OLD["data"])["method"] == "patch"
    assert verbs(client) == ["get", "patch", "get", "patch"]
    assert client.sent[-1][1]["metadata"] == {"resourceVersion": "2"}
    client = SharedClient(OLD, *[MARKED] * 9)
    with pytest.raises(module.ChangedMeanwhileError, match=r"again and again"):
        changed_from(client, OLD["data"])


def test_a_write_whose_answer_was_lost_is_our_own() -> None:
    """The API has taken it, and the next try meets what it wrote."""
    written = {**WANTED, "metadata": {**WANTED["metadata"], "resourceVersion": "2"}}
    for there in (OLD, None):
        outcome = changed_from(SharedClient(there, written), OLD["data"] if there else {})
        assert (outcome["changed"], outcome["result"]["data"]) == (True, WANTED["data"])
    # So does a task that is tried again.
    assert changed_from(SharedClient(written), OLD["data"])["method"] == "unchanged"


def test_a_change_meanwhile_is_told_without_what_the_secret_holds() -> None:
    ran = Module(WANTED)
    with pytest.raises(SystemExit):
        module.run(ran, module.Applier(SharedClient(NEW), expect={"data": OLD["data"]}))
    assert ran.result["changed_meanwhile"]
    assert ran.result["msg"] == (
        "Secret/demo/x: it has changed meanwhile (data), so nothing was written to it: run this again"
    )


@pytest.mark.parametrize(
    ("client", "asked"),
    [
        pytest.param(SharedClient(OLD), ["get"], id="it is there"),
        pytest.param(SharedClient(None, OLD), ["get", "create", "get"], id="it came meanwhile"),
    ],
)
def test_what_is_only_made_stays_as_it_is(client: Client, asked: list[str]) -> None:
    outcome = module.Applier(client, only_create=["x"]).apply(WANTED)
    assert outcome["result"] == OLD
    assert verbs(client) == asked


def test_what_is_only_made_is_made() -> None:
    client = SharedClient(None)
    assert module.Applier(client, only_create=["x"]).apply(WANTED)["result"] == WANTED
    client = SharedClient(OLD)
    assert module.Applier(client, only_create=["y"]).apply(WANTED)["method"] == "patch"


class LeavingClient(Client):
    """Its Service is being deleted, and gone, or made anew by something else, after so many looks."""

    def __init__(self, looks: int, then: dict[str, Any] | None = None):
        metadata = {**SERVICE["metadata"], "deletionTimestamp": "2026-11-22T17:00:00Z", "finalizers": ["a/lb", "b"]}
        super().__init__(with_annotation({**SERVICE, "metadata": metadata}))
        self.looks = looks
        self.then = then

    def get(self, resource: str, name: str, namespace: str | None = None) -> Any:
        if self.looks == 0 and self.then:
            self.objects[(resource, name)] = self.then
        elif self.looks == 0:
            self.objects.pop((resource, name), None)
        self.looks -= 1
        return super().get(resource, name, namespace)


def test_what_is_being_deleted_is_made_anew() -> None:
    client = LeavingClient(looks=2)
    outcome = module.Applier(client).apply(SERVICE)
    assert (outcome["changed"], outcome["method"]) == (True, "create")
    assert verbs(client) == ["get", "get", "get", "create"]


def test_what_came_again_by_itself_is_compared() -> None:
    client = LeavingClient(looks=1, then=with_annotation(SERVICE))
    assert module.Applier(client).apply(SERVICE)["method"] == "unchanged"
    assert verbs(client) == ["get", "get"]


def test_what_is_being_deleted_for_long_is_refused() -> None:
    client = LeavingClient(looks=99)
    with pytest.raises(module.RefusedError, match=r"deleted since 2026-11-22T17:00:00Z.*finalizers: a/lb, b\)"):
        module.Applier(client).apply(SERVICE)
    assert verbs(client) == ["get"] * (module.LOOKS + 1)


def test_check_mode_does_not_wait_for_what_is_being_deleted() -> None:
    client = LeavingClient(looks=99)
    outcome = module.Applier(client, check_mode=True).apply(SERVICE)
    assert (outcome["changed"], outcome["method"], verbs(client)) == (True, "create", ["get"])


def test_a_secret_is_kept_in_no_annotation_and_shown_in_no_difference() -> None:
    client = Client(kinds=("Secret",))
    outcome = module.Applier(client).apply({**SECRET, "data": {**SECRET["data"], "gone": None}})
    assert client.sent[1] == ("create", SECRET)
    assert (outcome["changed"], outcome["method"]) == (True, "create")
    assert outcome["result"] == SECRET
    assert "c2VjcmV0" not in str(outcome["diff"])


@pytest.mark.parametrize(
    ("wanted", "patch"),
    [
        ({"password": "c2VjcmV0"}, None),
        ({"password": "b3RoZXI="}, {"password": "b3RoZXI="}),
        ({"more": ""}, {"more": ""}),
        ({"mine": None}, {"mine": None}),
        ({"gone": None}, None),
    ],
)
def test_a_secret_is_merged(wanted: dict[str, Any], patch: Any) -> None:
    there = {**SECRET, "data": {**SECRET["data"], "mine": "bWluZQ=="}}
    client = Client(there, kinds=("Secret",))
    outcome = module.Applier(client).apply({**SECRET, "data": wanted})
    assert outcome["changed"] == (patch is not None)
    assert client.sent[1:] == ([("patch", {"data": patch})] if patch else [])
    assert "b3RoZXI=" not in str(outcome["diff"])


def test_a_namespace_keeps_what_somebody_else_applied() -> None:
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "x"}}
    there = with_annotation({**namespace, "metadata": {"name": "x", "labels": {"team": "a"}}})
    client = Client(there, kinds=("Namespace",))
    assert module.Applier(client).apply(namespace)["method"] == "unchanged"
    assert verbs(client) == ["get"]


@pytest.mark.parametrize("failure", [error(ServiceUnavailableError, 503), ProtocolError("reset")])
def test_tries_again_where_the_api_is_away(failure: Exception) -> None:
    client = Client(with_annotation(SERVICE), failures=(failure, failure, None))
    assert not module.Applier(client).apply(SERVICE)["changed"]
    assert verbs(client) == ["get"] * 3


@pytest.mark.parametrize(
    ("failures", "requests"),
    [
        pytest.param([error(ServiceUnavailableError, 503)] * 9, 4, id="away for long"),
        pytest.param([ProtocolError("reset")] * 9, 4, id="no connection for long"),
        pytest.param([error(ForbiddenError, 403)] * 9, 1, id="forbidden"),
        pytest.param([error(InternalServerError, 500, "failed calling webhook x")] * 9, 1, id="a webhook is away"),
    ],
)
def test_gives_up(failures: list[Exception], requests: int) -> None:
    client = Client(failures=tuple(failures))
    with pytest.raises(type(failures[0])):
        module.Applier(client).apply(SERVICE)
    assert len(client.sent) == requests


@pytest.mark.parametrize(
    ("definition", "words"),
    [
        ({"kind": "Service", "metadata": {"name": "x"}}, "needs apiVersion, kind and metadata.name"),
        ({"apiVersion": "v1", "kind": "Service", "metadata": {}}, "needs apiVersion, kind and metadata.name"),
        ({**SECRET, "stringData": {"a": "b"}}, "give `data` in place of `stringData`"),
        (
            {"apiVersion": "a.b/v1", "kind": "Cluster", "metadata": {"name": "x"}},
            "has no kind Cluster of a.b/v1: install",
        ),
    ],
)
def test_refuses(definition: dict[str, Any], words: str) -> None:
    with pytest.raises(module.RefusedError, match=words):
        module.Applier(Client()).apply(definition)


class Module:
    """As much of AnsibleModule as `run` uses."""

    def __init__(self, *definitions: dict[str, Any], diff: bool = False, only_own: bool = False):
        self.params = {"definition": list(definitions), "only_own": only_own}
        self._diff = diff

    def exit_json(self, **result: Any) -> None:
        self.result = result
        raise SystemExit

    def fail_json(self, **result: Any) -> None:
        self.exit_json(failed=True, **result)


def outcome(client: Client, *definitions: dict[str, Any], diff: bool = False, only_own: bool = False) -> dict[str, Any]:
    ran = Module(*definitions, diff=diff, only_own=only_own)
    with pytest.raises(SystemExit):
        module.run(ran, module.Applier(client))
    return ran.result


def test_results_in_order_and_one_difference() -> None:
    other = {**SERVICE, "metadata": {"name": "y", "namespace": "demo"}}
    found = outcome(Client(with_annotation(SERVICE)), SERVICE, other, diff=True)
    assert found["changed"]
    assert [item["method"] for item in found["result"]["results"]] == ["unchanged", "create"]
    assert list(found["diff"]["after"]) == ["Service/demo/y"]
    assert "diff" not in outcome(Client(), SERVICE)


def test_a_refusal_names_the_object_and_says_what_was_done_before() -> None:
    client = Client(with_annotation(SERVICE), failures=(None, error(ForbiddenError, 403, "you may not")))
    found = outcome(client, SERVICE, {**SERVICE, "metadata": {"name": "y", "namespace": "demo"}})
    assert found["failed"]
    assert found["msg"] == "Service/demo/y: you may not"
    assert [item["method"] for item in found["result"]["results"]] == ["unchanged"]


def test_a_refusal_does_not_repeat_the_object() -> None:
    message = '"x" is invalid: patch: Invalid value: "{…}": strict decoding error: unknown field "spec.instancs"'
    found = outcome(Client(failures=(error(ForbiddenError, 422, message),)), SERVICE)
    assert found["msg"] == 'Service/demo/x: strict decoding error: unknown field "spec.instancs"'
    found = outcome(Client(failures=(error(ForbiddenError, 422, "x" * 9000),)), SERVICE)
    assert len(found["msg"]) < 2000


def owned(name: str, kind: str = "Service", by: str = "pgha.kubernetes") -> dict[str, Any]:
    return {
        **SERVICE,
        "kind": kind,
        "metadata": {"name": name, "namespace": "demo", "labels": {module.OWNER_LABEL: by}},
    }


@pytest.mark.parametrize("labels", [None, {}, {module.OWNER_LABEL: "Helm"}])
def test_what_something_else_made_is_refused_before_anything_is_written(labels: Any) -> None:
    theirs = {**owned("y"), "metadata": {"name": "y", "namespace": "demo", "labels": labels}}
    found = outcome(Client(theirs), owned("x"), owned("y"), only_own=True)
    assert found["failed"]
    assert found["msg"].startswith("Service/demo/y: something else made it")
    assert f"{module.OWNER_LABEL}=pgha.kubernetes" in found["msg"]
    assert found["result"] == {"results": []}


@pytest.mark.parametrize(("there", "wanted", "fine"), [("db", "db", True), ("db-pgpool", "db", False),
                                                      (None, "db", True), ("db-pgpool", None, True)])  # fmt: skip
def test_what_another_cluster_has_is_refused_before_anything_is_written(there: Any, wanted: Any, fine: bool) -> None:
    def of(cluster: Any) -> dict[str, Any]:
        made = owned("db-pgpool-stats")
        made["metadata"]["labels"] |= {module.CLUSTER_LABEL: cluster} if cluster else {}
        return made

    found = outcome(Client(with_annotation(of(there))), owned("x"), of(wanted), only_own=True)
    assert found.get("failed", False) is not fine
    if not fine:
        words = "Service/demo/db-pgpool-stats: it belongs to the PostgreSQL cluster db-pgpool, as its label pgha."
        assert found["msg"].startswith(words)
        assert found["result"] == {"results": []}


def test_what_an_override_calls_otherwise_stays_ours() -> None:
    there = with_annotation({**owned("x"), "spec": {"a": 2}})
    found = outcome(Client(there), owned("x", by="flux"), only_own=True)
    assert [item["method"] for item in found["result"]["results"]] == ["patch"]


def test_what_is_ours_is_read_once() -> None:
    client = Client(with_annotation(owned("x")))
    found = outcome(client, owned("x"), owned("y"), only_own=True)
    assert [item["method"] for item in found["result"]["results"]] == ["unchanged", "create"]
    assert verbs(client) == ["get", "get", "create"]


def test_a_namespace_and_what_has_no_such_label_are_nobodys() -> None:
    namespace = {**owned("x", "Namespace"), "spec": {}}
    there = {**namespace, "metadata": {"name": "x"}}
    found = outcome(Client(there, SERVICE, kinds=("Namespace", "Service")), namespace, SERVICE, only_own=True)
    assert [item["method"] for item in found["result"]["results"]] == ["patch", "patch"]


def test_what_is_being_deleted_is_nobodys_any_longer() -> None:
    client = LeavingClient(looks=2)
    assert outcome(client, owned("x"), only_own=True)["result"]["results"][0]["method"] == "create"


def test_a_kind_that_is_not_there_is_told_by_apply() -> None:
    found = outcome(Client(), owned("x", "Cluster"), only_own=True)
    assert found["msg"] == "Cluster/demo/x: the Kubernetes API has no kind Cluster of v1: install what brings it first"
