"""A segment as arrays: how it is made of analysed reports, merged, written, mapped and read.

One file for each segment (``container``). In it, sorted dictionaries of terms (``terms``), lists of documents for each term
(``postings``), the reports' texts as sequences of term numbers with the place of each (``tokens``), and the reports
themselves in compressed blocks (``stored``). ``build`` inverts analysed reports, ``merge`` joins segments, ``segment``
reads one. Nothing here knows Whoosh. docs/index-format.md describes the file byte by byte.
"""
