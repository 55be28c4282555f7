"""The requirements inputs that a BUILD file names, read without Pants: what is literal in it."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import Any, Iterable, Iterator, Mapping

from lockstep.core.errors import TextError

_FILE = "python_requirements"
_SINGLE = "python_requirement"
_DEFAULTS = "__defaults__"


@dataclass(frozen=True)
class StatedInput:
    """A target that states requirements.

    Attributes:
        build: the BUILD file, relative to the build root.
        line: of the target.
        source: the input file, relative to the BUILD file's folder; None for single requirements.
        requirements: single requirements (PEP 508).
        resolves: the resolves that it is for; None stands for the default one.
    """

    build: str
    line: int
    source: str | None
    requirements: tuple[str, ...]
    resolves: tuple[str | None, ...]


Defaults = Mapping[str, Any]
"""The resolve that a type of target has by `__defaults__`, by the type."""


@dataclass(frozen=True)
class BuildInputs:
    """What a BUILD file says about inputs.

    Attributes:
        inputs: in the order of the file.
        defaults: what holds below its folder.
    """

    inputs: tuple[StatedInput, ...]
    defaults: Defaults


class _Alternatives(tuple):  # type: ignore[type-arg]
    """The values of a `parametrize` call."""


def read_build(text: str, path: str, defaults: Defaults) -> BuildInputs:
    """Read a BUILD file.

    Args:
        text: the file.
        path: how to call it in errors, relative to the build root.
        defaults: what the files of the folders above say.

    Raises:
        TextError: it is not Python, or a field that matters here is computed.
    """
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None) or 1
        raise TextError(path, line, "the BUILD file cannot be read", mend="Mend it") from None
    reader = _Reader(path, dict(defaults))
    inputs = tuple(reader.inputs(tree.body))
    return BuildInputs(inputs, reader.defaults)


class _Reader:
    def __init__(self, path: str, defaults: dict[str, Any]) -> None:
        self.path = path
        self.defaults = defaults
        self.names: dict[str, Any] = {}

    def inputs(self, body: Iterable[ast.stmt]) -> Iterator[StatedInput]:
        for statement in body:
            if isinstance(statement, ast.Assign):
                self._assign(statement)
            elif isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
                call = statement.value
                kind = call.func.id if isinstance(call.func, ast.Name) else ""
                if kind == _DEFAULTS:
                    self._set_defaults(call)
                elif kind in (_FILE, _SINGLE):
                    yield self._input(kind, call)

    def _assign(self, statement: ast.Assign) -> None:
        try:
            value = self._value(statement.value)
        except TextError:
            return  # it is an error where it is used
        names = [target.id for target in statement.targets if isinstance(target, ast.Name)]
        self.names.update((name, value) for name in names)

    def _input(self, kind: str, call: ast.Call) -> StatedInput:
        fields = {word.arg: word.value for word in call.keywords if word.arg}
        resolve: Any = self.defaults.get(kind)
        if "resolve" in fields:
            resolve = self._value(fields["resolve"])
        source = requirements = None
        if kind == _FILE:
            source = self._value(fields["source"]) if "source" in fields else "requirements.txt"
        elif "requirements" in fields:
            requirements = self._value(fields["requirements"])
        several = isinstance(resolve, _Alternatives)
        return StatedInput(
            self.path,
            call.lineno,
            source,
            tuple(map(str, requirements or ())),
            tuple(resolve) if several else (resolve,),
        )

    def _set_defaults(self, call: ast.Call) -> None:
        words = {word.arg: word.value for word in call.keywords}
        if "all" in words:
            self._default((_FILE, _SINGLE), words["all"])
        if call.args and isinstance(call.args[0], ast.Dict):
            for key, value in zip(call.args[0].keys, call.args[0].values):
                elements = key.elts if isinstance(key, (ast.Tuple, ast.List)) else [key]
                kinds = [
                    e.id if isinstance(e, ast.Name) else getattr(e, "value", "") for e in elements
                ]
                self._default([kind for kind in kinds if kind in (_FILE, _SINGLE)], value)

    def _default(self, kinds: Iterable[str], fields: ast.expr) -> None:
        for kind in kinds:
            if isinstance(fields, ast.Call):
                for word in fields.keywords:
                    if word.arg == "resolve":
                        self.defaults[kind] = self._value(word.value)
            elif isinstance(fields, ast.Dict):
                for key, value in zip(fields.keys, fields.values):
                    if isinstance(key, ast.Constant) and key.value == "resolve":
                        self.defaults[kind] = self._value(value)

    def _value(self, node: ast.expr) -> Any:
        if isinstance(node, ast.Name) and node.id in self.names:
            return self.names[node.id]
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "parametrize":
            values = [*node.args, *(word.value for word in node.keywords)]
            return _Alternatives(self._value(value) for value in values)
        try:
            return ast.literal_eval(node)
        except (ValueError, TypeError):
            raise TextError(
                self.path,
                node.lineno,
                "the value is computed, which `./py` cannot follow",
                mend="Write it out, or let the script state its requirements itself",
            ) from None
