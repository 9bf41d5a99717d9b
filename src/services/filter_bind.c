/* The meaning of a filter's restrictions: fields, operators that go with them, values, terms. */
#include "base/rfc3339.h"
#include "base/text.h"
#include "services/filter.h"
#include "store/term.h"

#include <lectern/store/v1/record.pb-c.h>
#include <stdio.h>
#include <string.h>

enum { SHOWN_BYTES = 100 }; /* of what stands in the filter, so that the advice is not cut */

enum type { TYPE_TERM, TYPE_STATE, TYPE_BOOLEAN, TYPE_TEXT, TYPE_TIME };

static const struct field {
	const char *name;
	enum filter_field field;
	enum type type;
	uint8_t term_kind;
} fields[] = {
	{ "tags", FILTER_TAGS, TYPE_TERM, LECTERN__STORE__V1__TERM_KIND__TERM_KIND_TAG },
	{ "categories", FILTER_CATEGORIES, TYPE_TERM,
		LECTERN__STORE__V1__TERM_KIND__TERM_KIND_CATEGORY },
	{ "authors", FILTER_AUTHORS, TYPE_TERM, LECTERN__STORE__V1__TERM_KIND__TERM_KIND_AUTHOR },
	{ "series", FILTER_SERIES, TYPE_TERM, LECTERN__STORE__V1__TERM_KIND__TERM_KIND_SERIES },
	{ "state", FILTER_STATE, TYPE_STATE, 0 },
	{ "featured", FILTER_FEATURED, TYPE_BOOLEAN, 0 },
	{ "language", FILTER_LANGUAGE, TYPE_TEXT, 0 },
	{ "slug", FILTER_SLUG, TYPE_TEXT, 0 },
	{ "title", FILTER_TITLE, TYPE_TEXT, 0 },
	{ "publish_time", FILTER_PUBLISH_TIME, TYPE_TIME, 0 },
	{ "expire_time", FILTER_EXPIRE_TIME, TYPE_TIME, 0 },
	{ "create_time", FILTER_CREATE_TIME, TYPE_TIME, 0 },
	{ "update_time", FILTER_UPDATE_TIME, TYPE_TIME, 0 },
	{ "delete_time", FILTER_DELETE_TIME, TYPE_TIME, 0 },
};

struct binder {
	struct txn *txn;
	struct arena *arena;
	struct error *err;
	bool all_states;
};

/* For printing with "%.*s". */
static int shown(const char *text)
{
	return (int)text_cut(slice_of_text(text), SHOWN_BYTES);
}

static enum code find_field(
	const struct binder *binder, const struct filter_node *node, const struct field **ret)
{
	char names[256] = "";
	size_t used = 0;
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
		*ret = &fields[i];
		if (strcmp(node->field_name, fields[i].name) == 0)
			return CODE_OK;
		used += (size_t)snprintf(names + used, sizeof names - used, "%s%s",
			i == 0 ? "" : ", ", fields[i].name);
	}
	if (node->value == NULL)
		return filter_fail(binder->err, node->field_position,
			"\"%.*s\" stands alone; a restriction is a field, an operator and a value, "
			"for example tags:\"python\"",
			shown(node->field_name), node->field_name);
	return filter_fail(binder->err, node->field_position,
		"there is no field \"%.*s\"; the fields are %s", shown(node->field_name),
		node->field_name, names);
}

static const char *example(enum type type)
{
	switch (type) {
	case TYPE_TERM:
		return ":\"python\"";
	case TYPE_STATE:
		return " = DRAFT";
	case TYPE_BOOLEAN:
		return " = true";
	case TYPE_TEXT:
		return " = \"intro*\"";
	case TYPE_TIME:
		return " >= 2024-01-31";
	}
	return "";
}

/* What to write instead of an operator that does not go with the field. */
static const char *operators_of(enum type type)
{
	switch (type) {
	case TYPE_TERM:
		return "':' and, for the opposite, NOT before the field";
	case TYPE_STATE:
	case TYPE_BOOLEAN:
	case TYPE_TEXT:
		return "= or !=";
	case TYPE_TIME:
		return "=, !=, <, <=, > or >=";
	}
	return "";
}

static bool is_allowed(enum type type, enum filter_operator op)
{
	switch (type) {
	case TYPE_TERM:
		return op == FILTER_HAS;
	case TYPE_STATE:
	case TYPE_BOOLEAN:
	case TYPE_TEXT:
		return op == FILTER_EQUALS || op == FILTER_NOT_EQUALS;
	case TYPE_TIME:
		return true;
	}
	return false;
}

