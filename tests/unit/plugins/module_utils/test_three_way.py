# Copyright: (c) 2026, the pgha.kubernetes authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The three-way merge: what is wanted, what was applied last, what is there."""

from __future__ import annotations

import copy
import json
import zlib
from base64 import b64encode
from typing import Any

import pytest
from ansible_collections.pgha.kubernetes.plugins.module_utils.three_way import (
    ANNOTATION,
    PACKED_ANNOTATION,
    last_applied,
    patch_for,
    patched,
    with_annotation,
)
from hypothesis import given
from hypothesis import strategies as st

CUSTOM, OWN = "postgresql.cnpg.io/v1", "v1"


def manifest(spec: Any, api: str = CUSTOM) -> dict[str, Any]:
    return {"apiVersion": api, "kind": "X", "metadata": {"name": "x"}, "spec": copy.deepcopy(spec)}


def applied(spec: Any, there: Any = None, api: str = CUSTOM) -> dict[str, Any]:
    """Return an object that was applied with one spec and now has another."""
    made = with_annotation(manifest(spec, api))
    made["spec"] = copy.deepcopy(spec if there is None else there)
    made["metadata"]["uid"] = "1"
    made["status"] = {"phase": "fine"}
    return made


def patch(wanted: Any, there: dict[str, Any], api: str = CUSTOM) -> Any:
    """Return the patch of the spec, and check that the annotation goes with it."""
    found = patch_for(manifest(wanted, api), there)
    if found:
        annotation = found["metadata"]["annotations"][ANNOTATION]
        assert json.loads(annotation) == manifest(wanted, api)
    return found.get("spec")


@pytest.mark.parametrize(
    ("last", "there"),
    [
        pytest.param({"a": 1}, {"a": 1}, id="the same"),
        pytest.param({"a": 1}, {"a": 1, "b": 2}, id="the API filled in a field"),
        pytest.param({"a": {"b": 1}}, {"a": {"b": 1, "c": 2}}, id="the API filled in a nested field"),
        pytest.param({"a": [1, 2]}, {"a": [1, 2]}, id="a plain list"),
        pytest.param({"a": [{"name": "x"}]}, {"a": [{"name": "x", "more": 1}]}, id="filled in an item"),
        pytest.param({"a": [{"x": 1}]}, {"a": [{"x": 1, "more": 1}]}, id="filled in an item without a name"),
        pytest.param(
            {"a": [{"name": "x", "b": [{"key": 1}]}]}, {"a": [{"name": "x", "b": [{"key": 1, "c": 2}]}]}, id="deep"
        ),
        pytest.param({"a": {}, "b": [], "c": None, "d": {"e": {}}, "f": ""}, {}, id="the API leaves out what is empty"),
    ],
)
@pytest.mark.parametrize("api", [CUSTOM, OWN])
def test_nothing_to_do(last: Any, there: Any, api: str) -> None:
    assert patch_for(manifest(last, api), applied(last, there, api)) == {}


