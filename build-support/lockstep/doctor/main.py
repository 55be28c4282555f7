"""`./pants doctor`: what is wrong with this machine or checkout, and a bug report to paste."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path
from typing import Dict, List, NoReturn, Optional, Sequence

from lockstep.core.errors import LockstepError
from lockstep.doctor import fixes
from lockstep.doctor.checks.finding import Finding, exit_code
from lockstep.doctor.examination import examine
from lockstep.doctor.facts.configuration import settings_of
from lockstep.doctor.facts.context import Context
from lockstep.doctor.facts.person import private
from lockstep.doctor.facts.versions import versions
from lockstep.doctor.redaction import Private, without_secrets
from lockstep.doctor.render import as_json, as_text
from lockstep.doctor.report import ReportFacts, Run, markdown
from lockstep.envs.pip_config import configured_settings

HELP = """\
Tells what is wrong with this machine or checkout, and what to do about it.

It needs no Pants, so it also works where Pants cannot start: no CPython 3.9, a pants.toml that
cannot be read, a damaged setup, no network. It looks at the launcher's setup, pants.toml,
interpreters, git, disks, the package index, the clock, locks, .venv and Pants' daemon.

Exit code 1 tells that there is a fault; warnings leave it 0.
"""

EXAMPLES = """\
examples:
  ./pants doctor
  ./pants doctor --fix
  ./pants doctor --report --command='./pants test ::' > report.md
"""


class _Parser(argparse.ArgumentParser):
    """Says what is wrong as all of Lockstep does, with exit code 1."""

    def error(self, message: str) -> NoReturn:
        self.exit(1, f"doctor: error: {message}.\n  `./pants doctor --help` shows what there is.\n")


def parser() -> argparse.ArgumentParser:
    """The options."""
    made = _Parser(
        prog="./pants doctor",
        description=HELP,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    made.add_argument(
        "--fix",
        action="store_true",
        help="mend what is safe to mend, tell what was done, and look again; what a person made is"
        " never deleted",
    )
    made.add_argument(
        "--report",
        action="store_true",
        help="print a bug report in Markdown, without credentials, user names and home folders",
    )
    made.add_argument(
        "--command",
        metavar="COMMAND",
        help="for --report: the command that fails; it is run again, by the shell, for its output",
    )
    made.add_argument(
        "--output",
        metavar="FILE",
        help="for --report: a file with the output of the command, which is then not run again",
    )
    made.add_argument("--json", action="store_true", help="print the findings for programs")
    made.add_argument(
        "--offline", action="store_true", help="ask no package index, and so tell nothing of it"
    )
    return made


def main(root: Path, arguments: Sequence[str]) -> int:
    """Run the doctor.

    Args:
        root: the build root.
        arguments: of the command line, without the command's name.

    Returns:
        The exit code: 1 where there is a fault.
    """
    options = parser().parse_args(arguments)
    _check(options)
    for stream in (sys.stdout, sys.stderr):
        # In the locale C, a name that is not ASCII would end the doctor.
        getattr(stream, "reconfigure")(errors="backslashreplace")
    context = Context.of(root, os.environ, options.offline)
    person = private(context)
    run = _run_of(context, options) if options.report else None
    findings = examine(context)
    if options.fix:
        fixable = [finding for finding in findings if finding.fixes]
        fixes.apply(context, fixable, lambda told: _say(without_secrets(told, person)))
        if fixable:
            findings = examine(context)
        else:
            _say("There is nothing that `--fix` can mend.")
    findings = [_safe(finding, person) for finding in findings]
    if options.report:
        print(markdown(_report(context, findings, run), person), end="")
    else:
        print(as_json(findings) if options.json else as_text(findings), end="")
    return exit_code(findings)


def _check(options: argparse.Namespace) -> None:
    """Refuse what would be ignored."""
    if options.report and options.json:
        parser().error("--report and --json exclude each other")
    if (options.command is not None or options.output is not None) and not options.report:
        parser().error("--command and --output are for --report")


def _safe(finding: Finding, person: Private) -> Finding:
    """A finding without credentials: they may stand in what a program or a file said."""
    return Finding(
        finding.about,
        finding.level,
        without_secrets(finding.text, person),
        without_secrets(finding.mend, person),
        finding.fixes,
    )


def _say(text: str) -> None:
    print(f"doctor: {text}", file=sys.stderr, flush=True)


def _run_of(context: Context, options: argparse.Namespace) -> Optional[Run]:
    """The command and its output, from a file or by running it."""
    if options.output is not None:
        try:
            text = Path(options.output).read_bytes().decode(errors="replace")
        except OSError as error:
            parser().error(f"{options.output} cannot be read ({error.strerror})")
        return Run(options.command or "", None, text)
    if options.command is None:
        return None
    _say(f"running `{options.command}`")
    done = subprocess.run(
        ["sh", "-c", options.command],
        env={**os.environ, **context.environ},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    )
    return Run(options.command, done.returncode, done.stdout)


def _report(context: Context, findings: Sequence[Finding], run: Optional[Run]) -> ReportFacts:
    files: Dict[str, str] = {}
    names: List[Path] = [context.root / "pants.toml", context.root / ".pants.rc"]
    if context.home is not None:
        names.append(context.home / ".pants.rc")
    for path in names:
        if path.is_file():
            files[context.shown(path)] = path.read_bytes().decode(errors="replace")
    return ReportFacts(
        versions(context), settings_of(context.environ), _pip(context), files, findings, run
    )


def _pip(context: Context) -> Dict[str, str]:
    """How pip is configured; nothing where that is a finding."""
    try:
        return configured_settings(context.environ)
    except (LockstepError, OSError):
        return {}
