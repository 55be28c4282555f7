"""Reads `pants.toml` and its kin, and the locks that it names."""

from __future__ import annotations

import glob
import importlib
import importlib.util
import os
import re
import sys
import sysconfig
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Mapping, Optional, Tuple

from lockstep.doctor.checks.configuration import ConfigFacts, ConfigFile, table
from lockstep.doctor.checks.locks import LockFacts
from lockstep.doctor.facts.context import SETUP, Context, merge_conflict

Loads = Callable[[str], Mapping[str, Any]]


def toml_parser() -> Optional[Loads]:
    """The parser of Python itself, of the setup, or of the pip that came with Python."""
    for name in ("tomllib", "tomli"):
        try:
            loads: Loads = importlib.import_module(name).loads
            return loads
        except Exception:  # the setup's may be damaged, or too new for this Python
            continue
    return _parser_of_pip()


def _parser_of_pip() -> Optional[Loads]:
    """A Python older than 3.11 has a parser only as a part of its pip, installed or as a wheel."""
    places = [sysconfig.get_path("purelib"), *glob.glob("/usr/share/python-wheels/pip-*.whl")]
    found = importlib.util.find_spec("ensurepip")
    if found is not None and found.origin is not None:
        places += glob.glob(f"{glob.escape(os.path.dirname(found.origin))}/_bundled/pip-*.whl")
    for place in places:
        sys.path.append(place)
        try:
            loads: Loads = importlib.import_module("pip._vendor.tomli").loads
            return loads
        except Exception:  # there is no pip, or none with a parser
            for name in [name for name in sys.modules if name.split(".")[0] == "pip"]:
                del sys.modules[name]
        finally:
            sys.path.remove(place)
    return None


def config_facts(context: Context) -> ConfigFacts:
    """What Pants is configured with."""
    main = _read(context.root / "pants.toml", "pants.toml")
    rc_files = [Path("/etc/pantsrc"), context.root / ".pants.rc"]
    if context.home is not None:
        rc_files.insert(1, context.home / ".pants.rc")
    others = tuple(_read(path, context.shown(path)) for path in rc_files if path.exists())
    missing = tuple(
        (resolve, path) for resolve, path in lock_paths(main) if not (context.root / path).is_file()
    )
    return ConfigFacts(main, others, _pinned(context), missing)


def lock_paths(main: ConfigFile) -> Iterator[Tuple[str, str]]:
    """Each resolve and its lock."""
    resolves = table(table(main.parsed or {}, "python"), "resolves")
    for resolve, path in resolves.items():
        if isinstance(path, str) and "://" not in path:
            yield resolve, path


def _read(path: Path, shown: str) -> ConfigFile:
    parse = toml_parser()
    try:
        text = path.read_bytes().decode()
    except FileNotFoundError:
        return ConfigFile(shown, exists=False)
    except OSError as error:
        return ConfigFile(shown, error=error.strerror or str(error))
    except UnicodeDecodeError as error:
        return ConfigFile(shown, error=f"it is not UTF-8 ({error.reason})")
    conflict = merge_conflict(text)
    if conflict or parse is None:
        return ConfigFile(shown, can_parse=parse is not None, merge_conflict=conflict)
    try:
        return ConfigFile(shown, parsed=parse(text))
    except ValueError as error:
        return ConfigFile(shown, error=_clause(str(error)))
    except RecursionError:
        return ConfigFile(shown, error="it is nested too deeply")


def _clause(message: str) -> str:
    """A parser's message, its beginning in lower case and the place short."""
    place = re.sub(r" \(at line (\d+), column \d+\)", r" (line \1)", message)
    return place[:1].lower() + place[1:]


def _pinned(context: Context) -> str:
    try:
        text = (context.root / SETUP / "pants.lock.txt").read_text(errors="replace")
    except OSError:
        return ""
    pin = re.search(r"^pantsbuild-pants==([^\s;\\]+)", text, re.MULTILINE)
    return pin[1] if pin else ""


def lock_facts(context: Context, main: ConfigFile) -> Tuple[List[LockFacts], str]:
    """What can be told of the locks, and why Lockstep's own reader cannot be used."""
    reader = ""
    try:
        importlib.import_module("lockstep.core.lock_codec")
        importlib.import_module("lockstep.core.graph_codec")
    except Exception as error:  # `packaging` is missing, damaged, or too new for this Python
        reader = str(error) or type(error).__name__
    found = []
    for resolve, path in lock_paths(main):
        if (context.root / path).is_file():
            found.append(_of_lock(context.root, resolve, path, readable=not reader))
    return found, reader


def _of_lock(root: Path, resolve: str, path: str, readable: bool) -> LockFacts:
    restore = "Restore it from version control."
    try:
        text = (root / path).read_bytes().decode()
    except OSError as error:
        return LockFacts(resolve, path, (f"{path} cannot be read: {error.strerror}.", restore))
    except UnicodeDecodeError:
        return LockFacts(resolve, path, (f"{path} is not UTF-8.", restore))
    conflict = merge_conflict(text)
    if conflict or not readable:
        return LockFacts(resolve, path, merge_conflict=conflict)
    return _parsed(root, resolve, path, text)


def _parsed(root: Path, resolve: str, path: str, text: str) -> LockFacts:
    """The same by Lockstep's own reader, which needs more than Python alone."""
    from lockstep.core import graph_codec, lock_codec
    from lockstep.core.errors import LockstepError

    try:
        lock = lock_codec.parse(text, path)
    except LockstepError as error:
        return LockFacts(resolve, path, (f"{error.fault}.", f"{error.mend}."))
    of_lockstep = lock.header is not None
    graph = graph_codec.graph_path(path)
    error_of_graph: Optional[Tuple[str, str]] = None
    try:
        graph_codec.parse((root / graph).read_bytes().decode(), graph)
    except FileNotFoundError:
        if of_lockstep:
            said = f"{graph} is missing, so slices of {path} hold too much."
            error_of_graph = (said, "Restore it from version control, or run `./pants lock`.")
    except (OSError, UnicodeDecodeError) as error:
        error_of_graph = (f"{graph} cannot be read: {error}.", "Restore it from version control.")
    except LockstepError as error:
        error_of_graph = (f"{error.fault}.", f"{error.mend}.")
    return LockFacts(resolve, path, None, len(lock.pins), 0, graph, error_of_graph, of_lockstep)


def settings_of(environ: Mapping[str, str]) -> Dict[str, str]:
    """The variables that change what Pants, Lockstep, pip, uv, Python and TLS do."""
    beginnings = ("LOCKSTEP_", "PANTS_", "PEX_", "PIP_", "PYENV_", "PYTHON", "UV_", "XDG_")
    names = (
        *("CI", "LANG", "LC_ALL", "NETRC", "PATH", "SHELL", "TMPDIR"),
        *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"),
        *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"),
        *("http_proxy", "https_proxy", "all_proxy", "no_proxy"),
    )
    return {
        name: value
        for name, value in sorted(environ.items())
        if name in names or name.startswith(beginnings)
    }
