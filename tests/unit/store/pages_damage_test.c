/*
 * Stores with a damaged file, at random: each page's structure gets hostile values, any byte is
 * flipped. The verifier refuses the file, or LMDB and the checker go through all of it, and change
 * it, in a process of their own that ends by itself.
 *
 * LECTERN_DAMAGE_ROUNDS sets how many, LECTERN_TEST_SEED which.
 */
#include "support/closed_store.h"
#include "support/store_fill.h"

#include "base/limits.h"
#include "store/check.h"
#include "store/pages.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum {
	ROUNDS = 200,
	SECONDS_MAX = 60, /* of one child */
	BYTES_FLIPPED_MAX = 8,
	/* How a child ends. Sanitizers have other numbers. */
	REFUSED = 40,
	NOT_OPENED = 41,
	OPENED = 42,
	WRONG_REFUSAL = 43,
	OUTCOMES = 44,
};

static struct random random_state;

/* One damage: some bytes of one page. */
struct damage {
	enum page_kind kind;
	uint64_t page;
	const uint8_t *at; /* in the image */
	uint8_t bytes[BYTES_FLIPPED_MAX];
	size_t size;
};

static uint64_t below(uint64_t number)
{
	return random_below(&random_state, number);
}

/* Values that code stumbles over: ends of ranges, neighbours, other pages. */
static uint64_t hostile(uint64_t old, size_t width)
{
	uint64_t largest = width == 8 ? UINT64_MAX : (UINT64_C(1) << (8 * width)) - 1;
	uint64_t flipped = old ^ UINT64_C(1) << below(8 * width);
	uint64_t page = below(closed.image.page_count);
	uint64_t first = store_image_find(&closed.image, (enum page_kind)below(KIND_COUNT), 0);
	uint64_t any = random_next(&random_state);
	const uint64_t values[] = { 0, 1, 2, 3, largest, largest - 1, largest / 2, largest / 2 + 1,
		old + 1, old - 1, old + 2, old - 2, old + 8, old - 8, flipped,
		closed.image.page_count, closed.image.page_count - 1, closed.image.page_bytes,
		closed.image.page_bytes - 2, page, first, any };
	return values[below(sizeof values / sizeof *values)];
}

/* A number of a page. */
struct place {
	size_t offset; /* in the page */
	size_t width;
};

#define PLACE(base, type, member) \
	{ \
		(base) + offsetof(struct type, member), sizeof(((struct type *)0)->member) \
	}
#define TREE_PLACES(base) \
	PLACE(base, tree_record, pad), PLACE(base, tree_record, flags), \
		PLACE(base, tree_record, depth), PLACE(base, tree_record, branch_pages), \
		PLACE(base, tree_record, leaf_pages), PLACE(base, tree_record, overflow_pages), \
		PLACE(base, tree_record, entries), PLACE(base, tree_record, root)
#define COUNT(array) (sizeof(array) / sizeof *(array))

enum { META_AT = sizeof(struct page_header) };
static const struct place in_meta[] = { PLACE(0, page_header, flags),
	PLACE(META_AT, meta_record, magic), PLACE(META_AT, meta_record, version),
	PLACE(META_AT, meta_record, address), PLACE(META_AT, meta_record, map_bytes),
	PLACE(META_AT, meta_record, last_page), PLACE(META_AT, meta_record, txnid),
	TREE_PLACES(META_AT + offsetof(struct meta_record, free_list)),
	TREE_PLACES(META_AT + offsetof(struct meta_record, tables)) };
static const struct place in_header[] = { PLACE(0, page_header, number),
	PLACE(0, page_header, flags), PLACE(0, page_header, lower), PLACE(0, page_header, upper),
	PLACE(0, page_header, overflow_pages) };
static const struct place in_node[] = { PLACE(0, node_header, low), PLACE(0, node_header, flags),
	PLACE(0, node_header, key_size), { 0, 6 } /* a branch's child */ };
static const struct place in_record[] = { TREE_PLACES(0) };

static struct place pick(const struct place *places, size_t count)
{
	return places[below(count)];
}

/* A number of a tree's page: in its header, an offset, in a node, its key or what is behind that.
 */
static struct place pick_in_tree(enum page_kind kind, uint8_t *page)
{
	uint32_t node = (uint32_t)below(store_image_nodes(page));
	uint8_t *value = store_image_value(page, node);
	struct place place = { .width = 8 };
	switch (below(5)) {
	case 0:
		return pick(in_header, COUNT(in_header));
	case 1:
		return (struct place){ sizeof(struct page_header) + node * 2, 2 };
	case 2:
		place = pick(in_node, COUNT(in_node));
		place.offset += (size_t)(store_image_node(page, node) - page);
		return place;
	case 3:
		place.offset = (size_t)(store_image_key(page, node) - page);
		break;
	default:
		if (kind == KIND_TABLES_LEAF)
			place = pick(in_record, COUNT(in_record));
		else if (kind == KIND_FREE_LEAF)
			place.offset = 8 * below(4);
		place.offset += (size_t)(value - page);
	}
	if (place.offset + place.width > closed.image.page_bytes)
		place.offset = closed.image.page_bytes - place.width;
	return place;
}

