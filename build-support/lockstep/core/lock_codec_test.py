"""The lock reader and writer on what the tools really write, and on what happens to files."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lockstep.core.errors import TextError
from lockstep.core.lock import Header, Lock, Pin
from lockstep.core.lock_codec import finished, parse, render

TESTDATA = Path(__file__).parent / "testdata"
LOCKS = {path.stem: path.read_text() for path in sorted((TESTDATA / "locks").iterdir())}
LINE_STYLE = {"pip_line": "pip_default", "uv_line": "uv_universal"}
NOT_OURS_TO_KEEP = {*LINE_STYLE, "uv_index_annotation"}
FUZZ_CASES = int(os.environ.get("LOCKSTEP_FUZZ_CASES", "50"))

SHA = "a" * 64
HEADER = Header("python-default", "0" * 64, "pip-compile 7.6.2", ("linux", "macos"))


@pytest.mark.parametrize("name", sorted(LOCKS.keys() - NOT_OURS_TO_KEEP))
def test_locks_of_every_tool_come_back_to_the_byte(name: str) -> None:
    assert render(parse(LOCKS[name], "lock.txt")) == LOCKS[name]


@pytest.mark.parametrize("line,split", LINE_STYLE.items())
def test_line_annotations_mean_what_split_ones_mean(line: str, split: str) -> None:
    def pins(name: str) -> list[Pin]:
        parsed = parse(LOCKS[name], "lock.txt").pins
        return [replace(pin, via=tuple(sorted(pin.via))) for pin in parsed]

    assert pins(line) == pins(split)


def test_annotation_on_the_line_of_the_pin() -> None:
    text = "h11==0.16.0  # via httpcore, -r app/requirements.in\nidna==3.4  # via httpx\n"
    assert parse(text, "lock.txt").pins == (
        Pin("h11", "0.16.0", via=("httpcore", "-r app/requirements.in")),
        Pin("idna", "3.4", via=("httpx",)),
    )


def test_index_annotations_are_passed_over() -> None:
    lock = parse(LOCKS["uv_index_annotation"], "lock.txt")
    assert {pin.name: pin.via for pin in lock.pins} == {
        "click": ("-r lib/requirements.in",),
        "idna": ("-r lib/requirements.in",),
        "importlib-metadata": ("-r lib/requirements.in",),
        "lazy-importer": ("importlib-metadata",),
        "zipp": ("importlib-metadata",),
    }


def test_whole_value() -> None:
    text = (
        "# by hand\n--index-url https://index.example/simple\n\n"
        f'Foo_Bar[a,b]==1.0+local ; python_version < "3.12" \\\n    --hash=sha256:{SHA}\n'
        "    # via\n    #   -r x.in\n    #   baz\n"
        f"six @ https://files.example/six.whl#sha256={SHA}\n    # via baz[extra]\n"
        "# the end\n"
    )
    marked = 'python_version < "3.12"'
    lead = ("--index-url https://index.example/simple", "")
    foo = Pin(
        name="Foo_Bar",
        version="1.0+local",
        hashes=(f"sha256:{SHA}",),
        via=("-r x.in", "baz"),
        marker=marked,
        extras=("a", "b"),
        lead=lead,
        line=4,
    )
    six = Pin("six", None, via=("baz[extra]",), url=f"https://files.example/six.whl#sha256={SHA}")
    lock = parse(text, "lock.txt")
    assert lock == Lock("lock.txt", (foo, six), None, ("# by hand",), ("# the end",))
    assert [(pin.lead, pin.line, pin.key) for pin in lock.pins] == [
        (lead, 4, "foo-bar"),
        ((), 9, "six"),
    ]
    assert [sorted(pin.requirers) for pin in lock.pins] == [["baz"], ["baz"]]
    assert foo.requirement == f"Foo_Bar[a,b]==1.0+local ; {marked}"
    assert render(lock) == text


def test_lockstep_header_is_read() -> None:
    assert parse(LOCKS["lockstep"], "lock.txt").header == Header(
        resolve="python-default",
        inputs="68488848af32cf4382cb781de470160f27a95347eb712a91bed8c4e8b0fc6ab7",
        resolver="pip-compile 7.6.2",
        environments=("CPython==3.11.*",),
    )


def test_the_cut_off_is_written_and_read() -> None:
    header = replace(HEADER, cut_off="2026-11-21T07:31:00Z", younger=("idna<=3.10", "six"))
    text = render(finished("lock.txt", header, [Pin("idna", "3.10", ("sha256:" + "a" * 64,))]))
    cut_off = "\n# cut-off: 2026-11-21T07:31:00Z\n# younger: idna<=3.10; six\n\nidna==3.10"
    assert cut_off in text
    assert parse(text, "lock.txt").header == header


def test_windows_line_ends_are_read() -> None:
    text = LOCKS["lockstep"]
    assert parse(text.replace("\n", "\r\n"), "lock.txt") == parse(text, "lock.txt")


def test_finished_sorts_and_drops_what_stood_between_the_pins() -> None:
    pins = [
        Pin("zipp", "4.1", ("sha256:b", "sha256:a"), ("-r x.in",), lead=("# unsafe:",), line=9),
        Pin("idna", "3.4", marker="sys_platform == 'win32'"),
        Pin("Idna", "3.10", marker="sys_platform != 'win32'"),
    ]
    lock = finished("lock.txt", HEADER, pins)
    text = (
        "# Lockstep lock, format 1. Do not edit: `./pants lock` writes it.\n"
        "# resolve: python-default\n"
        f"# inputs: sha256:{'0' * 64}\n"
        "# resolver: pip-compile 7.6.2\n"
        "# environments: linux; macos\n"
        "\n"
        "Idna==3.10 ; sys_platform != 'win32'\n"
        "idna==3.4 ; sys_platform == 'win32'\n"
        "zipp==4.1 \\\n    --hash=sha256:a \\\n    --hash=sha256:b\n    # via -r x.in\n"
        "# end: 3 pins\n"
    )
    assert render(lock) == text


def test_finished_lock_is_read_back_as_the_same_value() -> None:
    pins = parse(LOCKS["uv_universal"], "x.txt").pins
    lock = finished("lock.txt", HEADER, reversed(pins))
    assert parse(render(lock), "lock.txt") == lock
    assert render(finished("lock.txt", HEADER, parse(render(lock), "x").pins)) == render(lock)


def test_lock_of_no_requirements_is_a_lock() -> None:
    lock = finished("lock.txt", HEADER, [])
    assert parse(render(lock), "lock.txt") == lock


def test_blanks_between_annotations_are_none_of_them() -> None:
    (pin,) = parse("six==1.17.0\n    # via  -r a.in, ,  b \n", "lock.txt").pins
    assert pin.via == ("-r a.in", "b")


def test_a_comma_in_the_only_annotation_stays_in_it() -> None:
    lock = parse("six==1.17.0\n    # via\n    #   -r a, b.in\n", "lock.txt")
    assert lock.pins[0].via == ("-r a, b.in",)
    assert parse(render(lock), "lock.txt") == lock


_words = st.sampled_from(
    ["\n", "\r", " ", "    ", "#", "# via", ",", "\\", ";", "==", "@", "--hash=sha256:", "--", "x"]
    + ["[", "]", "(", "://", "\x00", "\ufeff", "\u2028", "python_version < '3'", "-e .", "=", "'"]
)


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """A valid lock with a few pieces cut out, doubled or put in."""
    text = draw(st.sampled_from(sorted(LOCKS.values())))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 90)))
        text = text[:start] + draw(st.one_of(_words, st.just(text[start:end] * 2))) + text[end:]
    return text


@settings(max_examples=FUZZ_CASES, deadline=None)
@given(st.one_of(mutated(), st.text(), st.lists(_words).map("".join)))
def test_any_text_is_a_lock_or_a_text_error(text: str) -> None:
    try:
        lock = parse(text, "lock.txt")
    except TextError as error:
        assert str(error).startswith(f"lock.txt:{error.line}: ")
        assert 1 <= error.line <= text.count("\n") + 1
    else:
        assert parse(render(lock), "lock.txt") == lock


@settings(max_examples=FUZZ_CASES, deadline=None)
@given(st.sampled_from(sorted(LOCKS.values())), st.data())
def test_what_is_read_of_a_cut_off_lock_is_a_beginning_of_it(
    text: str, data: st.DataObject
) -> None:
    cut = text[: data.draw(st.integers(0, len(text) - 1))]
    whole = parse(text, "lock.txt").pins
    try:
        pins = parse(cut, "lock.txt").pins
    except TextError:
        return
    bare = [replace(pin, via=()) for pin in whole[: len(pins)]]
    assert list(pins[:-1]) == list(whole[: len(pins)][:-1])
    assert [replace(pin, via=()) for pin in pins] == bare


@pytest.mark.parametrize("kept", range(1, 40))
def test_lock_of_ours_cut_off_at_any_line_is_an_error(kept: int) -> None:
    lines = LOCKS["lockstep"].splitlines(keepends=True)
    if kept < len(lines):
        with pytest.raises(TextError):
            parse("".join(lines[:kept]), "lock.txt")


def test_lock_of_ours_that_lost_a_pin_says_so() -> None:
    lock = finished("lock.txt", HEADER, [Pin("a", "1", via=("b",)), Pin("b", "1", via=("-r x",))])
    text = render(lock).replace("a==1\n    # via b\n", "")
    with pytest.raises(TextError) as error:
        parse(text, "lock.txt")
    assert str(error.value) == (
        "lock.txt:9: the lock says that it holds 2 pins, but 1 stand in it. Restore the file from"
        " version control, or run `./pants lock` to write it anew."
    )
