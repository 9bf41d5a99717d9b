#include "cli/lines.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

enum { PIECE_BYTES = 64 * 1024 };

bool lines_init(struct lines *lines, int descriptor, size_t line_max_bytes)
{
	*lines = (struct lines){ .descriptor = descriptor };
	buffer_init(&lines->bytes, line_max_bytes);
	return pipe(lines->wake) == 0;
}

void lines_done(struct lines *lines)
{
	close(lines->wake[0]);
	close(lines->wake[1]);
	buffer_done(&lines->bytes);
}

void lines_wake(struct lines *lines)
{
	/* Nothing to do about a failure: the pipe is then full of earlier calls. */
	ssize_t written = write(lines->wake[1], "", 1);
	(void)written;
}

/* A line that is in memory as a whole. */
static bool take_line(struct lines *lines, struct slice *ret)
{
	const uint8_t *start = lines->bytes.data + lines->start;
	size_t size = lines->bytes.size - lines->start;
	const uint8_t *end = size == 0 ? NULL : memchr(start, '\n', size);
	if (end == NULL && (!lines->end || size == 0))
		return false;
	size_t length = end == NULL ? size : (size_t)(end - start);
	lines->start += end == NULL ? length : length + 1;
	*ret = slice_of(start, length);
	return true;
}

/* Moves what is left to the front. */
static void make_room(struct lines *lines)
{
	size_t size = lines->bytes.size - lines->start;
	if (size > 0)
		memmove(lines->bytes.data, lines->bytes.data + lines->start, size);
	lines->bytes.size = size;
	lines->start = 0;
}

static enum lines_event read_more(struct lines *lines)
{
	struct pollfd waits[] = {
		{ .fd = lines->descriptor, .events = POLLIN },
		{ .fd = lines->wake[0], .events = POLLIN },
	};
	if (poll(waits, 2, -1) < 0)
		return errno == EINTR ? LINES_LINE : LINES_ERROR;
	if (waits[1].revents != 0)
		return LINES_WOKEN;
	char piece[PIECE_BYTES];
	ssize_t size = read(lines->descriptor, piece, sizeof piece);
	if (size < 0)
		return errno == EINTR || errno == EAGAIN ? LINES_LINE : LINES_ERROR;
	lines->end = size == 0;
	make_room(lines);
	buffer_append(&lines->bytes, piece, (size_t)size);
	return lines->bytes.overflow ? LINES_TOO_LONG : LINES_LINE;
}

enum lines_event lines_next(struct lines *lines, struct slice *ret)
{
	while (!take_line(lines, ret)) {
		if (lines->end)
			return LINES_END;
		enum lines_event event = read_more(lines);
		if (event != LINES_LINE)
			return event;
	}
	return LINES_LINE;
}
