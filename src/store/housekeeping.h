/*
 * The writer's own commands: publishing and expiring what is due, merging recent changes of the
 * search index, and removing what has been kept for long enough. Only in the writer's thread, or
 * before it runs.
 */
#pragma once
#include "store/store_private.h"

#include <time.h>

/* Applies what came due while the store was closed. */
enum code housekeeping_catch_up(struct store *store, struct error *err) NODISCARD;

/* Looks at what there will be to do after the transaction. */
void housekeeping_note(struct writer *writer, struct txn *txn);

/* Whether something is to be done now; busy: callers' writes wait, so only what cannot. */
bool housekeeping_is_due(struct writer *writer, bool busy);
void housekeeping_run(struct store *store, bool busy);

/* When to look again if nothing happens before, on the monotonic clock. */
struct timespec housekeeping_next(struct writer *writer);
