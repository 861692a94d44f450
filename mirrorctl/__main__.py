"""`python -m mirrorctl`."""

import sys

from mirrorctl.cli import main

if __name__ == "__main__":
    sys.exit(main())
