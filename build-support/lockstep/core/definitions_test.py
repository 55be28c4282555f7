from __future__ import annotations

from typing import Any, Mapping

from lockstep.core.definitions import compare


def test_only_what_differs_is_told() -> None:
    before: Mapping[str, tuple[str, Mapping[str, Any]]] = {
        "lib": ("python_sources", {"sources": ["*.py"], "tags": ["a"]}),
        "old": ("python_tests", {}),
        "same": ("resources", {"sources": ["x"]}),
        "turned": ("files", {"sources": ["x"]}),
        "tests": ("python_tests", {"timeout": 10}),
    }
    after: Mapping[str, tuple[str, Mapping[str, Any]]] = {
        "lib": ("python_sources", {"sources": ["*.py"], "tags": ["b"], "description": "text"}),
        "new": ("python_tests", {}),
        "same": ("resources", {"sources": ["x"]}),
        "turned": ("resources", {"sources": ["x"]}),
        "tests": ("python_tests", {"extra_env_vars": ["A=1"]}),
    }
    found = {change.name: (change.fields, str(change)) for change in compare(before, after)}
    assert found == {
        "new": ((), "new"),
        "old": ((), "removed"),
        "tests": (("extra_env_vars", "timeout"), "extra_env_vars, timeout changed"),
        "turned": ((), "files is resources now"),
    }
    assert list(compare(before, before)) == []
