"""The options of Lockstep and the installer that it uses."""

from __future__ import annotations

from pants.core.util_rules.external_tool import TemplatedExternalTool
from pants.option.option_types import StrOption
from pants.option.subsystem import Subsystem
from pants.util.strutil import softwrap


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
