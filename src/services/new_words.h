/* The words of posts that are about to be made, for the search index. */
#pragma once
#include "analysis/analyzer.h"
#include "services/write.h"
#include "store/search_index.h"

/* Those of the post of a write whose body was rendered, in the call's arena; NULL where the post
 * seems to be there already, so that the writer has to compare, or where the store makes them as
 * well. */
const struct search_prepared *new_words(const struct write *write, struct analyzer *analyzer);
