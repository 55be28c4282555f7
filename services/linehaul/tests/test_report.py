from datetime import date

import pandas as pd
import pytest

from linehaul.report import first_day, weekly_totals
from linehaul.store import Count

TODAY = date(2024, 5, 31)  # a Friday


@pytest.mark.parametrize(
    ("weeks", "today", "expected"),
    [
        (1, date(2024, 5, 27), date(2024, 5, 27)),
        (1, date(2024, 6, 2), date(2024, 5, 27)),
        (3, TODAY, date(2024, 5, 13)),
    ],
)
def test_first_day(weeks: int, today: date, expected: date) -> None:
    assert first_day(weeks, today) == expected


def test_totals_per_project_and_week() -> None:
    counts = [
        Count("six", "1.0", date(2024, 5, 12), 1000),
        Count("six", "1.0", date(2024, 5, 13), 1),
        Count("six", "1.0", date(2024, 5, 19), 2),
        Count("six", "2.0", date(2024, 5, 19), 4),
        Count("six", "2.0", date(2024, 6, 2), 8),
        Count("six", "2.0", date(2024, 6, 3), 1000),
        Count("attrs", "1.0", date(2024, 5, 31), 16),
        Count("late", "1.0", date.max, 1000),
        Count("early", "1.0", date.min, 1000),
    ]
    assert weekly_totals(counts, 3, TODAY) == {
        "weeks": ["2024-05-13", "2024-05-20", "2024-05-27"],
        "projects": {"attrs": [0, 0, 16], "six": [7, 0, 8]},
    }


def test_no_counts() -> None:
    assert weekly_totals([], 1, TODAY) == {"weeks": ["2024-05-27"], "projects": {}}


def test_totals_agree_with_calendar_weeks() -> None:
    days = pd.date_range("2023-12-25", "2024-05-31")
    counts = [Count("six", "1.0", day.date(), day.day_of_year) for day in days]
    weekly = pd.Series(days.day_of_year, index=days).resample("W").sum()
    report = weekly_totals(counts, len(weekly), TODAY)
    assert report["projects"] == {"six": weekly.tolist()}
