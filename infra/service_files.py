"""Read what each service tells about itself: its Procfile and infra/service.toml."""

import re
import shlex
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

_KEYS: dict[str, type] = {"process": str, "port": int, "health": str, "environment": dict}
_PLACEHOLDER = re.compile(r"\{(?:(state)|url of ([a-z0-9_-]+))\}")


class ServiceFileError(ValueError):
    """What services tell about themselves cannot be used; the message names the file."""


@dataclass(frozen=True)
class Service:
    """A service. Values of its environment may hold `{state}` and `{url of NAME}`."""

    name: str
    command: tuple[str, ...]
    port: int
    health: str
    environment: Mapping[str, str]

    @property
    def needs(self) -> frozenset[str]:
        """The names of the services whose URLs it is told."""
        found = (_PLACEHOLDER.findall(value) for value in self.environment.values())
        return frozenset(name for matches in found for _, name in matches if name)

    def filled_environment(self, state: Path, urls: Mapping[str, str]) -> dict[str, str]:
        """Return its environment, given its folder and the URLs of the services it needs."""
        return {
            name: _PLACEHOLDER.sub(lambda match: urls[match[2]] if match[2] else str(state), value)
            for name, value in self.environment.items()
        }


def read_services(folder: Path) -> list[Service]:
    """Read all FOLDER/*/infra/service.toml, and order each service after those it needs.

    Raises ServiceFileError.
    """
    paths = sorted(folder.glob("*/infra/service.toml"))
    if not paths:
        raise ServiceFileError(f"There is no */infra/service.toml in {folder}.")
    services = {service.name: service for service in map(_read_service, paths)}
    for name, service in services.items():
        for missing in sorted(service.needs - services.keys()):
            raise ServiceFileError(f"{name} needs the URL of {missing}, which is no service.")
    try:
        order = [
            *TopologicalSorter({s.name: sorted(s.needs) for s in services.values()}).static_order()
        ]
    except CycleError as error:
        circle = " needs ".join(reversed(error.args[1]))
        raise ServiceFileError(f"Services need each other in a circle: {circle}.") from error
    return [services[name] for name in order]


def _read_service(path: Path) -> Service:
    try:
        told = tomllib.loads(path.read_text())
    except ValueError as error:
        raise ServiceFileError(f"{path} is not TOML: {error}.") from error
    for key in told.keys() - _KEYS.keys():
        raise ServiceFileError(f"{path} holds {key!r}, but only {', '.join(_KEYS)} mean something.")
    for key, kind in _KEYS.items():
        if type(told.get(key)) is not kind:
            raise ServiceFileError(f"{path} must hold {key!r} as a {_named(kind)}.")
    for name, value in told["environment"].items():
        if not isinstance(value, str) or re.search(r"[{}]", _PLACEHOLDER.sub("", value)):
            valid = "text with no braces but those of {state} and {url of NAME}"
            raise ServiceFileError(f"{name} in {path} is {value!r}, but must be {valid}.")
    return Service(
        name=path.parents[1].name,
        command=_command(path.parents[1] / "Procfile", told["process"]),
        port=told["port"],
        health=told["health"],
        environment=told["environment"],
    )


def _named(kind: type[Any]) -> str:
    return {str: "text", int: "whole number", dict: "table"}[kind]


def _command(procfile: Path, process: str) -> tuple[str, ...]:
    """Return the words of a process's command; its `python` is the one that runs this."""
    try:
        lines = procfile.read_text().splitlines()
    except FileNotFoundError as error:
        raise ServiceFileError(f"There is no {procfile}.") from error
    for line in lines:
        name, colon, command = line.partition(":")
        if colon and name.strip() == process and (words := shlex.split(command)):
            return (sys.executable if words[0] == "python" else words[0], *words[1:])
    raise ServiceFileError(f"{procfile} has no process {process!r}.")
