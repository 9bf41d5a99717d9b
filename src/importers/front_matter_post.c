#include "importers/front_matter_post.h"

#include "base/rfc3339.h"
#include "base/text.h"

#include <lectern/v1/term.pb-c.h>
#include <stdio.h>
#include <strings.h>

bool front_matter_knows(const char *key)
{
	static const char *const known[] = { "title", "slug", "permalink", "url", "date",
		"publishdate", "pubdate", "published", "lastmod", "lastmodifiedat", "updated",
		"updatedat", "updateddate", "datemodified", "modified", "modifiedtime", "draft",
		"status", "expirydate", "unpublishdate", "tags", "tag", "categories", "category",
		"taxonomies", "author", "authors", "excerpt", "summary", "description",
		"excerptseparator", "aliases", "alias", "redirectfrom", "series", "seriesorder",
		"lang", "language", "locale", "featured", "pin", "pinned", "sticky", "image",
		"images", "cover", "coverimage", "featuredimage", "canonicalurl", "canonical",
		"lectern", "layout", "type", "comments", "toc", "math", "weight", "menu", "sitemap",
		"<<" };
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (value_key_is(key, known[i]))
			return true;
	return false;
}

static bool text_is(const struct value *value, const char *text)
{
	return value_is_text(value) && value->text.size == strlen(text) &&
	       strncasecmp((const char *)value->text.data, text, value->text.size) == 0;
}

static const struct value *find(const struct front_matter_draft *draft, const char *name)
{
	return value_find(draft->front, name);
}

/* The first of the fields that is a time. */
static bool find_time(struct front_matter_draft *draft, const char *const *names, int64_t *ret_us)
{
	for (; *names != NULL; names++) {
		const struct value *value = find(draft, *names);
		bool flag = value != NULL && (value->kind == VALUE_BOOL || text_is(value, "true") ||
						     text_is(value, "false"));
		if (!flag && draft_time(draft, value, *names, ret_us))
			return true;
	}
	return false;
}

/* When it is or was published; false if nothing tells. */
static bool find_publish_time(struct front_matter_draft *draft, int64_t *ret_us)
{
	static const char *const dates[] = { "date", NULL };
	static const char *const others[] = { "publishdate", "pubdate", "published", NULL };
	static const char *const embargoes[] = { "publishdate", NULL };
	int64_t from_us;
	size_t noted = strlen(draft->notes);
	if (find_time(draft, dates, ret_us)) {
		/* Hugo shows nothing before its publishDate, whatever the date says. */
		if (find(draft, "publishdate") != NULL && find_time(draft, embargoes, &from_us) &&
			from_us > draft->now_us && from_us > *ret_us)
			*ret_us = from_us;
		return true;
	}
	if (find_time(draft, others, ret_us))
		return true;
	if (!draft->path->has_date || draft->exact)
		return false;
	*ret_us = draft->path->date_us;
	if (strlen(draft->notes) > noted)
		draft_note(draft, "the date is that of the file's path");
	return true;
}

static bool is_draft(const struct front_matter_draft *draft)
{
	const struct value *status = find(draft, "status");
	if (value_is_true(find(draft, "draft")) || value_is_false(find(draft, "published")))
		return true;
	if (draft->exact)
		return false;
	return draft->path->in_drafts || text_is(status, "draft") || text_is(status, "pending") ||
	       text_is(status, "private");
}

static void fill_expiry(struct front_matter_draft *draft, int64_t publish_us)
{
	static const char *const names[] = { "expirydate", "unpublishdate", NULL };
	int64_t expire_us;
	if (!find_time(draft, names, &expire_us)) {
		if (draft->exact)
			draft_decide(draft, "expire_time");
		return;
	}
	if (expire_us <= publish_us) {
		/* It has never been public. */
		draft->post->state = LECTERN__V1__POST_STATE__POST_STATE_DRAFT;
		draft_note(draft, "it expires before it is published: taken as a draft");
		return;
	}
	draft->post->expire_time = draft_timestamp(draft, expire_us);
	draft_decide(draft, "expire_time");
}

