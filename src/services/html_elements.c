#include "services/html_elements.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Room for the longest name of the table and a NUL. */
enum { NAME_BYTES = 16 };

#define KEEP(tag, flags) \
	{ \
		tag, HTML_KEEP, flags, tag \
	}
#define RENAME(tag, other, flags) \
	{ \
		tag, HTML_KEEP, (flags) | HTML_RENAMED, other \
	}
#define DROP(tag) \
	{ \
		tag, HTML_DROP, 0, NULL \
	}

/*
 * By name, in the order of strcmp(). An element that is not here is unwrapped: among them object,
 * applet, canvas and noscript, whose content is what is shown where they are not, as it is now;
 * button, label, output, progress and meter, whose content is text; font, big, blink, marquee, nobr
 * and others of the past, which only looked different; and input, link, meta, base, embed, param,
 * area and frame, which have no content and so leave nothing.
 */
static const struct html_element elements[] = {
	KEEP("a", 0),
	KEEP("abbr", 0),
	RENAME("acronym", "abbr", 0),
	KEEP("address", HTML_BLOCK),
	KEEP("article", HTML_BLOCK),
	KEEP("aside", HTML_BLOCK),
	KEEP("audio", 0),
	KEEP("b", 0),
	KEEP("bdi", 0),
	KEEP("bdo", 0),
	KEEP("blockquote", HTML_BLOCK),
	KEEP("br", HTML_VOID | HTML_BLOCK),
	KEEP("caption", HTML_BLOCK),
	/* Blocks whose names are not kept: as div, lest their text runs into what stands beside. */
	RENAME("center", "div", HTML_BLOCK),
	KEEP("cite", 0),
	KEEP("code", 0),
	KEEP("col", HTML_VOID),
	KEEP("colgroup", 0),
	DROP("datalist"), /* values of a control */
	KEEP("dd", HTML_BLOCK),
	KEEP("del", 0),
	KEEP("details", HTML_BLOCK),
	KEEP("dfn", 0),
	RENAME("dialog", "div", HTML_BLOCK),
	RENAME("dir", "ul", HTML_BLOCK),
	KEEP("div", HTML_BLOCK),
	KEEP("dl", HTML_BLOCK),
	KEEP("dt", HTML_BLOCK),
	KEEP("em", 0),
	RENAME("fieldset", "div", HTML_BLOCK),
	KEEP("figcaption", HTML_BLOCK),
	KEEP("figure", HTML_BLOCK),
	KEEP("footer", HTML_BLOCK),
	RENAME("form", "div", HTML_BLOCK),
	KEEP("h1", HTML_HEADING | HTML_BLOCK),
	KEEP("h2", HTML_HEADING | HTML_BLOCK),
	KEEP("h3", HTML_HEADING | HTML_BLOCK),
	KEEP("h4", HTML_HEADING | HTML_BLOCK),
	KEEP("h5", HTML_HEADING | HTML_BLOCK),
	KEEP("h6", HTML_HEADING | HTML_BLOCK),
	KEEP("header", HTML_BLOCK),
	RENAME("hgroup", "div", HTML_BLOCK),
	KEEP("hr", HTML_VOID | HTML_BLOCK),
	KEEP("i", 0),
	DROP("iframe"), /* another page; its content is source that no browser shows */
	KEEP("img", HTML_VOID),
	KEEP("ins", 0),
	KEEP("kbd", 0),
	RENAME("legend", "div", HTML_BLOCK),
	KEEP("li", HTML_BLOCK),
	/* Source that is shown as it stands. */
	RENAME("listing", "pre", HTML_BLOCK),
	RENAME("main", "div", HTML_BLOCK),
	KEEP("mark", 0),
	RENAME("menu", "ul", HTML_BLOCK),
	KEEP("nav", HTML_BLOCK),
	DROP("noembed"),  /* source for browsers of the past */
	DROP("noframes"), /* the same */
	KEEP("ol", HTML_BLOCK),
	DROP("optgroup"), /* values of a control */
	DROP("option"),	  /* the same, also where the control's end was forgotten */
	KEEP("p", HTML_BLOCK),
	KEEP("picture", 0),
	RENAME("plaintext", "pre", HTML_BLOCK),
	KEEP("pre", HTML_BLOCK),
	KEEP("q", 0),
	KEEP("rb", 0),
	KEEP("rp", 0),
	KEEP("rt", 0),
	KEEP("rtc", 0),
	KEEP("ruby", 0),
	KEEP("s", 0),
	KEEP("samp", 0),
	DROP("script"), /* a program */
	RENAME("search", "div", HTML_BLOCK),
	KEEP("section", HTML_BLOCK),
	DROP("select"), /* a control; its content are its values */
	KEEP("small", 0),
	KEEP("source", HTML_VOID),
	KEEP("span", 0),
	RENAME("strike", "s", 0),
	KEEP("strong", 0),
	DROP("style"), /* of the whole page */
	KEEP("sub", 0),
	KEEP("summary", HTML_BLOCK),
	KEEP("sup", 0),
	KEEP("table", HTML_BLOCK),
	KEEP("tbody", 0),
	KEEP("td", HTML_BLOCK),
	DROP("template"), /* not shown */
	DROP("textarea"), /* a control; its content is its value */
	KEEP("tfoot", 0),
	KEEP("th", HTML_BLOCK),
	KEEP("thead", 0),
	KEEP("time", 0),
	DROP("title"), /* of the page; not shown */
	KEEP("tr", HTML_BLOCK),
	KEEP("track", HTML_VOID),
	RENAME("tt", "code", 0),
	KEEP("u", 0),
	KEEP("ul", HTML_BLOCK),
	KEEP("var", 0),
	KEEP("video", 0),
	KEEP("wbr", HTML_VOID),
	RENAME("xmp", "pre", HTML_BLOCK),
};

const struct html_element html_unwrapped = { "", HTML_UNWRAP, 0, NULL };
static const struct html_element dropped = { "", HTML_DROP, 0, NULL };

static int compare(const void *name, const void *element)
{
	return strcmp(name, ((const struct html_element *)element)->name);
}

static const struct html_element *find(const char *name)
{
	const struct html_element *found = bsearch(
		name, elements, sizeof elements / sizeof *elements, sizeof *elements, compare);
	return found == NULL ? &html_unwrapped : found;
}

/* The name of an element that gumbo has no number for. */
static const struct html_element *find_unknown(const GumboElement *element)
{
	char name[NAME_BYTES];
	GumboStringPiece tag = element->original_tag;
	gumbo_tag_from_original_text(&tag);
	if (tag.data == NULL || tag.length >= sizeof name)
		return &html_unwrapped;
	for (size_t i = 0; i < tag.length; i++) {
		char c = tag.data[i];
		name[i] = c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
	}
	name[tag.length] = '\0';
	return find(name);
}

const struct html_element *html_element_of(const GumboNode *node)
{
	const GumboElement *element = &node->v.element;
	if (node->type != GUMBO_NODE_ELEMENT || element->tag_namespace != GUMBO_NAMESPACE_HTML)
		return &dropped;
	if (element->tag == GUMBO_TAG_UNKNOWN)
		return find_unknown(element);
	return find(gumbo_normalized_tagname(element->tag));
}
