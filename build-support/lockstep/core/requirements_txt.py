"""Reads requirements.txt format as pip does, and refuses what pip would pass over."""

from __future__ import annotations

import getopt
import posixpath
import re
import shlex
from typing import Iterator
from urllib.parse import urlsplit

from packaging.utils import canonicalize_name

from lockstep.core.input_values import Include, Input, InputRequirement, Placed, Setting
from lockstep.core.requirement_text import BARE_URL, named_url, stated

_LONG = (
    *("requirement=", "constraint=", "editable=", "hash=", "config-settings="),
    *("index-url=", "extra-index-url=", "find-links=", "no-index", "trusted-host="),
    *("pre", "prefer-binary", "no-binary=", "only-binary=", "all-releases=", "only-final="),
    *("require-hashes", "no-require-hashes", "use-feature=", "global-option=", "pypi-url="),
)
_SHORT = "r:c:e:i:f:C:"
_NAMES = {
    **{"-r": "requirement", "-c": "constraint", "-e": "editable", "-i": "index-url"},
    **{"-f": "find-links", "-C": "config-settings", "--pypi-url": "index-url"},
}
_ALONE = ("requirement", "constraint", "editable")
"""pip reads the first of these in a line, and nothing else of that line."""

_ONCE = ("index-url", "find-links")
_PER_PROJECT = ("no-binary", "only-binary", "all-releases", "only-final")
_REFUSED = {
    "use-feature": ("switches pip itself", "Leave it out, and set it in pip's configuration"),
    "no-require-hashes": (
        "would leave files unchecked",
        "Leave it out, since what is installed is always checked against the lock's hashes",
    ),
    "hash": ("stands without a requirement", "Put it behind the requirement it is of"),
}
_BUILD_OPTIONS = ("config-settings", "global-option")

_HEX_LENGTHS = {"sha256": 64, "sha384": 96, "sha512": 128}
_CODING = re.compile(r"#.*?coding[:=]\s*([-\w.]+)")
_UTF_8 = ("utf-8", "utf8", "utf-8-sig", "ascii", "us-ascii")
_VARIABLE = re.compile(r"\$\{[A-Z0-9_]+\}")


def parse(text: str, path: str) -> Input:
    """Read a requirements file; what it includes is named, not read.

    Raises:
        TextError: a line is neither a requirement nor an option that a lock can follow.
    """
    _refuse_codings(text, path)
    found = [item for line, words in logical_lines(text) for item in _line(words, path, line)]
    return Input(
        path,
        requirements=tuple(item for item in found if isinstance(item, InputRequirement)),
        includes=tuple(item for item in found if isinstance(item, Include)),
        settings=tuple(item for item in found if isinstance(item, Setting)),
    )


def _refuse_codings(text: str, path: str) -> None:
    for number, line in enumerate(text.split("\n")[:2], start=1):
        coding = _CODING.match(line)
        if coding and coding[1].lower().replace("_", "-") not in _UTF_8:
            Placed(path, number).fail(
                f"the file says that it is in `{coding[1]}`, and inputs are read as UTF-8",
                "Save it as UTF-8 and leave that comment out",
            )


def logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Lines joined over `\\` and freed of comments as pip reads them, with their first number."""
    start, joined = 0, ""
    for number, line in enumerate(text.splitlines(), start=1):
        start = start or number
        comment_only = line.lstrip().startswith("#")
        if line.endswith("\\") and not comment_only:
            joined += line.strip("\\")
            continue
        joined += f" {line}" if comment_only else line
        yield from _uncommented(start, joined)
        start, joined = 0, ""
    yield from _uncommented(start, joined)


def _uncommented(start: int, joined: str) -> Iterator[tuple[int, str]]:
    logical = re.sub(r"(^|\s)#.*$", "", joined).strip()
    if logical:
        yield start, logical


def _line(text: str, path: str, line: int) -> Iterator[Placed]:
    at = Placed(path, line)
    variable = _VARIABLE.search(text)
    if variable:
        at.fail(
            f"`{variable[0]}` is a variable of the caller's environment, on which no lock may depend",
            "Write its value; a credential belongs in pip's configuration or in a netrc file",
        )
    words = text.split(" ")
    first_option = next((i for i, word in enumerate(words) if word.startswith("-")), len(words))
    requirement = " ".join(words[:first_option]).strip()
    options = list(_options(" ".join(words[first_option:]), at))
    if requirement:
        yield _requirement(requirement, at, tuple(_hashes(options, at)))
    else:
        yield from _option_line(options, at)


def _options(text: str, at: Placed) -> Iterator[tuple[str, str]]:
    """Long names and values. Like pip, it takes a beginning for a name that is the only match."""
    try:
        options, rest = getopt.getopt(shlex.split(text), _SHORT, list(_LONG))
    except getopt.GetoptError as error:
        option = f"{'-' if len(error.opt) == 1 else '--'}{error.opt}"
        at.fail(
            f"the option `{option}` cannot be read in an input ({error.msg})",
            "Write it as `pip help install` has it, or leave it out",
        )
    except ValueError as error:  # of shlex
        at.fail(f"the options cannot be read ({error})", "Close the quotation")
    if rest:
        at.fail(
            f"`{rest[0]}` stands behind an option, where pip passes over it",
            "Give it a line of its own",
        )
    for option, value in options:
        yield _NAMES.get(option) or option.lstrip("-"), value


def _hashes(options: list[tuple[str, str]], at: Placed) -> Iterator[str]:
    """The hashes behind a requirement: the one option there that a resolve can follow."""
    for option, value in options:
        if option in _BUILD_OPTIONS:
            _refuse_build_option(option, at)
        if option != "hash":
            at.fail(
                f"the option `--{option}` stands behind a requirement, where pip passes over it",
                "Give it a line of its own",
            )
        algorithm, _, digits = value.partition(":")
        length = _HEX_LENGTHS.get(algorithm)
        if length is None or re.fullmatch(f"[0-9a-fA-F]{{{length}}}", digits) is None:
            at.fail(
                f"`--hash={value}` is not a hash (`--hash=sha256:` and 64 digits)",
                "Mend it, or leave it out: the lock holds the hashes of all its releases",
            )
        yield f"{algorithm}:{digits.lower()}"


def _refuse_build_option(option: str, at: Placed) -> None:
    at.fail(
        f"the option `--{option}` is for a build, and no lock holds how its releases are built",
        "Leave it out; where the build needs it, build a wheel and offer that by an index",
    )


def _option_line(options: list[tuple[str, str]], at: Placed) -> Iterator[Placed]:
    names = [option for option, _ in options]
    for name in names:
        if (name in _ALONE and len(names) > 1) or (name in _ONCE and names.count(name) > 1):
            at.fail(
                f"the option `--{name}` shares its line, and pip reads only one of them",
                "Give each option a line of its own",
            )
    for option, value in options:
        if option in _BUILD_OPTIONS:
            _refuse_build_option(option, at)
        if option in _REFUSED:
            fault, mend = _REFUSED[option]
            at.fail(f"the option `--{option}` {fault}", mend)
        if option == "editable":
            _refuse_editable(value, at)
        elif option in ("requirement", "constraint"):
            yield _include(value, at, option == "constraint")
        elif option in _PER_PROJECT:
            yield from _per_project(option, value, at)
        elif option != "require-hashes":  # every lock has them, and they are always checked
            yield Setting(at.path, at.line, option, _location(option, value, at))


def _include(value: str, at: Placed, constraint: bool) -> Include:
    mend = "Copy the file into the repository, and name it by its path from this file"
    if BARE_URL.match(value):
        at.fail(f"`{value}` is a file on the network, which can change at any time", mend)
    target = _from_build_root(value, at)
    if target is None:
        at.fail(f"`{value}` lies outside of the repository", mend)
    return Include(at.path, at.line, target, constraint)


def _from_build_root(value: str, at: Placed) -> str | None:
    """A path that stands in an input, relative to the build root; None where it is not below."""
    target = posixpath.normpath(posixpath.join(posixpath.dirname(at.path), value))
    return None if target.startswith("/") or target.split("/")[0] == ".." else target


def _location(option: str, value: str, at: Placed) -> str:
    if option in ("index-url", "extra-index-url", "find-links"):
        try:
            urlsplit(value)
        except ValueError:
            at.fail(f"the value of `--{option}` is not a URL", "Write the URL of the index")
        if not BARE_URL.match(value):
            if option != "find-links":
                at.fail(f"the value of `--{option}` is not a URL", "Write the URL of the index")
            return _from_build_root(value, at) or value
    return value


def _per_project(option: str, value: str, at: Placed) -> Iterator[Setting]:
    """One setting for each project, so that contradictions are seen."""
    for name in (part.strip() for part in value.split(",")):
        if name != ":all:" and re.fullmatch(r"(?i)[a-z0-9]([a-z0-9._-]*[a-z0-9])?", name) is None:
            at.fail(
                f"`{name}` is no project that `--{option}` could be about",
                "Name projects, or `:all:`; leave `:none:` out, since inputs have no order",
            )
        yield Setting(at.path, at.line, option, name if name == ":all:" else _key(name))


def _key(name: str) -> str:
    return str(canonicalize_name(name))


def _refuse_editable(value: str, at: Placed) -> None:
    named = named_url(value) if BARE_URL.match(value) else None
    at.fail(
        f"`-e {value}` is editable: a lock holds releases, and first-party code is imported live",
        (
            f"Write `{named}`, which is not editable"
            if named
            else "Leave it out, and import the code from where it lies"
        ),
    )


def _requirement(text: str, at: Placed, hashes: tuple[str, ...]) -> InputRequirement:
    if BARE_URL.match(text) and not text.lower().startswith("file:"):
        named = named_url(text)
        if named is None:
            at.fail(f"`{text}` does not say which project it is", f"Write `name @ {text}`")
        text = named
    return stated(at, text, hashes=hashes)
