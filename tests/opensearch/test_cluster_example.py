"""The certificates of docs/examples/opensearch are such that a node can show them, and a client with their authority trusts it."""

from __future__ import annotations

import os
import shutil
import ssl
import subprocess
from pathlib import Path

import pytest

pytest.importorskip("opensearchpy", reason='OPENSEARCH IS NOT TESTED: pip install "vnsearch[opensearch]"')

from cluster import LocalCluster, RunningCluster
from proxy import Proxy

from vnsearch import ClusterAccessError
from vnsearch.opensearch import Cluster

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "opensearch"


@pytest.mark.skipif(shutil.which("openssl") is None or shutil.which("bash") is None, reason="needs openssl and bash")
def test_its_certificates_are_trusted(cluster: LocalCluster | RunningCluster, tmp_path: Path) -> None:
    environment = {**os.environ, "CERTIFICATES_ONLY": "1"}
    subprocess.run(["bash", str(EXAMPLE / "prepare.sh")], cwd=tmp_path, env=environment, check=True, timeout=120)
    certificates = tmp_path / "certs"
    assert {path.name for path in certificates.glob("*.pem")} == {"ca.pem", "node.pem", "node-key.pem"}
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates / "node.pem", certificates / "node-key.pem")
    with Proxy(cluster.urls[0], tls=context) as proxy:
        with Cluster(proxy.url, ca_certs=certificates / "ca.pem") as trusting:
            assert trusting.check_version() in (2, 3)
        with Cluster(proxy.url) as strange, pytest.raises(ClusterAccessError, match="not trusted"):
            strange.check_version()
