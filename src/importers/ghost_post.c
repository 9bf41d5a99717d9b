#include "importers/ghost_post.h"

#include "base/limits.h"
#include "base/text.h"
#include "importers/ghost_body.h"
#include "importers/ghost_refs.h"
#include "importers/ghost_text.h"

#include <times.h>

#define BIT GHOST_BIT

const uint64_t ghost_post_fields =
	BIT(GHOST_ID) | BIT(GHOST_UUID) | BIT(GHOST_TITLE) | BIT(GHOST_SLUG) | BIT(GHOST_TYPE) |
	BIT(GHOST_PAGE) | BIT(GHOST_STATUS) | BIT(GHOST_VISIBILITY) | BIT(GHOST_HTML) |
	BIT(GHOST_MARKDOWN) | BIT(GHOST_MOBILEDOC) | BIT(GHOST_LEXICAL) |
	BIT(GHOST_CUSTOM_EXCERPT) | BIT(GHOST_FEATURE_IMAGE) | BIT(GHOST_IMAGE) |
	BIT(GHOST_FEATURED) | BIT(GHOST_CANONICAL_URL) | BIT(GHOST_LOCALE) | BIT(GHOST_LANGUAGE) |
	BIT(GHOST_CREATED_AT) | BIT(GHOST_UPDATED_AT) | BIT(GHOST_PUBLISHED_AT) | BIT(GHOST_TAGS) |
	BIT(GHOST_AUTHORS) | BIT(GHOST_AUTHOR_ID) | BIT(GHOST_AUTHOR);

enum {
	FIELDS_MAX = 20,
	ID_BYTES_MAX = 64,
	ORIGIN_SLUG_BYTES_MAX = 100,
};

/* A post on its way from a record. */
struct making {
	struct ghost_record *record;
	const struct ghost_index *index;
	const struct source_options *options;
	struct arena *arena;
	struct import_item *item;
	Lectern__V1__Post *post;
	const char *fields[FIELDS_MAX];
	size_t field_count;
	bool no_memory;
};

static void decide(struct making *making, const char *field)
{
	making->fields[making->field_count++] = field;
}

static bool is(struct slice text, const char *word)
{
	return slice_equals(text, slice_of_text(word));
}

/* Refuses with the record's problem. */
static bool refuse(struct making *making)
{
	making->item->state = ITEM_REFUSED;
	item_note(making->item, "%s", making->record->problem);
	return false;
}

static bool text_of(struct making *making, enum ghost_field field, struct slice *ret)
{
	return ghost_record_text(making->record, field, ret) || refuse(making);
}

/* A text that the post does without if it is damaged. */
static bool optional_text(struct making *making, enum ghost_field field, struct slice *ret)
{
	if (ghost_record_text(making->record, field, ret))
		return ghost_record_has(making->record, field);
	item_note(making->item, "%s, left out", making->record->problem);
	return false;
}

/* Keeps a text that was allocated. */
static char *keep(struct making *making, char *text)
{
	static char empty[1];
	making->no_memory = making->no_memory || text == NULL;
	return text == NULL ? empty : text;
}

static bool is_hex_id(struct slice id)
{
	bool is_hex = id.size == 24;
	for (size_t i = 0; i < id.size; i++) {
		uint8_t c = id.data[i] | 0x20;
		is_hex = is_hex && ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'));
	}
	return is_hex;
}

/*
 * "ghost:" and the uuid, which every Ghost has given to its posts, or an id of 24 digits. A small
 * number alone, as tools that make exports write it, would be the same for posts of other sites, so
 * that the slug stands behind it.
 */
static bool make_origin(struct making *making)
{
	struct slice uuid;
	struct slice id;
	if (!text_of(making, GHOST_UUID, &uuid) || !text_of(making, GHOST_ID, &id))
		return false;
	bool has_uuid = uuid.size > 0 && uuid.size <= ID_BYTES_MAX;
	struct slice name = has_uuid ? uuid : id;
	char *line = keep(making, ghost_line(name, ID_BYTES_MAX, "id", NULL, making->arena));
	struct slice slug = slice_of_text(making->post->slug);
	bool is_unique = has_uuid || is_hex_id(id);
	if (name.size == 0 && slug.size == 0) {
		snprintf(making->record->problem, sizeof making->record->problem,
			"slug: must be set where there is no uuid, no id and no title");
		return refuse(making);
	}
	slug.size = is_unique ? 0 : text_cut(slug, ORIGIN_SLUG_BYTES_MAX);
	making->post->origin = keep(
		making, arena_printf(making->arena, "ghost:%s%s%.*s", line, is_unique ? "" : "/",
				(int)slug.size, (const char *)slug.data));
	return true;
}

