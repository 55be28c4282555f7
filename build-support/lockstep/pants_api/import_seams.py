"""The seams that miss no import, and say of an import that nothing provides what mends it."""

from __future__ import annotations

import logging
from typing import Any

from pants.backend.python.dependency_inference import parse_python_dependencies as parser
from pants.backend.python.dependency_inference import rules as inference
from pants.backend.python.dependency_inference.parse_python_dependencies import (
    ParsedPythonDependencies,
    ParsedPythonImportInfo,
    ParsedPythonImports,
    ParsePythonDependenciesRequest,
    ParserScript,
)
from pants.backend.python.dependency_inference.rules import InferPythonImportDependencies
from pants.backend.python.dependency_inference.subsystem import (
    PythonInferSubsystem,
    UnownedDependencyUsage,
)
from pants.backend.python.subsystems.setup import PythonSetup
from pants.backend.python.util_rules import pex_from_targets
from pants.backend.python.util_rules.pex_requirements import PexRequirements
from pants.core.util_rules.source_files import SourceFilesRequest
from pants.core.util_rules.stripped_source_files import StrippedSourceFiles
from pants.engine.fs import CreateDigest, Digest, DigestContents, FileContent
from pants.engine.internals.native_dep_inference import NativeParsedPythonDependencies
from pants.engine.rules import Get
from pants.engine.target import InferredDependencies
from pants.engine.unions import UnionMembership

from lockstep.core.imports import split_import_lists
from lockstep.core.named_modules import named_modules
from lockstep.imports.unowned import (
    OwnedClosure,
    OwnedClosureRequest,
    UnownedImports,
    UnownedImportsRequest,
)
from lockstep.pants_api.seam import Coroutine, replace

logger = logging.getLogger(__name__)


class _Overridden:
    """A subsystem with some of its options set otherwise."""

    def __init__(self, subsystem: Any, **options: Any) -> None:
        self._subsystem = subsystem
        self.__dict__.update(options)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._subsystem, name)


async def parse_python_dependencies(
    original: Coroutine,
    request: ParsePythonDependenciesRequest,
    script: ParserScript,
    unions: UnionMembership,
    infer: PythonInferSubsystem,
) -> ParsedPythonDependencies:
    """See what the fast parser does not: all of `import a, b`, odd line ends, other encodings.

    Modules that are named by strings for a framework count as imports too.
    """
    sources = await Get(StrippedSourceFiles, SourceFilesRequest([request.source]))
    (file,) = await Get(DigestContents, Digest, sources.snapshot.digest)
    try:
        text = file.content.decode()
    except UnicodeDecodeError:
        return await _parse_slowly(original, request, script, unions, infer)
    parsed: ParsedPythonDependencies = await original(request, script, unions, infer)
    imports = dict(parsed.imports)
    split = split_import_lists(text)
    if split != text and infer.use_rust_parser:
        digest = await Get(Digest, CreateDigest([FileContent(file.path, split.encode())]))
        native = await Get(NativeParsedPythonDependencies, Digest, digest)
        imports |= {name: ParsedPythonImportInfo(*info) for name, info in native.imports.items()}
    if any("\\" in name for name in imports):
        return await _parse_slowly(original, request, script, unions, infer)
    # It also takes the blanks of `import a . b` for a part of the name.
    found = {"".join(name.split()): info for name, info in imports.items()}
    for module, line in named_modules(text, file.path).items():
        # It may name something that is not there: only what is provided becomes a dependency.
        found.setdefault(module, ParsedPythonImportInfo(line, True))
    return ParsedPythonDependencies(ParsedPythonImports(found), parsed.assets)


async def _parse_slowly(
    original: Coroutine,
    request: ParsePythonDependenciesRequest,
    script: ParserScript,
    unions: UnionMembership,
    infer: PythonInferSubsystem,
) -> ParsedPythonDependencies:
    """Python's own parser, in a process for this file alone."""
    slow = _Overridden(infer, use_rust_parser=False)
    parsed: ParsedPythonDependencies = await original(request, script, unions, slow)
    return parsed


async def infer_python_dependencies_via_source(
    original: Coroutine,
    request: InferPythonImportDependencies,
    infer: PythonInferSubsystem,
    python_setup: PythonSetup,
) -> InferredDependencies:
    """Warn of unowned imports in our words; whoever needs the target to work gets an error."""
    if infer.unowned_dependency_behavior is UnownedDependencyUsage.LogWarning:
        unowned = await Get(UnownedImports, UnownedImportsRequest(request.field_set))
        for imported in unowned.imports:
            logger.warning(f"{imported}.")
        infer = _Overridden(  # type: ignore[assignment]
            infer, unowned_dependency_behavior=UnownedDependencyUsage.DoNothing
        )
    inferred: InferredDependencies = await original(request, infer, python_setup)
    return inferred


async def determine_requirement_strings_in_closure(
    original: Coroutine, request: Any, *rest: Any
) -> PexRequirements:
    """Refuse an environment for code that could not be imported in it."""
    await Get(OwnedClosure, OwnedClosureRequest(request.addresses))
    requirements: PexRequirements = await original(request, *rest)
    return requirements


def install() -> None:
    """Put the seams in place."""
    replace(parser.parse_python_dependencies, parse_python_dependencies)
    replace(inference.infer_python_dependencies_via_source, infer_python_dependencies_via_source)
    replace(
        pex_from_targets.determine_requirement_strings_in_closure,
        determine_requirement_strings_in_closure,
    )
