"""What resolvers tell where an index fails them, not the requirements.

The texts are prose and change between releases; what is not known here is taken for a conflict.
"""

from __future__ import annotations

import re

from lockstep.core.errors import LockstepError

_OF_AN_INDEX = (
    *("Failed to fetch: ", "Request failed after ", "error sending request"),  # uv
    *("IncompleteDownloadError", "DO NOT MATCH THE HASHES"),
    *("ConnectionError", "ConnectTimeout", "ReadTimeout", "HTTP error ", "NetworkConnectionError"),
)
_RAISED = re.compile(r"^(?:[A-Za-z_]\w*\.)*(?P<name>[A-Za-z_]\w*)(?P<told>: .*)$")


def is_of_index(told: str) -> bool:
    """Whether an index did not answer, or gave something else than it promised."""
    return any(words in told for words in _OF_AN_INDEX)


def index_error(lock_path: str, resolver: str, told: str) -> LockstepError:
    """The error of a lock that an index kept from being written."""
    return LockstepError(
        f"{lock_path} stands as it was, since an index does not answer as it should",
        mend=f"See to what {resolver} names, then run this again",
        detail=told,
    )


def without_traceback(told: str) -> str:
    """What pip says, without the traceback where it ends in one, and the module of its exception."""
    lines = told.splitlines()
    if not any(line.startswith("Traceback ") for line in lines):
        return told
    for at in range(len(lines) - 1, -1, -1):
        raised = _RAISED.match(lines[at])
        if raised is not None:
            return "\n".join([f"{raised['name']}{raised['told']}", *lines[at + 1 :]])
    return told
