"""What `./pants lock-export` writes, and every way in which it refuses to."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

import pytest
from pants.engine.platform import Platform
from pants.testutil.rule_runner import GoalRuleResult, RuleRunner

from lockstep.lock_export.goal import LockExportGoal

HERE = f"CPython 3.11 on {Platform.create_for_localhost().value}"
OPTIONS = (
    "--no-colors",
    "--python-infer-use-rust-parser",
    "--python-enable-resolves",
    "--no-python-enable-lockfile-targets",
    "--python-default-resolve=one",
    "--python-resolves={'one': 'one.txt', 'two': 'two.txt', 'three': 'three.txt', 'pex': 'pex.txt'}",
    "--python-interpreter-constraints=['CPython==3.11.*']",
    "--source-root-patterns=/",
)
TWO = f"""\
# Lockstep lock, format 1. Do not edit: `./pants lock` writes it.
# resolve: two
# inputs: sha256:{'0' * 64}
# resolver: uv 0
# environments: CPython 3.12 on linux_x86_64

idna==3.20 \\
    --hash=sha256:{'d' * 64}
    # via -r two/two.in
# end: 1 pins
"""
ONE = f"""\
python-dateutil==2.9.0 \\
    --hash=sha256:{'b' * 64} \\
    --hash=sha256:{'a' * 64}
    # via -r app/app.in
six==1.17.0 \\
    --hash=sha256:{'c' * 64}
    # via
    #   -r lib/lib.in
    #   python-dateutil
other==1 \\
    --hash=sha256:{'e' * 64}
    # via -r app/app.in
