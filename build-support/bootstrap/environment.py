"""The parts of the environment that bootstrap.py puts in place: how each is built."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import platform
import re
import shlex
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Sequence

HERE = Path(__file__).resolve().parent
PANTS_LOCK = HERE / "pants.lock.txt"
TOOLS_LOCK = HERE / "tools.lock.txt"
SERVER = HERE / "server.py"

RESTORE = "Restore it from version control."

# Names (or beginnings of names) of variables that would install elsewhere than into the new
# environment, or change the bytes of the pex tool. All else, such as PIP_INDEX_URL, is respected.
DROPPED_VARIABLES = (
    "PEX_",
    "PIP_PREFIX",
    "PIP_PYTHON",
    "PIP_ROOT",
    "PIP_TARGET",
    "PIP_USER",
    "PYTHONHOME",
    "PYTHONPATH",
    "SOURCE_DATE_EPOCH",
)

# What a failed program may have printed, and what that means: (printed, problem, mend).
KNOWN_FAILURES = (
    (
        "No space left on device",
        "the disk is full",
        "Free some space, or set LOCKSTEP_CACHE to a folder on a larger disk.",
    ),
    (
        "DO NOT MATCH THE HASHES",
        "a downloaded package is not the one that the lock names",
        "If the lock was edited, restore it; else the package index serves altered files.",
    ),
)


class SetupError(Exception):
    """A failure to explain to the user.

    Args:
        problem: what is wrong.
        mend: what to do about it.
    """

    def __init__(self, problem: str, mend: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.mend = mend


def say(message: str) -> None:
    print(f"pants: {message}", file=sys.stderr, flush=True)


# --- Running programs ----------------------------------------------------------------------------


def run(command: Sequence[str | Path], doing: str, **variables: str) -> None:
    """Run a program quietly.

    Args:
        command: the program and its arguments.
        doing: what it is run for, as in "could not <doing>".
        variables: environment variables to set.

    Errors:
        SetupError: it failed; what it printed about that has been passed on.
    """
    kept = {k: v for k, v in os.environ.items() if not k.startswith(DROPPED_VARIABLES)}
    done = subprocess.run(
        [str(part) for part in command],
        env={**kept, **variables},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    )
    if done.returncode == 0:
        return
    print(excerpt(done.stdout), file=sys.stderr, flush=True)
    for printed, problem, mend in KNOWN_FAILURES:
        if printed in done.stdout:
            raise SetupError(f"could not {doing}: {problem}.", mend)
    raise SetupError(
        f"could not {doing}.",
        "Check the network and pip's settings (`pip config list`), then run ./pants again.",
    )


def excerpt(output: str) -> str:
    """The part of a failed program's output that tells why: its errors and the line before."""
    lines = output.rstrip().splitlines()
    errors = (i for i, line in enumerate(lines) if line.startswith("ERROR"))
    first = next(errors, len(lines) - 10)
    return "\n".join(lines[max(first - 1, 0) :][:15])


def create_venv(venv: Path, *, with_pip: bool) -> None:
    """Create an empty virtual environment of the running interpreter.

    Errors:
        SetupError: there is no way to create one.
    """
    command: list[str | Path] = [sys.executable, "-Im", "venv", venv]
    if not with_pip:
        command.insert(3, "--without-pip")
    elif importlib.util.find_spec("ensurepip") is None:
        uv = shutil.which("uv")
        if uv is None:
            raise SetupError(
                f"{sys.executable} comes without `ensurepip`, so pip cannot be installed.",
                "Install its venv package (Debian: python3.9-venv), or set LOCKSTEP_PYTHON to "
                "another CPython 3.9.",
            )
        command = [uv, "venv", "--quiet", "--seed", "--python", sys.executable, venv]
    run(command, "create a virtual environment")


def install(pip_python: Path, venv: Path, lock: Path) -> None:
    """Install exactly what a lock names into a virtual environment.

    Args:
        pip_python: an interpreter that has pip.
        venv: the virtual environment to install into.
        lock: requirements with hashes.

    Errors:
        SetupError: the lock cannot be installed.
    """
    options = ("--quiet", "--no-input", "--disable-pip-version-check", "--require-hashes")
    pip = (pip_python, "-Im", "pip", "--python", venv / "bin" / "python", "install")
    run([*pip, *options, "--no-deps", "-r", lock], f"install {lock.name}")


# --- The parts of the environment ----------------------------------------------------------------


