from __future__ import annotations

import pytest

from lockstep.core.touched_modules import module_of, naming


@pytest.mark.parametrize(
    ("path", "module"),
    [
        ("a.py", "a"),
        ("a/b.pyi", "a.b"),
        ("a/__init__.py", "a"),
        ("__init__.py", None),
        ("a.txt", None),
        ("Makefile", None),
    ],
)
def test_modules_of_paths(path: str, module: str | None) -> None:
    assert module_of(path) == module


def test_an_import_names_a_module_or_something_in_it() -> None:
    assert naming(["os", "a.b"], {"a.b": False}) == "a.b"
    assert naming(["a.b.name"], {"a.b": False}) == "a.b"
    assert naming(["a.b.c.name"], {"a.b": False}) is None
    assert naming(["a.b.c.name"], {"a.b": True}) == "a.b"
    assert naming(["ab"], {"a": True}) is None
    assert naming([], {"a": True}) is None
