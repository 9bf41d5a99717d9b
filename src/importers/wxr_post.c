#include "importers/wxr_post.h"

#include "base/text.h"
#include "importers/digest.h"
#include "importers/item_notes.h"
#include "importers/wxr_body.h"
#include "importers/wxr_text.h"

#include <stdarg.h>
#include <stdio.h>
#include <times.h>

enum {
	TITLE_MADE_BYTES = 80,	      /* of one that is made from the text */
	TEASER_BYTES_MAX = 64 * 1024, /* of the source that an excerpt is made from */
	FIELDS_MAX = 16,
};

/* One post that is made. */
struct making {
	struct wxr_posts *posts;
	const struct wxr_reader *reader;
	struct arena *arena;
	struct import_item *item;
	Lectern__V1__Post *post;
	const char **fields;
	size_t field_count;
	bool is_draft; /* and has no time but the one it was saved at */
	bool out_of_memory;
	struct wxr_body body;
};

void wxr_posts_init(struct wxr_posts *posts)
{
	*posts = (struct wxr_posts){ .pages = false };
	buffer_init(&posts->scratch, WXR_TEXT_BYTES);
	buffer_init(&posts->text, LIMIT_BODY_BYTES);
}

void wxr_posts_done(struct wxr_posts *posts)
{
	wxr_origins_done(&posts->origins);
	buffer_done(&posts->scratch);
	buffer_done(&posts->text);
}

static void PRINTF_LIKE(2, 3) refuse(struct making *making, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	making->item->state = ITEM_REFUSED;
	vsnprintf(making->item->reason, sizeof making->item->reason, fmt, args);
	va_end(args);
}

static bool is_value(const struct wxr_reader *reader, enum wxr_value value, const char *text)
{
	return slice_equals(wxr_value(reader, value), slice_of_text(text));
}

bool wxr_is_wanted(const struct wxr_reader *reader, bool pages, char reason[256])
{
	struct slice type = wxr_value(reader, WXR_POST_TYPE);
	struct slice status = wxr_value(reader, WXR_STATUS);
	bool page = is_value(reader, WXR_POST_TYPE, "page");
	reason[0] = '\0';
	if (is_value(reader, WXR_POST_TYPE, "attachment"))
		snprintf(reason, 256, "it is an attachment");
	else if (page && !pages)
		snprintf(reason, 256, "it is a page");
	else if (!page && type.size > 0 && !is_value(reader, WXR_POST_TYPE, "post"))
		snprintf(reason, 256, "it is no post but a \"%.*s\"", (int)text_cut(type, 100),
			(const char *)type.data);
	else if (wxr_value(reader, WXR_POST_PASSWORD).size > 0)
		snprintf(reason, 256, "it is protected by a password");
	else if (is_value(reader, WXR_STATUS, "trash"))
		snprintf(reason, 256, "it is in the trash");
	else if (is_value(reader, WXR_STATUS, "inherit") ||
		 is_value(reader, WXR_STATUS, "auto-draft"))
		snprintf(reason, 256, "its status is \"%.*s\"", (int)status.size,
			(const char *)status.data);
	return reason[0] == '\0';
}

static char *copy_text(struct making *making, struct slice text)
{
	char *copy = arena_text(making->arena, text);
	making->out_of_memory = making->out_of_memory || copy == NULL;
	return copy == NULL ? (char *)(uintptr_t)protobuf_c_empty_string : copy;
}

static void decide(struct making *making, const char *field)
{
	making->fields[making->field_count++] = field;
}

/* Keeps at most bytes_max of a text, and tells. */
static struct slice cut(
	struct making *making, const char *field, const struct buffer *text, size_t bytes_max)
{
	struct slice whole = slice_of(text->data, text->size);
	if (whole.size > bytes_max)
		item_note(making->item, "%s: cut to %zu bytes", field, bytes_max);
	return slice_of(whole.data, text_cut(whole, bytes_max));
}

