/* Feeds of a site. */
#include "base/rfc3339.h"
#include "base/text.h"
#include "http/site_pages.h"
#include "site/atom.h"

#include <inttypes.h>
#include <lectern/v1/archive.pb-c.h>
#include <times.h>

enum { URL_BYTES_MAX = 8192 };

/* What the query asks for. */
struct wanted {
	char *page_token;
	int32_t page_size;
	bool full;
};

/* The posts of a page and what its head says. */
struct page {
	Lectern__V1__Post *const *posts;
	size_t post_count;
	const char *next_page_token;
	const char *path; /* "/feeds/all.atom" */
	const char *name; /* of the term; NULL for all posts */
	const char *subtitle;
	const char *alternate_url;
	int64_t updated_us;
	uint64_t revision;
};

static enum code read_page_size(
	const struct http_request *request, struct wanted *wanted, struct error *err)
{
	struct slice value;
	uint64_t number;
	enum code code = http_query(request, "page_size", &value, err);
	wanted->page_size = SITE_FEED_PAGE_SIZE;
	if (code != CODE_OK)
		return code == CODE_NOT_FOUND ? CODE_OK : code;
	if (!text_number(value, &number) || number == 0)
		return fail_field(err, CODE_INVALID_ARGUMENT, "PAGE_SIZE_INVALID", "page_size",
			"must be a number from 1 to %d", SITE_FEED_PAGE_SIZE_MAX);
	wanted->page_size =
		number > SITE_FEED_PAGE_SIZE_MAX ? SITE_FEED_PAGE_SIZE_MAX : (int32_t)number;
	return CODE_OK;
}

static enum code read_content(
	const struct http_request *request, struct wanted *wanted, struct error *err)
{
	struct slice value;
	enum code code = http_query(request, "content", &value, err);
	wanted->full = true;
	if (code != CODE_OK)
		return code == CODE_NOT_FOUND ? CODE_OK : code;
	wanted->full = slice_equals(value, slice_of_text("full"));
	if (!wanted->full && !slice_equals(value, slice_of_text("excerpt")))
		return fail_field(err, CODE_INVALID_ARGUMENT, "CONTENT_INVALID", "content",
			"must be full or excerpt");
	return CODE_OK;
}

static enum code read_wanted(
	const struct http_request *request, struct wanted *ret, struct error *err)
{
	struct slice token;
	ret->page_token = NULL;
	enum code code = http_query(request, "page_token", &token, err);
	if (code == CODE_OK) {
		ret->page_token = arena_text(request->arena, token);
		if (ret->page_token == NULL)
			return fail_out_of_memory(err);
	} else if (code != CODE_NOT_FOUND) {
		return code;
	}
	code = read_page_size(request, ret, err);
	return code == CODE_OK ? read_content(request, ret, err) : code;
}

static Lectern__V1__PostView view_of(const struct wanted *wanted)
{
	return wanted->full ? LECTERN__V1__POST_VIEW__POST_VIEW_HTML
			    : LECTERN__V1__POST_VIEW__POST_VIEW_BASIC;
}

/* The address of the feed with what differs from the usual, and a page's token if there is one. */
static const char *feed_url(const struct site_request *site, const struct page *page,
	const struct wanted *wanted, const char *token)
{
	struct buffer url;
	const char *mark = "?";
	buffer_init(&url, URL_BYTES_MAX);
	buffer_printf(&url, "%s%s", site->links.base_url, page->path);
	if (wanted->page_size != SITE_FEED_PAGE_SIZE) {
		buffer_printf(&url, "%spage_size=%" PRId32, mark, wanted->page_size);
		mark = "&";
	}
	if (!wanted->full) {
		buffer_printf(&url, "%scontent=excerpt", mark);
		mark = "&";
	}
	if (token != NULL && token[0] != '\0') {
		buffer_printf(&url, "%spage_token=", mark);
		site_put_encoded(&url, token);
	}
	const char *text = arena_text(site->request.arena, slice_of(url.data, url.size));
	if (url.overflow)
		text = NULL;
	buffer_done(&url);
	return text;
}

static const char *feed_title(const struct site_request *site, const struct page *page)
{
	return page->name == NULL
		       ? site->title
		       : arena_printf(site->request.arena, "%s: %s", site->title, page->name);
}

