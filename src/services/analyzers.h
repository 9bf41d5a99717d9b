/* Analyzers for calls: one belongs to one thread at a time, and making one anew for each call would
 * make the stemmers of its languages anew. */
#pragma once
#include "base/attributes.h"

struct analyzer;
struct analyzers;

/* NULL when out of memory. */
struct analyzers *analyzers_new(void) NODISCARD;
/* All have been given back. NULL is allowed. */
void analyzers_free(struct analyzers *analyzers);

/* An analyzer for the caller alone until he gives it back; NULL when out of memory. Any thread. */
struct analyzer *analyzers_take(struct analyzers *analyzers) NODISCARD;
/* NULL is allowed. */
void analyzers_give(struct analyzers *analyzers, struct analyzer *analyzer);