static void fill_times(struct front_matter_draft *draft)
{
	static const char *const updates[] = { "lastmod", "lastmodifiedat", "updated", "updatedat",
		"updateddate", "datemodified", "modified", "modifiedtime", NULL };
	Lectern__V1__Post *post = draft->post;
	int64_t time_us = TIME_US_MIN;
	bool draft_state = is_draft(draft);
	post->state = draft_state ? LECTERN__V1__POST_STATE__POST_STATE_DRAFT
				  : LECTERN__V1__POST_STATE__POST_STATE_PUBLISHED;
	bool dated = find_publish_time(draft, &time_us);
	if (dated)
		post->publish_time = draft_timestamp(draft, time_us);
	if (dated || draft->exact)
		draft_decide(draft, "publish_time");
	else if (!draft_state)
		draft_note(draft, "no date: a new post gets the time of the import");
	draft_decide(draft, "state");
	fill_expiry(draft, dated ? time_us : TIME_US_MIN);
	if (find_time(draft, updates, &time_us)) {
		post->update_time = draft_timestamp(draft, time_us);
		draft_decide(draft, "update_time");
	}
	if (draft_time(draft, value_find(draft->own, "createtime"), "create_time", &time_us)) {
		post->create_time = draft_timestamp(draft, time_us);
		draft_decide(draft, "create_time");
	}
}

static bool is_page(const struct front_matter_draft *draft)
{
	const struct front_matter_path *path = draft->path;
	if (draft->exact || path->in_posts || path->in_drafts)
		return false;
	if (text_is(find(draft, "layout"), "page") || text_is(find(draft, "type"), "page") ||
		path->in_pages)
		return true;
	return draft->listed && draft->post->publish_time == NULL &&
	       (draft->in_jekyll || path->top_content);
}

