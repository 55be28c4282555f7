"""Finds the interpreter that environments of a resolve are for, as Pants would, without Pants.

What an interpreter says of itself is kept, so that one that has been asked once is only looked at.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Iterable, Iterator, Mapping, Sequence

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from lockstep.core.errors import LockstepError
from lockstep.envs.atomic import write_text

SEARCH_PATH = ("<PYENV>", "<PATH>")
"""The default of `[python-bootstrap].search_path`."""

_ANSWER_SECONDS = 60
_NAMES = re.compile(r"python(?:3(?:\.(\d+))?)?")
_CONSTRAINT = re.compile(r"\s*(?P<name>[A-Za-z]*)\s*(?P<specifiers>.*)")
_ASK = """\
import json, os, sys, sysconfig
print(json.dumps({
    "path": os.path.realpath(getattr(sys, "_base_executable", None) or sys.executable),
    "implementation": sys.implementation.name,
    "version": "%d.%d.%d" % sys.version_info[:3],
    "soabi": sysconfig.get_config_var("SOABI") or "",
    "platform": sysconfig.get_platform(),
}))
"""


@dataclass(frozen=True)
class Interpreter:
    """An interpreter of this machine, and what tells it from others.

    Attributes:
        path: the real path of its binary.
        version: such as `3.11.7`.
        soabi: what its extension modules are called by.
        platform: such as `linux-x86_64`, as `sysconfig` tells.
        size: of the binary, in bytes.
        mtime_ns: when the binary was written.
    """

    path: str
    version: str
    soabi: str
    platform: str
    size: int
    mtime_ns: int

    def is_there(self) -> bool:
        """Whether the binary is the one that was asked."""
        return _stat(self.path) == (self.size, self.mtime_ns)


@dataclass(frozen=True)
class Wanted:
    """Which interpreter is looked for, and where.

    Attributes:
        constraints: such as `CPython==3.11.*`; one of them has to be met.
        search_path: folders, files, and names such as `<PATH>` and `<PYENV>`.
        root: the build root, which decides what `<PYENV_LOCAL>` is.
    """

    constraints: tuple[str, ...]
    search_path: tuple[str, ...] = SEARCH_PATH
    root: Path = Path(".")


def configured(options: Mapping[str, Any], resolve: str, root: Path) -> Wanted:
    """What `pants.toml` says about the interpreter of a resolve.

    Args:
        options: the parsed file.
        resolve: a name of `[python].resolves`.
        root: the folder of the file.

    Raises:
        LockstepError: it says nothing.
    """
    python = options.get("python", {})
    own = python.get("resolves_to_interpreter_constraints", {}).get(resolve)
    constraints = own or python.get("interpreter_constraints")
    if not constraints:
        raise LockstepError(
            f"pants.toml does not say which Python `{resolve}` is for",
            mend='Set `[python].interpreter_constraints`, such as `["CPython==3.11.*"]`',
        )
    search_path = options.get("python-bootstrap", {}).get("search_path", SEARCH_PATH)
    return Wanted(tuple(constraints), tuple(search_path), root)


def find(wanted: Wanted, environ: Mapping[str, str], memo: Path) -> Interpreter:
    """The interpreter that environments are made for.

    The lowest minor version that is allowed, its highest patch release, and of several such the
    first on the search path, which is what Pants takes. No process is started where the binaries are
    those of the last time. Scripts such as pyenv's shims are only asked where there is no binary.

    Args:
        wanted: what to look for, and where.
        environ: `PATH`, `HOME`, `PYENV_ROOT` and `ASDF_DATA_DIR` of the caller.
        memo: the file where answers are kept.

    Raises:
        LockstepError: there is none, or a constraint cannot be read.
    """
    allowed = [_specifiers(constraint) for constraint in wanted.constraints]
    binaries, scripts = _candidates(wanted, environ, allowed)
    known = _Known(memo)
    for paths in (binaries, scripts):
        told = (known.ask(path, environ) for path in paths)
        fitting = [found for found in told if found and _allows(allowed, found.version)]
        if fitting:
            known.save()
            return min(fitting, key=_preference)
    known.save()
    raise LockstepError(
        f"No interpreter was found for {' or '.join(f'`{text}`' for text in wanted.constraints)}",
        mend="Install one, or name its folder in `[python-bootstrap].search_path`, which is "
        + ", ".join(f"`{place}`" for place in wanted.search_path),
    )


def _preference(found: Interpreter) -> tuple[int, int, int]:
    major, minor, patch = map(int, found.version.split("."))
    return major, minor, -patch


def _specifiers(constraint: str) -> SpecifierSet:
    match = _CONSTRAINT.fullmatch(constraint)
    assert match is not None, "the pattern matches every text"
    if match["name"].lower() not in ("", "cpython"):
        raise LockstepError(
            f"The interpreter constraint `{constraint}` is not for CPython",
            mend="Name CPython in `[python].interpreter_constraints`",
        )
    try:
        return SpecifierSet(match["specifiers"])
    except InvalidSpecifier:
        raise LockstepError(
            f"The interpreter constraint `{constraint}` cannot be read",
            mend="Write it like `CPython==3.11.*`",
        ) from None


def _allows(allowed: Iterable[SpecifierSet], version: str) -> bool:
    return any(specifiers.contains(version) for specifiers in allowed)


def _may_be(allowed: Sequence[SpecifierSet], minor: str | None) -> bool:
    """Whether a name can be of an interpreter that is allowed; one without a version always can."""
    if minor is None:
        return True
    return any(_allows(allowed, f"3.{minor}.{patch}") for patch in range(40))


# -- Where they are -------------------------------------------------------------------------------


def _candidates(
    wanted: Wanted, environ: Mapping[str, str], allowed: Sequence[SpecifierSet]
) -> tuple[Sequence[str], Sequence[str]]:
    """The real paths of binaries, and the paths of scripts, in the order of the search path."""
    binaries: dict[str, None] = {}
    scripts: dict[str, None] = {}
    may_be: dict[str | None, bool] = {}
    for path in _named(wanted, environ):
        match = _NAMES.fullmatch(os.path.basename(path))
        if match is None or not os.access(path, os.X_OK):
            continue
        if match[1] not in may_be:
            may_be[match[1]] = _may_be(allowed, match[1])
        if may_be[match[1]]:
            real = os.path.realpath(path)
            if _is_script(real):
                scripts[path] = None
            else:
                binaries[real] = None
    return tuple(binaries), tuple(scripts)


def _named(wanted: Wanted, environ: Mapping[str, str]) -> Iterator[str]:
    for place in wanted.search_path:
        for folder in _folders(place, wanted.root, environ):
            try:
                names = sorted(name for name in os.listdir(folder) if name.startswith("python"))
            except NotADirectoryError:
                yield folder
            except OSError:
                continue
            else:
                yield from (os.path.join(folder, name) for name in names)


def _folders(place: str, root: Path, environ: Mapping[str, str]) -> Iterable[str]:
    home = environ.get("HOME") or os.path.expanduser("~")
    pyenv = os.path.join(environ.get("PYENV_ROOT") or f"{home}/.pyenv", "versions")
    asdf = os.path.join(environ.get("ASDF_DATA_DIR") or f"{home}/.asdf", "installs", "python")
    if place == "<PATH>":
        return filter(None, environ.get("PATH", "").split(os.pathsep))
    if place in ("<PYENV>", "<ASDF>"):
        return _versions(pyenv if place == "<PYENV>" else asdf)
    if place == "<PYENV_LOCAL>":
        try:
            local = (root / ".python-version").read_text(encoding="utf-8").split()
        except OSError:
            return ()
        return [os.path.join(pyenv, version, "bin") for version in local]
    if place.startswith("<"):
        raise LockstepError(
            f"Lockstep cannot search `{place}` for interpreters",
            mend="Name folders, `<PATH>`, `<PYENV>`, `<PYENV_LOCAL>` or `<ASDF>` in"
            " `[python-bootstrap].search_path`",
        )
    return [os.path.join(root, os.path.expanduser(place))]


def _versions(folder: str) -> Iterable[str]:
    try:
        return [os.path.join(folder, name, "bin") for name in sorted(os.listdir(folder))]
    except OSError:
        return ()


def _is_script(path: str) -> bool:
    try:
        with open(path, "rb") as file:
            return file.read(2) == b"#!"
    except OSError:
        return True


# -- What they are --------------------------------------------------------------------------------


def _stat(path: str) -> tuple[int, int] | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns


class _Known:
    """What interpreters said of themselves. A file that cannot be read is as good as none."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._changed = False
        try:
            self._told: dict[str, Any] = dict(json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            self._told = {}

    def ask(self, path: str, environ: Mapping[str, str]) -> Interpreter | None:
        """What a binary or a script is; None for what is no CPython or does not answer."""
        stat = _stat(path)
        entry = self._told.get(path)
        if stat is not None and isinstance(entry, dict) and entry.get("stat") == list(stat):
            return _interpreter(entry.get("told"))
        try:
            told = _answer(path, environ)
        except (OSError, subprocess.TimeoutExpired):
            return None  # a busy machine; the next call asks again
        if stat is not None and not _is_script(path):
            self._told[path] = {"stat": stat, "told": told and asdict(told)}
            self._changed = True
        return told

    def save(self) -> None:
        if self._changed:
            try:
                write_text(self._path, json.dumps(self._told, indent=1, sort_keys=True))
            except OSError:
                pass  # they are asked again then


def _interpreter(told: object) -> Interpreter | None:
    try:
        return Interpreter(**told) if isinstance(told, dict) else None
    except TypeError:
        return None


def _answer(path: str, environ: Mapping[str, str]) -> Interpreter | None:
    """What it says of itself; None where that is no CPython.

    Raises:
        OSError: it cannot be started.
        subprocess.TimeoutExpired: it says nothing for long.
    """
    done = subprocess.run(
        [path, "-IS", "-c", _ASK],
        env={name: environ[name] for name in ("PATH", "HOME", "PYENV_ROOT") if name in environ},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        timeout=_ANSWER_SECONDS,
    )
    try:
        told = json.loads(done.stdout)
        if done.returncode != 0 or told.pop("implementation") != "cpython":
            return None
        stat = _stat(told["path"])
        return None if stat is None else Interpreter(**told, size=stat[0], mtime_ns=stat[1])
    except (ValueError, LookupError, TypeError, AttributeError):
        return None
