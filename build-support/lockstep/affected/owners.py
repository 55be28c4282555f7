"""Which targets a file belongs to: looked up for all files at once."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Iterable, Mapping, Sequence

from pants.backend.python.subsystems.setup import PythonSetup
from pants.core.target_types import (
    LockfileSourceField,
    LockfileTarget,
    TargetGeneratorSourcesHelperTarget,
)
from pants.engine.addresses import Address
from pants.engine.rules import Rule, collect_rules, rule
from pants.engine.target import (
    AllTargets,
    AllUnexpandedTargets,
    SecondaryOwnerMixin,
    SingleSourceField,
    SourcesField,
    Target,
    TargetGenerator,
)


@dataclass(frozen=True)
class Ownership:
    """All targets, and how to find those of a file.

    Attributes:
        targets: all of them, target generators replaced by what they generate.
        generators: all target generators.
        inputs: requirements inputs, and locks that are targets, which count by what they mean.
    """

    targets: AllTargets
    generators: tuple[Target, ...]
    inputs: frozenset[str] = frozenset()
    _by_file: Mapping[str, tuple[Target, ...]] = field(compare=False, default_factory=dict)
    _by_glob: tuple[Target, ...] = field(compare=False, default=())
    _by_generator: Mapping[tuple[str, str], tuple[Target, ...]] = field(
        compare=False, default_factory=dict
    )

    def of(self, path: str) -> Sequence[Target]:
        """The targets that own a file that is there."""
        return (
            *self._by_file.get(path, ()),
            *(target for target in self._by_glob if owns(target, path)),
        )

    def defined_as(self, folder: str, name: str) -> Sequence[Target]:
        """The targets that one definition in a BUILD file makes."""
        return self._by_generator.get((folder, name), ())

    def generators_of(self, path: str) -> Sequence[Target]:
        """The target generators whose sources would hold a file, were it there."""
        return [generator for generator in self.generators if owns(generator, path)]

    def below(self, folder: str) -> Iterable[Target]:
        """The targets in a folder and all folders in it."""
        within = f"{folder}/" if folder else ""
        return (t for t in self.targets if f"{t.address.spec_path}/".startswith(within))


def owns(target: Target, path: str) -> bool:
    """Whether a file is among the sources of a target, or one that another field names."""
    if target.address.spec_path and not path.startswith(f"{target.address.spec_path}/"):
        return False
    others = (f for f in target.field_values.values() if isinstance(f, SecondaryOwnerMixin))
    matchers = [target.get(SourcesField).filespec_matcher, *(f.filespec_matcher for f in others)]
    return any(matcher.matches([path]) for matcher in matchers)


def generators_of_address(address: Address) -> tuple[str, str]:
    """The folder and name of the definition that a target comes from."""
    return address.spec_path, address.target_name


@rule
async def find_owners_of_all(
    targets: AllTargets, unexpanded: AllUnexpandedTargets, python_setup: PythonSetup
) -> Ownership:
    locks = {*python_setup.resolves.values()}
    by_file: dict[str, list[Target]] = defaultdict(list)
    by_generator: dict[tuple[str, str], list[Target]] = defaultdict(list)
    by_glob: list[Target] = []
    inputs: set[str] = set()
    for target in targets:
        by_generator[generators_of_address(target.address)].append(target)
        if isinstance(target, TargetGeneratorSourcesHelperTarget):
            inputs.add(str(target[SingleSourceField].file_path))
            continue
        if isinstance(target, LockfileTarget):
            path = str(target[LockfileSourceField].file_path)
            if path in locks:
                inputs.add(path)
                continue
        if target.has_field(SingleSourceField) and target[SingleSourceField].value is not None:
            by_file[str(target[SingleSourceField].file_path)].append(target)
        elif target.has_field(SourcesField) and target.get(SourcesField).filespec["includes"]:
            by_glob.append(target)
        if any(isinstance(f, SecondaryOwnerMixin) for f in target.field_values.values()):
            by_glob.append(target)
    return Ownership(
        targets,
        tuple(target for target in unexpanded if isinstance(target, TargetGenerator)),
        frozenset(inputs),
        {path: tuple(found) for path, found in by_file.items()},
        tuple(dict.fromkeys(by_glob)),
        {name: tuple(found) for name, found in by_generator.items()},
    )


def rules() -> Iterable[Rule]:
    return collect_rules()
