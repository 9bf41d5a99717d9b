#include "cli/import_report.h"

#include "cli/screen.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN_MAX = 20 };

static const char *text_of(const json_t *item, const char *key)
{
	const char *text = json_string_value(json_object_get(item, key));
	return text == NULL ? "" : text;
}

static bool is_refused(const json_t *item)
{
	return strcmp(text_of(item, "result"), "refused") == 0;
}

/* "refused: file:12: slug: reason" */
static void show(const json_t *item)
{
	struct buffer out;
	buffer_init(&out, 1 << 20);
	buffer_append_text(&out, "refused: ");
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

void import_report_refused(FILE *report)
{
	uint64_t refused = 0;
	char *line = NULL;
	size_t capacity = 0;
	rewind(report);
	while (getline(&line, &capacity, report) > 0) {
		json_t *item = json_loads(line, 0, NULL);
		if (is_refused(item) && refused++ < SHOWN_MAX)
			show(item);
		json_decref(item);
	}
	free(line);
	if (refused > SHOWN_MAX)
		fprintf(stderr, "... and %" PRIu64 " more; --report FILE lists them all\n",
			refused - SHOWN_MAX);
}
