#include "server/tls_options.h"

#include "server/address.h"

#include <string.h>

/* The first address with TLS; NULL if there is none. */
static const char *find_tls(const struct option_list *urls)
{
	for (size_t i = 0; i < urls->count; i++)
		if (address_is_tls(urls->items[i]) ||
			strncmp(urls->items[i], "https://", strlen("https://")) == 0)
			return urls->items[i];
	return NULL;
}

enum code tls_options_check(const struct server_options *options, struct error *err)
{
	const char *url = find_tls(&options->listen);
	if (url == NULL)
		url = find_tls(&options->publish);
	if (url == NULL)
		url = find_tls(&options->http);
	if (url != NULL && options->tls_cert == NULL)
		return fail(err, CODE_INVALID_ARGUMENT,
			"%s needs a certificate and its key: add --tls-cert FILE and --tls-key "
			"FILE",
			url);
	if (options->tls_cert != NULL && options->tls_key == NULL)
		return fail(err, CODE_INVALID_ARGUMENT,
			"--tls-cert without its key: add --tls-key FILE");
	if (options->tls_key != NULL && options->tls_cert == NULL)
		return fail(err, CODE_INVALID_ARGUMENT,
			"--tls-key without its certificate: add --tls-cert FILE");
	if (options->tls_client_ca != NULL && options->tls_cert == NULL)
		return fail(err, CODE_INVALID_ARGUMENT,
			"--tls-client-ca asks clients for certificates, which needs one of the "
			"server's: add --tls-cert FILE and --tls-key FILE");
	return CODE_OK;
}