static bool make_title_and_slug(struct making *making)
{
	struct slice title;
	struct slice slug;
	if (!text_of(making, GHOST_TITLE, &title) || !text_of(making, GHOST_SLUG, &slug))
		return false;
	Lectern__V1__Post *post = making->post;
	post->title = keep(
		making, ghost_line(title, LIMIT_TITLE_BYTES, "title", making->item, making->arena));
	post->slug = keep(making, ghost_slug(slug, post->title, making->arena));
	if (post->title[0] == '\0') {
		item_note(making->item, "title: empty, made \"(Untitled)\"");
		post->title = keep(making,
			arena_text(making->arena, slice_of_text("(Untitled)"))); /* Ghost's word */
	}
	if (!make_origin(making))
		return false;
	if (post->slug[0] == '\0')
		post->slug = keep(
			making, ghost_slug(slice_of_text(post->origin), "untitled", making->arena));
	if (!slice_equals(slug, slice_of_text(post->slug)))
		item_note(making->item, "slug: made \"%s\"", post->slug);
	decide(making, "slug");
	decide(making, "title");
	return true;
}

/* Pages are no posts; before Ghost 3 they were told apart by a flag. */
static bool check_type(struct making *making)
{
	struct slice type;
	bool is_page;
	if (!text_of(making, GHOST_TYPE, &type))
		return false;
	if (!ghost_record_flag(making->record, GHOST_PAGE, &is_page))
		return refuse(making);
	if (type.size > 0 && !is(type, "post") && !is(type, "page")) {
		snprintf(making->record->problem, sizeof making->record->problem,
			"type: must be \"post\" or \"page\"");
		return refuse(making);
	}
	if ((!is_page && !is(type, "page")) || making->options->pages)
		return true;
	making->item->state = ITEM_SKIPPED;
	item_note(making->item, "a page, not a post");
	return false;
}

/* Sets *ret to the time where there is one. */
static bool has_time(struct making *making, enum ghost_field field, int64_t *ret)
{
	if (!ghost_record_time(making->record, field, ret)) {
		item_note(making->item, "%s, left out", making->record->problem);
		return false;
	}
	struct slice text;
	return ghost_record_text(making->record, field, &text) && text.size > 0;
}

static void set_time(struct making *making, Google__Protobuf__Timestamp **ret, int64_t time_us,
	const char *field)
{
	*ret = arena_alloc(making->arena, sizeof **ret);
	making->no_memory = making->no_memory || *ret == NULL;
	if (*ret != NULL)
		timestamp_from_us(*ret, time_us);
	decide(making, field);
}

static void make_publish_time(struct making *making)
{
	Lectern__V1__Post *post = making->post;
	int64_t time_us;
	bool is_public = post->state == LECTERN__V1__POST_STATE__POST_STATE_PUBLISHED;
	if (has_time(making, GHOST_PUBLISHED_AT, &time_us)) {
		set_time(making, &post->publish_time, time_us, "publish_time");
	} else if (is_public && (has_time(making, GHOST_CREATED_AT, &time_us) ||
					has_time(making, GHOST_UPDATED_AT, &time_us))) {
		item_note(making->item, "published_at: not there, made created_at or updated_at");
		set_time(making, &post->publish_time, time_us, "publish_time");
	} else if (post->state == LECTERN__V1__POST_STATE__POST_STATE_SCHEDULED) {
		item_note(making->item, "scheduled without a time, made a draft");
		post->state = LECTERN__V1__POST_STATE__POST_STATE_DRAFT;
		return;
	}
	if (post->state == LECTERN__V1__POST_STATE__POST_STATE_SCHEDULED &&
		time_us <= making->options->now_us) {
		item_note(making->item, "scheduled for a time that has come, made published");
		post->state = LECTERN__V1__POST_STATE__POST_STATE_PUBLISHED;
	}
}

/*
 * Only what every visitor of the site could read is published. A post for members and a newsletter
 * that was sent and never stood on the site come as drafts: nothing is lost, and nothing becomes
 * public by being imported.
 */
static bool make_state(struct making *making)
{
	static const struct {
		const char *status;
		Lectern__V1__PostState state;
	} states[] = {
		{ "published", LECTERN__V1__POST_STATE__POST_STATE_PUBLISHED },
		{ "scheduled", LECTERN__V1__POST_STATE__POST_STATE_SCHEDULED },
		{ "draft", LECTERN__V1__POST_STATE__POST_STATE_DRAFT },
		{ "sent", LECTERN__V1__POST_STATE__POST_STATE_DRAFT },
		{ "", LECTERN__V1__POST_STATE__POST_STATE_DRAFT }, /* Ghost's own default */
	};
	struct slice status;
	struct slice visibility;
	if (!text_of(making, GHOST_STATUS, &status) ||
		!text_of(making, GHOST_VISIBILITY, &visibility))
		return false;
	making->post->state = LECTERN__V1__POST_STATE__POST_STATE_UNSPECIFIED;
	for (size_t i = 0; i < sizeof states / sizeof states[0]; i++)
		if (is(status, states[i].status))
			making->post->state = states[i].state;
	if (making->post->state == LECTERN__V1__POST_STATE__POST_STATE_UNSPECIFIED) {
		snprintf(making->record->problem, sizeof making->record->problem,
			"status: must be \"published\", \"scheduled\", \"draft\" or \"sent\"");
		return refuse(making);
	}
	if (is(status, "sent"))
		item_note(making->item, "sent as a newsletter only, made a draft");
	make_publish_time(making);
	if (visibility.size > 0 && !is(visibility, "public") &&
		making->post->state != LECTERN__V1__POST_STATE__POST_STATE_DRAFT) {
		item_note(making->item, "not for every reader (visibility), made a draft");
		making->post->state = LECTERN__V1__POST_STATE__POST_STATE_DRAFT;
	}
	decide(making, "state");
	return true;
}

