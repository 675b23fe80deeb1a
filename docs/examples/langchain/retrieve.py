"""Print what a question finds: the part of a chain that comes before the model."""

import sys

from langchain_core.runnables import RunnableLambda

from vnsearch import Index
from vnsearch.langchain import VnSearchRetriever

with Index.open("index/") as index:
    retriever = VnSearchRetriever(index=index, content="snippet", search_kwargs={"limit": 3})
    context = RunnableLambda(lambda found: "\n\n".join(f"[{one.id}] {one.page_content}" for one in found))
    print((retriever | context).invoke(" ".join(sys.argv[1:])))
