"""No import is missed: what the set-up reads from a file, beside what Python's own parser reads."""

from __future__ import annotations

import ast
import io
import os
import sysconfig
import tokenize
from pathlib import Path
from typing import Callable, Iterator, Mapping

import pytest
from pants.backend.python.dependency_inference.parse_python_dependencies import (
    ParsedPythonDependencies,
    ParsePythonDependenciesRequest,
)
from pants.backend.python.target_types import PythonSourceField
from pants.backend.python.util_rules.interpreter_constraints import InterpreterConstraints
from pants.engine.addresses import Address
from pants.testutil.rule_runner import QueryRule, RuleRunner

STANDARD_LIBRARY = Path(sysconfig.get_path("stdlib"))

EVERY = int(os.environ.get("LOCKSTEP_EVERY_FILE", "5"))
"""One of so many files of the standard library is read, and all whose encoding is another than UTF-8."""


@pytest.fixture(scope="module")
def rule_runner(make_rule_runner: Callable[..., RuleRunner]) -> RuleRunner:
    query = QueryRule(ParsedPythonDependencies, [ParsePythonDependenciesRequest])
    return make_rule_runner(query, options=("--source-root-patterns=/",))


def imports(runner: RuleRunner, path: str) -> Mapping[str, int]:
    """The names that the set-up reads from a file, each with its line."""
    folder, _, name = path.rpartition("/")
    source = PythonSourceField(name, Address(folder, target_name="t"))
    constraints = InterpreterConstraints(["CPython==3.9.*"])
    request = ParsePythonDependenciesRequest(source, constraints)
    parsed = runner.request(ParsedPythonDependencies, [request])
    return {module: info.lineno for module, info in parsed.imports.items()}


def by_ast(path: str, content: bytes) -> Iterator[str]:
    package = path.split("/")[:-1]
    for node in ast.walk(ast.parse(content)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*above, *filter(None, [node.module])])
            for alias in node.names:
                yield module if alias.name == "*" else f"{module}.{alias.name}"


def parsable(path: Path) -> bool:
    try:
        ast.parse(path.read_bytes())
    except (SyntaxError, ValueError):
        return False
    return True


def is_utf_8(content: bytes) -> bool:
    return tokenize.detect_encoding(io.BytesIO(content).readline)[0] in ("utf-8", "utf-8-sig")


def test_no_import_of_the_standard_library_is_missed(rule_runner: RuleRunner) -> None:
    found = [
        path
        for path in sorted(STANDARD_LIBRARY.rglob("*.py"))
        if "site-packages" not in path.parts and parsable(path)
    ]
    assert len(found) > 500
    shown = [p for i, p in enumerate(found) if i % EVERY == 0 or not is_utf_8(p.read_bytes())]
    files = {path.relative_to(STANDARD_LIBRARY).as_posix(): path.read_bytes() for path in shown}
    rule_runner.write_files(files)
    missed = []
    lists = 0
    for path, content in files.items():
        wanted = {name for name in by_ast(path, content) if not name.startswith("__future__")}
        missed += [(path, name) for name in sorted(wanted - set(imports(rule_runner, path)))]
        nodes = ast.walk(ast.parse(content))
        lists += any(isinstance(node, ast.Import) and len(node.names) > 1 for node in nodes)
    assert missed == []
    # What the fast parser alone gets wrong is there to be seen.
    assert lists > 50 // EVERY and not all(map(is_utf_8, files.values()))


@pytest.mark.parametrize(
    "source,found",
    [
        ("import a, b.c as d,e\n", {"a": 1, "b.c": 1, "e": 1}),
        ("import a, \\\n  b\nimport c\n", {"a": 1, "b": 2, "c": 3}),
        ("import \\\n  a\n", {"a": 2}),
        ("from \\\n  a import \\\n  b, c\n", {"a.b": 3, "a.c": 3}),
        ("from a import (  # why\n  b as c, d\n)\n", {"a.b": 2, "a.d": 2}),
        ("import a . b, c\n", {"a.b": 1, "c": 1}),
        ("from .x import (a,\n  b)\n", {"p.x.a": 1, "p.x.b": 2}),
        ("match x:\n    case 1: import a, b\n", {"a": 2, "b": 2}),
        ("type X = int\ndef f[T](x: T) -> T:\n    import a, b\n", {"a": 3, "b": 3}),
        ("try:\n    pass\nexcept* E:\n    import a, b\n", {"a": 4, "b": 4}),
        ("import a, b  # pants: no-infer-dep\n", {}),
    ],
)
def test_syntax_newer_than_the_daemon_s_python(
    rule_runner: RuleRunner, source: str, found: Mapping[str, int]
) -> None:
    rule_runner.write_files({"p/q.py": source})
    assert imports(rule_runner, "p/q.py") == found


def test_an_import_list_that_may_fail_is_weak_as_a_whole(rule_runner: RuleRunner) -> None:
    source = "try:\n    import a, b\nexcept ImportError:\n    pass\n"
    rule_runner.write_files({"p/weak.py": source})
    request = ParsePythonDependenciesRequest(
        PythonSourceField("weak.py", Address("p", target_name="t")),
        InterpreterConstraints(["CPython==3.9.*"]),
    )
    parsed = rule_runner.request(ParsedPythonDependencies, [request])
    assert {name: info.weak for name, info in parsed.imports.items()} == {"a": True, "b": True}


def test_a_file_in_another_encoding_is_read(rule_runner: RuleRunner) -> None:
    content = "# coding: latin-1\nx = 'é'\nimport a, b\n".encode("latin-1")
    rule_runner.write_files({"p/latin.py": content})
    assert imports(rule_runner, "p/latin.py") == {"a": 3, "b": 3}
