#include "base/text.h"
#include "importers/digest.h"
#include "importers/wxr_post.h"

#include <stdlib.h>

void wxr_covers_init(struct wxr_covers *covers)
{
	*covers = (struct wxr_covers){ .count = 0 };
	arena_init(&covers->arena, WXR_COVERS_BYTES);
}

void wxr_covers_done(struct wxr_covers *covers)
{
	arena_done(&covers->arena);
	free(covers->covers);
}

static bool reserve(struct wxr_covers *covers)
{
	if (covers->count < covers->capacity)
		return true;
	size_t capacity = covers->capacity == 0 ? 256 : covers->capacity * 2;
	if (capacity * sizeof *covers->covers > WXR_COVERS_BYTES)
		return false;
	struct wxr_cover *more = realloc(covers->covers, capacity * sizeof *more);
	if (more == NULL)
		return false;
	covers->covers = more;
	covers->capacity = capacity;
	return true;
}

void wxr_covers_take(struct wxr_covers *covers, const struct wxr_reader *reader)
{
	struct slice url = wxr_value(reader, WXR_ATTACHMENT_URL);
	uint64_t id = wxr_number(reader, WXR_POST_ID);
	if (id == 0 || !text_is_url(url) || covers->incomplete)
		return;
	const char *copy = reserve(covers) ? arena_text(&covers->arena, url) : NULL;
	covers->incomplete = copy == NULL;
	if (copy != NULL)
		covers->covers[covers->count++] =
			(struct wxr_cover){ digest_number(wxr_blog_url(reader)), id, copy };
}

static int compare(const void *left, const void *right)
{
	const struct wxr_cover *a = left;
	const struct wxr_cover *b = right;
	if (a->blog != b->blog)
		return a->blog < b->blog ? -1 : 1;
	return (a->id > b->id) - (a->id < b->id);
}

void wxr_covers_sort(struct wxr_covers *covers)
{
	if (covers->count > 0)
		qsort(covers->covers, covers->count, sizeof *covers->covers, compare);
}

const char *wxr_covers_find(const struct wxr_covers *covers, uint64_t blog, uint64_t id)
{
	struct wxr_cover key = { .blog = blog, .id = id };
	const struct wxr_cover *found = covers->count == 0
						? NULL
						: bsearch(&key, covers->covers, covers->count,
							  sizeof *covers->covers, compare);
	return found == NULL ? NULL : found->url;
}
