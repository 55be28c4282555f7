"""Makes a monorepo of any size under git: projects with rings of imports, fixtures, data, pins.

The same arguments give the same tree. All its tests pass, and each module imports all that it
depends on, so that what a test opens is what it depends on.
"""

from __future__ import annotations

import random
import shutil
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Iterable, Mapping

from lockstep.acceptance.monorepo import FILES, Monorepo

from generated_wheels import Wheels, make_wheels

IDENTITY = ("-c", "user.name=benchmarks", "-c", "user.email=benchmarks@b.example")
SOURCES = "/projects/*/src"
_ROOTS = ("/projects/*", SOURCES, "/projects/*/tests")
_TESTS_A_MODULE = 2
_PINS_AN_INPUT = 7
_PANTS_TOML = FILES["pants.toml"].partition("\n[mypy]")[0]
_CONFTEST = """\
import pytest
import shared.fixtures

pytest_plugins = ["shared.plugin"]


@pytest.fixture
def near():
    return shared.fixtures.NEAR
"""
_SHARED = {
    "projects/shared/src/shared/BUILD": "python_sources()\n",
    "projects/shared/src/shared/__init__.py": "",
    "projects/shared/src/shared/fixtures.py": "NEAR = 'near'\n",
    "projects/shared/src/shared/plugin.py": (
        "import pytest\n\n\n@pytest.fixture\ndef plugged():\n    return 'plugged'\n"
    ),
}


@dataclass(frozen=True)
class Module:
    """A module of a project: `p03.m1`.

    Attributes:
        project: the name of its package.
        name: its own name.
        imports: dotted names of the modules that it imports.
        pins: the distributions that it imports.
        data: whether it reads a file beside it.
    """

    project: str
    name: str
    imports: tuple[str, ...]
    pins: tuple[str, ...]
    data: bool

    @property
    def path(self) -> str:
        return f"projects/{self.project}/src/{self.project}/{self.name}.py"

    @property
    def data_path(self) -> str:
        return f"{self.path[:-3]}.txt"

    def text(self) -> str:
        """Its source."""
        lines = ["from pathlib import Path", ""] if self.data else []
        for number, name in enumerate(self.imports):
            package, _, module = name.partition(".")
            lines.append(f"import {name}" if number % 2 else f"from {package} import {module}")
        lines.extend(f"import {name}" for name in self.pins)
        lines.extend(["", "OWN = 1"])
        if self.data:
            lines.append(f"OWN *= int(Path(__file__).with_name('{self.name}.txt').read_text())")
        pins = "".join(f" + {name}.VALUE" for name in self.pins)
        lines.extend(["", "", "def value():", f"    return OWN{pins}"])
        return "\n".join(lines) + "\n"


