/*
 * The format "wordpress": WordPress eXtended RSS 1.2, as WordPress' own importer and ours read it.
 *
 * Bodies go out as HTML in a "Custom HTML" block, which WordPress shows as it stands. Addresses
 * begin with http://localhost, as the server knows nothing of the site that shows its posts;
 * WordPress' importer does not use them. Without a place in the format are lost: expire_time,
 * create_time where there is a publish_time, series, language, canonical_url, attributes, what is
 * below a second in times, and of terms aliases and attributes.
 */
#include "base/limits.h"
#include "exporters/exporter.h"
#include "exporters/wxr_text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <times.h>

#define SITE_URL "http://localhost"

enum { RECORD_BYTES_MAX = 64 * 1024 * 1024 };

struct wordpress {
	struct exporter exporter; /* the first member */
	FILE *file;		  /* borrowed */
	struct buffer record;
	uint64_t term_count;
	uint64_t item_count; /* ids that were given out */
};

static enum code write_record(struct wordpress *wordpress, struct error *err)
{
	struct buffer *record = &wordpress->record;
	if (record->overflow)
		return fail(err, CODE_RESOURCE_EXHAUSTED, "an item has more than %d bytes as XML",
			RECORD_BYTES_MAX);
	errno = 0;
	if (fwrite(record->data, 1, record->size, wordpress->file) != record->size)
		return fail(err, CODE_UNKNOWN, "%s", strerror(errno));
	buffer_clear(record);
	return CODE_OK;
}

static void put_head(struct buffer *out, int64_t now_us)
{
	buffer_append_text(out,
		"<?xml version=\"1.0\" encoding=\"UTF-8\" ?>\n"
		"<!-- This is a WordPress eXtended RSS file, for Tools > Import > WordPress. -->\n"
		"<!-- generator=\"Lectern\" created=\"");
	wxr_put_time(out, now_us);
	buffer_append_text(out, "\" -->\n"
				"<rss version=\"2.0\"\n"
				"\txmlns:excerpt=\"http://wordpress.org/export/1.2/excerpt/\"\n"
				"\txmlns:content=\"http://purl.org/rss/1.0/modules/content/\"\n"
				"\txmlns:wfw=\"http://wellformedweb.org/CommentAPI/\"\n"
				"\txmlns:dc=\"http://purl.org/dc/elements/1.1/\"\n"
				"\txmlns:wp=\"http://wordpress.org/export/1.2/\"\n"
				">\n"
				"<channel>\n"
				"\t<title>Lectern</title>\n"
				"\t<link>" SITE_URL "</link>\n"
				"\t<description></description>\n"
				"\t<pubDate>");
	wxr_put_rss_time(out, now_us);
	buffer_append_text(out, "</pubDate>\n"
				"\t<wp:wxr_version>1.2</wp:wxr_version>\n"
				"\t<wp:base_site_url>" SITE_URL "</wp:base_site_url>\n"
				"\t<wp:base_blog_url>" SITE_URL "</wp:base_blog_url>\n");
}

static void wordpress_close(struct exporter *exporter)
{
	struct wordpress *wordpress = (struct wordpress *)exporter;
	if (wordpress == NULL)
		return;
	buffer_done(&wordpress->record);
	free(wordpress);
}

static void closep(struct wordpress **wordpress)
{
	if (*wordpress != NULL)
		wordpress_close(&(*wordpress)->exporter);
}

static enum code wordpress_open(
	const struct export_options *options, struct exporter **ret, struct error *err)
{
	AUTO(closep) struct wordpress *wordpress = calloc(1, sizeof *wordpress);
	if (wordpress == NULL)
		return fail(err, CODE_RESOURCE_EXHAUSTED, "out of memory");
	wordpress->exporter.format = &wordpress_export;
	wordpress->file = options->file;
	buffer_init(&wordpress->record, RECORD_BYTES_MAX);
	put_head(&wordpress->record, options->now_us);
	enum code code = write_record(wordpress, err);
	if (code != CODE_OK)
		return code;
	*ret = &wordpress->exporter;
	wordpress = NULL; /* the caller owns it now */
	return CODE_OK;
}

static void put_open(struct buffer *out, const char *name)
{
	buffer_printf(out, "\t\t<%s>", name);
}

static void put_close(struct buffer *out, const char *name)
{
	buffer_printf(out, "</%s>\n", name);
}

static void put_cdata(struct buffer *out, const char *name, const char *text)
{
	put_open(out, name);
	wxr_put_cdata(out, "", text, "");
	put_close(out, name);
}

static void put_html(struct buffer *out, const char *name, const char *text)
{
	put_open(out, name);
	wxr_put_html_cdata(out, text);
	put_close(out, name);
}

static void put_slug(struct buffer *out, const char *name, const char *slug)
{
	put_open(out, name);
	buffer_append_text(out, "<![CDATA[");
	wxr_put_slug(out, slug);
	buffer_append_text(out, "]]>");
	put_close(out, name);
}

static void put_number(struct buffer *out, const char *name, uint64_t number)
{
	put_open(out, name);
	buffer_printf(out, "%" PRIu64, number);
	put_close(out, name);
}

