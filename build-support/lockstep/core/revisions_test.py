from __future__ import annotations

from lockstep.core.revisions import ChangeKind, FileChange, read_raw_diff, with_untracked

ZERO = "0" * 40
OLD = "1" * 40


def _entry(modes: str, before: str, status: str, path: bytes) -> bytes:
    return f":{modes} {before} {ZERO} {status}".encode() + b"\0" + path + b"\0"


def test_paths_may_hold_anything() -> None:
    output = (
        _entry("100644 100644", OLD, "M", b"x y.py")
        + _entry("000000 100644", ZERO, "A", "lib/größe.py".encode())
        + _entry("100644 000000", OLD, "D", b"new\nline.py")
        + _entry("100644 120000", OLD, "T", b"\xff.py")
    )
    assert [raw.change for raw in read_raw_diff(output)] == [
        FileChange("x y.py", ChangeKind.CHANGED),
        FileChange("lib/größe.py", ChangeKind.ADDED),
        FileChange("new\nline.py", ChangeKind.DELETED),
        FileChange("\udcff.py", ChangeKind.CHANGED),
    ]
    assert list(read_raw_diff(b"")) == []


def test_a_submodule_is_known_by_its_mode() -> None:
    (raw,) = read_raw_diff(_entry("160000 160000", OLD, "M", b"vendored"))
    assert (raw.is_submodule, raw.before) == (True, OLD)


def test_what_git_forgot_but_is_still_there_has_changed() -> None:
    tracked = [FileChange("b.py", ChangeKind.DELETED), FileChange("c.py", ChangeKind.DELETED)]
    assert with_untracked(tracked, ["b.py", "a.py"]) == [
        FileChange("a.py", ChangeKind.ADDED),
        FileChange("b.py", ChangeKind.CHANGED),
        FileChange("c.py", ChangeKind.DELETED),
    ]