static struct place pick_place(enum page_kind kind, uint8_t *page)
{
	switch (kind) {
	case KIND_META_OLDER:
	case KIND_META_NEWER:
		return pick(in_meta, COUNT(in_meta));
	case KIND_TABLES_LEAF:
	case KIND_TABLE_BRANCH:
	case KIND_TABLE_LEAF:
	case KIND_FREE_BRANCH:
	case KIND_FREE_LEAF:
		return pick_in_tree(kind, page);
	case KIND_FREE_OVERFLOW:
		if (below(2) == 0)
			return (struct place){ sizeof(struct page_header) + 8 * below(100), 8 };
		/* fallthrough */
	default:
		return pick(in_header, COUNT(in_header));
	}
}

/* The value is put in, or a few bytes anywhere in the page are changed. */
static void make_damage(struct damage *damage)
{
	uint8_t *page = store_image_page(&closed.image, damage->page);
	struct place place = { .offset = below(closed.image.page_bytes - BYTES_FLIPPED_MAX),
		.width = 1 + below(BYTES_FLIPPED_MAX) };
	uint64_t value = random_next(&random_state);
	if (below(4) != 0) {
		uint64_t old = 0;
		place = pick_place(damage->kind, page);
		memcpy(&old, page + place.offset, place.width);
		value = hostile(old, place.width);
	}
	damage->at = page + place.offset;
	damage->size = place.width;
	memcpy(damage->bytes, &value, place.width);
}

static bool is_refusal(const struct error *err)
{
	if (err->code == CODE_DATA_LOSS)
		return strcmp(err->reason, "STORE_DAMAGED") == 0 &&
		       strstr(err->text, "restore a backup") != NULL;
	return err->code == CODE_FAILED_PRECONDITION && strcmp(err->reason, "STORE_FORMAT") == 0;
}

static enum code check_all(void)
{
	struct arena arena;
	struct txn *snapshot;
	struct check_report report;
	struct error err;
	enum code code = store_snapshot(closed.fixture.store, &snapshot, &err);
	if (code != CODE_OK)
		return code;
	arena_init(&arena, LIMIT_ARENA_BYTES);
	code = check_run(snapshot, &arena, NULL, &report, &err);
	arena_done(&arena);
	store_release(closed.fixture.store, snapshot);
	return code;
}

/* In a process of its own. */
static int try_store(void)
{
	struct store_options options = { .directory = closed.fixture.directory };
	struct pages_report report;
	struct error err;
	if (pages_verify(closed.path, true, &report, &err) != CODE_OK)
		return is_refusal(&err) ? REFUSED : WRONG_REFUSAL;
	if (store_open(&options, &closed.fixture.store, &err) != CODE_OK)
		return NOT_OPENED;
	/* Whatever they answer: it is that they end which counts. */
	(void)!check_all();
	store_fill_change(&closed.fixture, &random_state);
	(void)!check_all();
	store_close(closed.fixture.store);
	return OPENED;
}

static int try_in_child(void)
{
	int status;
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		struct rlimit no_core = { 0, 0 };
		setrlimit(RLIMIT_CORE, &no_core);
		alarm(SECONDS_MAX);
		_exit(try_store());
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void describe(const struct damage *damage, char out[256])
{
	size_t used = (size_t)snprintf(out, 256,
		"%s, page %" PRIu64 ", bytes at %zu:", page_kind_name(damage->kind), damage->page,
		(size_t)(damage->at - closed.image.bytes) % closed.image.page_bytes);
	for (size_t i = 0; i < damage->size; i++)
		used += (size_t)snprintf(out + used, 256 - used, " %02x", damage->bytes[i]);
}

/* Mostly those with structure: LMDB follows nothing of the others. */
static enum page_kind kind_of(long round)
{
	if (round % 10 == 0)
		return round % 20 == 0 ? KIND_NONE : KIND_OVERFLOW_REST;
	return (enum page_kind)(
		KIND_META_OLDER + round % (KIND_FREE_OVERFLOW - KIND_META_OLDER + 1));
}

static void damaged_stores_are_refused_or_usable(void **state)
{
	const char *given = getenv("LECTERN_DAMAGE_ROUNDS");
	long rounds = given != NULL ? strtol(given, NULL, 10) : ROUNDS;
	size_t outcomes[KIND_COUNT][OUTCOMES] = { { 0 } };
	for (long round = 0; round < rounds; round++) {
		struct damage damage = { .kind = kind_of(round) };
		char text[256];
		damage.page = store_image_find(&closed.image, damage.kind,
			below(store_image_count(&closed.image, damage.kind)));
		make_damage(&damage);
		describe(&damage, text);
		closed_store_overwrite(&closed, damage.at, damage.bytes, damage.size);
		int outcome = try_in_child();
		if (outcome < REFUSED || outcome >= WRONG_REFUSAL)
			fail_msg("round %ld, %s: ended with %d", round, text, outcome);
		outcomes[damage.kind][outcome]++;
		if (outcome == REFUSED) /* nobody has written to the file */
			closed_store_overwrite(&closed, damage.at, damage.at, damage.size);
		else
			closed_store_restore(&closed);
	}
	for (int kind = 0; kind < KIND_COUNT; kind++)
		print_message("%s: %zu refused, %zu not opened, %zu opened\n",
			page_kind_name((enum page_kind)kind), outcomes[kind][REFUSED],
			outcomes[kind][NOT_OPENED], outcomes[kind][OPENED]);
}

static int make_store(void **state)
{
	random_state = random_start();
	closed_store_make(&closed, &random_state);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(damaged_stores_are_refused_or_usable),
	};
	return cmocka_run_group_tests(tests, make_store, closed_store_group_teardown);
}
