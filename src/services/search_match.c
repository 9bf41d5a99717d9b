#include "services/search_match.h"

#include "services/search_proof.h"

/* About how many microseconds the proof of a clause of common words takes, for a struct deadline.
 */
static unsigned proof_steps(const struct positions *positions)
{
	return 1 + (unsigned)(positions->words.size / 128);
}

/* Rarest first. A stable order: equal ones stay in the order of the query. */
static void add_required(struct search_match *match, struct search_operand *operand)
{
	size_t at = match->required_count++;
	while (at > 0 && match->required[at - 1]->documents > operand->documents) {
		match->required[at] = match->required[at - 1];
		at--;
	}
	match->required[at] = operand;
}

enum code search_match_open(struct search_match *match, struct error *err)
{
	for (size_t i = 0; i < match->query->clause_count; i++) {
		struct search_operand *operand = &match->operands[match->operand_count++];
		enum code code = search_operand_open(
			operand, &match->lookup, &match->query->clauses[i], err);
		if (code != CODE_OK)
			return code;
		if (!operand->clause->excluded)
			add_required(match, operand);
	}
	return txn_status(match->lookup.txn, err);
}

void search_match_close(struct search_match *match)
{
	for (size_t i = 0; i < match->operand_count; i++)
		match->effort->keys_read += search_operand_close(&match->operands[i]);
	if (match->reads_positions)
		walk_end(&match->positions);
}

/* Moves the part with that number, a required clause or behind them the candidates, to the first
 * post at or behind *id. */
static bool seek_part(struct search_match *match, size_t part, uint64_t *id)
{
	if (part < match->required_count)
		return search_operand_seek(match->required[part], id, match->deadline);
	if (!search_candidates_seek(match->candidates, *id, &match->candidate))
		return false;
	*id = match->candidates->ids[match->candidate];
	return true;
}

/* Moves all parts to the first post at or behind *id where they meet. */
static bool leap(struct search_match *match, uint64_t *id)
{
	size_t parts = match->required_count + (match->candidates->ids != NULL);
	size_t agreed = 0; /* parts that stand at *id */
	for (size_t i = 0; agreed < parts; i = (i + 1) % parts) {
		uint64_t at = *id;
		if (!seek_part(match, i, &at) || deadline_passed(match->deadline, 1))
			return false;
		agreed = at == *id ? agreed + 1 : 1;
		*id = at;
	}
	return true;
}

static bool read_fields(struct search_match *match)
{
	if (match->has_fields)
		return true;
	match->effort->records_read++;
	match->has_fields = post_fields_get(match->lookup.txn, match->id, &match->fields);
	if (!match->has_fields)
		txn_fail_corrupt(match->lookup.txn, "search index of post", match->id);
	return match->has_fields;
}

/* Whether the excluded clauses let the post pass as far as the index can tell. Those that only its
 * positions can tell about are put into *doubtful. */
static bool passes_exclusions(struct search_match *match, uint32_t *doubtful)
{
	for (size_t i = 0; i < match->operand_count; i++) {
		struct search_operand *operand = &match->operands[i];
		uint64_t at = match->id;
		if (!operand->clause->excluded ||
			!search_operand_seek(operand, &at, match->deadline) || at != match->id)
			continue;
		switch (search_operand_verdict(operand)) {
		case SEARCH_NO:
			break;
		case SEARCH_YES:
			return false;
		case SEARCH_UNDECIDED:
			*doubtful |= UINT32_C(1) << i;
			break;
		}
	}
	return true;
}

static bool passes_filter(struct search_match *match)
{
	bool known = match->candidates->ids != NULL && match->candidates->exact;
	if (match->filter->root == NULL || known)
		return true;
	if (!read_fields(match))
		return false;
	match->effort->filtered++;
	return filter_matches(match->filter, match->lookup.txn, &match->fields);
}

/* Whether a doubtful clause agrees, or disagrees where it is excluded. */
static bool is_proved(struct search_match *match, size_t clause, const struct positions *positions)
{
	const struct search_clause *asked = match->operands[clause].clause;
	struct arena_mark mark = arena_mark(match->lookup.arena);
	struct error err;
	bool holds;
	enum code code = search_prove(match->lookup.arena, asked, positions, &holds, &err);
	arena_rewind(match->lookup.arena, mark);
	if (code == CODE_DATA_LOSS)
		txn_fail_corrupt(match->lookup.txn, "positions of words of post", match->id);
	else if (code != CODE_OK)
		txn_fail_memory(match->lookup.txn);
	return code == CODE_OK && holds != asked->excluded;
}

static bool passes_proof(struct search_match *match, uint32_t doubtful)
{
	struct positions positions;
	for (size_t i = 0; i < match->operand_count; i++)
		if (!match->operands[i].clause->excluded &&
			search_operand_verdict(&match->operands[i]) == SEARCH_UNDECIDED)
			doubtful |= UINT32_C(1) << i;
	if (doubtful == 0)
		return true;
	match->effort->records_read++;
	match->effort->proved++;
	if (!match->reads_positions)
		positions_open(&match->positions, match->lookup.txn);
	match->reads_positions = true;
	if (!positions_get(&match->positions, match->id, &positions))
		return false;
	for (size_t i = 0; i < match->operand_count; i++)
		if ((doubtful >> i & 1) != 0 &&
			(deadline_passed(match->deadline, proof_steps(&positions)) ||
				!is_proved(match, i, &positions)))
			return false;
	return true;
}

/* The tests in the order of what they cost. */
static bool is_found(struct search_match *match)
{
	uint32_t doubtful = 0;
	match->has_fields = false;
	return passes_exclusions(match, &doubtful) && passes_filter(match) &&
	       passes_proof(match, doubtful) && (!match->wants_fields || read_fields(match));
}

bool search_match_next(struct search_match *match)
{
	bool found = false;
	while (!found) {
		uint64_t id = match->id + 1;
		if (!leap(match, &id))
			return false;
		match->id = id;
		found = is_found(match);
		if (deadline_passed(match->deadline, 1))
			return false;
	}
	for (size_t i = 0; i < match->operand_count; i++)
		match->presences[i] = match->operands[i].clause->excluded
					      ? (struct search_presence){ .weight = 0 }
					      : search_operand_presence(&match->operands[i]);
	return true;
}
