#include "site/atom.h"

#include "base/rfc3339.h"
#include "base/xml.h"

#include <inttypes.h>
#include <sodium.h>
#include <string.h>
#include <times.h>

enum { UUID_BYTES = 16, URL_BYTES_MAX = 8192 };

/* <name>text</name>; nothing for an empty text. */
static void put_element(struct buffer *out, const char *name, const char *text)
{
	if (text[0] == '\0')
		return;
	buffer_printf(out, "<%s>", name);
	xml_put_escaped(out, slice_of_text(text), XML_TEXT);
	buffer_printf(out, "</%s>\n", name);
}

static void put_attribute(struct buffer *out, const char *name, const char *text)
{
	buffer_printf(out, " %s=\"", name);
	xml_put_escaped(out, slice_of_text(text), XML_ATTRIBUTE);
	buffer_append_char(out, '"');
}

static void put_time(struct buffer *out, const char *name, int64_t time_us)
{
	char text[RFC3339_BYTES];
	rfc3339_format(time_us, text);
	put_element(out, name, text);
}

static void put_link(struct buffer *out, const char *rel, const char *type, const char *url)
{
	if (url == NULL || url[0] == '\0')
		return;
	buffer_printf(out, "<link rel=\"%s\"", rel);
	if (type != NULL)
		put_attribute(out, "type", type);
	put_attribute(out, "href", url);
	buffer_append_text(out, "/>\n");
}

/* A UUID of version 8 from a name. */
static void put_id(struct buffer *out, const char *base_url, const char *kind, uint64_t id)
{
	char name[SITE_TEMPLATE_BYTES_MAX + 64];
	uint8_t uuid[UUID_BYTES];
	int size = snprintf(name, sizeof name, "lectern %s %" PRIu64 " of %s", kind, id, base_url);
	crypto_generichash(
		uuid, sizeof uuid, (const uint8_t *)name, (unsigned long long)size, NULL, 0);
	uuid[6] = (uint8_t)((uuid[6] & 0x0F) | 0x80);
	uuid[8] = (uint8_t)((uuid[8] & 0x3F) | 0x80);
	buffer_append_text(out, "<id>urn:uuid:");
	for (size_t i = 0; i < sizeof uuid; i++)
		buffer_printf(
			out, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", uuid[i]);
	buffer_append_text(out, "</id>\n");
}

static void put_person(const struct site_links *links, const Lectern__V1__TermRef *author,
	struct buffer *url, struct buffer *out)
{
	buffer_append_text(out, "<author>");
	put_element(out, "name", author->name);
	buffer_clear(url);
	site_put_term_url(links, SITE_AUTHOR, author->id, author->slug, url);
	put_element(out, "uri", buffer_text(url));
	buffer_append_text(out, "</author>\n");
}

static void put_category(const Lectern__V1__TermRef *term, struct buffer *out)
{
	buffer_append_text(out, "<category");
	put_attribute(out, "term", term->slug);
	put_attribute(out, "label", term->name);
	buffer_append_text(out, "/>\n");
}

static int64_t updated_us(const Lectern__V1__Post *post)
{
	int64_t update_us = post->update_time == NULL ? 0 : timestamp_to_us(post->update_time);
	int64_t publish_us = post->publish_time == NULL ? 0 : timestamp_to_us(post->publish_time);
	return update_us > publish_us ? update_us : publish_us;
}

/* "Untitled" for a post without a title: an entry must have one that is not empty to be of use. */
static void put_texts(
	const struct atom_feed *feed, const Lectern__V1__Post *post, struct buffer *out)
{
	put_element(out, "title", post->title[0] == '\0' ? "Untitled" : post->title);
	bool content = feed->full && post->html[0] != '\0';
	if (post->excerpt[0] != '\0')
		put_element(out, "summary", post->excerpt);
	else if (!content) /* without content an entry of an alternate link may have none */
		put_element(out, "summary", post->title[0] == '\0' ? "Untitled" : post->title);
	if (!content)
		return;
	buffer_append_text(out, "<content type=\"html\"");
	if (post->language[0] != '\0')
		put_attribute(out, "xml:lang", post->language);
	buffer_append_char(out, '>');
	xml_put_escaped(out, slice_of_text(post->html), XML_TEXT);
	buffer_append_text(out, "</content>\n");
}

static void put_entry(const struct atom_feed *feed, const Lectern__V1__Post *post,
	struct buffer *url, struct buffer *out)
{
	buffer_append_text(out, "<entry");
	if (post->language[0] != '\0')
		put_attribute(out, "xml:lang", post->language);
	buffer_append_text(out, ">\n");
	put_id(out, feed->links->base_url, "post", post->id);
	buffer_clear(url);
	site_put_post_url(feed->links, post, url);
	put_link(out, "alternate", "text/html", buffer_text(url));
	if (post->publish_time != NULL)
		put_time(out, "published", timestamp_to_us(post->publish_time));
	put_time(out, "updated", updated_us(post));
	for (size_t i = 0; i < post->n_authors; i++)
		if (post->authors[i]->name[0] != '\0')
			put_person(feed->links, post->authors[i], url, out);
	for (size_t i = 0; i < post->n_categories; i++)
		put_category(post->categories[i], out);
	for (size_t i = 0; i < post->n_tags; i++)
		put_category(post->tags[i], out);
	put_texts(feed, post, out);
	buffer_append_text(out, "</entry>\n");
}

static int64_t newest_us(const struct atom_feed *feed)
{
	int64_t newest = feed->updated_us;
	for (size_t i = 0; i < feed->post_count; i++) {
		int64_t time_us = updated_us(feed->posts[i]);
		if (i == 0 || time_us > newest)
			newest = time_us;
	}
	return newest;
}

void atom_put(const struct atom_feed *feed, struct buffer *out)
{
	struct buffer url;
	buffer_init(&url, URL_BYTES_MAX);
	buffer_append_text(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
				"<feed xmlns=\"http://www.w3.org/2005/Atom\">\n");
	put_element(out, "id", feed->id_url);
	put_element(out, "title", feed->title);
	put_element(out, "subtitle", feed->subtitle);
	put_time(out, "updated", newest_us(feed));
	put_link(out, "self", "application/atom+xml", feed->self_url);
	put_link(out, "alternate", "text/html", feed->alternate_url);
	put_link(out, "first", "application/atom+xml", feed->first_url);
	put_link(out, "next", "application/atom+xml", feed->next_url);
	buffer_append_text(out, "<author>");
	put_element(out, "name", feed->author);
	buffer_append_text(out, "</author>\n<generator>Lectern</generator>\n");
	for (size_t i = 0; i < feed->post_count; i++)
		put_entry(feed, feed->posts[i], &url, out);
	buffer_append_text(out, "</feed>\n");
	buffer_done(&url);
}
