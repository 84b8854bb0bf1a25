"""`python3 -m fanbench_tools`: the verbs by themselves, without the set-up that scripts/fanbench does first."""

import sys

from . import ending

sys.exit(ending.call("fanbench_tools.cli", sys.argv[1:]))
