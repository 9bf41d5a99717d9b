#include "importers/archive_index.h"

#include "base/limits.h"
#include "base/text.h"

#include <stdlib.h>

enum {
	INDEX_BYTES_MAX = 1024 * 1024 * 1024,
	FIRST_SLOTS = 1024, /* a power of two */
	SUFFIX_BYTES = 11,  /* "-" and a number, put behind a slug that is taken */
};

static enum code fail_memory(struct error *err)
{
	return fail(err, CODE_RESOURCE_EXHAUSTED,
		"the archives do not fit into memory; import them one after the other");
}

void archive_index_init(struct archive_index *index)
{
	*index = (struct archive_index){ .posts = NULL };
	arena_init(&index->arena, INDEX_BYTES_MAX);
}

void archive_index_done(struct archive_index *index)
{
	for (uint32_t i = 0; i < index->archive_count; i++)
		free(index->archives[i].posts);
	free(index->archives);
	free(index->posts);
	free(index->slots);
	arena_done(&index->arena);
}

/* Makes room for one more element of an array. */
static bool reserve(void *array, uint32_t count, uint32_t *capacity, size_t size_bytes)
{
	if (count < *capacity)
		return true;
	uint32_t more = *capacity == 0 ? 64 : *capacity * 2;
	if (more > INDEX_BYTES_MAX / size_bytes)
		return false;
	void *moved = realloc(*(void **)array, more * size_bytes);
	if (moved == NULL)
		return false;
	*(void **)array = moved;
	*capacity = more;
	return true;
}

static bool add_archive(
	struct archive_index *index, const struct page_reader *reader, const char *folded)
{
	if (!reserve(&index->archives, index->archive_count, &index->archive_capacity,
		    sizeof *index->archives))
		return false;
	struct archive *archive = &index->archives[index->archive_count];
	*archive = (struct archive){ .kind = reader->kind,
		.name = arena_text(&index->arena, slice_of(reader->name.data, reader->name.size)),
		.folded = arena_text(&index->arena, slice_of_text(folded)) };
	if (archive->name == NULL || archive->folded == NULL)
		return false;
	index->archive_count++;
	return true;
}

enum code archive_index_page(struct archive_index *index, const struct page_reader *reader,
	uint32_t *ret_archive, struct error *err)
{
	char folded[4 * LIMIT_NAME_BYTES];
	text_fold(slice_of(reader->name.data, reader->name.size), folded, sizeof folded);
	for (uint32_t i = 0; i < index->archive_count; i++) {
		if (index->archives[i].kind == reader->kind &&
			strcmp(index->archives[i].folded, folded) == 0) {
			*ret_archive = i;
			return CODE_OK;
		}
	}
	if (!add_archive(index, reader, folded))
		return fail_memory(err);
	*ret_archive = index->archive_count - 1;
	return CODE_OK;
}

static uint32_t hash(const struct digest *title, const struct digest *body)
{
	uint32_t a, b;
	memcpy(&a, title->bytes, sizeof a);
	memcpy(&b, body->bytes, sizeof b);
	return a ^ (b << 1);
}

/* The slot that holds the post or, if there is none, the empty one where it belongs. */
static uint32_t *find_slot(
	const struct archive_index *index, const struct digest *title, const struct digest *body)
{
	uint32_t i = hash(title, body);
	for (;; i++) {
		uint32_t *slot = &index->slots[i & (index->slot_count - 1)];
		if (*slot == 0)
			return slot;
		const struct archive_post *post = &index->posts[*slot - 1];
		if (digest_equals(&post->title, title) && digest_equals(&post->body, body))
			return slot;
	}
}

static bool grow_slots(struct archive_index *index)
{
	if (index->slot_count / 2 > index->post_count)
		return true;
	uint32_t count = index->slot_count == 0 ? FIRST_SLOTS : index->slot_count * 2;
	uint32_t *slots = calloc(count, sizeof *slots);
	if (slots == NULL)
		return false;
	free(index->slots);
	index->slots = slots;
	index->slot_count = count;
	for (uint32_t i = 0; i < index->post_count; i++)
		*find_slot(index, &index->posts[i].title, &index->posts[i].body) = i + 1;
	return true;
}

/* A title without letters and digits gives no slug. */
static const char *slug_base(
	struct archive_index *index, struct slice title, const struct digest *digest)
{
	char slug[LIMIT_SLUG_BYTES + 1 - SUFFIX_BYTES];
	text_slug(title, slug, sizeof slug);
	if (text_is_slug(slice_of_text(slug)))
		return arena_text(&index->arena, slice_of_text(slug));
	return arena_printf(&index->arena, "post-%02x%02x%02x%02x", digest->bytes[0],
		digest->bytes[1], digest->bytes[2], digest->bytes[3]);
}

static bool add_post(struct archive_index *index, const struct page_reader *reader, uint32_t file,
	uint32_t *slot)
{
	if (!reserve(&index->posts, index->post_count, &index->post_capacity, sizeof *index->posts))
		return false;
	struct slice title = slice_of(reader->title.data, reader->title.size);
	struct archive_post *post = &index->posts[index->post_count];
	*post = (struct archive_post){ .file = file,
		.bullet_indent = reader->bullet_indent,
		.line = reader->line,
		.line_start = reader->line_start,
		.title = digest_of(title),
		.body = digest_of(slice_of(reader->body.data, reader->body.size)) };
	post->slug_base = slug_base(index, title, &post->title);
	if (post->slug_base == NULL)
		return false;
	*slot = ++index->post_count;
	return true;
}

/* Puts the post at the end of the archive unless it stands there already. */
static bool link_post(struct archive_index *index, uint32_t number, uint32_t archive_number)
{
	struct archive_post *post = &index->posts[number];
	struct archive *archive = &index->archives[archive_number];
	for (const struct archive_link *link = post->archives; link != NULL; link = link->next)
		if (link->archive == archive_number)
			return true;
	struct archive_link *link = arena_calloc(&index->arena, 1, sizeof *link);
	if (link == NULL || !reserve(&archive->posts, archive->count, &archive->capacity,
				    sizeof *archive->posts))
		return false;
	link->archive = archive_number;
	if (post->last_archive == NULL)
		post->archives = link;
	else
		post->last_archive->next = link;
	post->last_archive = link;
	archive->posts[archive->count++] = number;
	return true;
}

enum code archive_index_post(struct archive_index *index, const struct page_reader *reader,
	uint32_t file, uint32_t archive, struct error *err)
{
	if (!grow_slots(index))
		return fail_memory(err);
	struct digest title = digest_of(slice_of(reader->title.data, reader->title.size));
	struct digest body = digest_of(slice_of(reader->body.data, reader->body.size));
	uint32_t *slot = find_slot(index, &title, &body);
	if (*slot == 0 && !add_post(index, reader, file, slot))
		return fail_memory(err);
	if (!link_post(index, *slot - 1, archive))
		return fail_memory(err);
	return CODE_OK;
}