static enum code put_feed(const struct site_request *site, const struct page *page,
	const struct wanted *wanted, struct http_reply *reply, struct error *err)
{
	const char *next = page->next_page_token;
	bool first = wanted->page_token == NULL || wanted->page_token[0] == '\0';
	const struct atom_feed feed = {
		.links = &site->links,
		.title = feed_title(site, page),
		.subtitle = page->subtitle,
		.self_url = feed_url(site, page, wanted, wanted->page_token),
		.first_url = first ? NULL : feed_url(site, page, wanted, NULL),
		.next_url = next[0] == '\0' ? NULL : feed_url(site, page, wanted, next),
		.alternate_url = page->alternate_url,
		.author = site->title,
		.id_url =
			arena_printf(site->request.arena, "%s%s", site->links.base_url, page->path),
		.updated_us = page->updated_us,
		.posts = page->posts,
		.post_count = page->post_count,
		.full = wanted->full,
	};
	if (feed.title == NULL || feed.self_url == NULL || feed.id_url == NULL)
		return fail_out_of_memory(err);
	atom_put(&feed, &reply->body);
	if (reply->body.overflow)
		return fail_reason(err, CODE_RESOURCE_EXHAUSTED, "RESPONSE_TOO_LARGE",
			"the feed would be too large; ask for fewer posts by page_size");
	reply->content_type = "application/atom+xml; charset=utf-8";
	reply->cacheable = true;
	reply->max_age_s = -1;
	reply->revision = page->revision;
	return CODE_OK;
}

enum code site_feed_of_all(void *context, const struct http_request *request,
	struct http_reply *reply, struct error *err)
{
	struct site_request site;
	struct wanted wanted;
	struct http_answer answer;
	Lectern__V1__ListPostsRequest query = LECTERN__V1__LIST_POSTS_REQUEST__INIT;
	enum code code = site_request_init(context, request, &site, err);
	if (code == CODE_OK)
		code = read_wanted(request, &wanted, err);
	if (code != CODE_OK)
		return code;
	query.page_size = wanted.page_size;
	query.view = view_of(&wanted);
	query.skip_total_size = true;
	if (wanted.page_token != NULL)
		query.page_token = wanted.page_token;
	code = http_call(
		&site.request, "lectern.v1.PostService/ListPosts", &query.base, &answer, err);
	if (code != CODE_OK)
		return code;
	const Lectern__V1__ListPostsResponse *list =
		(const Lectern__V1__ListPostsResponse *)answer.message;
	const struct page page = {
		.posts = list->posts,
		.post_count = list->n_posts,
		.next_page_token = list->next_page_token,
		.path = "/feeds/all.atom",
		.subtitle = "",
		.alternate_url = arena_printf(request->arena, "%s/", site.links.base_url),
		.revision = answer.revision,
	};
	return put_feed(&site, &page, &wanted, reply, err);
}

/* "/feeds/tag/SLUG.atom" */
static enum code read_path(const struct http_request *request, enum site_term *ret_kind,
	struct slice *ret_slug, struct error *err)
{
	static const enum site_term kinds[] = { SITE_TAG, SITE_CATEGORY, SITE_AUTHOR };
	const size_t before = strlen("/feeds/");
	const size_t behind = strlen(".atom");
	struct slice rest =
		slice_of(request->path.data + before, request->path.size - before - behind);
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		struct slice name = slice_of_text(site_term_name(kinds[i]));
		if (rest.size <= name.size + 1 || rest.data[name.size] != '/' ||
			memcmp(rest.data, name.data, name.size) != 0)
			continue;
		*ret_kind = kinds[i];
		return http_decode(slice_of(rest.data + name.size + 1, rest.size - name.size - 1),
			request->arena, ret_slug, err);
	}
	return fail_reason(err, CODE_NOT_FOUND, "PAGE_NOT_FOUND",
		"there are feeds at /feeds/all.atom, /feeds/tag/SLUG.atom, "
		"/feeds/category/SLUG.atom and /feeds/author/SLUG.atom");
}

static Lectern__V1__ArchiveKind archive_kind(enum site_term kind)
{
	switch (kind) {
	case SITE_TAG:
		return LECTERN__V1__ARCHIVE_KIND__ARCHIVE_KIND_TAG;
	case SITE_CATEGORY:
		return LECTERN__V1__ARCHIVE_KIND__ARCHIVE_KIND_CATEGORY;
	case SITE_AUTHOR:
		break;
	}
	return LECTERN__V1__ARCHIVE_KIND__ARCHIVE_KIND_AUTHOR;
}

