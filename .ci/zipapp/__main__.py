"""What any Python is able to read, also one that is too old for the rest of mirrorctl.pyz."""

import sys

if sys.version_info < (3, 11):  # noqa: UP036  whoever runs the file chooses the interpreter
    sys.exit("mirrorctl needs Python 3.11 or later, and this is %d.%d: %s" % (sys.version_info[:2] + (sys.executable,)))  # noqa: RUF005, UP031

from start import start

sys.exit(start())
