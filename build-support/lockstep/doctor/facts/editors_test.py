"""The settings of editors, read from real files."""

from __future__ import annotations

from pathlib import Path

import pytest

from lockstep.core.editor_layout import Link, Settings, Source, settings
from lockstep.doctor.checks.editors import Place, SettingsFile
from lockstep.doctor.facts.context import Context
from lockstep.doctor.facts.editors import record_damaged, settings_files
from lockstep.envs import editor_files

NOTHING = [
    SettingsFile("pyrightconfig.json", there=False),
    SettingsFile(".vscode/settings.json", there=False),
    SettingsFile(".env", there=False),
]


@pytest.fixture
def context(tmp_path: Path) -> Context:
    return Context.of(tmp_path, {"HOME": "/no/home"})


def exported(root: Path) -> Settings:
    (root / ".venv/bin").mkdir(parents=True)
    (root / "libs/tests").mkdir(parents=True)
    sources = [Source("libs/a.py", "libs", "default"), Source("libs/tests/t.py", "libs", "default")]
    made = settings(sources, {"default": Link(".venv", "3.11")}, "default", str(root))
    assert not [one for one in editor_files.write(root, made) if one.is_fault]
    return made


def test_there_are_none_before_an_export(context: Context) -> None:
    assert settings_files(context) == NOTHING


def test_what_an_export_writes_names_nothing_that_is_missing(context: Context) -> None:
    exported(context.root)
    paths = ("pyrightconfig.json", ".vscode/settings.json", ".env")
    assert settings_files(context) == [SettingsFile(path, ours=True) for path in paths]


def test_what_is_lost_is_found(context: Context) -> None:
    exported(context.root)
    (context.root / "libs").rename(context.root / "moved")
    (context.root / ".venv").rename(context.root / "environment")
    libs = str(context.root / "libs")
    assert [file.lost for file in settings_files(context)] == [
        (Place(".venv", "venv"), Place("libs", "extraPaths")),
        (Place(".venv/bin/python", "python.defaultInterpreterPath"),),
        (Place(libs, "PYTHONPATH"), Place(libs, "MYPYPATH")),
    ]


def test_a_link_that_leads_nowhere_is_left_to_its_own_check(context: Context) -> None:
    exported(context.root)
    (context.root / ".venv").rename(context.root / "environment")
    (context.root / ".venv").symlink_to("/no/such/environment")
    assert [file.lost for file in settings_files(context)] == [(), (), ()]


@pytest.mark.parametrize(
    "path,text,lost",
    [
        (
            "pyrightconfig.json",
            '{"venv": "mine", "venvPath": "envs"}',
            [Place("envs/mine", "venv")],
        ),
        ("pyrightconfig.json", '{"venv": 3, "extraPaths": "a", "executionEnvironments": [1]}', []),
        (
            "pyrightconfig.json",
            '{"executionEnvironments": [{"root": "a", "extraPaths": ["b"]}, {"root": 1}]}',
            [Place("a", "executionEnvironments"), Place("b", "extraPaths")],
        ),
        (".vscode/settings.json", '{"python.defaultInterpreterPath": "python3"}', []),
        (".vscode/settings.json", '{"python.defaultInterpreterPath": "~/bin/python"}', []),
        (".vscode/settings.json", '{"python.analysis.extraPaths": ["${env:A}/a"]}', []),
        (
            ".vscode/settings.json",
            '{"python.analysis.extraPaths": ["${workspaceFolder}/a"]}',
            [Place("a", "python.analysis.extraPaths")],
        ),
        (".env", "PYTHONPATH=${env:A}:a\nOTHER=b\n", [Place("a", "PYTHONPATH")]),
    ],
)
def test_what_a_person_wrote_is_looked_at_too(
    context: Context, path: str, text: str, lost: list[Place]
) -> None:
    (context.root / path).parent.mkdir(exist_ok=True)
    (context.root / path).write_text(text)
    (found,) = (file for file in settings_files(context) if file.path == path)
    assert found == SettingsFile(path, lost=tuple(lost))


def test_a_table_of_pyright_is_looked_at_where_there_is_no_file(context: Context) -> None:
    (context.root / "pyproject.toml").write_text('[tool.pyright]\nvenv = ".venv"\n')
    lost = SettingsFile("[tool.pyright] of pyproject.toml", lost=(Place(".venv", "venv"),))
    assert settings_files(context) == [*NOTHING, lost]
    (context.root / "pyproject.toml").write_text("pyright = [")
    assert settings_files(context) == NOTHING


def test_what_cannot_be_read_has_its_place_and_mend(context: Context) -> None:
    (context.root / "pyrightconfig.json").write_text('{"venv": ".venv"\n"venvPath": "."}')
    (context.root / ".vscode").mkdir()
    (context.root / ".vscode/settings.json").write_bytes(b"\xff")
    (context.root / ".env").mkdir()
    assert [file.error for file in settings_files(context)] == [
        (
            "pyrightconfig.json:2: a comma or a closing brace is expected.",
            "Mend the JSON, or delete the file.",
        ),
        (".vscode/settings.json is not UTF-8.", "Save it as UTF-8."),
        (".env is not a file.", "Put a file in its place."),
    ]


def test_a_damaged_record_is_seen(context: Context) -> None:
    assert not record_damaged(context)
    folder = context.root / ".pants.d/lockstep"
    folder.mkdir(parents=True)
    (folder / "editor-settings.json").write_text("{")
    assert record_damaged(context)
