#include "server/reach.h"

#include "server/address.h"

#include <string.h>

static bool has_prefix(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

static bool is_encrypted(const char *url)
{
	return has_prefix(url, "tls+tcp://") || has_prefix(url, "tls+tcp4://") ||
	       has_prefix(url, "tls+tcp6://") || has_prefix(url, "https://");
}

/* The scheme that the URL ought to have, "tls+tcp" for "tcp". */
static const char *encrypted_scheme(const char *url)
{
	return has_prefix(url, "tcp://") || has_prefix(url, "tcp4://") || has_prefix(url, "tcp6://")
		       ? "tls+tcp"
		       : "https";
}

enum code reach_check(
	const char *url, enum reach_use use, const struct reach_means *means, struct error *err)
{
	bool known = use == REACH_CALLS ? means->tokens : means->client_ca;
	bool encrypted = is_encrypted(url);
	const char *option = use == REACH_CALLS ? "--tokens FILE" : "--tls-client-ca FILE";
	if (address_is_local(url) || (known && encrypted))
		return CODE_OK;
	return fail(err, CODE_INVALID_ARGUMENT,
		"other machines can reach %s, which needs %s%s%s%s; add what is missing, use "
		"127.0.0.1 or ipc, or add --insecure if you trust the network",
		url, encrypted ? "" : encrypted_scheme(url), encrypted ? "" : "://",
		encrypted || known ? "" : " and ", known ? "" : option);
}
