/* Which elements of an HTML body are kept, and what becomes of the others. */
#pragma once
#include "base/attributes.h"

#include <gumbo.h>
#include <stdbool.h>

enum html_treatment {
	HTML_KEEP,
	HTML_UNWRAP, /* the element goes, what is in it stays */
	HTML_DROP,   /* with all that is in it */
};

enum {
	HTML_VOID = 1,	  /* has no content and no end tag */
	HTML_BLOCK = 2,	  /* begins and ends a line */
	HTML_HEADING = 4, /* h1 to h6 */
	HTML_RENAMED = 8, /* is given another name; without content it is left out */
};

struct html_element {
	const char *name; /* as parsed, lower case */
	enum html_treatment treatment;
	unsigned flags;
	const char *written; /* the name in the output, of a kept one */
};

extern const struct html_element html_unwrapped;

/* The rule for an element; never NULL. Of SVG and MathML, and of templates, nothing is kept; what
 * no rule names is unwrapped. */
const struct html_element *html_element_of(const GumboNode *node) NODISCARD;
