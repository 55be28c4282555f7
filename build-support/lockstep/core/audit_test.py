"""What an audit tells, word by word."""

from __future__ import annotations

import json
from datetime import date

import pytest

from lockstep.core.advisories import Advisory, Finding, Range
from lockstep.core.audit import (
    Audited,
    Exemption,
    as_json,
    as_sarif,
    as_text,
    exempted,
    read_exemptions,
    unneeded,
)
from lockstep.core.errors import LockstepError
from lockstep.core.lock import Pin
from packaging.version import Version

TODAY = date(2026, 11, 28)
IDNA = Finding(
    Advisory(
        *("PYSEC-2024-60", ("CVE-2024-3651",), "idna", (Range(None, Version("3.7")),)),
        summary="Some names take long.",
        severity="HIGH",
        url="https://b.example",
    ),
    Pin("idna", "3.6", line=12),
)
SIX = Finding(Advisory("X-1", (), "six", versions=("1.16",)), Pin("six", "1.16", line=20))
LATER = Exemption("CVE-2024-3651", "no untrusted names", date(2026, 12, 31))
EXPIRED = Exemption("X-1", "soon", TODAY)
AUDITED = (
    Audited(IDNA, ("requests", "-r a.in"), ("a:a", "b:b"), LATER),
    Audited(SIX, (), ("a:a",), EXPIRED),
)


def test_as_text() -> None:
    assert as_text("lock.txt", AUDITED, TODAY) == (
        "lock.txt: 2 advisories affect its pins\n"
        "  idna 3.6  PYSEC-2024-60 (CVE-2024-3651)  HIGH\n"
        "    Some names take long.\n"
        "    https://b.example\n"
        "    reaches 2 targets, by requests, -r a.in\n"
        "    fixed in 3.7: `./pants lock --upgrade-package=idna==3.7`\n"
        "    accepted until 2026-12-31: no untrusted names\n"
        "  six 1.16  X-1\n"
        "    reaches 1 target, by nothing\n"
        "    no release is known to be fixed\n"
        "    the exception expired on 2026-11-28: soon\n"
    )
    assert as_text("lock.txt", (), TODAY) == "lock.txt: no advisory affects its pins.\n"


def test_what_is_accepted_is_not_open_until_it_expires() -> None:
    assert [one.is_open(TODAY) for one in AUDITED] == [False, True]
    assert Audited(SIX, (), ()).is_open(TODAY)


def test_as_json() -> None:
    assert json.loads(as_json([("lock.txt", AUDITED[:1])], TODAY)) == {
        "schema": 1,
        "locks": [
            {
                "lock": "lock.txt",
                "advisories": [
                    {
                        "id": "PYSEC-2024-60",
                        "aliases": ["CVE-2024-3651"],
                        "project": "idna",
                        "version": "3.6",
                        "marker": None,
                        "severity": "HIGH",
                        "summary": "Some names take long.",
                        "url": "https://b.example",
                        "fixed": "3.7",
                        "required_by": ["requests", "-r a.in"],
                        "targets": ["a:a", "b:b"],
                        "open": False,
                        "exception": {"reason": "no untrusted names", "expires": "2026-12-31"},
                    }
                ],
            }
        ],
    }


def test_as_sarif() -> None:
    document = json.loads(as_sarif([("lock.txt", AUDITED)], TODAY))
    (run,) = document["runs"]
    assert document["version"] == "2.1.0"
    assert run["tool"]["driver"] == {
        "name": "Lockstep",
        "rules": [
            {
                "id": "PYSEC-2024-60",
                "shortDescription": {"text": "Some names take long."},
                "helpUri": "https://b.example",
            },
            {"id": "X-1", "shortDescription": {"text": "X-1"}},
        ],
    }
    where = {"artifactLocation": {"uri": "lock.txt"}, "region": {"startLine": 12}}
    assert run["results"][0] == {
        "ruleId": "PYSEC-2024-60",
        "level": "error",
        "message": {
            "text": "idna 3.6: Some names take long. Fixed in 3.7: `./pants lock"
            " --upgrade-package=idna==3.7`."
        },
        "locations": [{"physicalLocation": where}],
        "suppressions": [{"kind": "external", "justification": "no untrusted names"}],
    }
    assert "suppressions" not in run["results"][1]


def test_exceptions_are_read() -> None:
    stated = {"X-1": {"reason": " soon ", "expires": "2026-11-28"}}
    assert read_exemptions(stated) == (EXPIRED,)
    assert exempted((EXPIRED, LATER), IDNA) == LATER
    assert exempted((EXPIRED,), IDNA) is None
    assert unneeded((EXPIRED, LATER), AUDITED[:1]) == ("X-1",)


@pytest.mark.parametrize(
    "stated",
    [
        "soon",
        {},
        {"reason": "soon"},
        {"reason": " ", "expires": "2026-11-28"},
        {"reason": "soon", "expires": "never"},
    ],
)
def test_an_exception_without_reason_or_end_is_none(stated: object) -> None:
    with pytest.raises(LockstepError) as raised:
        read_exemptions({"X-1": stated})
    assert str(raised.value) == (
        "The exception for `X-1` in `[audit].exceptions` tells no reason, or no day on which it"
        ' expires. Write it as `{reason = "…", expires = "2026-12-31"}`.'
    )
