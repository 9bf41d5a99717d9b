#include "store/housekeeping.h"

#include "base/clock.h"
#include "base/limits.h"
#include "store/apply.h"

enum { DUE_AT_ONCE = 256 };
/* The clock may jump, so a due time is waited for in steps. */
static const uint64_t DUE_STEP_NS = UINT64_C(500) * 1000000;
/* How long writing must have rested before the recent changes of the search index are merged: one
 * merge costs about as much as a hundred writes, so not after each. */
static const int64_t MERGE_IDLE_US = 1000000;
/* How often to look for what has been kept for long enough: this, or a quarter of the shortest time
 * that something is kept, but at least the second. */
static const uint64_t SWEEP_NS = UINT64_C(60) * 1000000000;
static const uint64_t SWEEP_MIN_NS = UINT64_C(100) * 1000000;
/* The clock has jumped when it went further than the monotonic one by this. */
static const int64_t JUMP_US = 2000000;
/* Publishing by a clock that went wrong can be undone, forgetting cannot. So nothing is removed
 * before the clock has run without a jump for a tenth of the time that it was kept, but no longer
 * than this. A clock that is set after the start of a machine is set by then. */
static const int64_t STEADY_MAX_US = INT64_C(600) * 1000000;

void housekeeping_note(struct writer *writer, struct txn *txn)
{
	struct housekeeping *keeping = &writer->housekeeping;
	keeping->has_due = apply_next_due_us(txn, &keeping->next_due_us);
	keeping->has_recent = txn_entries(txn, TABLE_RECENT) > 0;
	if (txn_writes(txn) > 0)
		keeping->last_write_us = clock_realtime_us();
}

/* A command in a transaction of its own; how many puts and deletes it made. */
static enum code run_command(struct store *store, const Lectern__Store__V1__Command *command,
	uint64_t *ret_writes, struct error *err)
{
	struct txn txn;
	struct apply_result result;
	struct writer *writer = &store->writer;
	*ret_writes = 0;
	arena_reset(&writer->arena);
	enum code code = txn_begin_write(&store->env, &txn, err);
	if (code != CODE_OK)
		return code;
	code = apply_command(&txn, &writer->arena, writer->analyzer, NULL, command, &result, err);
	housekeeping_note(writer, &txn);
	if (code != CODE_OK || txn_writes(&txn) == 0) {
		txn_abort(&txn);
		return code;
	}
	*ret_writes = txn_writes(&txn);
	return writer_commit(store, &txn, 0, err);
}

static Lectern__Store__V1__Command command_of(const struct store *store)
{
	Lectern__Store__V1__Command command = LECTERN__STORE__V1__COMMAND__INIT;
	command.time_us = clock_realtime_us();
	command.revisions_kept = store->retention.revisions_kept;
	return command;
}

static enum code apply_due_once(struct store *store, int64_t now_us, struct error *err)
{
	uint64_t writes;
	Lectern__Store__V1__ApplyDue op = LECTERN__STORE__V1__APPLY_DUE__INIT;
	Lectern__Store__V1__Command command = command_of(store);
	op.max_count = DUE_AT_ONCE;
	command.time_us = now_us;
	command.operation_case = LECTERN__STORE__V1__COMMAND__OPERATION_APPLY_DUE;
	command.apply_due = &op;
	return run_command(store, &command, &writes, err);
}

static void merge_search(struct store *store)
{
	struct error err;
	uint64_t writes;
	Lectern__Store__V1__MergeSearch op = LECTERN__STORE__V1__MERGE_SEARCH__INIT;
	Lectern__Store__V1__Command command = command_of(store);
	command.operation_case = LECTERN__STORE__V1__COMMAND__OPERATION_MERGE_SEARCH;
	command.merge_search = &op;
	if (run_command(store, &command, &writes, &err) != CODE_OK)
		store->writer.housekeeping.has_recent =
			false; /* the next commit or sweep looks again */
}

static void watch_clock(struct housekeeping *keeping)
{
	uint64_t before_ns = clock_monotonic_ns();
	int64_t real_us = clock_realtime_us();
	uint64_t now_ns = clock_monotonic_ns();
	if (keeping->steady_since_ns != 0 && now_ns - before_ns > (uint64_t)JUMP_US * 1000)
		return; /* the thread was stopped in between: the two clocks cannot be compared */
	int64_t offset_us = real_us - (int64_t)(now_ns / 1000);
	int64_t step_us = offset_us - keeping->clock_offset_us;
	if (keeping->steady_since_ns == 0 || step_us > JUMP_US || step_us < -JUMP_US)
		keeping->steady_since_ns = now_ns;
	keeping->clock_offset_us = offset_us;
}

/* The time up to which things that are kept for so long may go; 0 if none may, because they are
 * kept for ever or the clock has not been steady for long enough. */
static int64_t until_us(const struct housekeeping *keeping, int64_t kept_us)
{
	int64_t steady_us = (int64_t)((clock_monotonic_ns() - keeping->steady_since_ns) / 1000);
	int64_t needed_us = kept_us / 10 < STEADY_MAX_US ? kept_us / 10 : STEADY_MAX_US;
	if (kept_us == 0 || steady_us < needed_us)
		return 0;
	int64_t now_us = clock_realtime_us();
	return now_us > kept_us ? now_us - kept_us : 0;
}

