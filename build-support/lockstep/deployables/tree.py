"""What a deployable is when it is installed: folders that any CPython of its version starts from.

    bin/start         starts a process, under the Python that it finds
    app/              first-party code, `deployable_start.py` and `deployable.json`
    site-packages/    what the wheels of the slice hold

All code is compiled ahead (PEP 552, by hash and unchecked), since the place may not be writable and a
first start should be as quick as any. Runs in a sandbox with nothing but the standard library.
"""

from __future__ import annotations

import email.parser
import glob
import importlib.util
import json
import marshal
import os
import sys
import zipfile
from configparser import ConfigParser
from typing import Any, Dict, Iterable, Iterator, List

from lockstep.deployables.archives import Member, read_folder, write_tar

SITE = "site-packages/"
APP = "app/"
START = "deployable_start.py"
DESCRIPTION = "deployable.json"
_UNCHECKED_HASH = (1).to_bytes(4, "little")
_SKIPPED = ("scripts/", "headers/", "data/")

_LAUNCHER = """\
#!/bin/sh
# Starts a process of this deployable: start [PROCESS] [ARG...], or start --healthy.
# LOCKSTEP_PYTHON names the interpreter, a CPython {version}.
self=$0
[ ! -L "$self" ] || self=$(readlink -f "$self")
here=${{self%/*}}/..
python=${{LOCKSTEP_PYTHON:-python{version}}}
if ! command -v "$python" > /dev/null; then
    echo "$python is not found: install CPython {version}, or name it in LOCKSTEP_PYTHON." >&2
    exit 1
fi
exec "$python" -IS "$here/app/deployable_start.py" "$@"
"""


def write_third_party(wheels: str, output: str) -> Dict[str, Any]:
    """Write the archive of what wheels hold, and tell of them.

    Args:
        wheels: a folder of wheels.
        output: the archive.

    Returns:
        `wheels`: what `lockstep.core.deployables.Wheel` has of each; `clashes`: files that two wheels
        hold.
    """
    members: Dict[str, Member] = {}
    told: List[Dict[str, Any]] = []
    clashes = []
    for path in sorted(glob.glob(f"{wheels}/*.whl")):
        with zipfile.ZipFile(path) as wheel:
            told.append(_described(wheel, os.path.basename(path)))
            for member in _installed(wheel):
                before = members.setdefault(member.path, member)
                if before.content != member.content:
                    clashes.append(f"{member.path[len(SITE):]} of {os.path.basename(path)}")
    with open(output, "wb") as file:
        write_tar(file, with_compiled(members.values()))
    return {"wheels": told, "clashes": clashes}


def write_first_party(sources: str, start: str, description: str, output: str) -> None:
    """Write the archive of the code and what starts it.

    Args:
        sources: the folder of the code, each import root at its top.
        start: `start.py`.
        description: `deployable.json`.
        output: the archive.
    """
    with open(description, "rb") as file:
        told = file.read()
    with open(start, "rb") as file:
        program = file.read()
    launcher = _LAUNCHER.format(version=json.loads(told)["python"])
    members = [
        *(read_folder(sources, APP) if os.path.isdir(sources) else ()),
        Member(APP + START, program),
        Member(APP + DESCRIPTION, told),
        Member("bin/start", launcher.encode(), True),
    ]
    with open(output, "wb") as file:
        write_tar(file, with_compiled(members))


def with_compiled(members: Iterable[Member]) -> Iterator[Member]:
    """Files, and beside each that compiles its bytecode."""
    for member in members:
        yield member
        if member.path.endswith(".py"):
            folder, _, name = member.path.rpartition("/")
            try:
                code = compile(member.content, member.path, "exec", dont_inherit=True)
            except (SyntaxError, ValueError):
                continue  # templates, and code for other versions
            cached = f"{folder}/__pycache__/{name[:-3]}.{sys.implementation.cache_tag}.pyc"
            head = importlib.util.MAGIC_NUMBER + _UNCHECKED_HASH
            hashed = importlib.util.source_hash(member.content)
            yield Member(cached, head + hashed + marshal.dumps(code))


def _installed(wheel: zipfile.ZipFile) -> Iterator[Member]:
    """The files of a wheel where they are imported from (PEP 427); scripts are left out."""
    for entry in wheel.infolist():
        path = entry.filename
        if entry.is_dir():
            continue
        first, _, rest = path.partition("/")
        if first.endswith(".data"):
            if rest.startswith(_SKIPPED):
                continue
            path = rest.partition("/")[2]
        executable = bool((entry.external_attr >> 16) & 0o100)
        yield Member(SITE + path, wheel.read(entry), executable)


def _described(wheel: zipfile.ZipFile, name: str) -> Dict[str, Any]:
    folder = next(path for path in wheel.namelist() if path.endswith(".dist-info/METADATA"))
    folder = folder.rpartition("/")[0]
    metadata = email.parser.BytesParser().parsebytes(wheel.read(f"{folder}/METADATA"))
    platforms = name[: -len(".whl")].rpartition("-")[2].split(".")
    return {
        "name": metadata["Name"],
        "version": metadata["Version"],
        "license": metadata["License-Expression"],
        "scripts": _scripts(wheel, f"{folder}/entry_points.txt"),
        "of_this_machine": any(tag.startswith("linux_") for tag in platforms),
    }


def _scripts(wheel: zipfile.ZipFile, path: str) -> List[str]:
    if path not in wheel.namelist():
        return []
    parser = ConfigParser(delimiters=("=",))
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(wheel.read(path).decode())
    return sorted(parser["console_scripts"]) if parser.has_section("console_scripts") else []
