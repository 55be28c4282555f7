from pathlib import Path

import pytest
from requirements_report import main


@pytest.fixture
def services(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "services"
    for name, text in {
        "one": "Httpx>=0.27  # asks\nsix\n\n",
        "two": "httpx[http2]>=0.28\n",
    }.items():
        (folder / name).mkdir(parents=True)
        (folder / name / "requirements.in").write_text(text)
    return folder


DIFFERING = """\
httpx (2 ranges)
  >=0.27: services/one/requirements.in
  >=0.28: services/two/requirements.in
"""


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], DIFFERING + "six\n  any: services/one/requirements.in\n"),
        (["--differing"], DIFFERING),
    ],
)
def test_report(
    services: Path, arguments: list[str], expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    main(arguments)
    assert capsys.readouterr().out == expected


def test_a_bad_line_is_named(services: Path) -> None:
    (services / "two" / "requirements.in").write_text("\n-r other.in\n")
    with pytest.raises(SystemExit) as caught:
        main([])
    assert caught.value.code == (
        "services/two/requirements.in:2: '-r other.in' is not a requirement such as httpx>=0.27."
    )
