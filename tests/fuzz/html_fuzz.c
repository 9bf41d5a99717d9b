/* HTML bodies: what is rendered is safe, and rendering it again gives the same with the same
 * outline. The renderer refuses what never comes to rest; no disorder of tags may do that here. */
#include "analysis/html_text.h"
#include "base/limits.h"
#include "base/text.h"
#include "services/html.h"
#include "support/safe_html.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition, const char *what)
{
	if (condition)
		return;
	fprintf(stderr, "%s\n", what);
	abort();
}

static void require_same(const Lectern__V1__Post *a, const Lectern__V1__Post *b)
{
	require(strcmp(a->html, b->html) == 0, "rendered again it is another html");
	require(a->word_count == b->word_count, "rendered again it has other words");
	require(a->n_outline == b->n_outline, "rendered again it has other headings");
	for (size_t i = 0; i < a->n_outline; i++)
		require(strcmp(a->outline[i]->anchor, b->outline[i]->anchor) == 0 &&
				strcmp(a->outline[i]->text, b->outline[i]->text) == 0,
			"rendered again it has another heading");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena;
	struct error err;
	char text[256];
	struct html_text plain;
	Lectern__V1__Post first = LECTERN__V1__POST__INIT;
	Lectern__V1__Post second = LECTERN__V1__POST__INIT;
	arena_init(&arena, LIMIT_ARENA_BYTES);
	first.body = arena_text(&arena, slice_of(data, text_find_invalid(slice_of(data, size))));
	if (html_render(&arena, &first, &err) == CODE_OK) {
		require(is_safe_html(first.html, text, sizeof text), text);
		second.body = first.html;
		require(html_render(&arena, &second, &err) == CODE_OK, err.text);
		require_same(&first, &second);
		require(html_text(&arena, slice_of_text(first.html), &plain), "out of memory");
	} else {
		require(strcmp(err.reason, "BODY_NESTED_TOO_DEEP") == 0 ||
				strcmp(err.reason, "BODY_NOT_PARSED") == 0 || size > 100000,
			err.text);
	}
	arena_done(&arena);
	return 0;
}