def pinned(lock: Path, name: str) -> str:
    """The version that a lock pins.

    Args:
        lock: a requirements-style lock.
        name: a normalised distribution name.

    Errors:
        SetupError: the lock is missing or does not pin the distribution.
    """
    if not lock.is_file():
        raise SetupError(f"{lock} is missing.", RESTORE)
    pin = re.search(rf"^{re.escape(name)}==([^\s;\\]+)", lock.read_text(), re.MULTILINE)
    if pin is None:
        raise SetupError(f"{lock} does not pin {name}.", RESTORE)
    return pin[1]


def build_tools(tools: Path) -> None:
    """Create the virtual environment of the tools: uv, pex, pip-tools and pip."""
    create_venv(tools, with_pip=True)
    python = tools / "bin" / "python"
    # Twice the same interpreter: the pip that came with it replaces itself by the pinned one.
    install(python, tools, TOOLS_LOCK)


def build_pants(pants: Path, tools: Path) -> None:
    """Create the virtual environment of Pants, by the pinned pip of the tools."""
    create_venv(pants, with_pip=False)
    install(tools / "bin" / "python", pants, PANTS_LOCK)


def build_pex(tools: Path, pex: Path) -> None:
    """Make the pex tool, a single file, from the distribution installed among the tools.

    The bytes are the same wherever it is made: Pants names the file by its hash in the keys of its
    cache, which machines may share. Hence no compression, which depends on the zlib at hand.
    """
    scratch = pex.parent / "pex-root"
    run(
        [
            *(tools / "bin" / "python", "-Im", "pex", f"pex=={pinned(TOOLS_LOCK, 'pex')}"),
            *("--venv-repository", tools, "--console-script", "pex", "--output-file", pex),
            *("--no-compress", "--python-shebang", "/usr/bin/env python3"),
        ],
        "make the pex tool",
        PEX_ROOT=str(scratch),
        PEX_IGNORE_RCFILES="1",
    )
    shutil.rmtree(scratch)


def build_base(tools: Path, base: Path) -> None:
    """Make an empty PEX, a zip of its packed layout, which the plugin puts wheels into.

    With the same bytes wherever it is made, for the same reason as the pex tool.
    """
    scratch, packed = base.parent / "pex-root", base.parent / "packed.pex"
    run(
        [
            *(tools / "bin" / "python", "-Im", "pex", "--layout", "packed", "--no-emit-warnings"),
            *("--no-compress", "--python-shebang", "/usr/bin/env python3"),
            *("--output-file", packed),
        ],
        "make the empty PEX",
        PEX_ROOT=str(scratch),
        PEX_IGNORE_RCFILES="1",
    )
    with zipfile.ZipFile(base, "w") as archive:
        for path in sorted(packed.rglob("*")):
            if path.is_file() and not path.is_symlink():
                entry = zipfile.ZipInfo(str(path.relative_to(packed)), (1980, 1, 1, 0, 0, 0))
                archive.writestr(entry, path.read_bytes())
    shutil.rmtree(scratch)
    shutil.rmtree(packed)


def copy_program(source: Path, target: Path) -> None:
    shutil.copyfile(source, target)
    target.chmod(0o755)


def copy_native_client(pants: Path, target: Path) -> None:
    """Copy Pants' native client, which pip installs without its run bit.

    Errors:
        SetupError: Pants does not have it.
    """
    found = next(pants.glob("lib/python*/site-packages/pants/bin/native_client"), None)
    if found is None:
        raise SetupError(f"{PANTS_LOCK.name} installs no Pants with a native client.", RESTORE)
    copy_program(found, target)


def write_server(build: Path, target: Path) -> None:
    """Write what the native client starts when no daemon answers.

    It runs `server.py` by its path, since the daemon is started by repeating `sys.argv` (`-c` would
    not survive that), and since `-m` would put the current folder on `sys.path`. NO_SCIE_WARNING:
    this launcher is meant, not overlooked. PYTHONCOERCECLOCALE: else Python sets LC_CTYPE where no
    locale is set, and only in the call that starts the daemon; that variable is in the keys of
    Pants' cache, so that the second call would do everything again.

    Errors:
        SetupError: there is no `server.py`.
    """
    if not SERVER.is_file():
        raise SetupError(f"{SERVER} is missing.", RESTORE)
    shutil.copyfile(SERVER, build / "pants" / "bin" / SERVER.name)
    programs = target / "pants" / "bin"
    server = build / "pants-server"
    server.write_text(
        "#!/bin/sh\n"
        "unset PYTHONHOME PYTHONPATH\n"
        "export NO_SCIE_WARNING=1 PYTHONCOERCECLOCALE=0\n"
        f"exec {shlex.quote(str(programs / 'python'))} {shlex.quote(str(programs / SERVER.name))}"
        ' "$@"\n'
    )
    server.chmod(0o755)


