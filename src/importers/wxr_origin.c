#include "importers/wxr_origin.h"

#include "base/text.h"
#include "importers/digest.h"

#include <stdlib.h>

void wxr_origins_done(struct wxr_origins *origins)
{
	free(origins->slots);
}

struct slice wxr_blog_url(const struct wxr_reader *reader)
{
	static const enum wxr_value values[] = { WXR_BLOG_URL, WXR_CHANNEL_LINK, WXR_SITE_URL };
	for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
		struct slice url = wxr_value(reader, values[i]);
		if (url.size > 0)
			return url;
	}
	return slice_of_text("");
}

static struct wxr_origin *find(struct wxr_origins *origins, uint64_t digest)
{
	size_t mask = origins->slot_count - 1;
	size_t at = (size_t)digest & mask;
	while (origins->slots[at].digest != 0 && origins->slots[at].digest != digest)
		at = (at + 1) & mask;
	return &origins->slots[at];
}

static bool grow(struct wxr_origins *origins)
{
	if ((origins->count + 1) * 2 <= origins->slot_count)
		return true;
	struct wxr_origins grown = {
		.slot_count = origins->slot_count == 0 ? 1024 : origins->slot_count * 2
	};
	grown.slots = calloc(grown.slot_count, sizeof *grown.slots);
	if (grown.slots == NULL)
		return false;
	for (size_t i = 0; i < origins->slot_count; i++)
		if (origins->slots[i].digest != 0)
			*find(&grown, origins->slots[i].digest) = origins->slots[i];
	grown.count = origins->count;
	free(origins->slots);
	*origins = grown;
	return true;
}

/* Whether an item with another id has the origin. */
static enum code claim(struct wxr_origins *origins, const char *origin, uint64_t post_id,
	bool *ret_taken, struct error *err)
{
	if (!grow(origins))
		return fail(err, CODE_RESOURCE_EXHAUSTED, "out of memory");
	uint64_t digest = digest_number(slice_of_text(origin));
	struct wxr_origin *slot = find(origins, digest);
	*ret_taken = slot->digest != 0 && slot->post_id != post_id;
	if (slot->digest != 0)
		return CODE_OK;
	*slot = (struct wxr_origin){ .digest = digest, .post_id = post_id };
	origins->count++;
	return CODE_OK;
}

static bool is_one_line(struct slice text)
{
	for (size_t i = 0; i < text.size; i++)
		if (text.data[i] < ' ' || text.data[i] == 0x7F)
			return false;
	return true;
}

static const char *shorten(const char *origin, struct arena *arena)
{
	struct slice text = slice_of_text(origin);
	if (text.size <= WXR_ORIGIN_BYTES && is_one_line(text))
		return origin;
	struct digest digest = digest_of(text);
	char hex[DIGEST_HEX_BYTES];
	digest_hex(&digest, hex);
	return arena_printf(arena, "wordpress:%s", hex);
}

static const char *fallback(const struct wxr_reader *reader, struct arena *arena)
{
	struct slice url = wxr_blog_url(reader);
	struct slice id = wxr_value(reader, WXR_POST_ID);
	struct slice name = wxr_value(reader, WXR_POST_NAME);
	if (name.size == 0)
		name = wxr_value(reader, WXR_TITLE);
	bool has_id = wxr_number(reader, WXR_POST_ID) != 0;
	if (!has_id)
		id = name;
	return arena_printf(arena, "wordpress:%.*s%s%.*s", (int)url.size, (const char *)url.data,
		has_id ? "#" : "/", (int)id.size, id.size == 0 ? "" : (const char *)id.data);
}

enum code wxr_origin_of(struct wxr_origins *origins, const struct wxr_reader *reader,
	struct arena *arena, const char **ret, bool *ret_taken, struct error *err)
{
	struct slice guid = wxr_value(reader, WXR_GUID);
	uint64_t id = wxr_number(reader, WXR_POST_ID);
	*ret_taken = false;
	const char *origin = guid.size > 0 ? arena_text(arena, guid) : fallback(reader, arena);
	if (origin != NULL)
		origin = shorten(origin, arena);
	*ret = origin;
	if (origin == NULL)
		return fail(err, CODE_RESOURCE_EXHAUSTED, "out of memory");
	if (origins == NULL)
		return CODE_OK;
	enum code code = claim(origins, origin, id, ret_taken, err);
	if (code != CODE_OK || !*ret_taken)
		return code;
	origin = fallback(reader, arena);
	*ret = origin == NULL ? NULL : shorten(origin, arena);
	return *ret == NULL ? fail(err, CODE_RESOURCE_EXHAUSTED, "out of memory") : CODE_OK;
}
