import logging
import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from feature_flags import Flag, FlagError, Flags, read_flags

FLAGS = """\
[shown]
description = "Shown to all."
default = true
expires = 2027-06-30

[tried]
description = "Tried by some."
default = false
rollout = 25

[hidden]
description = "Not ready."
default = false
"""
SHOWN = Flag("shown", "Shown to all.", True, None, date(2027, 6, 30))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "flags.toml"
    path.write_text(FLAGS)
    return path


def read(file: Path, environ: dict[str, str] | None = None, day: int = 29) -> Flags:
    return read_flags(file, environ or {}, lambda: date(2027, 6, day))


def tried_by(file: Path, keys: list[str]) -> set[str]:
    flags = read(file)
    return {key for key in keys if flags.is_on("tried", key)}


def test_defaults(file: Path) -> None:
    flags = read(file)
    assert [flags.is_on(name) for name in ("shown", "tried", "hidden")] == [True, False, False]


def test_a_rollout_is_stable_and_as_large_as_told(file: Path) -> None:
    keys = [f"user-{number}" for number in range(10_000)]
    chosen = tried_by(file, keys)
    # The very numbers, since another hash would move everybody.
    assert (len(chosen), chosen == tried_by(file, keys)) == (2426, True)
    file.write_text(FLAGS.replace("25", "50.5"))
    more = tried_by(file, keys)
    assert (len(more), chosen < more) == (5033, True)


@pytest.mark.parametrize(("rollout", "on"), [("0", False), ("100", True)])
def test_the_ends_of_a_rollout(file: Path, rollout: str, on: bool) -> None:
    file.write_text(FLAGS.replace("25", rollout))
    flags = read(file)
    assert {flags.is_on("tried", str(key)) for key in range(1000)} == {on}


def test_each_flag_is_rolled_out_to_other_keys(file: Path) -> None:
    file.write_text(FLAGS + "rollout = 25\n")
    flags = read(file)
    chosen = [
        {key for key in range(10_000) if flags.is_on(name, str(key))}
        for name in ("tried", "hidden")
    ]
    assert len(chosen[0] & chosen[1]) == 623


@pytest.mark.parametrize(("value", "on"), [("on", True), ("off", False)])
def test_a_variable_decides_for_all_keys(file: Path, value: str, on: bool) -> None:
    flags = read(file, {"FLAG_TRIED": value, "FLAG_SHOWN": value})
    assert {flags.is_on("tried", str(key)) for key in range(100)} == {on}
    assert (flags.is_on("tried"), flags.is_on("shown"), flags.is_on("hidden")) == (on, on, False)


def test_a_stale_flag_is_reported_once(file: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert (read(file).is_on("shown"), read(file).stale(), caplog.records) == (True, [], [])
    flags = read(file, day=30)
    assert (flags.is_on("hidden"), flags.stale(), caplog.records) == (False, [SHOWN], [])
    assert (flags.is_on("shown"), flags.is_on("shown")) == (True, True)
    (record,) = caplog.records
    assert (record.levelno, record.getMessage(), vars(record)["fields"]) == (
        logging.WARNING,
        "stale flag",
        {"flag": "shown", "file": str(file), "expired": date(2027, 6, 30)},
    )


def test_an_unknown_flag(file: Path) -> None:
    with pytest.raises(FlagError) as caught:
        read(file).is_on("shwon")
    assert str(caught.value) == f"{file} declares no flag 'shwon'; it has hidden, shown, tried."


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[x]\ndefault = ?\n", " is not TOML: Invalid value (at line 2, column 11)."),
        ("x = true\n", ": x must be a table such as [x]."),
        ("[X-y]\n", ": X-y must be lower-case letters, digits and underscores."),
        (
            "[x]\nowner = 'me'\n",
            ": x.owner is unknown; known are description, default, rollout, expires.",
        ),
        ("[x]\ndefault = true\n", ": x.description must tell what the flag switches."),
        ("[x]\ndescription = 'X.'\n", ": x.default must be true or false."),
        ("[x]\ndescription = 'X.'\ndefault = 1\n", ": x.default must be true or false."),
        (
            "[x]\ndescription = 'X.'\ndefault = false\nrollout = 101\n",
            ": x.rollout must be a percentage, a number from 0 to 100.",
        ),
        (
            "[x]\ndescription = 'X.'\ndefault = false\nrollout = true\n",
            ": x.rollout must be a percentage, a number from 0 to 100.",
        ),
        (
            "[x]\ndescription = 'X.'\ndefault = true\nrollout = 50\n",
            ": x.rollout has no effect, since the default is true.",
        ),
        (
            "[x]\ndescription = 'X.'\ndefault = true\nexpires = '2027-06-30'\n",
            ": x.expires must be a date such as 2027-06-30, without quotes.",
        ),
    ],
)
def test_a_bad_file_is_named(file: Path, text: str, message: str) -> None:
    file.write_text(text)
    with pytest.raises(FlagError) as caught:
        read(file)
    assert str(caught.value) == f"{file}{message}"


def test_a_bad_variable_is_named(file: Path) -> None:
    with pytest.raises(FlagError) as caught:
        read(file, {"FLAG_TRIED": "yes"})
    assert str(caught.value) == "FLAG_TRIED is 'yes', but must be on or off."


def test_no_file_ends_the_process_with_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "__init__.py").touch()
    ended = subprocess.run(
        [sys.executable, "-c", "from feature_flags import *; flags_or_exit('shop')"],
        env={"PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])},
        capture_output=True,
        text=True,
        timeout=30,
    )
    path = tmp_path / "shop" / "flags.toml"
    assert (ended.returncode, ended.stdout, ended.stderr) == (
        1,
        "",
        f"{path} cannot be read: [Errno 2] No such file or directory: '{path}'.\n",
    )
