"""Characters: one spelling for each text, marks dropped on demand, and offsets that stay true.

In reading order: ``letters`` and ``syllable`` (tables and rules of the script), ``offsets``, ``compose`` (NFC),
``normalize`` (loses nothing), ``fold`` (drops marks), ``values`` (numbers, dates and their like, with ``value_*`` behind).
``visible`` is for what is shown to people.
"""
