"""What editors are told of the environments, merged into what people have set themselves."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Mapping, NamedTuple, Sequence, Union

from lockstep.core.dotenv import DotenvText, read_dotenv
from lockstep.core.jsonc import Json, JsoncText, read_jsonc, same

PYRIGHT = "pyrightconfig.json"
VSCODE = ".vscode/settings.json"
DOTENV = ".env"
PYPROJECT = "pyproject.toml"

PATH_VARIABLES = ("PYTHONPATH", "MYPYPATH")
"""What `.env` sets: where programs find the sources, and where mypy does."""

_BY_ELEMENT = {"extraPaths": "", "executionEnvironments": "root", "PYTHONPATH": "", "MYPYPATH": ""}
"""Lists that are merged by element, and the key that tells what an element is about."""

_OTHER_FRAMEWORK = "python.testing.unittestEnabled"

_ABSENT: Any = object()


@dataclass(frozen=True)
class Merged:
    """A file with our settings in it.

    Attributes:
        text: the new text; None where there is to be no file, since nothing is in it.
        written: the keys that are ours now, with what of them is ours.
        kept: the keys that a person has set to something else than we would.
    """

    text: str | None
    written: Mapping[str, Json] = field(default_factory=dict)
    kept: tuple[str, ...] = ()


def merged(
    path: str,
    text: str | None,
    wanted: Mapping[str, Json],
    last: Mapping[str, Sequence[Json]] = {},
) -> Merged:
    """Merge what we want into what is there.

    A key is ours if it is absent or has a value that we wrote; every other is a person's and stays.
    Of lists of paths and of pyright's environments, the elements that we wrote are ours. Comments,
    order, indentation, line ends and trailing commas stay as they are.

    Args:
        path: one of the files above.
        text: what is there; None where there is no file.
        wanted: the keys that are to be ours, with their values. Those of `last` that are missing
            here are taken away.
        last: `Merged.written` of the last time; several values of a key where it is not known which
            of them was written.

    Raises:
        TextError: what is there cannot be read.
    """
    document: Union[DotenvText, JsoncText]
    if path == DOTENV:
        document = read_dotenv(text or "", path, PATH_VARIABLES)
    else:
        document = read_jsonc(text or "", path)
    wanted = {key: value for key, value in wanted.items() if value or key not in _BY_ELEMENT}
    if document.values.get(_OTHER_FRAMEWORK) is True:
        wanted = {key: wanted[key] for key in wanted if not key.startswith("python.testing.")}
    before = document
    written = {}
    kept = []
    for key in {**last, **wanted}:
        there = document.values.get(key, _ABSENT)
        decided = _decide(key, there, wanted.get(key, _ABSENT), last.get(key, ()))
        if decided.value is _ABSENT:
            document = document.without(key)
        elif decided.value is not there:
            document = document.with_value(key, decided.value)
        if decided.ours is not _ABSENT:
            written[key] = decided.ours
        if decided.kept:
            kept.append(key)
    if document.text == before.text:
        return Merged(text, written, tuple(kept))
    bare = document.text.split() in ([], ["{}"], ["{", "}"]) and text is not None
    return Merged(None if bare else document.text, written, tuple(kept))


class _Decided(NamedTuple):
    """What becomes of a key.

    Attributes:
        value: the one to have; `_ABSENT` takes the key away.
        ours: what of it is ours then.
        kept: whether it is a person's, and not what we want.
    """

    value: Any
    ours: Any = _ABSENT
    kept: bool = False


def _decide(key: str, there: Any, wanted: Any, last: Sequence[Json]) -> _Decided:
    if there is _ABSENT:
        return _Decided(wanted, wanted)
    if key in _BY_ELEMENT and isinstance(there, list):
        return _decide_elements(_BY_ELEMENT[key], there, wanted, last)
    if not _holds(last, there):
        return _Decided(there, kept=wanted is not _ABSENT and not same(there, wanted))
    return _Decided(wanted, wanted)


def _decide_elements(
    about: str, there: Sequence[Json], wanted: Any, last: Sequence[Json]
) -> _Decided:
    ours = [element for value in last if isinstance(value, list) for element in value]
    theirs = [element for element in there if not _holds(ours, element)]
    taken = [_about(element, about) for element in theirs]
    wishes = () if wanted is _ABSENT else wanted
    mine = [element for element in wishes if not _holds(taken, _about(element, about))]
    if not theirs and not mine:
        return _Decided(_ABSENT if last else there)
    left = [element for element in there if _holds([*theirs, *mine], element)]
    value = [*left, *(element for element in mine if not _holds(left, element))]
    if not same([element for element in value if _holds(mine, element)], mine):
        value = [*theirs, *mine]  # ours have an order of their own
    return _Decided(value, _ABSENT if wanted is _ABSENT else mine)


def _holds(values: Sequence[Json], value: Json) -> bool:
    return any(same(one, value) for one in values)


def _about(element: Json, key: str) -> Json:
    return element.get(key) if key and isinstance(element, dict) else element


def pyright_table(pyproject: str) -> Mapping[str, Any] | None:
    """The table of pyright in pyproject.toml, which a pyrightconfig.json would put out of force.

    Raises:
        TextError: it cannot be read.
    """
    if "pyright" not in pyproject:  # reading TOML takes longer than all else
        return None
    # Imported late, since the doctor has settings to read where there may be nothing but Python.
    from lockstep.core.toml_text import read_toml

    document = read_toml(pyproject, PYPROJECT)
    return document.table("tool", "pyright") if "pyright" in document.table("tool") else None
