"""The rule that finds the files of `file` targets that a field names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterable

from pants.core.target_types import FileSourceField
from pants.engine.addresses import UnparsedAddressInputs
from pants.engine.fs import Digest, MergeDigests, Snapshot
from pants.engine.rules import Get, MultiGet, Rule, collect_rules, rule
from pants.engine.target import (
    HydratedSources,
    HydrateSourcesRequest,
    SourcesField,
    SpecialCasedDependencies,
    Targets,
)


@dataclass(frozen=True)
class NamedFilesRequest:
    """Find the files of the targets that a field names."""

    field: SpecialCasedDependencies


@dataclass(frozen=True)
class NamedFiles:
    """Files, by what they hold."""

    digest: Digest
    files: tuple[str, ...]


@rule
async def find_named_files(request: NamedFilesRequest) -> NamedFiles:
    named = request.field.to_unparsed_address_inputs()
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


def rules() -> Iterable[Rule]:
    return collect_rules()
