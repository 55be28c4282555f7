"""Started by the launcher `py`: `main.py warm ROOT CACHE WORD...`, with nothing but the standard
library, and by `pants`: `main.py cold ROOT CACHE BOOTSTRAP WORD...`, with Pants' environment.
"""

import sys

mode, root, cache = sys.argv[1:4]
sys.path.insert(0, f"{root}/build-support")
if mode == "warm":
    import os

    from lockstep.scripts import warm

    warm.main(root, cache, sys.argv[4:])
    launcher = f"{root}/pants"
    try:
        os.execv(launcher, [launcher, "--bootstrap-script", *sys.argv[4:]])
    except OSError as error:
        mend = "Restore it from version control."
        sys.exit(f"py: error: {launcher} cannot be run ({error.strerror}). {mend}")
else:
    from lockstep.scripts import cold

    sys.exit(cold.main(root, cache, sys.argv[4], sys.argv[5:]))
