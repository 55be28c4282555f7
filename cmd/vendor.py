"""Check and fetch the vendored source in external/; the README there describes it."""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from vendored_source import Origin, VendoredError, check, read_origin, restore, vendored_folders

# Pants runs programs from a copy, but in the root of the repository.
EXTERNAL = Path("external")


def main(arguments: list[str] | None = None) -> None:
    """Do what the arguments say. Exits with a sentence or more on stderr if something is wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    checking = commands.add_parser("check", help="compare folders with what they record")
    checking.add_argument("name", nargs="*", help="a folder below external (default: all)")
    fetching = commands.add_parser("fetch", help="write a folder anew from its sdist and patch")
    fetching.add_argument("name", help="a folder below external")
    options = parser.parse_args(arguments)
    try:
        if options.command == "check":
            check_all([_folder(name) for name in options.name] or _folders())
        else:
            fetch(_folder(options.name))
    except (VendoredError, OSError) as error:
        sys.exit(str(error))


def check_all(folders: list[Path]) -> None:
    """Print which folders are right. Raises VendoredError with a line for each fault."""
    problems = []
    for folder in folders:
        if found := check(folder):
            problems += found
        else:
            print(f"{folder} is as recorded.")
    if problems:
        raise VendoredError("\n".join(problems))


def fetch(folder: Path) -> None:
    """Write the vendored files of a folder anew where they differ, and print which."""
    origin = read_origin(folder)
    with tempfile.TemporaryDirectory() as temporary:
        written = restore(folder, _download(origin, Path(temporary)))
    for path in written:
        print(f"{folder / path} is written.")
    check_all([folder])


def _folders() -> list[Path]:
    if not EXTERNAL.is_dir():
        raise VendoredError(f"There is no folder external in {Path.cwd()}; run this by ./pants.")
    return vendored_folders(EXTERNAL)


def _folder(name: str) -> Path:
    folders = {folder.name: folder for folder in _folders()}
    if name not in folders:
        known = ", ".join(folders) or "none"
        raise VendoredError(f"There is no folder external/{name}; there are {known}.")
    return folders[name]


def _download(origin: Origin, folder: Path) -> Path:
    """Let pip, with its configuration, download an sdist that has the recorded SHA-256."""
    requirement = folder / "requirement.txt"
    requirement.write_text(
        f"{origin.distribution}=={origin.version} --hash=sha256:{origin.sha256}\n"
    )
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pip", "download", "--no-input", "--no-deps"),
            *("--no-binary", origin.distribution, "--dest", folder, "--requirement", requirement),
        ],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    if "DO NOT MATCH THE HASHES" in done.stderr:
        raise VendoredError(
            f"{origin.sdist} on the index does not have the SHA-256 of ORIGIN.toml; "
            "find out which of them is wrong before you correct it."
        )
    if done.returncode != 0:
        errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR: ")]
        said = errors[-1].removeprefix("ERROR: ") if errors else done.stderr.strip()
        raise VendoredError(
            f"pip cannot download {origin.sdist}: {said}; see to the network and the index."
        )
    if not (folder / origin.sdist).is_file():
        raise VendoredError(f"pip downloaded no {origin.sdist}; correct sdist in ORIGIN.toml.")
    return folder / origin.sdist


if __name__ == "__main__":
    main()
