"""Pyright and its language server, pinned and hashed, and as much of an editor as it takes to ask it."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Mapping, Sequence
from urllib.parse import unquote, urlparse

import pytest

_PINNED = Path(__file__).parent / "pyright"
_PATIENCE_SECONDS = 120


def installed_pyright() -> Path:
    """The folder of pyright's programs, installed by npm once and kept in the launcher's cache."""
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            pytest.fail(f"{program} is not on PATH. Install Node.js 20 or newer, with npm.")
    lock = (_PINNED / "package-lock.json").read_bytes()
    cache = Path(os.environ["LOCKSTEP_BOOTSTRAP"]).parent.parent
    folder = cache / f"pyright-{hashlib.sha256(lock).hexdigest()[:20]}"
    if not folder.exists():
        aside = Path(tempfile.mkdtemp(prefix=".pyright-", dir=cache))
        for name in ("package.json", "package-lock.json"):
            shutil.copy2(_PINNED / name, aside / name)
        command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        done = subprocess.run(
            command, cwd=aside, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        if done.returncode:
            shutil.rmtree(aside)
            pytest.fail(f"npm could not install pyright:\n{done.stdout}")
        try:
            aside.rename(folder)
        except OSError:
            shutil.rmtree(aside)  # another one was first
    return folder / "node_modules" / "pyright"


@dataclass(frozen=True)
class Place:
    """A line of a file, counted from 0; one past its end has no text."""

    path: Path
    line: int

    @property
    def text(self) -> str:
        return "".join(self.path.read_text().splitlines()[self.line : self.line + 1])


class LanguageServer:
    """A server that runs on a folder, and the editor that talks to it.

    The editor tells it of changed files if the server asked for that, as VS Code does.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._answers: dict[int, Any] = {}
        self._arrived = threading.Condition()
        self._asked = 0
        self._watched: list[Mapping[str, Any]] = []
        command = ["node", str(installed_pyright() / "langserver.index.js"), "--stdio"]
        self._process = subprocess.Popen(
            command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()
        capabilities = {
            "workspace": {
                "configuration": True,
                "workspaceFolders": True,
                "didChangeWatchedFiles": {"dynamicRegistration": True},
            }
        }
        self._ask(
            "initialize",
            {
                "processId": os.getpid(),
                "rootUri": root.as_uri(),
                "workspaceFolders": [{"uri": root.as_uri(), "name": root.name}],
                "capabilities": capabilities,
            },
        )
        self._tell("initialized", {})
        self._before = self._configuration()

    def stop(self) -> None:
        self._process.kill()
        self._listener.join()
        with self._process:
            pass  # closes its pipes

    def open(self, path: str) -> None:
        """Show a file, relative to the root."""
        file = self._root / path
        document = {"languageId": "python", "version": 1, "text": file.read_text()}
        self._tell("textDocument/didOpen", {"textDocument": {"uri": file.as_uri(), **document}})

    def definition(self, path: str, text: str) -> Sequence[Place]:
        """Where what a text in a file ends with is defined."""
        file = self._root / path
        before, _, _ = file.read_text().partition(text)
        place = (before + text).splitlines()
        position = {"line": len(place) - 1, "character": len(place[-1]) - 1}
        found = self._ask(
            "textDocument/definition",
            {"textDocument": {"uri": file.as_uri()}, "position": position},
        )
        return [
            Place(Path(unquote(urlparse(one["uri"]).path)), one["range"]["start"]["line"])
            for one in found or ()
        ]

    def notice_changes(self) -> bool:
        """Tell the server of its configuration file, if that was changed and it asked for it."""
        now = self._configuration()
        asked = any("pyrightconfig.json" in str(one.get("globPattern")) for one in self._watched)
        if now == self._before or not asked:
            return False
        self._before = now
        uri = (self._root / "pyrightconfig.json").as_uri()
        self._tell("workspace/didChangeWatchedFiles", {"changes": [{"uri": uri, "type": 2}]})
        return True

    def _configuration(self) -> tuple[int, int]:
        found = (self._root / "pyrightconfig.json").stat()
        return found.st_ino, found.st_mtime_ns

    def _send(self, message: Mapping[str, Any]) -> None:
        content = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self._process.stdin is not None
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(content) + content)
        self._process.stdin.flush()

    def _tell(self, method: str, params: Mapping[str, Any]) -> None:
        self._send({"method": method, "params": params})

    def _ask(self, method: str, params: Mapping[str, Any]) -> Any:
        self._asked += 1
        asked = self._asked
        self._send({"id": asked, "method": method, "params": params})
        with self._arrived:
            assert self._arrived.wait_for(lambda: asked in self._answers, _PATIENCE_SECONDS), method
            return self._answers.pop(asked)["result"]

    def _listen(self) -> None:
        output = self._process.stdout
        assert output is not None
        while header := output.readline():
            if not header.lower().startswith(b"content-length:"):
                continue
            size = int(header.split(b":")[1])
            while output.readline() != b"\r\n":
                pass
            message = json.loads(output.read(size))
            if "method" not in message:
                with self._arrived:
                    self._answers[message["id"]] = message
                    self._arrived.notify_all()
            elif "id" in message:
                self._send({"id": message["id"], "result": self._answer(message)})

    def _answer(self, message: Mapping[str, Any]) -> Any:
        """What an editor without settings of its own answers a server."""
        if message["method"] == "workspace/configuration":
            return [{} for _ in message["params"]["items"]]
        if message["method"] == "client/registerCapability":
            for one in message["params"]["registrations"]:
                if one["method"] == "workspace/didChangeWatchedFiles":
                    self._watched += one["registerOptions"]["watchers"]
        return None
