#include "support/safe_html.h"

#include "base/attributes.h"
#include "base/text.h"

#include <gumbo.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { DEPTH_MAX = 256, IDS_MAX = 4096 };

struct check {
	char *text;
	size_t capacity;
	bool wrong;
	const char *ids[IDS_MAX];
	size_t id_count;
};

static void tell(struct check *check, const char *fmt, ...) PRINTF_LIKE(2, 3);

static void tell(struct check *check, const char *fmt, ...)
{
	va_list args;
	if (check->wrong)
		return;
	check->wrong = true;
	va_start(args, fmt);
	vsnprintf(check->text, check->capacity, fmt, args);
	va_end(args);
}

static bool in_list(const char *list, const char *word, size_t size)
{
	for (const char *at = list; (at = strstr(at, " ")) != NULL && at[1] != '\0'; at++)
		if (strncmp(at + 1, word, size) == 0 && at[1 + size] == ' ')
			return true;
	return false;
}

static const char elements[] =
	" a abbr address article aside audio b bdi bdo blockquote br caption cite code col "
	"colgroup "
	"dd del details dfn div dl dt em figcaption figure footer h1 h2 h3 h4 h5 h6 header hr i "
	"img "
	"ins kbd li mark nav ol p picture pre q rb rp rt rtc ruby s samp section small source span "
	"strong sub summary sup table tbody td tfoot th thead time tr track u ul var video wbr ";
static const char voids[] = " br col hr img source track wbr ";
static const char attributes[] =
	" abbr align alt cite class colspan controls datetime default dir height href hreflang id "
	"kind label lang loading loop media muted open playsinline poster preload rel reversed "
	"rowspan scope sizes span src srclang srcset start target title type value width ";

/* The scheme as a browser finds it: what stands before the first ':' once white space and control
 * characters are out, if it can be one at all. */
static void check_url(struct check *check, const char *name, const char *url, bool image)
{
	char scheme[32] = "";
	size_t size = 0;
	for (const unsigned char *c = (const unsigned char *)url; *c != '\0'; c++) {
		if (*c <= ' ' || *c == 0x7F)
			continue;
		if (*c == ':')
			break;
		if (*c == '/' || *c == '?' || *c == '#' || c[1] == '\0' ||
			size == sizeof scheme - 1)
			return; /* relative, or nothing that a browser knows */
		scheme[size++] = (char)*c;
	}
	scheme[size] = '\0';
	if (size == 0 || strcasecmp(scheme, "http") == 0 || strcasecmp(scheme, "https") == 0)
		return;
	bool link = strcmp(name, "href") == 0;
	if (link && (strcasecmp(scheme, "mailto") == 0 || strcasecmp(scheme, "tel") == 0))
		return;
	bool bitmap = strncasecmp(url, "data:image/png;base64,", 22) == 0 ||
		      strncasecmp(url, "data:image/jpeg;base64,", 23) == 0 ||
		      strncasecmp(url, "data:image/jpg;base64,", 22) == 0 ||
		      strncasecmp(url, "data:image/gif;base64,", 22) == 0 ||
		      strncasecmp(url, "data:image/webp;base64,", 23) == 0;
	if (!image || !bitmap)
		tell(check, "%s has the address %.80s", name, url);
}

static void check_srcset(struct check *check, const char *value)
{
	for (const char *at = value; *at != '\0';) {
		char url[256];
		at += strspn(at, ", ");
		size_t size = strcspn(at, " ");
		size_t all = size;
		while (size > 0 && at[size - 1] == ',')
			size--;
		snprintf(url, sizeof url, "%.*s", (int)size, at);
		check_url(check, "srcset", url, false);
		at += all;
		if (all == size)
			at += strcspn(at, ",");
	}
}

static void check_id(struct check *check, const char *id)
{
	char slug[300];
	text_slug(slice_of_text(id), slug, sizeof slug);
	if (strcmp(slug, id) != 0)
		tell(check, "id %.80s", id);
	for (size_t i = 0; i < check->id_count; i++)
		if (strcmp(check->ids[i], id) == 0)
			tell(check, "id %.80s twice", id);
	if (check->id_count < IDS_MAX)
		check->ids[check->id_count++] = id;
}

static void check_attribute(
	struct check *check, const char *element, const GumboAttribute *attribute)
{
	const char *name = attribute->name;
	const char *value = attribute->value;
	if (!in_list(attributes, name, strlen(name)))
		tell(check, "<%s> has the attribute %.80s", element, name);
	if (strcmp(name, "href") == 0 || strcmp(name, "src") == 0 || strcmp(name, "poster") == 0 ||
		strcmp(name, "cite") == 0)
		check_url(check, name, value,
			strcmp(element, "img") == 0 && strcmp(name, "src") == 0);
	if (strcmp(name, "srcset") == 0)
		check_srcset(check, value);
	if (strcmp(name, "id") == 0)
		check_id(check, value);
	if (strcmp(name, "target") == 0 && strcmp(value, "_blank") != 0)
		tell(check, "target %.80s", value);
}

