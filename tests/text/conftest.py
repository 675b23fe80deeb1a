"""How Hypothesis runs here: no deadlines, since a machine may be busy."""

from hypothesis import settings

settings.register_profile("text", deadline=None)
settings.load_profile("text")
