/*
 * A filter. What is refused names a byte of it. What is understood, written down again, is
 * understood in the same way; and each published post passes either it or its opposite.
 */
#include "base/text.h"
#include "services/filter.h"
#include "store/store.h"
#include "support/content.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { POSTS = 3 };

static struct local_server server;
static struct txn *txn;
static struct post_fields posts[POSTS]; /* in the snapshot */

static void require(bool condition)
{
	if (!condition)
		abort();
}

static void close_server(void)
{
	store_release(server.store, txn);
	local_server_close(&server);
}

static void open_server(void)
{
	static const struct sketch sketches[POSTS] = {
		{ .slug = "a", .title = "A", .tags = { "t", "u" }, .categories = { "below" } },
		{ .slug = "b-2",
			.title = "Stra\xC3\x9F"
				 "e",
			.tags = { "t" },
			.expire_time_us = INT64_C(1) << 52 },
		{ .slug = "c", .title = "C d", .categories = { "top" } },
	};
	struct answer answer = { .code = CODE_OK };
	struct error err;
	local_server_open(&server);
	new_category(&server, "below", new_category(&server, "top", 0));
	for (size_t i = 0; i < POSTS; i++) {
		struct sketch sketch = sketches[i];
		sketch.state = LECTERN__V1__POST_STATE__POST_STATE_PUBLISHED;
		sketch.publish_time_us = INT64_C(1706659200000000) + (int64_t)i * 1000000;
		new_post(&server, &sketch, &answer);
	}
	answer_done(&answer);
	require(store_snapshot(server.store, &txn, &err) == CODE_OK);
	for (size_t i = 0; i < POSTS; i++)
		require(post_fields_get(txn, i + 1, &posts[i]));
	atexit(close_server);
}

static void write_value(const struct filter_node *node, struct buffer *out)
{
	buffer_append_char(out, '"');
	for (const char *c = node->value; *c != '\0'; c++) {
		bool star = *c == '*' && (node->star == NULL || c < node->star);
		if (star || *c == '"' || *c == '\\')
			buffer_append_char(out, '\\');
		buffer_append_char(out, *c);
	}
	buffer_append_char(out, '"');
}

static void write_node(const struct filter_node *node, struct buffer *out)
{
	if (node->kind == FILTER_RESTRICTION) {
		buffer_append_text(out, node->field_name);
		if (node->value == NULL)
			return;
		buffer_append_text(out, filter_operator_text(node->op));
		write_value(node, out);
		return;
	}
	if (node->kind == FILTER_NOT)
		buffer_append_char(out, '-');
	for (const struct filter_node *child = node->first; child != NULL; child = child->next) {
		bool enclosed = (node->kind == FILTER_NOT && child->kind != FILTER_RESTRICTION) ||
				(node->kind == FILTER_OR && child->kind == FILTER_AND);
		if (child != node->first)
			buffer_append_text(out, node->kind == FILTER_AND ? " AND " : " OR ");
		buffer_append_text(out, enclosed ? "(" : "");
		write_node(child, out);
		buffer_append_text(out, enclosed ? ")" : "");
	}
}

static void check_written(struct arena *arena, const struct filter_node *root)
{
	struct buffer first;
	struct buffer second;
	struct filter_node *again = NULL;
	buffer_init(&first, LIMIT_ARENA_BYTES);
	buffer_init(&second, LIMIT_ARENA_BYTES);
	write_node(root, &first);
	require(filter_parse(arena, buffer_text(&first), &again, NULL) == CODE_OK);
	write_node(again, &second);
	require(slice_equals(slice_of(first.data, first.size), slice_of(second.data, second.size)));
	buffer_done(&first);
	buffer_done(&second);
}

static void check_opposite(struct arena *arena, const char *text)
{
	struct filter filter;
	struct filter opposite;
	struct error err;
	char *other = arena_printf(arena, "NOT (%s)", text);
	require(other != NULL);
	if (filter_compile(txn, arena, text, &filter, &err) != CODE_OK ||
		filter_compile(txn, arena, other, &opposite, &err) != CODE_OK)
		return; /* of another meaning, or one level too deep */
	for (size_t i = 0; i < POSTS; i++)
		require(filter_matches(&filter, txn, &posts[i]) !=
			filter_matches(&opposite, txn, &posts[i]));
	require(txn_status(txn, &err) == CODE_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena;
	struct filter_node *root = NULL;
	struct error err = { .text = "" };
	size_t position = 0;
	if (server.store == NULL)
		open_server();
	if (size > LIMIT_FILTER_BYTES || text_find_invalid(slice_of(data, size)) != size)
		return 0;
	arena_init(&arena, LIMIT_ARENA_BYTES);
	char *text = arena_text(&arena, slice_of(data, size));
	require(text != NULL);
	if (filter_parse(&arena, text, &root, &err) == CODE_OK) {
		if (root != NULL) {
			check_written(&arena, root);
			check_opposite(&arena, text);
		}
	} else {
		require(sscanf(err.text, "filter: at byte %zu:", &position) == 1);
		require(position >= 1 && position <= size + 1);
	}
	/* The work is bounded by the text. */
	require(arena.used_bytes <= 64 * 1024 + 64 * size);
	arena_done(&arena);
	return 0;
}
