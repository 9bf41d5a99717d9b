#include "importers/toml.h"

#include "importers/toml_scalar.h"

/* Marks of maps and lists: how they came to be decides what may be added to them. */
enum {
	MARK_HEADER = 1, /* [table] */
	MARK_DOTTED = 2, /* by a dotted key */
	MARK_CLOSED = 4, /* inline: complete */
	MARK_TABLES = 8, /* a list of [[tables]] */
};

/* A value that is to be written down, once it is read. */
struct target {
	struct value *map;
	struct slice key;
};

struct level {
	struct value *container;
	struct target target; /* of a map: the key whose value is read */
};

struct document {
	struct toml_scan scan;
	struct value *root;
	struct value *table; /* that keys go to */
};

static enum code fail_twice(struct error *err, struct slice key)
{
	return fail(err, CODE_INVALID_ARGUMENT,
		"the front matter is no TOML: '%.*s' is there already",
		(int)(key.size < VALUE_KEY_BYTES ? key.size : VALUE_KEY_BYTES),
		(const char *)key.data);
}

static enum code new_child(struct document *document, struct value *map, struct slice key,
	enum value_kind kind, unsigned marks, struct value **ret, struct error *err)
{
	struct value_tree *tree = document->scan.tree;
	struct value *value = NULL;
	enum code code = value_new(tree, kind, &value, err);
	if (code == CODE_OK)
		code = value_put(tree, map, key, value, err);
	if (code != CODE_OK)
		return code;
	value->marks = marks;
	*ret = value;
	return CODE_OK;
}

/* Goes from a map to the one that a key of it names, which is made where it is missing. */
static enum code step(struct document *document, struct value **map, struct slice key, bool header,
	struct error *err)
{
	struct value *next = value_entry(*map, (const char *)key.data);
	if (next == NULL)
		return new_child(
			document, *map, key, VALUE_MAP, header ? 0 : MARK_DOTTED, map, err);
	if (header && next->kind == VALUE_LIST && (next->marks & MARK_TABLES) != 0)
		next = next->last;
	else if (next->kind != VALUE_MAP || (next->marks & MARK_CLOSED) != 0 ||
		 (!header && (next->marks & MARK_DOTTED) == 0))
		return fail_twice(err, key);
	*map = next;
	return CODE_OK;
}

/* Reads "a.b.c" and goes to b. */
static enum code read_key(struct document *document, struct value *map, bool header,
	struct target *ret, struct error *err)
{
	struct toml_scan *scan = &document->scan;
	for (unsigned depth = 1;; depth++) {
		struct slice key;
		enum code code = toml_key(scan, &key, err);
		if (code != CODE_OK)
			return code;
		toml_skip_blanks(scan);
		if (!toml_take(scan, '.')) {
			*ret = (struct target){ .map = map, .key = key };
			return CODE_OK;
		}
		if (depth == VALUE_DEPTH_MAX)
			return fail(err, CODE_INVALID_ARGUMENT,
				"the front matter nests deeper than %d levels", VALUE_DEPTH_MAX);
		code = step(document, &map, key, header, err);
		if (code != CODE_OK)
			return code;
		toml_skip_blanks(scan);
	}
}

/* Reads "a.b.c = ", the value left. */
static enum code read_target(
	struct document *document, struct value *map, struct target *ret, struct error *err)
{
	enum code code = read_key(document, map, false, ret, err);
	if (code != CODE_OK)
		return code;
	if (value_entry(ret->map, (const char *)ret->key.data) != NULL)
		return fail_twice(err, ret->key);
	if (!toml_take(&document->scan, '='))
		return toml_fail("'=' is missing behind the key", err);
	toml_skip_blanks(&document->scan);
	return CODE_OK;
}

/* What comes behind a value of a list or inline table. */
enum after { AFTER_NEXT, AFTER_END };

static enum code read_after(
	struct document *document, struct level *level, enum after *ret, struct error *err)
{
	struct toml_scan *scan = &document->scan;
	bool list = level->container->kind == VALUE_LIST;
	*ret = AFTER_END;
	enum code code = list ? toml_skip_lines(scan, err) : CODE_OK;
	if (code != CODE_OK)
		return code;
	toml_skip_blanks(scan);
	if (toml_take(scan, list ? ']' : '}'))
		return CODE_OK;
	if (!toml_take(scan, ','))
		return toml_fail(list ? "',' or ']' is missing in a list"
				      : "',' or '}' is missing in a table",
			err);
	*ret = AFTER_NEXT;
	if (list) {
		code = toml_skip_lines(scan, err);
		if (code == CODE_OK && toml_take(scan, ']'))
			*ret = AFTER_END;
		return code;
	}
	toml_skip_blanks(scan);
	return read_target(document, level->container, &level->target, err);
}

static enum code attach(
	struct document *document, struct level *level, struct value *value, struct error *err)
{
	if (level->container->kind == VALUE_LIST) {
		value_append(level->container, value);
		return CODE_OK;
	}
	return value_put(document->scan.tree, level->target.map, level->target.key, value, err);
}

