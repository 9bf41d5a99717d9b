#include "services/html_ids.h"

#include "base/text.h"
#include "services/outline.h"

#include <stdlib.h>

struct html_id {
	struct html_id *next;
	bool taken;
	char slug[]; /* NUL at the end */
};

void html_ids_init(struct html_ids *ids, struct arena *arena)
{
	*ids = (struct html_ids){ .arena = arena };
}

static size_t make_slug(struct slice id, char *out)
{
	if (text_find_invalid(id) < id.size)
		return 0;
	return text_slug(id, out, ANCHOR_BYTES_MAX + 1);
}

bool html_ids_add(struct html_ids *ids, const char *text)
{
	char slug[ANCHOR_BYTES_MAX + 1];
	size_t size = make_slug(slice_of_text(text), slug);
	if (size == 0)
		return true;
	struct html_id *id = arena_alloc(ids->arena, sizeof *id + size + 1);
	if (id == NULL)
		return false;
	*id = (struct html_id){ .next = ids->first };
	memcpy(id->slug, slug, size + 1);
	ids->first = id;
	ids->count++;
	return true;
}

static int compare(const void *a, const void *b)
{
	return strcmp((*(struct html_id *const *)a)->slug, (*(struct html_id *const *)b)->slug);
}

bool html_ids_sort(struct html_ids *ids)
{
	size_t count = 0;
	ids->sorted = arena_calloc(ids->arena, ids->count + 1, sizeof *ids->sorted);
	if (ids->sorted == NULL)
		return false;
	for (struct html_id *id = ids->first; id != NULL; id = id->next)
		ids->sorted[count++] = id;
	qsort(ids->sorted, count, sizeof *ids->sorted, compare);
	size_t kept = 0;
	for (size_t i = 0; i < count; i++)
		if (kept == 0 || strcmp(ids->sorted[kept - 1]->slug, ids->sorted[i]->slug) != 0)
			ids->sorted[kept++] = ids->sorted[i];
	ids->count = kept;
	return true;
}

static int compare_slug(const void *slug, const void *id)
{
	return strcmp(slug, (*(struct html_id *const *)id)->slug);
}

static struct html_id *find(const struct html_ids *ids, const char *slug)
{
	struct html_id **found =
		bsearch(slug, ids->sorted, ids->count, sizeof *ids->sorted, compare_slug);
	return found == NULL ? NULL : *found;
}

const char *html_ids_take(struct html_ids *ids, const char *text)
{
	char slug[ANCHOR_BYTES_MAX + 1];
	if (make_slug(slice_of_text(text), slug) == 0)
		return NULL;
	struct html_id *id = find(ids, slug);
	if (id == NULL || id->taken)
		return NULL;
	id->taken = true;
	return id->slug;
}

bool html_ids_has(const struct html_ids *ids, const char *slug)
{
	return find(ids, slug) != NULL;
}

static int hex_digit(uint8_t byte)
{
	if (byte >= '0' && byte <= '9')
		return byte - '0';
	uint8_t lower = byte | 0x20;
	return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* Percent-decodes; 0 where it does not fit, as no id that is collected is so long. */
static size_t decode(struct slice text, uint8_t *out, size_t capacity)
{
	size_t size = 0;
	for (size_t i = 0; i < text.size; i++) {
		bool escape = text.data[i] == '%' && text.size - i > 2 &&
			      hex_digit(text.data[i + 1]) >= 0 && hex_digit(text.data[i + 2]) >= 0;
		if (size == capacity)
			return 0;
		out[size++] = escape ? (uint8_t)(hex_digit(text.data[i + 1]) << 4 |
						 hex_digit(text.data[i + 2]))
				     : text.data[i];
		i += escape ? 2 : 0;
	}
	return size;
}

void html_ids_link(const struct html_ids *ids, struct slice url, struct buffer *out)
{
	enum { FRAGMENT_BYTES_MAX = 1024 };
	uint8_t fragment[FRAGMENT_BYTES_MAX];
	char slug[ANCHOR_BYTES_MAX + 1];
	if (url.size > 1 && url.data[0] == '#') {
		size_t size =
			decode(slice_of(url.data + 1, url.size - 1), fragment, sizeof fragment);
		if (size > 0 && make_slug(slice_of(fragment, size), slug) > 0 && find(ids, slug)) {
			buffer_append_char(out, '#');
			buffer_append_text(out, slug);
			return;
		}
	}
	buffer_append(out, url.data, url.size);
}
