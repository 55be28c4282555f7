"""Which goals a change of `pants.toml` can matter to, option by option."""

from __future__ import annotations

import sys
from typing import Any, Iterator, Mapping

from lockstep.core.affected import Cause, CauseKind, Reach

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_SCOPES: Mapping[str, Reach | None] = {
    "affected": None,
    "anonymous-telemetry": None,
    "black": Reach.FORMAT,
    "changed": None,
    "cli": None,
    "coverage-py": Reach.TEST,
    "export": None,
    "generate-lockfiles": None,
    "mypy": Reach.CHECK,
    "pytest": Reach.TEST,
    "stats": None,
    "tailor": None,
    "test": Reach.TEST,
}
"""What the options of a scope can change; None for nothing. Any other scope: everything."""

_OPTIONS = frozenset(
    [
        "GLOBAL.colors",
        "GLOBAL.dynamic_ui",
        "GLOBAL.ignore_warnings",
        "GLOBAL.level",
        "GLOBAL.log_show_rust_3rdparty",
        "GLOBAL.pantsd_max_memory_usage",
        "GLOBAL.process_execution_local_parallelism",
        "GLOBAL.show_log_target",
        "GLOBAL.stats_log",
        "lockstep.constraints",
        "lockstep.exclusions",
        "lockstep.overrides",
        "lockstep.pip_tools_lock",
        "lockstep.platforms",
        "lockstep.prereleases",
        "lockstep.propose",
        "lockstep.resolver",
        "lockstep.scripts",
    ]
)
"""Options that no result depends on, in scopes where others matter. Some change what a lock will
be; the lock then tells."""


def option_changes(before: str, after: str, path: str) -> Iterator[Cause]:
    """The causes that two texts of a configuration file make.

    Args:
        before: the file at the base; empty where there was none.
        after: the file now.
        path: the file, for people.
    """
    try:
        old, new = _options(before), _options(after)
    except tomllib.TOMLDecodeError:
        yield Cause(f"{path} cannot be read at the base", CauseKind.OPTION)
        return
    for name in sorted({*old, *new}):
        scope, _, option = name.partition(".")
        if old.get(name) == new.get(name) or f"{scope}.{option.partition('.')[0]}" in _OPTIONS:
            continue
        reach = _SCOPES.get(scope, Reach.ALL)
        if reach is not None:
            yield Cause(f"{path} [{scope}].{option} changed", CauseKind.OPTION, reach)


def _options(text: str) -> dict[str, Any]:
    """Values by `scope.option`; a table that is an option is a value for each of its keys."""
    return dict(_leaves(tomllib.loads(text)))


def _leaves(tables: Mapping[str, Any], scope: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in tables.items():
        full = f"{scope}.{name}" if scope else name
        if isinstance(value, dict):
            yield from _leaves(value, full)
        else:
            yield (full if "." in full else f"DEFAULT.{full}"), value


_TOOLS = {
    "black": Reach.FORMAT,
    "coverage": Reach.TEST,
    "mypy": Reach.CHECK,
    "pytest": Reach.TEST,
}


def tool_changes(before: str, after: str, path: str) -> Iterator[Cause]:
    """The causes that two texts of a `pyproject.toml` make for the tools that read it.

    Args:
        before: the file at the base; empty where there was none.
        after: the file now.
        path: the file, for people.
    """
    try:
        old, new = (tomllib.loads(text).get("tool", {}) for text in (before, after))
    except tomllib.TOMLDecodeError:
        yield Cause(f"{path} cannot be read", CauseKind.CONFIGURATION)
        return
    for tool, reach in _TOOLS.items():
        if old.get(tool) != new.get(tool):
            yield Cause(f"{path} [tool.{tool}] changed", CauseKind.CONFIGURATION, reach)