static void make_body(struct making *making)
{
	const struct buffer *source = &making->reader->values[WXR_CONTENT];
	struct wxr_posts *posts = making->posts;
	buffer_clear(&posts->text);
	making->post->body_format = LECTERN__V1__BODY_FORMAT__BODY_FORMAT_HTML;
	if (!wxr_body_html(slice_of(source->data, source->size), &posts->scratch, &posts->text,
		    &making->body)) {
		refuse(making, "content:encoded: is longer than %d bytes as HTML; shorten it",
			LIMIT_BODY_BYTES);
		return;
	}
	making->post->body = copy_text(making, slice_of(posts->text.data, posts->text.size));
	if (making->body.dynamic_block[0] != '\0')
		item_note(making->item,
			"the block \"%s\" is left out: the export has nothing of its content",
			making->body.dynamic_block);
	if (making->body.shortcode != NULL)
		item_note(making->item, "shortcodes such as [%s] stay as they are",
			making->body.shortcode);
}

/* The first words of a text. */
static struct slice beginning(struct slice text)
{
	size_t size = text_cut(text, TITLE_MADE_BYTES);
	size_t word = size;
	if (size == text.size)
		return text;
	while (word > 0 && text.data[word] != ' ')
		word--;
	return slice_of(text.data, word > 0 ? word : size);
}

static void make_title(struct making *making)
{
	struct buffer *text = &making->posts->text;
	buffer_clear(text);
	if (wxr_plain_line(wxr_value(making->reader, WXR_TITLE), text) && text->size > 0) {
		making->post->title =
			copy_text(making, cut(making, "title", text, LIMIT_TITLE_BYTES));
		return;
	}
	struct slice body = slice_of_text(making->post->body);
	buffer_clear(text);
	if (wxr_plain_line(slice_of(body.data, text_cut(body, TEASER_BYTES_MAX)), text) &&
		text->size > 0) {
		making->post->title =
			copy_text(making, beginning(slice_of(text->data, text->size)));
		item_note(making->item, "it has no title; it got the beginning of the text");
		return;
	}
	making->post->title = copy_text(making, slice_of_text("(no title)"));
	item_note(making->item, "it has no title");
}

static void make_slug(struct making *making)
{
	char slug[LIMIT_SLUG_BYTES + 1];
	bool changed;
	struct slice name = wxr_value(making->reader, WXR_POST_NAME);
	wxr_slug(name, slug, &changed);
	if (slug[0] != '\0' && changed)
		item_note(making->item, "slug \"%.*s\" is \"%s\"", (int)text_cut(name, 100),
			(const char *)name.data, slug);
	if (slug[0] == '\0' && wxr_value(making->reader, WXR_TITLE).size > 0)
		text_slug(slice_of_text(making->post->title), slug, sizeof slug);
	uint64_t id = wxr_number(making->reader, WXR_POST_ID);
	if (slug[0] == '\0')
		snprintf(slug, sizeof slug, "post-%ju",
			(uintmax_t)(id != 0 ? id
					    : digest_number(slice_of_text(making->post->origin))));
	making->post->slug = copy_text(making, slice_of_text(slug));
}

static void make_excerpt(struct making *making)
{
	struct buffer *text = &making->posts->text;
	struct slice teaser = making->body.teaser;
	buffer_clear(text);
	bool done = wxr_plain_lines(wxr_value(making->reader, WXR_EXCERPT), text);
	if (done && text->size == 0 && teaser.size > 0)
		done = wxr_plain_lines(
			slice_of(teaser.data, text_cut(teaser, TEASER_BYTES_MAX)), text);
	if (done)
		making->post->excerpt =
			copy_text(making, cut(making, "excerpt", text, LIMIT_EXCERPT_BYTES));
	making->out_of_memory = making->out_of_memory || !done;
}

static void set_time(struct making *making, const char *field, int64_t time_us,
	Google__Protobuf__Timestamp **ret)
{
	Google__Protobuf__Timestamp *time = arena_alloc(making->arena, sizeof *time);
	making->out_of_memory = making->out_of_memory || time == NULL;
	if (time == NULL)
		return;
	timestamp_from_us(time, time_us);
	*ret = time;
	decide(making, field);
}

