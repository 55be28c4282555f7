"""Evaluates BUILD files as they were at a revision, by the rules that evaluate today's.

Pants reads BUILD files from the work tree alone. Its own coroutines are driven here, and what they
ask of files is answered with what the files held at the base.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from fnmatch import fnmatch
from typing import Any, Coroutine, Iterable, Mapping

from pants.engine.env_vars import CompleteEnvironmentVars, EnvironmentVars, EnvironmentVarsRequest
from pants.engine.fs import DigestContents, FileContent, PathGlobs
from pants.engine.internals import build_files
from pants.engine.internals.build_files import (
    AddressFamilyDir,
    BuildFileOptions,
    OptionalAddressFamily,
)
from pants.engine.internals.dep_rules import MaybeBuildFileDependencyRulesImplementation
from pants.engine.internals.mapper import AddressFamily
from pants.engine.internals.parser import BuildFilePreludeSymbols, Parser
from pants.engine.internals.session import SessionValues
from pants.engine.internals.synthetic_targets import (
    SyntheticAddressMaps,
    SyntheticAddressMapsRequest,
)
from pants.engine.rules import Get, Rule, collect_rules, rule
from pants.engine.target import RegisteredTargetTypes
from pants.engine.unions import UnionMembership
from pants.init.bootstrap_scheduler import BootstrapStatus
from pants.util.frozendict import FrozenDict


@dataclass(frozen=True)
class BaseFamiliesRequest:
    """Evaluate the BUILD files of some folders.

    Attributes:
        folders: relative to the build root, empty for the root itself.
        files: what the BUILD files of these folders and those above held, and the preludes.
        preludes: which of the files are preludes.
    """

    folders: tuple[str, ...]
    files: FrozenDict[str, bytes]
    preludes: tuple[str, ...]


@dataclass(frozen=True)
class Family:
    """What the BUILD files of one folder define.

    Attributes:
        targets: type and fields by target name.
        defaults: what `__defaults__` sets for this folder and those below.
        rules: who may depend on whom, there and below.
    """

    targets: Mapping[str, tuple[str, Mapping[str, Any]]]
    defaults: object
    rules: tuple[object, object]


@dataclass(frozen=True)
class BaseFamilies:
    """What the folders define.

    Attributes:
        families: by folder; those without BUILD files are left out.
        error: why they cannot be told; empty where they can.
    """

    families: Mapping[str, Family]
    error: str = ""

    def __hash__(self) -> int:
        return hash(frozenset(self.families))


def family_of(found: AddressFamily) -> Family:
    """What an address family defines, as values that compare."""
    return Family(
        {
            name: (adaptor.type_alias, adaptor.kwargs)
            for name, (_, adaptor) in found.name_to_target_adaptors.items()
        },
        found.defaults,
        (found.dependents_rules, found.dependencies_rules),
    )


@rule(desc="Evaluate BUILD files at the base")
async def evaluate_at_base(
    request: BaseFamiliesRequest,
    options: BuildFileOptions,
    parser: Parser,
    bootstrap: BootstrapStatus,
    registered: RegisteredTargetTypes,
    unions: UnionMembership,
    dependency_rules: MaybeBuildFileDependencyRulesImplementation,
    session_values: SessionValues,
) -> BaseFamilies:
    files = request.files
    known: dict[str, OptionalAddressFamily] = {}
    preludes = DigestContents([FileContent(path, files[path]) for path in request.preludes])
    evaluate: Any = build_files.evaluate_preludes.rule.func
    parse: Any = build_files.parse_address_family.rule.func
    try:
        symbols = _finish(evaluate(options, parser), {DigestContents: preludes})
    except Exception as error:
        return BaseFamilies({}, str(error))
    # Folders above others come first, so that their defaults are there.
    for folder in sorted({above for folder in request.folders for above in _upwards(folder)}):
        arguments = (
            parser,
            bootstrap,
            options,
            symbols,
            AddressFamilyDir(folder),
            registered,
            unions,
            dependency_rules,
            session_values,
        )
        coroutine = parse(*arguments)
        answer: Any = None
        while True:
            try:
                asked = coroutine.send(answer)
            except StopIteration as done:
                known[folder] = done.value
                break
            except Exception as error:  # whatever a BUILD file of that time may raise here
                return BaseFamilies({}, str(error))
            several = isinstance(asked, tuple)
            answers: list[Any] = []
            for get in asked if several else (asked,):
                if get.output_type is DigestContents:
                    answers.append(_build_files(folder, files, options))
                elif get.output_type is OptionalAddressFamily:
                    answers.append(known[_folder(get.inputs[0].path)])
                elif get.output_type is SyntheticAddressMaps:
                    answers.append(
                        await Get(
                            SyntheticAddressMaps,
                            SyntheticAddressMapsRequest,
                            SyntheticAddressMapsRequest(folder),
                        )
                    )
                else:
                    named, environment = get.inputs
                    answers.append(
                        await Get(
                            EnvironmentVars,
                            {
                                named: EnvironmentVarsRequest,
                                environment: CompleteEnvironmentVars,
                            },
                        )
                    )
            answer = tuple(answers) if several else answers[0]
    families = ((folder, known[folder].address_family) for folder in request.folders)
    return BaseFamilies(
        {folder: family_of(family) for folder, family in families if family is not None}
    )


def _finish(
    coroutine: Coroutine[Any, Any, BuildFilePreludeSymbols], answers: Mapping[type, Any]
) -> BuildFilePreludeSymbols:
    """Run a coroutine whose every question has an answer at hand."""
    answer: Any = None
    while True:
        try:
            asked = coroutine.send(answer)
        except StopIteration as done:
            symbols: BuildFilePreludeSymbols = done.value
            return symbols
        answer = answers[asked.output_type]


def _upwards(folder: str) -> Iterable[str]:
    """The root, and each folder from there to this one."""
    parts = folder.split("/") if folder else []
    return ("/".join(parts[:depth]) for depth in range(len(parts) + 1))


def _folder(path: str) -> str:
    return "" if path == "." else path


def _build_files(
    folder: str, files: Mapping[str, bytes], options: BuildFileOptions
) -> DigestContents:
    return DigestContents(
        [
            FileContent(path, content)
            for path, content in sorted(files.items())
            if os.path.dirname(path) == folder and is_build_file(path, options)
        ]
    )


def is_build_file(path: str, options: BuildFileOptions) -> bool:
    """Whether Pants reads a file of this path for targets."""
    name = os.path.basename(path)
    return any(fnmatch(name, pattern) for pattern in options.patterns) and not any(
        fnmatch(path, ignored) for ignored in options.ignores
    )


def rules() -> Iterable[Rule]:
    return collect_rules()
