/*
 * From formats 1 and 2, whose entries have no checksums and whose posts have no history, to format
 * 3. What is derived from the records is made anew behind it, by rebuild.c.
 */
#pragma once
#include "store/env.h"

/* Whether it has format 1 or 2, or was left halfway to 3. */
bool seal_is_needed(struct txn *txn);

/* Gives every record its checksum and every post the first line of its history, if that is needed.
 * Works in many transactions and keeps in the store how far it has come, so a process that ends in
 * between loses little. The old change log goes: it lacks most of what followers need. In the end
 * the store has format 3 and the mark that its indexes are to be made again. */
enum code seal_store(struct env *env, struct error *err) NODISCARD;
