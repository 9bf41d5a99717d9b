#include "importers/same.h"

#include "base/limits.h"
#include "base/text.h"
#include "importers/fields.h"

#include <lectern/v1/post.pb-c.h>

static bool same_name(const char *a, const char *b)
{
	char left[4 * LIMIT_NAME_BYTES];
	char right[4 * LIMIT_NAME_BYTES];
	struct slice a_text = slice_of_text(a);
	struct slice b_text = slice_of_text(b);
	if (text_find_invalid(a_text) < a_text.size || text_find_invalid(b_text) < b_text.size)
		return false;
	text_fold(a_text, left, sizeof left);
	text_fold(b_text, right, sizeof right);
	return strcmp(left, right) == 0;
}

/* Whether a reference (to a term or a series) finds what the server's one names. */
static bool finds(const ProtobufCMessage *wanted, const ProtobufCMessage *existing)
{
	const char *slug = fields_text(wanted, "slug");
	if (slug[0] != '\0')
		return strcmp(slug, fields_text(existing, "slug")) == 0;
	return same_name(fields_text(wanted, "name"), fields_text(existing, "name"));
}

static bool contains(ProtobufCMessage *const *list, size_t count, const ProtobufCMessage *entry)
{
	for (size_t i = 0; i < count; i++)
		if (list[i] == entry)
			return true;
	return false;
}

static bool align_refs(ProtobufCMessage *wanted, const ProtobufCMessage *existing, const char *name,
	bool keep, struct arena *arena)
{
	size_t wanted_count, existing_count;
	ProtobufCMessage **want = fields_list(wanted, name, &wanted_count);
	ProtobufCMessage **have = fields_list(existing, name, &existing_count);
	ProtobufCMessage **merged =
		arena_calloc(arena, wanted_count + existing_count + 1, sizeof(ProtobufCMessage *));
	if (merged == NULL)
		return false;
	size_t count = 0;
	for (size_t i = 0; keep && i < existing_count; i++)
		merged[count++] = have[i];
	for (size_t w = 0; w < wanted_count; w++) {
		ProtobufCMessage *entry = want[w];
		for (size_t i = 0; i < existing_count && entry == want[w]; i++)
			if (finds(want[w], have[i]))
				entry = have[i];
		if (!contains(merged, count, entry))
			merged[count++] = entry;
	}
	fields_set_list(wanted, name, merged, count);
	return true;
}

static bool align_series(
	Lectern__V1__Post *wanted, const Lectern__V1__Post *existing, struct arena *arena)
{
	if (wanted->series == NULL || existing->series == NULL ||
		!finds(&wanted->series->base, &existing->series->base))
		return true;
	uint32_t part = wanted->series->part;
	wanted->series = (Lectern__V1__SeriesRef *)fields_copy(&existing->series->base, arena);
	if (wanted->series == NULL)
		return false;
	wanted->series->part = part;
	return true;
}

static bool align_post(ProtobufCMessage *wanted_message, const ProtobufCMessage *existing_message,
	bool keep_terms, struct arena *arena)
{
	Lectern__V1__Post *wanted = (Lectern__V1__Post *)wanted_message;
	const Lectern__V1__Post *existing = (const Lectern__V1__Post *)existing_message;
	if (wanted->state == LECTERN__V1__POST_STATE__POST_STATE_UNSPECIFIED)
		wanted->state = existing->state;
	/* A public post whose expire_time has come is EXPIRED on the server. */
	if (wanted->state == LECTERN__V1__POST_STATE__POST_STATE_PUBLISHED &&
		existing->state == LECTERN__V1__POST_STATE__POST_STATE_EXPIRED)
		wanted->state = existing->state;
	if (wanted->body_format == LECTERN__V1__BODY_FORMAT__BODY_FORMAT_UNSPECIFIED)
		wanted->body_format = existing->body_format;
	if (wanted->publish_time == NULL)
		wanted->publish_time = existing->publish_time;
	return align_series(wanted, existing, arena) &&
	       align_refs(wanted_message, existing_message, "tags", keep_terms, arena) &&
	       align_refs(wanted_message, existing_message, "categories", keep_terms, arena) &&
	       align_refs(wanted_message, existing_message, "authors", keep_terms, arena);
}

bool same_align(ProtobufCMessage *wanted, const ProtobufCMessage *existing, bool keep_terms,
	struct arena *arena)
{
	if (wanted->descriptor == &lectern__v1__post__descriptor)
		return align_post(wanted, existing, keep_terms, arena);
	if (!fields_have(wanted, "parent"))
		return true;
	ProtobufCMessage *parent = fields_message(wanted, "parent");
	ProtobufCMessage *known = fields_message(existing, "parent");
	if (parent != NULL && known != NULL && finds(parent, known))
		fields_set_message(wanted, "parent", known);
	return true;
}
