"""`python3 -m fanbench_tools`: the verbs by themselves, without the set-up that scripts/fanbench does first."""

import sys

from .cli import main

sys.exit(main())
