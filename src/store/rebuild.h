/*
 * Making again what is derived from the records: posting lists, counters, ranks, the search index
 * and the suggestions. Needed where a store has an older format or was written with other versions
 * of the libraries that fold and stem words.
 */
#pragma once
#include "analysis/analyzer.h"
#include "store/env.h"

/* Whether the store has to be made new: rebuild_if_needed() will, and what is derived cannot be
 * compared with the records before. */
bool rebuild_is_needed(struct txn *txn);

/*
 * Does so if it is needed, before anything else reads the store; on_rebuild, which may be NULL, is
 * called first then. Works in many transactions and
 * keeps in the store how far it has come, so a process that ends in between loses little: the next
 * one goes on.
 */
enum code rebuild_if_needed(struct env *env, struct analyzer *analyzer, void (*on_rebuild)(void),
	struct error *err) NODISCARD;
