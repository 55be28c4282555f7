"""pyproject.toml: which requirements it states, in which tables, and at which lines."""

from __future__ import annotations

import pytest

from lockstep.core.errors import TextError
from lockstep.core.input_values import Include, InputRequirement, PythonRange
from lockstep.core.pyproject import parse

PATH = "libs/shared/money/pyproject.toml"
PEP_508 = "Write it as PEP 508 has it, such as `name>=1.2`."
BASE = "project.dependencies"
EXTRA = "project.optional-dependencies"

PROJECT = """\
[build-system]
requires = ["hatchling"]

[project]
name = "Money"
requires-python = ">=3.9"
dependencies = [
  "click>=8",  # a tool
  'tomli ; python_version < "3.11"', "httpx",
]

[project.optional-dependencies]
web = ["httpx", "money[r-ich]"]
"r\\u0069ch" = [
  "r\\u0069ch>=13",
]
"R_ich" = ["rich"]

[dependency-groups]
test = ["pytest", {include-group = "Lint"}]
lint = ["black", "httpx"]
all = [{include-group = "test"}, "money[web]"]
"""


@pytest.mark.parametrize("text", [PROJECT, PROJECT.replace("\n", "\r\n")])
def test_everything_with_line_and_tables(text: str) -> None:
    stated = parse(text, PATH)
    assert [(r.line, r.text, r.tables) for r in stated.requirements] == [
        (8, "click>=8", (BASE, "dependency-groups.all")),
        (9, 'tomli ; python_version < "3.11"', (BASE, "dependency-groups.all")),
        (9, "httpx", (BASE, "dependency-groups.all")),
        (13, "httpx", (f"{EXTRA}.web", "dependency-groups.all")),
        (15, "rich>=13", (f"{EXTRA}.rich",)),
        (17, "rich", (f"{EXTRA}.r-ich", f"{EXTRA}.web", "dependency-groups.all")),
        (20, "pytest", ("dependency-groups.test", "dependency-groups.all")),
        (
            21,
            "black",
            ("dependency-groups.lint", "dependency-groups.test", "dependency-groups.all"),
        ),
        (
            21,
            "httpx",
            ("dependency-groups.lint", "dependency-groups.test", "dependency-groups.all"),
        ),
        (2, "hatchling", ("build-system.requires",)),
    ]
    assert stated.requires_python == PythonRange(PATH, 6, ">=3.9")
    assert [r.text for r in stated.of(f"{EXTRA}.web")] == ["httpx", "rich"]
    assert [r.line for r in stated.of("dependency-groups.test")] == [20, 21, 21]
    assert [r.text for r in stated.of("build-system.requires")] == ["hatchling"]


def test_extras_may_bring_each_other() -> None:
    text = '[project]\nname = "x"\n[project.optional-dependencies]\na = ["x[b]", "click"]\nb = ["x[a]"]\n'
    assert [(r.text, r.tables) for r in parse(text, PATH).requirements] == [
        ("click", (f"{EXTRA}.a", f"{EXTRA}.b"))
    ]


@pytest.mark.parametrize(
    "text",
    ["", "[tool.black]\n", '[project]\nname = "money"\n[tool.poetry.dependencies]\npython = "3"\n'],
)
def test_nothing_stated(text: str) -> None:
    assert parse(text, PATH).requirements == ()


def test_files_that_setuptools_reads_are_includes() -> None:
    text = """\
[project]
dynamic = ["version", "dependencies", "optional-dependencies"]
[tool.setuptools.dynamic]
dependencies = {file = ["requirements.in"]}
[tool.setuptools.dynamic.optional-dependencies]
web = {file = "../web.in"}
"""
    assert parse(text, PATH).includes == (
        Include(PATH, 4, "libs/shared/money/requirements.in"),
        Include(PATH, 5, "libs/shared/web.in"),
    )


ONE_TOOL = "states requirements for one tool alone"
TO_PROJECT = "Move them to `project.dependencies`, where every tool finds them."
TO_GROUPS = "Move them to `[dependency-groups]`, where every tool finds them."


