"""Reads the command line of `./py`. Imported by each call, so it imports nothing but `os`."""

from __future__ import annotations

import os

USAGE = """\
usage: ./py [OPTION...] [PYTHON-OPTION...] SCRIPT [ARG...]
       ./py [OPTION...] [PYTHON-OPTION...] -m MODULE [ARG...]
       ./py [OPTION...] [PYTHON-OPTION...] -c CODE [ARG...]
       ./py [OPTION...] [PYTHON-OPTION...] [-]
       ./py --prune

Runs a Python script in the slice of the lock that its requirements reach; without one, a shell.

  --spec FILE    takes the requirements from FILE: a requirements file, a pyproject.toml, or a script
                 with a block (PEP 723)
  --print-env    runs nothing, and tells the environment, its Python, the slice, and why this one
  --prune        deletes environments that nobody has used for long
  --help         shows this

Python's own options (-b -B -d -i -O -OO -q -u -v -x -W ARG -X ARG) go to Python. docs/scripts.md
tells where the requirements are looked for.
"""

_FLAGS = frozenset("bBdiIEOPqsuvx")
_WITH_VALUE = ("-W", "-X", "--check-hash-based-pycs")


class UsageError(Exception):
    """A command line that cannot be read; the message is one sentence without its full stop."""


class Call:
    """What is to be run.

    Attributes:
        action: `run`, `print-env`, `prune` or `help`.
        spec: the file that `--spec` names, as it is written; None without.
        options: those of Python itself.
        kind: what the target is: `script`, `module`, `code`, or `shell` for a shell and for what
            comes by the standard input.
        target: the script, the module or the code; empty for a shell.
        arguments: what Python is to be given behind its options, the target first.
    """

    __slots__ = ("action", "spec", "options", "kind", "target", "arguments")

    def __init__(self) -> None:
        self.action = "run"
        self.spec: str | None = None
        self.options: list[str] = []
        self.kind = "shell"
        self.target = ""
        self.arguments: list[str] = []


def read(words: list[str]) -> Call:
    """Read a command line.

    Args:
        words: all but the name of the program.

    Raises:
        UsageError: it cannot be read.
    """
    call = Call()
    at = 0
    while at < len(words):
        word = words[at]
        at += 1
        if word == "--spec" or word in _WITH_VALUE or word in ("-m", "-c"):
            if at == len(words):
                raise UsageError(f"`{word}` needs a value")
            value = words[at]
            at += 1
            if word == "--spec":
                call.spec = value
            elif word in _WITH_VALUE:
                call.options += [word, value]
            else:
                call.kind = "module" if word == "-m" else "code"
                call.target = value
                call.arguments = [word, value, *words[at:]]
                return call
        elif word.startswith("--spec="):
            call.spec = word[len("--spec=") :]
        elif word in ("--help", "-h", "--prune", "--print-env"):
            call.action = "help" if word == "-h" else word[2:]
        elif word.startswith(("-W", "-X", "--check-hash-based-pycs=")):
            call.options.append(word)
        elif word == "-" or not word.startswith("-"):
            call.kind = "shell" if word == "-" else "script"
            call.target = "" if word == "-" else word
            call.arguments = [word, *words[at:]]
            return call
        elif not word.startswith("--") and _FLAGS.issuperset(word[1:]):
            call.options.append(word)
        else:
            raise UsageError(f"`{word}` is an option neither of `./py` nor of a script")
    return call


def question(call: Call, root: str, environ: "os._Environ[str]", caller: str) -> str:
    """All that a call's environment follows from, apart from files.

    Args:
        call: the call.
        root: the build root.
        environ: the variables of the caller.
        caller: the name of the variable that a calling `./py` sets.
    """
    try:
        folder = os.getcwd()
    except OSError:
        folder = ""  # it was deleted, which Python itself does not mind
    target = os.path.join(folder, call.target) if call.kind == "script" else call.target
    where = "" if call.kind == "script" else folder
    spec = os.path.join(folder, call.spec) if call.spec is not None else ""
    search = (environ.get(name, "") for name in ("PATH", "PYENV_ROOT", "HOME"))
    return "\0".join((root, call.kind, target, where, spec, environ.get(caller, ""), *search))
