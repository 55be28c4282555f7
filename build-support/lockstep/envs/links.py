"""Links such as `.venv` that lead to an environment of the store, and are switched in one step."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path
from typing import Iterator

from lockstep.core.errors import LockstepError
from lockstep.envs.atomic import write_text
from lockstep.envs.stamp import STAMP

_USERS = "users"


def leads_to(link: Path, environment: Path) -> bool:
    """Whether a link leads to an environment."""
    return os.path.islink(link) and os.readlink(link) == str(environment)


def check_replaceable(link: Path) -> None:
    """See that nothing is lost where a link is put into the place of what is there.

    Raises:
        LockstepError: there is a folder or a file, or a link that leads to what is not ours.
    """
    if not os.path.lexists(link):
        return
    if os.path.islink(link):
        if not link.exists() or (link / STAMP).exists():
            return
        what = f"a link to {os.readlink(link)}, which is not an environment of Lockstep"
    else:
        what = "a folder or a file of its own, and no link that Lockstep made"
    raise LockstepError(
        f"{link} is {what}, so it is left as it is",
        mend=f"If you do not need it, delete it; else move it away: `mv {link} {link}.mine`",
    )


def switch(link: Path, environment: Path, aside: Path) -> None:
    """Let a link lead to an environment. Whoever follows it finds the old one or the new one.

    Args:
        link: the link, or where it is going to be.
        environment: what it is to lead to.
        aside: a folder on the same disk, for the new link until it is moved; made where missing.

    Raises:
        LockstepError: something that is not ours is in its place.
        OSError: it cannot be written.
    """
    check_replaceable(link)
    aside.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="link-", dir=aside) as folder:
        os.symlink(environment, f"{folder}/link")
        os.replace(f"{folder}/link", link)


def register(store: Path, link: Path) -> None:
    """Tell a store that a link leads there, so that what it leads to is kept."""
    text = f"{os.path.abspath(link)}\n"
    path = store / _USERS / hashlib.sha256(os.fsencode(text)).hexdigest()[:32]
    if not path.exists():
        write_text(path, text)


def led_to(store: Path) -> Iterator[Path]:
    """The real paths that registered links lead to; links that are gone are forgotten."""
    for path in (store / _USERS).glob("*"):
        try:
            link = path.read_text(encoding="utf-8").rstrip("\n")
        except (OSError, UnicodeDecodeError):
            continue
        if os.path.islink(link):
            yield Path(os.path.realpath(link))
        else:
            path.unlink(missing_ok=True)
