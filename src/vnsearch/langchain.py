"""A retriever for LangChain. Needs the extra ``langchain``."""

from __future__ import annotations

from typing import Any, Literal

from vnsearch.contract import AnyIndex
from vnsearch.errors import MissingExtraError
from vnsearch.search.results import Hit

try:
    from langchain_core.callbacks import CallbackManagerForRetrieverRun
    from langchain_core.documents import Document
    from langchain_core.retrievers import BaseRetriever
    from pydantic import Field, SkipValidation
except ImportError as error:
    raise MissingExtraError(
        f'the retriever needs langchain-core: pip install "vnsearch[langchain]" ({error})'
    ) from error

__all__ = ["VnSearchRetriever"]


class VnSearchRetriever(BaseRetriever):
    """Finds reports for a chain: ``invoke``, ``ainvoke``, ``batch`` and the rest are LangChain's.

    A document's id is the report's. Its ``metadata`` has the report's other fields (``date`` as ISO text), ``score``, and ``marks``:
    what matched, as (start, end) in code points of the body.

    >>> retriever = VnSearchRetriever(index=Index.open("index/"), search_kwargs={"limit": 4})  # doctest: +SKIP
    >>> retriever.invoke("quy che dan chu", filters={"source": "Báo A"})  # doctest: +SKIP

    Args:
        index: the index, in a folder or on a cluster; it stays the caller's to close.
        content: what ``page_content`` is: the whole "body", or the "snippet".
        search_kwargs: options of ``Index.search``; those given to a call count more.

    Raises:
        MissingExtraError: langchain-core is not installed; raised when this module is imported.
        InvalidArgumentError: an option makes no sense; so for each call.
        UnknownFieldError: a field that cannot be searched or filtered here; so for each call.

    """

    index: SkipValidation[AnyIndex]  # a protocol
    content: Literal["body", "snippet"] = "body"
    search_kwargs: dict[str, Any] = Field(default_factory=dict)

    def _get_relevant_documents(
        self, query: str, *, run_manager: CallbackManagerForRetrieverRun, **search_kwargs: Any
    ) -> list[Document]:
        return [self._document(hit) for hit in self.index.search(query, **{**self.search_kwargs, **search_kwargs})]

    def _document(self, hit: Hit) -> Document:
        found = hit.report.to_dict()
        body = found.pop("body")
        is_whole = self.content == "body"
        return Document(
            id=found.pop("id"),
            page_content=body if is_whole else hit.snippet.text,
            metadata={**found, "score": hit.score, "marks": hit.marks("body") if is_whole else hit.snippet.marks},
        )
