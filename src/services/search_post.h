/* The texts of a post in which a search looks. */
#pragma once
#include "services/search_text.h"
#include "store/post_fields.h"

/* Title, excerpt and the text of the html record. `fields` are the post's; what is not borrowed
 * from the store lies in the arena. False when the transaction has failed: memory ran out or a
 * record cannot be read. */
bool search_post_text(struct txn *txn, struct arena *arena, const struct post_fields *fields,
	struct search_text *ret) NODISCARD;

/* About how many microseconds it takes to look through the texts, for a struct deadline. */
static inline unsigned search_text_steps(const struct search_text *text)
{
	return 1 + (unsigned)((text->excerpt.size + text->body.size) / 64);
}