@pytest.mark.parametrize(
    ("last", "there", "wanted", "change"),
    [
        pytest.param({"a": 1}, None, {"a": 2}, {"a": 2}, id="changed"),
        pytest.param({"a": 1}, None, {"a": 1, "b": {"c": 1}}, {"b": {"c": 1}}, id="new"),
        pytest.param({"a": 1, "b": 1}, None, {"a": 1}, {"b": None}, id="not wanted any more"),
        pytest.param({"a": 1, "b": 1}, {"a": 1}, {"a": 1}, None, id="not wanted any more, gone already"),
        pytest.param(
            {"a": {"b": 1, "c": 1}}, None, {"a": {"c": 1}}, {"a": {"b": None}}, id="nested, not wanted any more"
        ),
        pytest.param({"a": 1}, {"a": 5}, {"a": 1}, {"a": 1}, id="drift"),
        pytest.param({"a": 1}, {"a": True}, {"a": 1}, {"a": 1}, id="true is not 1"),
        pytest.param({"a": 1}, {"a": {"b": 1}}, {"a": 1}, {"a": 1}, id="another type"),
        pytest.param({"a": 1}, {}, {"a": 1}, {"a": 1}, id="gone"),
        pytest.param({}, None, {"nodeSelector": {"k": ""}}, {"nodeSelector": {"k": ""}}, id="an empty text"),
        pytest.param({"labels": {"k": ""}}, {"labels": {}}, {"labels": {"k": ""}}, {"labels": {"k": ""}}, id="lost"),
        pytest.param({"data": {"f": "1"}}, None, {"data": {"f": ""}}, {"data": {"f": ""}}, id="a text emptied"),
        pytest.param({}, None, {"a": {}, "b": ""}, {"a": {}, "b": ""}, id="what is empty, once"),
        pytest.param({}, None, {"parameters": {"p": ""}}, {"parameters": {"p": ""}}, id="an empty parameter"),
        pytest.param(
            {"parameters": {"p": ""}},
            {"parameters": {}},
            {"parameters": {"p": ""}},
            {"parameters": {"p": ""}},
            id="lost, too",
        ),
        pytest.param(
            {"from": [{"podSelector": {"x": 1}}]},
            None,
            {"from": [{"podSelector": {"x": 1}, "namespaceSelector": {}}]},
            {"from": [{"podSelector": {"x": 1}, "namespaceSelector": {}}]},
            id="all namespaces",
        ),
        pytest.param({"a": None}, {}, {"a": {"b": ""}}, {"a": {"b": ""}}, id="empty, where null was applied"),
        pytest.param({"a": [1]}, None, {"a": [1, 2]}, {"a": [1, 2]}, id="a plain list changed"),
        pytest.param({"a": [1]}, None, {"a": []}, {"a": []}, id="a list emptied"),
        pytest.param({"a": [{"name": "x"}]}, None, {}, {"a": None}, id="a list not wanted any more"),
        pytest.param(
            {"a": [{"x": 1}]},
            {"a": [{"x": 1, "more": 1}]},
            {"a": [{"x": 2}]},
            {"a": [{"x": 2}]},
            id="an item without a name",
        ),
        pytest.param(
            {"a": [{"name": "x", "v": 1}, {"name": "y", "v": 1}]},
            {"a": [{"name": "x", "v": 1, "more": 1}, {"name": "y", "v": 1, "more": 2}]},
            {"a": [{"name": "x", "v": 1}, {"name": "y", "v": 2}]},
            {"a": [{"name": "x", "v": 1, "more": 1}, {"name": "y", "v": 2, "more": 2}]},
            id="an item changed, the rest as the API filled it in",
        ),
        pytest.param(
            {"a": [{"name": "x", "v": 1, "w": 1}]},
            {"a": [{"name": "x", "v": 1, "w": 1, "more": 1}]},
            {"a": [{"name": "x", "v": 1}]},
            {"a": [{"name": "x", "v": 1, "more": 1}]},
            id="a field of an item not wanted any more",
        ),
        pytest.param(
            {"a": [{"name": "x"}, {"name": "y"}]},
            None,
            {"a": [{"name": "y"}]},
            {"a": [{"name": "y"}]},
            id="an item gone",
        ),
        pytest.param(
            {"a": [{"name": "x"}, {"name": "y"}]},
            None,
            {"a": [{"name": "y"}, {"name": "x"}]},
            {"a": [{"name": "y"}, {"name": "x"}]},
            id="another order",
        ),
    ],
)
@pytest.mark.parametrize("api", [CUSTOM, OWN])
def test_change(last: Any, there: Any, wanted: Any, change: Any, api: str) -> None:
    assert patch(wanted, applied(last, there, api), api) == change


def test_items_of_others_stay_in_kinds_of_kubernetes_only() -> None:
    last, there = {"a": [{"name": "x"}]}, {"a": [{"name": "x"}, {"name": "theirs"}]}
    assert patch(last, applied(last, there, OWN), OWN) is None
    assert patch(last, applied(last, there, "policy/v1"), "policy/v1") is None
    assert patch(last, applied(last, there, CUSTOM)) == last
    wanted = {"a": [{"name": "x", "v": 1}]}
    assert patch(wanted, applied(last, there, OWN), OWN) == {"a": [{"name": "x", "v": 1}, {"name": "theirs"}]}


def test_an_object_that_something_else_made_gets_the_annotation_once() -> None:
    there = applied({"a": 1})
    del there["metadata"]["annotations"]
    found = patch_for(manifest({"a": 1}), there)
    assert list(found) == ["metadata"]
    there["metadata"]["annotations"] = found["metadata"]["annotations"]
    assert patch_for(manifest({"a": 1}), there) == {}


def test_a_broken_annotation_is_mended() -> None:
    there = applied({"a": 1})
    there["metadata"]["annotations"][ANNOTATION] = "{"
    assert list(patch_for(manifest({"a": 1}), there)) == ["metadata"]


def test_labels_and_annotations_of_others_stay() -> None:
    there = applied({"a": 1})
    there["metadata"]["labels"] = {"theirs": "x"}
    there["metadata"]["annotations"]["theirs"] = "x"
    wanted = manifest({"a": 1})
    wanted["metadata"]["labels"] = {"mine": "y"}
    found = patch_for(wanted, there)
    assert found["metadata"]["labels"] == {"mine": "y"}
    assert list(found["metadata"]["annotations"]) == [ANNOTATION]


def test_inputs_stay_as_they_are() -> None:
    wanted, there = (
        manifest({"a": [{"name": "x", "v": 2}]}),
        applied({"a": [{"name": "x", "v": 1}]}, {"a": [{"name": "x"}]}),
    )
    before = copy.deepcopy((wanted, there))
    patch_for(wanted, there)
    with_annotation(wanted)
    assert (wanted, there) == before


