/* A walk over what is kept of the tree of an HTML body, without recursion. */
#pragma once
#include "services/html_elements.h"

enum { HTML_NESTING_MAX = 256 /* browsers cut at 512 */ };

enum html_event {
	HTML_ENTER, /* an element that is kept */
	HTML_LEAVE,
	HTML_TEXT,
	HTML_END,
	HTML_TOO_DEEP, /* more than HTML_NESTING_MAX elements inside each other */
};

struct html_walk {
	struct html_frame {
		const GumboNode *node;
		const struct html_element *element;
		unsigned next; /* child */
	} frames[HTML_NESTING_MAX + 1];
	unsigned depth;
	unsigned headings; /* that are open: 0 or 1, as one in another is unwrapped */
	/* Of the last event. */
	const GumboNode *node;
	const struct html_element *element; /* of ENTER and LEAVE */
};

void html_walk_start(struct html_walk *walk, const GumboNode *root);

enum html_event html_walk_next(struct html_walk *walk);
