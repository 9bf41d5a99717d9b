#include "services/search_state.h"

#include "base/wire.h"

enum {
	/* Field numbers: the state is written in the wire format of protobuf. */
	FIELD_SCORE = 1, /* the bits of the double */
	FIELD_ID = 2,
	FIELD_LANGUAGES = 3,
	FIELD_DOCUMENTS = 4,
	FIELD_LENGTH = 5,
	FIELD_CLAUSE_COUNT = 6,
	FIELD_CLAUSES = 16, /* and those behind it */
	FIELD_BYTES_MAX = 2 + WIRE_VARINT_BYTES_MAX,
	STATE_BYTES_MAX = (FIELD_CLAUSE_COUNT + LIMIT_QUERY_CLAUSES) * FIELD_BYTES_MAX,
};

_Static_assert((int)STATE_BYTES_MAX <= (int)PAGE_POSITION_BYTES_MAX, "every state fits a token");

void search_fingerprint(
	struct page_fingerprint *ret, const Lectern__V1__SearchPostsRequest *request)
{
	const struct slice parts[] = {
		slice_of_text("SearchPosts"),
		slice_of_text(request->query),
		slice_of_text(request->filter),
		slice_of_text(request->language),
	};
	page_fingerprint(ret, parts, sizeof parts / sizeof *parts);
}

void search_state_reply(struct rpc_call *call, uint32_t number,
	const struct page_fingerprint *fingerprint, const struct search_state *state)
{
	uint8_t bytes[STATE_BYTES_MAX + 2 * WIRE_VARINT_BYTES_MAX];
	const struct search_collection *collection = &state->collection;
	uint64_t score;
	memcpy(&score, &state->place.score, sizeof score);
	size_t size = wire_put_uint(bytes, FIELD_SCORE, score);
	size += wire_put_uint(bytes + size, FIELD_ID, state->place.id);
	size += wire_put_uint(bytes + size, FIELD_LANGUAGES, state->languages);
	size += wire_put_uint(bytes + size, FIELD_DOCUMENTS, collection->documents);
	size += wire_put_uint(bytes + size, FIELD_LENGTH, collection->length);
	size += wire_put_uint(bytes + size, FIELD_CLAUSE_COUNT, collection->clause_count);
	for (size_t i = 0; i < collection->clause_count; i++)
		size += wire_put_uint(bytes + size, (uint32_t)(FIELD_CLAUSES + i),
			collection->clause_documents[i]);
	page_token_reply(call, number, fingerprint, slice_of(bytes, size));
}

static void read_field(const struct wire_field *field, struct search_state *ret)
{
	struct search_collection *collection = &ret->collection;
	switch (field->number) {
	case FIELD_SCORE:
		memcpy(&ret->place.score, &field->value, sizeof ret->place.score);
		return;
	case FIELD_ID:
		ret->place.id = field->value;
		return;
	case FIELD_LANGUAGES:
		ret->languages = field->value;
		return;
	case FIELD_DOCUMENTS:
		collection->documents = field->value;
		return;
	case FIELD_LENGTH:
		collection->length = field->value;
		return;
	case FIELD_CLAUSE_COUNT:
		collection->clause_count = field->value;
		return;
	}
	if (field->number >= FIELD_CLAUSES && field->number - FIELD_CLAUSES < LIMIT_QUERY_CLAUSES)
		collection->clause_documents[field->number - FIELD_CLAUSES] = field->value;
}

enum code search_state_read(struct rpc_call *call, const char *token,
	const struct page_fingerprint *fingerprint, struct search_state *ret, struct error *err)
{
	struct slice position;
	struct wire_field field;
	enum code code = page_token_read(call, token, fingerprint, &position, err);
	if (code != CODE_OK)
		return code;
	*ret = (struct search_state){ .languages = 0 };
	while (wire_next(&position, &field))
		read_field(&field, ret);
	return CODE_OK;
}
