"""Changes to the generated monorepo, most of which break tests: each kind that a person makes."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, replace
from typing import Callable, Iterator, Mapping, Optional, Tuple

from generated_tree import Module, Tree

Change = Mapping[str, Optional[str]]
"""The new text of files by path; None for one that goes."""


@dataclass(frozen=True)
class Mutation:
    """A change.

    Attributes:
        group: what it is counted under, such as `lock` or `source`.
        told: what it is, for people.
        change: the files it changes.
    """

    group: str
    told: str
    change: Change

    def apply(self, tree: Tree) -> None:
        """Make the change in the work tree."""
        for path, text in self.change.items():
            if text is None:
                tree.monorepo.path(path).unlink()
            else:
                tree.monorepo.write(path, text)


def mutations(
    tree: Tree, seed: int, *, only: str | None = None, breaking: bool = False
) -> Iterator[Mutation]:
    """Endless mutations, each group in turn; the same arguments give the same ones.

    The tree is at its base whenever the next one is asked for.

    Args:
        tree: what is to be changed.
        seed: decides by chance.
        only: the one group to take; by default all of them.
        breaking: whether to leave out the kinds that cannot flip a test.
    """
    chance = random.Random(f"mutations {seed}")
    number = 0
    while True:
        for group in [only] if only else _TURNS:
            number += 1
            harmful, harmless = _MAKERS[group]
            maker = chance.choice(harmful if breaking else (*harmful, *harmless))
            told, change = maker(tree, chance, number)
            yield Mutation(group, told, change)


_Made = Tuple[str, Change]
_Maker = Callable[[Tree, random.Random, int], _Made]


def _edited(tree: Tree, path: str, old: str, new: str) -> Change:
    text = tree.monorepo.read(path)
    assert old in text, f"{path} lacks {old!r}"
    return {path: text.replace(old, new, 1)}


def _module(tree: Tree, chance: random.Random, *, data: bool = False) -> Module:
    return chance.choice([module for module in tree.modules if module.data or not data])


# Sources


def _source_raises(tree: Tree, chance: random.Random, number: int) -> _Made:
    path = _module(tree, chance).path
    change = {path: tree.monorepo.read(path) + f"\nraise RuntimeError('{number}')\n"}
    return f"{path} raises", change


def _source_value(tree: Tree, chance: random.Random, number: int) -> _Made:
    path = _module(tree, chance).path
    return f"{path} has another value", _edited(tree, path, "OWN = 1", f"OWN = {number + 1}")


def _source_remark(tree: Tree, chance: random.Random, number: int) -> _Made:
    path = _module(tree, chance).path
    return f"{path} gets a remark", {path: f"# {number}\n{tree.monorepo.read(path)}"}


def _source_imports(tree: Tree, chance: random.Random, number: int) -> _Made:
    path = _module(tree, chance).path
    pin = chance.choice(sorted(tree.wheels.releases))
    text = f"import {pin}  # {number}\n{tree.monorepo.read(path)}"
    return f"{path} imports {pin}", {path: text}


def _source_goes(tree: Tree, chance: random.Random, number: int) -> _Made:
    path = _module(tree, chance).path
    return f"{path} goes", {path: None}


def _source_moves(tree: Tree, chance: random.Random, number: int) -> _Made:
    path = _module(tree, chance).path
    new = path.replace(".py", f"_{number}.py")
    return f"{path} moves", {path: None, new: tree.monorepo.read(path)}


def _init_raises(tree: Tree, chance: random.Random, number: int) -> _Made:
    path = _module(tree, chance).path.rpartition("/")[0] + "/__init__.py"
    return f"{path} raises", {path: f"raise RuntimeError('{number}')\n"}


def _test_changes(tree: Tree, chance: random.Random, number: int) -> _Made:
    path = chance.choice(tree.tests)
    text = tree.monorepo.read(path) + f"\n\ndef test_more():\n    assert {number} == 0\n"
    return f"{path} fails", {path: text}


def _test_moves(tree: Tree, chance: random.Random, number: int) -> _Made:
    path = chance.choice(tree.tests)
    new = path.replace("_test.py", f"_{number}_test.py")
    return f"{path} moves and fails", {path: None, new: tree.monorepo.read(path) + "assert False\n"}


def _package_beside(tree: Tree, chance: random.Random, number: int) -> _Made:
    module = _module(tree, chance)
    path = f"{module.path[:-3]}/__init__.py"
    build = {f"{module.path[:-3]}/BUILD": "python_sources()\n"}
    return f"{path} hides {module.path}", {path: f"OWN = {number + 1}\n", **build}


# Fixtures


def _fixture(tree: Tree, chance: random.Random) -> str:
    folder = chance.choice(tree.tests).rpartition("/")[0]
    return f"{folder}/conftest.py"


def _fixture_goes(tree: Tree, chance: random.Random, number: int) -> _Made:
    path = _fixture(tree, chance)
    return f"{path} loses its fixtures", _edited(tree, path, "@pytest.fixture", f"# {number}")


def _conftest_goes(tree: Tree, chance: random.Random, number: int) -> _Made:
    path = _fixture(tree, chance)
    return f"{path} goes", {path: None}


def _conftest_raises(tree: Tree, chance: random.Random, number: int) -> _Made:
    path = _fixture(tree, chance)
    return f"{path} raises", {path: tree.monorepo.read(path) + f"raise RuntimeError({number})\n"}


def _fixture_value(tree: Tree, chance: random.Random, number: int) -> _Made:
    path = "projects/shared/src/shared/fixtures.py"
    return f"{path} has another value", _edited(tree, path, "'near'", f"'{number}'")


def _plugin_goes(tree: Tree, chance: random.Random, number: int) -> _Made:
    path = "projects/shared/src/shared/plugin.py"
    return f"{path} goes", {path: None}


def _conftest_above(tree: Tree, chance: random.Random, number: int) -> _Made:
    folder = "/".join(chance.choice(tree.tests).split("/")[:2])
    build = f"{folder}/BUILD"
    return f"{folder}/conftest.py comes", {
        f"{folder}/conftest.py": f"raise RuntimeError('{number}')\n",
        build: tree.monorepo.read(build) + "python_test_utils(name='utils')\n",
    }


def _conftest_remark(tree: Tree, chance: random.Random, number: int) -> _Made:
    path = _fixture(tree, chance)
    return f"{path} gets a remark", {path: f"# {number}\n{tree.monorepo.read(path)}"}


# Data


def _data_value(tree: Tree, chance: random.Random, number: int) -> _Made:
    path = _module(tree, chance, data=True).data_path
    return f"{path} has another value", {path: f"{number + 1}\n"}


def _data_goes(tree: Tree, chance: random.Random, number: int) -> _Made:
    module = _module(tree, chance, data=True)
    return f"{module.data_path} goes", {module.data_path: None, **_no_data(tree, module, number)}


def _data_moves(tree: Tree, chance: random.Random, number: int) -> _Made:
    module = _module(tree, chance, data=True)
    path = module.data_path
    new = path.replace(".txt", f"_{number}.txt")
    change = {path: None, new: tree.monorepo.read(path), **_no_data(tree, module, number)}
    return f"{path} moves", change


def _no_data(tree: Tree, module: Module, number: int) -> Change:
    build = module.path.rpartition("/")[0] + "/BUILD"
    return _edited(tree, build, f"['./{module.name}.txt:data']", f"[]  # {number}\n")


def _data_comes(tree: Tree, chance: random.Random, number: int) -> _Made:
    path = _module(tree, chance).path.replace(".py", f"_{number}.txt")
    return f"{path} comes", {path: f"{number}\n"}


# The lock


def _pin(tree: Tree, chance: random.Random) -> str:
    return chance.choice(sorted(tree.wheels.releases))


def _pin_breaks(tree: Tree, chance: random.Random, number: int) -> _Made:
    name = _pin(tree, chance)
    version = f"1.{number}.0"
    broken = replace(tree.wheels.releases[name], version=version, broken=True)
    return f"{name} {version} breaks", tree.wheels.lock(tree.stated, {name: broken})


def _pin_moves(tree: Tree, chance: random.Random, number: int) -> _Made:
    name = _pin(tree, chance)
    version = f"1.{number}.0"
    moved = replace(tree.wheels.releases[name], version=version)
    return f"{name} {version}", tree.wheels.lock(tree.stated, {name: moved})


def _hash_breaks(tree: Tree, chance: random.Random, number: int) -> _Made:
    name = _pin(tree, chance)
    broken = replace(tree.wheels.releases[name], build=number, broken=True)
    return f"{name} has another hash", tree.wheels.lock(tree.stated, {name: broken})


def _pin_goes(tree: Tree, chance: random.Random, number: int) -> _Made:
    name = _pin(tree, chance)
    return f"{name} goes", tree.wheels.lock(tree.stated, {name: None})


def _edge_comes(tree: Tree, chance: random.Random, number: int) -> _Made:
    name, other = _pin(tree, chance), _pin(tree, chance)
    release = tree.wheels.releases[name]
    requires = tuple(sorted({*release.requires, other} - {name}))
    moved = replace(release, version=f"1.{number}.0", requires=requires)
    return f"{name} requires {other}", tree.wheels.lock(tree.stated, {name: moved})


def _lock_remark(tree: Tree, chance: random.Random, number: int) -> _Made:
    path = "3rdparty/python/lock.txt"
    text = tree.monorepo.read(path).replace("\n\n", f"\n\n# {number}\n", 1)
    return f"{path} gets a remark", {path: text}


# Requirements inputs


def _input(tree: Tree, chance: random.Random) -> tuple[str, str]:
    path = chance.choice(sorted(tree.stated))
    return path, chance.choice(tree.stated[path])


def _needed(tree: Tree) -> list[tuple[str, str]]:
    """The requirements that only one input states, and that a module of its project imports."""
    times = Counter(name for names in tree.stated.values() for name in names)
    imported = {(module.project, name) for module in tree.modules for name in module.pins}
    found = ((f"projects/{p}/requirements.in", name) for p, name in sorted(imported))
    return [(path, name) for path, name in found if times[name] == 1]


def _requirement_goes(tree: Tree, chance: random.Random, number: int) -> _Made:
    needed = _needed(tree)
    path, name = chance.choice(needed) if needed and number % 4 else _input(tree, chance)
    return f"{path} loses {name}", _edited(tree, path, f"{name}>=1\n", f"# {number}\n")


def _range_changes(tree: Tree, chance: random.Random, number: int) -> _Made:
    path, name = _input(tree, chance)
    told = f"{path} states another range of {name}"
    return told, _edited(tree, path, f"{name}>=1\n", f"{name}>=0.{number}\n")


def _requirement_comes(tree: Tree, chance: random.Random, number: int) -> _Made:
    path, _ = _input(tree, chance)
    name = _pin(tree, chance)
    text = tree.monorepo.read(path) + f"# {number}\n{name}>=1\n"
    return f"{path} states {name}", {path: text}


# BUILD files and options


def _dependency_goes(tree: Tree, chance: random.Random, number: int) -> _Made:
    module = _module(tree, chance, data=True)
    return f"{module.path} depends on no data", _no_data(tree, module, number)


def _variable_changes(tree: Tree, chance: random.Random, number: int) -> _Made:
    path = "BUILD" if number % 5 == 0 else _fixture(tree, chance).replace("conftest.py", "BUILD")
    if path == "BUILD":
        return "BUILD: another default", _edited(tree, path, "LEVEL=on", f"LEVEL={number}")
    text = tree.monorepo.read(path)
    tests = f"python_tests(extra_env_vars=['LEVEL={number}'])\n"
    rest = text.partition("\n")[2]
    return f"{path}: another variable", {path: tests + rest}


def _sources_narrow(tree: Tree, chance: random.Random, number: int) -> _Made:
    module = _module(tree, chance)
    path = module.path.rpartition("/")[0] + "/BUILD"
    narrow = f"python_sources(sources=['*.py', '!{module.name}.py'], "
    # An override of a file that is not among the sources would be an error.
    text = tree.monorepo.read(path).replace(f"'{module.name}.py': ", "# ", 1)
    if module.data:
        return _dependency_goes(tree, chance, number)
    return f"{path}: no {module.name}", {path: text.replace("python_sources(", narrow, 1)}


def _build_remark(tree: Tree, chance: random.Random, number: int) -> _Made:
    path = _module(tree, chance).path.rpartition("/")[0] + "/BUILD"
    return f"{path} gets a remark", {path: f"# {number}\n{tree.monorepo.read(path)}"}


def _description(tree: Tree, chance: random.Random, number: int) -> _Made:
    path = _module(tree, chance).path.rpartition("/")[0] + "/BUILD"
    new = f"python_sources(description='{number}', "
    return f"{path}: a description", _edited(tree, path, "python_sources(", new)


def _fixture_excluded(tree: Tree, chance: random.Random, number: int) -> _Made:
    path = _fixture(tree, chance).replace("conftest.py", "BUILD")
    excluded = f"python_tests(dependencies=['!./conftest.py:utils'], description='{number}', "
    return f"{path}: no fixtures", _edited(tree, path, "python_tests(", excluded)


def _variable_of_all(tree: Tree, chance: random.Random, number: int) -> _Made:
    text = tree.monorepo.read("pants.toml")
    added = f'\n[test]\nextra_env_vars = ["MODE={number}"]\n'
    return "[test].extra_env_vars", {"pants.toml": text + added}


def _pytest_argument(tree: Tree, chance: random.Random, number: int) -> _Made:
    new = f'[pytest]\nargs = ["-k", "no_{number}"]'
    return "[pytest].args", _edited(tree, "pants.toml", "[pytest]", new)


def _pytest_ini(tree: Tree, chance: random.Random, number: int) -> _Made:
    return "pytest.ini comes", {"pytest.ini": f"[pytest]\naddopts = -k no_{number}\n"}


def _pytest_in_pyproject(tree: Tree, chance: random.Random, number: int) -> _Made:
    text = f'[tool.pytest.ini_options]\naddopts = "-k no_{number}"\n'
    return "[tool.pytest.ini_options].addopts", {"pyproject.toml": text}


def _option_of_no_test(tree: Tree, chance: random.Random, number: int) -> _Made:
    text = tree.monorepo.read("pants.toml") + f"\n[lint]\nbatch_size = {number}\n"
    return "[lint].batch_size", {"pants.toml": text}


def _option_remark(tree: Tree, chance: random.Random, number: int) -> _Made:
    return "pants.toml gets a remark", {
        "pants.toml": f"# {number}\n{tree.monorepo.read('pants.toml')}"
    }


_MAKERS: Mapping[str, tuple[tuple[_Maker, ...], tuple[_Maker, ...]]] = {
    "source": (
        (_source_raises, _source_value, _source_goes, _source_moves)
        + (_init_raises, _test_changes, _test_moves, _package_beside),
        (_source_remark, _source_imports),
    ),
    "fixture": (
        (_fixture_goes, _conftest_goes, _conftest_raises, _fixture_value, _plugin_goes)
        + (_conftest_above,),
        (_conftest_remark,),
    ),
    "data": ((_data_value, _data_goes, _data_moves), (_data_comes,)),
    "lock": (
        (_pin_breaks, _pin_breaks, _hash_breaks, _pin_goes),
        (_pin_moves, _edge_comes, _lock_remark),
    ),
    "input": ((_requirement_goes,), (_range_changes, _requirement_comes)),
    "BUILD": (
        (_dependency_goes, _variable_changes, _sources_narrow, _fixture_excluded),
        (_build_remark, _description),
    ),
    "option": (
        (_variable_of_all, _pytest_argument, _pytest_ini, _pytest_in_pyproject),
        (_option_remark, _option_of_no_test),
    ),
}
"""Kinds of changes by group: those that can flip a test, and those that cannot."""

_TURNS = (
    *(5 * "source lock fixture data source BUILD lock source fixture lock data input ".split()),
    "option",
)
"""Options come seldom: whatever changes pants.toml makes Pants start anew, twice."""

OF_THE_SANDBOX = frozenset({"input", "BUILD", "option"})
"""Groups whose effect cannot be seen outside of Pants: tests then run in its sandboxes."""
