"""Read the core metadata of a distribution."""

from dataclasses import dataclass
from pathlib import Path

from packaging.metadata import InvalidMetadata, Metadata

from distribution_metadata._archives import ArchivedFile, DistributionError, open_archive


@dataclass(frozen=True)
class Distribution:
    """A wheel or an sdist. Fields that its metadata does not have are None, or empty.

    They are those of the core metadata specification (PEP 566, PEP 643); requirements and
    specifiers (PEP 508, PEP 440) are as `packaging` writes them.
    """

    name: str
    version: str
    summary: str | None
    description: str | None
    description_content_type: str | None
    requires_dist: tuple[str, ...]
    requires_python: str | None
    files: tuple[ArchivedFile, ...]


def read_distribution(path: Path) -> Distribution:
    """Read a wheel (.whl) or an sdist (.tar.gz).

    Only the fields returned have to be valid, as old archives often have others that are not.
    Raises DistributionError, or OSError if there is no such file to be opened.
    """
    archive = open_archive(path)
    try:
        metadata = Metadata.from_email(archive.metadata, validate=False)
        requires_python = metadata.requires_python
        return Distribution(
            name=metadata.name,
            version=str(metadata.version),
            summary=metadata.summary,
            description=metadata.description,
            description_content_type=metadata.description_content_type,
            requires_dist=tuple(map(str, metadata.requires_dist or ())),
            requires_python=None if requires_python is None else str(requires_python),
            files=archive.files,
        )
    except InvalidMetadata as error:
        raise DistributionError(path, f"invalid metadata: {error}") from error


def read_metadata(path: Path) -> bytes:
    """Return the METADATA or PKG-INFO file of a distribution as it is, valid or not.

    Raises DistributionError, or OSError if there is no such file to be opened.
    """
    return open_archive(path).metadata
