"""What Pants' native client starts when no daemon answers: Pants, with one engine instead of two.

At each start Pants lays out an engine of its own for resolving the distributions that
`[GLOBAL].plugins` names, which takes as long as laying out the one it works with, also where that
option names none. Here it is laid out once it is needed.

Runs in the environment of Pants, beside Pants' own console script; see `environment.write_server`.
"""

from __future__ import annotations

from functools import cached_property

from pants.bin.pants_loader import main
from pants.engine.env_vars import CompleteEnvironmentVars
from pants.engine.internals.native_engine import PyExecutor
from pants.engine.internals.scheduler import Scheduler
from pants.init import options_initializer
from pants.init.options_initializer import create_bootstrap_scheduler
from pants.init.plugin_resolver import (
    PluginResolver,
    PluginsRequest,
    ResolvedPluginDistributions,
)
from pants.option.options_bootstrapper import OptionsBootstrapper


class LaterScheduler:
    """Stands for a `BootstrapScheduler`, and is laid out when it is asked for."""

    def __init__(self, options_bootstrapper: OptionsBootstrapper, executor: PyExecutor) -> None:
        self._arguments = options_bootstrapper, executor

    @cached_property
    def scheduler(self) -> Scheduler:
        return create_bootstrap_scheduler(*self._arguments).scheduler


class NeededPluginResolver(PluginResolver):
    """Resolves plugins where some are named."""

    def _resolve_plugins(
        self,
        options_bootstrapper: OptionsBootstrapper,
        env: CompleteEnvironmentVars,
        request: PluginsRequest,
    ) -> ResolvedPluginDistributions:
        if not options_bootstrapper.get_bootstrap_options().for_global_scope().plugins:
            return ResolvedPluginDistributions()
        return super()._resolve_plugins(options_bootstrapper, env, request)


def install() -> None:
    """Let Pants lay out the engine for plugins only where some are named."""
    setattr(options_initializer, "create_bootstrap_scheduler", LaterScheduler)
    setattr(options_initializer, "PluginResolver", NeededPluginResolver)


if __name__ == "__main__":
    install()
    main()
