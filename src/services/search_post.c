#include "services/search_post.h"

#include "analysis/html_text.h"
#include "store/post.h"

bool search_post_text(struct txn *txn, struct arena *arena, const struct post_fields *fields,
	struct search_text *ret)
{
	struct slice html;
	struct html_text text;
	if (!post_html(txn, fields->id, &html)) {
		txn_fail_corrupt(txn, "html of post", fields->id);
		return false;
	}
	char *language = arena_text(arena, fields->language);
	if (language == NULL || !html_text(arena, html, &text)) {
		txn_fail_memory(txn);
		return false;
	}
	*ret = (struct search_text){ .title = fields->title,
		.excerpt = fields->excerpt,
		.body = text.text,
		.language = language };
	return true;
}
