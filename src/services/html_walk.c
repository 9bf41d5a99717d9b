#include "services/html_walk.h"

void html_walk_start(struct html_walk *walk, const GumboNode *root)
{
	walk->depth = 1;
	walk->headings = 0;
	walk->frames[0] = (struct html_frame){ .node = root, .element = &html_unwrapped };
}

static bool is_element(const GumboNode *node)
{
	return node->type == GUMBO_NODE_ELEMENT || node->type == GUMBO_NODE_TEMPLATE;
}

static bool is_text(const GumboNode *node)
{
	return node->type == GUMBO_NODE_TEXT || node->type == GUMBO_NODE_WHITESPACE ||
	       node->type == GUMBO_NODE_CDATA;
}

/* The rule for an element at its place. */
static const struct html_element *element_at(const struct html_walk *walk, const GumboNode *node)
{
	const struct html_element *element = html_element_of(node);
	if ((element->flags & HTML_HEADING) != 0 && walk->headings > 0)
		return &html_unwrapped;
	return element;
}

/* Goes into an element unless it is left out. */
static bool enter(struct html_walk *walk, const GumboNode *node)
{
	const struct html_element *element = element_at(walk, node);
	bool empty = node->v.element.children.length == 0;
	if (element->treatment == HTML_DROP || (empty && (element->flags & HTML_RENAMED) != 0))
		return false;
	walk->frames[walk->depth++] = (struct html_frame){ .node = node, .element = element };
	walk->headings += (element->flags & HTML_HEADING) != 0;
	walk->node = node;
	walk->element = element;
	return element->treatment == HTML_KEEP;
}

static bool leave(struct html_walk *walk)
{
	const struct html_frame *frame = &walk->frames[--walk->depth];
	walk->headings -= (frame->element->flags & HTML_HEADING) != 0;
	walk->node = frame->node;
	walk->element = frame->element;
	return frame->element->treatment == HTML_KEEP;
}

enum html_event html_walk_next(struct html_walk *walk)
{
	while (walk->depth > 0) {
		struct html_frame *frame = &walk->frames[walk->depth - 1];
		const GumboVector *children = &frame->node->v.element.children;
		if (frame->next == children->length) {
			if (leave(walk))
				return HTML_LEAVE;
			continue;
		}
		const GumboNode *child = children->data[frame->next++];
		if (is_text(child)) {
			walk->node = child;
			return HTML_TEXT;
		}
		if (!is_element(child))
			continue; /* a comment */
		if (walk->depth > HTML_NESTING_MAX)
			return HTML_TOO_DEEP;
		if (enter(walk, child))
			return HTML_ENTER;
	}
	return HTML_END;
}
