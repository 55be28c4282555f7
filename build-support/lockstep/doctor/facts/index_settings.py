"""Which indexes pip and uv are told to ask, and which file or variable says so."""

from __future__ import annotations

import configparser
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, Iterator, List, Mapping, Optional, Tuple
from urllib.parse import unquote, urlsplit

from lockstep.core.errors import LockstepError
from lockstep.core.index_settings import settings
from lockstep.doctor.checks.finding import Finding
from lockstep.doctor.checks.index import Question, Setting, missing_folder, unreadable
from lockstep.doctor.facts.context import Context
from lockstep.envs.pip_config import pip_config_files, read_pip_config

NOTHING = Setting("", "")


@dataclass(frozen=True)
class IndexSettings:
    """What to ask, and what is wrong before anything is asked.

    Attributes:
        questions: one for each index and view of it.
        findings: faults of the configuration.
        default_unknown: whether an index was left out whose URL only pip knows.
    """

    questions: Tuple[Question, ...]
    findings: Tuple[Finding, ...]
    default_unknown: bool = False


def index_settings(context: Context) -> IndexSettings:
    """Read the configuration of pip and uv."""
    environ = context.environ
    config: Dict[str, str] = {}
    places: Dict[str, str] = {}
    try:
        files = [path for path in pip_config_files(environ)]
        config = read_pip_config(files)
        places = _places(context, files)
        final = settings(environ, config)
    except (LockstepError, OSError) as error:
        fault = getattr(error, "fault", f"pip's configuration cannot be read: {error}")
        mend = getattr(error, "mend", "Mend it")
        return IndexSettings((), (unreadable(f"{fault}.", f"{mend}."),))
    return _Views(context, final, places).settings()


def _places(context: Context, files: List[Path]) -> Dict[str, str]:
    """For each key of pip's files, the file and section that decides. Later ones win."""
    found: Dict[str, str] = {}
    for section in ("global", "install"):
        for path in files:
            parser = configparser.RawConfigParser()
            parser.read(path)
            for key in parser[section] if parser.has_section(section) else ():
                name = key.lower().replace("_", "-").lstrip("-")
                if parser[section][key]:
                    found[name] = f"`{key}` in [{section}] of {context.shown(path)}"
    return found


