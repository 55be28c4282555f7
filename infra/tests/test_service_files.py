import sys
from pathlib import Path

import pytest

from service_files import Service, ServiceFileError, read_services

HEAD = 'process = "web"\nport = 80\nhealth = "/healthz"\n[environment]\n'


def write(folder: Path, name: str, toml: str, procfile: str = "web: python -m shop\n") -> None:
    (folder / name / "infra").mkdir(parents=True)
    (folder / name / "infra" / "service.toml").write_text(toml)
    (folder / name / "Procfile").write_text(procfile)


def error(folder: Path) -> str:
    with pytest.raises(ServiceFileError) as caught:
        read_services(folder)
    return str(caught.value)


def test_services_come_after_those_they_need(tmp_path: Path) -> None:
    write(tmp_path, "a-shop", HEAD + 'MILL = "{url of mill}/{state}"\nOVEN = "{url of oven}"\n')
    write(tmp_path, "mill", HEAD, "# all\nworker: mill --grind\nweb: mill 'fine flour'\n")
    write(tmp_path, "oven", HEAD + 'MILL = "{url of mill}"\nLOG_LEVEL = "DEBUG"\n')
    services = read_services(tmp_path)
    assert services == [
        Service("mill", ("mill", "fine flour"), 80, "/healthz", {}),
        Service(
            "oven",
            (sys.executable, "-m", "shop"),
            80,
            "/healthz",
            {"MILL": "{url of mill}", "LOG_LEVEL": "DEBUG"},
        ),
        Service(
            "a-shop",
            (sys.executable, "-m", "shop"),
            80,
            "/healthz",
            {"MILL": "{url of mill}/{state}", "OVEN": "{url of oven}"},
        ),
    ]
    assert services[2].filled_environment(
        Path("/data"), {"mill": "http://mill", "oven": "http://oven"}
    ) == {"MILL": "http://mill//data", "OVEN": "http://oven"}


@pytest.mark.parametrize(
    ("toml", "message"),
    [
        (
            "port",
            "{} is not TOML: Expected '=' after a key in a key/value pair (at end of document).",
        ),
        (HEAD.replace("80", '"80"'), "{} must hold 'port' as a whole number."),
        (HEAD.replace("80", "true"), "{} must hold 'port' as a whole number."),
        (
            HEAD.replace("process", "proc"),
            ("{} holds 'proc', but only process, port, health, environment mean something."),
        ),
        ("", "{} must hold 'process' as a text."),
        (HEAD.replace("[environment]\n", ""), "{} must hold 'environment' as a table."),
        (
            HEAD + 'A = "{home}"',
            (
                "A in {} is '{{home}}', but must be text with no braces but those of {{state}} and "
                "{{url of NAME}}."
            ),
        ),
        (
            HEAD + "A = 1",
            (
                "A in {} is 1, but must be text with no braces but those of {{state}} and "
                "{{url of NAME}}."
            ),
        ),
    ],
)
def test_a_bad_file_is_named(tmp_path: Path, toml: str, message: str) -> None:
    write(tmp_path, "shop", toml)
    assert error(tmp_path) == message.format(tmp_path / "shop" / "infra" / "service.toml")


def test_procfiles(tmp_path: Path) -> None:
    write(tmp_path, "shop", HEAD, "worker: python\nweb:\n")
    assert error(tmp_path) == f"{tmp_path}/shop/Procfile has no process 'web'."
    (tmp_path / "shop" / "Procfile").unlink()
    assert error(tmp_path) == f"There is no {tmp_path}/shop/Procfile."


def test_needs_that_cannot_be_met(tmp_path: Path) -> None:
    write(tmp_path, "shop", HEAD + 'OVEN = "{url of oven}"\n')
    assert error(tmp_path) == "shop needs the URL of oven, which is no service."
    write(tmp_path, "oven", HEAD + 'SHOP = "{url of shop}"\n')
    assert error(tmp_path) == ("Services need each other in a circle: oven needs shop needs oven.")
