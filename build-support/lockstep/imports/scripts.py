"""Finds the scripts that state their own requirements (PEP 723), through their targets."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Iterable

from pants.backend.python.macros.python_requirements import PythonRequirementsTargetGenerator
from pants.engine.addresses import Address
from pants.engine.rules import Rule, collect_rules, rule
from pants.engine.target import AllUnexpandedTargets, SingleSourceField
from pants.util.frozendict import FrozenDict

from lockstep.core.inputs import is_script


@dataclass(frozen=True)
class ScriptInputs:
    """The scripts that are inputs.

    Attributes:
        generators: by a script's path, the targets that generate its requirements.
    """

    generators: FrozenDict[str, tuple[Address, ...]]

    def own(self, address: Address, path: str) -> bool:
        """Whether a requirement is one that the script at a path states itself."""
        return address.maybe_convert_to_target_generator() in self.generators.get(path, ())

    def any(self, address: Address) -> bool:
        """Whether a requirement is one that a script states."""
        return any(self.own(address, path) for path in self.generators)


@rule(desc="Find the scripts that state their own requirements")
async def find_script_inputs(targets: AllUnexpandedTargets) -> ScriptInputs:
    generators: dict[str, list[Address]] = defaultdict(list)
    for target in targets:
        if isinstance(target, PythonRequirementsTargetGenerator):
            path = str(target[SingleSourceField].file_path)
            if is_script(path):
                generators[path].append(target.address)
    return ScriptInputs(FrozenDict((p, tuple(sorted(a))) for p, a in sorted(generators.items())))


def rules() -> Iterable[Rule]:
    return collect_rules()