static void fill_language(struct front_matter_draft *draft)
{
	static const char *const names[] = { "lang", "language", "locale", NULL };
	const struct value *value = draft_find_text(draft, names);
	char tag[LIMIT_LANGUAGE_BYTES + 1] = "";
	if (value == NULL && !draft->exact)
		memcpy(tag, draft->path->language, sizeof tag);
	size_t run = 0;
	bool valid = value == NULL || value->text.size < sizeof tag;
	for (size_t i = 0; value != NULL && valid && i < value->text.size; i++) {
		char c = value->text.data[i] == '_' ? '-' : (char)value->text.data[i];
		bool letter =
			(c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
		valid = letter ? ++run <= 8 : c == '-' && run > 0 && i + 1 < value->text.size;
		run = letter ? run : 0;
		tag[i] = c;
		tag[i + 1] = '\0';
	}
	if (!valid) {
		draft_note(draft, "'%.40s' is no language tag", (const char *)value->text.data);
		return;
	}
	if (tag[0] == '\0' && !draft->exact)
		return;
	draft->post->language = draft_text(draft, slice_of_text(tag));
	draft_decide(draft, "language");
}

/* The address in a field: a text, the first of a list, or an entry of a map. */
static const struct value *find_address(const struct value *value)
{
	static const char *const keys[] = { "image", "url", "src", "path", "feature", "full" };
	if (value != NULL && value->kind == VALUE_LIST)
		value = value->first;
	if (value != NULL && value->kind == VALUE_MAP) {
		const struct value *found = NULL;
		for (size_t i = 0; found == NULL && i < sizeof keys / sizeof keys[0]; i++)
			found = value_find(value, keys[i]);
		value = found;
	}
	return value_is_text(value) && value->text.size > 0 ? value : NULL;
}

static void fill_address(
	struct front_matter_draft *draft, const char *const *names, const char *field, char **at)
{
	const struct value *wrong = NULL;
	for (; *names != NULL; names++) {
		const struct value *value = find_address(find(draft, *names));
		if (value == NULL)
			continue;
		if (text_is_url(value->text)) {
			*at = draft_text(draft, value->text);
			draft_decide(draft, field);
			return;
		}
		wrong = wrong == NULL ? value : wrong;
	}
	if (wrong != NULL)
		draft_note(draft, "%s '%.80s' is no http address: left out", field,
			(const char *)wrong->text.data);
	else if (draft->exact)
		draft_decide(draft, field);
}

static void fill_addresses(struct front_matter_draft *draft)
{
	static const char *const images[] = { "image", "cover", "coverimage", "featuredimage",
		"images", NULL };
	static const char *const canonicals[] = { "canonicalurl", "canonical", NULL };
	fill_address(draft, images, "cover_image_url", &draft->post->cover_image_url);
	fill_address(draft, canonicals, "canonical_url", &draft->post->canonical_url);
}

/* The name in "series: X", "series: [X]" and "series: {name: X, part: 2}". */
static const struct value *series_name(const struct value *series, const struct value **ret_part)
{
	*ret_part = NULL;
	if (series != NULL && series->kind == VALUE_LIST)
		series = series->first;
	if (series != NULL && series->kind == VALUE_MAP) {
		*ret_part = value_find(series, "part");
		const struct value *name = value_find(series, "name");
		series = name != NULL ? name : value_find(series, "title");
	}
	return value_is_text(series) ? series : NULL;
}

static uint32_t read_part(const struct value *value)
{
	uint64_t part;
	bool fits = value_is_text(value) && text_number(value->text, &part) && part <= UINT32_MAX;
	return fits ? (uint32_t)part : 0;
}

static void fill_series(struct front_matter_draft *draft)
{
	const struct value *part;
	const struct value *name = series_name(find(draft, "series"), &part);
	const struct value *slug = value_find(draft->own, "seriesslug");
	char folded[4 * LIMIT_NAME_BYTES];
	char *text = name == NULL
			     ? NULL
			     : draft_plain(draft, name->text, true, LIMIT_NAME_BYTES, "series");
	if (text == NULL || text_fold(slice_of_text(text), folded, sizeof folded) == 0) {
		if (draft->exact)
			draft_decide(draft, "series");
		return;
	}
	Lectern__V1__SeriesRef *series = arena_alloc(draft->arena, sizeof *series);
	if (series == NULL) {
		draft->out_of_memory = true;
		return;
	}
	lectern__v1__series_ref__init(series);
	series->name = text;
	if (value_is_text(slug) && text_is_slug(slug->text))
		series->slug = draft_text(draft, slug->text);
	series->part = read_part(part != NULL ? part : find(draft, "seriesorder"));
	draft->post->series = series;
	draft_decide(draft, "series");
}

static void fill_featured(struct front_matter_draft *draft)
{
	static const char *const names[] = { "featured", "pin", "pinned", "sticky" };
	bool told = draft->exact;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		const struct value *value = find(draft, names[i]);
		bool yes = value_is_true(value);
		told = told || yes || value_is_false(value);
		draft->post->featured = draft->post->featured || yes;
	}
	if (told)
		draft_decide(draft, "featured");
}

/* A former address as a slug; NULL for one that cannot be used. */
static char *alias_of(struct front_matter_draft *draft, const struct value *value)
{
	if (!value_is_text(value))
		return NULL;
	struct slice address = value->text;
	if (draft->exact) {
		if (address.size > 2 && address.data[0] == '/')
			address = slice_of(address.data + 1, address.size - 2);
		return text_is_slug(address) ? draft_text(draft, address) : NULL;
	}
	char *slug = draft_slug(draft, draft_last_segment(address));
	return slug[0] == '\0' ? NULL : slug;
}

static void add_alias(struct front_matter_draft *draft, const struct value *value)
{
	Lectern__V1__Post *post = draft->post;
	char *alias = alias_of(draft, value);
	if (alias == NULL) {
		if (value_is_text(value) && value->text.size > 0)
			draft_note(draft, "the former address '%.60s' gives no slug",
				(const char *)value->text.data);
		return;
	}
	bool known = strcmp(alias, post->slug) == 0;
	for (size_t i = 0; i < post->n_aliases; i++)
		known = known || strcmp(alias, post->aliases[i]) == 0;
	if (known)
		return;
	if (post->n_aliases < LIMIT_ALIASES)
		post->aliases[post->n_aliases++] = alias;
	else
		draft_note(draft, "more than %d former addresses", LIMIT_ALIASES);
}

