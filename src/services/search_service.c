/* SearchService.SearchPosts; the parts of a search are in the other search_*.c. */
#include "services/analyzers.h"
#include "services/check_fields.h"
#include "services/search_facets.h"
#include "services/search_reply.h"
#include "services/search_state.h"
#include "services/suggest_service.h"

#include <inttypes.h>

enum {
	/* Field numbers of SearchPostsResponse. */
	FIELD_HITS = 1,
	FIELD_NEXT_PAGE_TOKEN = 2,
	FIELD_TOTAL_SIZE = 3,
	FIELD_FACETS = 4,
	FIELD_PLAN = 5,
	HALVES = 2, /* of the index: public and not */
};

/* One call of SearchPosts. */
struct search {
	struct rpc_call *call;
	const Lectern__V1__SearchPostsRequest *request;
	size_t page_size;
	size_t facet_size;
	struct filter filter;
	struct page_fingerprint fingerprint;
	bool resumed; /* not the first page */
	struct search_state state;
	uint8_t languages[ANALYZER_LANGUAGES_MAX];
	size_t language_count;
	struct analyzer *analyzer; /* taken from the services */
	struct search_query query;
	struct search_candidates candidates; /* of the filter */
	struct search_reader reader;
	struct search_match matches[HALVES];
	const struct search_match *halves[HALVES]; /* those that are in use */
	size_t half_count;
	struct deadline deadline;
	struct search_effort effort;
	struct search_scorer scorer;
	struct search_ranking ranking;
	struct search_facets facets;
};

/* A number of entries that a request asks for. */
static enum code size_of(int32_t asked, size_t fallback, size_t most, const char *field,
	size_t *ret, struct error *err)
{
	if (asked < 0)
		return fail_field(err, CODE_INVALID_ARGUMENT, "PAGE_SIZE_NEGATIVE", field,
			"is %" PRId32 "; it must be 0 (the default) to %zu", asked, most);
	*ret = asked == 0 ? fallback : (size_t)asked > most ? most : (size_t)asked;
	return CODE_OK;
}

static enum code check_request(struct search *search, struct error *err)
{
	const Lectern__V1__SearchPostsRequest *request = search->request;
	enum code code = size_of(request->page_size, DEFAULT_SEARCH_PAGE_SIZE,
		LIMIT_SEARCH_PAGE_SIZE, "page_size", &search->page_size, err);
	if (code == CODE_OK)
		code = size_of(request->facet_size, DEFAULT_FACET_SIZE, LIMIT_FACET_SIZE,
			"facet_size", &search->facet_size, err);
	if (code == CODE_OK)
		code = check_view(request->view, err);
	if (code == CODE_OK)
		code = check_language(request->language, "language", err);
	if (code == CODE_OK)
		code = search_facets_check(request->facets, request->n_facets, err);
	return code;
}

/* --- Languages --- */

static uint64_t bits_of(const uint8_t *numbers, size_t count)
{
	uint64_t bits = 0;
	for (size_t i = 0; i < count; i++)
		bits |= UINT64_C(1) << numbers[i];
	return bits;
}

/* The stemmers of the query: that of its language, beside which words without a stemmer stand as
 * they are, or all that posts use. */
static uint64_t languages_asked(const struct search *search)
{
	struct txn *txn = snapshot_of(search->call);
	uint8_t numbers[ANALYZER_LANGUAGES_MAX];
	uint64_t bits = 0;
	if (search->request->language[0] != '\0')
		return UINT64_C(1) | UINT64_C(1) << analyzer_language(search->request->language);
	bits |= bits_of(numbers, search_languages(txn, false, numbers));
	if (search->filter.all_states)
		bits |= bits_of(numbers, search_languages(txn, true, numbers));
	return bits;
}

static void set_languages(struct search *search)
{
	for (unsigned number = 0; number < ANALYZER_LANGUAGES_MAX; number++)
		if ((search->state.languages >> number & 1) != 0)
			search->languages[search->language_count++] = (uint8_t)number;
}

/* Everything that the request says: filter, token, query. */
static enum code read_request(struct search *search, struct error *err)
{
	struct rpc_call *call = search->call;
	const Lectern__V1__SearchPostsRequest *request = search->request;
	enum code code = filter_compile(
		snapshot_of(call), call->arena, request->filter, &search->filter, err);
	if (code != CODE_OK)
		return code;
	search->resumed = request->page_token[0] != '\0';
	search_fingerprint(&search->fingerprint, request);
	if (search->resumed)
		code = search_state_read(
			call, request->page_token, &search->fingerprint, &search->state, err);
	else
		search->state.languages = languages_asked(search);
	if (code != CODE_OK)
		return code;
	set_languages(search);
	code = search_query_parse(call->arena, search->analyzer, request->query, search->languages,
		search->language_count, &search->query, err);
	if (code == CODE_OK && search->resumed &&
		search->query.clause_count != search->state.collection.clause_count)
		code = fail_field(err, CODE_INVALID_ARGUMENT, "PAGE_TOKEN_MALFORMED", "page_token",
			"comes from a server of another version; begin with the first page");
	return code;
}

/* --- Finding --- */

static enum code open_half(struct search *search, bool hidden, struct error *err)
{
	struct search_match *match = &search->matches[search->half_count];
	*match = (struct search_match){
		.lookup = { .reader = &search->reader,
			.txn = snapshot_of(search->call),
			.arena = search->call->arena,
			.analyzer = search->analyzer,
			.hidden = hidden,
			.languages = search->languages,
			.language_count = search->language_count },
		.query = &search->query,
		.filter = &search->filter,
		.candidates = &search->candidates,
		.deadline = &search->deadline,
		.effort = &search->effort,
		.wants_fields = search->request->n_facets > 0,
	};
	search->halves[search->half_count++] = match;
	return search_match_open(match, err);
}

