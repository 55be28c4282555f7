"""Nothing private is told, wherever it stands and however it is spelled."""

from __future__ import annotations

import base64
import os
import re
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lockstep.doctor.checks.finding import fault
from lockstep.doctor.redaction import Private, redacted, secrets_of, without_secrets
from lockstep.doctor.report import ReportFacts, Run, markdown

NOBODY = Private()
cases = settings(
    max_examples=int(os.environ.get("LOCKSTEP_FUZZ_CASES", "100")),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)


@pytest.mark.parametrize(
    "text,expected",
    [
        ("https://ann:pw@index.example/simple", "https://****@index.example/simple"),
        ("https://ann@index.example/simple", "https://****@index.example/simple"),
        ("https://ann:p/w@x@index.example/", "https://****@index.example/"),
        ("see https://index.example/a/b", "see https://index.example/a/b"),
        ("https://index.example/a?X-Sig=abc&b=1 end", "https://index.example/a?**** end"),
        ("ann:pw@proxy.example:3128", "****@proxy.example:3128"),
        ("Authorization: Bearer abcdefgh12", "Authorization: ****"),
        ("sent bearer abcdefgh12 to it", "sent bearer **** to it"),
        ("PIP_PASSWORD=x y", "PIP_PASSWORD=****"),
        ('{"api_key": "x", "b": 1}', '{"api_key": ****'),
        ("tool --token x --verbose", "tool --token ****"),
        ("ghp_0123456789abcdefghij", "****"),
        ("author: somebody", "author: somebody"),
        ("mail ann.b@mail.example now", "mail EMAIL now"),
        ("PWD=/srv/there", "PWD=/srv/there"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----\nx", "****\nx"),
        ("idna==3.11 --hash=sha256:" + "a" * 64, "idna==3.11 --hash=sha256:" + "a" * 64),
        ("tests/a_test.py::test_b[1] failed", "tests/a_test.py::test_b[1] failed"),
    ],
)
def test_what_gives_a_secret_away(text: str, expected: str) -> None:
    assert without_secrets(text, NOBODY) == expected


@pytest.mark.parametrize(
    "text,expected",
    [
        ("/home/ann/work", "~/work"),
        ("/home/ann", "~"),
        ("/home/anna/work", "/home/USER/work"),
        ("file:///home/ann/x", "file://~/x"),
        ("/Users/Bob/x:/home/eve", "/Users/USER/x:/home/USER"),
        ("owned by ann (Ann Example)", "owned by USER (USER)"),
        ("planned, annotated", "planned, annotated"),
        ("/mnt/ANN_1/x", "/mnt/USER_1/x"),
    ],
)
def test_names_and_homes(text: str, expected: str) -> None:
    person = Private(users=frozenset({"ann", "Ann Example"}), homes=frozenset({"/home/ann"}))
    assert redacted(text, person) == expected


def test_a_user_whose_name_tells_nothing_stays() -> None:
    assert redacted("run as root from the build root", Private(users=frozenset({"root"}))) == (
        "run as root from the build root"
    )


MARK = "Zq7x"
secrets = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=30).map(
    lambda text: MARK + text
)
"""Printable ASCII without blanks: what a header and a URL can hold."""

LEAKS = (
    "https://ann:{}@index.example/simple",
    "https://{}@index.example/simple",
    "git+ssh://ann:{}@git.example/x.git",
    "https://index.example/simple?key={}",
    "Authorization: Bearer {}",
    "authorization: {}",
    "Cookie: session={}",
    "PIP_PASSWORD={}",
    "export AWS_SECRET_ACCESS_KEY='{}'",
    '"token": "{}"',
    "index_token = {}",
    "password:\n  {}",
    "twine --password {}",
    "twine --password={}",
)
surroundings = st.text(st.characters(blacklist_categories=["Cs"]), max_size=40)


@cases
@given(secrets, st.sampled_from(LEAKS), surroundings, surroundings)
def test_no_secret_is_told_where_its_place_gives_it_away(
    secret: str, leak: str, before: str, after: str
) -> None:
    assert MARK not in redacted(f"{before} {leak.format(secret)} {after}", NOBODY)


@cases
@given(secrets, st.sampled_from(["{}", "x{}y", "<{}>", "said '{}'"]), surroundings, st.booleans())
def test_no_secret_of_a_variable_or_url_is_told_anywhere(
    secret: str, leak: str, before: str, in_url: bool
) -> None:
    encoded = quote(secret, safe="")
    environ = (
        {"PIP_INDEX_URL": f"https://ann:{encoded}@index.example"}
        if in_url
        else {"INDEX_TOKEN": secret}
    )
    person = Private(secrets_of(environ, []))
    for spelled in {secret, encoded} if in_url else {secret}:
        assert spelled not in redacted(f"{before} {leak.format(spelled)}", person)
    if in_url:
        header = base64.b64encode(f"ann:{secret}".encode()).decode()
        assert header not in redacted(f"{before} {leak.format(header)}", person)


@cases
@given(
    st.text("abcdefghijklmnopqrstuvwxyz", min_size=3, max_size=8).map(lambda name: f"zq{name}"),
    st.sampled_from(["/home/{}", "/home/{}/x", "{}@host", "by {},", "/mnt/{}/x", "C={}", "{}"]),
    surroundings,
)
def test_no_name_is_told(name: str, leak: str, before: str) -> None:
    person = Private(users=frozenset({name}), homes=frozenset({f"/home/{name}"}))
    told = redacted(f"{before} {leak.format(name)}", person)
    assert not re.search(rf"(?i)(?<![a-z0-9]){name}(?![a-z0-9])", told)


@cases
@given(secrets)
def test_no_part_of_a_report_tells_a_secret(secret: str) -> None:
    url = f"https://ann:{quote(secret, safe='')}@index.example/simple"
    environ = {"PIP_INDEX_URL": url, "HOME": "/home/zqann"}
    facts = ReportFacts(
        {"system": url},
        environ,
        {"UV_DEFAULT_INDEX": url},
        {"pants.toml": f"x = '{url}'"},
        [fault("index", f"{url} says {secret}.", f"Look into /home/zqann, {secret}.")],
        Run(f"pip download -i {url}", 1, f"Looking in {url}\n```\n" * 3),
    )
    person = Private(secrets_of(environ, []), frozenset({"zqann"}), frozenset({"/home/zqann"}))
    told = markdown(facts, person)
    assert MARK not in told
    assert "zqann" not in told


def test_a_long_output_is_cut_after_it_was_redacted() -> None:
    """Cut before, the beginning of a URL would be gone, and what gives its password away."""
    output = "https://ann:" + "pw" * 40_000 + "@index.example/simple\n"
    facts = ReportFacts({}, {}, {}, {}, [], Run("x", 1, output))
    assert "pwpw" not in markdown(facts, NOBODY)
