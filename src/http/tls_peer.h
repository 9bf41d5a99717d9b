/* Certificates of clients. */
#pragma once
#include <microhttpd.h>
#include <stdbool.h>

/* Whether the client has shown a certificate that the authorities of --tls-client-ca vouch for;
 * also where the connection has no TLS. The library asks for certificates and does not look at
 * them. */
bool tls_peer_is_trusted(struct MHD_Connection *handle);
