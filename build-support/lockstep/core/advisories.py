"""Advisories in OSV format (Open Source Vulnerability format 1.7), and which of them affect a pin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Iterable, Mapping, Sequence

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from lockstep.core.errors import LockstepError
from lockstep.core.lock import Pin

ECOSYSTEM = "PyPI"
"""How OSV calls Python's projects."""


@dataclass(frozen=True)
class Range:
    """A span of versions.

    Attributes:
        introduced: the first version that is affected; None for the very first.
        fixed: the first one behind it that is not; None where there is none.
        last_affected: the last one that is, where no fixed one is named.
    """

    introduced: Version | None = None
    fixed: Version | None = None
    last_affected: Version | None = None

    def holds(self, version: Version) -> bool:
        """Whether a version is within."""
        return not (
            (self.introduced is not None and version < self.introduced)
            or (self.fixed is not None and version >= self.fixed)
            or (self.last_affected is not None and version > self.last_affected)
        )


@dataclass(frozen=True)
class Advisory:
    """What is known to be wrong with releases of one project.

    Attributes:
        id: such as `PYSEC-2024-60`.
        aliases: its names in other databases.
        project: the normalised name (PEP 503).
        ranges: the versions that are affected.
        versions: further ones, one by one.
        summary: a line, maybe empty.
        severity: `LOW`, `MODERATE`, `HIGH`, `CRITICAL` or a CVSS vector; empty where none is told.
        url: where to read more, maybe empty.
    """

    id: str
    aliases: tuple[str, ...]
    project: str
    ranges: tuple[Range, ...] = ()
    versions: tuple[str, ...] = ()
    summary: str = ""
    severity: str = ""
    url: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """All that it is called."""
        return (self.id, *self.aliases)

    def affects(self, version: str) -> bool:
        """Whether a release is affected, as OSV's rules of evaluation tell."""
        if version in self.versions:
            return True
        parsed = _version(version)
        if parsed is None:
            return False
        return any(_version(v) == parsed for v in self.versions) or any(
            one.holds(parsed) for one in self.ranges
        )

    def fix_of(self, version: str) -> str:
        """The lowest release that is told to be fixed, above an affected one; empty without any."""
        parsed = _version(version)
        fixes = [one.fixed for one in self.ranges if one.fixed is not None]
        above = [fix for fix in fixes if parsed is None or fix > parsed]
        safe = [fix for fix in above if not any(one.holds(fix) for one in self.ranges)]
        return str(min(safe)) if safe else ""


@dataclass(frozen=True)
class Finding:
    """An advisory that affects a pin."""

    advisory: Advisory
    pin: Pin

    @property
    def fixed(self) -> str:
        """The lowest release that is fixed; empty where none is known."""
        return self.advisory.fix_of(self.pin.version or "")


def read_advisories(document: object, path: str) -> tuple[Advisory, ...]:
    """The advisories of one record, one for each project of Python that it names.

    Args:
        document: what JSON or YAML holds.
        path: the file, for errors.

    Returns:
        nothing for a record that is withdrawn, or about other ecosystems.

    Raises:
        LockstepError: it is no such record.
    """
    if not isinstance(document, dict) or not isinstance(document.get("id"), str):
        raise LockstepError(
            f"{path} is no record of an advisory in OSV format: it has no `id`",
            mend="Take the file out of the folder of advisories, or fetch it anew",
        )
    if document.get("withdrawn"):
        return ()
    found: dict[str, list[Mapping[str, Any]]] = {}
    for affected in _tables(document.get("affected")):
        package = affected.get("package")
        if isinstance(package, dict) and package.get("ecosystem") == ECOSYSTEM:
            project = str(canonicalize_name(str(package.get("name", ""))))
            found.setdefault(project, []).append(affected)
    return tuple(_advisory(document, name, affected) for name, affected in found.items())


def read_of_index(document: object, project: str, version: str) -> tuple[Advisory, ...]:
    """The advisories about one release that an index tells in its JSON.

    Args:
        document: what `PROJECT/VERSION/json` holds; its `vulnerabilities` count, and other members
            do not.
        project: the normalised name (PEP 503).
        version: the release.

    Returns:
        nothing for what is withdrawn.

    Raises:
        LockstepError: it holds no such list.

    Source: "JSON API" in the documentation of Warehouse.
    """
    told = document.get("vulnerabilities") if isinstance(document, dict) else None
    if not isinstance(told, list) or not all(
        isinstance(one, dict) and isinstance(one.get("id"), str) for one in told
    ):
        raise LockstepError(
            f"What the index tells of `{project}=={version}` holds no list of `vulnerabilities`",
            mend="Name an index in `[lockstep].advisories` that offers them, or a folder of records",
        )
    return tuple(
        Advisory(
            id=one["id"],
            aliases=tuple(map(str, one.get("aliases") or ())),
            project=project,
            ranges=tuple(_up_to_the_fix(version, one.get("fixed_in") or ())),
            versions=(version,),
            summary=" ".join(str(one.get("summary") or "").split()),
            url=str(one.get("link") or ""),
        )
        for one in told
        if not one.get("withdrawn")
    )


