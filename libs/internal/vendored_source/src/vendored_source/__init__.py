"""Third-party source kept in this repository: where it comes from, and that it still is that.

`external/README.md` describes the folders.
"""

from vendored_source._check import check, vendored_folders
from vendored_source._origin import ORIGIN, Origin, VendoredError, read_origin
from vendored_source._restore import restore

__all__ = [
    "ORIGIN",
    "Origin",
    "VendoredError",
    "check",
    "read_origin",
    "restore",
    "vendored_folders",
]
