"""Changes to the generated monorepo, most of which break tests: each kind that a person makes."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from typing import Callable, Iterator, Mapping, Optional

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


def mutations(tree: Tree, seed: int) -> Iterator[Mutation]:
    """Endless mutations, each kind in turn; the same seed gives the same ones."""
    chance = random.Random(f"mutations {seed}")
    number = 0
    while True:
        for group, makers in _MAKERS.items():
            number += 1
            maker = chance.choice(makers)
            told, change = maker(tree, chance, number)
            yield Mutation(group, told, change)


_Made = "tuple[str, Change]"
_Maker = Callable[[Tree, random.Random, int], "tuple[str, Change]"]


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


# Data


def _data_value(tree: Tree, chance: random.Random, number: int) -> _Made:
    path = _module(tree, chance, data=True).data_path
    return f"{path} has another value", {path: f"{number + 1}\n"}


def _data_goes(tree: Tree, chance: random.Random, number: int) -> _Made:
    path = _module(tree, chance, data=True).data_path
    return f"{path} goes", {path: None}


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


def _requirement_goes(tree: Tree, chance: random.Random, number: int) -> _Made:
    path, name = _input(tree, chance)
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
    path = module.path.rpartition("/")[0] + "/BUILD"
    told = f"{path}: {module.name} depends on no data"
    return told, _edited(tree, path, f"['./{module.name}.txt:data']", f"[]  # {number}\n")


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


def _build_goes(tree: Tree, chance: random.Random, number: int) -> _Made:
    path = _fixture(tree, chance).replace("conftest.py", "BUILD")
    return f"{path}: no fixtures", _edited(tree, path, "python_test_utils", f"# {number}\nfiles")


def _variable_of_all(tree: Tree, chance: random.Random, number: int) -> _Made:
    text = tree.monorepo.read("pants.toml")
    added = f'\n[test]\nextra_env_vars = ["LEVEL={number}"]\n'
    return "[test].extra_env_vars", {"pants.toml": text + added}


def _pytest_argument(tree: Tree, chance: random.Random, number: int) -> _Made:
    new = f'[pytest]\nargs = ["-k", "no_{number}"]'
    return "[pytest].args", _edited(tree, "pants.toml", "[pytest]", new)


def _option_remark(tree: Tree, chance: random.Random, number: int) -> _Made:
    return "pants.toml gets a remark", {
        "pants.toml": f"# {number}\n{tree.monorepo.read('pants.toml')}"
    }


_MAKERS: Mapping[str, tuple[_Maker, ...]] = {
    "source": (
        *(_source_raises, _source_value, _source_remark, _source_imports, _source_goes),
        *(_source_moves, _init_raises, _test_changes, _package_beside),
    ),
    "fixture": (
        *(_fixture_goes, _conftest_goes, _conftest_raises, _fixture_value, _plugin_goes),
        _conftest_above,
    ),
    "data": (_data_value, _data_goes),
    "lock": (_pin_breaks, _pin_breaks, _hash_breaks, _pin_moves, _edge_comes, _lock_remark),
    "input": (_requirement_goes, _range_changes, _requirement_comes),
    "BUILD": (
        *(_dependency_goes, _variable_changes, _sources_narrow, _build_remark, _description),
        _build_goes,
    ),
    "option": (_variable_of_all, _pytest_argument, _option_remark),
}
OF_THE_SANDBOX = frozenset({"input", "BUILD", "option"})
"""Groups whose effect cannot be seen outside of Pants: tests then run in its sandboxes."""
