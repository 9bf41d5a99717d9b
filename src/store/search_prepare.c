/* The words of new documents, made before the writer has them. */
#include "store/search_document.h"
#include "store/search_private.h"

/* Of nothing before; the record's terms point into the scratch. */
static bool list_terms(
	struct arena *scratch, const struct document_terms *terms, struct recent_change *ret)
{
	ret->terms = arena_calloc(scratch, terms->count + 1, sizeof *ret->terms);
	if (ret->terms == NULL)
		return false;
	for (size_t i = 0; i < terms->count; i++)
		ret->terms[i] = (struct recent_term){
			.term = document_term_slice(terms->terms[i]),
			.after = terms->terms[i]->weights[1],
		};
	ret->count = terms->count;
	return true;
}

const struct search_prepared *search_prepare(struct arena *arena, struct arena *scratch,
	struct analyzer *analyzer, const struct search_document *document)
{
	struct document_terms terms;
	struct recent_change change = { .before = RECENT_NOWHERE,
		.after = recent_half(document->hidden) };
	bool too_long;
	if (!search_document_terms(scratch, analyzer, NULL, document, &terms) || terms.count == 0)
		return NULL;
	if (!list_terms(scratch, &terms, &change))
		return NULL;
	struct slice record = recent_write(scratch, &change, &too_long);
	if (record.size == 0)
		return NULL;
	struct search_prepared *prepared = arena_alloc(arena, sizeof *prepared);
	uint8_t *bytes = arena_alloc(arena, record.size + terms.positions.size);
	if (prepared == NULL || bytes == NULL)
		return NULL;
	memcpy(bytes, record.data, record.size);
	memcpy(bytes + record.size, terms.positions.data, terms.positions.size);
	*prepared = (struct search_prepared){ .document = *document,
		.record = slice_of(bytes, record.size),
		.positions = slice_of(bytes + record.size, terms.positions.size),
		.length = terms.lengths[1] };
	return prepared;
}
