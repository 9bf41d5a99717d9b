/* Changing a tokens file: under a lock, and in one step. */
#pragma once
#include "auth/tokens_file.h"

#include <limits.h>
#include <sys/stat.h>

struct token_edit {
	int directory; /* -1 unless open; its lock keeps others from changing the file meanwhile */
	char path[PATH_MAX]; /* without symbolic links */
	bool exists;
	struct stat info; /* of the file if it exists */
	char *text;	  /* with a NUL behind it; "" if there is no file */
	size_t size;
	struct tokens *tokens; /* of the text */
};

/* Locks, reads and checks. A file that is not there is NOT_FOUND unless it may be new.
 * token_edit_done() follows in any case. */
enum code token_edit_begin(
	struct token_edit *edit, const char *file, bool may_be_new, struct error *err) NODISCARD;

/* Checks the new text and puts it in the place of the file, whose owner and mode stay; a new one is
 * for its owner alone. It is on the disk afterwards. */
enum code token_edit_write(const struct token_edit *edit, struct slice text, struct error *err)
	NODISCARD;

void token_edit_done(struct token_edit *edit);
