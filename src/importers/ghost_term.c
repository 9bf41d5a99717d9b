#include "importers/ghost_term.h"

#include "base/limits.h"
#include "importers/ghost_text.h"

#include <lectern/v1/author.pb-c.h>
#include <lectern/v1/tag.pb-c.h>
#include <times.h>

#define BIT GHOST_BIT

const uint64_t ghost_tag_fields = BIT(GHOST_ID) | BIT(GHOST_NAME) | BIT(GHOST_SLUG) |
				  BIT(GHOST_DESCRIPTION) | BIT(GHOST_VISIBILITY) |
				  BIT(GHOST_CREATED_AT) | BIT(GHOST_UPDATED_AT);
const uint64_t ghost_user_fields = BIT(GHOST_ID) | BIT(GHOST_NAME) | BIT(GHOST_SLUG) |
				   BIT(GHOST_BIO) | BIT(GHOST_WEBSITE) | BIT(GHOST_PROFILE_IMAGE) |
				   BIT(GHOST_IMAGE) | BIT(GHOST_CREATED_AT) | BIT(GHOST_UPDATED_AT);

static bool refuse(struct ghost_record *record, const char *problem)
{
	snprintf(record->problem, sizeof record->problem, "%s", problem);
	return false;
}

static bool starts_with(struct slice text, const char *start)
{
	size_t size = strlen(start);
	return text.size >= size && memcmp(text.data, start, size) == 0;
}

bool ghost_term_names(struct ghost_record *record, struct arena *arena, struct ghost_names *ret)
{
	struct slice name;
	struct slice slug;
	struct slice visibility;
	if (record->problem[0] != '\0' || !ghost_record_text(record, GHOST_NAME, &name) ||
		!ghost_record_text(record, GHOST_SLUG, &slug) ||
		!ghost_record_text(record, GHOST_VISIBILITY, &visibility))
		return false;
	char *line = ghost_line(name.size > 0 ? name : slug, LIMIT_NAME_BYTES, "name", NULL, arena);
	char *chosen = line == NULL ? NULL : ghost_slug(slug, line, arena);
	if (chosen == NULL)
		return refuse(record, "out of memory");
	if (line[0] == '\0')
		return refuse(record, "name: must not be empty");
	if (chosen[0] == '\0')
		return refuse(record, "slug: must be set where the name has no letter or digit");
	/* Before 0.8 there was no visibility, only the names. */
	*ret = (struct ghost_names){ .slug = chosen,
		.name = line,
		.is_internal = slice_equals(visibility, slice_of_text("internal")) ||
			       starts_with(name, "#") };
	return true;
}

static bool read_time(struct ghost_record *record, enum ghost_field field, struct arena *arena,
	struct import_item *item, Google__Protobuf__Timestamp **ret)
{
	int64_t time_us;
	*ret = NULL;
	if (!ghost_record_time(record, field, &time_us)) {
		item_note(item, "%s, left out", record->problem);
		return true;
	}
	if (!ghost_record_has(record, field))
		return true;
	*ret = arena_alloc(arena, sizeof **ret);
	if (*ret == NULL)
		return false;
	timestamp_from_us(*ret, time_us);
	return true;
}

/* A text that the term does without if it is damaged. */
static struct slice optional_text(
	struct ghost_record *record, enum ghost_field field, struct import_item *item)
{
	struct slice text;
	if (!ghost_record_text(record, field, &text))
		item_note(item, "%s, left out", record->problem);
	return text;
}

static bool make_tag(struct ghost_record *record, const struct ghost_names *names,
	struct arena *arena, struct import_item *item)
{
	static const char *const fields[] = { "name", "description", NULL };
	Lectern__V1__Tag *tag = arena_alloc(arena, sizeof *tag);
	if (tag == NULL)
		return false;
	lectern__v1__tag__init(tag);
	tag->slug = (char *)names->slug;
	tag->name = (char *)names->name;
	tag->description = ghost_cut(optional_text(record, GHOST_DESCRIPTION, item),
		LIMIT_DESCRIPTION_BYTES, "description", item, arena);
	item->message = &tag->base;
	item->fields = fields;
	return tag->description != NULL &&
	       read_time(record, GHOST_CREATED_AT, arena, item, &tag->create_time) &&
	       read_time(record, GHOST_UPDATED_AT, arena, item, &tag->update_time);
}

static bool make_author(struct ghost_record *record, const struct ghost_names *names,
	struct arena *arena, struct import_item *item)
{
	static const char *const fields[] = { "name", "description", "url", "avatar_url", NULL };
	Lectern__V1__Author *author = arena_alloc(arena, sizeof *author);
	if (author == NULL)
		return false;
	lectern__v1__author__init(author);
	enum ghost_field image =
		ghost_record_has(record, GHOST_PROFILE_IMAGE) ? GHOST_PROFILE_IMAGE : GHOST_IMAGE;
	author->slug = (char *)names->slug;
	author->name = (char *)names->name;
	author->description = ghost_cut(optional_text(record, GHOST_BIO, item),
		LIMIT_DESCRIPTION_BYTES, "bio", item, arena);
	author->url = ghost_url(optional_text(record, GHOST_WEBSITE, item), "website", item, arena);
	author->avatar_url =
		ghost_url(optional_text(record, image, item), "profile_image", item, arena);
	item->message = &author->base;
	item->fields = fields;
	return author->description != NULL && author->url != NULL && author->avatar_url != NULL &&
	       read_time(record, GHOST_CREATED_AT, arena, item, &author->create_time) &&
	       read_time(record, GHOST_UPDATED_AT, arena, item, &author->update_time);
}

bool ghost_term_item(struct ghost_record *record, enum import_kind kind, bool internal_tags,
	struct arena *arena, struct import_item *item)
{
	struct ghost_names names;
	item->kind = kind;
	item->line = record->line;
	item->state = ITEM_REFUSED;
	item->origin = "";
	if (!ghost_term_names(record, arena, &names)) {
		item_note(item, "%s", record->problem);
		return true;
	}
	item->origin = names.slug;
	item->state = ITEM_SKIPPED;
	if (kind == IMPORT_TAG && names.is_internal && !internal_tags) {
		item_note(item, "an internal tag, which Ghost shows to editors only");
		return true;
	}
	item->state = ITEM_READY;
	struct slice slug;
	if (ghost_record_text(record, GHOST_SLUG, &slug) &&
		!slice_equals(slug, slice_of_text(names.slug)))
		item_note(item, "slug: made \"%s\"", names.slug);
	return kind == IMPORT_TAG ? make_tag(record, &names, arena, item)
				  : make_author(record, &names, arena, item);
}
