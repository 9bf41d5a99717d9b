#include "importers/wxr_names.h"

#include <stdio.h>
#include <string.h>

static const struct wxr_element elements[] = {
	{ WXR_CHANNEL, WXR_NS_NONE, "item", WXR_IS_RECORD, WXR_ITEM, NULL },
	{ WXR_CHANNEL, WXR_NS_WP, "author", WXR_IS_RECORD, WXR_AUTHOR, NULL },
	{ WXR_CHANNEL, WXR_NS_WP, "category", WXR_IS_RECORD, WXR_TERM, "category" },
	{ WXR_CHANNEL, WXR_NS_WP, "tag", WXR_IS_RECORD, WXR_TERM, "post_tag" },
	{ WXR_CHANNEL, WXR_NS_WP, "term", WXR_IS_RECORD, WXR_TERM, "" },
	{ WXR_CHANNEL, WXR_NS_WP, "wxr_version", WXR_IS_VALUE, WXR_VERSION, NULL },
	{ WXR_CHANNEL, WXR_NS_WP, "base_blog_url", WXR_IS_VALUE, WXR_BLOG_URL, NULL },
	{ WXR_CHANNEL, WXR_NS_WP, "base_site_url", WXR_IS_VALUE, WXR_SITE_URL, NULL },
	{ WXR_CHANNEL, WXR_NS_NONE, "link", WXR_IS_VALUE, WXR_CHANNEL_LINK, NULL },
	{ WXR_AUTHOR, WXR_NS_WP, "author_login", WXR_IS_VALUE, WXR_LOGIN, NULL },
	{ WXR_AUTHOR, WXR_NS_WP, "author_display_name", WXR_IS_VALUE, WXR_DISPLAY_NAME, NULL },
	{ WXR_TERM, WXR_NS_WP, "category_nicename", WXR_IS_VALUE, WXR_TERM_SLUG, NULL },
	{ WXR_TERM, WXR_NS_WP, "category_parent", WXR_IS_VALUE, WXR_TERM_PARENT, NULL },
	{ WXR_TERM, WXR_NS_WP, "cat_name", WXR_IS_VALUE, WXR_TERM_NAME, NULL },
	{ WXR_TERM, WXR_NS_WP, "category_description", WXR_IS_VALUE, WXR_TERM_DESCRIPTION, NULL },
	{ WXR_TERM, WXR_NS_WP, "tag_slug", WXR_IS_VALUE, WXR_TERM_SLUG, NULL },
	{ WXR_TERM, WXR_NS_WP, "tag_name", WXR_IS_VALUE, WXR_TERM_NAME, NULL },
	{ WXR_TERM, WXR_NS_WP, "tag_description", WXR_IS_VALUE, WXR_TERM_DESCRIPTION, NULL },
	{ WXR_TERM, WXR_NS_WP, "term_taxonomy", WXR_IS_VALUE, WXR_TAXONOMY, NULL },
	{ WXR_TERM, WXR_NS_WP, "term_slug", WXR_IS_VALUE, WXR_TERM_SLUG, NULL },
	{ WXR_TERM, WXR_NS_WP, "term_parent", WXR_IS_VALUE, WXR_TERM_PARENT, NULL },
	{ WXR_TERM, WXR_NS_WP, "term_name", WXR_IS_VALUE, WXR_TERM_NAME, NULL },
	{ WXR_TERM, WXR_NS_WP, "term_description", WXR_IS_VALUE, WXR_TERM_DESCRIPTION, NULL },
	{ WXR_ITEM, WXR_NS_NONE, "title", WXR_IS_VALUE, WXR_TITLE, NULL },
	{ WXR_ITEM, WXR_NS_NONE, "link", WXR_IS_VALUE, WXR_LINK, NULL },
	{ WXR_ITEM, WXR_NS_NONE, "pubDate", WXR_IS_VALUE, WXR_PUB_DATE, NULL },
	{ WXR_ITEM, WXR_NS_DC, "creator", WXR_IS_VALUE, WXR_CREATOR, NULL },
	{ WXR_ITEM, WXR_NS_NONE, "guid", WXR_IS_VALUE, WXR_GUID, NULL },
	{ WXR_ITEM, WXR_NS_CONTENT, "encoded", WXR_IS_VALUE, WXR_CONTENT, NULL },
	{ WXR_ITEM, WXR_NS_EXCERPT, "encoded", WXR_IS_VALUE, WXR_EXCERPT, NULL },
	{ WXR_ITEM, WXR_NS_WP, "post_id", WXR_IS_VALUE, WXR_POST_ID, NULL },
	{ WXR_ITEM, WXR_NS_WP, "post_date", WXR_IS_VALUE, WXR_POST_DATE, NULL },
	{ WXR_ITEM, WXR_NS_WP, "post_date_gmt", WXR_IS_VALUE, WXR_POST_DATE_GMT, NULL },
	{ WXR_ITEM, WXR_NS_WP, "post_modified_gmt", WXR_IS_VALUE, WXR_POST_MODIFIED_GMT, NULL },
	{ WXR_ITEM, WXR_NS_WP, "post_name", WXR_IS_VALUE, WXR_POST_NAME, NULL },
	{ WXR_ITEM, WXR_NS_WP, "status", WXR_IS_VALUE, WXR_STATUS, NULL },
	{ WXR_ITEM, WXR_NS_WP, "post_type", WXR_IS_VALUE, WXR_POST_TYPE, NULL },
	{ WXR_ITEM, WXR_NS_WP, "post_password", WXR_IS_VALUE, WXR_POST_PASSWORD, NULL },
	{ WXR_ITEM, WXR_NS_WP, "is_sticky", WXR_IS_VALUE, WXR_IS_STICKY, NULL },
	{ WXR_ITEM, WXR_NS_WP, "attachment_url", WXR_IS_VALUE, WXR_ATTACHMENT_URL, NULL },
	{ WXR_ITEM, WXR_NS_NONE, "category", WXR_IS_ITEM_TERM, 0, NULL },
	{ WXR_ITEM, WXR_NS_WP, "postmeta", WXR_IS_RECORD, WXR_META, NULL },
	{ WXR_ITEM, WXR_NS_WP, "comment", WXR_IS_COMMENT, 0, NULL },
	{ WXR_META, WXR_NS_WP, "meta_key", WXR_IS_VALUE, WXR_META_KEY, NULL },
	{ WXR_META, WXR_NS_WP, "meta_value", WXR_IS_VALUE, WXR_META_VALUE, NULL },
};
enum { ELEMENTS = sizeof elements / sizeof elements[0] };

