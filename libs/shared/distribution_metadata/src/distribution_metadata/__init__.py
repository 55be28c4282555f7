"""Read the metadata and the file list of wheels and sdists."""

from distribution_metadata._archives import ArchivedFile, DistributionError
from distribution_metadata._reader import Distribution, read_distribution, read_metadata

__all__ = [
    "ArchivedFile",
    "Distribution",
    "DistributionError",
    "read_distribution",
    "read_metadata",
]
