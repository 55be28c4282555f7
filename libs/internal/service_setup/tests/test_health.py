import json

from starlette.requests import Request

from service_setup.health import Check, health_route


def answer(checks: dict[str, Check]) -> tuple[int, object]:
    response = health_route(checks).endpoint(Request({"type": "http"}))
    return response.status_code, json.loads(response.body)


def passes() -> None:
    pass


def fails() -> None:
    raise OSError("the disk is gone")


def test_path() -> None:
    assert health_route({}).path == "/healthz"


def test_all_checks_pass() -> None:
    assert answer({"database": passes, "disk": passes}) == (
        200,
        {"status": "ok", "checks": {"database": "ok", "disk": "ok"}},
    )


def test_a_failing_check_is_named() -> None:
    assert answer({"database": passes, "disk": fails}) == (
        503,
        {"status": "failing", "checks": {"database": "ok", "disk": "failing"}},
    )
