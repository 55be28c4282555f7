"""The graph of a lock: what becomes of metadata, and which entries may be gone by."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lockstep.core.graph import (
    Edge,
    Entry,
    GraphError,
    Installed,
    LockGraph,
    canonical_requirement,
    derive,
    edge,
)
from lockstep.core.lock import Lock, Pin

SHA = ("sha256:b", "sha256:a")
LOCK = Lock(
    "lock.txt",
    (
        Pin("Httpx", "0.28.1", SHA, extras=("socks",)),
        Pin("idna", "3.4", SHA, marker="os_name == 'nt'"),
        Pin("idna", "3.10", SHA, marker="os_name != 'nt'"),
        Pin("six", None, url="https://files.example/six.whl"),
    ),
)
DIGEST = "1e8e6cd4f15dd04c"
NO_HASHES = "e3b0c44298fc1c14"
HTTPX = Installed(
    "httpx",
    "0.28.1.0",
    ("idna", "Socksio ==1.* ; extra == 'SOCKS'", "anyio", "anyio"),
    ("SOCKS", "http2"),
    ("httpx",),
)
ENTRY = Entry(
    "httpx==0.28.1",
    DIGEST,
    ("anyio", "idna", 'socksio==1.* ; extra == "socks"'),
    ("http2", "socks"),
    ("httpx",),
)


def test_entries_are_canonical_and_bound_to_hashes() -> None:
    six = Installed("six", "1.17", modules=("six",), stubs=("b", "a"))
    idna = Installed("idna", "3.10", modules=("idna",))
    graph = derive(LOCK, [HTTPX, six, idna])
    assert graph == LockGraph(
        (
            ENTRY,
            Entry("idna==3.10", DIGEST, modules=("idna",)),
            Entry(
                "six @ https://files.example/six.whl",
                NO_HASHES,
                modules=("six",),
                stubs=("a", "b"),
            ),
        )
    )
    assert graph.missing(LOCK) == (LOCK.pins[1],)
    assert ENTRY.edges == (
        Edge("anyio", (), None),
        Edge("idna", (), None),
        Edge("socksio", (), 'extra == "socks"'),
    )


def test_extras_that_only_markers_name_are_extras_too() -> None:
    (entry,) = derive(LOCK, [replace(HTTPX, extras=("http2",))]).entries
    assert entry.extras == ("http2", "socks")


def test_entries_serve_until_the_hashes_of_their_pin_change() -> None:
    graph = derive(LOCK, [HTTPX])
    pin = LOCK.pins[0]
    assert graph.entry(pin) == ENTRY
    assert graph.entry(replace(pin, hashes=SHA[::-1], marker="os_name == 'x'", extras=())) == ENTRY
    changed = replace(pin, hashes=(*SHA, "sha256:c"))
    assert graph.entry(changed) is None
    assert graph.entry(replace(pin, version="0.28.2")) is None
    assert derive(LOCK, [], graph) == graph
    assert derive(replace(LOCK, pins=(changed,)), [], graph) == LockGraph(())


def test_metadata_that_cannot_be_read_gives_no_entry() -> None:
    for text in ("not a requirement", "a ; os_name ==", "a[-]"):
        graph = derive(LOCK, [replace(HTTPX, requires=("idna", text))])
        assert graph.missing(LOCK) == LOCK.pins


def test_what_is_installed_must_be_pinned() -> None:
    with pytest.raises(GraphError) as caught:
        derive(LOCK, [Installed("Idna", "3.9")])
    assert str(caught.value) == (
        "`Idna==3.9` is installed, but lock.txt pins `idna==3.4 ; os_name == 'nt'` and "
        "`idna==3.10 ; os_name != 'nt'`. Run `./pants lock`."
    )
    with pytest.raises(GraphError) as caught:
        derive(LOCK, [Installed("rich", "13")])
    assert str(caught.value) == (
        "`rich==13` is installed, but lock.txt pins no such project. Run `./pants lock`."
    )


@pytest.mark.parametrize(
    "text,spelled,taken_apart",
    [
        ("Click", "click", Edge("click", (), None)),
        (
            "ruamel.yaml [ B_2 , a ] (<2 , >=1)",
            "ruamel-yaml[a,b-2]<2,>=1",
            Edge("ruamel-yaml", ("a", "b-2"), None),
        ),
        (
            "tomli>=1;python_version<'3.11'and extra=='Big_Data'",
            'tomli>=1 ; python_version < "3.11" and extra == "big-data"',
            Edge("tomli", (), 'python_version < "3.11" and extra == "big-data"'),
        ),
        (
            "six[x]@https://files.example/six.whl#a=b ; os.name == 'nt'",
            'six[x] @ https://files.example/six.whl#a=b ; os_name == "nt"',
            Edge("six", ("x",), 'os_name == "nt"'),
        ),
    ],
)
def test_canonical_requirement(text: str, spelled: str, taken_apart: Edge) -> None:
    assert canonical_requirement(text) == spelled
    assert canonical_requirement(spelled) == spelled
    assert edge(spelled) == taken_apart


@pytest.mark.parametrize("text", ["", "A", "a ;b", "a>= 1", "a[]", "a[B]", "a ; b", "a @ "])
def test_other_spellings_are_refused(text: str) -> None:
    with pytest.raises(ValueError):
        edge(text)