static void make_times(struct making *making)
{
	const struct wxr_reader *reader = making->reader;
	Lectern__V1__Post *post = making->post;
	int64_t now = making->posts->now_us;
	int64_t time = 0;
	int64_t modified = 0;
	bool is_gmt = wxr_parse_time(wxr_value(reader, WXR_POST_DATE_GMT), &time);
	bool known = is_gmt;
	if (!known && wxr_parse_time(wxr_value(reader, WXR_POST_DATE), &time)) {
		known = true;
		item_note(making->item, "its time is local time, taken as UTC");
	}
	if (!known)
		known = is_gmt = wxr_parse_rss_time(wxr_value(reader, WXR_PUB_DATE), &time);
	if (!known)
		item_note(making->item, "it has no time");
	/* A draft that was never given one has the time of its last change. */
	bool public = post->state != LECTERN__V1__POST_STATE__POST_STATE_DRAFT ||
		      is_value(reader, WXR_STATUS, "private");
	if (known && (is_gmt || public))
		set_time(making, "publish_time", time, &post->publish_time);
	else if (!public)
		decide(making, "publish_time");
	if (post->state == LECTERN__V1__POST_STATE__POST_STATE_SCHEDULED &&
		(!known || time <= now)) {
		post->state = LECTERN__V1__POST_STATE__POST_STATE_PUBLISHED;
		item_note(making->item, "it was scheduled; its time has come");
	}
	if (wxr_parse_time(wxr_value(reader, WXR_POST_MODIFIED_GMT), &modified) && modified <= now)
		set_time(making, "update_time", modified, &post->update_time);
	if (known && post->update_time != NULL && modified < time)
		time = modified;
	if (known && time <= now)
		set_time(making, "create_time", time, &post->create_time);
}

static void make_state(struct making *making)
{
	const struct wxr_reader *reader = making->reader;
	struct slice status = wxr_value(reader, WXR_STATUS);
	making->post->featured = is_value(reader, WXR_IS_STICKY, "1");
	if (is_value(reader, WXR_STATUS, "publish")) {
		making->post->state = LECTERN__V1__POST_STATE__POST_STATE_PUBLISHED;
	} else if (is_value(reader, WXR_STATUS, "future")) {
		making->post->state = LECTERN__V1__POST_STATE__POST_STATE_SCHEDULED;
	} else {
		making->post->state = LECTERN__V1__POST_STATE__POST_STATE_DRAFT;
		if (!is_value(reader, WXR_STATUS, "draft"))
			item_note(making->item, "its status \"%.*s\" is a draft here",
				(int)text_cut(status, 60),
				status.size == 0 ? "" : (const char *)status.data);
	}
}

static void make_terms(struct making *making, enum import_kind kind, const char *field, size_t max,
	size_t *ret_count, Lectern__V1__TermRef ***ret)
{
	uint32_t places[LIMIT_POST_TAGS];
	bool more;
	const struct wxr_terms *terms = making->posts->terms;
	size_t count = wxr_terms_of_item(terms, making->reader, kind, places, max, &more);
	Lectern__V1__TermRef **refs =
		arena_calloc(making->arena, count, sizeof(Lectern__V1__TermRef *));
	Lectern__V1__TermRef *storage = arena_calloc(making->arena, count, sizeof *storage);
	decide(making, field);
	if (refs == NULL || storage == NULL) {
		making->out_of_memory = true;
		return;
	}
	for (size_t i = 0; i < count; i++) {
		const struct wxr_term *term = &terms->terms[places[i]];
		lectern__v1__term_ref__init(&storage[i]);
		storage[i].slug = (char *)(uintptr_t)term->slug;
		storage[i].name = (char *)(uintptr_t)term->name;
		refs[i] = &storage[i];
	}
	if (more)
		item_note(making->item, "%s: only the first %zu are taken", field, max);
	*ret_count = count;
	*ret = refs;
}

