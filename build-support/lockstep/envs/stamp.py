"""The stamp of an environment: what it was made for, and how it looked when it was done."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator, Mapping, Sequence

from lockstep.envs.interpreters import Interpreter
from lockstep.envs.manifest import Fault, Manifest, sha256

STAMP = "lockstep.json"
SUMS = "lockstep.sums"
"""The digests of an environment's files, as `sha256sum -c` reads them."""


@dataclass(frozen=True)
class Stamp:
    """What is known of an environment that was built to its end.

    Attributes:
        format: of environments, as `build.FORMAT` was.
        path: where it stands.
        interpreter: what it is for.
        manifest: how it looked.
        pins: a digest of what is pinned, by normalised name.
    """

    format: int
    path: str
    interpreter: Interpreter
    manifest: Manifest
    pins: Mapping[str, str]

    def write(self, folder: Path, digests: Mapping[str, str]) -> None:
        """Write the stamp, and the digests before, into files that are there and empty.

        In place: else the folder would look otherwise than the manifest says. What a kill leaves is
        no stamp.

        Args:
            folder: the environment.
            digests: SHA-256 by path; those of other files are read here.

        Raises:
            OSError: the disk is full.
        """
        digests = {
            path: digests.get(path) or sha256(f"{folder}/{path}") for path in self.manifest.files
        }
        lines = (f"{digest}  {path}\n" for path, digest in digests.items())
        _fill(folder / SUMS, "".join(lines))
        values = {
            **vars(self),
            "interpreter": vars(self.interpreter),
            "manifest": vars(self.manifest),
        }
        _fill(folder / STAMP, json.dumps(values))

    @classmethod
    def read(cls, folder: Path) -> Stamp | None:
        """The stamp of an environment; None where there is none that can be read."""
        try:
            values = json.loads((folder / STAMP).read_text(encoding="utf-8"))
            interpreter = Interpreter(**values.pop("interpreter"))
            manifest = Manifest.from_json(values.pop("manifest"))
            return cls(interpreter=interpreter, manifest=manifest, **values)
        except (OSError, ValueError, LookupError, TypeError, AttributeError):
            return None


def is_whole(folder: Path) -> bool:
    """Whether an environment is as it was built; nothing is read but the stamp."""
    stamp = Stamp.read(folder)
    return (
        stamp is not None
        and stamp.path == str(folder)
        and stamp.interpreter.is_there()
        and stamp.manifest.fits(folder)
    )


def faults(folder: Path, *, deep: bool = False) -> Sequence[Fault]:
    """What is wrong with an environment.

    Args:
        folder: where it stands.
        deep: whether files are read, too, and not only looked at.
    """
    return tuple(_faults(folder, deep))


def _faults(folder: Path, deep: bool) -> Iterator[Fault]:
    stamp = Stamp.read(folder)
    if stamp is None:
        what = "cannot be read" if (folder / STAMP).exists() else "is missing"
        yield Fault("stamp", STAMP, f"its stamp {STAMP} {what}")
        return
    if stamp.path != str(folder):
        yield Fault("moved", stamp.path, f"it was moved here from {stamp.path}")
    interpreter = stamp.interpreter
    if not interpreter.is_there():
        what = "was replaced" if os.path.exists(interpreter.path) else "is gone"
        yield Fault("interpreter", interpreter.path, f"its Python {interpreter.path} {what}")
    seen = set()
    for fault in stamp.manifest.faults(folder, (STAMP, SUMS)):
        seen.add(fault.path)
        yield fault
    if deep:
        yield from _content_faults(folder, stamp.manifest, seen)


def _content_faults(folder: Path, manifest: Manifest, seen: set[str]) -> Iterator[Fault]:
    try:
        lines = (folder / SUMS).read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        lines = []
    digests = {path: digest for digest, _, path in (line.partition("  ") for line in lines)}
    for path in manifest.files:
        if path not in seen and digests.get(path) != sha256(f"{folder}/{path}"):
            yield Fault("changed", path, f"{path} was changed, though it looks as it did")


def _fill(path: Path, text: str) -> None:
    with open(path, "r+", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.chmod(path, 0o444)
