"""Procfiles: what is read, and what is told of the rest."""

from __future__ import annotations

import pytest

from lockstep.core.errors import TextError
from lockstep.core.procfile import Process, default_process, parse_procfile

MEND = "Write `NAME: python -m MODULE ARG...`, or a console script of the slice and its arguments."


def test_processes_in_their_order() -> None:
    text = (
        "# started by the platform\n\nworker: gunicorn 'a b:x' --bind=:$PORT\nweb : python -m a.b\n"
    )
    worker, web = parse_procfile(text, "Procfile")
    assert worker == Process("worker", ("gunicorn", "a b:x", "--bind=:$PORT"), 3)
    assert web == Process("web", ("python", "-m", "a.b"), 4)
    assert (worker.module, web.module) == (None, "a.b")


@pytest.mark.parametrize(
    ("names", "expected"),
    [(["a"], "a"), (["web"], "web"), (["a", "web"], "web"), (["a", "b"], None)],
)
def test_the_default_process(names: list[str], expected: str | None) -> None:
    assert default_process(tuple(Process(name, ("x",), 1) for name in names)) == expected


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", f"s/Procfile:1: there is no process. {MEND}"),
        ("# nothing\n", f"s/Procfile:1: there is no process. {MEND}"),
        ("web\n", f"s/Procfile:1: `web` is no process. {MEND}"),
        ("web:\n", f"s/Procfile:1: `` cannot be started without a shell. {MEND}"),
        (
            "web: python -m\n",
            f"s/Procfile:1: `python -m` cannot be started without a shell. {MEND}",
        ),
        (
            "web: python x.py\n",
            f"s/Procfile:1: `python x.py` cannot be started without a shell. {MEND}",
        ),
        (
            "web: cd /x && run\n",
            f"s/Procfile:1: `cd /x && run` cannot be started without a shell. {MEND}",
        ),
        (
            "web: A=b run\n",
            f"s/Procfile:1: `A=b run` cannot be started without a shell. {MEND}",
        ),
        (
            "web: ./run\n",
            f"s/Procfile:1: `./run` cannot be started without a shell. {MEND}",
        ),
        (
            "web: python -m 'a\n",
            "s/Procfile:1: `python -m 'a` has unbalanced quotes (No closing quotation)."
            " Balance them.",
        ),
        (
            "web: a\nweb: b\n",
            "s/Procfile:2: the process `web` stands in line 1, too."
            " Give it another name, or remove one.",
        ),
    ],
)
def test_what_is_no_procfile(text: str, error: str) -> None:
    with pytest.raises(TextError) as raised:
        parse_procfile(text, "s/Procfile")
    assert str(raised.value) == error
