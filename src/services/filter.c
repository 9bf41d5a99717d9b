#include "services/filter.h"

#include "base/text.h"
#include "store/posting.h"
#include "store/term.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* A scanner of AIP-160 tokens: https://google.aip.dev/160 */
enum token { TOKEN_END, TOKEN_WORD, TOKEN_STRING, TOKEN_OPERATOR, TOKEN_BAD };

struct scanner {
	const char *start;
	const char *at;
	struct arena *arena;
	enum token token;
	const char *text; /* of a word, string or operator; in the arena */
	size_t position;  /* of the token, from 1 */
};

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-' || c == '.' || (c & 0x80) != 0;
}

static void scan_string(struct scanner *scanner)
{
	char quote = *scanner->at++;
	char *out = arena_alloc(scanner->arena, strlen(scanner->at) + 1);
	size_t size = 0;
	scanner->token = TOKEN_BAD;
	while (out != NULL && *scanner->at != '\0') {
		char c = *scanner->at++;
		if (c == quote) {
			out[size] = '\0';
			scanner->token = TOKEN_STRING;
			scanner->text = out;
			return;
		}
		if (c == '\\' && *scanner->at != '\0')
			c = *scanner->at++;
		out[size++] = c;
	}
}

static void scan(struct scanner *scanner)
{
	while (isspace((unsigned char)*scanner->at))
		scanner->at++;
	const char *from = scanner->at;
	scanner->position = (size_t)(from - scanner->start) + 1;
	if (*from == '\0') {
		scanner->token = TOKEN_END;
	} else if (*from == '"' || *from == '\'') {
		scan_string(scanner);
	} else if (*from == ':' || *from == '=') {
		scanner->at++;
		scanner->token = TOKEN_OPERATOR;
		scanner->text = *from == ':' ? ":" : "=";
	} else if (is_word(*from)) {
		while (is_word(*scanner->at))
			scanner->at++;
		scanner->token = TOKEN_WORD;
		scanner->text =
			arena_text(scanner->arena, slice_of(from, (size_t)(scanner->at - from)));
	} else {
		scanner->token = TOKEN_BAD;
	}
}

static enum code fail_at(const struct scanner *scanner, const char *expected, struct error *err)
{
	return fail_field(err, CODE_INVALID_ARGUMENT, "FILTER_INVALID", "filter",
		"at byte %zu: expected %s", scanner->position, expected);
}

static enum code plan_state(
	const struct scanner *scanner, uint8_t *kind, uint64_t *number, struct error *err)
{
	char name[32];
	snprintf(name, sizeof name, "POST_STATE_%s", scanner->text);
	const ProtobufCEnumValue *value =
		protobuf_c_enum_descriptor_get_value_by_name(&lectern__v1__post_state__descriptor,
			strncmp(scanner->text, "POST_STATE_", 11) == 0 ? scanner->text : name);
	if (value == NULL || value->value == 0)
		return fail_at(scanner, "DRAFT, SCHEDULED, PUBLISHED, EXPIRED or TRASHED", err);
	*kind = POSTING_STATE;
	*number = (uint64_t)value->value;
	return CODE_OK;
}

static const struct {
	const char *field;
	uint8_t term_kind;
	uint8_t posting_kind;
} term_fields[] = {
	{ "tags", LECTERN__STORE__V1__TERM_KIND__TERM_KIND_TAG, POSTING_TAG },
	{ "categories", LECTERN__STORE__V1__TERM_KIND__TERM_KIND_CATEGORY, POSTING_SUBTREE },
	{ "authors", LECTERN__STORE__V1__TERM_KIND__TERM_KIND_AUTHOR, POSTING_AUTHOR },
	{ "series", LECTERN__STORE__V1__TERM_KIND__TERM_KIND_SERIES, POSTING_SERIES },
};

/* By slug, former slug or name; 0, an empty list, if there is none. */
static uint64_t find_term(struct txn *txn, uint8_t kind, const char *text)
{
	bool flag;
	uint64_t id = term_find_slug(txn, kind, slice_of_text(text), &flag);
	return id != 0 ? id : term_find_name(txn, kind, slice_of_text(text), &flag);
}

static enum code plan_restriction(struct scanner *scanner, struct txn *txn, const char *field,
	uint8_t *kind, uint64_t *number, struct error *err)
{
	enum { SHOWN_BYTES = 100 }; /* of a field, so that the advice behind it is not cut */
	bool has = scanner->text[0] == ':';
	size_t operator_position = scanner->position;
	scan(scanner);
	if ((scanner->token != TOKEN_WORD && scanner->token != TOKEN_STRING) ||
		scanner->text == NULL)
		return fail_at(scanner, "a value, for example \"python\"", err);
	if (strcmp(field, "state") == 0 && !has)
		return plan_state(scanner, kind, number, err);
	for (size_t i = 0; i < sizeof term_fields / sizeof *term_fields; i++) {
		if (strcmp(field, term_fields[i].field) != 0 || !has)
			continue;
		*kind = term_fields[i].posting_kind;
		*number = find_term(txn, term_fields[i].term_kind, scanner->text);
		return CODE_OK;
	}
	return fail_field(err, CODE_INVALID_ARGUMENT, "FILTER_INVALID", "filter",
		"at byte %zu: \"%.*s\" cannot be asked for in this way; this version knows tags:, "
		"categories:, authors:, series: and state =",
		operator_position, (int)text_cut(slice_of_text(field), SHOWN_BYTES), field);
}

enum code filter_plan(struct txn *txn, struct arena *arena, const char *filter, uint8_t *kind,
	uint64_t *number, struct error *err)
{
	struct scanner scanner = { .start = filter, .at = filter, .arena = arena };
	*kind = POSTING_LIVE;
	*number = 0;
	scan(&scanner);
	if (scanner.token == TOKEN_END)
		return CODE_OK;
	if (scanner.token != TOKEN_WORD || scanner.text == NULL)
		return fail_at(&scanner, "a field, for example tags", err);
	const char *field = scanner.text;
	scan(&scanner);
	if (scanner.token != TOKEN_OPERATOR)
		return fail_at(&scanner, "':' or '='", err);
	enum code code = plan_restriction(&scanner, txn, field, kind, number, err);
	if (code != CODE_OK)
		return code;
	scan(&scanner);
	if (scanner.token != TOKEN_END)
		return fail_at(&scanner,
			"the end; this version takes one restriction, without AND, OR or NOT", err);
	return txn_status(txn, err);
}