LONG = manifest({"users": [{"name": f"service_{number:05}", "limit": -1} for number in range(5000)]})
SHORT = manifest({"users": LONG["spec"]["users"][:2]})
LIMIT = 256 * 1024  # ValidateAnnotationsSize of Kubernetes' apimachinery: what the API takes of all annotations


@pytest.mark.parametrize(("wanted", "key"), [(SHORT, ANNOTATION), (LONG, PACKED_ANNOTATION)])
def test_what_was_applied_is_kept_whatever_its_length(wanted: dict[str, Any], key: str) -> None:
    there = with_annotation(wanted)
    assert list(there["metadata"]["annotations"]) == [key]
    assert len(there["metadata"]["annotations"][key]) < LIMIT / 2
    assert last_applied(there) == wanted
    assert patch_for(wanted, there) == {}


@pytest.mark.parametrize(("last", "wanted"), [(SHORT, LONG), (LONG, SHORT)])
def test_one_of_the_two_annotations_is_there(last: dict[str, Any], wanted: dict[str, Any]) -> None:
    there = with_annotation(last)
    (before,) = there["metadata"]["annotations"]
    left = patched(there, patch_for(wanted, there))
    assert before not in left["metadata"]["annotations"]
    assert (last_applied(left), patch_for(wanted, left)) == (wanted, {})


def test_a_long_manifest_in_kubectls_annotation_stays_there() -> None:
    """It is from a release that compressed none."""
    there = {**LONG, "metadata": {"name": "x", "annotations": {ANNOTATION: json.dumps(LONG)}}}
    assert patch_for(LONG, there) == {}


def test_what_kubectl_has_applied_since_counts() -> None:
    there = with_annotation(LONG)
    there["spec"] = SHORT["spec"]
    there["metadata"]["annotations"][ANNOTATION] = json.dumps(SHORT)
    assert last_applied(there) == SHORT
    assert patch_for(SHORT, there) == {}


@pytest.mark.parametrize("broken", ["x", "é", "e30=", "eJw="])
def test_a_broken_compressed_annotation_is_mended(broken: str) -> None:
    there = with_annotation(LONG)
    there["metadata"]["annotations"][PACKED_ANNOTATION] = broken
    assert last_applied(there) == {}
    assert patch_for(LONG, there) == {"metadata": {"annotations": with_annotation(LONG)["metadata"]["annotations"]}}


def test_no_more_is_unpacked_than_the_api_takes() -> None:
    """Whoever may write an annotation must not take the memory of who reads it."""
    there = manifest({})
    bomb = zlib.compress(b'{"spec": "' + b"x" * 50_000_000 + b'"}', 9)
    there["metadata"]["annotations"] = {PACKED_ANNOTATION: b64encode(bomb).decode()}
    assert last_applied(there) == {}


SPECS = st.recursive(
    st.booleans() | st.integers(-3, 3) | st.sampled_from(["", "a", "b"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["name", "a", "data"]), inner, max_size=3)
    ),
    max_leaves=12,
)


def merge_patch(there: Any, change: Any) -> Any:
    """RFC 7396, as the API does it."""
    if not isinstance(change, dict):
        return change
    result = dict(there) if isinstance(there, dict) else {}
    for key, value in change.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merge_patch(result.get(key), value)
    return result


@given(st.dictionaries(st.sampled_from("abc"), SPECS), st.dictionaries(st.sampled_from("abc"), SPECS))
def test_after_the_patch_there_is_nothing_to_do(last: Any, wanted: Any) -> None:
    for api in (CUSTOM, OWN):
        there = applied(last, api=api)
        changed = merge_patch(there, patch_for(manifest(wanted, api), there))
        assert patch_for(manifest(wanted, api), changed) == {}


def test_what_kubectl_has_applied_since_is_as_wanted() -> None:
    """It keeps `annotations: {}` of a manifest without annotations."""
    wanted = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "x"}, "spec": {"a": 1}}
    kept = {**wanted, "metadata": {"name": "x", "annotations": {}}}
    there = {**wanted, "metadata": {"name": "x", "annotations": {ANNOTATION: json.dumps(kept) + "\n"}}}
    assert patch_for(wanted, there) == {}


def test_annotations_of_others_stay_where_none_are_wanted_any_more() -> None:
    wanted = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "x"}}
    last = {**wanted, "metadata": {"name": "x", "annotations": {"ours": "1"}}}
    annotations = {"ours": "1", "theirs": "2", ANNOTATION: json.dumps(last)}
    patch = patch_for(wanted, {**wanted, "metadata": {"name": "x", "annotations": annotations}})
    assert patch["metadata"]["annotations"]["ours"] is None
    assert "theirs" not in patch["metadata"]["annotations"]