def relocate(venv: Path, build: Path, target: Path) -> None:
    """Let the scripts of a virtual environment name the place it is going to be moved to."""
    old, new = os.fsencode(build), os.fsencode(target)
    for script in (venv / "bin").iterdir():
        if script.is_file() and not script.is_symlink() and old in script.read_bytes():
            script.write_bytes(script.read_bytes().replace(old, new))


# --- What the launcher loads ---------------------------------------------------------------------


def plain_alias(target: Path) -> Path:
    """A path to an environment that a `file:` URL can hold as it is.

    Pants opens the path of such a URL without decoding it, so that one with a space would never be
    found. That the alias is in a folder open to all is safe: Pants checks the hash of what it gets.
    """
    if re.fullmatch(r"[A-Za-z0-9/._+-]+", str(target)):
        return target
    return Path("/tmp") / f"lockstep-{hashlib.sha256(os.fsencode(target)).hexdigest()[:20]}"


def external_tool(scope: str, version: str, tool: Path, url: str) -> dict[str, str]:
    """The options by which Pants takes one of its external tools from a local file.

    Args:
        scope: the beginning of the option's environment variables.
        version: the tool's version.
        tool: the tool's file.
        url: where Pants is going to find that file.
    """
    content = tool.read_bytes()
    system = {"Darwin": "macos"}.get(platform.system(), platform.system().lower())
    machine = {"aarch64": "arm64", "amd64": "x86_64"}.get(platform.machine(), platform.machine())
    known = f"v{version}|{system}_{machine}|{hashlib.sha256(content).hexdigest()}|{len(content)}"
    return {
        f"{scope}_VERSION": f"v{version}",
        f"{scope}_KNOWN_VERSIONS": f"['{known}']",
        f"{scope}_URL_TEMPLATE": url,
    }


def write_env(build: Path, target: Path) -> None:
    """Write `env.sh`. It tells its own place first, for whoever looks whether it was moved."""
    alias = plain_alias(target)
    variables = {
        "LOCKSTEP_BOOTSTRAP": str(target),
        "_PANTS_SERVER_EXE": str(target / "pants-server"),
        "PANTS_BIN_NAME": "./pants",
    }
    for tool, file, scope in (
        ("pex", "pex", "PANTS_PEX_CLI"),
        ("pex", "pex-base", "PANTS_LOCKSTEP_PEX_BASE"),
        ("uv", "uv", "PANTS_LOCKSTEP_UV"),
    ):
        version = pinned(TOOLS_LOCK, tool)
        variables.update(external_tool(scope, version, build / file, f"file://{alias}/{file}"))
    lines = [f"export {name}={shlex.quote(value)}\n" for name, value in variables.items()]
    if alias != target:
        # Made by whoever loads this, since the folder of the alias is emptied now and then.
        lines.append(f"[ -e {alias}/pex ] || ln -sfn {shlex.quote(str(target))} {alias} || :\n")
    (build / "env.sh").write_text("".join(lines))


def fill(build: Path, target: Path, reason: str) -> None:
    """Build all parts of an environment; `env.sh`, without which it counts as incomplete, last.

    Args:
        build: the empty folder to build in.
        target: where that folder is going to be moved to.
        reason: why it is built, for the user.

    Errors:
        SetupError: a part cannot be built.
        OSError: neither can it, for a reason that the system gives.
    """
    tools, pants = build / "tools", build / "pants"
    version = pinned(PANTS_LOCK, "pantsbuild-pants")
    pinned(TOOLS_LOCK, "pex")  # a missing lock is told now, not minutes later
    say(f"{reason}: setting up Pants {version} in {target}, about a minute")
    say(f"installing the tools ({TOOLS_LOCK.name})")
    build_tools(tools)
    build_pex(tools, build / "pex")
    build_base(tools, build / "pex-base")
    copy_program(tools / "bin" / "uv", build / "uv")
    say(f"installing Pants ({PANTS_LOCK.name})")
    build_pants(pants, tools)
    copy_native_client(pants, build / "native_client")
    for venv in (tools, pants):
        relocate(venv, build, target)
    write_server(build, target)
    write_env(build, target)
