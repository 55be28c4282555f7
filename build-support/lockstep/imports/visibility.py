"""Import rules: Pants' visibility rules, which know a project of its own and say the way out.

They are stated as always, by `__dependencies_rules__` and `__dependents_rules__`. Beyond that

- a `=` in the place of a folder is the folder at that place of the target that the rule is for, so
  that `//services/=/**` is a service's own code with no line in each service's BUILD file;
- remarks (strings that begin with `#`) are told with a violation.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, Iterator, Optional, cast

from pants.backend.visibility.rule_types import (
    BuildFileVisibilityRules,
    BuildFileVisibilityRulesParserState,
    VisibilityRule,
    VisibilityRuleSet,
    flatten,
)
from pants.engine.addresses import Address
from pants.engine.internals.dep_rules import (
    BuildFileDependencyRules,
    BuildFileDependencyRulesParserState,
    DependencyRuleAction,
    DependencyRuleApplication,
)
from pants.engine.internals.target_adaptor import TargetAdaptor


@dataclass(frozen=True)
class RemarkedRuleSet(VisibilityRuleSet):
    """A rule set with its remarks.

    Attributes:
        remarks: what a violation is told with; empty where nothing is remarked.
    """

    remarks: str = ""


class ImportRules(BuildFileVisibilityRules):
    """The rules that hold for the targets of a BUILD file."""

    @staticmethod
    def create_parser_state(
        path: str, parent: BuildFileDependencyRules | None
    ) -> BuildFileDependencyRulesParserState:
        return _ParserState(path, cast(Optional[BuildFileVisibilityRules], parent))

    @classmethod
    def check_dependency_rules(cls, **sides: Any) -> DependencyRuleApplication:
        application = super().check_dependency_rules(**sides)
        if application.action is not DependencyRuleAction.DENY:
            return application
        remarks = [
            rules.denial(sides[f"{one}_address"], sides[f"{one}_adaptor"], *other)
            for rules, one, other in (
                (sides["dependencies_rules"], "origin", _side(sides, "dependency")),
                (sides["dependents_rules"], "dependency", _side(sides, "origin")),
            )
            if rules is not None
        ]
        return _Denial(
            **{f.name: getattr(application, f.name) for f in dataclasses.fields(application)},
            remarks=next(filter(None, remarks), ""),
        )

    def get_action(
        self,
        address: Address,
        adaptor: TargetAdaptor,
        other_address: Address,
        other_adaptor: TargetAdaptor,
    ) -> tuple[VisibilityRuleSet | None, DependencyRuleAction | None, str | None]:
        ruleset = self.get_ruleset(address, adaptor)
        own = () if ruleset is None else (_with_own_folders(ruleset, address),)
        action: tuple[VisibilityRuleSet | None, DependencyRuleAction | None, str | None]
        action = BuildFileVisibilityRules(self.path, own).get_action(
            address, adaptor, other_address, other_adaptor
        )
        return action

    def denial(
        self,
        address: Address,
        adaptor: TargetAdaptor,
        other_address: Address,
        other_adaptor: TargetAdaptor,
    ) -> str:
        """The remarks of the rule set that forbids something; empty where it is allowed."""
        action = self.get_action(address, adaptor, other_address, other_adaptor)[1]
        if action is not DependencyRuleAction.DENY:
            return ""
        ruleset = self.get_ruleset(address, adaptor)
        remarks = ruleset.remarks if isinstance(ruleset, RemarkedRuleSet) else ""
        return remarks or f"A rule of {self.path} forbids it."


@dataclass
class _ParserState(BuildFileVisibilityRulesParserState):
    def set_dependency_rules(self, build_file: str, *args: Any, **kwargs: Any) -> None:
        super().set_dependency_rules(build_file, *args, **kwargs)
        stated = [arg for arg in args if arg]
        self.rulesets = [
            RemarkedRuleSet(rules.build_file, rules.selectors, rules.rules, _remarks(arg))
            for rules, arg in zip(self.rulesets, stated)
        ] + self.rulesets[len(stated) :]

    def get_frozen_dependency_rules(self) -> BuildFileDependencyRules | None:
        return ImportRules(self.path, tuple(self.rulesets)) if self.rulesets else self.parent


@dataclass(frozen=True)
class _Denial(DependencyRuleApplication):
    remarks: str = ""

    def execute(self) -> str:
        return f"{self.origin_address} must not depend on {self.dependency_address}. {self.remarks}"


def _side(sides: dict[str, Any], name: str) -> tuple[Any, Any]:
    return sides[f"{name}_address"], sides[f"{name}_adaptor"]


def _remarks(arg: Any) -> str:
    return " ".join(text[1:].strip() for text in flatten(arg[1:], str) if text.startswith("#"))


def _with_own_folders(ruleset: VisibilityRuleSet, address: Address) -> VisibilityRuleSet:
    folders = (address.filename if address.is_file_target else address.spec_path).split("/")
    return dataclasses.replace(ruleset, rules=tuple(_own_rules(ruleset, folders)))


def _own_rules(ruleset: VisibilityRuleSet, folders: list[str]) -> Iterator[VisibilityRule]:
    base = ruleset.build_file.rpartition("/")[0]
    for rule in ruleset.rules:
        before, root, path = str(rule).partition("//")
        if not root or "=" not in path.split("/"):
            yield rule
            continue
        known = [*folders, *path.split("/")[len(folders) :]]
        own = (known[at] if part == "=" else part for at, part in enumerate(path.split("/")))
        yield VisibilityRule.parse(f"{before}//{'/'.join(own)}", base)