def _up_to_the_fix(version: str, fixed_in: Iterable[object]) -> Iterable[Range]:
    """From a release to the next one that is fixed; what is between is not known to be safe."""
    start = _version(version)
    fixed = (_version(str(fix)) for fix in fixed_in)
    above = [fix for fix in fixed if fix is not None and start is not None and fix > start]
    if above:
        yield Range(start, min(above))


def _advisory(
    document: Mapping[str, Any], project: str, affected: Sequence[Mapping[str, Any]]
) -> Advisory:
    ranges = [
        one
        for part in affected
        for stated in _tables(part.get("ranges"))
        if stated.get("type") in ("ECOSYSTEM", "SEMVER")
        for one in _ranges(_tables(stated.get("events")))
    ]
    links = _tables(document.get("references"))
    links = sorted(links, key=lambda link: link.get("type") != "ADVISORY")
    return Advisory(
        id=str(document["id"]),
        aliases=tuple(map(str, document.get("aliases") or ())),
        project=project,
        ranges=tuple(ranges),
        versions=tuple(str(v) for part in affected for v in part.get("versions") or ()),
        summary=" ".join(str(document.get("summary") or "").split()),
        severity=_severity([document, *affected]),
        url=str(links[0].get("url", "")) if links else "",
    )


def _ranges(events: Sequence[Mapping[str, Any]]) -> Iterable[Range]:
    """Spans from events, which come in any order: each `introduced` goes up to the next end."""
    placed = sorted(
        (version is not None, version or Version("0"), kind)
        for event in events
        for kind, text in event.items()
        if kind in ("introduced", "fixed", "last_affected")
        for version in [None if text == "0" else _version(str(text))]
        if version is not None or text == "0"
    )
    start: tuple[Version | None] | None = None
    for is_stated, version, kind in placed:
        if kind == "introduced":
            start = start or (version if is_stated else None,)
        elif start is not None:
            ended = version if kind == "fixed" else None
            last = version if kind == "last_affected" else None
            yield Range(start[0], ended, last)
            start = None
    if start is not None:
        yield Range(start[0])


def _severity(parts: Iterable[Mapping[str, Any]]) -> str:
    vectors = []
    for part in parts:
        for key in ("database_specific", "ecosystem_specific"):
            specific = part.get(key)
            if isinstance(specific, dict) and isinstance(specific.get("severity"), str):
                return str(specific["severity"]).upper()
        vectors += [str(one.get("score", "")) for one in _tables(part.get("severity"))]
    return vectors[-1] if vectors else ""


def _tables(value: object) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _version(text: str) -> Version | None:
    try:
        return Version(text)
    except InvalidVersion:
        return None  # of a time before PEP 440, which no pin has


def releases(pins: Iterable[Pin]) -> tuple[tuple[str, str], ...]:
    """The names and versions of pins, sorted; those from URLs and repositories have none."""
    return tuple(sorted({(pin.key, pin.version) for pin in pins if pin.version is not None}))


def matching(advisories: Iterable[Advisory], pins: Iterable[Pin]) -> tuple[Finding, ...]:
    """The advisories that affect pins, by project and identifier, each told once.

    Databases name the same fault by several identifiers: of records that share one, the first by
    name counts, with the names of all of them.
    """
    by_project: dict[str, list[Advisory]] = {}
    for advisory in sorted(advisories, key=lambda one: (one.project, one.id)):
        by_project.setdefault(advisory.project, []).append(advisory)
    found: list[Finding] = []
    for pin in sorted(pins, key=lambda pin: (pin.key, pin.marker or "")):
        told: list[Advisory] = []
        for advisory in by_project.get(pin.key, ()):
            if pin.version is None or not advisory.affects(pin.version):
                continue
            same = next((one for one in told if {*one.names} & {*advisory.names}), None)
            if same is None:
                told.append(advisory)
            else:
                told[told.index(same)] = _joined(same, advisory)
        found += [Finding(advisory, pin) for advisory in told]
    return tuple(found)


def _joined(one: Advisory, other: Advisory) -> Advisory:
    names = dict.fromkeys((*one.names, *other.names))
    del names[one.id]
    return Advisory(
        one.id,
        tuple(names),
        one.project,
        one.ranges + other.ranges,
        one.versions + other.versions,
        one.summary or other.summary,
        _plainer(one.severity, other.severity),
        one.url or other.url,
    )


def _plainer(one: str, other: str) -> str:
    """A word rather than a vector."""
    return other if not one or (other and "/" in one and "/" not in other) else one


def fixes(found: Iterable[Finding], projects: Iterable[str] | None = None) -> tuple[str, ...]:
    """What lets fixed releases pass a cut-off: `idna<=3.7` for each project that has one.

    Args:
        found: the advisories that affect pins.
        projects: normalised names of those that may move; all by default.
    """
    may_move = None if projects is None else {*projects}
    fixed: dict[str, Version] = {}
    for finding in found:
        name = finding.pin.key
        if finding.fixed and (may_move is None or name in may_move):
            version = Version(finding.fixed)
            fixed[name] = max(version, fixed.get(name, version))
    return tuple(f"{name}<={version}" for name, version in sorted(fixed.items()))
