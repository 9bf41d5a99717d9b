/*
 * The files that TLS needs, all of them PEM: read, checked and held as text. Both ends use this,
 * servers for their certificate, clients for whom they trust and for who they are.
 */
#pragma once
#include "base/attributes.h"
#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	TLS_PATH_BYTES = 4096,
	TLS_FILE_BYTES_MAX = 4 * 1024 * 1024, /* a system's bundle of authorities has 250 KB */
	TLS_NAME_BYTES = 256,
};

/* Paths; NULL for what is not used. A certificate needs its key. */
struct tls_files {
	const char *certificate; /* with the intermediate ones behind it */
	const char *key;	 /* without a pass phrase */
	const char *ca;		 /* authorities that the other end's certificate must come from */
};

/* What the files hold. */
struct tls_credentials {
	char *certificate; /* NULL, all three, where the file is not given */
	char *key;
	char *ca;
	/* Of the first certificate; empty and 0 without one. */
	char subject[TLS_NAME_BYTES]; /* for example "CN=lectern.example" */
	int64_t not_before_us;
	int64_t not_after_us;
	bool key_is_public; /* users other than the file's owner and group may read the key */
};

/*
 * Reads and checks them: that they are there and PEM, that the key has no pass phrase and belongs
 * to the certificate. Whether the certificate is valid today is left to the caller. The reason of a
 * failure is TLS_FILES, its text names the file. *ret is set on success only; free it with
 * tls_credentials_done().
 */
enum code tls_credentials_read(
	const struct tls_files *files, struct tls_credentials *ret, struct error *err) NODISCARD;

/* Wipes the key. All zero is allowed. */
void tls_credentials_done(struct tls_credentials *credentials);
