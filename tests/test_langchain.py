"""The retriever for LangChain."""

from __future__ import annotations

import asyncio
import subprocess
import sys

import pytest

pytest.importorskip("langchain_core", reason="needs the extra langchain")

from vnsearch import UnknownFieldError
from vnsearch.langchain import VnSearchRetriever


def test_documents_are_reports_with_what_matched(collection):
    document = VnSearchRetriever(index=collection).invoke("duong lang")[0]
    report = collection.get("duong-lang")
    assert (document.id, document.page_content) == ("duong-lang", report.body)
    assert document.metadata["title"] == "Làm đường làng bằng bê tông"
    assert (document.metadata["date"], document.metadata["source"]) == ("2021-06-15", "Báo Sông Lam")
    assert document.metadata["score"] > 0
    assert "đường" in [document.page_content[start:end] for start, end in document.metadata["marks"]]


def test_a_snippet_may_be_the_content(collection):
    (document,) = VnSearchRetriever(index=collection, content="snippet", search_kwargs={"limit": 1}).invoke("vuon cam")
    assert document.page_content == collection.search("vuon cam")[0].snippet.text
    body = collection.get(document.id).body
    assert "vườn" in {body[start:end].lower() for start, end in document.metadata["marks"]}


def test_options_of_a_call_count_more_than_those_of_the_retriever(collection):
    retriever = VnSearchRetriever(index=collection, search_kwargs={"limit": 2, "filters": {"source": "Báo Sông Lam"}})
    assert {document.metadata["source"] for document in retriever.invoke("họp đường lúa")} == {"Báo Sông Lam"}
    assert len(retriever.invoke("họp đường lúa")) == 2
    assert len(retriever.invoke("họp đường lúa", limit=3)) == 3
    with pytest.raises(UnknownFieldError):
        retriever.invoke("họp", filters={"huyện": "Sông Lam"})


def test_async_and_batches_come_from_the_base_class(collection):
    retriever = VnSearchRetriever(index=collection)
    alone = retriever.invoke("chợ nổi")
    assert alone
    assert asyncio.run(retriever.ainvoke("chợ nổi")) == alone
    assert retriever.batch(["chợ nổi", "xyzxyz"]) == [alone, []]


def test_without_the_package_it_says_what_to_install():
    code = (
        "import sys; sys.modules['langchain_core'] = None\n"
        "import vnsearch\n"
        "try: import vnsearch.langchain\n"
        "except vnsearch.MissingExtraError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert 'pip install "vnsearch[langchain]"' in done.stdout
