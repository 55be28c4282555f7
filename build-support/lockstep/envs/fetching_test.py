"""Fetching from a server that fails in every way."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Callable, Iterator

import pytest

from lockstep.core.artifacts import Artifact, Wanted
from lockstep.core.errors import LockstepError
from lockstep.core.universal import Declared
from lockstep.envs.fetching import fetch_all
from lockstep.envs.wheel_store import WheelStore, wheel_store_folder

CONTENT = b"a wheel" * 50_000
DIGEST = hashlib.sha256(CONTENT).hexdigest()
ROOT = Path(__file__).resolve().parents[2]

Answer = Callable[[BaseHTTPRequestHandler], None]


def whole(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(CONTENT)))
    handler.end_headers()
    handler.wfile.write(CONTENT)


def cut(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(CONTENT)))
    handler.end_headers()
    handler.wfile.write(CONTENT[:1000])


def other(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "5")
    handler.end_headers()
    handler.wfile.write(b"other")


def slow(handler: BaseHTTPRequestHandler) -> None:
    time.sleep(5)


def status(code: int) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(code)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return answer


class Server:
    """Gives the answers in turn, the last one again and again."""

    def __init__(self) -> None:
        self.answers: list[Answer] = [whole]
        self.asked: list[tuple[str, str | None]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.asked.append((self.path, self.headers["Authorization"]))
                answer = outer.answers.pop(0) if len(outer.answers) > 1 else outer.answers[0]
                answer(self)

            def log_message(self, *_: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.place = f"127.0.0.1:{self.http.server_port}"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def artifact(self, name: str = "a-1.0-py3-none-any.whl") -> Artifact:
        return Artifact(name, DIGEST, f"http://{self.place}/{name}", len(CONTENT))


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.http.shutdown()
    server.http.server_close()


@pytest.fixture
def store(tmp_path: Path) -> WheelStore:
    return WheelStore(tmp_path / "wheels")


def files(store: WheelStore) -> dict[str, bytes]:
    """All files of the store; links are shown by what they lead to."""
    return {
        str(path.relative_to(store.folder)): path.read_bytes()
        for path in store.folder.rglob("*")
        if path.is_file()
    }


FAST = {"PIP_TIMEOUT": "1", "PIP_RETRIES": "2"}


def test_files_come_once_and_stand_under_their_content_and_their_name(
    server: Server, store: WheelStore
) -> None:
    said: list[str] = []
    artifacts = (server.artifact(), server.artifact("b-2.0.tar.gz"))
    assert fetch_all(store, artifacts, FAST, said.append) == 2
    assert fetch_all(store, artifacts, FAST, said.append) == 0
    assert files(store) == {
        f"files/{DIGEST}/a-1.0-py3-none-any.whl": CONTENT,
        f"files/{DIGEST}/b-2.0.tar.gz": CONTENT,
        "packages/a-1.0-py3-none-any.whl": CONTENT,
        "packages/b-2.0.tar.gz": CONTENT,
    }
    assert sorted(path for path, _ in server.asked) == ["/a-1.0-py3-none-any.whl", "/b-2.0.tar.gz"]
    assert said == ["fetches 2 files, 0.7 MB"]


def test_a_damaged_file_and_a_lost_name_are_mended(server: Server, store: WheelStore) -> None:
    artifact = server.artifact()
    fetch_all(store, [artifact], FAST, print)
    before = files(store)
    store.path(artifact).write_bytes(CONTENT[:-1])
    assert fetch_all(store, [artifact], FAST, print) == 1
    (store.folder / "packages" / artifact.name).unlink()
    assert fetch_all(store, [artifact], FAST, print) == 0
    assert files(store) == before


def test_of_two_files_of_one_name_the_one_asked_for_last_is_found_by_it(
    server: Server, store: WheelStore, tmp_path: Path
) -> None:
    (tmp_path / "other").write_bytes(b"other")
    name = "a-1.0-py3-none-any.whl"
    local = Artifact(name, hashlib.sha256(b"other").hexdigest(), str(tmp_path / "other"))
    fetch_all(store, [server.artifact()], FAST, print)
    fetch_all(store, [local], FAST, print)
    assert (store.folder / "packages" / name).read_bytes() == b"other"
    assert store.holds(server.artifact())


@pytest.mark.parametrize(
    "answers", [[cut, whole], [status(503), status(502), whole], [slow, whole]]
)
def test_what_fails_once_is_asked_for_again(
    answers: list[Answer], server: Server, store: WheelStore
) -> None:
    server.answers = answers
    assert fetch_all(store, [server.artifact()], FAST, print) == 1


MEND = "Run this again when it can be reached."


@pytest.mark.parametrize(
    "answer, fault",
    [
        (
            status(404),
            "a-1.0-py3-none-any.whl cannot be fetched from 127.0.0.1: status 404. " + MEND,
        ),
        (
            status(503),
            "a-1.0-py3-none-any.whl cannot be fetched from 127.0.0.1: status 503. " + MEND,
        ),
        (
            cut,
            "a-1.0-py3-none-any.whl cannot be fetched from 127.0.0.1: the connection was cut."
            f" {MEND}",
        ),
        (
            slow,
            "a-1.0-py3-none-any.whl cannot be fetched from 127.0.0.1: there is no answer in time."
            f" {MEND}",
        ),
        (
            other,
            "a-1.0-py3-none-any.whl is not the file that the lock names: its hash is another. See"
            " whether the index serves altered files; if the lock is wrong, run `./pants lock`.",
        ),
    ],
)
def test_what_cannot_be_had_is_told_and_leaves_nothing(
    answer: Answer, fault: str, server: Server, store: WheelStore
) -> None:
    server.answers = [answer]
    with pytest.raises(LockstepError) as caught:
        fetch_all(store, [server.artifact()], {**FAST, "PIP_RETRIES": "1"}, print)
    assert str(caught.value) == fault
    assert files(store) == {}


def test_a_server_that_is_down_is_told(server: Server, store: WheelStore) -> None:
    server.http.shutdown()
    server.http.server_close()
    with pytest.raises(LockstepError) as caught:
        fetch_all(store, [server.artifact()], {"PIP_RETRIES": "0"}, print)
    assert str(caught.value) == (
        f"a-1.0-py3-none-any.whl cannot be fetched from 127.0.0.1: it cannot be reached. {MEND}"
    )


def test_the_rest_is_fetched_and_all_faults_are_told(server: Server, store: WheelStore) -> None:
    missing = [Artifact(f"{name}-1.0.tar.gz", DIGEST, f"/nowhere/{name}") for name in "vwxyz"]
    with pytest.raises(LockstepError) as caught:
        fetch_all(store, [*missing, server.artifact()], FAST, print)
    assert str(caught.value) == (
        f"v-1.0.tar.gz cannot be fetched: it is not there any more. {MEND}\n"
        "  w-1.0.tar.gz cannot be fetched: it is not there any more.\n"
        "  x-1.0.tar.gz cannot be fetched: it is not there any more.\n"
        "  y-1.0.tar.gz cannot be fetched: it is not there any more.\n"
        "  and 1 more like this"
    )
    assert store.holds(server.artifact())


def test_credentials_of_the_index_are_given_to_its_place_alone(
    server: Server, store: WheelStore
) -> None:
    url = f"http://me:p%40ss@{server.place}/simple"
    fetch_all(store, [server.artifact()], {"PIP_EXTRA_INDEX_URL": url}, print)
    fetch_all(
        store,
        [server.artifact("b-1.0.tar.gz")],
        {"PIP_INDEX_URL": "http://me:p%40ss@index.example/simple"},
        print,
    )
    basic = "Basic bWU6cEBzcw=="
    assert server.asked == [("/a-1.0-py3-none-any.whl", basic), ("/b-1.0.tar.gz", None)]


def test_files_of_find_links_are_found_wherever_the_resolver_said_they_are(
    store: WheelStore, tmp_path: Path
) -> None:
    links = tmp_path / "links"
    links.mkdir()
    for name in ("a-1.0.tar.gz", "b 1.0.tar.gz"):
        (links / name).write_bytes(CONTENT)
    settings = {"PIP_FIND_LINKS": f"https://index.example/ {links}"}
    artifacts = [
        Artifact("a-1.0.tar.gz", DIGEST, "../../links/a-1.0.tar.gz"),
        Artifact("b 1.0.tar.gz", DIGEST, f"file://{links}/b%201.0.tar.gz"),
    ]
    assert fetch_all(store, artifacts, settings, print) == 2


def test_retries_that_are_no_number_are_told(server: Server, store: WheelStore) -> None:
    with pytest.raises(LockstepError) as caught:
        fetch_all(store, [server.artifact()], {"PIP_RETRIES": "many"}, print)
    assert str(caught.value) == (
        "pip's setting `retries` is `many`, which is no number. Mend it where `pip config debug`"
        " shows it."
    )


def test_a_store_that_cannot_be_written_is_told(server: Server, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LockstepError) as caught:
        fetch_all(WheelStore(tmp_path / "file"), [server.artifact()], FAST, print)
    assert str(caught.value) == (
        f"The wheel store {tmp_path / 'file'} cannot be written to (File exists). Let it be written"
        " to, or set LOCKSTEP_WHEELS to another folder."
    )


FETCH = """\
import resource, signal, sys
from lockstep.core.artifacts import Artifact
from lockstep.core.errors import LockstepError
from lockstep.envs.fetching import fetch_all
from lockstep.envs.wheel_store import WheelStore
from pathlib import Path
folder, url, digest, limit = sys.argv[1:]
if int(limit):
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), int(limit)))
names = [f"{letter}-1.0.tar.gz" for letter in "abcdefgh"]
try:
    artifacts = [Artifact(name, digest, url + name) for name in names]
    fetch_all(WheelStore(Path(folder)), artifacts, {"PIP_TIMEOUT": "2"}, print)
