#include "cli/import_report.h"

#include "cli/screen.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN_MAX = 20, REASONS_MAX = 16 };

static const char *text_of(const json_t *item, const char *key)
{
	const char *text = json_string_value(json_object_get(item, key));
	return text == NULL ? "" : text;
}

static bool is_result(const json_t *item, const char *result)
{
	return strcmp(text_of(item, "result"), result) == 0;
}

/* What was left out, by the reasons in the order in which they came. */
struct left_out {
	struct {
		char reason[256];
		uint64_t count;
	} reasons[REASONS_MAX];
	size_t reason_count;
	uint64_t others;
};

static void count_reason(struct left_out *left_out, const char *reason)
{
	size_t i = 0;
	while (i < left_out->reason_count && strcmp(left_out->reasons[i].reason, reason) != 0)
		i++;
	if (i == REASONS_MAX) {
		left_out->others++;
		return;
	}
	if (i == left_out->reason_count) {
		snprintf(left_out->reasons[i].reason, sizeof left_out->reasons[i].reason, "%s",
			reason);
		left_out->reason_count++;
	}
	left_out->reasons[i].count++;
}

/* "left out: 12: an attachment" */
static void show_left_out(const struct left_out *left_out)
{
	for (size_t i = 0; i < left_out->reason_count; i++) {
		struct buffer out;
		buffer_init(&out, 1 << 20);
		screen_text(&out, slice_of_text(left_out->reasons[i].reason), false);
		fprintf(stderr, "left out: %" PRIu64 ": %.*s\n", left_out->reasons[i].count,
			(int)out.size, (const char *)out.data);
		buffer_done(&out);
	}
	if (left_out->others > 0)
		fprintf(stderr,
			"left out: %" PRIu64 " for other reasons; --report FILE lists all\n",
			left_out->others);
}

/* "refused: file:12: slug: reason" */
static void show(const json_t *item, const char *label)
{
	struct buffer out;
	buffer_init(&out, 1 << 20);
	buffer_printf(&out, "%s: ", label);
	screen_text(&out, slice_of_text(text_of(item, "file")), false);
	json_int_t line = json_integer_value(json_object_get(item, "line"));
	if (line > 0)
		buffer_printf(&out, ":%" JSON_INTEGER_FORMAT, line);
	buffer_append_text(&out, ": ");
	if (*text_of(item, "slug") != '\0') {
		screen_text(&out, slice_of_text(text_of(item, "slug")), false);
		buffer_append_text(&out, ": ");
	}
	screen_text(&out, slice_of_text(text_of(item, "reason")), false);
	buffer_append_char(&out, '\n');
	fwrite(out.data, 1, out.size, stderr);
	buffer_done(&out);
}

static void show_more(uint64_t count, const char *noun)
{
	if (count > SHOWN_MAX)
		fprintf(stderr, "... and %" PRIu64 " more %s; --report FILE lists them all\n",
			count - SHOWN_MAX, noun);
}

void import_report_show(FILE *report)
{
	struct left_out left_out = { .reason_count = 0 };
	uint64_t refused = 0;
	uint64_t noted = 0;
	char *line = NULL;
	size_t capacity = 0;
	rewind(report);
	while (getline(&line, &capacity, report) > 0) {
		json_t *item = json_loads(line, 0, NULL);
		if (is_result(item, "refused") && refused++ < SHOWN_MAX)
			show(item, "refused");
		else if (is_result(item, "noted") && noted++ < SHOWN_MAX)
			show(item, "note");
		else if (is_result(item, "skipped"))
			count_reason(&left_out, text_of(item, "reason"));
		json_decref(item);
	}
	free(line);
	show_more(refused, "refused");
	show_more(noted, "notes");
	show_left_out(&left_out);
}
