/*
 * What the index holds for words of which only the beginning is known. Words stand there by their
 * stems, and a stem may be shorter than the prefix or written otherwise: "runnin*" means "running",
 * which stands there as "run".
 */
#pragma once
#include "analysis/analyzer.h"
#include "base/arena.h"

enum { SEARCH_ENDINGS_MAX = 64 };

/*
 * The stems under the given languages of the prefix itself and of the prefix with each of the
 * endings that are common in its script; those that begin with the prefix are left out, each stem
 * stands there once. A post with such a stem must be proved on its words. The bytes are in the
 * arena; false when out of memory.
 */
bool search_stems_of_prefix(struct arena *arena, struct analyzer *analyzer, struct slice prefix,
	const uint8_t *languages, size_t language_count, struct slice ret[SEARCH_ENDINGS_MAX],
	size_t *ret_count) NODISCARD;
