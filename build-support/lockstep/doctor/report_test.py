"""The layout of a report."""

from __future__ import annotations

from lockstep.doctor.checks.finding import fault, ok
from lockstep.doctor.redaction import Private
from lockstep.doctor.render import as_json, as_text
from lockstep.doctor.report import ReportFacts, Run, markdown

FINDINGS = (ok("git", "git 2.39 | all."), fault("disk", "Only 1 GiB is free.", "Free some space."))

WHOLE = """\
# Bug report

<!-- What did you do, what came of it, what did you expect? -->

## Command

```
./pants test ::
```

It ended with exit code 1.

````
before
```
after
````

## Versions

| | |
|---|---|
| Pants | 2.17.1 |

## Checks

1 fault, no warnings.

| | | |
|---|---|---|
| ok | git | git 2.39 \\| all. |
| fault | disk | Only 1 GiB is free. Free some space. |

## Configuration

```
PATH=/bin
```

How pip is configured, as Lockstep passes it on:

```
UV_DEFAULT_INDEX=https://index.example
```

`pants.toml`:

```toml
[GLOBAL]
```
"""


def test_whole_report() -> None:
    facts = ReportFacts(
        {"Pants": "2.17.1"},
        {"PATH": "/bin"},
        {"UV_DEFAULT_INDEX": "https://index.example"},
        {"pants.toml": "[GLOBAL]\n"},
        FINDINGS,
        Run("./pants test ::", 1, "before\n```\nafter\n"),
    )
    assert markdown(facts, Private()) == WHOLE


def test_the_end_of_a_long_output_is_kept() -> None:
    output = "".join(f"line {at}\n" for at in range(1000))
    told = markdown(ReportFacts({}, {}, {}, {}, [], Run("", None, output)), Private())
    assert "[600 lines left out]\nline 600\n" in told and "line 999\n" in told
    assert "line 599\n" not in told


def test_text() -> None:
    assert as_text(FINDINGS) == (
        "ok          git           git 2.39 | all.\n"
        "fault       disk          Only 1 GiB is free.\n"
        "                          Free some space.\n"
        "\n"
        "1 fault, no warnings.\n"
    )


def test_json() -> None:
    assert as_json(FINDINGS[1:]) == (
        '{\n  "format": 1,\n  "exit_code": 1,\n  "findings": [\n    {\n      "about": "disk",\n'
        '      "level": "fault",\n      "text": "Only 1 GiB is free.",\n'
        '      "mend": "Free some space.",\n      "fixable": false\n    }\n  ]\n}\n'
    )
