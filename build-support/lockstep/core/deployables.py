"""Deployables as values: what they are made of, their version, and their provenance."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any, Iterable, Mapping, Sequence

from packaging.utils import canonicalize_name

from lockstep.core.errors import LockstepError
from lockstep.core.procfile import Process, default_process

STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "https://slsa.dev/provenance/v1"
BUILD_TYPE = "urn:lockstep:deployable:1"
DIRTY = "dirty"
PROVENANCE = ".intoto.json"
BILL = ".cdx.json"
PEX, TARBALL, IMAGE = "pex", "tarball", "image"
ENDINGS: Mapping[str, str] = {PEX: ".pex", TARBALL: ".tar.gz", IMAGE: ".oci.tar"}
"""How the file of each output ends."""

_NO_WHEEL = re.compile(r"No pre-built wheel was available for (\S+ \S+)\.\s")
_UNSAFE = re.compile(r"[^A-Za-z0-9_.-]+")


@dataclass(frozen=True)
class Deployable:
    """What an artifact says of itself.

    Attributes:
        name: of the service.
        processes: of its Procfile.
        environment: variables that hold where the environment does not say otherwise.
        health: the path that answers 200 while it is healthy; empty where there is none.
        python: the minor version of CPython it is for, such as `3.11`.
    """

    name: str
    processes: tuple[Process, ...]
    environment: Mapping[str, str]
    health: str
    python: str

    def document(self) -> str:
        """As `deployable.json`, which the program that starts it reads."""
        return _encoded(
            {
                "name": self.name,
                "processes": {one.name: list(one.words) for one in self.processes},
                "default": default_process(self.processes),
                "environment": dict(self.environment),
                "health": self.health,
                "python": self.python,
            }
        )


@dataclass(frozen=True)
class Wheel:
    """A wheel that is in an artifact.

    Attributes:
        name, version: as its metadata have them.
        license: an SPDX expression, if it tells one.
        scripts: the names of its console scripts.
        of_this_machine: whether it was built for the machine that built it alone.
    """

    name: str
    version: str
    license: str | None
    scripts: tuple[str, ...]
    of_this_machine: bool


@dataclass(frozen=True)
class Sources:
    """Where the sources of a deployable stand in git.

    Attributes:
        commit: the newest that touched one of them; empty where git has none.
        described: `git describe` of it.
        dirty: whether the work tree differs from HEAD.
    """

    commit: str
    described: str
    dirty: bool


def version_of(sources: Sources, slice_digest: str, source_digest: str) -> str:
    """The version: unique, and the same wherever the same is built.

    It is fit for file names and for tags of images. What `git describe` tells is that of the commit
    that last touched the sources, so a commit elsewhere does not change it.

    Args:
        sources: where the sources stand.
        slice_digest: of the third-party code, in hex.
        source_digest: of the first-party code and the definition, in hex.
    """
    parts = [
        _UNSAFE.sub("-", sources.described).strip("-.") or "unversioned",
        f"s{slice_digest[:12]}",
        f"c{source_digest[:12]}",
        *([DIRTY] if sources.dirty else []),
    ]
    return "-".join(parts)


def is_dirty(version: str) -> bool:
    """Whether a version is of a work tree that differs from its commit."""
    return version.endswith(f"-{DIRTY}")


def source_digest(document: str, fingerprints: Sequence[str]) -> str:
    """The digest of what is first-party in an artifact.

    Args:
        document: what it says of itself.
        fingerprints: of all else.
    """
    return hashlib.sha256("\n".join((*fingerprints, document)).encode()).hexdigest()


def check_portable(service: str, wheels: Iterable[Wheel], built_here: Iterable[str]) -> None:
    """See to it that no host needs a compiler, or what this machine has.

    Args:
        service: for the user.
        wheels: of its slice.
        built_here: projects that may be for this machine alone.

    Raises:
        LockstepError: a wheel that was built from source is for this machine alone.
    """
    allowed = {canonicalize_name(name) for name in built_here}
    refused = [
        f"{wheel.name}=={wheel.version}"
        for wheel in wheels
        if wheel.of_this_machine and canonicalize_name(wheel.name) not in allowed
    ]
    if refused:
        raise LockstepError(
            f"{', '.join(refused)} of {service} would need a compiler on the host: there is no wheel,"
            " so it was built from source, for this machine alone",
            mend="Name it in the field `built_here` if the hosts are like this machine, or upload a"
            " wheel to the index and run `./pants lock`",
        )


def no_wheels(service: str, platforms: Sequence[str], told: str) -> LockstepError:
    """The error where the slice of a service cannot be had.

    Args:
        service: for the user.
        platforms: files that describe those of the hosts; empty for this machine.
        told: what PEX or uv said.
    """
    named = " and ".join(dict.fromkeys(_NO_WHEEL.findall(told)))
    platform = " and ".join(path.rpartition("/")[2] for path in platforms)
    if not named or not platform:
        return LockstepError(
            f"The slice of {service} cannot be installed",
            mend="See to what is told below",
            detail=told,
        )
    return LockstepError(
        f"{named} of {service} has no wheel for {platform}, and hosts have no compiler",
        mend="Build a wheel there and upload it to the index, then run `./pants lock`",
        detail=told,
    )


def check_scripts(deployable: Deployable, wheels: Iterable[Wheel]) -> None:
    """See to it that the slice has what processes start.

    Args:
        deployable: with the processes.
        wheels: of its slice.

    Raises:
        LockstepError: a process starts what is no console script of the slice.
    """
    scripts = {script for wheel in wheels for script in wheel.scripts}
    for process in deployable.processes:
        if process.module is None and process.words[0] not in scripts:
            raise LockstepError(
                f"The process `{process.name}` of {deployable.name} starts `{process.words[0]}`,"
                " which is no console script of its slice",
                mend="State the project that has it as a requirement and name that in the target's"
                " `dependencies`, or start a module by `python -m`",
            )


def provenance(
    subjects: Mapping[str, str],
    parameters: Mapping[str, Any],
    dependencies: Sequence[Mapping[str, Any]],
) -> str:
    """What was built from what, as an in-toto statement with SLSA provenance 1.0.

    It tells no time, no machine and no URL, so that the same build gives the same text.

    Args:
        subjects: the SHA-256 (hex) of each file, by name.
        parameters: what the target asks for.
        dependencies: what it was made from and with, as resource descriptors.
    """
    return _encoded(
        {
            "_type": STATEMENT,
            "subject": [
                {"name": name, "digest": {"sha256": digest}}
                for name, digest in sorted(subjects.items())
            ],
            "predicateType": PREDICATE,
            "predicate": {
                "buildDefinition": {
                    "buildType": BUILD_TYPE,
                    "externalParameters": parameters,
                    "resolvedDependencies": list(dependencies),
                },
                "runDetails": {"builder": {"id": "urn:lockstep:builder:1"}},
            },
        }
    )


def subjects_of(text: str) -> Mapping[str, str]:
    """The files that a provenance tells of: SHA-256 (hex) by name.

    Raises:
        ValueError: it is no such statement.
    """
    try:
        document = json.loads(text)
        if document["_type"] != STATEMENT or document["predicateType"] != PREDICATE:
            raise ValueError("it is no provenance")
        return {one["name"]: one["digest"]["sha256"] for one in document["subject"]}
    except (KeyError, TypeError, AttributeError):
        raise ValueError("it is no provenance") from None


def _encoded(document: Mapping[str, Any]) -> str:
    return json.dumps(document, indent=1, sort_keys=True) + "\n"
