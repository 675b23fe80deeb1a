"""Query text -> ranked hits, against one commit of an index."""
