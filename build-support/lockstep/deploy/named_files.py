"""Finds the files of `file` targets that a field names."""

from __future__ import annotations

from dataclasses import dataclass
from pants.core.target_types import FileSourceField
from pants.engine.addresses import UnparsedAddressInputs
from pants.engine.fs import Digest, MergeDigests, Snapshot
from pants.engine.rules import Get, MultiGet
from pants.engine.target import (
    HydratedSources,
    HydrateSourcesRequest,
    SourcesField,
    SpecialCasedDependencies,
    Targets,
)


@dataclass(frozen=True)
class NamedFiles:
    """Files, by what they hold."""

    digest: Digest
    files: tuple[str, ...]


async def find_named_files(field: SpecialCasedDependencies) -> NamedFiles:
    """Find the files of the targets that a field names; a part of rules."""
    named = field.to_unparsed_address_inputs()
    targets = await Get(Targets, UnparsedAddressInputs, named)
    sources = await MultiGet(
        Get(
            HydratedSources,
            HydrateSourcesRequest(
                target.get(SourcesField), for_sources_types=(FileSourceField,), enable_codegen=True
            ),
        )
        for target in targets
    )
    snapshot = await Get(Snapshot, MergeDigests(one.snapshot.digest for one in sources))
    return NamedFiles(snapshot.digest, snapshot.files)
