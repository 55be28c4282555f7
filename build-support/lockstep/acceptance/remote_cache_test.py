"""A second machine takes what a first one has made from the remote cache, or does without it."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import Callable, Iterator, Mapping

import pytest

from lockstep.acceptance.monorepo import Monorepo
from lockstep.acceptance.remote_cache import (
    SETUP,
    CacheServer,
    Run,
    copy_python,
    free_port,
    install_buildgrid,
    machine,
)

TESTS = ("dates/dates_test.py", "text/docopt_test.py")
SLICES = {
    "1 pin of 3rdparty/python/lock.txt for docopt",
    "2 pins of 3rdparty/python/lock.txt for python-dateutil==2.9.0.post0",
}
LARGEST_MESSAGE = 5_000
"""Bytes of what the server reads itself, such as the list of an environment's files: where that is
damaged, the server has no result, and no read fails. Every environment holds larger files."""

in_soak = pytest.mark.skipif(
    os.environ.get("LOCKSTEP_CACHE_FAULTS") != "all", reason="takes minutes, so .ci/soak does it"
)


def told(fault: str) -> str:
    return f"The remote cache {fault}: the build went on without it. `--level=debug` tells why."


StartServer = Callable[..., CacheServer]
MakeRunner = Callable[..., Monorepo]


@pytest.fixture
def start_server(tmp_path: Path) -> Iterator[StartServer]:
    program = install_buildgrid()
    servers: list[CacheServer] = []

    def start(largest_file: int | None = None) -> CacheServer:
        servers.append(CacheServer.start(program, tmp_path / "server", largest_file))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


@pytest.fixture
def make_runner(tmp_path: Path, locked_monorepo: tuple[Monorepo, Mapping[str, str]]) -> MakeRunner:
    def make(name: str, settings: Mapping[str, str]) -> Monorepo:
        repo = Monorepo.create(tmp_path / name, variables=settings, name=f"checkout of {name}")
        for path, text in locked_monorepo[1].items():
            repo.write(path, text)
        return repo

    return make


def ci(server: str) -> Mapping[str, str]:
    """A runner of CI with this machine's package index and named caches."""
    return {"LOCKSTEP_REMOTE_CACHE": server, "CI": "true"}


def person(server: str) -> Mapping[str, str]:
    return {**ci(server), "CI": ""}


def shared(run: Run) -> Counter[str]:
    """The processes started here whose results may be used elsewhere."""
    made: Counter[str] = Counter()
    for (description, scope), count in run.started.items():
        made.update({description: count} if scope == "Successful" else {})
    return made


def test_a_second_runner_takes_every_environment_and_test_from_the_cache(
    tmp_path: Path, start_server: StartServer, make_runner: MakeRunner
) -> None:
    server = start_server()
    python, copy = copy_python(tmp_path / "opt of second")
    settings = {
        **ci(server.address),
        "PANTS_NAMED_CACHES_DIR": str(tmp_path / "named_caches_of_first"),
        "PANTS_PYTHON_BOOTSTRAP_SEARCH_PATH": str([str(python)]),
    }
    first = Run.of(make_runner("first", settings), "test", *TESTS)
    assert first.result.exit_code == 0, first.result.output
    made = shared(first)
    assert {f"Run Pytest for {test}" for test in TESTS} <= made.keys()
    assert {f"Building requirements.pex: {slice_}" for slice_ in SLICES} <= made.keys()
    assert first.count("remote_cache_write_successes") == sum(made.values())

    second_repo = make_runner("second", machine(tmp_path / "second", copy, server.address))
    second = Run.of(second_repo, "test", *TESTS)
    assert second.result.exit_code == 0, second.result.output
    assert second.taken == made
    assert shared(second) == Counter()
    kinds = {description.split()[0] for description, _ in second.started}
    assert kinds == {"Ask", "Find", "Searching", "Test"}  # interpreters and system programs
    assert second.result.tests_known() == {*TESTS}
    assert first.warnings() == second.warnings() == []
    assert second.count("remote_cache_write_attempts") == 0  # no CI

    # A folder of the system may stand in a key as one of `PATH`, which is the same everywhere.
    places = [*(f"{folder}/" for folder in (tmp_path, Path.home(), SETUP)), str(python), str(copy)]
    assert [
        (place, blob.name)
        for blob in server.blobs()
        for place in places
        if os.fsencode(place) in blob.read_bytes()
    ] == []

    # What came from elsewhere serves here too, with the interpreter of this machine. And the server
    # is down, which is told once.
    server.stop()
    prefix = str(copy.parents[1])
    shown = (
        f"\n\ndef test_here() -> None:\n    import sys\n    assert sys.base_prefix == {prefix!r}\n"
    )
    second_repo.write(TESTS[0], second_repo.read(TESTS[0]) + shown)
    third = Run.of(second_repo, "test", *TESTS)
    assert third.result.exit_code == 0, third.result.output
    assert shared(third) == Counter([f"Run Pytest for {TESTS[0]}"])
    assert third.warnings() == [told("failed 1 read")]


