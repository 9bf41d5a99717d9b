/* Sitemaps of a site. */
#include "base/rfc3339.h"
#include "base/text.h"
#include "http/site_pages.h"
#include "site/sitemap.h"

#include <lectern/v1/archive.pb-c.h>
#include <stdio.h>

enum { URL_BYTES_MAX = 1024 };

/* A document that is being written. */
struct sitemap {
	struct site_request site;
	struct buffer *out;
	size_t url_count;
	uint64_t revision;
};

static enum code begin(struct sitemap *map, void *context, const struct http_request *request,
	struct http_reply *reply, struct error *err)
{
	map->out = &reply->body;
	map->url_count = 0;
	map->revision = 0;
	return site_request_init(context, request, &map->site, err);
}

static enum code finish(struct sitemap *map, struct http_reply *reply, struct error *err)
{
	if (reply->body.overflow)
		return fail_reason(err, CODE_RESOURCE_EXHAUSTED, "RESPONSE_TOO_LARGE",
			"the sitemap would be too large");
	reply->content_type = "application/xml; charset=utf-8";
	reply->cacheable = true;
	reply->max_age_s = -1;
	reply->revision = map->revision;
	return CODE_OK;
}

static bool is_full(const struct sitemap *map)
{
	return map->url_count >= SITEMAP_URLS_MAX;
}

/* Writes what one page holds; returns the token of the next one. */
typedef const char *put_page(struct sitemap *map, const ProtobufCMessage *message);

/* Calls a method page by page until the document is full. The query's page_token is `token`. */
static enum code walk(struct sitemap *map, const char *method, const ProtobufCMessage *query,
	char token[LIMIT_PAGE_TOKEN_BYTES + 1], put_page *put, struct error *err)
{
	struct arena *arena = map->site.request.arena;
	struct arena_mark mark = arena_mark(arena);
	do {
		struct http_answer answer;
		enum code code = http_call(&map->site.request, method, query, &answer, err);
		if (code != CODE_OK)
			return code;
		map->revision = answer.revision;
		snprintf(token, LIMIT_PAGE_TOKEN_BYTES + 1, "%s", put(map, answer.message));
		arena_rewind(arena, mark); /* of a large site only one page is kept */
	} while (token[0] != '\0' && !is_full(map) && !map->out->overflow);
	return CODE_OK;
}

static void put_posts(struct sitemap *map, Lectern__V1__Post *const *posts, size_t count)
{
	for (size_t i = 0; i < count && !is_full(map); i++, map->url_count++)
		sitemap_put_post(&map->site.links, posts[i], map->out);
}

static const char *put_list(struct sitemap *map, const ProtobufCMessage *message)
{
	const Lectern__V1__ListPostsResponse *list =
		(const Lectern__V1__ListPostsResponse *)message;
	put_posts(map, list->posts, list->n_posts);
	return list->next_page_token;
}

static const char *put_archive(struct sitemap *map, const ProtobufCMessage *message)
{
	const Lectern__V1__GetArchiveResponse *archive =
		(const Lectern__V1__GetArchiveResponse *)message;
	put_posts(map, archive->posts, archive->n_posts);
	return archive->next_page_token;
}

/* All published posts, the newest first. */
static enum code put_all_posts(struct sitemap *map, struct error *err)
{
	Lectern__V1__ListPostsRequest query = LECTERN__V1__LIST_POSTS_REQUEST__INIT;
	char token[LIMIT_PAGE_TOKEN_BYTES + 1] = "";
	query.page_size = LIMIT_PAGE_SIZE;
	query.skip_total_size = true;
	query.page_token = token;
	return walk(map, "lectern.v1.PostService/ListPosts", &query.base, token, put_list, err);
}

/* Those of one month or day. */
static enum code put_posts_of(
	struct sitemap *map, Lectern__V1__ArchiveDate *date, struct error *err)
{
	Lectern__V1__GetArchiveRequest query = LECTERN__V1__GET_ARCHIVE_REQUEST__INIT;
	char token[LIMIT_PAGE_TOKEN_BYTES + 1] = "";
	query.kind = LECTERN__V1__ARCHIVE_KIND__ARCHIVE_KIND_DATE;
	query.date = date;
	query.page_size = LIMIT_PAGE_SIZE;
	query.page_token = token;
	return walk(
		map, "lectern.v1.ArchiveService/GetArchive", &query.base, token, put_archive, err);
}

