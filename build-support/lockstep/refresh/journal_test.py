"""What a refresh keeps over a kill."""

from __future__ import annotations

from pathlib import Path

import pytest

from lockstep.core.errors import LockstepError
from lockstep.core.lock_refresh import Candidate, Failure
from lockstep.refresh.journal import Journal, alone

IDNA = Candidate("r", "idna", "3.7", "3.10")
SIX = Candidate("r", "six", "1.16", "1.17")


def test_what_was_tried_is_known_by_the_next_call(tmp_path: Path) -> None:
    path = tmp_path / "state" / "journal.json"
    journal = Journal.load(path, "key")
    failure = Failure("1 test fails", ("a_test.py",), "boom")
    journal.diff = {"locks": []}
    journal.note([IDNA, SIX], failure)
    journal.note([SIX], {"lock.txt": "text"})
    journal.failing["b_test.py"] = True
    journal.save()

    again = Journal.load(path, "key")
    assert again == journal
    assert again.result([SIX, IDNA]) == failure
    assert again.result([SIX]) == {"lock.txt": "text"}
    assert again.result([IDNA]) is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": 2, "key": "key"}'])
def test_a_record_of_something_else_or_a_damaged_one_begins_anew(tmp_path: Path, text: str) -> None:
    path = tmp_path / "journal.json"
    Journal(path, "other", {"locks": []}).save()
    assert Journal.load(path, "key") == Journal(path, "key")
    path.write_text(text)
    assert Journal.load(path, "key") == Journal(path, "key")


def test_two_at_once_are_refused_and_the_end_of_one_lets_go(tmp_path: Path) -> None:
    with alone(tmp_path / "state"):
        with pytest.raises(LockstepError) as raised:
            with alone(tmp_path / "state"):
                pass
    assert str(raised.value) == (
        "Another `./pants lock-refresh` of this checkout is at work. Wait for it, or end it."
    )
    with alone(tmp_path / "state"):
        pass
