#include "importers/front_matter_value.h"

#include <stdio.h>
#include <strings.h>

enum code value_new(
	struct value_tree *tree, enum value_kind kind, struct value **ret, struct error *err)
{
	if (tree->count == VALUE_COUNT_MAX)
		return fail(err, CODE_INVALID_ARGUMENT, "the front matter has more than %d values",
			VALUE_COUNT_MAX);
	struct value *value = arena_calloc(tree->arena, 1, sizeof *value);
	if (value == NULL)
		return fail(err, CODE_RESOURCE_EXHAUSTED, "out of memory");
	tree->count++;
	value->kind = kind;
	value->line = tree->line;
	*ret = value;
	return CODE_OK;
}

enum code value_new_text(struct value_tree *tree, enum value_kind kind, struct slice text,
	struct value **ret, struct error *err)
{
	struct value *value = NULL;
	enum code code = value_new(tree, kind, &value, err);
	if (code != CODE_OK)
		return code;
	const char *copy = arena_text(tree->arena, text);
	if (copy == NULL)
		return fail(err, CODE_RESOURCE_EXHAUSTED, "out of memory");
	value->text = slice_of(copy, text.size);
	*ret = value;
	return CODE_OK;
}

void value_append(struct value *container, struct value *value)
{
	value->next = NULL;
	if (container->last == NULL)
		container->first = value;
	else
		container->last->next = value;
	container->last = value;
}

struct value *value_entry(const struct value *map, const char *key)
{
	for (struct value *entry = map->first; entry != NULL; entry = entry->next)
		if (strcmp(entry->key, key) == 0)
			return entry;
	return NULL;
}

static void remove_entry(struct value *map, struct value *old)
{
	struct value *before = NULL;
	for (struct value *entry = map->first; entry != old; entry = entry->next)
		before = entry;
	if (before == NULL)
		map->first = old->next;
	else
		before->next = old->next;
	if (map->last == old)
		map->last = before;
}

enum code value_put(struct value_tree *tree, struct value *map, struct slice key,
	struct value *value, struct error *err)
{
	value->key = arena_text(tree->arena, key);
	if (value->key == NULL)
		return fail(err, CODE_RESOURCE_EXHAUSTED, "out of memory");
	struct value *old = value_entry(map, value->key);
	if (old != NULL) {
		snprintf(tree->duplicate, sizeof tree->duplicate, "%s", value->key);
		remove_entry(map, old);
	}
	value_append(map, value);
	return CODE_OK;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool value_key_is(const char *key, const char *name)
{
	for (; *key != '\0'; key++) {
		if (*key == '-' || *key == '_')
			continue;
		if (lower(*key) != *name)
			return false;
		name++;
	}
	return *name == '\0';
}

static const struct value *find_own(const struct value *map, const char *name)
{
	const struct value *found = NULL;
	for (const struct value *entry = map->first; entry != NULL; entry = entry->next)
		if (value_key_is(entry->key, name))
			found = entry;
	return found;
}

const struct value *value_find(const struct value *map, const char *name)
{
	for (unsigned depth = 0; depth < VALUE_DEPTH_MAX; depth++) {
		if (map == NULL || map->kind != VALUE_MAP)
			return NULL;
		const struct value *found = find_own(map, name);
		if (found != NULL)
			return found;
		map = find_own(map, "<<");
		if (map != NULL && map->kind == VALUE_LIST) {
			/* Of several maps the first that has it; their own "<<" is not followed. */
			for (const struct value *one = map->first; one != NULL; one = one->next)
				if (one->kind == VALUE_MAP && find_own(one, name) != NULL)
					return find_own(one, name);
			return NULL;
		}
	}
	return NULL;
}

bool value_is_text(const struct value *value)
{
	return value != NULL && value->kind != VALUE_NULL && value->kind != VALUE_LIST &&
	       value->kind != VALUE_MAP;
}

static bool says(const struct value *value, const char *const *words)
{
	if (!value_is_text(value))
		return false;
	for (; *words != NULL; words++)
		if (value->text.size == strlen(*words) &&
			strncasecmp((const char *)value->text.data, *words, value->text.size) == 0)
			return true;
	return false;
}

bool value_is_true(const struct value *value)
{
	static const char *const words[] = { "true", "yes", "on", "1", "y", NULL };
	if (value != NULL && value->kind == VALUE_BOOL)
		return value->truth;
	return says(value, words);
}

bool value_is_false(const struct value *value)
{
	static const char *const words[] = { "false", "no", "off", "0", "n", NULL };
	if (value != NULL && value->kind == VALUE_BOOL)
		return !value->truth;
	return says(value, words);
}
