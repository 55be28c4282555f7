"""Asks real servers, configured as a person would."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
from pathlib import Path
from typing import Iterator, Mapping

import pytest

from lockstep.core.index_settings import settings
from lockstep.doctor.checks.index import Answer, Outcome, Question, judged
from lockstep.doctor.facts import index_settings as doctors_settings
from lockstep.doctor.facts.context import Context
from lockstep.doctor.facts.index_server import PASSWORD, Certificate, serve
from lockstep.doctor.facts.index_settings import index_settings
from lockstep.doctor.facts.probe import ask_all
from lockstep.envs.pip_config import pip_config_files

needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl")


@pytest.fixture(autouse=True)
def no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """No variable of the environment takes `/etc/pip.conf` away and leaves the person's file."""

    def of_the_person(environ: Mapping[str, str]) -> list[Path]:
        home = Path(environ["HOME"])
        return [path for path in pip_config_files(environ) if home in path.parents]

    monkeypatch.setattr(doctors_settings, "pip_config_files", of_the_person)


@pytest.fixture(scope="module")
def plain() -> Iterator[str]:
    with serve() as url:
        yield url


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return Certificate.create(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def tls(certificate: Certificate) -> Iterator[str]:
    with serve(certificate) as url:
        yield url


def of(home: Path, **environ: str) -> Context:
    """The context of somebody whose home is this one, and who has nothing else."""
    apart = {"HOME": str(home), "XDG_CONFIG_DIRS": str(home / "none"), "PATH": ""}
    return Context.of(home, {**apart, **environ})


def answers(context: Context) -> dict[str, tuple[Question, Answer]]:
    """The answer to each program."""
    found = ask_all(context, index_settings(context).questions)
    return {question.program: (question, answer) for question, answer in found}


def said(context: Context) -> list[str]:
    """What is said of each answer, ports and errors' own words left out."""
    texts = []
    for question, answer in ask_all(context, index_settings(context).questions):
        finding = judged(question, answer)
        texts.append(re.sub(r"127\.0\.0\.1:\d+", "HOST", f"{finding.text} {finding.mend}".strip()))
    return texts


def configure(home: Path, text: str) -> None:
    path = home / ".config" / "pip" / "pip.conf"
    path.parent.mkdir(parents=True)
    path.write_text(text)


IN_FILE = "`index-url` in [global] of .config/pip/pip.conf"


def test_an_index_that_answers(plain: str, tmp_path: Path) -> None:
    configure(tmp_path, f"[global]\nindex-url = {plain}/simple\n")
    assert said(of(tmp_path)) == [f"http://HOST/simple answers pip and uv (named by {IN_FILE})."]
    ((_, answer),) = answers(of(tmp_path)).values()
    assert answer.ahead is not None and abs(answer.ahead) < 60


@pytest.mark.parametrize(
    "path,expected",
    [
        (
            "elsewhere",
            "http://HOST/elsewhere is not there (404): no index is at that path. Look at the network,"
            " and at the URL in the variable `PIP_INDEX_URL`.",
        ),
        (
            "private",
            "http://HOST/private refuses whoever shows no credentials (401). Add some for 127.0.0.1"
            " to `~/.netrc`, or to the URL in the variable `PIP_INDEX_URL`.",
        ),
        (
            "forbidden",
            "http://HOST/forbidden refuses whoever shows no credentials (403). Add some for"
            " 127.0.0.1 to `~/.netrc`, or to the URL in the variable `PIP_INDEX_URL`.",
        ),
        (
            "broken",
            "http://HOST/broken answered with the error 500. Try again later, or ask whoever runs"
            " the index.",
        ),
        ("empty", "http://HOST/empty answers pip and uv (named by the variable `PIP_INDEX_URL`)."),
    ],
)
def test_statuses(plain: str, tmp_path: Path, path: str, expected: str) -> None:
    assert said(of(tmp_path, PIP_INDEX_URL=f"{plain}/{path}")) == [expected]


def test_credentials_of_a_url(plain: str, tmp_path: Path) -> None:
    for folder in ("private", "moved"):  # they are shown again where the index leads on
        right = plain.replace("://", f"://ann:{PASSWORD}@") + f"/{folder}"
        assert said(of(tmp_path, PIP_INDEX_URL=right)) == [
            f"http://****@HOST/{folder} answers pip and uv (named by the variable"
            " `PIP_INDEX_URL`)."
        ]
    wrong = plain.replace("://", "://ann:wrong@") + "/private"
    configure(tmp_path, f"[global]\nindex-url = {wrong}\n")
    assert said(of(tmp_path)) == [
        f"http://****@HOST/private refuses the credentials of {IN_FILE}: it does not know them"
        f" (401). Correct them in {IN_FILE}."
    ]


def test_credentials_of_netrc(plain: str, tmp_path: Path) -> None:
    netrc = tmp_path / ".netrc"
    environ = {"PIP_INDEX_URL": f"{plain}/private"}
    netrc.write_text(f"machine 127.0.0.1 login ann password {PASSWORD}\n")
    netrc.chmod(0o600)
    assert [text[:35] for text in said(of(tmp_path, **environ))] == [
        "http://HOST/private answers pip and"
    ]
    netrc.write_text("machine 127.0.0.1 login ann password wrong\n")
    assert said(of(tmp_path, **environ)) == [
        "http://HOST/private refuses the credentials of .netrc: it does not know them (401)."
        " Correct them in .netrc."
    ]
    netrc.write_text("machine 127.0.0.1 logon ann\n")
    assert said(of(tmp_path, **environ)) == [
        "http://HOST/private refuses whoever shows no credentials (401), and .netrc cannot be read:"
        " bad follower token 'logon', line 1. Mend that file."
    ]


def test_a_closed_port_and_an_unknown_host(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        closed = f"http://127.0.0.1:{free.getsockname()[1]}/simple"
    assert said(of(tmp_path, UV_DEFAULT_INDEX=closed, PIP_INDEX_URL=closed)) == [
        "127.0.0.1 refuses connections, so http://HOST/simple cannot be asked. Look at the network,"
        " and at the URL in the variable `PIP_INDEX_URL`."
    ]
    proxied = of(tmp_path, PIP_INDEX_URL="http://index.example/simple", http_proxy=closed[:-7])
    assert said(proxied) == [
        "The proxy http://HOST refuses connections, so http://index.example/simple cannot be asked."
        " Correct the proxy, which the variable `http_proxy` names."
    ]
    unknown = of(tmp_path, PIP_INDEX_URL="http://index.invalid/simple")
    assert answers(unknown)["pip and uv"][1].outcome is Outcome.UNKNOWN_HOST


@needs_openssl
def test_a_certificate_that_nobody_vouches_for(
    tls: str, certificate: Certificate, tmp_path: Path
) -> None:
    environ = {"PIP_INDEX_URL": f"{tls}/simple"}
    found = answers(of(tmp_path, **environ))
    assert {answer.outcome for _, answer in found.values()} == {Outcome.UNTRUSTED}
    trusting = of(tmp_path, **environ, PIP_CERT=str(certificate.file))
    assert [answer.outcome for _, answer in answers(trusting).values()] == [Outcome.ANSWERED]
    ignoring = of(tmp_path, **environ, PIP_TRUSTED_HOST="127.0.0.1")
    assert said(ignoring) == [
        "https://HOST/simple answers pip and uv (named by the variable `PIP_INDEX_URL`, its"
        " certificate is not looked at)."
    ]


@needs_openssl
@pytest.mark.parametrize("name", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"])
def test_which_setting_is_to_be_corrected(
    tls: str, certificate: Certificate, tmp_path: Path, name: str
) -> None:
    """Two of them are read by pip alone, the third by uv alone."""
    other = Certificate.create(tmp_path, "DNS:other.example")
    right = "SSL_CERT_FILE" if name != "SSL_CERT_FILE" else "REQUESTS_CA_BUNDLE"
    variables = {name: str(other.file), right: str(certificate.file)}
    found = answers(of(tmp_path, PIP_INDEX_URL=f"{tls}/simple", **variables))
    wrong, well = ("uv", "pip") if name == "SSL_CERT_FILE" else ("pip", "uv")
    assert found[well][1].outcome is Outcome.ANSWERED
    finding = judged(*found[wrong])
    assert finding.text.startswith(f"{wrong} does not trust the certificate of 127.0.0.1 (self")
    assert finding.mend == (
        f"Add the certificate of whoever issued it to {other.file}, which the variable `{name}`"
        " names, or correct that."
    )


@needs_openssl
@pytest.mark.parametrize(
    "right,wrong",
    [
        ("PIP_CERT", "REQUESTS_CA_BUNDLE"),
        ("CURL_CA_BUNDLE", "PIP_CERT"),
        ("SSL_CERT_FILE", "PIP_CERT"),
    ],
)
def test_the_programs_themselves_trust_the_same(
    tls: str, certificate: Certificate, tmp_path: Path, right: str, wrong: str
) -> None:
    other = Certificate.create(tmp_path, "DNS:other.example")
    context = of(
        tmp_path,
        PATH=os.environ["PATH"],
        PIP_INDEX_URL=f"{tls}/simple",
        PIP_RETRIES="0",
        **{right: str(certificate.file), wrong: str(other.file)},
    )
    environ = settings(context.environ, {})
    environ["PATH"] = os.environ["PATH"]
    tools = Path(os.environ["LOCKSTEP_BOOTSTRAP"])
    programs = {
        "pip": [tools / "tools/bin/python", "-Im", "pip", "download", "--no-deps", "anything"],
        "uv": [tools / "uv", "pip", "compile", "--no-cache", "-"],
    }
    untrusted = {}
    for name, command in programs.items():
        done = subprocess.run(
            [str(part) for part in command],
            input="anything\n",
            cwd=tmp_path,
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert done.returncode != 0, done.stdout
        untrusted[name] = "certificate" in done.stdout.lower()
    found = {
        program: answer.outcome is Outcome.UNTRUSTED
        for programs_asked, (_, answer) in answers(context).items()
        for program in programs_asked.split(" and ")
    }
    assert found == untrusted


@needs_openssl
def test_certificates_for_others_and_that_are_none(tls: str, tmp_path: Path) -> None:
    other = Certificate.create(tmp_path, "DNS:other.example")
    with serve(other) as url:
        context = of(tmp_path, PIP_INDEX_URL=f"{url}/simple", PIP_CERT=str(other.file))
        assert answers(context)["pip and uv"][1].outcome is Outcome.OTHER_HOST
    (tmp_path / "empty.pem").write_text("nothing\n")
    for file, reason in (("empty.pem", "it holds no certificate"), ("x", "there is no such file")):
        context = of(tmp_path, PIP_INDEX_URL=f"{tls}/simple", PIP_CERT=str(tmp_path / file))
        assert said(context) == [
            f"pip and uv are told by the variable `PIP_CERT` to use the certificates in"
            f" {tmp_path / file}, which cannot be read ({reason}). Correct the path, or take the"
            " setting away."
        ]


@needs_openssl
def test_a_scheme_that_is_wrong(plain: str, tls: str, tmp_path: Path) -> None:
    context = of(tmp_path, PIP_INDEX_URL=plain.replace("http:", "https:") + "/simple")
    assert {answer.outcome for _, answer in answers(context).values()} == {Outcome.NO_TLS}
    context = of(tmp_path, PIP_INDEX_URL=tls.replace("https:", "http:") + "/simple")
    assert {answer.outcome for _, answer in answers(context).values()} == {Outcome.BROKEN}


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    configure(tmp_path, "index-url = x\n")
    (finding,) = index_settings(of(tmp_path)).findings
    assert finding.text.startswith(f"pip's configuration file {tmp_path}/.config/pip/pip.conf")


def test_folders_of_distributions(tmp_path: Path) -> None:
    (tmp_path / "wheels").mkdir()
    configure(tmp_path, "[install]\nfind-links = wheels\n  gone\nno-index = true\n")
    settings = index_settings(of(tmp_path))
    assert settings.questions == ()
    assert [finding.text for finding in settings.findings] == [
        "`find-links` in [install] of .config/pip/pip.conf names gone, which is not there."
    ]


def test_who_decides(plain: str, tmp_path: Path) -> None:
    """A variable before a file, [install] before [global], and uv's own variable for uv."""
    text = f"[global]\nindex_url = http://a.example\n[install]\nindex-url = {plain}/simple\n"
    configure(tmp_path, text)
    found = {q.program: q for q in index_settings(of(tmp_path)).questions}
    assert found["pip and uv"].setting.place == ("`index-url` in [install] of .config/pip/pip.conf")
    context = of(
        tmp_path, UV_DEFAULT_INDEX="http://b.example", PIP_EXTRA_INDEX_URL="http://c.example"
    )
    assert [
        (q.program, q.url, q.main, q.setting.place) for q in index_settings(context).questions
    ] == [
        ("pip", f"{plain}/simple", True, "`index-url` in [install] of .config/pip/pip.conf"),
        ("pip and uv", "http://c.example", False, "the variable `PIP_EXTRA_INDEX_URL`"),
        ("uv", "http://b.example", True, "the variable `UV_DEFAULT_INDEX`"),
    ]
