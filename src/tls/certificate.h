/* What certificates and keys say, read with the library that nng reads them with: mbedTLS. */
#pragma once
#include "base/attributes.h"
#include "tls/credentials.h"

#include <stddef.h>

/* Fills the facts of the first certificate of the PEM text. `path` names it in errors. */
enum code certificate_read(const char *pem, const char *path, struct tls_credentials *ret,
	struct error *err) NODISCARD;

/* Whether the key can be used and belongs to the first certificate. */
enum code certificate_check_key(const char *certificate, const char *key,
	const struct tls_files *files, struct error *err) NODISCARD;

/* Whether there is a certificate of an authority in the text, and nothing that cannot be read. */
enum code certificate_check_authorities(const char *pem, const char *path, struct error *err)
	NODISCARD;

/* Random bytes of the kernel, as mbedTLS wants them. Returns 0 or an error number of its. */
int certificate_random(void *unused, unsigned char *out, size_t size);
