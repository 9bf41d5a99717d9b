/* Lines of a descriptor, read so that another thread can end the wait for the next one. */
#pragma once
#include "base/attributes.h"
#include "base/buffer.h"

struct lines {
	int descriptor; /* borrowed */
	int wake[2];	/* a pipe */
	struct buffer bytes;
	size_t start; /* of the next line in bytes */
	bool end;
};

enum lines_event { LINES_LINE, LINES_END, LINES_WOKEN, LINES_TOO_LONG, LINES_ERROR };

/* False with errno where the system gives no pipe. */
bool lines_init(struct lines *lines, int descriptor, size_t line_max_bytes) NODISCARD;
void lines_done(struct lines *lines);

/* Ends lines_next() now and ever after. Any thread. */
void lines_wake(struct lines *lines);

/* The next line without its newline, valid until the next call. LINES_ERROR with errno. */
enum lines_event lines_next(struct lines *lines, struct slice *ret) NODISCARD;
