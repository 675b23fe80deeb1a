"""The same library over an OpenSearch cluster."""
