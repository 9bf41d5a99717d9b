#include "importers/front_matter_json.h"

#include <jansson.h>
#include <stdio.h>

/* An object or array whose children are being copied. */
struct level {
	struct value *value;
	json_t *json;
	size_t index; /* of an array */
	void *next;   /* of an object */
};

static void decrefp(json_t **json)
{
	json_decref(*json);
}

static enum code make_value(
	const json_t *json, struct value_tree *tree, struct value **ret, struct error *err)
{
	char number[64];
	struct slice text = slice_of(NULL, 0);
	enum value_kind kind = VALUE_NULL;
	switch (json_typeof(json)) {
	case JSON_OBJECT:
		return value_new(tree, VALUE_MAP, ret, err);
	case JSON_ARRAY:
		return value_new(tree, VALUE_LIST, ret, err);
	case JSON_STRING:
		kind = VALUE_TEXT;
		text = slice_of(json_string_value(json), json_string_length(json));
		break;
	case JSON_INTEGER:
		kind = VALUE_NUMBER;
		snprintf(number, sizeof number, "%" JSON_INTEGER_FORMAT, json_integer_value(json));
		text = slice_of_text(number);
		break;
	case JSON_REAL:
		kind = VALUE_NUMBER;
		snprintf(number, sizeof number, "%.15g", json_real_value(json));
		text = slice_of_text(number);
		break;
	case JSON_TRUE:
	case JSON_FALSE:
		kind = VALUE_BOOL;
		text = slice_of_text(json_is_true(json) ? "true" : "false");
		break;
	case JSON_NULL:
		break;
	}
	enum code code = value_new_text(tree, kind, text, ret, err);
	if (code == CODE_OK)
		(*ret)->truth = json_is_true(json);
	return code;
}

/* The next child of a level and its key, if it has one; NULL at the end. */
static json_t *next_child(struct level *level, const char **ret_key)
{
	*ret_key = NULL;
	if (json_is_array(level->json))
		return json_array_get(level->json, level->index++);
	if (level->next == NULL)
		return NULL;
	json_t *child = json_object_iter_value(level->next);
	*ret_key = json_object_iter_key(level->next);
	level->next = json_object_iter_next(level->json, level->next);
	return child;
}

static enum code copy(json_t *json, struct value_tree *tree, struct value **ret, struct error *err)
{
	struct level levels[VALUE_DEPTH_MAX];
	unsigned depth = 0;
	struct value *root = NULL;
	enum code code = make_value(json, tree, &root, err);
	if (code != CODE_OK)
		return code;
	levels[depth++] =
		(struct level){ .value = root, .json = json, .next = json_object_iter(json) };
	while (depth > 0) {
		struct level *level = &levels[depth - 1];
		const char *key;
		json_t *child = next_child(level, &key);
		if (child == NULL) {
			depth--;
			continue;
		}
		struct value *value = NULL;
		code = make_value(child, tree, &value, err);
		if (code != CODE_OK)
			return code;
		if (key == NULL)
			value_append(level->value, value);
		else
			code = value_put(tree, level->value, slice_of_text(key), value, err);
		if (code != CODE_OK)
			return code;
		if (!json_is_object(child) && !json_is_array(child))
			continue;
		if (depth == VALUE_DEPTH_MAX)
			return fail(err, CODE_INVALID_ARGUMENT,
				"the front matter nests deeper than %d levels", VALUE_DEPTH_MAX);
		levels[depth++] = (struct level){ .value = value,
			.json = child,
			.next = json_is_object(child) ? json_object_iter(child) : NULL };
	}
	*ret = root;
	return CODE_OK;
}

enum code json_front_read(struct slice text, struct value_tree *tree, struct value **ret,
	size_t *ret_size, struct error *err)
{
	json_error_t problem;
	size_t flags = JSON_DISABLE_EOF_CHECK;
	AUTO(decrefp)
	json_t *json = json_loadb(
		(const char *)text.data, text.size, flags | JSON_REJECT_DUPLICATES, &problem);
	if (json == NULL && json_error_code(&problem) == json_error_duplicate_key) {
		snprintf(tree->duplicate, sizeof tree->duplicate, "%.*s", VALUE_KEY_BYTES - 1,
			problem.text);
		json = json_loadb((const char *)text.data, text.size, flags, &problem);
	}
	if (json == NULL) {
		if (problem.line > 0)
			tree->line += (uint64_t)problem.line - 1;
		return fail(err, CODE_INVALID_ARGUMENT, "the front matter is no JSON: %s",
			problem.text);
	}
	if (!json_is_object(json))
		return fail(err, CODE_INVALID_ARGUMENT, "the front matter is no JSON object");
	*ret_size = (size_t)problem.position;
	return copy(json, tree, ret, err);
}
