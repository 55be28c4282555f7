"""Tell which projects of this repository require what, and where their ranges differ."""

import argparse
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

# What shares the one lock; build-support has locks of its own.
FOLDERS = ("3rdparty/python", "cmd", "external", "libs", "services")

Ranges = dict[str, list[str]]
"""Each range, and the inputs that state it."""


def main(arguments: list[str] | None = None) -> None:
    """Print the report. Exits with a sentence on stderr for a line that is no requirement."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--differing", action="store_true", help="only where ranges differ")
    options = parser.parse_args(arguments)
    inputs = sorted(path for folder in FOLDERS for path in Path(folder).rglob("*.in"))
    try:
        for line in report(required(inputs), differing=options.differing):
            print(line)
    except (InvalidRequirement, OSError) as error:
        sys.exit(str(error))


def required(inputs: Iterable[Path]) -> dict[str, Ranges]:
    """Return the ranges of each project (normalised name).

    Raises InvalidRequirement, naming file and line.
    """
    projects: dict[str, Ranges] = defaultdict(lambda: defaultdict(list))
    for path in inputs:
        for number, line in enumerate(path.read_text().splitlines(), 1):
            stated = line.partition("#")[0].strip()
            if not stated:
                continue
            try:
                requirement = Requirement(stated)
            except InvalidRequirement as error:
                raise InvalidRequirement(
                    f"{path}:{number}: {stated!r} is not a requirement such as httpx>=0.27."
                ) from error
            marker = f" ; {requirement.marker}" if requirement.marker else ""
            project = canonicalize_name(requirement.name)
            projects[project][f"{requirement.specifier or 'any'}{marker}"].append(str(path))
    return projects


def report(projects: dict[str, Ranges], *, differing: bool) -> Iterator[str]:
    """Yield the lines of the report."""
    for project, ranges in sorted(projects.items()):
        if len(ranges) > 1:
            yield f"{project} ({len(ranges)} ranges)"
        elif differing:
            continue
        else:
            yield project
        for stated, inputs in sorted(ranges.items()):
            yield f"  {stated}: {', '.join(inputs)}"


if __name__ == "__main__":
    main()
