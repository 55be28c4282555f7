"""Advisories: what a record says, and which releases it affects."""

from __future__ import annotations

from typing import Any

import pytest

from lockstep.core.advisories import (
    Advisory,
    Finding,
    fixes,
    matching,
    read_advisories,
    read_of_index,
    releases,
)
from lockstep.core.errors import LockstepError
from lockstep.core.lock import Pin

RECORD = {
    "id": "PYSEC-2024-60",
    "aliases": ["CVE-2024-3651"],
    "summary": "Some names take\n long to encode.",
    "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N"}],
    "references": [
        {"type": "WEB", "url": "https://a.example"},
        {"type": "ADVISORY", "url": "https://b.example"},
    ],
    "affected": [
        {
            "package": {"ecosystem": "PyPI", "name": "Idna"},
            "ranges": [
                {"type": "GIT", "events": [{"introduced": "0"}, {"fixed": "abcdef"}]},
                {"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "3.7"}]},
            ],
            "versions": ["3.6"],
        },
        {"package": {"ecosystem": "npm", "name": "idna"}, "versions": ["9"]},
    ],
}


def advisory(*events: dict[str, str], versions: tuple[str, ...] = ()) -> Advisory:
    affected = {
        "package": {"ecosystem": "PyPI", "name": "a"},
        "ranges": [{"type": "ECOSYSTEM", "events": list(events)}],
        "versions": list(versions),
    }
    (found,) = read_advisories({"id": "X-1", "affected": [affected]}, "x.json")
    return found


def test_a_record() -> None:
    (found,) = read_advisories(RECORD, "x.json")
    assert (found.id, found.aliases, found.project) == (
        *("PYSEC-2024-60", ("CVE-2024-3651",)),
        "idna",
    )
    assert (found.summary, found.severity, found.url) == (
        *("Some names take long to encode.", "CVSS:3.1/AV:N"),
        "https://b.example",
    )
    assert [found.affects(v) for v in ("0.1", "3.6", "3.7rc1", "3.7", "9")] == [
        *(True, True, True, False),
        False,
    ]
    assert found.fix_of("3.6") == "3.7"


def test_a_word_for_the_severity_is_better_than_a_vector() -> None:
    (found,) = read_advisories({**RECORD, "database_specific": {"severity": "high"}}, "x.json")
    assert found.severity == "HIGH"


@pytest.mark.parametrize("changed", [{"withdrawn": "2024-05-01T00:00:00Z"}, {"affected": None}])
def test_a_record_that_says_nothing(changed: dict[str, Any]) -> None:
    assert read_advisories({**RECORD, **changed}, "x.json") == ()


@pytest.mark.parametrize("document", [None, [], {"affected": []}, {"id": 3}])
def test_what_is_no_record(document: object) -> None:
    with pytest.raises(LockstepError) as raised:
        read_advisories(document, "x.json")
    assert str(raised.value) == (
        "x.json is no record of an advisory in OSV format: it has no `id`. Take the file out of the"
        " folder of advisories, or fetch it anew."
    )


@pytest.mark.parametrize(
    "events,affected,not_affected,fix",
    [
        (({"introduced": "0"},), ("0.0.1", "99"), (), ""),
        (({"introduced": "1.0"}, {"fixed": "1.5"}), ("1.0", "1.4.9"), ("0.9", "1.5"), "1.5"),
        (({"fixed": "1.5"}, {"introduced": "1.0"}), ("1.0", "1.4.9"), ("0.9", "1.5"), "1.5"),
        (({"introduced": "0"}, {"last_affected": "1.5"}), ("1.5",), ("1.5.1",), ""),
        (
            (
                *({"introduced": "0"}, {"fixed": "1.5"}),
                *({"introduced": "2.0"}, {"fixed": "2.3"}),
            ),
            ("1.4", "2.0"),
            ("1.5", "1.9", "2.3"),
            "1.5",
        ),
        (({"introduced": "0"}, {"fixed": "not a version"}), ("99",), (), ""),
    ],
)
def test_ranges(
    events: tuple[dict[str, str], ...],
    affected: tuple[str, ...],
    not_affected: tuple[str, ...],
    fix: str,
) -> None:
    found = advisory(*events)
    assert [v for v in (*affected, *not_affected) if found.affects(v)] == list(affected)
    assert found.fix_of(affected[0]) == fix


