/* Reads an export of WordPress through its importer. */
#pragma once
#include "base/limits.h"
#include "codec/json.h"
#include "importers/source.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

/* 2024-07-01T00:00:00Z */
#define WORDPRESS_NOW_US (INT64_C(1719792000) * 1000000)

/* Calls take() with each item of some bytes, ITEM_END left out. */
static inline void wordpress_read(struct slice text, bool pages,
	void (*take)(const struct import_item *item, void *arg), void *arg)
{
	struct input_file file = {
		.path = (char *)"export.xml", .stream = tmpfile(), .size_bytes = text.size
	};
	assert_non_null(file.stream);
	assert_int_equal(fwrite(text.data, 1, text.size, file.stream), text.size);
	struct source_options options = {
		.files = &file, .file_count = 1, .now_us = WORDPRESS_NOW_US, .pages = pages
	};
	struct import_source *source;
	struct error err = { .code = CODE_OK };
	if (wordpress_format.open(&options, &source, &err) != CODE_OK)
		fail_msg("open: %s", err.text);
	struct arena arena;
	arena_init(&arena, LIMIT_ARENA_BYTES);
	struct import_item item = { .state = ITEM_NOTED };
	uint64_t bytes_done = 0;
	while (item.state != ITEM_END) {
		arena_reset(&arena);
		if (wordpress_format.next(source, &arena, &item, &err) != CODE_OK)
			fail_msg("next: %s", err.text);
		assert_true(source->bytes_done >= bytes_done && source->bytes_done <= text.size);
		bytes_done = source->bytes_done;
		if (item.state != ITEM_END)
			take(&item, arg);
	}
	assert_true(bytes_done == text.size);
	arena_done(&arena);
	wordpress_format.close(source);
	fclose(file.stream);
}

static inline void wordpress_print_item(const struct import_item *item, void *arg)
{
	static const char *const states[] = { [ITEM_READY] = "ready",
		[ITEM_REFUSED] = "refused",
		[ITEM_SKIPPED] = "skipped",
		[ITEM_NOTED] = "noted" };
	struct buffer *out = arg;
	buffer_printf(out, "%s %s %ju %s | %s\n", states[item->state], import_kind_name(item->kind),
		(uintmax_t)item->line, item->origin, item->reason);
	if (item->message == NULL)
		return;
	for (size_t i = 0; item->fields[i] != NULL; i++)
		buffer_printf(out, " %s", item->fields[i]);
	buffer_append_text(out, "\n");
	assert_int_equal(json_print(item->message, JSON_DEFAULT, out, NULL), CODE_OK);
	buffer_append_text(out, "\n");
}

/* All items as text, of three lines for each that has a message; free it. */
static inline char *wordpress_print(struct slice text, bool pages)
{
	struct buffer out;
	buffer_init(&out, 1u << 30);
	wordpress_read(text, pages, wordpress_print_item, &out);
	buffer_append_char(&out, '\0');
	char *ret = buffer_take(&out, NULL);
	assert_non_null(ret);
	return ret;
}
