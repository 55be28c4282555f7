"""Pants' decorator for rules that run in every session; it has no public name."""

from __future__ import annotations

from pants.engine.rules import _uncacheable_rule as uncacheable_rule

__all__ = ["uncacheable_rule"]
