"""Hooks in real shells: entering activates, leaving restores what was."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Mapping

import pytest

from lockstep.core.editor_layout import Link, Source, settings
from lockstep.core.shell_hooks import ShellHook, hook_files

VARIABLES = ("PATH", "VIRTUAL_ENV", "PYTHONHOME", "MYPYPATH")
SHELLS = [shell for shell in ("bash", "zsh", "dash") if shutil.which(shell)]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "my repo"
    (folder / ".venv" / "bin").mkdir(parents=True)
    for root in ("a/src", "b c/src"):
        (folder / root).mkdir(parents=True)
    sources = [Source("a/src/x.py", "a/src", "m"), Source("b c/src/y.py", "b c/src", "m")]
    told = settings(sources, {"m": Link(".venv", "3.11")}, "m", str(folder))
    for hook in ShellHook:
        for path, text in hook_files(hook, told, str(folder)).items():
            (folder / path).write_text(text)
    return folder


def run(
    argv: list[str], script: str, cwd: Path, environ: Mapping[str, str]
) -> list[dict[str, str]]:
    """The variables that are set at each `show` of a script."""
    show = "show() { env -0; printf '!\\0'; }\n"
    done = subprocess.run(
        [*argv, "-c", show + script],
        cwd=cwd,
        env={"PATH": os.environ["PATH"], "HOME": str(cwd), **environ},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    shown = done.stdout.split("\0!\0")[:-1]
    tables = [dict(line.partition("=")[::2] for line in one.split("\0") if line) for one in shown]
    return [{name: one[name] for name in VARIABLES if name in one} for one in tables]


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"VIRTUAL_ENV": "/other $x `y` \"z'", "MYPYPATH": "/mine", "PYTHONHOME": ""},
        {"PATH": f"{os.environ['PATH']}:/end\\ and * blank:"},
    ],
)
def test_aactivator(shell: str, environ: Mapping[str, str], root: Path) -> None:
    script = """
set -u
show
. ./.activate.sh
show
PATH="/added:$PATH"
cd /
. "$OLDPWD/.deactivate.sh"
show
set | grep -c '^_lockstep_[a-z]*=' | grep -qx 0
"""
    before, inside, after = run([shell], script, root, environ)
    assert inside == {
        "PATH": f"{root}/.venv/bin:{before['PATH']}",
        "VIRTUAL_ENV": f"{root}/.venv",
        "MYPYPATH": f"{root}/a/src:{root}/b c/src"
        + (f":{environ['MYPYPATH']}" if "MYPYPATH" in environ else ""),
    }
    assert after == {**before, "PATH": f"/added:{before['PATH']}"}


@pytest.mark.skipif(shutil.which("direnv") is None, reason="direnv is not installed")
def test_direnv(root: Path) -> None:
    script = """
eval "$(direnv hook bash)"
direnv allow .
show
eval "$(direnv export bash)"
show
cd /
eval "$(direnv export bash)"
show
"""
    environ = {"XDG_DATA_HOME": str(root.parent), "XDG_CONFIG_HOME": str(root.parent)}
    before, inside, after = run(
        ["bash"], script, root, {**environ, "DIRENV_LOG_FORMAT": "", "MYPYPATH": "/mine"}
    )
    assert inside["PATH"] == f"{root}/.venv/bin:{before['PATH']}"
    assert inside["VIRTUAL_ENV"] == f"{root}/.venv"
    assert inside["MYPYPATH"].split(":") == [f"{root}/a/src", f"{root}/b c/src", "/mine"]
    assert after == before
