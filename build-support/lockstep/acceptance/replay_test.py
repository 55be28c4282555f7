"""The harness that compares selections with the truth, and a small share of what it proves."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

from lockstep.acceptance.monorepo import CHECKOUT

BENCHMARKS = CHECKOUT / "benchmarks"
TEST = """\
import os, subprocess, sys

import module

try:
    import package.absent
except ImportError:
    pass


def test_it(fixture):
    subprocess.run([sys.executable, "-c", "open('by_subprocess.txt')"], check=True)
    own = {"PYTHONPATH": ".", b"KEPT": b"1"}
    code = "import apart, os; assert os.environ['KEPT'] == '1'"
    subprocess.run([sys.executable, "-c", code], env=own, check=True)
    assert own == {"PYTHONPATH": ".", b"KEPT": b"1"}
    open("data.txt")
    assert not os.path.exists("asked.txt") and os.listdir("package")
    open("written.txt", "w").close()
    assert module.VALUE == fixture
"""
FILES = {
    "apart.py": "",
    "by_subprocess.txt": "",
    "conftest.py": "import pytest\n\n\n@pytest.fixture\ndef fixture():\n    return 1\n",
    "data.txt": "",
    "failing_test.py": "import module\n\n\ndef test_it():\n    assert False\n",
    "it_test.py": TEST,
    "module.py": "import other\nVALUE = 1\n",
    "other.py": "",
    "package/unused.py": "",
    "unused.py": "",
}


def test_what_a_test_opens_and_looks_for_is_told(tmp_path: Path) -> None:
    for path, text in FILES.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)
    setting = {"root": str(tmp_path), "path": [str(tmp_path)], "environ": {}, "parallel": 2}
    tests = ["failing_test.py", "it_test.py"]
    done = subprocess.run(
        [sys.executable, str(BENCHMARKS / "tracing.py")],
        input=f"{json.dumps(setting)}\n{json.dumps(tests)}\n",
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    traces = json.loads(done.stdout)
    told = {
        test: (trace["exit_code"], {*trace["opened"]} & {str(tmp_path / path) for path in FILES})
        for test, trace in traces.items()
    }
    shared = ("conftest.py", "module.py", "other.py")
    read = (*shared, "apart.py", "by_subprocess.txt", "data.txt", "it_test.py")
    assert told == {
        "failing_test.py": (1, {str(tmp_path / path) for path in (*shared, "failing_test.py")}),
        "it_test.py": (0, {str(tmp_path / path) for path in read}),
    }
    places = ("asked.txt", "module", "package/", "package/absent", "package/unused", "unused")
    sought = [path for path in places if f"{tmp_path}/{path}" in traces["it_test.py"]["sought"]]
    assert sought == ["asked.txt", "module", "package/", "package/absent"]


NOTICES = """\
import json
from truth import notices
for came in "a/b.py", "a/__init__.py", "new/deep/c.txt", "d.py":
    print(json.dumps(sorted(notices([came], {".", "a"}))))
"""


def test_a_file_that_comes_is_noticed_by_who_looked_for_it_or_listed_its_folder() -> None:
    command = [sys.executable, "-c", NOTICES]
    done = subprocess.run(command, cwd=BENCHMARKS, stdout=subprocess.PIPE, text=True, check=True)
    assert [json.loads(line) for line in done.stdout.splitlines()] == [
        ["a/", "a/b", "a/b.py"],
        ["a", "a/", "a/__init__", "a/__init__.py"],
        ["./", "new", "new/", "new/deep", "new/deep/", "new/deep/c", "new/deep/c.txt"],
        ["./", "d", "d.py"],
    ]


DIFFERING = """\
from truth import Ran, Trace, differing
reads = {"same": "a", "gone": "b", "fails": "a", "late": "cd", "early": "d", "cut off": "ad"}
before = {test: Trace(True, frozenset(read)) for test, read in reads.items()}
after = {
    **before,
    "fails": Trace(False, frozenset("a")),
    "early": Trace(True, frozenset("cd")),
    "cut off": Trace(True, frozenset("a")),
    "new": Trace(True, frozenset("a")),
}
found = differing(
    Ran(before, {"a": "1", "b": "1", "c": "1", "d": "1"}),
    Ran(after, {"a": "1", "c": "2", "d": "1"}),
)
print([(test, *sorted(differs)) for test, differs in sorted(found.items())])
"""


def test_what_was_read_counts_by_what_both_revisions_hold() -> None:
    command = [sys.executable, "-c", DIFFERING]
    done = subprocess.run(command, cwd=BENCHMARKS, stdout=subprocess.PIPE, text=True, check=True)
    assert done.stdout == (
        "[('early', 'c'), ('fails', 'the outcome'), ('gone', 'b'), ('late', 'c'),"
        " ('new', 'the outcome')]\n"
    )


SHARED = """\
import itertools
from types import SimpleNamespace
from mutations import mutations
tree = SimpleNamespace(
    modules=(),
    monorepo=SimpleNamespace(read=lambda path: "six>=1\\n"),
    stated={"projects/a/requirements.in": ("six",), "projects/b/requirements.in": ("six",)},
    wheels=SimpleNamespace(releases=("six",)),
)
seeded = itertools.islice(mutations(tree, 1, only="input", breaking=True), 20)
print(sorted({mutation.told for mutation in seeded}))
"""


def test_requirements_change_where_each_is_stated_twice() -> None:
    command = [sys.executable, "-c", SHARED]
    done = subprocess.run(command, cwd=BENCHMARKS, stdout=subprocess.PIPE, text=True, check=True)
    assert done.stdout == (
        "['projects/a/requirements.in loses six', 'projects/b/requirements.in loses six']\n"
    )


def test_every_test_that_a_seeded_change_flips_is_selected() -> None:
    size = ("--tests", "18", "--pins", "15", "--mutations", "10")
    done = subprocess.run(
        [sys.executable, str(BENCHMARKS / "replay.py"), "--flipping", *size],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    head, *_, last = done.stdout.splitlines()
    flipping, missed = (_column(name, head, last) for name in ("flipping", "missed"))
    assert (flipping, missed) == (10, 0), done.stdout


def _column(name: str, head: str, line: str) -> int:
    end = head.index(name) + len(name)
    found = re.search(r"\d+$", line[:end])
    assert found is not None
    return int(found[0])