/* One of two fields, of which the second is that of old exports. */
static bool either(
	struct making *making, enum ghost_field field, enum ghost_field old, struct slice *ret)
{
	return optional_text(making, ghost_record_has(making->record, field) ? field : old, ret);
}

static bool is_language(struct slice text)
{
	size_t run = 0;
	for (size_t i = 0; i < text.size; i++) {
		uint8_t c = text.data[i];
		bool letter =
			(c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
		if (!letter && (c != '-' || run == 0 || i + 1 == text.size))
			return false;
		run = letter ? run + 1 : 0;
		if (run > 8)
			return false;
	}
	return text.size <= LIMIT_LANGUAGE_BYTES;
}

static void make_language(struct making *making)
{
	struct slice text;
	if (!either(making, GHOST_LOCALE, GHOST_LANGUAGE, &text))
		return;
	char *language = keep(making, arena_text(making->arena, text));
	for (char *c = language; *c != '\0'; c++)
		*c = *c == '_' ? '-' : *c; /* "en_US" stands in old exports */
	if (!is_language(slice_of_text(language))) {
		item_note(making->item, "locale: left out, as it is no BCP 47 tag");
		return;
	}
	making->post->language = language;
	decide(making, "language");
}

static void make_url(
	struct making *making, struct slice text, const char *name, const char *field, char **ret)
{
	*ret = keep(making, ghost_url(text, name, making->item, making->arena));
	if ((*ret)[0] != '\0' || text.size == 0)
		decide(making, field);
}

static void make_details(struct making *making)
{
	Lectern__V1__Post *post = making->post;
	struct slice text;
	if (optional_text(making, GHOST_CUSTOM_EXCERPT, &text)) {
		post->excerpt = keep(making, ghost_cut(text, LIMIT_EXCERPT_BYTES, "custom_excerpt",
						     making->item, making->arena));
		decide(making, "excerpt");
	}
	if (either(making, GHOST_FEATURE_IMAGE, GHOST_IMAGE, &text))
		make_url(making, text, "feature_image", "cover_image_url", &post->cover_image_url);
	if (optional_text(making, GHOST_CANONICAL_URL, &text))
		make_url(making, text, "canonical_url", "canonical_url", &post->canonical_url);
	bool is_featured;
	if (!ghost_record_flag(making->record, GHOST_FEATURED, &is_featured))
		item_note(making->item, "%s, left out", making->record->problem);
	post->featured = is_featured;
	decide(making, "featured");
	make_language(making);
	int64_t time_us;
	if (has_time(making, GHOST_CREATED_AT, &time_us))
		set_time(making, &post->create_time, time_us, "create_time");
	if (has_time(making, GHOST_UPDATED_AT, &time_us))
		set_time(making, &post->update_time, time_us, "update_time");
}

static bool make_body(struct making *making)
{
	if (!ghost_body(making->record, making->arena, making->post))
		return refuse(making);
	if (making->post->body_format == LECTERN__V1__BODY_FORMAT__BODY_FORMAT_MARKDOWN)
		item_note(making->item, "no html in the export, taken from its Markdown");
	decide(making, "body_format");
	decide(making, "body");
	return true;
}

static void make_refs(struct making *making)
{
	bool tags;
	bool authors;
	if (!ghost_refs(making->record, making->index, making->options->internal_tags,
		    making->arena, making->item, making->post, &tags, &authors)) {
		making->no_memory = true;
		return;
	}
	if (tags)
		decide(making, "tags");
	if (authors)
		decide(making, "authors");
}

static void make(struct making *making)
{
	if (making->record->problem[0] != '\0') {
		(void)refuse(making);
		return;
	}
	if (!make_title_and_slug(making))
		return;
	making->item->origin = making->post->origin;
	if (!check_type(making) || !make_state(making) || !make_body(making))
		return;
	make_details(making);
	make_refs(making);
	const char **fields = arena_calloc(making->arena, making->field_count + 1, sizeof *fields);
	making->no_memory = making->no_memory || fields == NULL;
	for (size_t i = 0; fields != NULL && i < making->field_count; i++)
		fields[i] = making->fields[i];
	making->item->fields = fields;
	making->item->message = &making->post->base;
}

bool ghost_post_item(struct ghost_record *record, const struct ghost_index *index,
	const struct source_options *options, struct arena *arena, struct import_item *item)
{
	struct making making = { .record = record,
		.index = index,
		.options = options,
		.arena = arena,
		.item = item,
		.post = arena_alloc(arena, sizeof(Lectern__V1__Post)) };
	if (making.post == NULL)
		return false;
	lectern__v1__post__init(making.post);
	item->kind = IMPORT_POST;
	item->state = ITEM_READY;
	item->line = record->line;
	item->origin = "";
	make(&making);
	return !making.no_memory;
}
