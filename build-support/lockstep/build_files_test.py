"""No BUILD file of this repository says by hand which modules a requirement provides."""

from __future__ import annotations

import ast
import subprocess
from pathlib import Path
from typing import Iterator

ROOT = Path(__file__).resolve().parents[2]
STATED_BY_HAND = {"module_mapping", "modules", "type_stub_modules", "type_stubs_module_mapping"}


def build_files() -> list[Path]:
    command = ["git", "ls-files", "-z", "--", "BUILD", "BUILD.*", "*/BUILD", "*/BUILD.*"]
    listed = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    return [ROOT / path for path in listed.stdout.split("\0") if path]


def words(build_file: str) -> Iterator[str]:
    """The names of arguments, and all strings, since `overrides` holds fields by their names."""
    for node in ast.walk(ast.parse(build_file)):
        if isinstance(node, ast.keyword):
            yield node.arg or ""
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def test_every_way_to_state_modules_is_seen() -> None:
    build_file = """
python_requirement(name="a", requirements=["a"], modules=["b"])
python_requirements(module_mapping={"c": ["d"]}, overrides={"e": {"type_stub_modules": ["f"]}})
"""
    assert STATED_BY_HAND & set(words(build_file)) == STATED_BY_HAND - {"type_stubs_module_mapping"}


def test_no_build_file_states_modules() -> None:
    found = build_files()
    assert ROOT / "3rdparty/python/BUILD" in found
    assert [path for path in found if STATED_BY_HAND & set(words(path.read_text()))] == []
