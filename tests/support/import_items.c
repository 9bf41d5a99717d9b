#include "support/import_items.h"

#include "base/limits.h"
#include "codec/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static const char *const states[] = { [ITEM_READY] = "ready",
	[ITEM_REFUSED] = "refused",
	[ITEM_SKIPPED] = "skipped",
	[ITEM_NOTED] = "noted" };

static void describe(const struct import_item *item, struct buffer *out)
{
	buffer_printf(out, "%s %s %ju %s", states[item->state], import_kind_name(item->kind),
		(uintmax_t)item->line, item->origin);
	if (item->state == ITEM_READY) {
		buffer_append_char(out, ' ');
		for (size_t i = 0; item->fields[i] != NULL; i++)
			buffer_printf(out, "%s%s", i == 0 ? "" : ",", item->fields[i]);
		buffer_append_char(out, ' ');
		assert_int_equal(json_print(item->message, JSON_DEFAULT, out, NULL), CODE_OK);
	}
	buffer_printf(out, "%s%s\n", item->reason[0] == '\0' ? "" : " | ", item->reason);
}

static void count(const struct import_item *item, struct import_counts *counts)
{
	counts->ready[item->kind] += item->state == ITEM_READY;
	counts->refused += item->state == ITEM_REFUSED;
	counts->skipped += item->state == ITEM_SKIPPED;
}

void import_items(const struct import_format *format, FILE *stream,
	const struct source_options *given, struct buffer *out, struct import_counts *ret)
{
	struct input_file file = { .path = (char *)"input", .stream = stream };
	struct source_options options = { .now_us = INT64_C(1700000000000000) };
	struct import_counts counts = { .refused = 0 };
	if (given != NULL)
		options = *given;
	options.files = &file;
	options.file_count = 1;
	struct import_source *source;
	struct error err;
	if (format->open(&options, &source, &err) != CODE_OK)
		fail_msg("%s", err.text);
	struct arena arena;
	arena_init(&arena, LIMIT_ARENA_BYTES);
	uint64_t done = 0;
	for (;;) {
		struct import_item item;
		arena_reset(&arena);
		if (format->next(source, &arena, &item, &err) != CODE_OK)
			fail_msg("%s", err.text);
		assert_true(source->bytes_done >= done);
		done = source->bytes_done;
		if (item.state == ITEM_END)
			break;
		assert_string_equal(item.path, "input");
		count(&item, &counts);
		if (out != NULL)
			describe(&item, out);
	}
	arena_done(&arena);
	format->close(source);
	if (ret != NULL)
		*ret = counts;
}

void import_items_of(const struct import_format *format, struct slice bytes,
	const struct source_options *options, struct buffer *out, struct import_counts *ret)
{
	FILE *stream = bytes.size == 0 ? tmpfile() : fmemopen((void *)bytes.data, bytes.size, "rb");
	assert_non_null(stream);
	import_items(format, stream, options, out, ret);
	fclose(stream);
}

char *import_items_sample(const char *name, size_t *ret_size)
{
	char path[4096];
	const char *source = getenv("LECTERN_SOURCE");
	snprintf(path, sizeof path, "%s/%s", source == NULL ? "." : source, name);
	FILE *file = fopen(path, "rbe");
	if (file == NULL)
		return NULL;
	struct buffer text;
	char bytes[4096];
	size_t size;
	buffer_init(&text, SIZE_MAX / 2);
	while ((size = fread(bytes, 1, sizeof bytes, file)) > 0)
		buffer_append(&text, bytes, size);
	fclose(file);
	return buffer_take(&text, ret_size);
}
