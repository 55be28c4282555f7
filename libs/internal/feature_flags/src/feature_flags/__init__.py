"""Switches of a service: declared in a TOML file, set by environment variables.

    [show_downloads]
    description = "Downloads beside each file."
    default = true          # what the flag is, unless something below says otherwise
    expires = 2027-06-30    # optional: from then on, each process that uses it logs one warning

    [new_search]
    description = "Search by words."
    default = false
    rollout = 25            # optional: on for this percentage of keys, always the same ones

The variable FLAG_NEW_SEARCH, `on` or `off`, decides for all keys.
"""

from feature_flags._declared import Flag, FlagError
from feature_flags._flags import Flags, flags_or_exit, read_flags

__all__ = ["Flag", "FlagError", "Flags", "flags_or_exit", "read_flags"]
