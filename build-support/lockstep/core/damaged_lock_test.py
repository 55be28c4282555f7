"""Damaged locks and what is said of each: `testdata/damaged` holds one valid lock, patched."""

from __future__ import annotations

from pathlib import Path

import pytest

from lockstep.core.errors import TextError
from lockstep.core.lock_codec import parse

DAMAGED = Path(__file__).parent / "testdata" / "damaged"
RESTORE = "Restore the file from version control, or run `./pants lock` to write it anew."
SHORT_HASH = "`--hash=sha256:73191c47aaa79da394e8fee2dbc2ec827432cab5631...`"
NOT_A_HASH = "is not a hash (`--hash=sha256:` and 64 digits)"
NINES = "9" * 57
NOT_A_PIN = "is not a pin (`name==version`)"
INVALID = "is not a valid requirement (PEP 508)"

FAULTS = {
    "annotation_garbled": "16: `# vai httpcore` is no annotation (`# via name`)",
    "annotation_not_a_comment": "12: `httpx` belongs to no pin",
    "binary_junk": "18: `--hash=sh\\x00\\x01\\x7f\ufffda256:2d400746a40668fc9dec9810239072...` "
    + NOT_A_HASH,
    "byte_order_mark": f"1: `\\ufeff# Lockstep lock, format 1. Do not edit: `./pants lo...` {NOT_A_PIN}",
    "cut_off_after_backslash": "13: the file ends within an entry",
    "cut_off_within_line": "18: the last line has no line end, so the file is cut off",
    "duplicate_pin": "39: `H11` is pinned a second time (first: 13)",
    "duplicate_pin_of_one_marker": "32: `idna` is pinned a second time (first: 25)",
    "editable": f"13: `-e .` {NOT_A_PIN}",
    "empty": "1: the lock holds no pin",
    "format_huge": f"1: the lock has format {NINES}..., this Lockstep reads up to 1",
    "format_newer": "1: the lock has format 2, this Lockstep reads up to 1",
    "garbage_line": f"17: `%% lost+found %%` {NOT_A_PIN}",
    "hash_missing_after_backslash": "9: `# via` stands where a `--hash=` must follow",
    "hash_not_indented": "15: the option `--hash` belongs in no lock",
    "hash_of_unknown_algorithm": "8: `--hash=md5:73191c47aaa79da394e8fee2dbc2ec827432cab5631112...` "
    + NOT_A_HASH,
    "hash_one_digit_short": f"8: {SHORT_HASH} {NOT_A_HASH}",
    "hash_with_foreign_letter": f"8: {SHORT_HASH} {NOT_A_HASH}",
    "hash_without_backslash_before": "9: `--hash=sha256:b9995d97b64d0431a5af837d8ca8cd6238104d1f319...` "
    "belongs to no pin",
    "header_lacks_field": "1: the header lacks `inputs:`",
    "indented_orphan": f"7: `# via nobody` {NOT_A_PIN}",
    "marker_invalid": f'32: `idna==3.4 ; sys_platform = "win32"` {INVALID}',
    "marker_nested_too_deep": "32: `idna==3.4 ; (((((((((((((((((((((((((((((((((((((((((((((...` "
    + INVALID,
    "merge_conflict": f"17: `<<<<<<< HEAD` {NOT_A_PIN}",
    "merge_conflict_within_hashes": "8: `<<<<<<< HEAD` stands where a `--hash=` must follow",
    "only_blank_lines": "1: the lock holds no pin",
    "only_comments": "1: the lock holds no pin",
    "option_unknown": "7: the option `--indexurl` belongs in no lock",
    "unpinned": f"13: `foo>=1` {NOT_A_PIN}",
    "url_invalid": f"13: `h11 @ https://[index.example/h11.whl` {INVALID}",
    "url_with_password": f"13: `h11 @@ https://****@index.example/h11.whl \\` {NOT_A_PIN}",
    "version_invalid": f"13: `h11==banana` {INVALID}",
    "version_wildcard": f"13: `h11==0.16.*` {INVALID}",
}
MENDS = dict.fromkeys(("format_newer", "format_huge"), "Update Lockstep in this checkout.")


def test_every_file_is_in_the_table() -> None:
    assert {path.stem for path in DAMAGED.iterdir()} == FAULTS.keys()


@pytest.mark.parametrize("name", sorted(FAULTS))
def test_damage_is_told_with_line_and_mend(name: str) -> None:
    text = (DAMAGED / f"{name}.txt").read_bytes().decode()
    with pytest.raises(TextError) as caught:
        parse(text, "3rdparty/lock.txt")
    mend = MENDS.get(name, RESTORE)
    assert str(caught.value) == f"3rdparty/lock.txt:{FAULTS[name]}. {mend}"