static enum code check_operator(
	const struct binder *binder, const struct filter_node *node, const struct field *field)
{
	if (node->value == NULL && field->type != TYPE_BOOLEAN)
		return filter_fail(binder->err, node->field_position,
			"\"%s\" stands alone; it needs an operator and a value, for example %s%s",
			field->name, field->name, example(field->type));
	if (node->value == NULL || is_allowed(field->type, node->op))
		return CODE_OK;
	return filter_fail(binder->err, node->op_position,
		"'%s' does not go with %s; use %s, for example %s%s",
		filter_operator_text(node->op), field->name, operators_of(field->type), field->name,
		example(field->type));
}

static enum code fail_value(
	const struct binder *binder, const struct filter_node *node, const char *expected)
{
	return filter_fail(binder->err, node->value_position, "\"%.*s\" is no %s",
		shown(node->value), node->value, expected);
}

static bool is_star(const struct filter_node *node)
{
	return node->star == node->value && node->value[1] == '\0';
}

/* By slug, former slug or name. */
static enum code bind_term(
	const struct binder *binder, struct filter_node *node, const struct field *field)
{
	bool flag; /* a former slug; then: a name that several have */
	if (is_star(node)) {
		node->any = true;
		return CODE_OK;
	}
	if (node->star != NULL)
		return filter_fail(binder->err, node->value_position,
			"%s cannot be asked for by a prefix; write %s:* for any, and \"\\*\" for a "
			"'*' in a name",
			field->name, field->name);
	struct slice value = slice_of_text(node->value);
	node->number = term_find_slug(binder->txn, field->term_kind, value, &flag);
	if (node->number != 0)
		return CODE_OK;
	node->number = term_find_name(binder->txn, field->term_kind, value, &flag);
	if (flag)
		return filter_fail(binder->err, node->value_position,
			"several of the %s are named \"%.*s\"; give the slug", field->name,
			shown(node->value), node->value);
	return CODE_OK;
}

static enum code bind_state(struct binder *binder, struct filter_node *node)
{
	char name[32];
	snprintf(name, sizeof name, "POST_STATE_%s", node->value);
	const ProtobufCEnumValue *value =
		protobuf_c_enum_descriptor_get_value_by_name(&lectern__v1__post_state__descriptor,
			strncmp(node->value, "POST_STATE_", 11) == 0 ? node->value : name);
	if (value == NULL || value->value == 0)
		return fail_value(binder, node,
			"state; the states are DRAFT, SCHEDULED, PUBLISHED, EXPIRED and TRASHED");
	node->number = (uint64_t)value->value;
	binder->all_states = true;
	return CODE_OK;
}

static enum code bind_boolean(const struct binder *binder, struct filter_node *node, bool *negated)
{
	node->number = 1;
	if (node->value == NULL) {
		node->op = FILTER_EQUALS;
		return CODE_OK;
	}
	if (strcmp(node->value, "false") == 0)
		*negated = !*negated;
	else if (strcmp(node->value, "true") != 0)
		return fail_value(binder, node, "boolean; write true or false");
	return CODE_OK;
}

/* As titles are compared. */
static enum code fold_title(const struct binder *binder, struct slice *text, bool prefix)
{
	enum { GROWTH = 12 }; /* the worst of NFKC is U+FDFA: 3 bytes become 33 */
	size_t capacity = text->size * GROWTH + 2;
	char *value = arena_alloc(binder->arena, text->size + 2);
	char *folded = arena_alloc(binder->arena, capacity);
	if (value == NULL || folded == NULL)
		return fail_out_of_memory(binder->err);
	memcpy(value, text->data, text->size);
	/* A letter behind the prefix keeps folding from trimming a blank at its end. */
	size_t size = text->size;
	if (prefix)
		value[size++] = 'x';
	size = text_fold(slice_of(value, size), folded, capacity);
	if (prefix && size > 0)
		size--;
	*text = slice_of(folded, size);
	return CODE_OK;
}

static enum code lower(const struct binder *binder, struct slice *text)
{
	uint8_t *lowered = arena_alloc(binder->arena, text->size + 1);
	if (lowered == NULL)
		return fail_out_of_memory(binder->err);
	for (size_t i = 0; i < text->size; i++) {
		uint8_t c = text->data[i];
		lowered[i] = c >= 'A' && c <= 'Z' ? (uint8_t)(c + 'a' - 'A') : c;
	}
	*text = slice_of(lowered, text->size);
	return CODE_OK;
}

