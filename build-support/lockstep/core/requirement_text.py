"""What the text of one requirement may be, wherever it is stated."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import unquote, urlsplit

from packaging.requirements import Requirement
from packaging.specifiers import Specifier
from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from lockstep.core.input_values import InputRequirement, Placed

BARE_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://|file:", re.IGNORECASE)
"""The beginning of a URL that stands without a project's name."""

_NAMED = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*\s*(?:\[[^\]]*\])?\s*@\s*(?P<where>.*)")
_EGG = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?(?:\[[A-Za-z0-9._,\s-]*\])?")
_ARCHIVES = (".whl", ".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz", ".tar.xz", ".txz")


def stated(at: Placed, text: str, hashes: tuple[str, ...] = ()) -> InputRequirement:
    """A requirement that an input states.

    Raises:
        TextError: it is none by PEP 508, or it is a path of this machine or checkout.
    """
    _refuse_local_path(text, at)
    try:
        parsed(text)
    except ValueError:
        at.fail(
            f"`{text}` is not a requirement",
            "Write it as PEP 508 has it, such as `name>=1.2`",
        )
    return InputRequirement(at.path, at.line, text, hashes)


@lru_cache(maxsize=4096)
def parsed(text: str) -> Requirement:
    """A requirement (PEP 508), the same by every release of `packaging`; not to be changed.

    Raises:
        ValueError: it is none.
    """
    try:
        requirement = Requirement(text)
        for specifier in requirement.specifier:
            Specifier(str(specifier))  # old releases let `==banana` through
    except RecursionError:
        raise ValueError("nested too deeply") from None
    urlsplit(requirement.url or "")
    return requirement


def named_url(text: str) -> str | None:
    """A bare URL as a requirement, where its fragment or its wheel's file name tells the name."""
    url, separator, marker = text.partition("; ")
    url, _, fragment = url.rstrip().partition("#")
    parts = [part for part in fragment.split("&") if part]
    eggs = [unquote(part[len("egg=") :]) for part in parts if part.startswith("egg=")]
    if eggs:
        name = eggs[0] if _EGG.fullmatch(eggs[0]) else ""
    else:
        try:
            name = str(parse_wheel_filename(unquote(url.rpartition("/")[2]))[0])
        except (InvalidWheelFilename, ValueError):
            name = ""
    rest = "&".join(part for part in parts if not part.startswith("egg="))
    whole = f"{url}#{rest}" if rest else url
    return f"{name} @ {whole}{f' ; {marker}' if separator else ''}" if name else None


def _refuse_local_path(text: str, at: Placed) -> None:
    named = _NAMED.match(text)
    where = (named["where"] if named else text).partition(";")[0].strip()
    is_file_url = where.lower().startswith("file:")
    is_archive = where.lower().endswith(_ARCHIVES)
    looks_like_path = bool(named) or where.startswith(".") or bool(set("/\\") & set(where))
    if not where or "://" in where and not is_file_url:
        return
    if not (is_file_url or is_archive or looks_like_path):
        return
    at.fail(
        f"`{text}` is a local path, and a lock holds releases",
        (
            "Offer the file by an index or by `find-links` of pip's configuration, and state its"
            " name and version"
            if is_archive
            else "Leave it out, since first-party code is imported live, or state a release of it"
        ),
    )
