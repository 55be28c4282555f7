"""What is said of the settings of editors, word by word."""

from __future__ import annotations

import pytest

from lockstep.doctor.checks import editors
from lockstep.doctor.checks.conftest import told
from lockstep.doctor.checks.editors import Place, SettingsFile

PYRIGHT = SettingsFile("pyrightconfig.json", ours=True)
VSCODE = SettingsFile(".vscode/settings.json", ours=True)
NONE = [SettingsFile("pyrightconfig.json", there=False), SettingsFile(".env", there=False)]
GONE = [SettingsFile("pyrightconfig.json", there=False, ours=True)]
LIBS, APP = Place("/old/libs", "PYTHONPATH"), Place("/old/app", "PYTHONPATH")


@pytest.mark.parametrize(
    "files,expected",
    [
        (NONE, ["ok: There are no settings for editors yet; `./pants export` writes them."]),
        (
            [PYRIGHT],
            [
                "ok: What pyrightconfig.json names is there; `./pants export --check` tells whether"
                " it is up to date."
            ],
        ),
        (
            [PYRIGHT, VSCODE, NONE[1]],
            [
                "ok: What pyrightconfig.json and .vscode/settings.json name is there; `./pants"
                " export --check` tells whether it is up to date."
            ],
        ),
        (
            [SettingsFile("pyrightconfig.json", error=("It is not UTF-8.", "Save it as UTF-8."))],
            ["fault: It is not UTF-8. Save it as UTF-8."],
        ),
        (
            [SettingsFile(".env", lost=(LIBS,))],
            [
                "warning: .env names /old/libs (in PYTHONPATH), which is not there. Run `./pants"
                " export`. What stays then is yours: correct it."
            ],
        ),
        (
            [SettingsFile(".env", lost=(LIBS, APP))],
            [
                "warning: .env names /old/libs (in PYTHONPATH) and 1 more, which are not there. Run"
                " `./pants export`. What stays then is yours: correct it."
            ],
        ),
        (
            GONE,
            [
                "warning: pyrightconfig.json, which `./pants export` wrote, is gone. Run `./pants"
                " export`."
            ],
        ),
    ],
)
def test_settings_of_editors(files: list[SettingsFile], expected: list[str]) -> None:
    assert told(editors.check(files)) == expected


def test_a_damaged_record_is_told() -> None:
    assert told(editors.check([PYRIGHT, VSCODE], record_damaged=True)) == [
        "warning: The record of what `./pants export` wrote for editors is damaged, so all that is"
        " there counts as yours. Delete of pyrightconfig.json and .vscode/settings.json what you did"
        " not write. Run `./pants export`."
    ]
