"""What is to become of each file that editors and shells read, given what stands there now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Collection, Iterator, Mapping, Sequence, Union

from lockstep.core.editor_layout import Settings
from lockstep.core.editor_settings import PYPROJECT, PYRIGHT, Merged, merged, pyright_table
from lockstep.core.errors import LockstepError
from lockstep.core.jsonc import Json
from lockstep.core.shell_hooks import HOOK_FILES, ShellHook, hook_files

Text = Union[str, None, LockstepError]
"""What stands in a file: None where there is no file, the error where it cannot be read."""

Values = Mapping[str, Sequence[Json]]
"""By key, the values that we wrote last; several where it is not known which of them was written."""

_WHOLE = ""
"""The key of a text that is ours as a whole."""


@dataclass(frozen=True)
class Plan:
    """What is to become of a file.

    Attributes:
        path: relative to the build root.
        before: its text; None where there is no file.
        after: its new text, and what of it is ours.
        fault: why it is left alone, with the mend.
        remark: what else is to be told.
    """

    path: str
    before: str | None = None
    after: Merged = Merged(None)
    fault: str = ""
    remark: str = ""

    @property
    def changes(self) -> bool:
        return not self.fault and self.before != self.after.text

    @property
    def done(self) -> str:
        """What is told of it afterwards."""
        verb = "Wrote" if self.before is None else "Updated"
        if self.after.text is None:
            verb = "Removed"
        kept = f" Of yours stays: {', '.join(self.after.kept)}." if self.after.kept else ""
        return f"{verb} {self.path}.{kept}"


def paths(settings: Settings) -> Sequence[str]:
    """The files that a plan is made from."""
    return (*settings.files, PYPROJECT, *HOOK_FILES)


def make_plans(
    texts: Mapping[str, Text],
    settings: Settings,
    hooks: Collection[ShellHook],
    build_root: str,
    values: Mapping[str, Values],
) -> Sequence[Plan]:
    """One plan for each file that is ours, is to be, or cannot be told from a person's.

    Args:
        texts: what stands in each of `paths`.
        settings: what the files should say.
        hooks: those that are wanted beside those that are ours already.
        build_root: its absolute path.
        values: what of each file is ours.
    """
    found = []
    for path, wanted in settings.files.items():
        found.append(_settings_plan(path, texts, wanted, values.get(path, {})))
    for hook in ShellHook:
        for path, text in hook_files(hook, settings, build_root).items():
            ours = values.get(path, {}).get(_WHOLE, ())
            if ours or hook in hooks:
                found.append(_hook_plan(path, texts[path], text, ours, hook in hooks))
    return found


def _settings_plan(
    path: str, texts: Mapping[str, Text], wanted: Mapping[str, Json], last: Values
) -> Plan:
    text = texts[path]
    try:
        if isinstance(text, LockstepError):
            raise text
        if path == PYRIGHT:
            pyproject = texts[PYPROJECT]
            if isinstance(pyproject, LockstepError):
                raise pyproject
            table = pyright_table(pyproject or "")
            # Beside a pyrightconfig.json of a person's own, the table is out of force anyway.
            if table is not None and (text is None or merged(path, text, {}, last).text is None):
                return Plan(path, text, Merged(None), remark=_told_of_table(table, wanted))
        return Plan(path, text, merged(path, text, wanted, last))
    except LockstepError as error:
        return Plan(path, fault=f"{error} Until then {path} is left alone.")


def _told_of_table(table: Mapping[str, object], wanted: Mapping[str, Json]) -> str:
    missing = [key for key in ("venvPath", "venv") if table.get(key) != wanted[key]]
    if not missing:
        return ""
    lines = ", ".join(f'{key} = "{wanted[key]}"' for key in missing)
    return (
        f"{PYPROJECT} has a table [tool.pyright], so {PYRIGHT} is not written. Set there: {lines}."
    )


def _hook_plan(path: str, there: Text, text: str, ours: Sequence[Json], wanted: bool) -> Plan:
    if isinstance(there, LockstepError):
        return Plan(path, fault=f"{there} Until then it is left alone.")
    if there in ours or there == text or (there is None and wanted):
        return Plan(path, there, Merged(text, {_WHOLE: text}))
    if there is None or not wanted:
        return Plan(path, there, Merged(there))  # a person deleted or took over what we wrote
    return Plan(
        path, fault=f"{path} is yours, so it is left alone. Add to it what docs/editors.md shows."
    )
