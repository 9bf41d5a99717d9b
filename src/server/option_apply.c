#include "server/option_apply.h"

#include "server/option_value.h"

#include <inttypes.h>
#include <string.h>

static void *field_of(struct server_options *options, const struct option_row *row)
{
	return (char *)options + row->offset;
}

static const void *value_of(const struct server_options *options, const struct option_row *row)
{
	return (const char *)options + row->offset;
}

static enum code check_text(
	const struct option_row *row, const char *value, const char *source, struct error *err)
{
	if (value[0] == '\0')
		return fail(err, CODE_INVALID_ARGUMENT, "%s: needs a value", source);
	enum code code = row->check == NULL ? CODE_OK : row->check(value, err);
	return code == CODE_OK ? CODE_OK : wrap(err, code, "%s", source);
}

static enum code apply_list(struct option_list *list, const struct option_row *row,
	const char *value, const char *source, struct error *err)
{
	size_t most = row->most == 0 ? OPTION_LIST_MAX : (size_t)row->most;
	enum code code = check_text(row, value, source, err);
	if (code != CODE_OK)
		return code;
	if (list->count >= most)
		return fail(
			err, CODE_INVALID_ARGUMENT, "%s: given more than %zu times", source, most);
	list->items[list->count++] = value;
	return CODE_OK;
}

static enum code apply_switch(bool *field, const char *value, const char *source, struct error *err)
{
	static const char *const on[] = { "1", "true", "yes", "on" };
	static const char *const off[] = { "0", "false", "no", "off" };
	for (size_t i = 0; value != NULL && i < sizeof on / sizeof *on; i++) {
		bool is_on = strcmp(value, on[i]) == 0;
		if (!is_on && strcmp(value, off[i]) != 0)
			continue;
		*field = is_on;
		return CODE_OK;
	}
	if (value != NULL)
		return option_refuse(err, source, value, "true or false");
	*field = true;
	return CODE_OK;
}

/* "json, text or auto" */
static void list_words(const char *const *words, struct buffer *out)
{
	for (size_t i = 0; words[i] != NULL; i++)
		buffer_printf(out, "%s%s",
			i == 0		       ? ""
			: words[i + 1] == NULL ? " or "
					       : ", ",
			words[i]);
}

static enum code apply_choice(unsigned *field, const struct option_row *row, const char *value,
	const char *source, struct error *err)
{
	for (unsigned i = 0; row->words[i] != NULL; i++)
		if (strcmp(value, row->words[i]) == 0) {
			*field = i;
			return CODE_OK;
		}
	struct buffer words;
	buffer_init(&words, 256);
	list_words(row->words, &words);
	const char *text = buffer_text(&words);
	enum code code = option_refuse(err, source, value, text == NULL ? "allowed" : text);
	buffer_done(&words);
	return code;
}

static enum code apply_duration(int64_t *field, const struct option_row *row, const char *value,
	const char *source, struct error *err)
{
	int64_t time_us;
	enum code code = option_read_duration(value, source, &time_us, err);
	if (code != CODE_OK)
		return code;
	if (time_us < row->least || (row->most != 0 && time_us > row->most)) {
		char what[96];
		snprintf(what, sizeof what, "a time from %" PRId64 "s to %" PRId64 "s",
			row->least / OPTION_SECOND,
			(row->most == 0 ? 36500 * OPTION_DAY : row->most) / OPTION_SECOND);
		return option_refuse(err, source, value, what);
	}
	*field = time_us;
	return CODE_OK;
}

enum code option_apply(struct server_options *options, const struct option_row *row,
	const char *value, const char *source, struct error *err)
{
	void *field = field_of(options, row);
	uint64_t least = (uint64_t)row->least;
	uint64_t most = row->most == 0 ? UINT64_MAX : (uint64_t)row->most;
	enum code code;
	switch (row->type) {
	case OPTION_TEXT:
	case OPTION_PATH:
		code = check_text(row, value, source, err);
		if (code == CODE_OK)
			*(const char **)field = value;
		return code;
	case OPTION_LIST:
		return apply_list(field, row, value, source, err);
	case OPTION_SWITCH:
		return apply_switch(field, value, source, err);
	case OPTION_NUMBER:
		return option_read_number(value, least, most, source, field, err);
	case OPTION_SIZE:
		return option_read_size(value, least, most, source, field, err);
	case OPTION_DURATION:
		return apply_duration(field, row, value, source, err);
	case OPTION_CHOICE:
		return apply_choice(field, row, value, source, err);
	case OPTION_ACTION:
		options->action = row->action;
		return CODE_OK;
	}
	return CODE_OK;
}

size_t option_value_count(const struct server_options *options, const struct option_row *row)
{
	const void *field = value_of(options, row);
	switch (row->type) {
	case OPTION_TEXT:
	case OPTION_PATH:
		return *(const char *const *)field != NULL;
	case OPTION_LIST:
		return ((const struct option_list *)field)->count;
	case OPTION_ACTION:
		return 0;
	case OPTION_SWITCH:
	case OPTION_NUMBER:
	case OPTION_SIZE:
	case OPTION_DURATION:
	case OPTION_CHOICE:
		break;
	}
	return 1;
}

static void put_size(uint64_t bytes, struct buffer *out)
{
	static const char suffixes[] = " KMGT";
	size_t suffix = 0;
	while (bytes > 0 && bytes % 1024 == 0 && suffixes[suffix + 1] != '\0') {
		bytes /= 1024;
		suffix++;
	}
	buffer_printf(out, "%" PRIu64 "%.*s", bytes, suffix > 0, suffixes + suffix);
}

static void put_duration(int64_t time_us, struct buffer *out)
{
	static const struct {
		char unit;
		int64_t us;
	} units[] = { { 'd', OPTION_DAY }, { 'h', 3600 * OPTION_SECOND },
		{ 'm', 60 * OPTION_SECOND }, { 's', OPTION_SECOND } };
	for (size_t i = 0; time_us > 0 && i < sizeof units / sizeof *units; i++)
		if (time_us % units[i].us == 0) {
			buffer_printf(out, "%" PRId64 "%c", time_us / units[i].us, units[i].unit);
			return;
		}
	if (time_us > 0)
		buffer_printf(out, "%" PRId64 "ms", time_us / 1000);
	else
		buffer_append_char(out, '0');
}

void option_put_value(const struct server_options *options, const struct option_row *row,
	size_t index, struct buffer *out)
{
	const void *field = value_of(options, row);
	if (index >= option_value_count(options, row))
		return;
	switch (row->type) {
	case OPTION_TEXT:
	case OPTION_PATH:
		buffer_append_text(out, *(const char *const *)field);
		return;
	case OPTION_LIST:
		buffer_append_text(out, ((const struct option_list *)field)->items[index]);
		return;
	case OPTION_SWITCH:
		buffer_append_text(out, *(const bool *)field ? "true" : "false");
		return;
	case OPTION_NUMBER:
		buffer_printf(out, "%" PRIu64, *(const uint64_t *)field);
		return;
	case OPTION_SIZE:
		put_size(*(const uint64_t *)field, out);
		return;
	case OPTION_DURATION:
		put_duration(*(const int64_t *)field, out);
		return;
	case OPTION_CHOICE:
		buffer_append_text(out, row->words[*(const unsigned *)field]);
		return;
	case OPTION_ACTION:
		return;
	}
}
