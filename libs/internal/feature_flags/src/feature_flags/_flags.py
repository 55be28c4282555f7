"""Flags as a process uses them."""

import hashlib
import logging
import os
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from importlib.resources import files
from importlib.resources.abc import Traversable

from feature_flags._declared import Flag, FlagError, parse_flags

log = logging.getLogger(__name__)

_SETTINGS = {"on": True, "off": False}


def _today() -> date:
    return datetime.now(UTC).date()


class Flags:
    """The flags of one file, some of them set by variables. Any number of threads may use it."""

    def __init__(
        self,
        place: str,
        declared: Mapping[str, Flag],
        set_to: Mapping[str, bool],
        today: Callable[[], date] = _today,
    ) -> None:
        self._place = place
        self._declared = declared
        self._set_to = set_to
        self._today = today
        self._unreported = set(declared)

    def is_on(self, name: str, key: str | None = None) -> bool:
        """Tell whether a flag is on for a key, such as the name of a user.

        A key keeps its answer for as long as the rollout does not shrink. Without a key a
        rollout does not count. The first use of an expired flag is logged as a warning.

        Raises FlagError if no such flag is declared.
        """
        try:
            flag = self._declared[name]
        except KeyError:
            known = ", ".join(sorted(self._declared)) or "none"
            raise FlagError(f"{self._place} declares no flag {name!r}; it has {known}.") from None
        if self._expired(flag):
            self._report(flag)
        if name in self._set_to:
            return self._set_to[name]
        if flag.rollout is not None and key is not None:
            return _position(name, key) < flag.rollout
        return flag.default

    def stale(self) -> list[Flag]:
        """Return the expired flags, by name."""
        return [flag for _, flag in sorted(self._declared.items()) if self._expired(flag)]

    def _expired(self, flag: Flag) -> bool:
        return flag.expires is not None and self._today() >= flag.expires

    def _report(self, flag: Flag) -> None:
        try:
            self._unreported.remove(flag.name)  # Of several threads, one succeeds.
        except KeyError:
            return
        fields = {"flag": flag.name, "file": self._place, "expired": flag.expires}
        log.warning("stale flag", extra={"fields": fields})


def read_flags(
    source: Traversable, environ: Mapping[str, str], today: Callable[[], date] = _today
) -> Flags:
    """Read a file of flags, and the variable FLAG_<NAME> of each.

    Raises FlagError for the first fault.
    """
    place = str(source)
    try:
        declared = parse_flags(source.read_text("utf-8"), place)
    except (OSError, UnicodeDecodeError) as error:
        raise FlagError(f"{place} cannot be read: {error}.") from error
    set_to = {}
    for name in declared:
        variable = f"FLAG_{name.upper()}"
        if (value := environ.get(variable)) is None:
            continue
        if value not in _SETTINGS:
            raise FlagError(f"{variable} is {value!r}, but must be on or off.")
        set_to[name] = _SETTINGS[value]
    return Flags(place, declared, set_to, today)


def flags_or_exit(package: str) -> Flags:
    """Read flags.toml of an importable package, or say what is wrong and exit with code 1."""
    try:
        return read_flags(files(package).joinpath("flags.toml"), os.environ)
    except FlagError as error:
        sys.exit(str(error))


def _position(name: str, key: str) -> float:
    """Return where a key stands from 0 to below 100, which differs from flag to flag."""
    digest = hashlib.sha256(f"{name}\0{key}".encode()).digest()
    return int.from_bytes(digest[:6]) * 100 / 2**48  # 48 bits, so that no rounding yields 100
