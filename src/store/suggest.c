#include "store/suggest.h"

#include "base/text.h"

#include <lectern/store/v1/record.pb-c.h>

_Static_assert((int)SUGGEST_BYTES_MAX == (int)SUGGEST_KEY_TEXT_BYTES_MAX, "the key holds the text");

static size_t character_size(struct slice text)
{
	size_t size = 1;
	while (size < text.size && (text.data[size] & 0xC0) == 0x80)
		size++;
	return size;
}

void suggest_read(struct analyzer *analyzer, struct slice text, struct suggest_text *ret)
{
	struct token token;
	bool in_run = false; /* the token before was a pair, which this one continues */
	ret->size = 0;
	ret->count = 0;
	analyzer_start(analyzer, text, "");
	while (analyzer_next(analyzer, &token)) {
		struct slice word = token.word;
		if (token.kind == TOKEN_PAIR)
			word.size = character_size(word);
		if (ret->size + 1 + word.size > sizeof ret->bytes)
			break;
		if (ret->size > 0 && !in_run)
			ret->bytes[ret->size++] = ' ';
		if (ret->count < SUGGEST_WORDS_MAX)
			ret->starts[ret->count++] = ret->size;
		memcpy(ret->bytes + ret->size, word.data, word.size);
		ret->size += word.size;
		in_run = token.kind == TOKEN_PAIR;
	}
}

/* The text from a place on, as long as a key holds it. */
static struct slice cut_from(const struct suggest_text *text, size_t start)
{
	struct slice rest = slice_of(text->bytes + start, text->size - start);
	rest.size = text_cut(rest, SUGGEST_BYTES_MAX);
	return rest;
}

size_t suggest_fold(struct analyzer *analyzer, struct slice text, char out[SUGGEST_BYTES_MAX + 1])
{
	struct suggest_text folded;
	suggest_read(analyzer, text, &folded);
	struct slice prefix = cut_from(&folded, 0);
	memcpy(out, prefix.data, prefix.size);
	out[prefix.size] = '\0';
	return prefix.size;
}

void suggest_key(struct key *key, const struct suggest_text *text, size_t ordinal,
	enum suggest_kind kind, uint64_t id)
{
	key_suggest(
		key, cut_from(text, text->starts[ordinal]), (uint8_t)kind, (uint8_t)ordinal, id);
}

void suggest_replace(struct txn *txn, struct analyzer *analyzer, enum suggest_kind kind,
	uint64_t id, struct slice before, struct slice after)
{
	struct suggest_text text;
	struct key key;
	if (slice_equals(before, after))
		return;
	suggest_read(analyzer, before, &text);
	for (size_t i = 0; i < text.count; i++) {
		suggest_key(&key, &text, i, kind, id);
		txn_delete(txn, TABLE_SUGGEST, &key);
	}
	suggest_read(analyzer, after, &text);
	for (size_t i = 0; i < text.count; i++) {
		suggest_key(&key, &text, i, kind, id);
		txn_put(txn, TABLE_SUGGEST, &key, slice_of(NULL, 0));
	}
}

bool suggest_kind_of_term(uint8_t term_kind, enum suggest_kind *ret)
{
	switch ((Lectern__Store__V1__TermKind)term_kind) {
	case LECTERN__STORE__V1__TERM_KIND__TERM_KIND_TAG:
		*ret = SUGGEST_TAG;
		return true;
	case LECTERN__STORE__V1__TERM_KIND__TERM_KIND_CATEGORY:
		*ret = SUGGEST_CATEGORY;
		return true;
	case LECTERN__STORE__V1__TERM_KIND__TERM_KIND_AUTHOR:
		*ret = SUGGEST_AUTHOR;
		return true;
	case LECTERN__STORE__V1__TERM_KIND__TERM_KIND_SERIES:
	case LECTERN__STORE__V1__TERM_KIND__TERM_KIND_UNSPECIFIED:
	case _LECTERN__STORE__V1__TERM_KIND_IS_INT_SIZE:
		break;
	}
	return false;
}

void suggest_walk_start(struct suggest_walk *walk, struct txn *txn, struct slice prefix)
{
	walk->prefix_bytes = text_cut(prefix, sizeof walk->prefix);
	if (walk->prefix_bytes > 0)
		memcpy(walk->prefix, prefix.data, walk->prefix_bytes);
	walk_start(&walk->walk, txn, TABLE_SUGGEST, slice_of(walk->prefix, walk->prefix_bytes));
}

bool suggest_walk_next(struct suggest_walk *walk)
{
	uint8_t kind;
	uint8_t ordinal;
	if (!walk_next(&walk->walk) ||
		!key_has_prefix(walk->walk.key, slice_of(walk->prefix, walk->prefix_bytes)))
		return false;
	if (!key_read_suggest(
		    walk->walk.key, &walk->found.folded, &kind, &ordinal, &walk->found.id) ||
		kind < SUGGEST_POST || kind > SUGGEST_AUTHOR) {
		txn_fail_corrupt(walk->walk.txn, "suggestion", 0);
		return false;
	}
	walk->found.kind = (enum suggest_kind)kind;
	walk->found.ordinal = ordinal;
	return true;
}

void suggest_walk_end(struct suggest_walk *walk)
{
	walk_end(&walk->walk);
}