static void put_category(struct buffer *out, const Lectern__V1__Category *category)
{
	put_slug(out, "wp:category_nicename", category->slug);
	put_slug(out, "wp:category_parent", category->parent == NULL ? "" : category->parent->slug);
	put_html(out, "wp:cat_name", category->name);
	if (category->description[0] != '\0')
		put_html(out, "wp:category_description", category->description);
}

static void put_tag(struct buffer *out, const Lectern__V1__Tag *tag)
{
	put_slug(out, "wp:tag_slug", tag->slug);
	put_html(out, "wp:tag_name", tag->name);
	if (tag->description[0] != '\0')
		put_html(out, "wp:tag_description", tag->description);
}

static void put_author(struct buffer *out, const Lectern__V1__Author *author)
{
	put_cdata(out, "wp:author_login", author->slug);
	put_cdata(out, "wp:author_email", "");
	put_html(out, "wp:author_display_name", author->name);
}

static enum code wordpress_term(struct exporter *exporter, enum export_kind kind,
	const ProtobufCMessage *term, struct error *err)
{
	static const char *const elements[] = { [EXPORT_CATEGORY] = "wp:category",
		[EXPORT_TAG] = "wp:tag",
		[EXPORT_AUTHOR] = "wp:author" };
	struct wordpress *wordpress = (struct wordpress *)exporter;
	struct buffer *out = &wordpress->record;
	buffer_printf(out, "\t<%s>\n", elements[kind]);
	put_number(out, kind == EXPORT_AUTHOR ? "wp:author_id" : "wp:term_id",
		++wordpress->term_count);
	switch (kind) {
	case EXPORT_CATEGORY:
		put_category(out, (const Lectern__V1__Category *)term);
		break;
	case EXPORT_TAG:
		put_tag(out, (const Lectern__V1__Tag *)term);
		break;
	case EXPORT_AUTHOR:
		put_author(out, (const Lectern__V1__Author *)term);
		break;
	}
	buffer_printf(out, "\t</%s>\n", elements[kind]);
	return write_record(wordpress, err);
}

static const char *status_of(const Lectern__V1__Post *post)
{
	switch (post->state) {
	case LECTERN__V1__POST_STATE__POST_STATE_PUBLISHED:
		return "publish";
	case LECTERN__V1__POST_STATE__POST_STATE_SCHEDULED:
		return "future";
	case LECTERN__V1__POST_STATE__POST_STATE_TRASHED:
		return "trash";
	case LECTERN__V1__POST_STATE__POST_STATE_EXPIRED: /* not public any more */
		return "private";
	case LECTERN__V1__POST_STATE__POST_STATE_DRAFT:
	case LECTERN__V1__POST_STATE__POST_STATE_UNSPECIFIED:
	case _LECTERN__V1__POST_STATE_IS_INT_SIZE:
		break;
	}
	return "draft";
}

/* A time, where none is the one that WordPress writes for it. */
static void put_time(struct buffer *out, const char *name, const Google__Protobuf__Timestamp *time)
{
	put_open(out, name);
	buffer_append_text(out, "<![CDATA[");
	if (time == NULL)
		buffer_append_text(out, "0000-00-00 00:00:00");
	else
		wxr_put_time(out, timestamp_to_us(time));
	buffer_append_text(out, "]]>");
	put_close(out, name);
}

/* WordPress has the time of the last change for a draft that was never given a time of its own. */
static void put_times(struct buffer *out, const Lectern__V1__Post *post)
{
	const Google__Protobuf__Timestamp *local =
		post->publish_time != NULL ? post->publish_time : post->create_time;
	put_time(out, "wp:post_date", local);
	put_time(out, "wp:post_date_gmt", post->publish_time);
	put_time(out, "wp:post_modified", post->update_time);
	put_time(out, "wp:post_modified_gmt", post->update_time);
}

static void put_body(struct buffer *out, const Lectern__V1__Post *post)
{
	bool is_html = post->body_format == LECTERN__V1__BODY_FORMAT__BODY_FORMAT_HTML;
	const char *html = is_html ? post->body : post->html;
	put_open(out, "content:encoded");
	if (html[0] == '\0')
		wxr_put_cdata(out, "", "", "");
	else
		wxr_put_cdata(out, "<!-- wp:html -->\n", html, "\n<!-- /wp:html -->");
	put_close(out, "content:encoded");
}

static void put_term(
	struct buffer *out, const char *domain, const char *prefix, const Lectern__V1__TermRef *ref)
{
	buffer_printf(out, "\t\t<category domain=\"%s\" nicename=\"%s", domain, prefix);
	wxr_put_slug(out, ref->slug);
	buffer_append_text(out, "\">");
	wxr_put_html_cdata(out, ref->name);
	put_close(out, "category");
}

/* WordPress has one author of a post; the plug-in Co-Authors Plus has more, as terms. */
static void put_terms(struct buffer *out, const Lectern__V1__Post *post)
{
	for (size_t i = 0; i < post->n_categories; i++)
		put_term(out, "category", "", post->categories[i]);
	for (size_t i = 0; i < post->n_tags; i++)
		put_term(out, "post_tag", "", post->tags[i]);
	for (size_t i = 0; post->n_authors > 1 && i < post->n_authors; i++)
		put_term(out, "author", "cap-", post->authors[i]);
}

