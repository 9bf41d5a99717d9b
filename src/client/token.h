/* The token that calls carry: the first line of a file, which is read again when it changes. */
#pragma once
#include "base/attributes.h"

#include <lectern/error.h>
#include <pthread.h>
#include <stdbool.h>
#include <sys/stat.h>

enum { CLIENT_TOKEN_BYTES = 1024 };

struct token_file {
	char *path; /* NULL: calls carry none */
	pthread_mutex_t mutex;
	struct stat read; /* the file as it was when it was read; guarded by mutex, as text */
	char text[CLIENT_TOKEN_BYTES + 1];
};

/* Reads the file, whose name is copied; NULL for none. INVALID_ARGUMENT, TOKEN_FILE where there is
 * no token in it. */
enum lectern_code token_file_init(
	struct token_file *file, const char *path, struct lectern_error *err) NODISCARD;
void token_file_done(struct token_file *file);

/* Copies the token, "" for none. `again`: reads the file also where it looks the same. One that
 * cannot be read now, as it may be while it is replaced, leaves the token what it was. */
void token_file_get(struct token_file *file, bool again, char out[CLIENT_TOKEN_BYTES + 1]);

/* Whether nobody between here and the server can read what is sent to the URL: ipc, TLS, or a
 * loopback address. The URL is valid. */
bool token_is_safe_on(const char *url);
