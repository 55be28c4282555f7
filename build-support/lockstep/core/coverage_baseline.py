"""A baseline of coverage: what is kept of tests that passed, under which key, and for how long."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections import defaultdict
from dataclasses import dataclass
from typing import Iterable, Mapping, Sequence, Union

from lockstep.core.errors import LockstepError

SCHEMA = 1

KEYS_PER_TEST = 8
"""So many branches can take turns without losing each other's coverage."""

DAYS_UNUSED = 30

Part = Union[str, Sequence[str], Mapping[str, str]]


class BaselineError(LockstepError):
    """A file of the baseline is not what was written there."""


@dataclass(frozen=True)
class Entry:
    """The coverage that tests made which ran together.

    Attributes:
        targets: their addresses, in the order in which they ran.
        key: what the coverage follows from, as of `key_of`.
        data: the `.coverage` database.
    """

    targets: tuple[str, ...]
    key: str
    data: bytes


def key_of(parts: Mapping[str, Part]) -> str:
    """The key of all that a test depends on, by what each part is; 64 hexadecimal digits."""
    text = json.dumps({"schema": SCHEMA, "parts": parts}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def name_of(targets: Sequence[str], key: str) -> str:
    """The file name of an entry: which tests, then which key."""
    return f"{hashlib.sha256(chr(10).join(targets).encode()).hexdigest()[:24]}-{key}"


def encode(entry: Entry) -> bytes:
    """The content of a file: a line of JSON, then the database, packed."""
    packed = zlib.compress(entry.data)
    header = {
        "schema": SCHEMA,
        "targets": entry.targets,
        "key": entry.key,
        "sha256": hashlib.sha256(packed).hexdigest(),
    }
    return json.dumps(header).encode() + b"\n" + packed


def decode(content: bytes, path: str, targets: Sequence[str], key: str) -> Entry:
    """Read what `encode` wrote.

    Args:
        content: of the file.
        path: of the file, for people.
        targets: the tests it has to be of.
        key: the key it has to have.

    Raises:
        BaselineError: it is damaged, or is the coverage of other tests or under another key.
    """
    header, _, packed = content.partition(b"\n")
    expected = {
        "schema": SCHEMA,
        "targets": list(targets),
        "key": key,
        "sha256": hashlib.sha256(packed).hexdigest(),
    }
    try:
        intact = json.loads(header) == expected
    except (UnicodeDecodeError, ValueError, RecursionError):
        intact = False
    if not intact:
        raise BaselineError(
            f"{path} is not the coverage that was kept for {targets[0]}",
            mend="It counts as absent; a run that has to test this target writes it anew",
        )
    return Entry(tuple(targets), key, zlib.decompress(packed))


@dataclass(frozen=True)
class Stored:
    """A file of the baseline.

    Attributes:
        name: as of `name_of`.
        used: when it was written or carried last, in seconds since 1970.
    """

    name: str
    used: float


def outdated(files: Iterable[Stored], now: float) -> list[str]:
    """The names of the files that are to go: of each test all but those used last, and whatever
    nobody used for long."""
    by_test: defaultdict[str, list[Stored]] = defaultdict(list)
    for file in files:
        by_test[file.name.partition("-")[0]].append(file)
    oldest = now - DAYS_UNUSED * 24 * 3600
    return sorted(
        file.name
        for stored in by_test.values()
        for place, file in enumerate(sorted(stored, key=lambda s: (-s.used, s.name)))
        if place >= KEYS_PER_TEST or file.used < oldest
    )


@dataclass(frozen=True)
class Carrying:
    """Where the coverage of a run comes from.

    Attributes:
        carried: the tests whose coverage was carried, with its key; those that ran together as one.
        ran: the tests that ran.
        missing: the tests that neither ran nor have an entry under their key of now.
    """

    carried: tuple[tuple[tuple[str, ...], str], ...] = ()
    ran: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()

    def told(self) -> str:
        """The line that marks the report."""
        carried = sum(len(targets) for targets, _ in self.carried)
        whole = carried + len(self.ran) + len(self.missing)
        line = (
            f"Coverage of {carried} of {whole} test targets was carried from the baseline (keys"
            f" match); {len(self.ran)} ran."
        )
        return line + (f" Missing: {len(self.missing)}." if self.missing else "")

    def told_of_missing(self, gated: bool) -> str:
        """What to do where the report lacks tests.

        Args:
            gated: whether the report was to be held against `fail_under`.
        """
        shown = ", ".join(self.missing[:10])
        more = f" and {len(self.missing) - 10} more" if len(self.missing) > 10 else ""
        gate = "`[coverage-py].fail_under` cannot be judged" if gated else "the report lacks them"
        return (
            f"There is no coverage baseline for {shown}{more}, which did not have to run, so {gate}."
            " Run `./pants test --use-coverage ::` once."
        )

    def as_json(self) -> str:
        """The document beside the reports."""
        carried = [{"targets": targets, "key": key} for targets, key in self.carried]
        document = {
            "schema": SCHEMA,
            "carried": carried,
            "ran": self.ran,
            "missing": self.missing,
        }
        return json.dumps(document, indent=1) + "\n"