/* What a feed says of its term. */
struct term {
	uint64_t id;
	const char *slug;
	const char *name;
	const char *description;
	const Google__Protobuf__Timestamp *update_time;
};

static struct term term_of(const Lectern__V1__GetArchiveResponse *archive)
{
	switch (archive->term_case) {
	case LECTERN__V1__GET_ARCHIVE_RESPONSE__TERM_TAG:
		return (struct term){ archive->tag->id, archive->tag->slug, archive->tag->name,
			archive->tag->description, archive->tag->update_time };
	case LECTERN__V1__GET_ARCHIVE_RESPONSE__TERM_CATEGORY:
		return (struct term){ archive->category->id, archive->category->slug,
			archive->category->name, archive->category->description,
			archive->category->update_time };
	case LECTERN__V1__GET_ARCHIVE_RESPONSE__TERM_AUTHOR:
		return (struct term){ archive->author->id, archive->author->slug,
			archive->author->name, archive->author->description,
			archive->author->update_time };
	default:
		return (struct term){ .slug = "", .name = "", .description = "" };
	}
}

static const char *term_text(
	const struct site_request *site, enum site_term kind, const struct term *term, bool of_feed)
{
	struct buffer out;
	buffer_init(&out, URL_BYTES_MAX);
	if (of_feed) {
		buffer_printf(&out, "/feeds/%s/", site_term_name(kind));
		site_put_encoded(&out, term->slug);
		buffer_append_text(&out, ".atom");
	} else {
		site_put_term_url(&site->links, kind, term->id, term->slug, &out);
	}
	const char *text = arena_text(site->request.arena, slice_of(out.data, out.size));
	buffer_done(&out);
	return text;
}

static enum code get_archive(const struct site_request *site, enum site_term kind,
	struct slice slug, const struct wanted *wanted, struct http_answer *ret, struct error *err)
{
	Lectern__V1__GetArchiveRequest query = LECTERN__V1__GET_ARCHIVE_REQUEST__INIT;
	Lectern__V1__TermKey key = LECTERN__V1__TERM_KEY__INIT;
	key.key_case = LECTERN__V1__TERM_KEY__KEY_SLUG;
	key.slug = arena_text(site->request.arena, slug);
	if (key.slug == NULL)
		return fail_out_of_memory(err);
	query.kind = archive_kind(kind);
	query.term = &key;
	query.page_size = wanted->page_size;
	query.view = view_of(wanted);
	if (wanted->page_token != NULL)
		query.page_token = wanted->page_token;
	return http_call(
		&site->request, "lectern.v1.ArchiveService/GetArchive", &query.base, ret, err);
}

/* The term has another slug now. */
static enum code redirect(const struct site_request *site, const char *path,
	struct http_reply *reply, struct error *err)
{
	const char *url = arena_printf(site->request.arena, "%s%s", site->links.base_url, path);
	if (url == NULL)
		return fail_out_of_memory(err);
	reply->status = 301;
	http_add_field(reply, "Location", url);
	return CODE_OK;
}

enum code site_feed_of_term(void *context, const struct http_request *request,
	struct http_reply *reply, struct error *err)
{
	struct site_request site;
	struct wanted wanted;
	struct http_answer answer;
	enum site_term kind = SITE_TAG;
	struct slice slug;
	enum code code = read_path(request, &kind, &slug, err);
	if (code == CODE_OK)
		code = site_request_init(context, request, &site, err);
	if (code == CODE_OK)
		code = read_wanted(request, &wanted, err);
	if (code == CODE_OK)
		code = get_archive(&site, kind, slug, &wanted, &answer, err);
	if (code != CODE_OK)
		return code;
	const Lectern__V1__GetArchiveResponse *archive =
		(const Lectern__V1__GetArchiveResponse *)answer.message;
	const struct term term = term_of(archive);
	const struct page page = {
		.posts = archive->posts,
		.post_count = archive->n_posts,
		.next_page_token = archive->next_page_token,
		.path = term_text(&site, kind, &term, true),
		.name = term.name,
		.subtitle = term.description,
		.alternate_url = term_text(&site, kind, &term, false),
		.updated_us = term.update_time == NULL ? 0 : timestamp_to_us(term.update_time),
		.revision = answer.revision,
	};
	if (page.path == NULL)
		return fail_out_of_memory(err);
	return archive->former_slug ? redirect(&site, page.path, reply, err)
				    : put_feed(&site, &page, &wanted, reply, err);
}
