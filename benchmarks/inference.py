"""Reading the imports of a tree of files with Lockstep, beside Pants' fast parser alone.

    build-support/python benchmarks/inference.py [RUNS]

The files are those of Python's standard library. Each run is a process of its own with an empty
store; the time is that of the engine for all files at once.
"""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from pants.backend.python import register as python
from pants.backend.python.dependency_inference.parse_python_dependencies import (
    ParsedPythonDependencies,
    ParsePythonDependenciesRequest,
)
from pants.backend.python.target_types import PythonSourceField
from pants.backend.python.util_rules.interpreter_constraints import InterpreterConstraints
from pants.core import register as core
from pants.engine.addresses import Address
from pants.engine.rules import Get, MultiGet, QueryRule, collect_rules, rule
from pants.testutil.rule_runner import RuleRunner

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "build-support"))

STANDARD_LIBRARY = Path(sysconfig.get_path("stdlib"))


@dataclass(frozen=True)
class Files:
    """Files to read the imports of."""

    requests: tuple[ParsePythonDependenciesRequest, ...]


@dataclass(frozen=True)
class Read:
    """What was read."""

    files: tuple[ParsedPythonDependencies, ...]


@rule
async def read_imports(files: Files) -> Read:
    parsed = await MultiGet(
        Get(ParsedPythonDependencies, ParsePythonDependenciesRequest, request)
        for request in files.requests
    )
    return Read(parsed)


def _request(path: str) -> ParsePythonDependenciesRequest:
    folder, _, name = path.rpartition("/")
    return ParsePythonDependenciesRequest(
        PythonSourceField(name, Address(folder, target_name="t")),
        InterpreterConstraints(["CPython==3.9.*"]),
    )


def measure(contender: str) -> None:
    """Print the seconds that one contender takes, and the number of imports it finds."""
    rules = [*core.rules(), *python.rules(), *collect_rules(), QueryRule(Read, [Files])]
    if contender == "lockstep":
        from lockstep import register

        rules.extend(register.rules())
    runner = RuleRunner(rules=rules)
    runner.set_options(
        ["--source-root-patterns=/", "--python-infer-use-rust-parser"],
        env_inherit={"PATH", "HOME", "PYENV_ROOT"},
    )
    files = {
        path.relative_to(STANDARD_LIBRARY).as_posix(): path.read_bytes()
        for path in STANDARD_LIBRARY.rglob("*.py")
        if "site-packages" not in path.parts and readable(path)
    }
    runner.write_files(files)
    requests = tuple(map(_request, sorted(files)))
    start = time.perf_counter()
    read = runner.request(Read, [Files(requests)])
    seconds = time.perf_counter() - start
    print(seconds, sum(len(file.imports) for file in read.files), len(files))


def readable(path: Path) -> bool:
    """Whether Pants' parser alone does not fail on a file."""
    try:
        path.read_bytes().decode()
    except UnicodeDecodeError:
        return False
    return True


def main() -> None:
    """Measure both contenders in turn and print their medians."""
    if sys.argv[1:2] in (["pants"], ["lockstep"]):
        return measure(sys.argv[1])
    runs = int(sys.argv[1]) if sys.argv[1:] else 5
    seconds: dict[str, list[float]] = {"pants": [], "lockstep": []}
    found: dict[str, tuple[int, int]] = {}
    for _ in range(runs):
        for contender, times in seconds.items():
            output = subprocess.run(
                [sys.executable, __file__, contender], check=True, stdout=subprocess.PIPE, text=True
            ).stdout.split()
            times.append(float(output[0]))
            found[contender] = (int(output[1]), int(output[2]))
    for contender, times in seconds.items():
        imports, files = found[contender]
        print(f"{contender:>9}: {median(times):6.2f} s for {files} files, {imports} imports")
    print(f"    ratio: {median(seconds['lockstep']) / median(seconds['pants']):6.2f}")


if __name__ == "__main__":
    main()
