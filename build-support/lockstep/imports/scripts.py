"""Finds the scripts that have requirements of their own, through the targets of these."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Iterable

from pants.backend.python.macros.python_requirements import PythonRequirementsTargetGenerator
from pants.engine.addresses import Address
from pants.engine.rules import Rule, collect_rules, rule
from pants.engine.target import AllUnexpandedTargets, SingleSourceField
from pants.util.frozendict import FrozenDict

from lockstep.core.inputs import script_of


@dataclass(frozen=True)
class ScriptInputs:
    """The scripts that have inputs of their own: a block (PEP 723), or a spec beside them.

    Attributes:
        generators: by a script's path, the targets that generate its requirements.
    """

    generators: FrozenDict[str, tuple[Address, ...]]

    def own(self, address: Address, path: str) -> bool:
        """Whether a requirement is one that is stated for the script at a path alone."""
        return address.maybe_convert_to_target_generator() in self.generators.get(path, ())

    def any(self, address: Address) -> bool:
        """Whether a requirement is stated for some script alone."""
        return any(self.own(address, path) for path in self.generators)


@rule(desc="Find the scripts that have requirements of their own")
async def find_script_inputs(targets: AllUnexpandedTargets) -> ScriptInputs:
    generators: dict[str, list[Address]] = defaultdict(list)
    for target in targets:
        if isinstance(target, PythonRequirementsTargetGenerator):
            script = script_of(str(target[SingleSourceField].file_path))
            if script is not None:
                generators[script].append(target.address)
    return ScriptInputs(FrozenDict((p, tuple(sorted(a))) for p, a in sorted(generators.items())))


def rules() -> Iterable[Rule]:
    return collect_rules()
