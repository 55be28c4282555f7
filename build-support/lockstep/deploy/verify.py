"""`./pants verify`: tells whether a published deployable is what was built and signed."""

from __future__ import annotations

from pathlib import Path
from typing import Iterable

from pants.base.build_root import BuildRoot
from pants.engine.console import Console
from pants.engine.goal import Goal
from pants.engine.rules import Rule, collect_rules, goal_rule

from lockstep.core.errors import LockstepError
from lockstep.deploy.subsystem import Deploy
from lockstep.deployables.verification import verify
from lockstep.subsystem import VerifySubsystem


class VerifyGoal(Goal):
    subsystem_cls = VerifySubsystem
    environment_behavior = Goal.EnvironmentBehavior.LOCAL_ONLY


@goal_rule
async def verify_artifacts(
    subsystem: VerifySubsystem, deploy: Deploy, console: Console, root: BuildRoot
) -> VerifyGoal:
    folder = Path(root.path)
    try:
        if not subsystem.artifact:
            raise LockstepError("There is nothing to verify", mend="Name it by `--artifact=FILE`")
        if deploy.allowed_signers is None:
            raise LockstepError(
                "Nobody's signature counts, so nothing can be verified",
                mend="Set `[deploy].allowed_signers` to a file of `NAME KEYTYPE KEY` lines",
            )
        allowed = folder / Path(deploy.allowed_signers).expanduser()
        for artifact in subsystem.artifact:
            found = verify(folder / artifact, allowed)
            console.print_stdout(f"{artifact} is as {found.signer} signed it:")
            for name in found.files:
                console.print_stdout(f"  {name}")
    except LockstepError as error:
        console.print_stderr(console.red(str(error)))
        return VerifyGoal(exit_code=1)
    return VerifyGoal(exit_code=0)


def rules() -> Iterable[Rule]:
    return collect_rules()