@in_soak
def test_type_checks_are_taken_by_another_checkout_too(
    start_server: StartServer, make_runner: MakeRunner
) -> None:
    server = start_server()
    first = Run.of(make_runner("first", ci(server.address)), "check", "plain::")
    assert first.result.exit_code == 0, first.result.output
    assert "Run MyPy on 1 file." in shared(first)
    second = Run.of(make_runner("second", person(server.address)), "check", "plain::")
    assert second.result.exit_code == 0, second.result.output
    assert (second.taken, shared(second)) == (shared(first), Counter())


@in_soak
def test_a_server_that_is_down_is_told_once(make_runner: MakeRunner) -> None:
    repo = make_runner("one", ci(f"grpc://127.0.0.1:{free_port()}"))
    run = Run.of(repo, "test", "plain/plain_test.py")
    assert run.result.exit_code == 0, run.result.output
    assert run.result.tests_run() == {"plain/plain_test.py"}
    count = sum(shared(run).values())
    assert run.warnings() == [told(f"failed {count} reads and {count} writes")]


@in_soak
def test_a_server_that_does_not_answer_is_told_once(
    start_server: StartServer, make_runner: MakeRunner
) -> None:
    server = start_server()
    server.pause()
    run = Run.of(make_runner("one", ci(server.address)), "test", *TESTS)
    assert run.result.exit_code == 0, run.result.output
    assert run.result.tests_run() == {*TESTS}
    (warning,) = run.warnings()
    reads = run.count("remote_cache_read_errors")
    late = run.count("remote_cache_speculation_local_completed_first")
    assert reads + late == sum(shared(run).values())
    assert f"{sum(shared(run).values())} writes" in warning


@in_soak
def test_a_full_server_is_told_once_and_what_it_has_is_taken(
    start_server: StartServer, make_runner: MakeRunner
) -> None:
    server = start_server(largest_file=100_000)
    writer = Run.of(make_runner("writer", ci(server.address)), "test", *TESTS)
    assert writer.result.exit_code == 0, writer.result.output
    assert writer.result.tests_run() == {*TESTS}
    failed = writer.count("remote_cache_write_errors")
    assert 0 < failed < sum(shared(writer).values())
    assert writer.warnings() == [told(f"failed {failed} writes")]

    reader = Run.of(make_runner("reader", person(server.address)), "test", *TESTS)
    assert reader.result.exit_code == 0, reader.result.output
    assert reader.taken + shared(reader) == shared(writer)
    assert sum(reader.taken.values()) == sum(shared(writer).values()) - failed
    assert reader.warnings() == []


@in_soak
def test_damaged_blobs_are_noticed_and_told_once(
    start_server: StartServer, make_runner: MakeRunner
) -> None:
    server = start_server()
    writer = Run.of(make_runner("writer", ci(server.address)), "test", *TESTS)
    assert writer.result.exit_code == 0, writer.result.output
    assert writer.warnings() == []
    for blob in server.blobs():
        content = bytearray(blob.read_bytes())
        if len(content) > LARGEST_MESSAGE:
            content[len(content) // 2] ^= 1
            blob.write_bytes(content)

    reader = Run.of(make_runner("reader", person(server.address)), "test", *TESTS)
    assert reader.result.exit_code == 0, reader.result.output
    assert reader.taken + shared(reader) == shared(writer)
    assert not any(description.startswith("Building") for description in reader.taken)
    failed = reader.count("remote_cache_read_errors")
    late = reader.count("remote_cache_speculation_local_completed_first")
    # Environments made anew have the bytes of the writer's: what builds on them has the same key.
    assert reader.count("remote_cache_requests_uncached") == 0
    assert (failed > 0, failed + late) == (True, sum(shared(reader).values()))
    (warning,) = reader.warnings()
    assert warning.startswith(f"The remote cache failed {failed} read")
