"""What the name of a distribution file says."""

import re
from dataclasses import dataclass

from packaging.utils import parse_sdist_filename, parse_wheel_filename
from packaging.version import Version

_CHARACTERS = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+!-]*")


@dataclass(frozen=True)
class FileName:
    """The name of a wheel (PEP 427) or an sdist (PEP 625); the project name is normalised."""

    name: str
    project: str
    version: Version

    @property
    def is_wheel(self) -> bool:
        """Whether it is a wheel, not an sdist."""
        return self.name.endswith(".whl")


def parse_file_name(name: str) -> FileName:
    """Read the name of a .whl or .tar.gz file. Raises ValueError if it is neither."""
    if not _CHARACTERS.fullmatch(name) or not name.endswith((".whl", ".tar.gz")):
        raise ValueError(f"{name!r} is not the name of a wheel or of a .tar.gz sdist")
    if name.endswith(".whl"):
        project, version, *_ = parse_wheel_filename(name)
    else:
        project, version = parse_sdist_filename(name)
    return FileName(name, project, version)