/* Begins "[" or "{"; an empty one is complete: *ret. Else the level is entered. */
static enum code open_container(struct document *document, struct level *levels, unsigned *depth,
	struct value **ret, struct error *err)
{
	struct toml_scan *scan = &document->scan;
	bool list = toml_take(scan, '[');
	if (!list)
		(void)toml_take(scan, '{');
	if (*depth == VALUE_DEPTH_MAX)
		return fail(err, CODE_INVALID_ARGUMENT,
			"the front matter nests deeper than %d levels", VALUE_DEPTH_MAX);
	struct value *value = NULL;
	enum code code = value_new(scan->tree, list ? VALUE_LIST : VALUE_MAP, &value, err);
	if (code == CODE_OK && list)
		code = toml_skip_lines(scan, err);
	if (code != CODE_OK)
		return code;
	toml_skip_blanks(scan);
	*ret = NULL;
	if (toml_take(scan, list ? ']' : '}')) {
		value->marks = MARK_CLOSED;
		*ret = value;
		return CODE_OK;
	}
	struct level *level = &levels[(*depth)++];
	*level = (struct level){ .container = value };
	return list ? CODE_OK : read_target(document, value, &level->target, err);
}

/* Maps that dotted keys have made inside of an inline table are as closed as it is. */
static void close_container(struct value *value)
{
	value->marks = MARK_CLOSED;
	for (struct value *child = value->first; child != NULL; child = child->next)
		if (child->kind == VALUE_MAP)
			child->marks = MARK_CLOSED;
}

static enum code read_value(struct document *document, struct value **ret, struct error *err)
{
	struct toml_scan *scan = &document->scan;
	struct level levels[VALUE_DEPTH_MAX];
	unsigned depth = 0;
	for (;;) {
		struct value *value = NULL;
		bool opens = toml_peek(scan) == '[' || toml_peek(scan) == '{';
		enum code code = opens ? open_container(document, levels, &depth, &value, err)
				       : toml_scalar(scan, &value, err);
		if (code != CODE_OK)
			return code;
		while (value != NULL) {
			if (depth == 0) {
				*ret = value;
				return CODE_OK;
			}
			struct level *level = &levels[depth - 1];
			enum after after;
			code = attach(document, level, value, err);
			if (code == CODE_OK)
				code = read_after(document, level, &after, err);
			if (code != CODE_OK)
				return code;
			value = NULL;
			if (after == AFTER_END) {
				value = level->container;
				close_container(value);
				depth--;
			}
		}
	}
}

static enum code read_pair(struct document *document, struct error *err)
{
	struct target target;
	struct value *value = NULL;
	enum code code = read_target(document, document->table, &target, err);
	if (code == CODE_OK)
		code = read_value(document, &value, err);
	return code == CODE_OK ? value_put(document->scan.tree, target.map, target.key, value, err)
			       : code;
}

/* [a.b] */
static enum code enter_table(struct document *document, struct target target, struct error *err)
{
	struct value *table = value_entry(target.map, (const char *)target.key.data);
	if (table == NULL)
		return new_child(document, target.map, target.key, VALUE_MAP, MARK_HEADER,
			&document->table, err);
	if (table->kind != VALUE_MAP || table->marks != 0)
		return fail_twice(err, target.key);
	table->marks = MARK_HEADER;
	document->table = table;
	return CODE_OK;
}

/* [[a.b]] */
static enum code enter_list(struct document *document, struct target target, struct error *err)
{
	struct value *list = value_entry(target.map, (const char *)target.key.data);
	enum code code = CODE_OK;
	if (list == NULL)
		code = new_child(
			document, target.map, target.key, VALUE_LIST, MARK_TABLES, &list, err);
	else if (list->kind != VALUE_LIST || (list->marks & MARK_TABLES) == 0)
		return fail_twice(err, target.key);
	if (code != CODE_OK)
		return code;
	struct value *table = NULL;
	code = value_new(document->scan.tree, VALUE_MAP, &table, err);
	if (code != CODE_OK)
		return code;
	table->marks = MARK_HEADER;
	value_append(list, table);
	document->table = table;
	return CODE_OK;
}

static enum code read_header(struct document *document, struct error *err)
{
	struct toml_scan *scan = &document->scan;
	bool list = toml_take(scan, '[');
	struct target target;
	toml_skip_blanks(scan);
	enum code code = read_key(document, document->root, true, &target, err);
	if (code != CODE_OK)
		return code;
	if (!toml_take(scan, ']') || (list && !toml_take(scan, ']')))
		return toml_fail("']' is missing behind the name of a table", err);
	return list ? enter_list(document, target, err) : enter_table(document, target, err);
}

enum code toml_read(
	struct slice text, struct value_tree *tree, struct value **ret, struct error *err)
{
	struct document document = {
		.scan = { .at = text.data, .end = text.data + text.size, .tree = tree }
	};
	struct toml_scan *scan = &document.scan;
	buffer_init(&scan->text, VALUE_TEXT_BYTES_MAX);
	enum code code = value_new(tree, VALUE_MAP, &document.root, err);
	document.table = document.root;
	if (code == CODE_OK)
		code = toml_skip_lines(scan, err);
	while (code == CODE_OK && scan->at < scan->end) {
		code = toml_take(scan, '[') ? read_header(&document, err)
					    : read_pair(&document, err);
		if (code == CODE_OK)
			code = toml_end_line(scan, err);
		if (code == CODE_OK)
			code = toml_skip_lines(scan, err);
	}
	buffer_done(&scan->text);
	if (code == CODE_OK)
		*ret = document.root;
	return code;
}
