"""The command line of `./pants lock-refresh`."""

from __future__ import annotations

import argparse
import hashlib
import sys
import traceback
from datetime import datetime, timezone
from pathlib import Path
from typing import Sequence

from lockstep.core.errors import LockstepError
from lockstep.core.held import NAME
from lockstep.core.lock_refresh import TITLE
from lockstep.core.unexpected import REPORT
from lockstep.envs.atomic import write_text
from lockstep.refresh.forge import Forge
from lockstep.refresh.journal import alone
from lockstep.refresh.refresh import Options, Refresh
from lockstep.refresh.worktree import WorkTree

_DESCRIPTION = """\
Upgrade the locks, under the cooldown; lint, check and test what that affects; leave out what breaks
something, and hold it back; commit the rest to one branch, with the text of one pull request. Your
work tree is not touched. A call that was killed goes on where it was.
"""


def main(root: str, cache: str, words: Sequence[str]) -> int:
    """Run it.

    Args:
        root: the build root.
        cache: Lockstep's own folder.
        words: the arguments.

    Returns:
        the exit code.
    """
    options = _parser().parse_args(words)
    key = hashlib.sha256(root.encode()).hexdigest()[:16]
    folder = Path(cache, "refresh", key)
    try:
        with alone(folder):
            _run(Path(root), folder, options)
    except LockstepError as error:
        print(f"lock-refresh: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        print(
            f"lock-refresh: {where}{error.strerror}. Free some space, or let it be written to, then run"
            " this again; it goes on from here.",
            file=sys.stderr,
        )
        return 1
    except KeyboardInterrupt:
        print("lock-refresh: ended; the next call goes on from here.", file=sys.stderr)
        return 130
    except Exception:
        traceback.print_exc()
        print(REPORT, file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="./pants lock-refresh", description=_DESCRIPTION)
    parser.add_argument(
        "--base", default="HEAD", metavar="REF", help="the commit to begin from (HEAD)"
    )
    parser.add_argument(
        "--branch", default="lockstep/lock-refresh", help="the branch to commit to (%(default)s)"
    )
    parser.add_argument(
        "--resolve", action="append", default=[], metavar="NAME", help="a resolve; all by default"
    )
    parser.add_argument(
        "--goals",
        default="lint check test",
        help="what has to pass, on what the moves affect (%(default)s)",
    )
    parser.add_argument(
        "--budget",
        type=float,
        metavar="MINUTES",
        help="how long to begin new trials; then what has passed is committed",
    )
    parser.add_argument(
        "--hold-days",
        type=int,
        default=14,
        metavar="DAYS",
        help="after how many days a release that was held back is tried again (%(default)s)",
    )
    parser.add_argument(
        "--held",
        default=f"3rdparty/python/{NAME}",
        metavar="FILE",
        help="the file of releases that are held back (%(default)s)",
    )
    parser.add_argument(
        "--no-publish",
        action="store_true",
        help="push nothing, even where a token for the forge is set",
    )
    return parser


def _run(root: Path, folder: Path, options: argparse.Namespace) -> None:
    tree = WorkTree.at(root, folder / "tree", options.base)
    try:
        asked = Options(
            options.branch,
            tuple(options.goals.split()),
            tuple(options.resolve),
            None if options.budget is None else options.budget * 60,
            options.hold_days,
            options.held,
        )
        today = datetime.now(timezone.utc).date()
        landed = Refresh(tree, folder, asked, _say, today).run()
    finally:
        tree.remove()
    if not landed.moved:
        _say("Nothing moves.")
    _say(f"The text of the pull request is in {landed.body}.")
    print(landed.body.read_text(), end="", flush=True)
    if landed.commit is not None:
        _say(f"The branch `{options.branch}` holds it.")
        publish(landed.commit, landed.body, folder, options, Forge(root))


def publish(
    commit: str, body: Path, folder: Path, options: argparse.Namespace, forge: Forge
) -> None:
    """Publish a commit once: what people did with its pull request afterwards stays as it is.

    Args:
        commit: the one that the branch is at.
        body: the file of the pull request's text.
        folder: where it is written down.
        options: `branch`, and `no_publish`.
        forge: where to.

    Raises:
        LockstepError: it fails; the next call tries it again.
    """
    record = folder / "published"
    hindrance = "`--no-publish` is given" if options.no_publish else forge.hindrance()
    if record.exists() and record.read_text() == commit:
        _say("It was published before.")
    elif hindrance:
        push = f"git push --force {forge.remote} {options.branch}"
        _say(f"It is not published, since {hindrance}. To publish it: `{push}`.")
    else:
        url = forge.publish(options.branch, TITLE, body)
        write_text(record, commit)
        _say(f"Published as {url}.")


def _say(text: str) -> None:
    print(f"lock-refresh: {text}", file=sys.stderr, flush=True)
