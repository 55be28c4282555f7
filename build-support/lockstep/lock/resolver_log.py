"""What a resolver writes while it works, for those who ask by `-ldebug`.

It is shown at the level of information: a daemon that already runs shows nothing below that,
whatever the level of a call.
"""

from __future__ import annotations

import logging

from pants.option.global_options import GlobalOptions
from pants.util.logging import LogLevel

from lockstep.core.errors import redacted

logger = logging.getLogger(__name__)


def is_asked_for(options: GlobalOptions) -> bool:
    """Whether the call is for the log of the resolvers too."""
    return options.level in (LogLevel.DEBUG, LogLevel.TRACE)


def show(tool: str, log: bytes, options: GlobalOptions) -> None:
    """Show what a tool wrote, if it is asked for; credentials of URLs are left out."""
    if is_asked_for(options):
        logger.info(f"What {tool} told:\n{redacted(log.decode(errors='replace'))}")
