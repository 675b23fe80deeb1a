#!/usr/bin/env bash
# Makes what compose.yaml mounts: certificates in certs/, and internal_users.yml with one user, admin, whose password is in the
# environment: OPENSEARCH_INITIAL_ADMIN_PASSWORD='…' ./prepare.sh
# CERTIFICATES_ONLY=1 leaves the user out. Where nodes have machines of their own: HOSTS="search-1.example search-2.example" ./prepare.sh
set -euo pipefail
umask 077
mkdir -p certs
cd certs

hosts="DNS:localhost,IP:127.0.0.1"
for host in ${HOSTS:-node1 node2 node3}; do
    hosts="$hosts,DNS:$host"
done

openssl req -x509 -newkey rsa:3072 -nodes -sha256 -days 3650 -subj "/CN=vnsearch-ca" -keyout ca-key.pem -out ca.pem 2> /dev/null

# sign NAME SUBJECT [ALTERNATIVE NAMES]: a key without a password, as OpenSearch wants it (PKCS #8), and its certificate
sign() {
    openssl req -newkey rsa:3072 -nodes -sha256 -subj "/CN=$2" -keyout "$1-key.pem" -out "$1.csr" 2> /dev/null
    printf 'extendedKeyUsage=serverAuth,clientAuth\n%s\n' "${3:+subjectAltName=$3}" > "$1.ext"
    openssl x509 -req -in "$1.csr" -CA ca.pem -CAkey ca-key.pem -CAcreateserial -sha256 -days 825 -extfile "$1.ext" -out "$1.pem" 2> /dev/null
    rm "$1.csr" "$1.ext"
}
sign node opensearch-node "$hosts"
sign admin opensearch-admin

cd ..
if [ -z "${CERTIFICATES_ONLY:-}" ]; then
    : "${OPENSEARCH_INITIAL_ADMIN_PASSWORD:?set it to the password that the user admin is to have}"
    export OPENSEARCH_INITIAL_ADMIN_PASSWORD
    hash=$(docker run --rm -e OPENSEARCH_INITIAL_ADMIN_PASSWORD --entrypoint bash opensearchproject/opensearch:2.19.4 \
        plugins/opensearch-security/tools/hash.sh -env OPENSEARCH_INITIAL_ADMIN_PASSWORD | grep -o '\$2y\$.*')
    cat > internal_users.yml << END
_meta: { type: internalusers, config_version: 2 }
admin: { hash: "$hash", reserved: true, backend_roles: [admin] }
END
fi
# The nodes read them as user 1000.
chmod 755 certs && chmod 644 certs/ca.pem certs/node.pem certs/node-key.pem
[ ! -f internal_users.yml ] || chmod 644 internal_users.yml
mv certs/ca-key.pem certs/admin-key.pem certs/admin.pem . # not for the nodes: keep them elsewhere
