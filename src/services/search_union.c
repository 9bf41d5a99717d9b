#include "services/search_union.h"

bool search_union_init(struct search_union *set, struct arena *arena, size_t capacity)
{
	*set = (struct search_union){
		.lists = arena_calloc(arena, capacity, sizeof *set->lists),
		.proven = arena_calloc(arena, capacity, sizeof *set->proven),
		.heap = arena_calloc(arena, capacity, sizeof *set->heap),
		.path = arena_calloc(arena, capacity + 1, sizeof *set->path),
	};
	return set->lists != NULL && set->proven != NULL && set->heap != NULL && set->path != NULL;
}

void search_union_add(struct search_union *set, struct search_reader *reader, bool hidden,
	struct slice term, bool proven)
{
	struct search_postings *list = &set->lists[set->count];
	search_postings_start(list, reader, hidden, term);
	if (list->documents == 0) {
		search_postings_end(list);
		return;
	}
	set->documents += list->documents;
	set->proven[set->count] = proven;
	/* All stand before their first post, so any order is a heap. */
	set->heap[set->live++] = (uint32_t)set->count++;
}

uint64_t search_union_end(struct search_union *set)
{
	uint64_t blocks_read = 0;
	for (size_t i = 0; i < set->count; i++) {
		search_postings_end(&set->lists[i]);
		blocks_read += set->lists[i].blocks_read;
	}
	set->count = 0;
	set->live = 0;
	return blocks_read;
}

static uint64_t id_at(const struct search_union *set, size_t place)
{
	return set->lists[set->heap[place]].id;
}

/* Brings the top to its place after its id has grown. */
static void sift_down(struct search_union *set)
{
	size_t place = 0;
	while (2 * place + 1 < set->live) {
		size_t child = 2 * place + 1;
		if (child + 1 < set->live && id_at(set, child + 1) < id_at(set, child))
			child++;
		if (id_at(set, place) <= id_at(set, child))
			return;
		uint32_t moved = set->heap[place];
		set->heap[place] = set->heap[child];
		set->heap[child] = moved;
		place = child;
	}
}

bool search_union_seek(struct search_union *set, uint64_t id)
{
	while (set->live > 0 && id_at(set, 0) < id) {
		if (!search_postings_seek(&set->lists[set->heap[0]], id))
			set->heap[0] = set->heap[--set->live];
		sift_down(set);
	}
	set->id = set->live == 0 ? UINT64_MAX : id_at(set, 0);
	return set->live > 0;
}

struct search_presences search_union_presences(const struct search_union *set)
{
	struct search_presences found = { .proven = { .weight = 0 } };
	size_t depth = 0;
	/* Those that stand at the post are the top of the heap and hang together. */
	if (set->live > 0)
		set->path[depth++] = 0;
	while (depth > 0) {
		uint32_t place = set->path[--depth];
		if (id_at(set, place) != set->id)
			continue;
		uint32_t list = set->heap[place];
		struct search_presence *kind = set->proven[list] ? &found.proven : &found.doubtful;
		kind->weight += set->lists[list].weight;
		kind->in_title = kind->in_title || set->lists[list].in_title;
		for (uint32_t child = 2 * place + 1; child <= 2 * place + 2; child++)
			if (child < set->live)
				set->path[depth++] = child;
	}
	return found;
}
