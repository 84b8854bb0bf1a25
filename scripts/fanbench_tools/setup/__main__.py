"""What scripts/fanbench hands over to."""

import sys

from .. import ending

sys.exit(ending.call("fanbench_tools.setup.preparing", sys.argv[1:]))
