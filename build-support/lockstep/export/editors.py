"""What `./pants export` does beside `.venv`: environments of other resolves, and editors' settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, Collection, Sequence

from lockstep.core.editor_layout import Link, Settings, Source, settings
from lockstep.core.errors import LockstepError
from lockstep.core.shell_hooks import ShellHook
from lockstep.envs import editor_files
from lockstep.envs.checkout import VENV, VENVS, Checkout, Content
from lockstep.envs.interpreters import Interpreter


@dataclass(frozen=True)
class ResolveEnvironment:
    """An environment, and the resolve whose sources run in it."""

    resolve: str
    content: Content
    interpreter: Interpreter

    @property
    def name(self) -> str:
        """The link, where it is not that of `.venv`."""
        return f"{VENVS}/{self.resolve}"


@dataclass(frozen=True)
class Editors:
    """What people's editors are to be told.

    Attributes:
        main: the environment of `.venv`.
        others: those of other resolves that have sources.
        sources: all Python files that targets own.
        hooks: the hooks of shells that are asked for.
    """

    main: ResolveEnvironment
    others: Sequence[ResolveEnvironment]
    sources: Sequence[Source]
    hooks: Collection[ShellHook]

    def settings(self, checkout: Checkout) -> Settings:
        """What the files are to say.

        Raises:
            LockstepError: the path of the checkout does not fit into variables.
        """
        links = {other.resolve: Link(other.name, _minor(other)) for other in self.others}
        links[self.main.resolve] = Link(VENV, _minor(self.main))
        return settings(self.sources, links, self.main.resolve, str(checkout.root))

    def export(
        self,
        checkout: Checkout,
        led_to: object,
        progress: Callable[[str], None],
        say: Callable[[str], None],
        warn: Callable[[str], None],
    ) -> None:
        """Let the other links lead to their environments, and editors know of all of them.

        What fails is a warning: `.venv` is there all the same.

        Args:
            led_to: what `Checkout.led_to` was before anything was exported.
            progress: called with what is going to take a while.
            say: called with what was done.
            warn: called with what could not be.
        """
        before = checkout.led_to()
        for other in self.others:
            try:
                told = checkout.export(other.content, other.interpreter, progress, other.name)
            except LockstepError as error:
                warn(str(error))
                continue
            if checkout.led_to() != before:
                say(told)
            before = checkout.led_to()
        try:
            wanted = self.settings(checkout)
        except LockstepError as error:
            warn(str(error))
            return
        switched = before != led_to
        for one in editor_files.write(checkout.root, wanted, self.hooks, switched):
            (warn if one.is_fault else say)(one.sentence)

    def check(self, checkout: Checkout) -> list[str]:
        """What of this is out of date or damaged, a sentence each without a full stop."""
        found = [
            sentence
            for other in self.others
            for sentence in checkout.check(other.content, other.interpreter, other.name)
        ]
        try:
            wanted = self.settings(checkout)
        except LockstepError as error:
            return [*found, str(error).rstrip(".")]
        stale = editor_files.stale(checkout.root, wanted, self.hooks)
        return [*found, *(sentence.rstrip(".") for sentence in stale)]


def _minor(environment: ResolveEnvironment) -> str:
    return ".".join(environment.interpreter.version.split(".")[:2])
