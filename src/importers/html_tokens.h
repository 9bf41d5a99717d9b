/* HTML source cut into tags, comments, line ends and text, every byte kept. Reads loosely, as
 * people write: what is no tag is text. */
#pragma once
#include "base/slice.h"

enum html_token_kind {
	HTML_TEXT,     /* without a line end */
	HTML_NEWLINES, /* white space with at least one line end */
	HTML_OPEN,
	HTML_CLOSE,
	HTML_COMMENT, /* declarations and the like, too */
	HTML_RAW,     /* an element whose content is not looked into, its tags included */
	HTML_END,
};

enum { HTML_NAME_BYTES = 16 };

struct html_token {
	enum html_token_kind kind;
	struct slice text;
	/* Of tags and raw elements, in lower case; "" where it is longer than any that matters. */
	char name[HTML_NAME_BYTES];
	bool self_closed; /* "<x />" */
	size_t newlines;
};

struct html_tokens {
	struct slice text;
	size_t at;
	/* Elements that are taken whole, with what ends them; ends with NULL. */
	const char *const *raw_names;
	/* Nothing of the kind stands behind this place: what is searched in vain is searched
	 * once. */
	bool no_comment_end;
	bool no_quotes; /* quotation marks in tags do not pair */
	bool no_tag_end;
	uint64_t no_raw_end; /* bits of raw_names */
};

struct html_tokens html_tokens_of(struct slice text, const char *const *raw_names);

/* False at the end. */
bool html_next(struct html_tokens *tokens, struct html_token *ret);
