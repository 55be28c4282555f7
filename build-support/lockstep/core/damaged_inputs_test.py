"""Damaged inputs and what is said of each: `testdata/damaged_inputs` holds three, patched."""

from __future__ import annotations

from pathlib import Path

import pytest

from lockstep.core.errors import TextError
from lockstep.core.inputs import parse_input

DAMAGED = Path(__file__).parent / "testdata" / "damaged_inputs"

MESSAGES = {
    "bare_url.in": "8: `git+https://code.example/shop@v1` does not say which project it is."
    " Write `name @ git+https://code.example/shop@v1`.",
    "binary_junk.in": "1: `\x00\x01\x02\x7fELF` is not a requirement."
    " Write it as PEP 508 has it, such as `name>=1.2`.",
    "build_option.in": "6: the option `--config-settings` is for a build, and no lock holds how its"
    " releases are built."
    " Leave it out; where the build needs it, build a wheel and offer that by an index.",
    "coding_cookie.in": "1: the file says that it is in `latin-1`, and inputs are read as UTF-8."
    " Save it as UTF-8 and leave that comment out.",
    "credentials_in_broken_line.in": "4: `click` stands behind an option, where pip passes over it."
    " Give it a line of its own.",
    "cut_off.py.txt": "3: Invalid value (at end of document)." " Mend the TOML.",
    "cut_off.pyproject.toml": '6: Expected "\'" (at end of document).' " Mend the TOML.",
    "cut_off_within_hash.in": "6: `--hash=sha256:0a0a0a0a0a0a0a0a0a0a` is not a hash (`--hash=sha256:` and 64"
    " digits)."
    " Mend it, or leave it out: the lock holds the hashes of all its releases.",
    "cut_off_within_option.in": "3: the option `--constraint` cannot be read in an input (option --constraint"
    " requires argument)."
    " Write it as `pip help install` has it, or leave it out.",
    "cut_off_within_quotes.in": "4: the options cannot be read (No closing quotation)."
    " Close the quotation.",
    "duplicate_key.pyproject.toml": "9: Cannot overwrite a value (column 18)." " Mend the TOML.",
    "editable.in": "11: `-e ./libs/money` is editable: a lock holds releases, and first-party code is"
    " imported live."
    " Leave it out, and import the code from where it lies.",
    "editable_of_repository.in": "11: `-e git+https://****@code.example/tool@v2#egg=tool` is editable: a lock holds"
    " releases, and first-party code is imported live."
    " Write `tool @ git+https://****@code.example/tool@v2`, which is not editable.",
    "environment_variable.in": "4: `${USER}` is a variable of the caller's environment, on which no lock may depend."
    " Write its value; a credential belongs in pip's configuration or in a netrc file.",
    "include_group_unknown.pyproject.toml": "10: `dependency-groups.test` includes the group `lints`, which this file does not"
    " have."
    " State it in `[dependency-groups]`, or correct the name.",
    "include_of_url.in": "2: `https://****@files.example/base.in` is a file on the network, which can change"
    " at any time."
    " Copy the file into the repository, and name it by its path from this file.",
    "include_outside.in": "2: `../../base.in` lies outside of the repository."
    " Copy the file into the repository, and name it by its path from this file.",
    "json.in": "1: `{` is not a requirement." " Write it as PEP 508 has it, such as `name>=1.2`.",
    "merge_conflict.in": "5: `<<<<<<< HEAD` is not a requirement."
    " Write it as PEP 508 has it, such as `name>=1.2`.",
    "merge_conflict.pyproject.toml": "5: Invalid statement (column 1)." " Mend the TOML.",
    "requirement_of_second_array_broken.pyproject.toml": "8: `click=>8` is not a requirement."
    " Write it as PEP 508 has it, such as `name>=1.2`.",
    "second_block.py.txt": "8: a second `script` block begins (first: 1)." " Join both into one.",
}


def test_every_file_is_in_the_table() -> None:
    assert {path.name for path in DAMAGED.iterdir()} == MESSAGES.keys()


@pytest.mark.parametrize("name", sorted(MESSAGES))
def test_damage_is_told_with_line_and_mend(name: str) -> None:
    path = "x/pyproject.toml" if name.endswith(".toml") else f"x/{name.replace('.py.txt', '.py')}"
    with pytest.raises(TextError) as caught:
        parse_input((DAMAGED / name).read_bytes().decode(), path)
    assert str(caught.value) == f"{path}:{MESSAGES[name]}"