/* Terms without posts have no page worth finding. */
static void put_term(struct sitemap *map, enum site_term kind, uint64_t id, const char *slug,
	uint64_t post_count)
{
	if (post_count == 0 || is_full(map))
		return;
	sitemap_put_term(&map->site.links, kind, id, slug, map->out);
	map->url_count++;
}

static const char *put_tags(struct sitemap *map, const ProtobufCMessage *message)
{
	const Lectern__V1__ListTagsResponse *list = (const Lectern__V1__ListTagsResponse *)message;
	for (size_t i = 0; i < list->n_tags; i++)
		put_term(map, SITE_TAG, list->tags[i]->id, list->tags[i]->slug,
			list->tags[i]->post_count);
	return list->next_page_token;
}

static const char *put_categories(struct sitemap *map, const ProtobufCMessage *message)
{
	const Lectern__V1__ListCategoriesResponse *list =
		(const Lectern__V1__ListCategoriesResponse *)message;
	for (size_t i = 0; i < list->n_categories; i++)
		put_term(map, SITE_CATEGORY, list->categories[i]->id, list->categories[i]->slug,
			list->categories[i]->subtree_post_count);
	return list->next_page_token;
}

static const char *put_authors(struct sitemap *map, const ProtobufCMessage *message)
{
	const Lectern__V1__ListAuthorsResponse *list =
		(const Lectern__V1__ListAuthorsResponse *)message;
	for (size_t i = 0; i < list->n_authors; i++)
		put_term(map, SITE_AUTHOR, list->authors[i]->id, list->authors[i]->slug,
			list->authors[i]->post_count);
	return list->next_page_token;
}

static enum code put_all_terms(struct sitemap *map, struct error *err)
{
	Lectern__V1__ListCategoriesRequest categories = LECTERN__V1__LIST_CATEGORIES_REQUEST__INIT;
	Lectern__V1__ListTagsRequest tags = LECTERN__V1__LIST_TAGS_REQUEST__INIT;
	Lectern__V1__ListAuthorsRequest authors = LECTERN__V1__LIST_AUTHORS_REQUEST__INIT;
	char token[LIMIT_PAGE_TOKEN_BYTES + 1] = "";
	categories.page_size = tags.page_size = authors.page_size = LIMIT_PAGE_SIZE;
	categories.page_token = tags.page_token = authors.page_token = token;
	enum code code = walk(map, "lectern.v1.CategoryService/ListCategories", &categories.base,
		token, put_categories, err);
	token[0] = '\0';
	if (code == CODE_OK)
		code = walk(
			map, "lectern.v1.TagService/ListTags", &tags.base, token, put_tags, err);
	token[0] = '\0';
	if (code == CODE_OK)
		code = walk(map, "lectern.v1.AuthorService/ListAuthors", &authors.base, token,
			put_authors, err);
	return code;
}

static enum code list_dates(struct sitemap *map, const Lectern__V1__ListArchiveDatesRequest *query,
	const Lectern__V1__ListArchiveDatesResponse **ret, struct error *err)
{
	struct http_answer answer;
	enum code code = http_call(&map->site.request, "lectern.v1.ArchiveService/ListArchiveDates",
		&query->base, &answer, err);
	if (code != CODE_OK)
		return code;
	map->revision = answer.revision;
	*ret = (const Lectern__V1__ListArchiveDatesResponse *)answer.message;
	return CODE_OK;
}

static void put_index_entry(struct sitemap *map, const Lectern__V1__ArchiveDate *date)
{
	char url[URL_BYTES_MAX];
	int size = snprintf(url, sizeof url, "%s/sitemap/%04u-%02u", map->site.links.base_url,
		date->year, date->month);
	if (date->day != 0)
		size += snprintf(url + size, sizeof url - (size_t)size, "-%02u", date->day);
	snprintf(url + size, sizeof url - (size_t)size, ".xml");
	sitemap_index_put(url, map->out);
}

/* The days of a month that is too large for one document. */
static enum code put_index_of_days(
	struct sitemap *map, const Lectern__V1__ArchiveDate *month, struct error *err)
{
	Lectern__V1__ListArchiveDatesRequest query = LECTERN__V1__LIST_ARCHIVE_DATES_REQUEST__INIT;
	const Lectern__V1__ListArchiveDatesResponse *days;
	query.year = month->year;
	query.month = month->month;
	query.granularity = LECTERN__V1__DATE_GRANULARITY__DATE_GRANULARITY_DAY;
	enum code code = list_dates(map, &query, &days, err);
	for (size_t i = 0; code == CODE_OK && i < days->n_dates; i++)
		put_index_entry(map, days->dates[i]->date);
	return code;
}

