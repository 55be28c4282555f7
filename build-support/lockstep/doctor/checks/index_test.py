"""What is said of each answer of an index, word by word."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lockstep.doctor.checks.index import Answer, Outcome, Question, Setting, judged

URL = "https://ann:pw@index.example/simple"
SHOWN = "https://****@index.example/simple"
INDEX = Setting("`index-url` in [global] of ~/.config/pip/pip.conf", URL)
CERT = Setting("the variable `PIP_CERT`", "/etc/company.pem")
PROXY = Setting("the variable `HTTPS_PROXY`", "http://ann:pw@proxy.example:3128")
ASKED = Question(URL, "pip", INDEX, trust=CERT)
DEFAULT = Question("https://index.example/simple", "uv", Setting("", ""))
PLACE = INDEX.place


@pytest.mark.parametrize(
    "question,answer,expected",
    [
        (
            ASKED,
            Answer(Outcome.ANSWERED, 200),
            f"ok: {SHOWN} answers pip (named by {PLACE}, trusted by the variable `PIP_CERT`).",
        ),
        (
            replace(ASKED, verified=False),
            Answer(Outcome.ANSWERED, 200),
            f"ok: {SHOWN} answers pip (named by {PLACE}, its certificate is not looked at).",
        ),
        (
            DEFAULT,
            Answer(Outcome.ANSWERED, 200),
            "ok: https://index.example/simple answers uv.",
        ),
        (
            ASKED,
            Answer(Outcome.ANSWERED, 401, credentials=PLACE),
            f"fault: {SHOWN} refuses the credentials of {PLACE}: it does not know them (401)."
            f" Correct them in {PLACE}.",
        ),
        (
            ASKED,
            Answer(Outcome.ANSWERED, 403, credentials="~/.netrc"),
            f"fault: {SHOWN} refuses the credentials of ~/.netrc: it forbids it (403)."
            " Correct them in ~/.netrc.",
        ),
        (
            DEFAULT,
            Answer(Outcome.ANSWERED, 401),
            "fault: https://index.example/simple refuses whoever shows no credentials (401). Add"
            " some for index.example to `~/.netrc`, or to the URL in the default.",
        ),
        (
            ASKED,
            Answer(Outcome.ANSWERED, 401, "~/.netrc cannot be read: bad token, line 2"),
            f"fault: {SHOWN} refuses whoever shows no credentials (401), and ~/.netrc cannot be"
            " read: bad token, line 2. Mend that file.",
        ),
        (
            replace(ASKED, keyring=True),
            Answer(Outcome.ANSWERED, 401),
            f"not checked: {SHOWN} asks for credentials, which pip takes from a keyring. Run"
            " `keyring get` for its host to see whether there are some.",
        ),
        (
            ASKED,
            Answer(Outcome.ANSWERED, 404),
            f"fault: {SHOWN} is not there (404): no index is at that path. Look at the network, and"
            f" at the URL in {PLACE}.",
        ),
        (
            replace(ASKED, main=False),
            Answer(Outcome.ANSWERED, 404),
            f"warning: {SHOWN} is not there (404): no index is at that path. Look at the network,"
            f" and at the URL in {PLACE}.",
        ),
        (
            replace(ASKED, proxy=PROXY),
            Answer(Outcome.ANSWERED, 407),
            "fault: The proxy http://****@proxy.example:3128 asks for credentials (407). Add them"
            " where it is set, by the variable `HTTPS_PROXY`.",
        ),
        (
            ASKED,
            Answer(Outcome.ANSWERED, 503),
            f"fault: {SHOWN} answered with the error 503. Try again later, or ask whoever runs the"
            " index.",
        ),
        (
            ASKED,
            Answer(Outcome.UNKNOWN_HOST, detail="Name or service not known"),
            f"fault: Nobody knows the address of index.example, so {SHOWN} cannot be asked (Name or"
            f" service not known). Look at the network, and at the URL in {PLACE}.",
        ),
        (
            DEFAULT,
            Answer(Outcome.REFUSED),
            "fault: Index.example refuses connections, so https://index.example/simple cannot be"
            " asked. Look at the network and its proxy; where the company has an index of its own,"
            " set `index-url` in pip's configuration.",
        ),
        (
            replace(ASKED, proxy=PROXY),
            Answer(Outcome.NO_ANSWER, detail="in 8 seconds"),
            f"fault: The proxy http://****@proxy.example:3128 does not answer, so {SHOWN} cannot be"
            " asked (in 8 seconds). Correct the proxy, which the variable `HTTPS_PROXY` names.",
        ),
        (
            ASKED,
            Answer(Outcome.UNTRUSTED, detail="self-signed certificate"),
            "fault: pip does not trust the certificate of index.example (self-signed certificate)."
            " Add the certificate of whoever issued it to /etc/company.pem, which the variable"
            " `PIP_CERT` names, or correct that.",
        ),
        (
            DEFAULT,
            Answer(Outcome.UNTRUSTED, detail="unable to get local issuer certificate"),
            "fault: uv does not trust the certificate of index.example (unable to get local issuer"
            " certificate). Set SSL_CERT_FILE (or `cert` in pip's configuration, which serves pip"
            " and uv) to a file with the certificate of whoever issued it.",
        ),
        (
            ASKED,
            Answer(Outcome.EXPIRED, detail="certificate has expired"),
            "fault: The certificate of index.example has expired (certificate has expired). Look at"
            " this machine's clock, then ask whoever runs the index for a new one.",
        ),
        (
            ASKED,
            Answer(Outcome.NOT_YET_VALID, detail="certificate is not yet valid"),
            "fault: The certificate of index.example is not valid yet (certificate is not yet"
            " valid). Set this machine's clock.",
        ),
        (
            ASKED,
            Answer(Outcome.OTHER_HOST, detail="Hostname mismatch"),
            "fault: The certificate of index.example is for another host (Hostname mismatch). Look"
            f" at the network, and at the URL in {PLACE}.",
        ),
        (
            ASKED,
            Answer(Outcome.NO_TLS, detail="wrong version number"),
            f"fault: {SHOWN} does not speak TLS (wrong version number). Write http:// in the place"
            f" of https:// in {PLACE}, or ask whoever runs the index for its address.",
        ),
        (
            ASKED,
            Answer(Outcome.BAD_CERTIFICATES, detail="there is no such file"),
            "fault: pip is told by the variable `PIP_CERT` to use the certificates in"
            " /etc/company.pem, which cannot be read (there is no such file). Correct the path, or"
            " take the setting away.",
        ),
    ],
)
def test_judged(question: Question, answer: Answer, expected: str) -> None:
    finding = judged(question, answer)
    said = f"{finding.level.value}: {finding.text}{' ' if finding.mend else ''}{finding.mend}"
    assert said == expected


@pytest.mark.parametrize("outcome", list(Outcome))
def test_every_outcome_is_told_without_credentials(outcome: Outcome) -> None:
    finding = judged(replace(ASKED, proxy=PROXY), Answer(outcome, 401, "d", PLACE))
    assert "pw" not in finding.text + finding.mend
