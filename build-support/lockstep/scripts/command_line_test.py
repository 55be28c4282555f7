"""The command line: what is for `./py`, what is for Python, and what is for the script."""

from __future__ import annotations

import pytest

from lockstep.scripts.command_line import Call, UsageError, read


def fields(call: Call) -> tuple[object, ...]:
    return tuple(getattr(call, name) for name in Call.__slots__)


@pytest.mark.parametrize(
    "line,call",
    [
        ("", ("run", None, [], "shell", "", [])),
        ("a.py -m --spec x", ("run", None, [], "script", "a.py", ["a.py", "-m", "--spec", "x"])),
        ("--spec s a.py", ("run", "s", [], "script", "a.py", ["a.py"])),
        ("--spec=s -m m -c", ("run", "s", [], "module", "m", ["-m", "m", "-c"])),
        ("-c x --help", ("run", None, [], "code", "x", ["-c", "x", "--help"])),
        ("-uO -W error -Xdev a.py", ("run", None, ["-uO", "-W", "error", "-Xdev"], "script", "a.py", ["a.py"])),
        ("-u - x", ("run", None, ["-u"], "shell", "", ["-", "x"])),
        ("-i -", ("run", None, ["-i"], "shell", "", ["-"])),
        ("--print-env a.py", ("print-env", None, [], "script", "a.py", ["a.py"])),
        ("--prune", ("prune", None, [], "shell", "", [])),
        ("-h", ("help", None, [], "shell", "", [])),
    ],
)  # fmt: skip
def test_calls(line: str, call: tuple[object, ...]) -> None:
    assert fields(read(line.split())) == call


@pytest.mark.parametrize("line", ["--spec", "-m", "-c", "-W", "--version", "-Z", "-um m"])
def test_what_cannot_be_read(line: str) -> None:
    with pytest.raises(UsageError):
        read(line.split())
