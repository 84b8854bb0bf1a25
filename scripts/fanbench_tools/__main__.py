"""`python3 -m fanbench_tools`: what scripts/fanbench hands over to."""

import sys

from .cli import main

sys.exit(main())
