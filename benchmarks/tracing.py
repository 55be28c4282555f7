"""Runs test files outside of any sandbox and tells what each of them opened and imported.

    python benchmarks/tracing.py < REQUESTS > TRACES

It needs nothing but pytest on the path that it is told. Each file runs in a fork of one
process; an audit hook, which Python subprocesses of the test get too, writes down what they open,
and where they look for something.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import inspect
import io
import json
import os
import signal
import subprocess
import sys
import tempfile
from importlib.machinery import FileFinder, ModuleSpec
from pathlib import Path
from typing import Any, Callable, Mapping

FILE = "LOCKSTEP_TRACE"
HOOK = "LOCKSTEP_TRACE_HOOK"
SOUGHT = "?"
"""Begins a line that tells where was looked. One of a folder that was listed ends with a slash."""
_LIMIT_SECONDS = 600
_WRITING = os.O_WRONLY | os.O_CREAT


class Recorder:
    """Writes what this process reads and looks for to a file, one path in a line.

    Those are the paths that it opens for reading; and, sought, those that it asks for, the places
    where it looks for modules, without an ending, and the folders that it lists.

    Args:
        target: the file.
    """

    def __init__(self, target: str) -> None:
        self.write_to(target)
        self._tell_of_imports()
        self._tell_of_questions()
        self._follow_programs()
        sys.addaudithook(self._note)

    def write_to(self, target: str) -> None:
        """Write what follows to another file."""
        self._target = target
        self._seen: set[str] = set()
        self._out = os.open(target, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC)

    def _note(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, _, flags = arguments
            if not (isinstance(flags, int) and flags & _WRITING and not flags & os.O_RDWR):
                self._write(path)
        elif event == "import":
            self._write(arguments[1])  # of an extension module; others are opened
        elif event in ("os.listdir", "os.scandir") and not _looks_by_name(sys._getframe(1)):
            self._write(os.curdir if arguments[0] is None else arguments[0], SOUGHT, os.sep)

    def _tell_of_imports(self) -> None:
        find_spec = FileFinder.find_spec

        def telling(finder: Any, fullname: str, target: Any = None) -> ModuleSpec | None:
            self._write(os.path.join(finder.path, fullname.rpartition(".")[2]), SOUGHT)
            return find_spec(finder, fullname, target)

        setattr(FileFinder, "find_spec", telling)

    def _tell_of_questions(self) -> None:
        """Most questions whether a file is there end in this function, of which no event tells."""
        stat = os.stat

        def telling(path: Any, **options: Any) -> os.stat_result:
            self._write(path, SOUGHT)
            return stat(path, **options)

        setattr(os, "stat", telling)

    def _follow_programs(self) -> None:
        """Programs that are started with variables of their own would not be told of."""
        start = subprocess.Popen.__init__
        parameters = inspect.signature(start)

        def following(process: Any, *arguments: Any, **named: Any) -> None:
            given = parameters.bind(process, *arguments, **named).arguments
            if HOOK in os.environ and given.get("env") is not None:
                given["env"] = followed(given["env"], os.environ[HOOK], self._target)
            start(**given)

        setattr(subprocess.Popen, "__init__", following)

    def _write(self, path: object, before: str = "", after: str = "") -> None:
        if isinstance(path, os.PathLike):
            path = os.fspath(path)
        if isinstance(path, bytes):
            path = os.fsdecode(path)
        if isinstance(path, str) and "\n" not in path:
            line = f"{before}{os.path.abspath(path)}{after}"
            if line not in self._seen:
                self._seen.add(line)
                os.write(self._out, os.fsencode(f"{line}\n"))


def followed(environ: Mapping[Any, Any], hook: str, target: str) -> dict[str, str]:
    """Variables for a Python program, with what makes it write down what it reads.

    Args:
        environ: what it is started with, as str or bytes.
        hook: the folder of the `sitecustomize` that does it.
        target: the file to write to.
    """
    variables = {os.fsdecode(name): os.fsdecode(value) for name, value in environ.items()}
    path = [hook, *filter(None, [variables.get("PYTHONPATH")])]
    return {**variables, HOOK: hook, FILE: target, "PYTHONPATH": os.pathsep.join(path)}


def _looks_by_name(frame: Any) -> bool:
    """Whether a folder is listed by the import system or by pytest, which look for known names."""
    module = str(frame.f_globals.get("__name__"))
    return module == "importlib._bootstrap_external" or module.startswith("_pytest.")


def main() -> None:
    """Serve requests, one in a line, each with one line.

    The first line is the setting, an object of `root` (the folder to run in), `path` (for `sys.path`),
    `environ` and `parallel`. Each other one is a request, a list of tests, as paths below the root. The
    answer tells for each test its `exit_code`, what it `opened` and what it `sought`.
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
        os.environ[HOOK] = str(hook)
        os.environ["PYTHONPATH"] = os.pathsep.join([str(hook), *setting["path"]])
        os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
        common, _ = _told(shared)
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
    opened, sought = map(sorted, _told(Path(target)))
    os.unlink(target)
    exit_code = os.waitstatus_to_exitcode(status)
    answer[test] = {"exit_code": exit_code, "opened": opened, "sought": sought}


def _told(written: Path) -> tuple[set[str], set[str]]:
    lines = {*os.fsdecode(written.read_bytes()).split("\n")[:-1]}
    sought = {line for line in lines if line.startswith(SOUGHT)}
    return lines - sought, {line[len(SOUGHT) :] for line in sought}


if __name__ == "__main__":
    main()