static void make_aliases(struct making *making)
{
	Lectern__V1__Post *post = making->post;
	const char *text;
	size_t at = 0;
	while (wxr_next_old_slug(making->reader, &at, &text)) {
		char slug[LIMIT_SLUG_BYTES + 1];
		bool changed;
		if (post->aliases == NULL)
			post->aliases =
				arena_calloc(making->arena, LIMIT_ALIASES + 1, sizeof(char *));
		making->out_of_memory = making->out_of_memory || post->aliases == NULL;
		wxr_slug(slice_of_text(text), slug, &changed);
		bool known = slug[0] == '\0' || strcmp(slug, post->slug) == 0;
		for (size_t i = 0; i < post->n_aliases; i++)
			known = known || strcmp(slug, post->aliases[i]) == 0;
		if (known || post->aliases == NULL)
			continue;
		post->aliases[post->n_aliases++] = copy_text(making, slice_of_text(slug));
		if (post->n_aliases <= LIMIT_ALIASES)
			continue;
		post->n_aliases--; /* the oldest is given up */
		memmove(post->aliases, post->aliases + 1, LIMIT_ALIASES * sizeof *post->aliases);
	}
	if (post->n_aliases > 0)
		decide(making, "aliases");
}

static void make_cover(struct making *making)
{
	const struct wxr_reader *reader = making->reader;
	if (reader->thumbnail_id == 0) {
		decide(making, "cover_image_url");
		return;
	}
	const char *url = wxr_covers_find(
		making->posts->covers, digest_number(wxr_blog_url(reader)), reader->thumbnail_id);
	if (url == NULL) {
		item_note(making->item,
			"its featured image is not in the export or has no complete address");
		return;
	}
	making->post->cover_image_url = (char *)(uintptr_t)url;
	decide(making, "cover_image_url");
}

static void make(struct making *making)
{
	static const char *const fields[] = { "slug", "title", "excerpt", "state", "featured",
		"body_format", "body" };
	for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
		decide(making, fields[i]);
	Lectern__V1__Post *post = making->post;
	make_state(making);
	make_times(making);
	make_body(making);
	if (making->item->state != ITEM_READY)
		return;
	make_title(making);
	make_slug(making);
	make_excerpt(making);
	make_terms(making, IMPORT_TAG, "tags", LIMIT_POST_TAGS, &post->n_tags, &post->tags);
	make_terms(making, IMPORT_CATEGORY, "categories", LIMIT_POST_CATEGORIES,
		&post->n_categories, &post->categories);
	make_terms(making, IMPORT_AUTHOR, "authors", LIMIT_POST_AUTHORS, &post->n_authors,
		&post->authors);
	make_aliases(making);
	make_cover(making);
}

enum code wxr_make_post(struct wxr_posts *posts, const struct wxr_reader *reader,
	struct arena *arena, struct import_item *item, struct error *err)
{
	*item = (struct import_item){ .state = ITEM_SKIPPED,
		.kind = IMPORT_POST,
		.path = reader->input.path,
		.line = reader->line };
	bool wanted = wxr_is_wanted(reader, posts->pages, item->reason);
	bool taken = false;
	enum code code = wxr_origin_of(
		wanted ? &posts->origins : NULL, reader, arena, &item->origin, &taken, err);
	if (code != CODE_OK || !wanted)
		return code;
	struct making making = { .posts = posts, .reader = reader, .arena = arena, .item = item };
	const char *overlong = wxr_overlong(reader);
	item->state = ITEM_READY;
	if (overlong != NULL) {
		refuse(&making, "%s: is too long; shorten it", overlong);
		return CODE_OK;
	}
	making.post = arena_alloc(arena, sizeof *making.post);
	making.fields = arena_calloc(arena, FIELDS_MAX + 1, sizeof *making.fields);
	if (making.post == NULL || making.fields == NULL)
		return fail(err, CODE_RESOURCE_EXHAUSTED, "out of memory");
	lectern__v1__post__init(making.post);
	making.post->origin = (char *)(uintptr_t)item->origin;
	item->message = &making.post->base;
	item->fields = making.fields;
	if (taken)
		item_note(item, "another post has its guid, too");
	make(&making);
	return making.out_of_memory ? fail(err, CODE_RESOURCE_EXHAUSTED, "out of memory") : CODE_OK;
}