const struct wxr_element *wxr_find_element(
	enum wxr_record parent, enum wxr_namespace space, const char *local)
{
	for (size_t i = 0; i < ELEMENTS; i++)
		if (elements[i].parent == parent && elements[i].space == space &&
			strcmp(elements[i].name, local) == 0)
			return &elements[i];
	return NULL;
}

const char *wxr_value_name(enum wxr_value value)
{
	if (value == WXR_CONTENT)
		return "content:encoded";
	if (value == WXR_EXCERPT)
		return "excerpt:encoded";
	for (size_t i = 0; i < ELEMENTS; i++)
		if (elements[i].what == WXR_IS_VALUE && elements[i].meaning == (int)value)
			return elements[i].name;
	return "";
}

static bool begins_with(const char *text, const char *start)
{
	return strncmp(text, start, strlen(start)) == 0;
}

static bool ends_with(const char *text, const char *end)
{
	size_t size = strlen(text);
	size_t end_size = strlen(end);
	return size >= end_size && strcmp(text + size - end_size, end) == 0;
}

/* "http://wordpress.org/export/1.2/", "https://wordpress.org/export/1.2/excerpt/" and so on. */
static enum wxr_namespace space_of(const char *uri)
{
	if (uri[0] == '\0')
		return WXR_NS_NONE;
	const char *rest = uri;
	if (begins_with(rest, "http://"))
		rest += strlen("http://");
	else if (begins_with(rest, "https://"))
		rest += strlen("https://");
	else
		return WXR_NS_OTHER;
	if (begins_with(rest, "www."))
		rest += strlen("www.");
	if (begins_with(rest, "wordpress.org/export/"))
		return ends_with(rest, "/excerpt/") || ends_with(rest, "/excerpt") ? WXR_NS_EXCERPT
										   : WXR_NS_WP;
	if (begins_with(rest, "purl.org/rss/1.0/modules/content"))
		return WXR_NS_CONTENT;
	if (begins_with(rest, "purl.org/dc/elements/"))
		return WXR_NS_DC;
	return WXR_NS_OTHER;
}

static void declare(
	struct wxr_names *names, unsigned depth, const char *prefix, enum wxr_namespace space)
{
	if (names->count == WXR_BINDINGS_MAX || strlen(prefix) >= WXR_PREFIX_BYTES)
		return;
	struct wxr_binding *binding = &names->bindings[names->count++];
	*binding = (struct wxr_binding){ .depth = depth, .space = space };
	snprintf(binding->prefix, sizeof binding->prefix, "%s", prefix);
}

void wxr_names_declare(struct wxr_names *names, unsigned depth, const char *const *attributes)
{
	for (; attributes[0] != NULL; attributes += 2) {
		if (strcmp(attributes[0], "xmlns") == 0)
			declare(names, depth, "", space_of(attributes[1]));
		else if (begins_with(attributes[0], "xmlns:"))
			declare(names, depth, attributes[0] + strlen("xmlns:"),
				space_of(attributes[1]));
	}
}

void wxr_names_leave(struct wxr_names *names, unsigned depth)
{
	while (names->count > 0 && names->bindings[names->count - 1].depth >= depth)
		names->count--;
}

/* What a prefix stands for that nobody has declared. */
static enum wxr_namespace usual_space(struct slice prefix)
{
	static const struct {
		const char *prefix;
		enum wxr_namespace space;
	} usual[] = { { "", WXR_NS_NONE }, { "wp", WXR_NS_WP }, { "excerpt", WXR_NS_EXCERPT },
		{ "content", WXR_NS_CONTENT }, { "dc", WXR_NS_DC } };
	for (size_t i = 0; i < sizeof usual / sizeof usual[0]; i++)
		if (slice_equals(prefix, slice_of_text(usual[i].prefix)))
			return usual[i].space;
	return WXR_NS_OTHER;
}

enum wxr_namespace wxr_names_resolve(
	const struct wxr_names *names, const char *name, const char **ret_local)
{
	const char *colon = strchr(name, ':');
	*ret_local = colon == NULL ? name : colon + 1;
	struct slice prefix = slice_of(name, colon == NULL ? 0 : (size_t)(colon - name));
	for (size_t i = names->count; i > 0; i--)
		if (slice_equals(prefix, slice_of_text(names->bindings[i - 1].prefix)))
			return names->bindings[i - 1].space;
	return usual_space(prefix);
}
