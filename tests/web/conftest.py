"""Makes what the tests of this folder share known to those of ``browser`` too."""
