from datetime import UTC, date, datetime

import pytest

from linehaul.lines import Download, LineError, normalise, parse_lines

FIELDS = [
    "2024-05-31T23:59:58Z",
    "Typing_Extensions",
    "4.12.0",
    "typing_extensions-4.12.0.tar.gz",
    "pip/24.0",
    "3.11.7",
    "FR",
]
DOWNLOAD = Download(
    time=datetime(2024, 5, 31, 23, 59, 58, tzinfo=UTC),
    project="typing-extensions",
    version="4.12.0",
    file_name="typing_extensions-4.12.0.tar.gz",
    installer="pip/24.0",
    python="3.11.7",
    country="FR",
)


def line(position: int = 0, value: str = FIELDS[0]) -> str:
    return "\t".join([*FIELDS[:position], value, *FIELDS[position + 1 :]])


@pytest.mark.parametrize("end", ["", "\n"])
def test_every_line_is_a_download(end: str) -> None:
    assert parse_lines(f"{line()}\n{line()}{end}") == [DOWNLOAD, DOWNLOAD]


def test_no_lines() -> None:
    assert parse_lines("") == []


def test_unknown_values() -> None:
    text = "\t".join([*FIELDS[:4], "-", "-", "-"])
    (download,) = parse_lines(text)
    assert (download.installer, download.python, download.country) == ("-", "-", "-")


def test_days_are_in_utc() -> None:
    (download,) = parse_lines(line(0, "2024-06-01T01:00:00+02:00"))
    assert (download.time, download.day) == (
        datetime(2024, 5, 31, 23, tzinfo=UTC),
        date(2024, 5, 31),
    )


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "1 tab separated fields instead of 7"),
        (line() + "\t", "8 tab separated fields instead of 7"),
        (line(0, "noon"), "time 'noon' is not ISO 8601 with an offset"),
        (
            line(0, "2024-05-31T23:59:58"),
            "time '2024-05-31T23:59:58' is not ISO 8601 with an offset",
        ),
        (
            line(0, "0001-01-01T00:00:00+01:00"),
            "time '0001-01-01T00:00:00+01:00' is not ISO 8601 with an offset",
        ),
        (line(1, "-typing"), "project '-typing' is not valid"),
        (line(2, "4 12"), "version '4 12' is not valid"),
        (line(3, "a/b.tar.gz"), "file name 'a/b.tar.gz' is not valid"),
        (line(4, "pip"), "installer/version 'pip' is not valid"),
        (line(5, "three"), "python version 'three' is not valid"),
        (line(6, "FR\r"), "country 'FR\\r' is not valid"),
    ],
)
def test_a_malformed_line_is_named(text: str, fault: str) -> None:
    with pytest.raises(LineError) as caught:
        parse_lines(f"{line()}\n{text}\n{line()}\n")
    assert str(caught.value) == f"line 2: {fault}"


def test_normalise() -> None:
    assert [normalise(name) for name in ("six", "A", "Zope.-_Interface", "x__y")] == [
        "six",
        "a",
        "zope-interface",
        "x-y",
    ]


@pytest.mark.parametrize("name", ["", "-", "six_", "siX\N{KELVIN SIGN}", "a b", "six\n"])
def test_not_a_name(name: str) -> None:
    with pytest.raises(ValueError) as caught:
        normalise(name)
    assert str(caught.value) == f"project {name!r} is not valid"
