"""Versions and provenance of deployables."""

from __future__ import annotations

import json
import re
import pytest

from lockstep.core.deployables import (
    Deployable,
    Sources,
    Wheel,
    check_portable,
    check_scripts,
    is_dirty,
    no_wheels,
    provenance,
    source_digest,
    subjects_of,
    version_of,
)
from lockstep.core.errors import LockstepError
from lockstep.core.procfile import parse_procfile

DEPLOYABLE = Deployable(
    "index",
    parse_procfile("web: python -m index --port $PORT\nwork: gunicorn index\n", "Procfile"),
    {"PORT": "8000"},
    "/healthz",
    "3.11",
)
SLICE, CODE = 64 * "a", 64 * "b"


def test_the_document_that_starts_it() -> None:
    assert json.loads(DEPLOYABLE.document()) == {
        "name": "index",
        "processes": {
            "web": ["python", "-m", "index", "--port", "$PORT"],
            "work": ["gunicorn", "index"],
        },
        "default": "web",
        "environment": {"PORT": "8000"},
        "health": "/healthz",
        "python": "3.11",
    }


@pytest.mark.parametrize(
    ("sources", "expected"),
    [
        (Sources("c", "v1.2", False), "v1.2-saaaaaaaaaaaa-cbbbbbbbbbbbb"),
        (Sources("c", "v1.2-3-gabc", True), "v1.2-3-gabc-saaaaaaaaaaaa-cbbbbbbbbbbbb-dirty"),
        (Sources("c", "release/1 ü+2", False), "release-1-2-saaaaaaaaaaaa-cbbbbbbbbbbbb"),
        (Sources("", "", True), "unversioned-saaaaaaaaaaaa-cbbbbbbbbbbbb-dirty"),
    ],
)
def test_versions_are_fit_for_files_and_tags(sources: Sources, expected: str) -> None:
    version = version_of(sources, SLICE, CODE)
    assert version == expected
    assert re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}", version)  # a tag of OCI
    assert is_dirty(version) == sources.dirty


def test_the_digest_of_the_code_follows_all_of_it() -> None:
    digests = {source_digest(*given) for given in [("a", "x"), ("b", "x"), ("a", "y"), ("a", "")]}
    assert len(digests) == 4


def test_a_provenance_tells_what_it_was_told() -> None:
    text = provenance({"b": "2", "a": "1"}, {"target": "x:y"}, [{"name": "slice"}])
    assert dict(subjects_of(text)) == {"a": "1", "b": "2"}
    document = json.loads(text)
    assert document["_type"] == "https://in-toto.io/Statement/v1"
    assert document["predicateType"] == "https://slsa.dev/provenance/v1"
    assert document["predicate"]["buildDefinition"] == {
        "buildType": "urn:lockstep:deployable:1",
        "externalParameters": {"target": "x:y"},
        "resolvedDependencies": [{"name": "slice"}],
    }


@pytest.mark.parametrize("text", ["", "[]", "{}", "3", '{"_type": "x", "predicateType": "y"}'])
def test_what_is_no_provenance(text: str) -> None:
    with pytest.raises(ValueError):
        subjects_of(text)


def _wheel(name: str, *scripts: str, of_this_machine: bool = False) -> Wheel:
    return Wheel(name, "1.0", None, scripts, of_this_machine)


def test_what_would_need_a_compiler_is_refused_by_name() -> None:
    wheels = [_wheel("Plain"), _wheel("Na.tive", of_this_machine=True)]
    check_portable("index", wheels, ["na-tive"])
    with pytest.raises(LockstepError) as raised:
        check_portable("index", wheels, ["plain"])
    assert str(raised.value) == (
        "Na.tive==1.0 of index would need a compiler on the host: there is no wheel, so it was built"
        " from source, for this machine alone. Name it in the field `built_here` if the hosts are like"
        " this machine, or upload a wheel to the index and run `./pants lock`."
    )


def test_a_process_starts_what_its_slice_has() -> None:
    check_scripts(DEPLOYABLE, [_wheel("gunicorn", "gunicorn")])
    with pytest.raises(LockstepError) as raised:
        check_scripts(DEPLOYABLE, [_wheel("uvicorn", "uvicorn")])
    assert str(raised.value) == (
        "The process `work` of index starts `gunicorn`, which is no console script of its slice. State"
        " the project that has it as a requirement and name that in the target's `dependencies`, or"
        " start a module by `python -m`."
    )


def test_a_pin_without_a_wheel_for_other_hosts_is_named() -> None:
    told = "No pre-built wheel was available for idna 3.20.\nSuccessfully built"
    assert str(no_wheels("index", ["platforms-1/x/mac.json"], told)) == (
        "idna 3.20 of index has no wheel for mac.json, and hosts have no compiler. Build a wheel there"
        f" and upload it to the index, then run `./pants lock`.\n{told}"
    )
    assert str(no_wheels("index", [], "no network")) == (
        "The slice of index cannot be installed. See to what is told below.\nno network"
    )