def test_a_fix_of_an_older_line_is_none_for_a_newer_one() -> None:
    found = advisory(
        *({"introduced": "0"}, {"fixed": "1.5"}),
        *({"introduced": "2.0"}, {"fixed": "2.3"}),
    )
    assert (found.fix_of("1.0"), found.fix_of("2.1")) == ("1.5", "2.3")


def test_versions_alone() -> None:
    found = advisory(versions=("1.0", "weird"))
    assert [found.affects(v) for v in ("1.0", "1.0.0", "1.1")] == [True, True, False]


PINS = (Pin("A", "1.0"), Pin("b", "1.0"), Pin("b", "2.0", marker="x"), Pin("c", None, url="u"))


def test_pins_are_matched_and_records_of_one_fault_told_once() -> None:
    one = Advisory("GHSA-1", ("CVE-1",), "a", versions=("1.0",), severity="CVSS:3.1/AV:N")
    same = Advisory("PYSEC-1", ("CVE-1",), "a", versions=("1.0",), severity="HIGH", summary="s")
    other = Advisory("PYSEC-2", (), "b", versions=("2.0",))
    elsewhere = Advisory("PYSEC-3", (), "c", versions=("1.0",))
    found = matching([elsewhere, other, same, one], PINS)
    assert [(f.pin.requirement, f.advisory.id, f.advisory.aliases) for f in found] == [
        ("A==1.0", "GHSA-1", ("CVE-1", "PYSEC-1")),
        ("b==2.0 ; x", "PYSEC-2", ()),
    ]
    assert (found[0].advisory.severity, found[0].advisory.summary) == ("HIGH", "s")


def test_what_fixes_may_be_younger() -> None:
    ranged = advisory({"introduced": "0"}, {"fixed": "1.5"})
    later = advisory({"introduced": "0"}, {"fixed": "1.6"})
    found = [Finding(ranged, Pin("a", "1.0")), Finding(later, Pin("a", "1.0"))]
    unfixed = Finding(Advisory("Y", (), "b", versions=("1.0",)), Pin("b", "1.0"))
    assert fixes([*found, unfixed]) == ("a<=1.6",)
    assert fixes(found, ["b"]) == ()


OF_INDEX = {
    "info": {"name": "idna"},
    "vulnerabilities": [
        {
            "id": "PYSEC-2024-60",
            "aliases": ["CVE-2024-3651"],
            "details": "Long.",
            "fixed_in": ["2.9", "3.7", "4.0"],
            "link": "https://b.example",
            "summary": "Some names take\n long to encode.",
            "withdrawn": None,
        },
        {"id": "PYSEC-2024-61", "summary": None, "fixed_in": []},
        {"id": "PYSEC-2024-62", "withdrawn": "2024-05-01T00:00:00Z"},
    ],
}


def test_what_an_index_tells_of_a_release() -> None:
    first, second = read_of_index(OF_INDEX, "idna", "3.6")
    assert (first.names, first.summary, first.url) == (
        ("PYSEC-2024-60", "CVE-2024-3651"),
        "Some names take long to encode.",
        "https://b.example",
    )
    assert [first.fix_of("3.6"), second.fix_of("3.6")] == ["3.7", ""]
    pin = Pin("Idna", "3.6")
    assert matching([first, second], [pin]) == (Finding(first, pin), Finding(second, pin))


@pytest.mark.parametrize(
    "document", [{}, [], None, {"vulnerabilities": {}}, {"vulnerabilities": [{"summary": "x"}]}]
)
def test_an_index_that_tells_no_vulnerabilities_is_refused(document: object) -> None:
    with pytest.raises(LockstepError) as caught:
        read_of_index(document, "idna", "3.6")
    assert str(caught.value) == (
        "What the index tells of `idna==3.6` holds no list of `vulnerabilities`. Name an index in"
        " `[lockstep].advisories` that offers them, or a folder of records."
    )


def test_releases_of_pins() -> None:
    pins = [Pin("B", "2.0"), Pin("a", "1.0"), Pin("b", "2.0"), Pin("c", None, url="https://x")]
    assert releases(pins) == (("a", "1.0"), ("b", "2.0"))