static void put_meta(struct buffer *out, const char *key, const char *slug, uint64_t number)
{
	buffer_append_text(out, "\t\t<wp:postmeta>\n");
	put_cdata(out, "wp:meta_key", key);
	if (slug != NULL)
		put_slug(out, "wp:meta_value", slug);
	else
		put_number(out, "wp:meta_value", number);
	buffer_append_text(out, "\t\t</wp:postmeta>\n");
}

static void put_link(struct buffer *out, const char *slug)
{
	put_open(out, "link");
	buffer_append_text(out, SITE_URL "/");
	wxr_put_slug(out, slug);
	buffer_append_char(out, '/');
	put_close(out, "link");
}

static void put_guid(struct buffer *out, const Lectern__V1__Post *post)
{
	buffer_append_text(out, "\t\t<guid isPermaLink=\"false\">");
	if (post->origin[0] != '\0')
		wxr_put_escaped(out, post->origin);
	else if (post->id != 0)
		buffer_printf(out, "lectern:post/%" PRIu64, post->id);
	else
		wxr_put_escaped(out, post->slug);
	put_close(out, "guid");
}

static void put_item_head(struct buffer *out, const Lectern__V1__Post *post)
{
	const Google__Protobuf__Timestamp *time =
		post->publish_time != NULL ? post->publish_time : post->create_time;
	buffer_append_text(out, "\t<item>\n");
	put_html(out, "title", post->title);
	put_link(out, post->slug);
	put_open(out, "pubDate");
	if (time != NULL)
		wxr_put_rss_time(out, timestamp_to_us(time));
	put_close(out, "pubDate");
	put_cdata(out, "dc:creator", post->n_authors == 0 ? "" : post->authors[0]->slug);
	put_guid(out, post);
	buffer_append_text(out, "\t\t<description></description>\n");
}

static void put_item_settings(
	struct buffer *out, const char *status, const char *type, uint64_t parent, bool sticky)
{
	put_cdata(out, "wp:comment_status", "closed");
	put_cdata(out, "wp:ping_status", "closed");
	put_cdata(out, "wp:status", status);
	put_number(out, "wp:post_parent", parent);
	put_number(out, "wp:menu_order", 0);
	put_cdata(out, "wp:post_type", type);
	put_cdata(out, "wp:post_password", "");
	put_number(out, "wp:is_sticky", sticky);
}

/* The featured image, which WordPress has as an item of its own. */
static void put_attachment(
	struct buffer *out, const Lectern__V1__Post *post, uint64_t post_id, uint64_t id)
{
	buffer_append_text(out, "\t<item>\n");
	put_html(out, "title", post->title);
	put_link(out, post->slug);
	buffer_append_text(out, "\t\t<guid isPermaLink=\"false\">");
	wxr_put_escaped(out, post->cover_image_url);
	put_close(out, "guid");
	put_cdata(out, "content:encoded", "");
	put_cdata(out, "excerpt:encoded", "");
	put_number(out, "wp:post_id", id);
	put_times(out, post);
	put_slug(out, "wp:post_name", post->slug);
	put_item_settings(out, "inherit", "attachment", post_id, false);
	put_cdata(out, "wp:attachment_url", post->cover_image_url);
	buffer_append_text(out, "\t</item>\n");
}

static enum code wordpress_post(
	struct exporter *exporter, const Lectern__V1__Post *post, struct error *err)
{
	struct wordpress *wordpress = (struct wordpress *)exporter;
	struct buffer *out = &wordpress->record;
	uint64_t id = ++wordpress->item_count;
	bool cover = post->cover_image_url[0] != '\0';
	put_item_head(out, post);
	put_body(out, post);
	put_html(out, "excerpt:encoded", post->excerpt);
	put_number(out, "wp:post_id", id);
	put_times(out, post);
	put_slug(out, "wp:post_name", post->slug);
	put_item_settings(out, status_of(post), "post", 0, post->featured);
	put_terms(out, post);
	for (size_t i = 0; i < post->n_aliases; i++)
		put_meta(out, "_wp_old_slug", post->aliases[i], 0);
	if (cover)
		put_meta(out, "_thumbnail_id", NULL, id + 1);
	buffer_append_text(out, "\t</item>\n");
	if (cover)
		put_attachment(out, post, id, ++wordpress->item_count);
	return write_record(wordpress, err);
}

static enum code wordpress_finish(struct exporter *exporter, struct error *err)
{
	struct wordpress *wordpress = (struct wordpress *)exporter;
	buffer_append_text(&wordpress->record, "</channel>\n</rss>\n");
	return write_record(wordpress, err);
}

const struct export_format wordpress_export = {
	.name = "wordpress",
	.open = wordpress_open,
	.term = wordpress_term,
	.post = wordpress_post,
	.finish = wordpress_finish,
	.close = wordpress_close,
};