except LockstepError as error:
    sys.exit(str(error))
"""


def fetcher(store: WheelStore, server: Server, limit: int = 0) -> subprocess.Popen[str]:
    url = f"http://{server.place}/"
    return subprocess.Popen(
        [sys.executable, "-c", FETCH, str(store.folder), url, DIGEST, str(limit)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_disk_that_cannot_take_a_file_is_told_and_keeps_none_in_part(
    server: Server, store: WheelStore
) -> None:
    told = fetcher(store, server, limit=100_000).communicate()[1]
    assert told.splitlines()[0] == (
        f"The wheel store {store.folder} cannot be written to (File too large). Let it be written"
        " to, or set LOCKSTEP_WHEELS to another folder."
    )
    assert files(store) == {}


def test_two_at_once_leave_what_one_leaves(server: Server, store: WheelStore) -> None:
    both = [fetcher(store, server), fetcher(store, server)]
    assert [process.communicate()[1] for process in both] == ["", ""]
    names = [f"{letter}-1.0.tar.gz" for letter in "abcdefgh"]
    assert files(store).keys() == {
        f"{folder}/{name}" for folder in (f"files/{DIGEST}", "packages") for name in names
    }


def test_a_kill_leaves_whole_files_and_nothing_that_stays_for_ever(
    server: Server, store: WheelStore
) -> None:
    for millis in range(0, 40 * int(os.environ.get("LOCKSTEP_KILLS", "3")), 40):
        process = fetcher(store, server)
        time.sleep(0.15 + millis / 1000 % 0.6)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        for path in store.folder.glob("files/*/*"):
            assert path.read_bytes() == CONTENT
    assert fetcher(store, server).communicate()[1] == ""
    old = time.time() - 48 * 60 * 60
    for path in store.folder.glob(".aside-*"):
        os.utime(path, (old, old))
    store.sweep()
    assert not list(store.folder.glob(".aside-*"))


def test_what_a_pin_needs_is_remembered(store: WheelStore) -> None:
    found = Wanted(
        (Artifact("a-1.0.tar.gz", DIGEST, "https://index.example/a-1.0.tar.gz", 7),),
        (Declared("3.11", "linux_arm64"),),
    )
    store.remember("key", found)
    placeless = Artifact("a-1.0.tar.gz", DIGEST, "", 7)
    assert store.remembered("key") == Wanted((placeless,), found.lacking)
    assert "index.example" not in (store.folder / "fetched" / "key.json").read_text()
    assert store.remembered("other") is None
    (store.folder / "fetched" / "key.json").write_text('{"artifacts": [{"x": 1}]}')
    assert store.remembered("key") is None


def test_where_the_store_is() -> None:
    assert wheel_store_folder({"LOCKSTEP_WHEELS": "/w"}) == Path("/w")
    assert wheel_store_folder({"LOCKSTEP_CACHE": "/c", "HOME": "/h"}) == Path("/c/wheels")
    assert wheel_store_folder({"HOME": "/h"}) == Path("/h/.cache/lockstep/wheels")
