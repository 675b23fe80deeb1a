"""Vietnamese made by chance is shared with the tests of text; no deadlines, since a machine may be busy."""

import sys
from pathlib import Path

from hypothesis import settings

sys.path.insert(0, str(Path(__file__).parents[1] / "text"))

settings.register_profile("analysis", deadline=None)
settings.load_profile("analysis")