static enum code put_index(
	struct sitemap *map, const Lectern__V1__ListArchiveDatesResponse *months, struct error *err)
{
	char terms[URL_BYTES_MAX];
	snprintf(terms, sizeof terms, "%s/sitemap/terms.xml", map->site.links.base_url);
	sitemap_index_begin(map->out);
	sitemap_index_put(terms, map->out);
	enum code code = CODE_OK;
	for (size_t i = 0; i < months->n_dates && code == CODE_OK; i++) {
		if (months->dates[i]->post_count > SITEMAP_URLS_MAX)
			code = put_index_of_days(map, months->dates[i]->date, err);
		else
			put_index_entry(map, months->dates[i]->date);
	}
	sitemap_index_end(map->out);
	return code;
}

static enum code put_whole_site(struct sitemap *map, struct error *err)
{
	sitemap_begin(map->out);
	sitemap_put_home(&map->site.links, map->out);
	map->url_count++;
	enum code code = put_all_posts(map, err);
	if (code == CODE_OK)
		code = put_all_terms(map, err);
	sitemap_end(map->out);
	return code;
}

enum code site_sitemap(void *context, const struct http_request *request, struct http_reply *reply,
	struct error *err)
{
	struct sitemap map;
	Lectern__V1__ListArchiveDatesRequest query = LECTERN__V1__LIST_ARCHIVE_DATES_REQUEST__INIT;
	const Lectern__V1__ListArchiveDatesResponse *months;
	enum code code = begin(&map, context, request, reply, err);
	if (code == CODE_OK)
		code = list_dates(&map, &query, &months, err);
	if (code != CODE_OK)
		return code;
	uint64_t post_count = 0;
	for (size_t i = 0; i < months->n_dates; i++)
		post_count += months->dates[i]->post_count;
	const struct site_pages *pages = context;
	code = post_count > pages->sitemap_posts_max ? put_index(&map, months, err)
						     : put_whole_site(&map, err);
	return code == CODE_OK ? finish(&map, reply, err) : code;
}

enum code site_sitemap_of_terms(void *context, const struct http_request *request,
	struct http_reply *reply, struct error *err)
{
	struct sitemap map;
	enum code code = begin(&map, context, request, reply, err);
	if (code != CODE_OK)
		return code;
	sitemap_begin(map.out);
	sitemap_put_home(&map.site.links, map.out);
	map.url_count++;
	code = put_all_terms(&map, err);
	sitemap_end(map.out);
	return code == CODE_OK ? finish(&map, reply, err) : code;
}

/* "2024-01" or "2024-01-15". */
static bool read_date(struct slice text, Lectern__V1__ArchiveDate *ret)
{
	uint64_t year, month, day = 0;
	bool valid = (text.size == 7 || text.size == 10) && text.data[4] == '-' &&
		     text_number(slice_of(text.data, 4), &year) &&
		     text_number(slice_of(text.data + 5, 2), &month) && year > 0 && month >= 1 &&
		     month <= 12;
	if (valid && text.size == 10)
		valid = text.data[7] == '-' && text_number(slice_of(text.data + 8, 2), &day) &&
			day >= 1 && day <= civil_days_in_month((int)year, (unsigned)month);
	if (!valid)
		return false;
	ret->year = (uint32_t)year;
	ret->month = (uint32_t)month;
	ret->day = (uint32_t)day;
	return true;
}

enum code site_sitemap_of_dates(void *context, const struct http_request *request,
	struct http_reply *reply, struct error *err)
{
	struct sitemap map;
	Lectern__V1__ArchiveDate date = LECTERN__V1__ARCHIVE_DATE__INIT;
	const size_t before = strlen("/sitemap/");
	const size_t behind = strlen(".xml");
	struct slice name =
		slice_of(request->path.data + before, request->path.size - before - behind);
	if (!read_date(name, &date))
		return fail_reason(err, CODE_NOT_FOUND, "PAGE_NOT_FOUND",
			"there are sitemaps at /sitemap.xml, /sitemap/terms.xml, "
			"/sitemap/YYYY-MM.xml and /sitemap/YYYY-MM-DD.xml");
	enum code code = begin(&map, context, request, reply, err);
	if (code != CODE_OK)
		return code;
	sitemap_begin(map.out);
	code = put_posts_of(&map, &date, err);
	sitemap_end(map.out);
	return code == CODE_OK ? finish(&map, reply, err) : code;
}
