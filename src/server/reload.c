#include "server/reload.h"

#include "server/option_apply.h"

#include <string.h>

enum { TEXT_BYTES_MAX = 64 * 1024 };

/* All values of an option as one text. */
static void put_values(
	const struct server_options *options, const struct option_row *row, struct buffer *out)
{
	buffer_clear(out);
	for (size_t i = 0; i < option_value_count(options, row); i++) {
		if (i > 0)
			buffer_append_char(out, ' ');
		option_put_value(options, row, i, out);
	}
}

/* Values without texts: what a reloadable row may have. */
static void copy_value(
	struct server_options *to, const struct server_options *from, const struct option_row *row)
{
	const char *value = (const char *)from + row->offset;
	char *field = (char *)to + row->offset;
	switch (row->type) {
	case OPTION_SWITCH:
		memcpy(field, value, sizeof(bool));
		return;
	case OPTION_NUMBER:
	case OPTION_SIZE:
	case OPTION_DURATION:
		memcpy(field, value, sizeof(uint64_t));
		return;
	case OPTION_CHOICE:
		memcpy(field, value, sizeof(unsigned));
		return;
	case OPTION_TEXT:
	case OPTION_PATH:
	case OPTION_LIST:
	case OPTION_ACTION:
		return;
	}
}

/* The count of those that changed. */
static unsigned apply_changes(struct server_options *options, const struct server_options *now)
{
	struct buffer before;
	struct buffer after;
	const struct option_row *row;
	unsigned changes = 0;
	buffer_init(&before, TEXT_BYTES_MAX);
	buffer_init(&after, TEXT_BYTES_MAX);
	for (size_t i = 0; (row = option_at(i)) != NULL; i++) {
		put_values(options, row, &before);
		put_values(now, row, &after);
		const char *old = buffer_text(&before);
		const char *new = buffer_text(&after);
		if (old == NULL || new == NULL || strcmp(old, new) == 0)
			continue;
		changes++;
		log_event(row->reloadable ? LOG_INFO : LOG_WARN,
			row->reloadable ? "option changed" : "option changed; needs a restart",
			log_text("option", row->name), log_text("before", old),
			log_text("after", new), LOG_END);
		if (row->reloadable)
			copy_value(options, now, row);
	}
	buffer_done(&before);
	buffer_done(&after);
	return changes;
}

void reload_options(struct server_options *options, int argc, char *const *argv)
{
	struct server_options now;
	struct error err;
	if (server_options_parse(argc, argv, &now, &err) != CODE_OK) {
		log_event(LOG_ERROR, "options are not read again: all stays as it is",
			log_text("cause", err.text), LOG_END);
	} else {
		unsigned changes = apply_changes(options, &now);
		server_options_start_log(options);
		log_event(LOG_INFO, "options read again", log_number("changes", changes), LOG_END);
	}
	server_options_done(&now);
}