class _Views:
    """How pip and uv see the indexes.

    Args:
        context: the checkout.
        final: the variables that both are given by Lockstep.
        places: who says what of pip's files, by key.
    """

    def __init__(
        self, context: Context, final: Mapping[str, str], places: Mapping[str, str]
    ) -> None:
        self.context = context
        self.final = final
        self.places = places
        # Of an index that is not going to be asked, nobody needs the URL.
        self.default = "" if context.offline else default_index(context)

    def settings(self) -> IndexSettings:
        findings: List[Finding] = []
        questions: Dict[Tuple[str, ...], Question] = {}
        default_unknown = False
        for question in (*self.of_pip(), *self.of_uv()):
            if question.url == "":
                default_unknown = True
            elif not question.url.startswith(("http://", "https://")):
                path = unquote(
                    urlsplit(question.url).path if "://" in question.url else question.url
                )
                path = os.path.join(self.context.root, os.path.expanduser(path))
                if not os.path.exists(path):
                    findings.append(missing_folder(question.setting))
            else:
                self._merge(questions, question)
        return IndexSettings(
            tuple(questions.values()), tuple(dict.fromkeys(findings)), default_unknown
        )

    @staticmethod
    def _merge(questions: Dict[Tuple[str, ...], Question], question: Question) -> None:
        """Ask once where pip and uv see the same."""
        tls = question.url.startswith("https://")
        certificates = (question.trust.value, question.trust_folder.value, question.client.value)
        view = (*certificates, str(question.verified)) if tls else ()
        key = (question.url, question.proxy.value, *view)
        there = questions.get(key)
        if there is None:
            questions[key] = question
        elif there.program != question.program:
            values = {**vars(there), "program": "pip and uv"}
            questions[key] = Question(**values)

    def said(self, variable: str) -> Setting:
        """What a variable says to the programs, and who said it first."""
        value = self.final.get(variable, "")
        if not value:
            return NOTHING
        if self.context.environ.get(variable) == value:
            return Setting(f"the variable `{variable}`", value)
        key = {
            "UV_DEFAULT_INDEX": "index-url",
            "UV_INDEX": "extra-index-url",
            "UV_FIND_LINKS": "find-links",
            "UV_INSECURE_HOST": "trusted-host",
            "SSL_CERT_FILE": "cert",
            "SSL_CLIENT_CERT": "client-cert",
            "HTTP_PROXY": "proxy",
            "HTTPS_PROXY": "proxy",
        }.get(variable, variable[len("PIP_") :].lower().replace("_", "-"))
        of_pip = f"PIP_{key.upper().replace('-', '_')}"
        if self.context.environ.get(of_pip):
            return Setting(f"the variable `{of_pip}`", value)
        return Setting(self.places.get(key, f"`{key}`, as pip is configured"), value)

    def of_pip(self) -> Iterator[Question]:
        cert = Setting("", self._bundle())
        # Tried: what requests reads by itself wins over what pip tells it.
        for name in ("PIP_CERT", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE"):
            cert = self.said(name) if self.said(name).value else cert
        client = self.said("PIP_CLIENT_CERT")
        trusted = self.final.get("PIP_TRUSTED_HOST", "").split()
        proxy = self.said("PIP_PROXY")
        keyring = self.final.get("PIP_KEYRING_PROVIDER", "") not in ("", "disabled")
        index = self.said("PIP_INDEX_URL")
        urls = [(index.value or self.default, index, True)]
        if self.final.get("PIP_NO_INDEX"):
            urls = []
        else:
            extra = self.said("PIP_EXTRA_INDEX_URL")
            urls += [(url, extra, False) for url in extra.value.split()]
        links = self.said("PIP_FIND_LINKS")
        urls += [(url, links, False) for url in links.value.split()]
        for url, setting, main in urls:
            yield Question(
                url,
                "pip",
                Setting(setting.place, url),
                main,
                cert,
                NOTHING,
                client,
                not _is_trusted(url, trusted),
                proxy if proxy.value else self._proxy(url),
                keyring,
            )

    def of_uv(self) -> Iterator[Question]:
        index = self.said("UV_DEFAULT_INDEX")
        index = index if index.value else self.said("UV_INDEX_URL")
        urls = [(index.value or self.default, index, True)]
        if self.final.get("PIP_NO_INDEX") or self.final.get("UV_NO_INDEX"):
            urls = []
        else:
            for name in ("UV_INDEX", "UV_EXTRA_INDEX_URL"):
                extra = self.said(name)
                urls += [(url, extra, False) for url in extra.value.split()]
        links = self.said("UV_FIND_LINKS")
        urls += [(url, links, False) for url in links.value.split(",") if url]
        trusted = self.final.get("UV_INSECURE_HOST", "").split()
        keyring = self.final.get("UV_KEYRING_PROVIDER", "") not in ("", "disabled")
        for url, setting, main in urls:
            name, equals, rest = url.partition("=")
            if equals and "/" not in name:  # uv may give an index a name
                url = rest
            yield Question(
                url,
                "uv",
                Setting(setting.place, url),
                main,
                self.said("SSL_CERT_FILE"),
                self.said("SSL_CERT_DIR"),
                self.said("SSL_CLIENT_CERT"),
                not _is_trusted(url, trusted),
                self._proxy(url),
                keyring,
            )

    def _proxy(self, url: str) -> Setting:
        """The proxy that variables name for a URL."""
        parts = urlsplit(url)
        excluded = self.final.get("NO_PROXY", self.final.get("no_proxy", ""))
        if parts.hostname and _is_excluded(parts.hostname, excluded):
            return NOTHING
        names = (f"{parts.scheme}_proxy", f"{parts.scheme.upper()}_PROXY", "all_proxy", "ALL_PROXY")
        for name in names:
            if self.final.get(name):
                return self.said(name)
        return NOTHING

    def _bundle(self) -> str:
        """The certificates that come with the pip of the setup; empty where it is not there."""
        folder = self.context.setup_folder
        pattern = "tools/lib/python*/site-packages/pip/_vendor/certifi/cacert.pem"
        found = list(folder.glob(pattern)) if folder is not None else []
        return str(found[0]) if found else ""


def _is_trusted(url: str, hosts: List[str]) -> bool:
    """Whether certificates of a URL's host are not looked at."""
    parts = urlsplit(url)
    location = parts.netloc.rpartition("@")[2]
    return any(host in (parts.hostname, location, "*") for host in hosts)


def _is_excluded(host: str, excluded: str) -> bool:
    """Whether a host is asked without a proxy."""
    names = [name.strip().lstrip(".") for name in excluded.split(",") if name.strip()]
    return any(name == "*" or host == name or host.endswith(f".{name}") for name in names)


def default_index(context: Context) -> str:
    """The index that pip asks where none is named; pip itself knows it best."""
    pythons = ["python3"]
    if context.setup_folder is not None:
        pythons.insert(0, str(context.setup_folder / "tools" / "bin" / "python"))
    code = "from pip._internal.models.index import PyPI; print(PyPI.simple_url)"
    for python in pythons:
        said = _output([python, "-Ic", code], context.environ)
        if said is not None and said.strip().startswith("https://"):
            return said.strip()
    return ""


def _output(command: List[str], environ: Mapping[str, str]) -> Optional[str]:
    try:
        done = subprocess.run(
            command,
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            encoding="utf-8",
            errors="replace",
            timeout=20,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None
