"""Started by the launcher `pants`: `main.py ROOT CACHE WORD...`, with Pants' environment."""

from __future__ import annotations

import sys

if __name__ == "__main__":
    sys.path.insert(0, f"{sys.argv[1]}/build-support")
    from lockstep.refresh.command import main

    sys.exit(main(sys.argv[1], sys.argv[2], sys.argv[3:]))