/* Lists what passes the filter where that is not more than what the rarest clause has. */
static void list_candidates(struct search *search)
{
	uint64_t rarest = 0;
	for (size_t i = 0; i < search->half_count; i++)
		if (search->halves[i]->required[0]->documents > rarest)
			rarest = search->halves[i]->required[0]->documents;
	if (search->filter.root != NULL && rarest > 0)
		search_candidates_list(&search->candidates, &search->filter,
			snapshot_of(search->call), search->call->arena, rarest, &search->deadline,
			&search->effort.keys_read);
}

static enum code prepare_ranking(struct search *search, struct error *err)
{
	if (!search->resumed)
		search_collection_read(
			&search->state.collection, search->halves, search->half_count);
	search_scorer_init(&search->scorer, &search->query, &search->state.collection);
	search_facets_init(&search->facets, search->call->arena, search->request->facets,
		search->request->n_facets, search->facet_size);
	/* One more than the page has tells whether there is another page. */
	if (!search_ranking_init(&search->ranking, search->call->arena, search->page_size + 1,
		    search->resumed ? &search->state.place : NULL))
		return fail_out_of_memory(err);
	return CODE_OK;
}

static void find_in_half(struct search *search, struct search_match *match)
{
	struct search_lengths lengths;
	search_lengths_init(&lengths, match->lookup.txn);
	while (search_match_next(match)) {
		struct search_place place = { .id = match->id };
		place.score = search_score(
			&search->scorer, match->presences, search_length(&lengths, match->id));
		search_ranking_add(&search->ranking, place);
		if (!search_facets_add(&search->facets, &match->fields))
			txn_fail_memory(match->lookup.txn);
	}
}

static enum code status_of(const struct search *search, struct error *err)
{
	if (search->deadline.passed)
		return fail(err, CODE_DEADLINE_EXCEEDED,
			"the search took longer than the call may take; ask for rarer words, or "
			"give the call more time");
	return txn_status(snapshot_of(search->call), err);
}

static enum code find(struct search *search, struct error *err)
{
	search_reader_open(&search->reader, snapshot_of(search->call), search->call->arena);
	search->effort.keys_read += search->reader.recent_count;
	enum code code = open_half(search, false, err);
	if (code == CODE_OK && search->filter.all_states)
		code = open_half(search, true, err);
	if (code == CODE_OK)
		code = prepare_ranking(search, err);
	if (code == CODE_OK)
		list_candidates(search);
	for (size_t i = 0; code == CODE_OK && i < search->half_count; i++) {
		find_in_half(search, &search->matches[i]);
		code = status_of(search, err);
	}
	for (size_t i = 0; i < search->half_count; i++)
		search_match_close(&search->matches[i]);
	return code;
}

/* --- Answering --- */

static enum code answer(struct search *search, struct error *err)
{
	struct rpc_call *call = search->call;
	struct search_ranking *ranking = &search->ranking;
	struct search_page page = { .call = call,
		.analyzer = search->analyzer,
		.query = &search->query,
		.scorer = &search->scorer,
		.deadline = &search->deadline,
		.view = search->request->view };
	search_ranking_sort(ranking);
	size_t wanted = ranking->count < search->page_size ? ranking->count : search->page_size;
	size_t given = search_reply_hits(&page, FIELD_HITS, ranking->places, wanted);
	enum code code = status_of(search, err);
	if (code != CODE_OK)
		return code;
	if (given > 0 && given < ranking->count) {
		search->state.place = ranking->places[given - 1];
		search_state_reply(
			call, FIELD_NEXT_PAGE_TOKEN, &search->fingerprint, &search->state);
	}
	reply_uint(&call->reply, FIELD_TOTAL_SIZE, ranking->found);
	search_facets_reply(&search->facets, call, FIELD_FACETS);
	if (search->request->explain)
		search_reply_plan(call, FIELD_PLAN, search->halves, search->half_count);
	return status_of(search, err);
}

static enum code search_posts(
	struct rpc_call *call, const ProtobufCMessage *message, struct error *err)
{
	struct search *search = arena_calloc(call->arena, 1, sizeof *search);
	if (search == NULL)
		return fail_out_of_memory(err);
	search->call = call;
	search->request = (const Lectern__V1__SearchPostsRequest *)message;
	search->deadline.at_ns = call->deadline_ns;
	enum code code = check_request(search, err);
	if (code != CODE_OK)
		return code;
	search->analyzer = analyzers_take(services_of(call)->analyzers);
	if (search->analyzer == NULL)
		return fail_out_of_memory(err);
	code = read_request(search, err);
	if (code == CODE_OK)
		code = find(search, err);
	if (code == CODE_OK)
		code = answer(search, err);
	analyzers_give(services_of(call)->analyzers, search->analyzer);
	return code;
}

static const struct rpc_method methods[] = {
	{ .name = "SearchPosts", .access = RPC_READ, .handle = search_posts, .cached = true },
	{ .name = "SuggestTerms", .access = RPC_READ, .handle = suggest_terms, .cached = true },
};

const struct rpc_service search_service = {
	.descriptor = &lectern__v1__search_service__descriptor,
	.methods = methods,
	.method_count = sizeof methods / sizeof *methods,
};
