/* The Snowball stemmers of all languages, for one thread at a time. */
#pragma once
#include "analysis/analyzer.h"
#include "base/attributes.h"
#include "base/slice.h"

struct stemmers;

/* NULL when out of memory. */
struct stemmers *stemmers_new(void) NODISCARD;
void stemmers_free(struct stemmers *stemmers);

/* The stem of a folded word, cut at TERM_BYTES_MAX; the word itself where there is none. Valid
 * until the next call. */
struct slice stemmers_stem(struct stemmers *stemmers, struct slice word, unsigned language);
