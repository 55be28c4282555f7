"""What an audit of locks found, told to people and to programs, and what of it is accepted."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from typing import Any, Iterable, Mapping, Sequence

from lockstep.core.advisories import Finding
from lockstep.core.errors import LockstepError

_SARIF = "2.1.0"
_SARIF_LEVELS = {"CRITICAL": "error", "HIGH": "error", "MODERATE": "warning", "LOW": "note"}


@dataclass(frozen=True)
class Exemption:
    """An advisory that is accepted for a while.

    Attributes:
        advisory: one of its identifiers.
        reason: why.
        expires: the first day on which it counts again.
    """

    advisory: str
    reason: str
    expires: date


def read_exemptions(option: Mapping[str, Any]) -> tuple[Exemption, ...]:
    """The exemptions that the option `[audit].exceptions` states.

    Raises:
        LockstepError: one lacks its reason or the day on which it expires.
    """
    return tuple(_exemption(advisory, stated) for advisory, stated in sorted(option.items()))


def _exemption(advisory: str, stated: object) -> Exemption:
    values = stated if isinstance(stated, dict) else {}
    reason = values.get("reason")
    try:
        expires = date.fromisoformat(str(values.get("expires")))
    except ValueError:
        expires = None
    if expires is None or not isinstance(reason, str) or not reason.strip():
        raise LockstepError(
            f"The exception for `{advisory}` in `[audit].exceptions` tells no reason, or no day on"
            " which it expires",
            mend='Write it as `{reason = "…", expires = "2026-12-31"}`',
        )
    return Exemption(advisory, reason.strip(), expires)


@dataclass(frozen=True)
class Audited:
    """An advisory that affects a pin, and whom that concerns.

    Attributes:
        finding: the two.
        required_by: who requires the pin, as the lock's `# via` lines tell.
        targets: the targets whose environment holds it, by address.
        exemption: why it is accepted, whether or not that has expired.
    """

    finding: Finding
    required_by: tuple[str, ...]
    targets: tuple[str, ...]
    exemption: Exemption | None = None

    def is_open(self, today: date) -> bool:
        """Whether something has to be done about it."""
        return self.exemption is None or self.exemption.expires <= today


def exempted(exemptions: Iterable[Exemption], finding: Finding) -> Exemption | None:
    """The exemption of a finding, by any of its advisory's names; None where there is none."""
    names = {*finding.advisory.names}
    return next((one for one in exemptions if one.advisory in names), None)


def unneeded(exemptions: Iterable[Exemption], audited: Iterable[Audited]) -> tuple[str, ...]:
    """The exemptions that exempt nothing, by their advisories."""
    used = {one.exemption.advisory for one in audited if one.exemption is not None}
    return tuple(one.advisory for one in exemptions if one.advisory not in used)


def as_text(path: str, audited: Sequence[Audited], today: date) -> str:
    """Some lines for each finding."""
    if not audited:
        return f"{path}: no advisory affects its pins.\n"
    lines = [f"{path}: {_counted(len(audited), 'advisory affects', 'advisories affect')} its pins"]
    for one in audited:
        finding, advisory = one.finding, one.finding.advisory
        aliases = f" ({', '.join(advisory.aliases)})" if advisory.aliases else ""
        severity = f"  {advisory.severity}" if advisory.severity else ""
        lines.append(
            f"  {finding.pin.name} {finding.pin.version}  {advisory.id}{aliases}{severity}"
        )
        lines += [f"    {text}" for text in (advisory.summary, advisory.url) if text]
        reached = _counted(len(one.targets), "target", "targets")
        lines.append(f"    reaches {reached}, by {', '.join(one.required_by) or 'nothing'}")
        lines.append(f"    {_fix(finding)}")
        if one.exemption is not None:
            verb = "the exception expired" if one.is_open(today) else "accepted until"
            on = " on" if one.is_open(today) else ""
            lines.append(f"    {verb}{on} {one.exemption.expires}: {one.exemption.reason}")
    return "".join(f"{line}\n" for line in lines)


def _fix(finding: Finding) -> str:
    if not finding.fixed:
        return "no release is known to be fixed"
    wish = f"{finding.pin.name}=={finding.fixed}"
    return f"fixed in {finding.fixed}: `./pants lock --upgrade-package={wish}`"


def as_json(locks: Iterable[tuple[str, Sequence[Audited]]], today: date) -> str:
    """A document; in ASCII, so that any terminal and any pipe take it."""
    document = [
        {"lock": path, "advisories": [_as_value(one, today) for one in audited]}
        for path, audited in locks
    ]
    return json.dumps({"schema": 1, "locks": document}, indent=1) + "\n"


def _as_value(one: Audited, today: date) -> Mapping[str, Any]:
    finding, advisory, exemption = one.finding, one.finding.advisory, one.exemption
    return {
        "id": advisory.id,
        "aliases": advisory.aliases,
        "project": finding.pin.key,
        "version": finding.pin.version,
        "marker": finding.pin.marker,
        "severity": advisory.severity,
        "summary": advisory.summary,
        "url": advisory.url,
        "fixed": finding.fixed or None,
        "required_by": one.required_by,
        "targets": one.targets,
        "open": one.is_open(today),
        "exception": exemption
        and {"reason": exemption.reason, "expires": exemption.expires.isoformat()},
    }


def as_sarif(locks: Iterable[tuple[str, Sequence[Audited]]], today: date) -> str:
    """A log in SARIF 2.1.0 (OASIS), as services that show findings beside code read it."""
    all_of_them = [(path, one) for path, audited in locks for one in audited]
    advisories = {one.finding.advisory.id: one.finding.advisory for _, one in all_of_them}
    rules = [
        {
            "id": advisory.id,
            "shortDescription": {"text": advisory.summary or advisory.id},
            **({"helpUri": advisory.url} if advisory.url else {}),
        }
        for advisory in sorted(advisories.values(), key=lambda one: one.id)
    ]
    run = {
        "tool": {"driver": {"name": "Lockstep", "rules": rules}},
        "results": [_as_result(path, one, today) for path, one in all_of_them],
    }
    return json.dumps({"version": _SARIF, "runs": [run]}, indent=1) + "\n"


def _as_result(path: str, one: Audited, today: date) -> Mapping[str, Any]:
    finding, advisory = one.finding, one.finding.advisory
    text = f"{finding.pin.name} {finding.pin.version}: {advisory.summary or advisory.id}"
    result: dict[str, Any] = {
        "ruleId": advisory.id,
        "level": _SARIF_LEVELS.get(advisory.severity, "warning"),
        "message": {"text": f"{text.rstrip('.')}. {_fix(finding).capitalize()}."},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": path},
                    "region": {"startLine": finding.pin.line},
                }
            }
        ],
    }
    if one.exemption is not None and not one.is_open(today):
        result["suppressions"] = [{"kind": "external", "justification": one.exemption.reason}]
    return result


def _counted(count: int, one: str, several: str) -> str:
    return f"{count} {one if count == 1 else several}"
