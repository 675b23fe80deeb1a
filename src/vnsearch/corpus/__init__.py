"""Files -> Reports: folders of pages saved as text, Markdown or HTML, of documents, and files of records.

``read_corpus`` is the door. Behind it, by stage: ``files`` (paths, kinds, ids), ``encoding`` (bytes to text),
``legacy`` and ``legacy_markup`` (TCVN3 and VNI to Unicode), ``records`` (JSON and tables), ``markdown`` and ``html`` (markup
to text), ``documents`` with ``docx``, ``odt`` and ``pdf``, and for pages saved as text ``lines``
(paragraphs), ``furniture`` (the patterns), ``dates``, ``bylines``, ``extent`` (where the report ends), ``headline``,
``reading`` (a page and what is known of it), ``head``, ``tail`` and ``page`` (the parts put together).
"""

from vnsearch.corpus.files import read_corpus
from vnsearch.corpus.samples import samples_path

__all__ = ["read_corpus", "samples_path"]
