"""Who depends on what, remembered from one call of a daemon to the next.

To know that nothing of it changed, the engine looks at each step to it anew in every call, since all
of them read options. Here what it was made from is compared as a whole. That leaves out the locks
themselves: only the modules that they provide count, so that who moves a pin waits for none of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterable, Iterator, Mapping

from pants.backend.project_info.dependents import AddressToDependents
from pants.backend.python.dependency_inference.module_mapper import ThirdPartyPythonModuleMapping
from pants.core.target_types import (
    FileSourceField,
    LockfileTarget,
    ResourceSourceField,
    TargetGeneratorSourcesHelperTarget,
)
from pants.engine.addresses import Address
from pants.engine.env_vars import CompleteEnvironmentVars
from pants.engine.fs import Digest, PathGlobs, Paths
from pants.engine.internals.session import SessionValues
from pants.engine.rules import Get, MultiGet, Rule, collect_rules, rule
from pants.engine.target import (
    AllTargets,
    AllUnexpandedTargets,
    InferDependenciesRequest,
    SecondaryOwnerMixin,
    SourcesField,
    Target,
)
from pants.engine.unions import UnionMembership
from pants.option.options_bootstrapper import OptionsBootstrapper

Mapped = Mapping[Address, Iterable[Address]]

_KNOWN = (
    "lockstep.",
    "pants.backend.codegen.",
    "pants.backend.docker.",
    "pants.backend.python.",
    "pants.backend.shell.",
)
"""Where the rules that infer dependencies are known to read nothing but `DependencyInputs`."""

_OF_THE_CLIENT = "PANTSD_"


@dataclass(frozen=True)
class DependencyInputs:
    """All that the dependencies of all targets follow from.

    Attributes:
        options: arguments and configuration files of the call.
        environment: its variables, but for those that Pants' client tells its daemon of itself.
        targets: all of them, with their fields.
        paths: all files and folders there are.
        contents: what the files hold that imports and the like are read from.
        modules: what the locks provide.
    """

    options: tuple[object, ...]
    environment: tuple[tuple[str, str], ...]
    targets: AllUnexpandedTargets
    paths: Paths
    contents: Digest
    modules: ThirdPartyPythonModuleMapping


@dataclass(frozen=True)
class MaybeDependencyInputs:
    """None where a plugin infers dependencies from who knows what."""

    inputs: DependencyInputs | None


@dataclass(frozen=True)
class Dependents:
    """Who depends on each target, and what that was made from."""

    inputs: DependencyInputs
    mapping: Mapped


@dataclass(eq=False)
class Memory:
    """What is known of dependents when a selection begins, and what it finds.

    The engine may run a selection again because a file changed meanwhile, so what was found holds
    only once the selection is done.
    """

    known: tuple[Dependents, ...] = ()
    found: Dependents | None = None

    def recalled(self, inputs: DependencyInputs | None) -> Mapped | None:
        """Who depends on what, if it was made from the same before."""
        return next((known.mapping for known in self.known if known.inputs == inputs), None)

    def forget(self) -> None:
        """Hold nothing any longer."""
        self.known, self.found = (), None


@rule(desc="Look whether dependents are known")
async def find_dependency_inputs(
    session: SessionValues,
    unions: UnionMembership,
    targets: AllTargets,
    unexpanded: AllUnexpandedTargets,
    modules: ThirdPartyPythonModuleMapping,
) -> MaybeDependencyInputs:
    if not all(one.__module__.startswith(_KNOWN) for one in unions.get(InferDependenciesRequest)):
        return MaybeDependencyInputs(None)
    options, environment = session[OptionsBootstrapper], session[CompleteEnvironmentVars]
    files = options.config.values
    read = sorted({path for target in targets for path in _read(target)})
    paths, contents = await MultiGet(Get(Paths, PathGlobs(["**"])), Get(Digest, PathGlobs(read)))
    return MaybeDependencyInputs(
        DependencyInputs(
            # The first argument is the program. A configuration is equal to itself alone.
            (options.args[1:], *((file.path, file.section_to_values) for file in files)),
            tuple(sorted(v for v in environment.items() if not v[0].startswith(_OF_THE_CLIENT))),
            unexpanded,
            paths,
            contents,
            modules,
        )
    )


def _read(target: Target) -> Iterator[str]:
    """The files of a target that its dependencies may be read from."""
    if isinstance(target, (LockfileTarget, TargetGeneratorSourcesHelperTarget)):
        return  # what a requirements input states is in the fields of the targets made from it
    for field in target.field_values.values():
        if isinstance(field, (FileSourceField, ResourceSourceField)):
            continue
        if isinstance(field, SourcesField):
            yield from field.filespec["includes"]
        elif isinstance(field, SecondaryOwnerMixin):
            yield from field.filespec["includes"]


def rules() -> Iterable[Rule]:
    return collect_rules()
