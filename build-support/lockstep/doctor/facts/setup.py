"""Looks at the launcher's setup, file by file."""

from __future__ import annotations

import csv
import fcntl
import hashlib
import os
import re
import shlex
import subprocess
from pathlib import Path
from typing import Iterator, Mapping, Tuple

from lockstep.doctor.checks.setup import PARTS, PYTHONS, SetupFacts
from lockstep.doctor.facts.context import SETUP, SOURCES, Context

SECONDS = 10


def setup_facts(context: Context) -> SetupFacts:
    """What there is of the setup of this checkout."""
    hashers = tuple(name for name in ("sha256sum", "openssl", "shasum") if context.which(name))
    sources = tuple(
        f"{SETUP}/{name}" for name in SOURCES if not (context.root / SETUP / name).is_file()
    )
    folder = context.setup_folder
    home = context.home is not None
    if folder is None:
        return SetupFacts(home, hashers, sources, "", False)
    leftovers = tuple(map(str, _leftovers(folder.parent)))
    building = not _is_free(folder.parent / f".{folder.name}.lock")
    if not folder.is_dir():
        exists = os.path.lexists(folder)
        return SetupFacts(
            home,
            hashers,
            sources,
            str(folder),
            exists,
            PARTS if exists else (),
            leftovers=leftovers,
            building=building,
        )
    named = (*PARTS, *PYTHONS)
    missing = tuple(part for part in named if not os.path.lexists(folder / part))
    variables = loaded(folder / "env.sh")
    built_for = variables.get("LOCKSTEP_BOOTSTRAP", "")
    silent = tuple(_silent(folder))
    changed = () if missing else tuple(_changed(folder, variables))
    return SetupFacts(
        home,
        hashers,
        sources,
        str(folder),
        True,
        missing,
        built_for,
        bool(built_for) and not _same(built_for, folder),
        silent,
        changed,
        leftovers,
        building,
    )


def loaded(env_sh: Path) -> Mapping[str, str]:
    """The variables that an `env.sh` sets; none where it cannot be read."""
    try:
        text = env_sh.read_text(errors="replace")
    except OSError:
        return {}
    found = {}
    for name, value in re.findall(r"^export (\w+)=(.*)$", text, re.MULTILINE):
        try:
            found[name] = "".join(shlex.split(value))
        except ValueError:
            pass  # a line that was cut off says nothing
    return found


def _same(one: str, other: Path) -> bool:
    try:
        return os.path.samefile(one, other)
    except OSError:
        return False


def _silent(folder: Path) -> Iterator[Tuple[str, str]]:
    """Interpreters that do not start, with the file that they lead to."""
    for name in PYTHONS:
        program = folder / name
        if not os.path.lexists(program):
            continue  # told as missing
        try:
            command = [str(program), "-ISc", "import encodings, sys"]
            done = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=SECONDS,
            )
            if done.returncode == 0:
                continue
        except (OSError, subprocess.TimeoutExpired):
            pass
        real = os.path.realpath(program)
        yield name, "" if real == str(program) else real


def _changed(folder: Path, variables: Mapping[str, str]) -> Iterator[str]:
    """Files that are not as they were installed: tools by their hash, packages by their size."""
    for name, scope in (
        ("pex", "PANTS_PEX_CLI"),
        ("pex-base", "PANTS_LOCKSTEP_PEX_BASE"),
        ("uv", "PANTS_LOCKSTEP_UV"),
    ):
        known = variables.get(f"{scope}_KNOWN_VERSIONS", "").split("|")
        if len(known) < 4 or known[2] != _sha256(folder / name):
            yield name
    for venv in ("pants", "tools"):
        for packages in (folder / venv).glob("lib/python*/site-packages"):
            for record in sorted(packages.glob("*.dist-info/RECORD")):
                yield from (f"{venv}/{path}" for path in _unlike(packages, record))


def _unlike(packages: Path, record: Path) -> Iterator[str]:
    """Files of a package whose size is another. Scripts were changed when they were put in place."""
    with record.open(newline="", encoding="utf-8", errors="replace") as lines:
        for row in csv.reader(lines):
            if len(row) == 3 and row[2].isdigit() and not row[0].startswith(("../", "/")):
                try:
                    if os.stat(packages / row[0]).st_size == int(row[2]):
                        continue
                except OSError:
                    pass
                yield row[0]


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            for block in iter(lambda: file.read(1 << 20), b""):
                digest.update(block)
    except OSError:
        return ""
    return digest.hexdigest()


def _leftovers(folder: Path) -> Iterator[Path]:
    """Folders of builds that nobody works on any more."""
    for leftover in sorted(folder.glob(".*.tmp")):
        if _is_free(folder / f".{leftover.name.split('.')[1]}.lock"):
            yield leftover


def _is_free(lock: Path) -> bool:
    """Whether nobody holds a lock. That a call starts this moment is no harm: it looks again."""
    try:
        with lock.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        pass  # it was never made
    return True
