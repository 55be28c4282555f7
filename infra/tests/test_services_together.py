"""The services of this repository, run together and used by the real twine and pip."""

import base64
import hashlib
import os
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2

ENVIRON = {"PYTHONPATH": os.pathsep.join(sys.path), "PATH": os.environ["PATH"]}
WHEEL = "bread_box-1.0-py3-none-any.whl"
METADATA = """\
Metadata-Version: 2.1
Name: bread-box
Version: 1.0
Summary: Keeps bread
"""


def wheel(folder: Path) -> Path:
    files = {
        "bread_box.py": "CRUMBS = 3\n",
        "bread_box-1.0.dist-info/METADATA": METADATA,
        "bread_box-1.0.dist-info/WHEEL": (
            "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        ),
    }
    record = "".join(f"{name},{_hash(text)},{len(text)}\n" for name, text in files.items())
    files["bread_box-1.0.dist-info/RECORD"] = record + "bread_box-1.0.dist-info/RECORD,,\n"
    with zipfile.ZipFile(folder / WHEEL, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return folder / WHEEL


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return "sha256=" + base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


@contextmanager
def together(state: Path) -> Iterator[tuple[subprocess.Popen[str], dict[str, str]]]:
    """Yield the program and the URL of each service; what it logs is in `state`/log."""
    state.mkdir()
    command = [sys.executable, "-m", "together", "--ports=any", f"--state={state}"]
    with (
        (state / "log").open("w") as log,
        subprocess.Popen(
            command, env=ENVIRON, stdout=subprocess.PIPE, stderr=log, text=True
        ) as program,
    ):
        try:
            assert program.stdout
            lines = [program.stdout.readline().split() for _ in range(3)]
            assert [words[1:3] for words in lines] == [["runs", "at"]] * 3, (
                state / "log"
            ).read_text()
            yield program, {words[0]: words[3] for words in lines}
        finally:
            program.terminate()


def run_module(home: Path, *command: str) -> None:
    """Run a module of this Python, without the settings of the user."""
    done = subprocess.run(
        [sys.executable, "-m", *command],
        env={**ENVIRON, "HOME": str(home), "PIP_CONFIG_FILE": os.devnull, "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def children(process: int) -> list[Path]:
    found = Path(f"/proc/{process}/task/{process}/children").read_text()
    return [Path("/proc", number) for number in found.split()]


def counts(linehaul: str) -> object:
    """Return what linehaul counts, once it does: it is told in the background."""
    for _ in range(100):
        if found := httpx2.get(f"{linehaul}/counts/bread-box").json()["counts"]:
            break
        time.sleep(0.1)
    return [(count["version"], count["downloads"]) for count in found]


def test_a_wheel_travels_from_twine_to_pip_and_its_download_is_counted(tmp_path: Path) -> None:
    path = wheel(tmp_path)
    with together(tmp_path / "state") as (program, urls):
        assert [*urls] == ["linehaul", "index", "inspector"]
        services = children(program.pid)
        assert len(services) == 3

        login = ["--non-interactive", "--username=baker", "--password=bread"]
        repository = f"--repository-url={urls['index']}/legacy/"
        run_module(tmp_path, "twine", "upload", *login, repository, str(path))

        pages = httpx2.Client(base_url=urls["inspector"], timeout=20)
        assert '<a href="/project/bread-box">bread-box</a>' in pages.get("/").text
        project = pages.get("/project/bread-box").text
        assert f'<a href="/project/bread-box/{WHEEL}">{WHEEL}</a>' in project
        assert '<td class="number" data-label="Downloads of the version">0</td>' in project
        file = pages.get(f"/project/bread-box/{WHEEL}").text
        assert "<dd>Keeps bread</dd>" in file
        assert '<td>bread_box.py</td><td class="number">11 B</td>' in file

        index = ["--no-cache-dir", "--index-url", f"{urls['index']}/simple/"]
        run_module(
            tmp_path, "pip", "download", *index, f"--dest={tmp_path / 'got'}", "bread-box==1.0"
        )
        assert (tmp_path / "got" / WHEEL).read_bytes() == path.read_bytes()

        assert counts(urls["linehaul"]) == [("1.0", 1)]
        assert (
            '<td class="number" data-label="Downloads of the version">1</td>'
            in pages.get("/project/bread-box").text
        )

        program.send_signal(signal.SIGTERM)
        assert program.wait(timeout=60) == 0
        assert [service for service in services if service.exists()] == []

    log = (tmp_path / "state" / "log").read_text()
    assert {line.split(" | ")[0] for line in log.splitlines()} == {*urls}
    stored = {str(file.relative_to(tmp_path / "state")) for file in tmp_path.glob("state/*/*")}
    assert stored == {f"index/{WHEEL}", "linehaul/counts.sqlite3"}