static enum code bind_text(
	const struct binder *binder, struct filter_node *node, const struct field *field)
{
	enum code code = CODE_OK;
	struct slice text = slice_of_text(node->value);
	node->prefix = node->star != NULL;
	if (node->prefix && node->star[1] != '\0')
		return filter_fail(binder->err, node->value_position,
			"a '*' may stand at the end alone, for a prefix; for the character itself "
			"write \"\\*\"");
	if (node->prefix)
		text.size--;
	if (field->field == FILTER_TITLE)
		code = fold_title(binder, &text, node->prefix);
	else if (field->field == FILTER_LANGUAGE)
		code = lower(binder, &text);
	if (code == CODE_OK && node->prefix && text.size == 0)
		return filter_fail(binder->err, node->value_position,
			"a prefix needs a character before the '*'");
	node->text = text;
	return code;
}

/* RFC 3339, or a day, which begins at midnight UTC. */
static bool read_time(const char *value, int64_t *ret_us)
{
	char midnight[RFC3339_BYTES];
	int size = snprintf(midnight, sizeof midnight, "%.10sT00:00:00Z", value);
	return rfc3339_parse(slice_of_text(value), ret_us) ||
	       (strlen(value) == 10 && rfc3339_parse(slice_of(midnight, (size_t)size), ret_us));
}

static enum code bind_time(
	const struct binder *binder, struct filter_node *node, const struct field *field)
{
	node->any = node->op == FILTER_HAS && is_star(node);
	if (node->op == FILTER_HAS && !node->any)
		return filter_fail(binder->err, node->op_position,
			"':' only asks whether a time is set: %s:*; compare it with %s",
			field->name, operators_of(TYPE_TIME));
	if (!node->any && !read_time(node->value, &node->time_us))
		return fail_value(binder, node,
			"time; write 2024-01-31 or 2024-01-31T09:30:00Z, with an offset such as "
			"+02:00 instead of Z");
	return CODE_OK;
}

/* Turns the node into NOT of what it was. */
static enum code negate(const struct binder *binder, struct filter_node *node)
{
	struct filter_node *child = arena_alloc(binder->arena, sizeof *child);
	if (child == NULL)
		return fail_out_of_memory(binder->err);
	*child = *node;
	child->next = NULL;
	*node = (struct filter_node){ .kind = FILTER_NOT, .first = child, .next = node->next };
	return CODE_OK;
}

static enum code bind_restriction(struct binder *binder, struct filter_node *node)
{
	const struct field *field = NULL;
	bool negated = node->op == FILTER_NOT_EQUALS;
	enum code code = find_field(binder, node, &field);
	if (code == CODE_OK)
		code = check_operator(binder, node, field);
	if (code != CODE_OK)
		return code;
	node->field = field->field;
	switch (field->type) {
	case TYPE_TERM:
		code = bind_term(binder, node, field);
		break;
	case TYPE_STATE:
		code = bind_state(binder, node);
		break;
	case TYPE_BOOLEAN:
		code = bind_boolean(binder, node, &negated);
		break;
	case TYPE_TEXT:
		code = bind_text(binder, node, field);
		break;
	case TYPE_TIME:
		code = bind_time(binder, node, field);
		break;
	}
	if (node->op == FILTER_NOT_EQUALS)
		node->op = FILTER_EQUALS;
	return code == CODE_OK && negated ? negate(binder, node) : code;
}

/* As deep as the parser lets a filter be. */
static enum code bind(struct binder *binder, struct filter_node *node)
{
	if (node->kind == FILTER_RESTRICTION)
		return bind_restriction(binder, node);
	enum code code = CODE_OK;
	for (struct filter_node *child = node->first; child != NULL && code == CODE_OK;
		child = child->next)
		code = bind(binder, child);
	/* NOT a != b is a = b. */
	if (code == CODE_OK && node->kind == FILTER_NOT && node->first->kind == FILTER_NOT) {
		struct filter_node *next = node->next;
		*node = *node->first->first;
		node->next = next;
	}
	return code;
}

enum code filter_compile(struct txn *txn, struct arena *arena, const char *text, struct filter *ret,
	struct error *err)
{
	struct binder binder = { .txn = txn, .arena = arena, .err = err };
	struct filter_node *root = NULL;
	enum code code = filter_parse(arena, text, &root, err);
	if (code == CODE_OK && root != NULL)
		code = bind(&binder, root);
	if (code == CODE_OK)
		code = txn_status(txn, err);
	if (code == CODE_OK)
		*ret = (struct filter){ .root = root, .all_states = binder.all_states };
	return code;
}
