#include "site/sitemap.h"

#include "base/rfc3339.h"
#include "base/xml.h"

#include <times.h>

enum { URL_BYTES_MAX = 8192 };

#define DECLARATION "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
#define NAMESPACE " xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n"

void sitemap_begin(struct buffer *out)
{
	buffer_append_text(out, DECLARATION "<urlset" NAMESPACE);
}

void sitemap_end(struct buffer *out)
{
	buffer_append_text(out, "</urlset>\n");
}

static void put_location(const char *url, struct buffer *out)
{
	buffer_append_text(out, "<loc>");
	xml_put_escaped(out, slice_of_text(url), XML_ATTRIBUTE);
	buffer_append_text(out, "</loc>");
}

void sitemap_put_home(const struct site_links *links, struct buffer *out)
{
	buffer_append_text(out, "<url><loc>");
	xml_put_escaped(out, slice_of_text(links->base_url), XML_ATTRIBUTE);
	buffer_append_text(out, "/</loc></url>\n");
}

/* A canonical URL may be on another site, which a sitemap may not name: such a post is left out. */
static bool is_elsewhere(const struct site_links *links, const Lectern__V1__Post *post)
{
	size_t size = strlen(links->base_url);
	const char *url = post->canonical_url;
	return url[0] != '\0' && (strncmp(url, links->base_url, size) != 0 || url[size] != '/');
}

void sitemap_put_post(
	const struct site_links *links, const Lectern__V1__Post *post, struct buffer *out)
{
	if (is_elsewhere(links, post))
		return;
	struct buffer url;
	buffer_init(&url, URL_BYTES_MAX);
	site_put_post_url(links, post, &url);
	const char *text = buffer_text(&url);
	buffer_append_text(out, "<url>");
	put_location(text == NULL ? "" : text, out);
	if (post->update_time != NULL) {
		char time[RFC3339_BYTES];
		rfc3339_format(timestamp_to_us(post->update_time), time);
		buffer_printf(out, "<lastmod>%s</lastmod>", time);
	}
	buffer_append_text(out, "</url>\n");
	buffer_done(&url);
}

void sitemap_put_term(const struct site_links *links, enum site_term kind, uint64_t id,
	const char *slug, struct buffer *out)
{
	struct buffer url;
	buffer_init(&url, URL_BYTES_MAX);
	site_put_term_url(links, kind, id, slug, &url);
	const char *text = buffer_text(&url);
	buffer_append_text(out, "<url>");
	put_location(text == NULL ? "" : text, out);
	buffer_append_text(out, "</url>\n");
	buffer_done(&url);
}

void sitemap_index_begin(struct buffer *out)
{
	buffer_append_text(out, DECLARATION "<sitemapindex" NAMESPACE);
}

void sitemap_index_put(const char *url, struct buffer *out)
{
	buffer_append_text(out, "<sitemap>");
	put_location(url, out);
	buffer_append_text(out, "</sitemap>\n");
}

void sitemap_index_end(struct buffer *out)
{
	buffer_append_text(out, "</sitemapindex>\n");
}