@pytest.mark.parametrize(
    "text,message",
    [
        ("[project]\nname = \n", "2: Invalid value (column 8). Mend the TOML."),
        (
            "[project]\ndependencies = [\n",
            "3: Invalid value (at end of document). Mend the TOML.",
        ),
        (
            '[project]\ndependencies = [\n  "click",\n  "click >=",\n]\n',
            f"4: `click >=` is not a requirement. {PEP_508}",
        ),
        (
            '[project]\ndependencies = ["click", "-e ."]\n',
            f"2: `-e .` is not a requirement. {PEP_508}",
        ),
        (
            '[project]\ndependencies = ["x @ file:../x"]\n',
            "2: `x @ file:../x` is a local path, and a lock holds releases. Leave it out, since"
            " first-party code is imported live, or state a release of it.",
        ),
        (
            '[project]\ndependencies = "click"\n',
            "2: `project.dependencies` is not a list of strings. Mend the TOML.",
        ),
        (
            "[project]\n\ndependencies = [8]\n",
            "3: `project.dependencies` is not a list of strings. Mend the TOML.",
        ),
        (
            "[project]\noptional-dependencies = []\n",
            "2: `project.optional-dependencies` is not a table. Mend the TOML.",
        ),
        (
            "[project]\noptional-dependencies = {web = 'httpx'}\n",
            "2: `project.optional-dependencies.web` is not a list of strings. Mend the TOML.",
        ),
        ("\nproject = 1\n", "2: `project` is not a table. Mend the TOML."),
        (
            "[project]\nrequires-python = '3.banana'\n",
            "2: `3.banana` is no range of Python versions."
            " Write it as PEP 440 has it, such as `>=3.9`.",
        ),
        (
            '[dependency-groups]\na = []\n"A" = []\n',
            "3: `A` is the same name as `a` in line 2. Join both into one, or rename one.",
        ),
        (
            "[project.optional-dependencies]\na_b = []\na-b = []\n",
            "3: `a-b` is the same name as `a_b` in line 2. Join both into one, or rename one.",
        ),
        (
            '[dependency-groups]\na = [\n  {include-group = "b"},\n]\n',
            "3: `dependency-groups.a` includes the group `b`, which this file does not have."
            " State it in `[dependency-groups]`, or correct the name.",
        ),
        (
            '[dependency-groups]\na = [{include-group = "b"}]\nb = [{include-group = "A"}]\n',
            "2: the group `a` includes itself. Take one `include-group` out of the circle.",
        ),
        (
            '[dependency-groups]\na = []\nb = [{include-group = "a", x = 1}]\n',
            "3: an `include-group` takes no other key. Leave the others out.",
        ),
        ("[dependency-groups]\na = 1\n", "2: `dependency-groups.a` is not a list. Mend the TOML."),
        (
            "[dependency-groups]\na = ['x',\n  1]\n",
            "3: `dependency-groups.a` holds what is neither a requirement nor an `include-group`."
            ' Write a requirement, or `{include-group = "name"}`.',
        ),
        (
            '[project]\nname = "x"\n[dependency-groups]\na = ["X[web]"]\n',
            "4: `X[web]` names the extra `web`, which this project does not have."
            " State it in `project.optional-dependencies`, or correct the name.",
        ),
        (
            '[project]\ndynamic = ["version",\n  "dependencies"]\n',
            "3: `project.dependencies` is dynamic: only a build would tell what it is."
            " State it in `project.dependencies`, or make the file that states it an input.",
        ),
        (
            '[project]\ndynamic = ["dependencies"]\n[tool.setuptools.dynamic]\n'
            'dependencies = {file = "/etc/x.in"}\n',
            "4: `/etc/x.in` is no file of this repository. Name it by its path from here.",
        ),
        (
            '[tool.poetry.dependencies]\npython = "^3.9"\nclick = "^8"\n',
            f"1: `tool.poetry.dependencies` {ONE_TOOL}. {TO_PROJECT}",
        ),
        (
            '[tool.poetry]\n[tool.poetry.group.dev.dependencies]\nblack = "*"\n',
            f"2: `tool.poetry.group.dev.dependencies` {ONE_TOOL}. {TO_GROUPS}",
        ),
        (
            '[tool.hatch.envs.docs]\ndependencies = ["sphinx"]\n',
            f"2: `tool.hatch.envs.docs.dependencies` {ONE_TOOL}. {TO_GROUPS}",
        ),
        (
            "[tool.uv.sources]\nmoney = {workspace = true}\n",
            f"1: `tool.uv.sources` {ONE_TOOL}."
            " Write `name @ url` where it is required; leave first-party code out.",
        ),
    ],
)
def test_refused(text: str, message: str) -> None:
    with pytest.raises(TextError) as caught:
        parse(text, PATH)
    assert str(caught.value) == f"{PATH}:{message}"