static void fill_aliases(struct front_matter_draft *draft)
{
	static const char *const names[] = { "aliases", "alias", "redirectfrom" };
	draft->post->aliases = arena_calloc(draft->arena, LIMIT_ALIASES, sizeof(char *));
	if (draft->post->aliases == NULL) {
		draft->out_of_memory = true;
		return;
	}
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		const struct value *value = find(draft, names[i]);
		unsigned left = DRAFT_NAMES_VISITED_MAX;
		if (value_is_text(value))
			add_alias(draft, value);
		else if (value != NULL && value->kind == VALUE_LIST)
			for (value = value->first; value != NULL && left > 0; value = value->next) {
				add_alias(draft, value);
				left--;
			}
	}
	if (draft->post->n_aliases > 0 || draft->exact)
		draft_decide(draft, "aliases");
}

static bool is_attribute_key(const char *key)
{
	size_t size = strlen(key);
	return size > 0 && size <= LIMIT_ATTRIBUTE_KEY_BYTES &&
	       strspn(key, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-") ==
		       size;
}

static void fill_attributes(struct front_matter_draft *draft)
{
	Lectern__V1__Post *post = draft->post;
	const struct value *map = value_find(draft->own, "attributes");
	Lectern__V1__Attribute *storage =
		arena_calloc(draft->arena, LIMIT_ATTRIBUTES, sizeof *storage);
	post->attributes =
		arena_calloc(draft->arena, LIMIT_ATTRIBUTES, sizeof(Lectern__V1__Attribute *));
	if (storage == NULL || post->attributes == NULL) {
		draft->out_of_memory = true;
		return;
	}
	const struct value *one = map != NULL && map->kind == VALUE_MAP ? map->first : NULL;
	for (; one != NULL && post->n_attributes < LIMIT_ATTRIBUTES; one = one->next) {
		if (!value_is_text(one) || !is_attribute_key(one->key) ||
			one->text.size > LIMIT_ATTRIBUTE_VALUE_BYTES) {
			draft_note(draft, "the attribute '%.40s' cannot be one", one->key);
			continue;
		}
		Lectern__V1__Attribute *attribute = &storage[post->n_attributes];
		lectern__v1__attribute__init(attribute);
		attribute->key = draft_text(draft, slice_of_text(one->key));
		attribute->value = draft_text(draft, one->text);
		post->attributes[post->n_attributes++] = attribute;
	}
	if (draft->exact)
		draft_decide(draft, "attributes");
}

static bool is_origin(struct slice text)
{
	for (size_t i = 0; i < text.size; i++)
		if (text.data[i] < 0x20 || text.data[i] == 0x7F ||
			(text.data[i] == 0xC2 && i + 1 < text.size && text.data[i + 1] < 0xA0))
			return false;
	return text.size <= ORIGIN_BYTES_MAX;
}

/* A post of Lectern keeps what it is called where it first came from. */
static void fill_origin(struct front_matter_draft *draft)
{
	const struct value *own = value_find(draft->own, "origin");
	bool wrong = draft->exact && value_is_text(own) && !is_origin(own->text);
	if (wrong)
		draft_note(draft,
			"the origin is longer than %d bytes or not one line: the path was "
			"taken",
			ORIGIN_BYTES_MAX);
	if (!draft->exact || wrong)
		draft->post->origin = draft_text(draft, slice_of_text(draft->path->origin));
	else if (value_is_text(own))
		draft->post->origin = draft_text(draft, own->text);
}

enum code front_matter_make(struct front_matter_draft *draft, struct error *err)
{
	const struct value *own = value_find(draft->front, "lectern");
	draft->post = arena_alloc(draft->arena, sizeof *draft->post);
	if (draft->post == NULL)
		return fail(err, CODE_RESOURCE_EXHAUSTED, "out of memory");
	lectern__v1__post__init(draft->post);
	draft->own = own != NULL && own->kind == VALUE_MAP ? own : NULL;
	draft->exact = text_is(value_find(draft->own, "version"), "1");
	fill_origin(draft);
	fill_times(draft);
	draft_fill_text(draft);
	draft_fill_names(draft);
	fill_language(draft);
	fill_addresses(draft);
	fill_series(draft);
	fill_featured(draft);
	fill_aliases(draft);
	fill_attributes(draft);
	draft->is_page = is_page(draft);
	return draft->out_of_memory ? fail(err, CODE_RESOURCE_EXHAUSTED, "out of memory") : CODE_OK;
}
