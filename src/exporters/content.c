#include "exporters/content.h"

#include "codec/message.h"

#include <string.h>

#define EMPTY ((char *)(uintptr_t)protobuf_c_empty_string)

static ProtobufCMessage *copy(const ProtobufCMessage *message, struct arena *arena)
{
	ProtobufCMessage *ret = arena_alloc(arena, message->descriptor->sizeof_message);
	if (ret != NULL)
		memcpy(ret, message, message->descriptor->sizeof_message);
	return ret;
}

/* References by slug and name. */
static bool copy_refs(Lectern__V1__TermRef ***refs, size_t count, struct arena *arena)
{
	Lectern__V1__TermRef **copies = arena_calloc(arena, count + 1, sizeof *copies);
	for (size_t i = 0; copies != NULL && i < count; i++) {
		copies[i] = (Lectern__V1__TermRef *)copy(&(*refs)[i]->base, arena);
		if (copies[i] == NULL)
			return false;
		copies[i]->id = 0;
	}
	*refs = copies;
	return copies != NULL;
}

static bool copy_series(Lectern__V1__SeriesRef **series, struct arena *arena)
{
	if (*series == NULL)
		return true;
	*series = (Lectern__V1__SeriesRef *)copy(&(*series)->base, arena);
	if (*series == NULL)
		return false;
	(*series)->id = 0;
	return true;
}

Lectern__V1__Post *content_of_post(const Lectern__V1__Post *post, struct arena *arena)
{
	Lectern__V1__Post *ret = (Lectern__V1__Post *)copy(&post->base, arena);
	if (ret == NULL || !copy_refs(&ret->tags, ret->n_tags, arena) ||
		!copy_refs(&ret->categories, ret->n_categories, arena) ||
		!copy_refs(&ret->authors, ret->n_authors, arena) ||
		!copy_series(&ret->series, arena))
		return NULL;
	ret->id = 0;
	ret->etag = EMPTY;
	ret->word_count = 0;
	ret->reading_seconds = 0;
	ret->html = EMPTY;
	ret->n_outline = 0;
	return ret;
}

ProtobufCMessage *content_of_term(const ProtobufCMessage *term, struct arena *arena)
{
	static const char *const counts[] = { "id", "post_count", "subtree_post_count" };
	ProtobufCMessage *ret = copy(term, arena);
	if (ret == NULL)
		return NULL;
	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
		if (message_has_field(ret->descriptor, counts[i]))
			message_set_number(ret, counts[i], 0);
	message_set_text(ret, "etag", "");
	if (!message_has_field(ret->descriptor, "parent") || !message_is_set(ret, "parent"))
		return ret;
	ProtobufCMessage *parent = copy(message_child(ret, "parent"), arena);
	if (parent == NULL)
		return NULL;
	message_set_number(parent, "id", 0);
	message_set_child(ret, "parent", parent);
	return ret;
}
