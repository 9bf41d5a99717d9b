#include "client/client.h"

#include "base/limits.h"
#include "client/failure.h"

#include <nng/protocol/reqrep0/req.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum {
	ATTEMPTS_DEFAULT = 4,
	ENVELOPE_BYTES = 64 * 1024, /* of a response beside the payload */
};
#define URL_DEFAULT "tcp://127.0.0.1:7400"

static int configure_socket(nng_socket socket)
{
	int rc = nng_socket_set_ms(socket, NNG_OPT_REQ_RESENDTIME, NNG_DURATION_INFINITE);
	if (rc == 0)
		rc = nng_socket_set_size(
			socket, NNG_OPT_RECVMAXSZ, LIMIT_RESPONSE_BYTES + ENVELOPE_BYTES);
	return rc;
}

static enum lectern_code open_socket(
	lectern_client *client, const char *url, struct lectern_error *err)
{
	int rc = nng_req0_open(&client->socket);
	if (rc != 0)
		return fail_nng(err, rc, "open a socket");
	enum lectern_code code;
	rc = configure_socket(client->socket);
	if (rc != 0)
		code = fail_nng(err, rc, "configure the socket");
	else
		code = dial_init(
			&client->dial, client->socket, url, "server URL", &client->tls_files, err);
	if (code != LECTERN_OK)
		nng_close(client->socket);
	return code;
}

static const char *choose_url(const struct lectern_client_options *options)
{
	if (options->url != NULL)
		return options->url;
	const char *url = getenv("LECTERN_SERVER");
	return url != NULL && url[0] != '\0' ? url : URL_DEFAULT;
}

static void client_free(lectern_client *client)
{
	free((char *)(uintptr_t)client->tls_files.ca);
	free((char *)(uintptr_t)client->tls_files.certificate);
	free((char *)(uintptr_t)client->tls_files.key);
	token_file_done(&client->token);
	free(client);
}

/* Whether it is kept; NULL is. */
static bool keep(const char *path, const char **ret)
{
	*ret = path == NULL ? NULL : strdup(path);
	return path == NULL || *ret != NULL;
}

static enum lectern_code keep_files(lectern_client *client,
	const struct lectern_client_options *options, struct lectern_error *err)
{
	struct tls_files *files = &client->tls_files;
	return keep(options->tls_ca_file, &files->ca) &&
			       keep(options->tls_cert_file, &files->certificate) &&
			       keep(options->tls_key_file, &files->key)
		       ? LECTERN_OK
		       : failure_memory(err);
}

static const char *choose_token_file(const struct lectern_client_options *options)
{
	const char *path = options->token_file;
	if (path == NULL)
		path = getenv("LECTERN_TOKEN_FILE");
	return path != NULL && path[0] != '\0' ? path : NULL;
}

static bool is_insecure(const struct lectern_client_options *options)
{
	const char *value = getenv("LECTERN_INSECURE");
	return options->insecure || (value != NULL && strcmp(value, "1") == 0);
}

/* What is sent in clear is given away to whoever is in between. */
static enum lectern_code open_token(lectern_client *client, const char *url,
	const struct lectern_client_options *options, struct lectern_error *err)
{
	const char *path = choose_token_file(options);
	if (path != NULL && !token_is_safe_on(url) && !is_insecure(options))
		return failure(err, LECTERN_INVALID_ARGUMENT, "TOKEN_IN_CLEAR",
			"the token of %s would travel to %s in clear, for everybody in between to "
			"read; use tls+tcp://, or set LECTERN_INSECURE=1 if you trust the network",
			path, url);
	return token_file_init(&client->token, path, err);
}

enum lectern_code lectern_client_open(const struct lectern_client_options *options,
	lectern_client **ret, struct lectern_error *err)
{
	static const struct lectern_client_options defaults;
	if (options == NULL)
		options = &defaults;
	if (sodium_init() < 0)
		return failure(err, LECTERN_INTERNAL, NULL, "no source of random numbers");
	const char *url = choose_url(options);
	enum lectern_code code = dial_check_url(url, "server URL", err);
	if (code != LECTERN_OK)
		return code;
	lectern_client *client = calloc(1, sizeof *client);
	if (client == NULL)
		return failure_memory(err);
	client->timeout_ms = options->timeout_ms == 0 ? DEFAULT_TIMEOUT_MS : options->timeout_ms;
	client->max_attempts =
		options->max_attempts == 0 ? ATTEMPTS_DEFAULT : options->max_attempts;
	code = keep_files(client, options, err);
	if (code == LECTERN_OK)
		code = open_token(client, url, options, err);
	if (code == LECTERN_OK)
		code = slots_init(&client->slots, err);
	if (code == LECTERN_OK) {
		code = open_socket(client, url, err);
		if (code != LECTERN_OK)
			slots_done(&client->slots);
	}
	if (code != LECTERN_OK) {
		client_free(client);
		return code;
	}
	*ret = client;
	return LECTERN_OK;
}

void lectern_client_close(lectern_client *client)
{
	if (client == NULL)
		return;
	slots_done(&client->slots);
	dial_close(&client->dial);
	client_free(client);
}
