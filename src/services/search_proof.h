/* What the inverted index cannot tell, told from the words of a post and where they stand: whether
 * a phrase stands in it just so, whether a word begins with a prefix that its stem has not. */
#pragma once
#include "base/arena.h"
#include "base/error.h"
#include "services/search_query.h"
#include "store/search_positions.h"

/*
 * Whether one clause (its `excluded` aside) holds: a PHRASE where its words stand side by side and
 * equal when folded, within one of the texts and one line of it; a PREFIX where a word begins with
 * it when folded. A phrase that ends in the middle of a run of Chinese is found there, too: its
 * last TOKEN_LAST need not match. Takes n log k steps for n places of the phrase's k words,
 * whatever it is. DATA_LOSS where the positions cannot be read, else out of memory.
 */
enum code search_prove(struct arena *arena, const struct search_clause *clause,
	const struct positions *positions, bool *ret_holds, struct error *err) NODISCARD;
