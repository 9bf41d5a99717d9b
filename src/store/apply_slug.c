/* Slugs, former slugs and origins: the entries of TABLE_SLUG that lead to posts and terms. */
#include "base/limits.h"
#include "base/text.h"
#include "store/apply.h"

#include <inttypes.h>

/* Of "-" and a 64-bit number. */
enum { SUFFIX_BYTES = 21 };

static bool slug_is_free(struct apply *apply, enum slug_space space, const char *slug)
{
	struct key key;
	key_slug(&key, space, slice_of_text(slug));
	return !txn_has(apply->txn, TABLE_SLUG, &key);
}

char *apply_free_slug(struct apply *apply, enum slug_space space, const char *base)
{
	struct slice text = slice_of_text(base);
	char *slug = arena_text(apply->arena, text);
	/* Doubling, then halving: a slug used n times costs 2 log n look-ups. */
	uint64_t taken = 1;
	uint64_t free_number = 0;
	for (uint64_t step = 1; slug != NULL && !slug_is_free(apply, space, slug);) {
		if (txn_status(apply->txn, NULL) != CODE_OK)
			return NULL;
		taken = step;
		step = step == 1 ? 2 : step * 2;
		free_number = step;
		size_t kept = text_cut(text, LIMIT_SLUG_BYTES - SUFFIX_BYTES);
		slug = arena_printf(apply->arena, "%.*s-%" PRIu64, (int)kept, base, free_number);
	}
	while (slug != NULL && free_number > taken + 1) {
		uint64_t middle = taken + (free_number - taken) / 2;
		size_t kept = text_cut(text, LIMIT_SLUG_BYTES - SUFFIX_BYTES);
		char *candidate =
			arena_printf(apply->arena, "%.*s-%" PRIu64, (int)kept, base, middle);
		if (candidate == NULL || slug_is_free(apply, space, candidate)) {
			slug = candidate;
			free_number = middle;
		} else {
			taken = middle;
		}
	}
	if (slug == NULL)
		txn_fail_memory(apply->txn);
	return slug;
}

static void put_slug(
	struct apply *apply, enum slug_space space, const char *slug, uint64_t id, bool former)
{
	struct key key;
	uint8_t value[VALUE_SLUG_BYTES];
	key_slug(&key, space, slice_of_text(slug));
	value_slug(value, id, former);
	txn_put(apply->txn, TABLE_SLUG, &key, slice_of(value, sizeof value));
}

static void delete_slug(struct apply *apply, enum slug_space space, const char *slug)
{
	struct key key;
	key_slug(&key, space, slice_of_text(slug));
	txn_delete(apply->txn, TABLE_SLUG, &key);
}

void apply_slug_change(struct apply *apply, enum slug_space space, uint64_t id,
	const char *former_slug, const char *slug, char ***aliases, size_t *alias_count)
{
	if (former_slug != NULL && strcmp(former_slug, slug) == 0)
		return;
	char **list = arena_calloc(apply->arena, *alias_count + 1, sizeof *list);
	if (list == NULL) {
		txn_fail_memory(apply->txn);
		return;
	}
	size_t count = 0;
	for (size_t i = 0; i < *alias_count; i++)
		if (strcmp((*aliases)[i], slug) != 0)
			list[count++] = (*aliases)[i];
	if (former_slug != NULL) {
		list[count++] = arena_text(apply->arena, slice_of_text(former_slug));
		if (list[count - 1] == NULL) {
			txn_fail_memory(apply->txn);
			return;
		}
		put_slug(apply, space, former_slug, id, true);
	}
	if (count > LIMIT_ALIASES) {
		delete_slug(apply, space, list[0]);
		list++;
		count--;
	}
	put_slug(apply, space, slug, id, false);
	*aliases = list;
	*alias_count = count;
}

void apply_slug_adopt(struct apply *apply, enum slug_space space, uint64_t id, const char *slug,
	char ***aliases, size_t *alias_count)
{
	char **list = arena_calloc(apply->arena, *alias_count + 1, sizeof *list);
	if (list == NULL) {
		txn_fail_memory(apply->txn);
		return;
	}
	for (size_t i = 0; i < *alias_count; i++)
		list[i] = (*aliases)[i];
	list[*alias_count] = (char *)(uintptr_t)slug;
	put_slug(apply, space, slug, id, true);
	bool full = *alias_count == LIMIT_ALIASES;
	if (full)
		delete_slug(apply, space, list[0]);
	*aliases = list + full;
	*alias_count += 1 - full;
}

void apply_slug_remove(struct apply *apply, enum slug_space space, const char *slug,
	char *const *aliases, size_t alias_count)
{
	delete_slug(apply, space, slug);
	for (size_t i = 0; i < alias_count; i++)
		delete_slug(apply, space, aliases[i]);
}

bool apply_slug_is_numbered(const char *slug, const char *base)
{
	struct slice text = slice_of_text(base);
	size_t cut = text_cut(text, LIMIT_SLUG_BYTES - SUFFIX_BYTES);
	const char *number = slug + cut + 1;
	if (strncmp(slug, base, cut) != 0 || slug[cut] != '-')
		return false;
	size_t digits = strspn(number, "0123456789");
	/* The numbers begin with 2. */
	return digits > 0 && number[digits] == '\0' && number[0] != '0' && strcmp(number, "1") != 0;
}

bool apply_slug_is_in(char *const *list, size_t count, const char *slug)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(list[i], slug) == 0)
			return true;
	return false;
}

size_t apply_slug_gather(struct apply *apply, enum slug_space space, const char *slug,
	char *const *wanted, size_t wanted_count, char ***aliases, size_t *alias_count)
{
	size_t room = LIMIT_ALIASES - (*alias_count < LIMIT_ALIASES ? *alias_count : LIMIT_ALIASES);
	char **list = arena_calloc(apply->arena, wanted_count + *alias_count + 1, sizeof *list);
	size_t added = 0;
	if (list == NULL) {
		txn_fail_memory(apply->txn);
		return 0;
	}
	/* From the end, so that the newest are those for which there is room. */
	char **first = list + wanted_count;
	for (size_t i = wanted_count; i > 0 && added < room; i--) {
		const char *one = wanted[i - 1];
		if (strcmp(one, slug) == 0 || !slug_is_free(apply, space, one) ||
			apply_slug_is_in(first, added, one))
			continue;
		*--first = (char *)(uintptr_t)one;
		added++;
	}
	for (size_t i = 0; i < *alias_count; i++)
		first[added + i] = (*aliases)[i];
	*aliases = first;
	*alias_count += added;
	return added;
}

void apply_slug_put_added(
	struct apply *apply, enum slug_space space, uint64_t id, char *const *aliases, size_t added)
{
	for (size_t i = 0; i < added; i++)
		put_slug(apply, space, aliases[i], id, true);
}

void apply_origin_change(
	struct apply *apply, const Lectern__V1__Post *old, const Lectern__V1__Post *post)
{
	const char *before = old == NULL ? "" : old->origin;
	const char *after = post == NULL ? "" : post->origin;
	if (strcmp(before, after) == 0)
		return;
	if (before[0] != '\0')
		delete_slug(apply, SLUG_POST_ORIGIN, before);
	if (after[0] != '\0')
		put_slug(apply, SLUG_POST_ORIGIN, after, post->id, false);
}