static uint64_t sweep_interval_ns(const struct store_retention *retention)
{
	const int64_t kept_us[] = { retention->trash_us, retention->changes_us };
	uint64_t interval_ns = SWEEP_NS;
	for (size_t i = 0; i < sizeof kept_us / sizeof *kept_us; i++)
		if (kept_us[i] != 0 && (uint64_t)kept_us[i] * 1000 / 4 < interval_ns)
			interval_ns = (uint64_t)kept_us[i] * 1000 / 4;
	return interval_ns < SWEEP_MIN_NS ? SWEEP_MIN_NS : interval_ns;
}

/* Removes what is old; the next sweep follows at once where this one could not take all. */
static void sweep(struct store *store)
{
	struct error err;
	uint64_t writes = 0;
	uint64_t begun_ns = clock_monotonic_ns();
	struct housekeeping *keeping = &store->writer.housekeeping;
	const struct store_retention *retention = &store->retention;
	Lectern__Store__V1__ApplyRetention op = LECTERN__STORE__V1__APPLY_RETENTION__INIT;
	Lectern__Store__V1__Command command = command_of(store);
	if (until_us(keeping, REQUEST_ID_TTL_US) != 0) /* answers have their time with them */
		op.answers_until_us = command.time_us;
	op.trashed_until_us = until_us(keeping, retention->trash_us);
	op.changes_until_us = until_us(keeping, retention->changes_us);
	op.changes_kept = retention->changes_kept;
	op.max_count = DUE_AT_ONCE;
	command.operation_case = LECTERN__STORE__V1__COMMAND__OPERATION_APPLY_RETENTION;
	command.apply_retention = &op;
	enum code code = run_command(store, &command, &writes, &err);
	bool again = code == CODE_OK && writes > 0; /* after a failure not at once */
	keeping->next_sweep_ns = begun_ns + (again ? 0 : sweep_interval_ns(retention));
}

enum code housekeeping_catch_up(struct store *store, struct error *err)
{
	enum code code;
	struct housekeeping *keeping = &store->writer.housekeeping;
	int64_t now_us = clock_realtime_us();
	keeping->last_write_us = now_us;
	keeping->next_sweep_ns = clock_monotonic_ns() + sweep_interval_ns(&store->retention);
	watch_clock(keeping);
	do
		code = apply_due_once(store, now_us, err);
	while (code == CODE_OK && keeping->has_due && keeping->next_due_us <= now_us);
	/* Where nothing can be written, reading is still better than not starting. */
	return code == CODE_RESOURCE_EXHAUSTED || code == CODE_UNAVAILABLE ? CODE_OK : code;
}

static bool post_is_due(const struct housekeeping *keeping)
{
	return keeping->has_due && keeping->next_due_us <= clock_realtime_us();
}

static bool sweep_is_due(const struct housekeeping *keeping)
{
	return clock_monotonic_ns() >= keeping->next_sweep_ns;
}

/* When the recent changes of the search index are to be merged if nothing is written before. */
static bool merge_is_due(const struct housekeeping *keeping)
{
	int64_t idle_us = clock_realtime_us() - keeping->last_write_us;
	/* Below 0 the clock has jumped. */
	return keeping->has_recent && (idle_us >= MERGE_IDLE_US || idle_us < 0);
}

bool housekeeping_is_due(struct writer *writer, bool busy)
{
	struct housekeeping *keeping = &writer->housekeeping;
	watch_clock(keeping);
	return post_is_due(keeping) || sweep_is_due(keeping) || (!busy && merge_is_due(keeping));
}

void housekeeping_run(struct store *store, bool busy)
{
	struct error err;
	struct housekeeping *keeping = &store->writer.housekeeping;
	if (post_is_due(keeping) && apply_due_once(store, clock_realtime_us(), &err) != CODE_OK)
		keeping->has_due =
			false; /* a full disk, say: the next commit or sweep looks again */
	if (sweep_is_due(keeping))
		sweep(store);
	if (!busy && merge_is_due(keeping))
		merge_search(store);
}

/* The monotonic time at which to look at a time of the clock again. */
static uint64_t look_at_ns(int64_t time_us)
{
	uint64_t now_ns = clock_monotonic_ns();
	int64_t left_us = time_us - clock_realtime_us();
	uint64_t left_ns = left_us <= 0	       ? 0
			   : left_us > 1000000 ? DUE_STEP_NS
					       : (uint64_t)left_us * 1000;
	return now_ns + (left_ns < DUE_STEP_NS ? left_ns : DUE_STEP_NS);
}

struct timespec housekeeping_next(struct writer *writer)
{
	const struct housekeeping *keeping = &writer->housekeeping;
	uint64_t until_ns = keeping->next_sweep_ns;
	uint64_t due_ns = keeping->has_due ? look_at_ns(keeping->next_due_us) : UINT64_MAX;
	uint64_t merge_ns = keeping->has_recent ? look_at_ns(keeping->last_write_us + MERGE_IDLE_US)
						: UINT64_MAX;
	until_ns = due_ns < until_ns ? due_ns : until_ns;
	until_ns = merge_ns < until_ns ? merge_ns : until_ns;
	return clock_timespec(until_ns);
}
