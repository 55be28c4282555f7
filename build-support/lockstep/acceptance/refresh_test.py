"""`./pants lock-refresh`, from a served index to a branch that holds all that passes."""

from __future__ import annotations

import os
import re
import subprocess
from typing import Iterable, Iterator

import pytest

from lockstep.acceptance.monorepo import FILES, LOCK, Monorepo, Result
from lockstep.acceptance.served_index import ServedIndex
from lockstep.core import lock_codec

COUNT = int(os.environ.get("LOCKSTEP_MOVERS", "6"))
NAMES = [f"lockstep_mover{number:03}" for number in range(COUNT)]
ALONE, ONE, OTHER = NAMES[1], NAMES[2], NAMES[-2]
"""The first breaks tests by itself, the others only together."""

HELD = "3rdparty/python/held.toml"
GIT = ("-c", "user.name=tests", "-c", "user.email=tests@t.example")


def is_new(name: str) -> str:
    return f'm.version("{name}") == "2.0"'


def text_of_test(names: Iterable[str], *statements: str) -> str:
    imports = "".join(f"import {name}\n" for name in names)
    return f"{imports}import importlib.metadata as m\n\n\ndef test_it() -> None:\n" + "".join(
        f"    {statement}\n" for statement in statements
    )


TESTS = {
    "text/alone_test.py": text_of_test([ALONE], f"assert not {is_new(ALONE)}"),
    "text/both_test.py": text_of_test(
        [ONE, OTHER], f"assert not ({is_new(ONE)} and {is_new(OTHER)})"
    ),
    "text/fails_test.py": text_of_test(
        NAMES[:1], f"wrong: int = m.version('{NAMES[0]}')", "assert not wrong"
    ),
    "text/all_test.py": text_of_test(NAMES, *(f"m.version('{name}')" for name in NAMES)),
}


@pytest.fixture(scope="module")
def movers(tmp_path_factory: pytest.TempPathFactory, index: ServedIndex) -> Iterator[Monorepo]:
    """A committed repository whose pins could all move from 1.0 to 2.0."""
    folder = tmp_path_factory.mktemp("movers")
    files = {
        "pants.toml": FILES["pants.toml"] + '\n[lockstep]\nresolver = "uv"\n',
        ".gitignore": FILES[".gitignore"],
        "3rdparty/python/BUILD": 'python_requirements(name="tools", source="tools.in")\n'
        'python_requirements(name="movers", source="movers.in")\n',
        "3rdparty/python/tools.in": FILES["3rdparty/python/tools.in"],
        "3rdparty/python/movers.in": "".join(f"{name}\n" for name in NAMES),
        "text/BUILD": "python_tests()\n",
        **TESTS,
    }
    for name in NAMES:
        index.upload(name, "1.0", days_old=30)
    cache = {"LOCKSTEP_CACHE": os.environ.get("LOCKSTEP_CACHE", "")}
    repo = Monorepo.create(folder, files, {**index.variables, **cache})
    locked = repo.pants("lock")
    assert locked.exit_code == 0, locked.output
    for name in NAMES:
        index.upload(name, "2.0", days_old=20, links=[f"Changelog, https://{name}.example/news"])
    git(repo, "init", "--quiet", "--initial-branch=main")
    git(repo, "add", "--all")
    git(repo, *GIT, "commit", "--quiet", "--message=base")
    yield repo
    repo.stop()


def git(repo: Monorepo, *arguments: str) -> str:
    command = ["git", *arguments]
    done = subprocess.run(command, cwd=repo.root, check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout


def started(repo: Monorepo, *arguments: str) -> subprocess.Popen[str]:
    argv, environ = repo.command()
    return subprocess.Popen(
        [argv[0], "lock-refresh", "--goals=check test", *arguments],
        cwd=repo.root,
        env={n: v for n, v in environ.items() if n not in ("GH_TOKEN", "GITHUB_TOKEN")},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def refresh(repo: Monorepo, *arguments: str) -> Result:
    process = started(repo, *arguments)
    stdout, stderr = process.communicate()
    return Result(process.returncode, stdout, stderr)


def killed_after_a_trial(repo: Monorepo) -> None:
    with started(repo) as process:
        assert process.stderr is not None
        assert any("Trial 1" in line for line in process.stderr)
        process.kill()


def test_the_largest_green_set_lands_and_culprits_are_held(
    movers: Monorepo, index: ServedIndex
) -> None:
    before = git(movers, "rev-parse", "HEAD"), git(movers, "status", "--porcelain")
    killed_after_a_trial(movers)
    with index.emptied():
        failed = refresh(movers)
    assert failed.exit_code == 1
    assert (
        "lock-refresh: `./pants lock --upgrade` fails, so nothing moves. Mend what it names.\n"
    ) in failed.output
    assert git(movers, "branch", "--list", "lockstep/*") == ""
    refreshed = refresh(movers)
    assert refreshed.exit_code == 0, refreshed.output
    assert (git(movers, "rev-parse", "HEAD"), git(movers, "status", "--porcelain")) == before
    branch = "lockstep/lock-refresh"
    assert git(movers, "rev-parse", f"{branch}^1") == before[0]
    changed = git(movers, "diff", "--name-only", "main", branch).split()
    assert changed == [HELD, "3rdparty/python/lock.graph.json", LOCK]
    lock = lock_codec.parse(git(movers, "show", f"{branch}:{LOCK}"), LOCK).by_name()
    moved = {name for name in NAMES if lock[name.replace("_", "-")][0].version == "2.0"}
    assert moved == {*NAMES} - {ALONE, OTHER} or moved == {*NAMES} - {ALONE, ONE}
    stated = git(movers, "show", f"{branch}:{HELD}")
    (second,) = {ONE, OTHER} - moved
    releases = [f"{name.replace('_', '-')}==2.0" for name in (ALONE, second)]
    assert re.findall(r'^release = "(.*)"$', stated, re.M) == releases
    assert re.findall(r'^ +"(.*)",$', stated, re.M) == ["text/alone_test.py", "text/both_test.py"]
    told = refreshed.output
    assert (
        "| [`lockstep-mover000`](https://lockstep_mover000.example/news) | `1.0` | `2.0` | major |"
        in told
    )
    assert f"- `{releases[0]}` until " in told and "  - `text/alone_test.py`\n" in told
    assert "### Failing before, so not counted\n\n- `check`\n- `text/fails_test.py`\n" in told
    assert (
        "It is not published, since there is no git remote `origin`. To publish it: `git push"
        " --force origin lockstep/lock-refresh`.\n"
    ) in told
    assert len(re.findall(r"^lock-refresh: Trial \d+: ", told, re.M)) <= 48

    tip = git(movers, "rev-parse", branch)
    again = refresh(movers)
    assert again.exit_code == 0, again.output
    assert git(movers, "rev-parse", branch) == tip
    assert git(movers, "worktree", "list").count("\n") == 1


def test_a_base_that_is_none_is_told(movers: Monorepo) -> None:
    told = refresh(movers, "--base=nowhere")
    assert (told.exit_code, told.output) == (
        1,
        f"lock-refresh: `nowhere` is no commit of {movers.root}. Name a branch, tag or commit with"
        " `--base`.\n",
    )
