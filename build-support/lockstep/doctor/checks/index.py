"""Whether the package indexes answer, and which setting is wrong where they do not."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Iterator, Sequence
from urllib.parse import urlsplit

from lockstep.core.errors import redacted
from lockstep.doctor.checks.finding import Finding, fault, ok, unchecked, warning

ABOUT = "index"


class Outcome(Enum):
    """What came of asking."""

    ANSWERED = "answered"
    UNKNOWN_HOST = "unknown host"
    REFUSED = "refused"
    NO_ANSWER = "no answer"
    UNREACHABLE = "unreachable"
    UNTRUSTED = "untrusted"
    EXPIRED = "expired"
    NOT_YET_VALID = "not yet valid"
    OTHER_HOST = "other host"
    NO_TLS = "no TLS"
    BAD_CERTIFICATES = "bad certificates"
    BROKEN = "broken"


@dataclass(frozen=True)
class Setting:
    """Where something is configured.

    Attributes:
        place: as a noun, such as "the variable `PIP_CERT`"; empty for a default.
        value: what it says; never shown before it is redacted.
    """

    place: str
    value: str


@dataclass(frozen=True)
class Question:
    """An index to ask, as one program sees it.

    Attributes:
        url: of the index, maybe with credentials.
        program: `pip`, `uv`, or both.
        setting: what names the index.
        main: whether it is the index itself, not one beside it.
        trust: the certificates that are trusted; a default has no place and no value.
        trust_folder: a folder of certificates, likewise.
        client: the client certificate.
        verified: whether certificates are looked at.
        proxy: through which the index is asked.
        keyring: whether a keyring may hold credentials, which the doctor does not ask.
    """

    url: str
    program: str
    setting: Setting
    main: bool = True
    trust: Setting = Setting("", "")
    trust_folder: Setting = Setting("", "")
    client: Setting = Setting("", "")
    verified: bool = True
    proxy: Setting = Setting("", "")
    keyring: bool = False

    @property
    def shown(self) -> str:
        return redacted(self.url)

    def verb(self, one: str, both: str) -> str:
        return both if " " in self.program else one

    @property
    def host(self) -> str:
        return urlsplit(self.url).hostname or self.shown


@dataclass(frozen=True)
class Answer:
    """What an index answered.

    Attributes:
        outcome: what came of asking.
        status: of HTTP, 0 where it did not come to that.
        detail: what the system or TLS said.
        credentials: where those came from that were sent, such as "~/.netrc"; empty if none were.
        ahead: seconds that this machine's clock is ahead of the index's, None where not told.
    """

    outcome: Outcome
    status: int = 0
    detail: str = ""
    credentials: str = ""
    ahead: float | None = None


def check(answers: Sequence[tuple[Question, Answer]]) -> Iterator[Finding]:
    """A finding for each index and program."""
    for question, answer in answers:
        yield judged(question, answer)


def judged(question: Question, answer: Answer) -> Finding:
    """What an answer means."""
    if answer.outcome is not Outcome.ANSWERED:
        return _unanswered(question, answer)
    status = answer.status
    if status in (401, 403) and question.keyring and not answer.credentials:
        return unchecked(
            ABOUT,
            f"{question.shown} asks for credentials, which pip takes from a keyring.",
            "Run `keyring get` for its host to see whether there are some.",
        )
    if status in (401, 403):
        return _refused(question, answer)
    if status == 404:
        say = fault if question.main else warning
        return say(
            ABOUT,
            f"{question.shown} is not there (404): no index is at that path.",
            _look(question),
        )
    if status == 407:
        text = f"The proxy {redacted(question.proxy.value)} asks for credentials (407)."
        return fault(ABOUT, text, f"Add them where it is set, by {_of(question.proxy)}.")
    if status >= 400:
        return fault(
            ABOUT,
            f"{question.shown} answered with the error {status}.",
            "Try again later, or ask whoever runs the index.",
        )
    return ok(ABOUT, f"{question.shown} answers {question.program}{_how(question)}.")


def _refused(question: Question, answer: Answer) -> Finding:
    text = f"{question.shown} refuses"
    if answer.credentials:
        what = "does not know them" if answer.status == 401 else "forbids it"
        text += f" the credentials of {answer.credentials}: it {what} ({answer.status})."
        return fault(ABOUT, text, f"Correct them in {answer.credentials}.")
    if answer.detail:
        return fault(
            ABOUT,
            f"{text} whoever shows no credentials ({answer.status}), and {answer.detail}.",
            "Mend that file.",
        )
    return fault(
        ABOUT,
        f"{text} whoever shows no credentials ({answer.status}).",
        f"Add some for {question.host} to `~/.netrc`, or to the URL in {_of(question.setting)}.",
    )


def _unanswered(question: Question, answer: Answer) -> Finding:
    outcome = answer.outcome
    if outcome is Outcome.BAD_CERTIFICATES:
        wrong = question.client if answer.detail.startswith("client") else question.trust
        return fault(
            ABOUT,
            f"{question.program} {question.verb('is', 'are')} told by {_of(wrong)} to use the certificates in {wrong.value},"
            f" which cannot be read ({answer.detail}).",
            "Correct the path, or take the setting away.",
        )
    if outcome in (Outcome.UNTRUSTED, Outcome.EXPIRED, Outcome.NOT_YET_VALID, Outcome.OTHER_HOST):
        return _untrusted(question, answer)
    if outcome is Outcome.NO_TLS:
        return fault(
            ABOUT,
            f"{question.shown} does not speak TLS ({answer.detail}).",
            f"Write http:// in the place of https:// in {_of(question.setting)}, or ask whoever runs"
            " the index for its address.",
        )
    asked = question.host
    mend = _look(question)
    if question.proxy.value:
        asked = f"the proxy {redacted(question.proxy.value)}"
        mend = f"Correct the proxy, which {_of(question.proxy)} names."
    texts = {
        Outcome.UNKNOWN_HOST: f"Nobody knows the address of {asked}",
        Outcome.REFUSED: f"{_capital(asked)} refuses connections",
        Outcome.NO_ANSWER: f"{_capital(asked)} does not answer",
        Outcome.UNREACHABLE: f"{_capital(asked)} cannot be reached",
        Outcome.BROKEN: f"{_capital(asked)} answers what cannot be understood",
    }
    detail = f" ({answer.detail})" if answer.detail else ""
    return fault(ABOUT, f"{texts[outcome]}, so {question.shown} cannot be asked{detail}.", mend)


def _untrusted(question: Question, answer: Answer) -> Finding:
    if answer.outcome is Outcome.EXPIRED:
        text = f"The certificate of {question.host} has expired"
        mend = "Look at this machine's clock, then ask whoever runs the index for a new one."
    elif answer.outcome is Outcome.NOT_YET_VALID:
        text = f"The certificate of {question.host} is not valid yet"
        mend = "Set this machine's clock."
    elif answer.outcome is Outcome.OTHER_HOST:
        text = f"The certificate of {question.host} is for another host"
        mend = _look(question)
    else:
        verb = question.verb("does", "do")
        text = f"{question.program} {verb} not trust the certificate of {question.host}"
        mend = _trust(question)
    return fault(ABOUT, f"{text} ({answer.detail}).", mend)


def _trust(question: Question) -> str:
    """How to let the certificate be trusted."""
    if question.trust.place:
        return (
            f"Add the certificate of whoever issued it to {question.trust.value}, which"
            f" {_of(question.trust)} names, or correct that."
        )
    if question.trust_folder.place:
        return (
            f"Add the certificate of whoever issued it to {question.trust_folder.value}, which"
            f" {_of(question.trust_folder)} names, or correct that."
        )
    setting = "SSL_CERT_FILE" if question.program == "uv" else "PIP_CERT"
    return (
        f"Set {setting} (or `cert` in pip's configuration, which serves pip and uv) to a file with"
        " the certificate of whoever issued it."
    )


def _look(question: Question) -> str:
    """Where to look at a URL that leads nowhere."""
    if not question.setting.place:
        return (
            "Look at the network and its proxy; where the company has an index of its own, set"
            " `index-url` in pip's configuration."
        )
    return f"Look at the network, and at the URL in {_of(question.setting)}."


def _of(setting: Setting) -> str:
    return setting.place or "the default"


def _how(question: Question) -> str:
    named = [f"named by {question.setting.place}"] if question.setting.place else []
    if urlsplit(question.url).scheme == "https" and not question.verified:
        named.append("its certificate is not looked at")
    elif urlsplit(question.url).scheme == "https" and question.trust.place:
        named.append(f"trusted by {question.trust.place}")
    return f" ({', '.join(named)})" if named else ""


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def missing_folder(setting: Setting) -> Finding:
    """A place for files of distributions that is not there."""
    return fault(
        ABOUT,
        f"{_capital(setting.place)} names {redacted(setting.value)}, which is not there.",
        "Correct the path, or take the setting away.",
    )


def unreadable(text: str, mend: str) -> Finding:
    """A configuration file that cannot be read."""
    return fault(ABOUT, text, mend)
