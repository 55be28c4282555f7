import json
import logging
import sys

import pytest

from service_setup.logs import JsonFormatter, configure_logging


def record(message: str, **attributes: object) -> logging.LogRecord:
    values = {"name": "shop", "levelname": "INFO", "msg": message, "created": 86400.5}
    return logging.makeLogRecord(values | attributes)


def test_a_record_is_one_line_of_json() -> None:
    assert JsonFormatter().format(record("two\nlines", fields={"port": 80})) == (
        '{"time": "1970-01-02T00:00:00.500000+00:00", "level": "INFO", "logger": "shop", '
        '"message": "two\\nlines", "port": 80}'
    )


def test_an_exception_keeps_its_traceback() -> None:
    try:
        raise ValueError("no bread")
    except ValueError:
        line = JsonFormatter().format(record("failed", exc_info=sys.exc_info()))
    traceback = json.loads(line)["exception"].splitlines()
    assert (traceback[0], traceback[-1]) == (
        "Traceback (most recent call last):",
        "ValueError: no bread",
    )


def test_only_records_of_the_level_reach_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    root = logging.getLogger()
    before = root.level, root.handlers[:]
    try:
        root.handlers = []
        configure_logging("WARNING")
        logging.getLogger("shop").info("quiet")
        logging.getLogger("shop").warning("loud")
        configure_logging("DEBUG")
        logging.getLogger("httpx2").info("GET http://baker:bread@index.example")
        logging.getLogger("httpx2").warning("louder")
    finally:
        root.setLevel(before[0])
        root.handlers = before[1]
    out, err = capsys.readouterr()
    assert (out, [json.loads(line)["message"] for line in err.splitlines()]) == (
        "",
        ["loud", "louder"],
    )
