"""The options of Lockstep and the installer that it uses."""

from __future__ import annotations

from enum import Enum

from pants.core.util_rules.external_tool import TemplatedExternalTool
from pants.engine.goal import GoalSubsystem
from pants.option.option_types import BoolOption, DictOption, EnumOption, StrListOption, StrOption
from pants.option.subsystem import Subsystem
from pants.util.strutil import softwrap


class Resolver(Enum):
    """What a lock is resolved by."""

    PIP_TOOLS = "pip-tools"
    UV = "uv"


class Undated(Enum):
    """What becomes of releases without an upload time under a cut-off."""

    REFUSE = "refuse"
    ALLOW = "allow"


class Carry(Enum):
    """When coverage is carried from the baseline."""

    AFFECTED = "affected"
    ALWAYS = "always"
    NEVER = "never"


class Lockstep(Subsystem):
    options_scope = "lockstep"
    help = "One lock for the whole repository, and a slice of it for each environment."

    shared_inputs = StrOption(
        default="3rdparty/python",
        help=softwrap("""
            The folder of the requirements inputs that all projects share. Where several inputs
            state one project, an import is served by the importing project's own input, else by
            one below this folder, else by the first by address.
            """),
    )
    scripts = StrListOption(
        help=softwrap("""
            Globs of the scripts that may state their own requirements (PEP 723), such as
            `cmd/*.py`. For each that does, `./pants tailor` proposes a target. None by default. A
            file `script.py.spec` beside a script is proposed wherever it is.
            """),
    )
    resolver = EnumOption(
        default=Resolver.PIP_TOOLS,
        help=softwrap("""
            What a lock is resolved by. With `pip-tools`, uv proposes pins for all declared
            environments, and pip-compile judges them for the environment at hand: where the two
            differ there is no lock, but an error that names both reasons. With `uv` nobody judges,
            which is faster.
            """),
    )
    propose = BoolOption(
        default=True,
        help=softwrap("""
            Whether uv proposes. If not, pip-compile resolves alone, and the lock holds for the one
            environment at hand: using it for another is an error. It says nothing for the resolver
            `uv`.
            """),
    )
    platforms = StrListOption(
        default=["linux_x86_64", "linux_arm64", "macos_arm64"],
        help=softwrap("""
            The platforms that locks hold for, beside the one at hand: `linux_x86_64`,
            `linux_arm64`, `macos_x86_64`, `macos_arm64`. The Pythons are those of the resolve's
            interpreter constraints.
            """),
    )
    constraints = DictOption["list[str]"](
        help=softwrap("""
            Requirements that bound versions without asking for a project, by resolve:
            `{"python-default": ["urllib3<3"]}`. They are as good as `-c` lines of an input.
            """),
    )
    overrides = DictOption["list[str]"](
        help=softwrap("""
            Requirements that take the place of all others for their project, by resolve, such as
            `{"python-default": ["numpy>=2"]}` where a distribution bounds numpy without need.
            pip-tools knows nothing of the kind, so the resolver has to be `uv`.
            """),
    )
    exclusions = DictOption["list[str]"](
        help=softwrap("""
            Projects that are left out though others require them, by resolve. Likewise only for the
            resolver `uv`.
            """),
    )
    prereleases = StrListOption(
        help=softwrap("""
            Resolves whose pins may be pre-releases; a `--pre` line in an input says the same.
            """),
    )
    cooldown = StrOption(
        default="",
        help=softwrap("""
            How old a release has to be before a lock may choose it, such as `7 days`, `36 hours` or
            `2 weeks`, by the upload times that the index tells (PEP 700). None by default. It holds
            for all that the inputs lead to. A pin that the lock has already stays though it is
            younger, and so does what `--upgrade-package=NAME==VERSION` names.
            """),
    )
    undated_releases = EnumOption(
        default=Undated.REFUSE,
        help=softwrap("""
            What becomes of releases whose upload time the index does not tell, where there is a
            cooldown or `--as-of`. `refuse`: where one is needed there is no lock, but an error.
            `allow`: projects without upload times are chosen from as if there was no cut-off. pip
            knows no such exception, so with `propose = false` it is refused.
            """),
    )
    advisories = StrOption(
        default="",
        metavar="FOLDER",
        help=softwrap("""
            A folder or zip archive of records in OSV format (JSON or YAML), such as a checkout of an
            advisory database. It may be absolute, begin with `~`, or be relative to the build root. Or
            the URL of an index that tells vulnerabilities in its JSON, without `/PROJECT/VERSION/json`.
            `./pants audit` reads it. Under a cooldown so does `./pants lock` with an upgrade: a
            release that fixes what affects a pin may be younger.
            """),
    )
    carry_coverage = EnumOption(
        default=Carry.AFFECTED,
        help=softwrap("""
            When `test --use-coverage` reports on the whole repository though it runs only a part of
            the tests: the coverage of the others is carried from the baseline, where all that it
            follows from is unchanged. `affected`: with `--changed-since`. `always`: whatever
            targets are named, too. `never`: not at all, and nothing is kept for later runs.
            """),
    )
    coverage_baseline = StrOption(
        default=None,
        metavar="FOLDER",
        help=softwrap("""
            The folder that keeps the coverage of tests that passed. It may be absolute, begin with
            `~`, or be relative to the build root. By default it is `lockstep/coverage` in git's
            own folder, which the work trees of a clone share, or `.pants.d/lockstep/coverage`
            where there is no git. CI may save and restore it.
            """),
    )
    pip_tools_lock = StrOption(
        default="build-support/bootstrap/tools.lock.txt",
        advanced=True,
        help=softwrap("""
            The lock that pins pip-tools, relative to the build root. `./pants lock` installs its
            slice of `pip-tools` for the interpreter that the resolve is for, and runs it there.
            """),
    )


class Uv(TemplatedExternalTool):
    options_scope = "lockstep-uv"
    name = "uv"
    help = softwrap("""
        The installer of every environment. The launcher `./pants` sets these options to the copy
        that it installed from the package index, pinned and checked by hash.
        """)

    default_version = "none"
    default_known_versions: list[str] = []
    default_url_template = "file:///run-pants-through-its-launcher"


class PexBase(TemplatedExternalTool):
    options_scope = "lockstep-pex-base"
    name = "empty PEX"
    help = softwrap("""
        The empty PEX that the wheels of a slice are put into. The launcher `./pants` sets these
        options to the one that it made with the pinned PEX.
        """)

    default_version = "none"
    default_known_versions: list[str] = []
    default_url_template = "file:///run-pants-through-its-launcher"


class VerifySubsystem(GoalSubsystem):
    name = "verify"
    help = softwrap("""
        Tell whether a deployable is what was built and signed: the artifact and its bill of
        materials by the digests of the provenance, the provenance by its signature. It works offline.
        """)

    artifact = StrListOption(
        metavar="FILE",
        help=softwrap("""
            A file of a deployable, relative to the build root. Bill of materials, provenance and
            signature stand beside it, as they were published. May be given several times.
            """),
    )
    here = BoolOption(
        default=False,
        advanced=True,
        help=softwrap("""
            Of no use to this goal: it is `./pants lock --verify-here`. Pants takes a flag that begins
            with the name of a goal for an option of that goal.
            """),
    )
