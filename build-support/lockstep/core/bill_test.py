from __future__ import annotations

import json

from lockstep.core.bill import bill_document
from lockstep.core.deployables import Wheel
from lockstep.core.lock import Pin

PINS = [
    Pin("Flask", "3.0", ("sha256:ff", "md5:1", "sha256:aa"), ("-r app.in",)),
    Pin("jinja2", "3.1", ("sha256:11",), ("flask",), marker="sys_platform == 'linux'"),
    Pin("jinja2", "3.0", ("sha256:00",), ("flask",), marker="sys_platform == 'darwin'"),
    Pin("direct", None, ("sha256:dd",), ("flask", "jinja2"), url="https://index.example/d.whl"),
    Pin("pytest", "9.0", ("sha256:99",), ("-r test.in",)),
]
WHEELS = [
    Wheel("Jinja2", "3.1.0", "BSD-3-Clause", (), False),
    Wheel("flask", "3.0", None, ("flask",), False),
    Wheel("direct", "1.2", None, (), False),
]


def test_a_bill_tells_what_is_inside_and_who_requires_whom() -> None:
    assert json.loads(bill_document("index", "v1", WHEELS, PINS)) == {
        "name": "index",
        "version": "v1",
        "components": [
            _component("direct", "1.2", None, ["dd"], []),
            _component("flask", "3.0", None, ["aa", "ff"], ["direct", "jinja2"]),
            _component("jinja2", "3.1.0", "BSD-3-Clause", ["11"], ["direct"]),
        ],
    }


def test_an_empty_slice() -> None:
    assert json.loads(bill_document("index", "v1", [], PINS))["components"] == []


def _component(
    name: str, version: str, spdx: str | None, hashes: list[str], requires: list[str]
) -> dict[str, object]:
    told = {"name": name, "version": version, "license": spdx}
    return {**told, "hashes": hashes, "requires": requires}
