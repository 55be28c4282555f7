"""The seam through which `--changed-since` selects exactly what is affected, for every goal."""

from __future__ import annotations

import logging
from collections import deque
from typing import Any

from pants.base.specs import AddressLiteralSpec, FileLiteralSpec, RawSpecs, Specs
from pants.bin import local_pants_runner
from pants.core.util_rules.environments import determine_bootstrap_environment
from pants.engine.addresses import Address, AddressInput
from pants.engine.environment import EnvironmentName
from pants.engine.internals.selectors import Params
from pants.engine.rules import QueryRule
from pants.init import specs_calculator
from pants.util.frozendict import FrozenDict
from pants.vcs.changed import ChangedOptions

from lockstep.affected.dependents import Dependents, Memory
from lockstep.affected.selection import Depth, Selection, SelectionRequest
from lockstep.core.affected import reaches

logger = logging.getLogger(__name__)

_known: deque[Dependents] = deque(maxlen=4)
"""Who depends on what, from the last calls of this daemon that differed in it."""

_original = specs_calculator.calculate_specs


def calculate_specs(
    options_bootstrapper: Any, options: Any, session: Any, working_dir: str
) -> Specs:
    """What a call is about: for `--changed-since` what is affected, else what Pants makes of it."""
    changed = ChangedOptions.from_options(options.for_scope("changed"))
    if not changed.since or changed.diffspec or options.specs:
        return _original(options_bootstrapper, options, session, working_dir)
    environment = determine_bootstrap_environment(session)
    memory = Memory(tuple(_known))
    request = SelectionRequest(
        changed.since, reaches(options.goals), Depth(changed.dependents.value), memory=memory
    )
    try:
        (selection,) = session.product_request(
            Selection, [Params(request, options_bootstrapper, environment)]
        )
        if memory.found is not None:
            _known.append(memory.found)
    finally:
        memory.forget()  # the engine keeps each request
    for cause in selection.everywhere:
        logger.warning(f"Selected all in reach of {cause.reach.value}: {cause}")
    return _specs(selection, options.for_global_scope().unmatched_cli_globs)


def _specs(selection: Selection, unmatched: Any) -> Specs:
    return Specs(
        includes=RawSpecs(
            address_literals=tuple(_literal(affected.target) for affected in selection.affected),
            # Goals that know no targets, such as count-loc, look at files.
            file_literals=tuple(FileLiteralSpec(path) for path in selection.files),
            unmatched_glob_behavior=unmatched,
            filter_by_global_options=True,
            from_change_detection=True,
            description_of_origin="`--changed-since`",
        ),
        ignores=RawSpecs(description_of_origin="`--changed-since`"),
    )


def _literal(address: Address) -> AddressLiteralSpec:
    parsed = AddressInput.parse(address.spec, description_of_origin="`--changed-since`")
    return AddressLiteralSpec(
        path_component=parsed.path_component,
        target_component=parsed.target_component,
        generated_component=parsed.generated_component,
        parameters=FrozenDict(parsed.parameters),
    )


def install() -> None:
    """Put the seam in place."""
    local_pants_runner.calculate_specs = calculate_specs  # type: ignore[attr-defined]


def rules() -> list[QueryRule]:
    return [QueryRule(Selection, [SelectionRequest, EnvironmentName])]
