"""A copy of an environment that may be changed."""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import tempfile
from pathlib import Path
from typing import Mapping

from lockstep.core.errors import LockstepError
from lockstep.envs import sharing
from lockstep.envs.build import PTH, START, remove
from lockstep.envs.exchange import put_in_place
from lockstep.envs.manifest import Manifest, look, walk
from lockstep.envs.stamp import STAMP, SUMS

MARK = "lockstep-scratch"
"""The file that tells a copy from a folder that a person made."""

_BY = "Made by `./pants export --scratch`; change it as you like."
_CHANGED = (PTH, f"{START}.py", "EXTERNALLY-MANAGED")
"""What a copy has otherwise than its environment."""
_LARGE = 1 << 18

_PIP_SCRIPT = """\
#!/bin/sh
'''exec' "$(dirname -- "$(realpath -- "$0")")"/'python' "$0" "$@"
' '''
import sys
from pip._internal.cli.main import main
sys.exit(main())
"""


def copy(environment: Path, to: Path, pip: Path) -> None:
    """Copy an environment to a place where it may be changed.

    A copy that stands there already is replaced, in one step; what was not changed in it is taken
    over, since making thousands of files takes its time.

    Args:
        environment: the environment.
        to: where to.
        pip: an environment that holds a pip, which is put into the copy unless one is pinned.

    Raises:
        LockstepError: something that is no such copy is there, or it cannot be written.
    """
    check_replaceable(to)
    try:
        aside = Path(tempfile.mkdtemp(prefix=f".{to.name}.", suffix=".aside", dir=to.parent))
        try:
            _fill(environment, aside, pip, to)
            put_in_place(aside, to)
        finally:
            for left in to.parent.glob(f"{aside.name}*"):
                remove(left)
    except OSError as error:
        raise LockstepError(
            f"{to} cannot be written ({error.strerror or error})",
            mend="Let its folder be written to, and see that its disk is not full",
        ) from None


def check_replaceable(path: Path) -> None:
    """See that nothing of a person is where a copy is going to be.

    Raises:
        LockstepError: there is something else than such a copy.
    """
    if os.path.lexists(path) and not (path / MARK).is_file():
        raise LockstepError(
            f"{path} was not made by Lockstep, so it is left as it is",
            mend=f"If you do not need it, delete it; else move it away: `mv {path} {path}.mine`",
        )


def _fill(environment: Path, aside: Path, pip: Path, former: Path) -> None:
    _copy(environment, aside, former)
    os.chmod(aside, 0o755)
    (site,) = aside.glob("lib/python*/site-packages")
    (site.parent / "EXTERNALLY-MANAGED").unlink()
    (site / f"{START}.py").unlink()
    lines = (site / PTH).read_text().splitlines(keepends=True)
    (site / PTH).write_text("".join(line for line in lines if not line.startswith("import ")))
    if not (site / "pip").exists():
        _add_pip(pip, site, aside)
    made = {"by": _BY, "of": str(environment), "files": vars(Manifest.of(aside))}
    (aside / MARK).write_text(json.dumps(made))


def _copied(former: Path, environment: Path) -> Mapping[str, tuple[int, int, int]]:
    """How the files of a former copy of the same environment looked when it was made."""
    try:
        made = json.loads((former / MARK).read_text(encoding="utf-8"))
        if made["of"] != str(environment):
            return {}
        files = Manifest.from_json(made["files"])
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return {}
    return dict(zip(files.files, zip(files.sizes, files.times, files.modes)))


def _is(path: str, then: tuple[int, int, int] | None) -> bool:
    try:
        return then is not None and look(path) == then
    except OSError:
        return False


def _copy(environment: Path, aside: Path, former: Path) -> None:
    """Copy files so that they can be written to; large libraries are shared, and stay read-only."""
    copied = _copied(former, environment)
    for path, is_folder in walk(str(environment)):
        source, target = f"{environment}/{path}", f"{aside}/{path}"
        size, _, mode = look(source)
        if is_folder:
            os.mkdir(target)
        elif stat.S_ISLNK(mode):
            os.symlink(os.readlink(source), target)
        elif path in (STAMP, SUMS):
            continue
        elif _is_library(path, size) and sharing.link(source, target):
            continue
        elif (
            os.path.basename(path) not in _CHANGED
            and _is(f"{former}/{path}", copied.get(path))
            and sharing.link(f"{former}/{path}", target)
        ):
            continue
        else:
            sharing.copy(source, target, mode & 0o777 | 0o200)


def _is_library(path: str, size: int) -> bool:
    """Whether a file is too large to be copied at once, and nothing that people edit.

    One in a thousand files of an environment is, and they hold most of its bytes.
    """
    return size >= _LARGE and not path.endswith((".py", ".pyi"))


def _add_pip(pip: Path, site: Path, aside: Path) -> None:
    (source,) = pip.glob("lib/python*/site-packages")
    for found in source.iterdir():
        if re.fullmatch(r"pip|pip-[^-]+\.dist-info", found.name):
            shutil.copytree(found, site / found.name, ignore=shutil.ignore_patterns("__pycache__"))
    script = aside / "bin" / "pip"
    script.write_text(_PIP_SCRIPT)
    script.chmod(0o755)
