from datetime import UTC, datetime
from pathlib import Path

import pytest

from package_index.downloads import download_line
from package_index.names import parse_file_name
from package_index.settings import IndexSettings, read_index_settings
from package_index.simple import HTML, JSON, LEGACY_HTML, choose_type
from service_setup.settings import Settings, SettingsError

PIP = 'pip/24.0 {"installer":{"name":"pip","version":"24.0"},"python":"3.11.7"}'


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("", LEGACY_HTML),
        ("*/*", LEGACY_HTML),
        ("text/html,application/xml;q=0.9,*/*;q=0.8", LEGACY_HTML),
        (JSON, JSON),
        (f"{JSON}, {HTML}; q=0.1, text/html; q=0.01", JSON),
        (f"{JSON};q=0.1, {HTML.upper()} ; v=1 ; Q=0.2", HTML),
        ("application/*, text/html;q=0.5", HTML),
        (f"{JSON};q=0", None),
        ("image/png", None),
        ("nonsense", None),
        (",", None),
    ],
)
def test_content_types(accept: str, expected: str | None) -> None:
    assert choose_type(accept) == expected


@pytest.mark.parametrize(
    ("user_agent", "installer", "python"),
    [
        (PIP, "pip/24.0", "3.11.7"),
        (PIP.replace('"24.0"', '"a b"'), "-", "3.11.7"),
        (PIP.replace(',"python":"3.11.7"', ""), "pip/24.0", "-"),
        (PIP.replace("3.11.7", "3.11.7\\t"), "pip/24.0", "-"),
        (PIP.replace("3.11.7", "3.11." + "7" * 60), "pip/24.0", "-"),
        (PIP.replace('"24.0"', f'"{"2" * 65}"'), "-", "3.11.7"),
        ("Mozilla/5.0 (X11)", "-", "-"),
        ("pip/24.0 []", "-", "-"),
        ("pip/24.0 " + "[" * 100_000, "-", "-"),
        ("", "-", "-"),
    ],
)
def test_download_lines(user_agent: str, installer: str, python: str) -> None:
    time = datetime(2024, 5, 31, 23, 59, 58, 999, tzinfo=UTC)
    file = parse_file_name("Typing_Extensions-4.12.0.tar.gz")
    assert download_line(time, file, user_agent) == (
        "2024-05-31T23:59:58Z\ttyping-extensions\t4.12.0\tTyping_Extensions-4.12.0.tar.gz\t"
        f"{installer}\t{python}\t-\n"
    )


@pytest.mark.parametrize(
    "name", ["", "box", "box.tar.gz", "box-1.whl", "a/b-1.tar.gz", ".b-1.tar.gz", "bö-1.tar.gz"]
)
def test_no_file_names(name: str) -> None:
    with pytest.raises(ValueError):
        parse_file_name(name)


def test_settings(tmp_path: Path) -> None:
    service = Settings("127.0.0.1", 8000, "INFO")
    assert read_index_settings({"PACKAGES": str(tmp_path)}) == IndexSettings(
        service, tmp_path, None
    )
    url = "http://linehaul.index.example"
    environ = {"PACKAGES": str(tmp_path), "LINEHAUL_URL": url}
    assert read_index_settings(environ) == IndexSettings(service, tmp_path, url)


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        ({}, "PACKAGES is not set, but must be the path of an existing directory."),
        (
            {"PACKAGES": "/no/such"},
            "PACKAGES is '/no/such', but must be the path of an existing directory.",
        ),
        (
            {"PACKAGES": "/", "LINEHAUL_URL": "linehaul"},
            "LINEHAUL_URL is 'linehaul', but must be an HTTP URL.",
        ),
    ],
)
def test_a_bad_setting_is_named(environ: dict[str, str], message: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read_index_settings(environ)
    assert str(caught.value) == message
