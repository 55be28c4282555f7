"""Runs test files outside of any sandbox and tells what each of them opened and imported.

    python benchmarks/tracing.py < REQUESTS > TRACES

It needs nothing but pytest on the path that it is told. Each file runs in a fork of one
process; an audit hook, which Python subprocesses of the test get too, writes down what they open.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import io
import json
import os
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any, Callable

FILE = "LOCKSTEP_TRACE"
_LIMIT_SECONDS = 600
_WRITING = os.O_WRONLY | os.O_CREAT


class Recorder:
    """Writes each path that this process opens for reading to a file, one in a line.

    Args:
        target: the file.
    """

    def __init__(self, target: str) -> None:
        self.write_to(target)
        sys.addaudithook(self._note)

    def write_to(self, target: str) -> None:
        """Write what follows to another file."""
        self._seen: set[str] = set()
        self._out = os.open(target, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC)

    def _note(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, _, flags = arguments
            if isinstance(flags, int) and flags & _WRITING and not flags & os.O_RDWR:
                return
        elif event == "import":
            path = arguments[1]  # of an extension module; others are opened
        else:
            return
        if isinstance(path, bytes):
            path = os.fsdecode(path)
        if isinstance(path, str) and path not in self._seen and "\n" not in path:
            self._seen.add(path)
            os.write(self._out, os.fsencode(f"{os.path.abspath(path)}\n"))


def main() -> None:
    """Serve requests, one in a line, each with one line.

    The first line is the setting, an object of `root` (the folder to run in), `path` (for `sys.path`),
    `environ` and `parallel`. Each other one is a request, a list of tests, as paths below the root. The
    answer tells for each test its `exit_code` and what it `opened`.
    """
    setting = json.loads(sys.stdin.readline())
    sys.path[:1] = []  # where this file is
    sys.path.extend(setting["path"])
    os.environ.update(setting["environ"])
    os.chdir(setting["root"])
    with tempfile.TemporaryDirectory() as folder:
        shared = Path(folder, "shared")
        recorder = Recorder(str(shared))
        import pytest

        # Else each fork would read pytest's own modules anew, which takes most of the time.
        first = Path(folder, "first_test.py")
        first.write_text("def test_it():\n    pass\n")
        with contextlib.redirect_stdout(io.StringIO()):
            pytest.main(["-p", "no:cacheprovider", f"--rootdir={folder}", str(first)])
        # Bytecode of a changed file can be taken for that of the file before, within one second.
        sys.dont_write_bytecode = True
        gc.freeze()  # pytest collects garbage at each end, and here is none
        hook = Path(folder, "hook")
        hook.mkdir()
        hook.joinpath("sitecustomize.py").write_text(
            f"import os, sys\nsys.path.append({str(Path(__file__).parent)!r})\n"
            f"import tracing\ntracing.Recorder(os.environ[{FILE!r}])\n"
        )
        os.environ["PYTHONPATH"] = os.pathsep.join([str(hook), *setting["path"]])
        os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
        common = _opened(shared)
        for request in sys.stdin:
            answer = _serve(json.loads(request), setting["parallel"], folder, recorder, pytest.main)
            for told in answer.values():
                told["opened"] = sorted({*told["opened"], *common})
            print(json.dumps(answer), flush=True)


def _serve(
    tests: list[str],
    parallel: int,
    folder: str,
    recorder: Recorder,
    pytest_main: Callable[[list[str]], object],
) -> dict[str, dict[str, Any]]:
    answer: dict[str, dict[str, Any]] = {}
    running: dict[int, tuple[str, str]] = {}
    for number, test in enumerate(tests):
        if len(running) >= parallel:
            _reap(running, answer)
        target = os.path.join(folder, str(number))
        child = os.fork()
        if child == 0:
            importlib.invalidate_caches()  # folders may have come since this process started
            recorder.write_to(target)
            _run(test, target, pytest_main)
        running[child] = test, target
    while running:
        _reap(running, answer)
    return answer


def _run(test: str, target: str, pytest_main: Callable[[list[str]], object]) -> None:
    """Run a test file, and end the process."""
    exit_code = 70
    signal.alarm(_LIMIT_SECONDS)
    try:
        os.environ[FILE] = target
        silent = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(silent, stream)
        exit_code = int(pytest_main(["-q", "-p", "no:cacheprovider", "--rootdir=.", test]))  # type: ignore[call-overload]
    finally:
        os._exit(exit_code)


def _reap(running: dict[int, tuple[str, str]], answer: dict[str, dict[str, Any]]) -> None:
    child, status = os.wait()
    test, target = running.pop(child)
    opened = _opened(Path(target))
    os.unlink(target)
    answer[test] = {"exit_code": os.waitstatus_to_exitcode(status), "opened": opened}


def _opened(written: Path) -> set[str]:
    return {*os.fsdecode(written.read_bytes()).splitlines()}


if __name__ == "__main__":
    main()