static void check_element(struct check *check, const GumboElement *element)
{
	char name[32];
	GumboStringPiece tag = element->original_tag;
	gumbo_tag_from_original_text(&tag);
	snprintf(name, sizeof name, "%s", gumbo_normalized_tagname(element->tag));
	if (element->tag == GUMBO_TAG_UNKNOWN)
		snprintf(name, sizeof name, "%.*s", (int)tag.length, tag.data);
	if (element->tag_namespace != GUMBO_NAMESPACE_HTML)
		tell(check, "<%s> is foreign", name);
	if (!in_list(elements, name, strlen(name)))
		tell(check, "there is a <%s>", name);
	bool target = false;
	const char *rel = "";
	for (unsigned i = 0; i < element->attributes.length; i++) {
		const GumboAttribute *attribute = element->attributes.data[i];
		check_attribute(check, name, attribute);
		target = target || strcmp(attribute->name, "target") == 0;
		rel = strcmp(attribute->name, "rel") == 0 ? attribute->value : rel;
	}
	if (target && strstr(rel, "noopener") == NULL)
		tell(check, "a target without noopener");
}

/* By the links between nodes, so that no depth is too much for it. */
static void check_tree(struct check *check, const GumboNode *root)
{
	const GumboNode *node = root;
	unsigned depth = 0;
	for (;;) {
		const GumboVector *children =
			node->type == GUMBO_NODE_ELEMENT ? &node->v.element.children : NULL;
		if (node->type == GUMBO_NODE_ELEMENT && node != root)
			check_element(check, &node->v.element);
		else if (node->type == GUMBO_NODE_COMMENT || node->type == GUMBO_NODE_TEMPLATE)
			tell(check, "a comment or a template");
		if (children != NULL && children->length > 0) {
			node = children->data[0];
			if (++depth > DEPTH_MAX + 1)
				tell(check, "more than %d elements inside each other", DEPTH_MAX);
			continue;
		}
		while (node != root &&
			node->index_within_parent + 1 >= node->parent->v.element.children.length) {
			node = node->parent;
			depth--;
		}
		if (node == root)
			return;
		node = node->parent->v.element.children.data[node->index_within_parent + 1];
	}
}

/* Every start tag has its end tag, every '&' begins one of four references. */
static void check_form(struct check *check, const char *html)
{
	const char *open[DEPTH_MAX + 1];
	size_t sizes[DEPTH_MAX + 1];
	size_t depth = 0;
	for (const char *at = html; (at = strpbrk(at, "<&>")) != NULL;) {
		if (*at == '>') {
			tell(check, "a bare '>' at %.40s", at);
			return;
		}
		if (*at == '&') {
			if (strncmp(at, "&amp;", 5) != 0 && strncmp(at, "&lt;", 4) != 0 &&
				strncmp(at, "&gt;", 4) != 0 && strncmp(at, "&quot;", 6) != 0)
				tell(check, "a bare '&' at %.40s", at);
			at++;
			continue;
		}
		const char *end = strchr(at, '>');
		bool closes = at[1] == '/';
		size_t size = strspn(at + 1 + closes, "abcdefghijklmnopqrstuvwxyz123456");
		if (end == NULL || size == 0 || (!closes && depth > DEPTH_MAX)) {
			tell(check, "no tag at %.40s", at);
			return;
		}
		if (closes && (depth == 0 || sizes[depth - 1] != size ||
				      strncmp(open[depth - 1], at + 2, size) != 0)) {
			tell(check, "an end without a start at %.40s", at);
			return;
		}
		bool is_void = in_list(voids, at + 1, size);
		if (!closes && is_void != (end[-1] == '/'))
			tell(check, "void or not at %.40s", at);
		if (closes) {
			depth--;
		} else if (!is_void) {
			open[depth] = at + 1;
			sizes[depth++] = size;
		}
		at = end + 1;
	}
	if (depth > 0)
		tell(check, "no end of %.40s", open[depth - 1]);
}

static void check_characters(struct check *check, const char *html)
{
	if (text_find_invalid(slice_of_text(html)) != strlen(html))
		tell(check, "invalid UTF-8");
	for (const unsigned char *c = (const unsigned char *)html; *c != '\0'; c++)
		if (*c < ' ' && *c != '\n' && *c != '\t')
			tell(check, "the control character %d", *c);
}

bool is_safe_html(const char *html, char *text, size_t capacity)
{
	struct check check = { .text = text, .capacity = capacity };
	GumboOptions options = kGumboDefaultOptions;
	options.fragment_context = GUMBO_TAG_BODY;
	options.max_errors = 0;
	check_characters(&check, html);
	check_form(&check, html);
	GumboOutput *output = gumbo_parse_with_options(&options, html, strlen(html));
	check_tree(&check, output->root);
	gumbo_destroy_output(&options, output);
	return !check.wrong;
}
