"""`python -m retrace_app.cli` is `retrace`."""

import sys

from retrace_app.cli import main

sys.exit(main())
