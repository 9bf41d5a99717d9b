#include "services/search_post.h"

#include "base/wire.h"

enum { FIELD_HTML = 34 }; /* of lectern.v1.Post */

static bool read_html(struct txn *txn, uint64_t id, struct slice *ret)
{
	struct key key;
	struct slice record;
	struct wire_field field;
	key_post(&key, id, POST_HTML);
	if (!txn_get(txn, TABLE_POST, &key, &record)) {
		txn_fail_corrupt(txn, "html of post", id);
		return false;
	}
	*ret = slice_of(NULL, 0);
	while (wire_next(&record, &field))
		if (field.number == FIELD_HTML && field.type == WIRE_BYTES)
			*ret = field.bytes;
	return true;
}

bool search_post_text(struct txn *txn, struct arena *arena, const struct post_fields *fields,
	struct search_text *ret)
{
	struct slice html;
	struct html_text text;
	if (!read_html(txn, fields->id, &html))
		return false;
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
