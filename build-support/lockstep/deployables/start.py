"""Starts a process of this deployable, or asks a running one whether it is healthy.

    start [PROCESS] [ARG...]    without PROCESS the default one
    start --healthy [SECONDS]   exit code 0 if its health check answers 200 within 5 seconds

`deployable.json` beside this file tells of the processes. What it says of the environment holds where
the environment does not say otherwise. Stands in every artifact: nothing but the standard library.
"""

from __future__ import annotations

import json
import os
import runpy
import site
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:  # typing takes longer to import than all of this
    from typing import Any, Mapping

_HERE = os.path.dirname(os.path.abspath(__file__))
_THIRD_PARTY = os.path.join(os.path.dirname(_HERE), "site-packages")


def main(arguments: list[str]) -> None:
    with open(os.path.join(_HERE, "deployable.json"), encoding="utf-8") as file:
        told = json.load(file)
    for name, value in told["environment"].items():
        os.environ.setdefault(name, value)
    if arguments[:1] == ["--healthy"]:
        sys.exit(_health(told, *arguments[1:]))
    processes = told["processes"]
    if arguments and arguments[0] in processes:
        words = processes[arguments[0]] + arguments[1:]
    elif told["default"] is not None:
        words = processes[told["default"]] + arguments
    else:
        named = ", ".join(processes)
        sys.exit(f"{told['name']} has several processes. Name one of them: {named}.")
    if os.path.isdir(_THIRD_PARTY):  # in a PEX, PEX itself sees to the import path
        _set_import_path()
    _run([os.path.expandvars(word) for word in words])


def _set_import_path() -> None:
    sys.path.insert(0, _HERE)
    site.setquit()
    site.addsitedir(_THIRD_PARTY)
    os.environ["PYTHONPATH"] = os.pathsep.join(
        (_HERE, _THIRD_PARTY)
    )  # for processes that it starts


def _run(words: list[str]) -> None:
    if words[0] == "python":
        sys.argv = words[2:]
        runpy.run_module(words[2], run_name="__main__", alter_sys=True)
        return
    from importlib.metadata import entry_points

    found: Any = entry_points()
    scripts = (
        found.select(group="console_scripts")
        if hasattr(found, "select")
        else found["console_scripts"]  # before CPython 3.10
    )
    sys.argv = words
    sys.exit(next(script for script in scripts if script.name == words[0]).load()())


def _health(told: Mapping[str, Any], seconds: str = "5") -> int | str:
    from urllib.request import ProxyHandler, build_opener

    path, port = told["health"], os.environ.get("PORT", "")
    if not path or not port:
        return f"{told['name']} tells no health check." if not path else "PORT is not set."
    url = f"http://127.0.0.1:{port}{path}"
    try:
        with build_opener(ProxyHandler({})).open(url, timeout=float(seconds)) as answer:
            return 0 if answer.status == 200 else f"{url} answers {answer.status}."
    except (OSError, ValueError) as error:
        return f"{url} is not healthy: {error}."


if __name__ == "__main__":
    main(sys.argv[1:])
