"""What an unexpected error of Lockstep ends with, and a report on it, through the real launcher."""

from __future__ import annotations

import os
import subprocess
from typing import Iterator

import pytest

from lockstep.acceptance.monorepo import FILES, Monorepo
from lockstep.core.unexpected import REPORT

BREAKAGE = """
    if request.resolve == "mistake":
        {}["there is no such key"]
    elif request.resolve == "library":
        __import__("json").loads("{")
    elif request.resolve == "expected":
        raise MistakeOfAPerson("A sentence", mend="A mend")
    elif request.resolve == "engine":
        await Get(Paths, PathGlobs(["../outside"]))
    elif request.resolve == "process":
        await Get(ProcessResult, Process(["/bin/false"], description="fail"))
    elif request.resolve == "rule":
        await Get(WrappedTarget, WrappedTargetRequest(Address("no/such"), "a test"))
"""
IMPORTS = """
from pants.engine.addresses import Address
from pants.engine.process import Process, ProcessResult
from pants.engine.target import WrappedTarget, WrappedTargetRequest


class MistakeOfAPerson(LockstepError):
    pass
"""


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Monorepo]:
    """A repository whose plugin fails in another way for each resolve."""
    resolves = ("mistake", "library", "expected", "engine", "process", "rule")
    toml = FILES["pants.toml"].replace(
        "[python.resolves]\n",
        "[python.resolves]\n" + "".join(f"{name} = '{name}.txt'\n" for name in resolves),
    )
    repo = Monorepo.create(tmp_path_factory.mktemp("broken"), {"pants.toml": toml})
    path = "build-support/lockstep/lock/goal.py"
    text = repo.read(path)
    start = "async def check_lock(request: LockFaultsRequest, lockstep: Lockstep) -> LockFaults:"
    assert start in text and "except LockstepError as error:" in text
    text = text.replace(start, start + BREAKAGE)
    text = text.replace("except LockstepError as error:", "except SystemExit as error:")
    repo.write(path, text.replace("\n\nclass Lock", f"{IMPORTS}\n\nclass Lock", 1))
    yield repo
    repo.stop()


@pytest.mark.parametrize(
    "resolve,said,ours",
    [
        ("mistake", "KeyError: 'there is no such key'", True),
        ("library", "JSONDecodeError: Expecting property name", True),
        ("expected", "A sentence. A mend.", False),
        ("engine", "IntrinsicError: Globs may not traverse outside", False),
        ("process", "Process 'fail' failed with exit code 1.", False),
        ("rule", "ResolveError: Directory 'no/such' does not contain", False),
    ],
)
def test_a_mistake_of_lockstep_says_where_to_report_it(
    broken: Monorepo, resolve: str, said: str, ours: bool
) -> None:
    result = broken.pants("lock", "--check", f"--resolve={resolve}")
    assert result.exit_code == 1 and said in result.output
    assert result.output.rstrip().endswith(f"\n\n{REPORT}") is ours
    assert result.output.count(REPORT) == int(ours)
    assert ("Engine traceback" in result.output) is (resolve != "expected")


def test_a_report_on_it(broken: Monorepo) -> None:
    command = "./pants --no-colors --no-dynamic-ui lock --check --resolve=mistake"
    environ = {"MY_PASSWORD": "s3cret-of-mine", "PANTS_LOCAL_STORE_DIR": str(broken.store)}
    done = subprocess.run(
        [broken.path("pants"), "doctor", "--report", "--offline", f"--command={command}"],
        cwd=broken.root,
        env={**os.environ, **environ, "LOCKSTEP_NOTE": "s3cret-of-mine"},
        stdout=subprocess.PIPE,
        text=True,
    )
    report = done.stdout
    assert done.returncode == 1  # the locks of this repository are missing
    assert "It ended with exit code 1." in report and "KeyError: 'there is no such key'" in report
    assert "LOCKSTEP_NOTE=****" in report and "s3cret-of-mine" not in report
    assert "| ok | daemon | The daemon, process" in report
    assert "| fault | pants.toml | The lock 3rdparty/python/lock.txt of the resolve" in report
