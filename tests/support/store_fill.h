/* Content for tests that look at the store's file rather than at what is in it. */
#pragma once
#include "support/random.h"
#include "support/store_fixture.h"

/*
 * Some hundred posts of all sizes, many of them changed or purged again, so that the file has
 * pages of every kind: branches and leaves of tables and of the free list, overflow pages of both,
 * and free ones.
 */
void store_fill(struct store_fixture *fixture, struct random *random);

/* Purges some of these posts and makes others. A damaged store may refuse it. */
void store_fill_change(struct store_fixture *fixture, struct random *random);
