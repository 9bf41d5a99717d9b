#include "http/tls_peer.h"

#include <gnutls/gnutls.h>

bool tls_peer_is_trusted(struct MHD_Connection *handle)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(handle, MHD_CONNECTION_INFO_GNUTLS_SESSION);
	unsigned problems = 0;
	if (info == NULL || info->tls_session == NULL)
		return true;
	return gnutls_certificate_verify_peers2(info->tls_session, &problems) == 0 && problems == 0;
}