"""
FILES = {
    "one.txt": ONE,
    "two.txt": TWO,
    "pex.txt": "// Pants\n{}\n",
    "app/BUILD": 'python_requirements(name="inputs", source="app.in")\npython_sources()\n',
    "app/app.in": "python-dateutil\n",
    "app/main.py": "import dateutil\nimport lib.texts\n",
    "app/bad.py": "import nowhere\n",
    "lib/BUILD": 'python_requirements(name="inputs", source="lib.in")\npython_sources()\n',
    "lib/lib.in": "six>=1\nother ; python_version < '3'\n",
    "lib/texts.py": "import six\n",
    "two/BUILD": (
        'python_requirements(name="inputs", source="two.in", resolve="two")\n'
        'python_requirement(name="none", requirements=["x"], resolve="three")\n'
    ),
    "two/two.in": "idna\n",
    "plain/BUILD": "python_sources()\n",
    "plain/numbers.py": "import os\n",
}
DATEUTIL = (
    f"python-dateutil==2.9.0 \\\n    --hash=sha256:{'a' * 64} \\\n    --hash=sha256:{'b' * 64}\n"
)
SIX = f"six==1.17.0 \\\n    --hash=sha256:{'c' * 64}\n"
OTHER = f"other==1 \\\n    --hash=sha256:{'e' * 64}\n"
IDNA = f"idna==3.20 \\\n    --hash=sha256:{'d' * 64}\n"
INSTALL = (
    "# Install it with `pip install --no-deps --require-hashes -r FILE` or `uv pip sync FILE`.\n\n"
)


@dataclass(frozen=True)
class Repository:
    """A build root with the files above."""

    runner: RuleRunner

    @property
    def root(self) -> Path:
        return Path(self.runner.build_root)

    def export(self, *args: str) -> GoalRuleResult:
        return self.runner.run_goal_rule(
            LockExportGoal,
            global_args=OPTIONS,
            args=args,
            env={name: value for name, value in os.environ.items() if name.startswith("PANTS_")},
            env_inherit={"PATH", "HOME", "PYENV_ROOT"},
        )


@pytest.fixture(scope="module")
def repository(make_rule_runner: Callable[..., RuleRunner]) -> Repository:
    runner = make_rule_runner(options=OPTIONS)
    runner.write_files(FILES)
    return Repository(runner)


def slice_of(*named: str, pins: int) -> str:
    """The comment lines above a slice of `one`."""
    listed = "".join(f"#   {name}\n" for name in named)
    count = "1 pin" if pins == 1 else f"{pins} pins"
    return f"# A slice of one.txt, {count}, for {HERE}:\n{listed}{INSTALL}"


@pytest.mark.parametrize(
    "named,pins",
    [
        (["app/main.py"], [DATEUTIL, SIX]),
        (["lib/texts.py"], [SIX]),
        (["lib::"], [SIX]),
        (["lib:inputs"], [SIX]),
        (["lib:inputs#six"], [SIX]),
        (["lib/lib.in"], [SIX]),
        (["app/app.in", "lib/lib.in"], [DATEUTIL, SIX]),
    ],
)
def test_a_slice(repository: Repository, named: list[str], pins: list[str]) -> None:
    result = repository.export(*(f"--slice={name}" for name in named))
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == slice_of(*named, pins=len(pins)) + "".join(pins)


def test_the_whole_lock(repository: Repository) -> None:
    whole = repository.export().stdout
    assert whole == f"# All of one.txt, 3 pins.\n{INSTALL}{OTHER}{DATEUTIL}{SIX}"
    two = repository.export("--resolve=two").stdout
    assert two == f"# All of two.txt, 1 pin.\n{INSTALL}{IDNA}"


def test_a_file_is_replaced(repository: Repository) -> None:
    path = repository.root / "dist/slice.txt"
    for name in ("lib::", "lib/texts.py"):
        result = repository.export(f"--slice={name}", "--output=dist/slice.txt")
        assert (result.exit_code, result.stdout, result.stderr) == (0, "", "")
        assert path.read_text() == slice_of(name, pins=1) + SIX
    assert [file.name for file in path.parent.iterdir()] == ["slice.txt"]


LIST = "`./pants list ::` tells the targets there are."


@pytest.mark.parametrize(
    "args,fault",
    [
        (["--slice=nope"], f"`--slice=nope` names no target. {LIST}"),
        (["--slice=lib/nope.py"], f"`--slice=lib/nope.py` names no target. {LIST}"),
        (["--slice="], f"`--slice=` names no target. {LIST}"),
        (
            ["--slice=lib:nope"],
            f"`--slice=lib:nope` names no target. {LIST}\n"
            "The address lib:nope from the option `--slice` does not exist.\n\n"
            "The target name ':nope' is not defined in the directory lib. Did you mean one of"
            " these target names?\n\n  * :inputs\n  * :lib",
        ),
        (
            ["--slice=lib:::"],
            f"`--slice=lib:::` names no target. {LIST}\n"
            "Failed to parse address spec `lib:::`: error at 1:6: expected EOF",
        ),
        (
            ["--slice=plain::"],
            "Nothing that plain:: reaches requires third-party code, so the slice is empty. Name a"
            " target that does, or leave out `--slice` for the whole lock.",
        ),
        (
            ["--resolve=four"],
            "There is no resolve `four`. Name one of `[python].resolves`: one, pex, three, two.",
        ),
        (
            ["--resolve=two", "--slice=lib::"],
            "The targets of `--slice` are of the resolve `one`, not `two`. Leave out `--resolve`.",
        ),
        (
            ["--slice=lib::", "--slice=two/two.in"],
            "The targets of `--slice`, or what they depend on, are of several resolves. Export the"
            " slice of each resolve apart.",
        ),
        (
            ["--resolve=three"],
            "The lock of `three`, three.txt, is missing. Run `./pants lock`.",
        ),
        (
            ["--slice=two/two.in"],
            f"two.txt holds for CPython 3.12 on linux_x86_64, and this is {HERE}. Name it in `[lockstep].platforms` or the resolve's interpreter"
            " constraints, then run `./pants lock`.",
        ),
        (
            ["--format=pylock", "--output=lock.toml"],
            "Installers know no pylock that is called `lock.toml`. Call it `pylock.toml` or"
            " `pylock.NAME.toml`, with no dot in the name.",
        ),
    ],
)
def test_refusals(repository: Repository, args: list[str], fault: str) -> None:
    result = repository.export(*args)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == f"{fault}\n"


def test_an_import_that_nothing_provides(repository: Repository) -> None:
    result = repository.export("--slice=app/bad.py")
    assert result.exit_code == 1
    assert "app/bad.py:1" in result.stderr and "`nowhere`" in result.stderr


def test_what_cannot_be_written(repository: Repository) -> None:
    result = repository.export("--output=lib")
    assert result.exit_code == 1
    assert result.stderr == (
        f"{repository.root}/lib cannot be written (Is a directory). Name a file in a folder that can be"
        " written to.\n"
    )


def test_a_lock_of_pants(repository: Repository) -> None:
    result = repository.export("--resolve=pex")
    assert (result.exit_code, result.stderr) == (
        1,
        "pex.txt is in PEX's format, so Pants wrote it. Run `./pants lock` to write it anew.\n",
    )