@dataclass(frozen=True)
class Tree:
    """The monorepo.

    Attributes:
        monorepo: its files, and how to call Pants on them.
        wheels: the distributions that it pins.
        modules: those of its projects.
        tests: the paths of its test files, sorted.
        stated: the projects that each requirements input states.
    """

    monorepo: Monorepo
    wheels: Wheels
    modules: tuple[Module, ...]
    tests: tuple[str, ...]
    stated: Mapping[str, tuple[str, ...]]

    @property
    def root(self) -> Path:
        return self.monorepo.root

    def git(self, *arguments: str) -> str:
        """Call git, and return what it prints."""
        done = subprocess.run(
            ["git", *IDENTITY, *arguments],
            cwd=self.root,
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
        return done.stdout

    def reset(self) -> None:
        """Bring the base back."""
        self.git("reset", "-q", "--hard")
        self.git("clean", "-fdq")

    def pants(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Call Pants with the settings that make it install from the wheels."""
        argv, environ = self.monorepo.command(*arguments)
        return subprocess.run(
            argv,
            cwd=self.root,
            env={**environ, **self.wheels.settings()},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def copy(self, root: Path) -> Tree:
        """The same in another folder, where another daemon looks after it."""
        shutil.copytree(self.root, root, ignore=shutil.ignore_patterns(".pids", ".pants.d"))
        return replace(self, monorepo=Monorepo(root, self.monorepo.store.with_name(root.name)))


def make_tree(folder: Path, tests: int, pins: int, seed: int) -> Tree:
    """Generate the monorepo and commit it.

    Args:
        folder: an empty one; the tree goes into it, with its wheels and Pants' store beside it.
        tests: how many test files.
        pins: how many distributions, beside those of the test runner.
        seed: the same one gives the same tree.
    """
    chance = random.Random(f"tree {seed}")
    each = 6 if tests <= 20 else 10 if tests <= 200 else 25
    sizes = [min(each, tests - done) for done in range(0, tests, each)]
    wheels = make_wheels(folder / "wheels", pins, seed)
    names = sorted(wheels.releases)
    files: dict[str, str] = {**_SHARED, **_root_files()}
    stated: dict[str, tuple[str, ...]] = {}
    modules: list[Module] = []
    paths: list[str] = []
    for number, size in enumerate(sizes):
        project = f"p{number:02}"
        # Few are used by many projects, most by one or two.
        used = {names[int(len(names) * chance.random() ** 2)] for _ in range(_PINS_AN_INPUT)}
        stated[f"projects/{project}/requirements.in"] = tuple(sorted(used))
        own = _modules(project, max(5, size // _TESTS_A_MODULE), modules, sorted(used), chance)
        modules.extend(own)
        files.update(_sources(project, own))
        tested = dict(_tests(project, size, own, chance))
        files.update(tested)
        files.update(_surroundings(project, number, stated))
        paths.extend(path for path in tested if path.endswith("_test.py"))
    stated_names = {name for used in stated.values() for name in used}
    stated["3rdparty/python/shared.in"] = tuple(
        name for number, name in enumerate(names) if name not in stated_names or number % 10 == 0
    )
    for path, names_stated in stated.items():
        files[path] = "".join(f"{name}>=1\n" for name in names_stated)
    files.update(wheels.lock(stated))
    monorepo = Monorepo.create(folder, files)
    tree = Tree(monorepo, wheels, tuple(modules), tuple(sorted(paths)), stated)
    tree.git("init", "-q", "-b", "main")
    tree.git("add", "-A")
    tree.git("commit", "-qm", "base")
    return tree


def _root_files() -> dict[str, str]:
    roots = ", ".join(f'"{root}"' for root in _ROOTS)
    old = '"/dates", "/other", "/plain", "/text"'
    assert old in _PANTS_TOML
    toml = _PANTS_TOML.replace(old, roots).replace('  "pants.backend.python.typecheck.mypy",\n', "")
    return {
        "pants.toml": toml,
        ".gitignore": FILES[".gitignore"],
        "BUILD": "__defaults__({python_tests: dict(extra_env_vars=['LEVEL=on'])})\n",
        "3rdparty/python/BUILD": (
            'python_requirements(name="tools", source="tools.in")\n'
            'python_requirements(name="shared", source="shared.in")\n'
        ),
        "3rdparty/python/tools.in": "pytest\n",
    }


def _modules(
    project: str,
    count: int,
    others: Iterable[Module],
    pins: list[str],
    chance: random.Random,
) -> list[Module]:
    """Those of one project: a ring of three, and others that import modules behind them."""
    names = [f"m{number}" for number in range(count)]
    elsewhere = [f"{module.project}.{module.name}" for module in others]
    found = []
    for number, name in enumerate(names):
        if number < 3:
            imports = [f"{project}.{names[(number + 1) % 3]}"]
        else:
            behind = names[max(0, number - 4) : number]
            imports = [f"{project}.{n}" for n in chance.sample(behind, chance.choice((0, 1, 2)))]
        if elsewhere and chance.random() < 0.25:
            imports.append(chance.choice(elsewhere))
        used = chance.sample(pins, min(len(pins), chance.choice((0, 1, 1, 2))))
        data = number % 4 == 3
        found.append(Module(project, name, tuple(imports), tuple(sorted(used)), data))
    return found


def _sources(project: str, modules: list[Module]) -> dict[str, str]:
    folder = f"projects/{project}/src/{project}"
    overrides = {
        f"{module.name}.py": {"dependencies": [f"./{module.name}.txt:data"]}
        for module in modules
        if module.data
    }
    build = f'python_sources(overrides={overrides!r})\nresources(name="data", sources=["*.txt"])\n'
    return {
        f"{folder}/BUILD": build,
        f"{folder}/__init__.py": "" if project.endswith(("1", "3")) else "PACKAGE = True\n",
        **{module.path: module.text() for module in modules},
        **{module.data_path: "1\n" for module in modules if module.data},
    }


def _tests(
    project: str, size: int, modules: list[Module], chance: random.Random
) -> Iterable[tuple[str, str]]:
    for number in range(size):
        deep = number % 5 == 4
        module = modules[number % len(modules)]
        dotted = f"{project}.{module.name}"
        arguments = [
            *(["near"] if number % 2 else []),
            *(["plugged"] if number % 3 else []),
            *(["far"] if deep else []),
        ]
        body = [f"    assert {dotted}.value() == {1 + len(module.pins)}"]
        body.extend(f"    assert {name} == '{name}'" for name in arguments)
        if number % 4 == 0:
            body.append("    assert os.environ['LEVEL'] == 'on'")
        if number % 5 == 0:
            body.append("    assert 'MODE' not in os.environ")
        text = f"import os\n\nimport {dotted}\n\n\ndef test_it({', '.join(arguments)}):\n"
        folder = f"projects/{project}/tests/{'deep/' if deep else ''}"
        yield f"{folder}{project}_{number:03}_test.py", text + "\n".join(body) + "\n"


def _surroundings(
    project: str, number: int, stated: Mapping[str, tuple[str, ...]]
) -> dict[str, str]:
    """BUILD files and fixtures; some projects state fields that others take from above."""
    folder = f"projects/{project}"
    tests = "python_tests()\n"
    if number % 3 == 1:
        tests = "python_tests(extra_env_vars=['LEVEL=on'])\n"
    utils = 'python_test_utils(name="utils")\n'
    return {
        f"{folder}/BUILD": 'python_requirements(name="inputs", source="requirements.in")\n',
        f"{folder}/tests/BUILD": tests + utils,
        f"{folder}/tests/conftest.py": _CONFTEST,
        f"{folder}/tests/deep/BUILD": "python_tests()\n" + utils,
        f"{folder}/tests/deep/conftest.py": (
            "import pytest\n\n\n@pytest.fixture\ndef far():\n    return 'far'\n"
        ),
    }
