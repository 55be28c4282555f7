"""Publishing to a real remote, with a stand-in for the forge's program, which nobody has in a test."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from lockstep.core.errors import LockstepError
from lockstep.refresh.command import publish
from lockstep.refresh.forge import Forge

GH = f"""\
#!{sys.executable}
import json, os, sys
folder = os.path.dirname(os.path.abspath(__file__))
with open(folder + "/asked.jsonl", "a") as file:
    file.write(json.dumps(sys.argv[1:]) + "\\n")
what = sys.argv[2]
if os.path.exists(folder + "/fails"):
    sys.exit("HTTP 401: Bad credentials (https://me:secret@forge.example)")
if what == "list":
    print(open(folder + "/open.json").read())
if what == "create":
    print("https://forge.example/pulls/7")
"""


def git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=tests", "-c", "user.email=tests@t.example")
    command = ["git", *identity, *arguments]
    done = subprocess.run(command, cwd=folder, check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout.strip()


class Place:
    """A clone of a bare repository, and a program `gh` that writes down what it is asked."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.remote, self.checkout, self.programs = (
            folder / name for name in ("remote.git", "checkout", "programs")
        )
        git(folder, "init", "--quiet", "--bare", str(self.remote))
        git(folder, "init", "--quiet", str(self.checkout))
        git(self.checkout, "commit", "--quiet", "--allow-empty", "--message=one")
        git(self.checkout, "branch", "refresh")
        git(self.checkout, "remote", "add", "origin", str(self.remote))
        self.programs.mkdir()
        self.gh = self.programs / "gh"
        self.gh.write_text(GH)
        self.gh.chmod(0o755)
        self.open([])
        self.body = folder / "body.md"
        self.body.write_text("moves\n")
        monkeypatch.setenv("PATH", f"{self.programs}{os.pathsep}{os.environ['PATH']}")
        monkeypatch.setenv("GH_TOKEN", "secret")
        monkeypatch.delenv("GITHUB_TOKEN", raising=False)

    def open(self, pulls: list[dict[str, object]]) -> None:
        (self.programs / "open.json").write_text(json.dumps(pulls))

    @property
    def asked(self) -> list[list[str]]:
        lines = (self.programs / "asked.jsonl").read_text().splitlines()
        return [json.loads(line) for line in lines]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    return Place(tmp_path, monkeypatch)


LISTED = ["pr", "list", "--head", "refresh", "--state", "open", "--json", "number,url"]


def test_a_branch_is_pushed_and_its_pull_request_opened(place: Place) -> None:
    forge = Forge(place.checkout)
    assert forge.hindrance() == ""
    url = forge.publish("refresh", "Refresh the lock", place.body)
    assert url == "https://forge.example/pulls/7"
    assert git(place.remote, "rev-parse", "refresh") == git(place.checkout, "rev-parse", "refresh")
    text = ["--title", "Refresh the lock", "--body-file", str(place.body)]
    assert place.asked == [LISTED, ["pr", "create", "--head", "refresh", *text]]


def test_a_pull_request_that_is_open_is_brought_up_to_date(place: Place) -> None:
    forge = Forge(place.checkout)
    forge.publish("refresh", "Refresh the lock", place.body)
    git(place.checkout, "checkout", "--quiet", "--orphan", "other")
    git(place.checkout, "commit", "--quiet", "--allow-empty", "--message=another root")
    git(place.checkout, "branch", "--force", "refresh")
    place.open([{"number": 7, "url": "https://forge.example/pulls/7"}])
    assert forge.publish("refresh", "Refresh", place.body) == "https://forge.example/pulls/7"
    assert git(place.remote, "rev-parse", "refresh") == git(place.checkout, "rev-parse", "other")
    text = ["--title", "Refresh", "--body-file", str(place.body)]
    assert place.asked[2:] == [LISTED, ["pr", "edit", "7", *text]]


def test_what_the_forge_refuses_is_told_without_secrets(place: Place) -> None:
    (place.programs / "fails").touch()
    with pytest.raises(LockstepError) as caught:
        Forge(place.checkout).publish("refresh", "Refresh the lock", place.body)
    assert str(caught.value) == (
        "`gh pr list` fails. Mend what it names, then run `./pants lock-refresh` again; it goes on"
        " from here.\nHTTP 401: Bad credentials (https://****@forge.example)"
    )


def test_a_commit_is_published_once_and_until_it_is(
    place: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    commit = git(place.checkout, "rev-parse", "refresh")
    forge = Forge(place.checkout)

    def told(no_publish: bool = False) -> str:
        options = argparse.Namespace(branch="refresh", no_publish=no_publish)
        publish(commit, place.body, tmp_path, options, forge)
        return capsys.readouterr().err

    assert told(no_publish=True) == (
        "lock-refresh: It is not published, since `--no-publish` is given. To publish it: `git push"
        " --force origin refresh`.\n"
    )
    (place.programs / "fails").touch()
    with pytest.raises(LockstepError):
        told()
    (place.programs / "fails").unlink()
    assert told() == "lock-refresh: Published as https://forge.example/pulls/7.\n"
    asked = place.asked
    assert told() == "lock-refresh: It was published before.\n"
    assert place.asked == asked
    git(place.checkout, "commit", "--quiet", "--allow-empty", "--message=two")
    git(place.checkout, "branch", "--force", "refresh")
    commit = git(place.checkout, "rev-parse", "refresh")
    assert told() == "lock-refresh: Published as https://forge.example/pulls/7.\n"
    assert git(place.remote, "rev-parse", "refresh") == commit


def test_what_hinders_publishing(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    forge = Forge(place.checkout)
    place.gh.unlink()
    monkeypatch.setenv("PATH", f"{place.programs}{os.pathsep}{git_folder(place)}")
    assert forge.hindrance() == "there is no `gh`, the program of the forge, on PATH"
    monkeypatch.delenv("GH_TOKEN")
    assert forge.hindrance() == "neither GH_TOKEN nor GITHUB_TOKEN is set"
    git(place.checkout, "remote", "rename", "origin", "upstream")
    assert forge.hindrance() == "there is no git remote `origin`"


def git_folder(place: Place) -> Path:
    """A folder that holds git and nothing else."""
    folder = place.programs / "only"
    folder.mkdir()
    (folder / "git").symlink_to(str(shutil.which("git")))
    return folder
