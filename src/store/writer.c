/* The one writer: takes queued commands, applies them in one transaction, commits, answers all. */
#include "base/clock.h"
#include "base/limits.h"
#include "store/apply.h"
#include "store/store_private.h"

#include <time.h>

enum {
	BATCH_WRITES = 256,
	BATCH_BYTES = 16 * 1024 * 1024,
	DUE_AT_ONCE = 256,
};
/* The clock may jump, so a due time is waited for in steps. */
static const uint64_t DUE_STEP_NS = UINT64_C(500) * 1000000;
/* How long writing must have rested before the recent changes of the search index are merged: one
 * merge costs about as much as a hundred writes, so not after each. */
static const int64_t MERGE_IDLE_US = 1000000;
/* How often answers that nobody will ask for again are removed. */
static const uint64_t SWEEP_NS = UINT64_C(60) * 1000000000;

static enum code apply_write(struct store *store, struct txn *txn, struct store_write *write)
{
	struct apply_result result;
	enum code code = apply_command(
		txn, write->arena, store->writer.analyzer, write->command, &result, &write->error);
	write->error.code = code;
	if (code == CODE_OK) {
		write->payload = result.payload;
		write->revision = result.revision;
	}
	return code;
}

/* What there will be to do after the transaction. */
static void note_due(struct writer *writer, struct txn *txn)
{
	writer->has_due = apply_next_due_us(txn, &writer->next_due_us);
	writer->has_recent = txn_entries(txn, TABLE_RECENT) > 0;
	if (txn_writes(txn) > 0)
		writer->last_write_us = clock_realtime_us();
}

static void count_commit(struct writer *writer)
{
	pthread_mutex_lock(&writer->mutex);
	writer->commits++;
	pthread_mutex_unlock(&writer->mutex);
}

/* One write in a transaction of its own. */
static void run_alone(struct store *store, struct store_write *write)
{
	struct txn txn;
	write->error.code = txn_begin_write(&store->env, &txn, &write->error);
	if (write->error.code != CODE_OK)
		return;
	uint64_t revision = txn_revision(&txn);
	if (apply_write(store, &txn, write) != CODE_OK || write->command->validate_only) {
		write->revision = revision; /* that of a trial is never made */
		txn_abort(&txn);
		return;
	}
	note_due(&store->writer, &txn);
	write->error.code = txn_commit(&txn, &write->error);
	if (write->error.code == CODE_OK)
		count_commit(&store->writer);
}

/* All writes in one transaction. False if they must be run one by one: a write failed after it had
 * changed something, or the transaction itself failed. */
static bool run_together(struct store *store, struct store_write *first)
{
	struct txn txn;
	struct error err;
	if (txn_begin_write(&store->env, &txn, &err) != CODE_OK)
		return false;
	for (struct store_write *write = first; write != NULL; write = write->next) {
		uint64_t before = txn_writes(&txn);
		if (write->command->validate_only)
			continue;
		enum code code = apply_write(store, &txn, write);
		if (txn_status(&txn, NULL) != CODE_OK ||
			(code != CODE_OK && txn_writes(&txn) != before)) {
			txn_abort(&txn);
			return false;
		}
	}
	note_due(&store->writer, &txn);
	if (txn_writes(&txn) == 0) { /* all refused or repeats: nothing to sync */
		txn_abort(&txn);
		return true;
	}
	if (txn_commit(&txn, &err) != CODE_OK) {
		for (struct store_write *write = first; write != NULL; write = write->next)
			if (write->error.code == CODE_OK)
				write->error = err;
		return true;
	}
	count_commit(&store->writer);
	return true;
}

/* Answers the writes whose callers have stopped waiting and unlinks them. */
static struct store_write *drop_expired(struct store_write *first)
{
	uint64_t now_ns = clock_monotonic_ns();
	struct store_write *kept = NULL;
	struct store_write **end = &kept;
	while (first != NULL) {
		struct store_write *write = first;
		first = write->next;
		write->next = NULL;
		if (write->deadline_ns > now_ns) {
			*end = write;
			end = &write->next;
			continue;
		}
		fail_reason(&write->error, CODE_DEADLINE_EXCEEDED, "QUEUED_TOO_LONG",
			"the deadline passed while the write was queued; it had no effect");
		write->done(write, &write->error);
	}
	return kept;
}

static void run_batch(struct store *store, struct store_write *first)
{
	first = drop_expired(first);
	if (first == NULL)
		return;
	for (struct store_write *write = first; write != NULL; write = write->next)
		write->error.code = CODE_OK;
	bool together = run_together(store, first);
	while (first != NULL) {
		struct store_write *write = first;
		first = write->next; /* the write is gone after done() */
		if (!together || write->command->validate_only)
			run_alone(store, write);
		write->done(write, write->error.code == CODE_OK ? NULL : &write->error);
	}
}

/* A command of the writer's own, in a transaction of its own. */
static enum code run_own(
	struct store *store, const Lectern__Store__V1__Command *command, struct error *err)
{
	struct txn txn;
	struct apply_result result;
	struct writer *writer = &store->writer;
	int64_t expire_us;
	arena_reset(&writer->arena);
	writer->more_to_sweep = false;
	enum code code = txn_begin_write(&store->env, &txn, err);
	if (code != CODE_OK)
		return code;
	code = apply_command(&txn, &writer->arena, writer->analyzer, command, &result, err);
	note_due(writer, &txn);
	bool more_to_sweep =
		apply_next_expiry_us(&txn, &expire_us) && expire_us <= command->time_us;
	if (code != CODE_OK || txn_writes(&txn) == 0) {
		txn_abort(&txn);
		writer->more_to_sweep = more_to_sweep;
		return code;
	}
	code = txn_commit(&txn, err);
	if (code == CODE_OK) {
		count_commit(writer);
		writer->more_to_sweep = more_to_sweep; /* after a failure not at once again */
	}
	return code;
}

static enum code apply_due_once(struct store *store, int64_t now_us, struct error *err)
{
	Lectern__Store__V1__ApplyDue op = LECTERN__STORE__V1__APPLY_DUE__INIT;
	Lectern__Store__V1__Command command = LECTERN__STORE__V1__COMMAND__INIT;
	op.max_count = DUE_AT_ONCE;
	command.time_us = now_us;
	command.operation_case = LECTERN__STORE__V1__COMMAND__OPERATION_APPLY_DUE;
	command.apply_due = &op;
	return run_own(store, &command, err);
}

static void merge_search(struct store *store)
{
	struct error err;
	Lectern__Store__V1__MergeSearch op = LECTERN__STORE__V1__MERGE_SEARCH__INIT;
	Lectern__Store__V1__Command command = LECTERN__STORE__V1__COMMAND__INIT;
	command.time_us = clock_realtime_us();
	command.operation_case = LECTERN__STORE__V1__COMMAND__OPERATION_MERGE_SEARCH;
	command.merge_search = &op;
	if (run_own(store, &command, &err) != CODE_OK)
		store->writer.has_recent = false; /* the next commit or sweep looks again */
}

/* After a sweep: the next one follows at once where this one could not take all. */
static void plan_sweep(struct writer *writer)
{
	writer->next_sweep_ns = clock_monotonic_ns() + (writer->more_to_sweep ? 0 : SWEEP_NS);
}

enum code writer_catch_up(struct store *store, struct error *err)
{
	enum code code;
	int64_t now_us = clock_realtime_us();
	do
		code = apply_due_once(store, now_us, err);
	while (code == CODE_OK && store->writer.has_due && store->writer.next_due_us <= now_us);
	plan_sweep(&store->writer);
	/* Where there is no room to write, reading is still better than not starting. */
	return code == CODE_RESOURCE_EXHAUSTED ? CODE_OK : code;
}

/* When the recent changes of the search index are to be merged if nothing is written before. */
static bool merge_is_due(const struct writer *writer)
{
	int64_t idle_us = clock_realtime_us() - writer->last_write_us;
	/* Below 0 the clock has jumped. */
	return writer->has_recent && (idle_us >= MERGE_IDLE_US || idle_us < 0);
}

static bool something_is_due(struct writer *writer)
{
	return (writer->has_due && writer->next_due_us <= clock_realtime_us()) ||
	       clock_monotonic_ns() >= writer->next_sweep_ns;
}

static void run_due(struct store *store)
{
	struct writer *writer = &store->writer;
	struct error err;
	enum code code = apply_due_once(store, clock_realtime_us(), &err);
	if (code == CODE_OK || clock_monotonic_ns() >= writer->next_sweep_ns)
		plan_sweep(writer);
	if (code != CODE_OK)
		writer->has_due =
			false; /* a full disk, say: the next commit or sweep looks again */
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

static void wait_for_work(struct writer *writer)
{
	uint64_t until_ns = writer->next_sweep_ns;
	uint64_t due_ns = writer->has_due ? look_at_ns(writer->next_due_us) : UINT64_MAX;
	uint64_t merge_ns =
		writer->has_recent ? look_at_ns(writer->last_write_us + MERGE_IDLE_US) : UINT64_MAX;
	until_ns = due_ns < until_ns ? due_ns : until_ns;
	until_ns = merge_ns < until_ns ? merge_ns : until_ns;
	struct timespec until = { .tv_sec = (time_t)(until_ns / 1000000000),
		.tv_nsec = (long)(until_ns % 1000000000) };
	pthread_cond_timedwait(&writer->work, &writer->mutex, &until);
}

/* Unlinks the first writes of the queue, as many as one transaction should hold. */
static struct store_write *take_batch(struct writer *writer)
{
	struct store_write *first = writer->first;
	struct store_write *last = NULL;
	size_t count = 0;
	size_t bytes = 0;
	for (struct store_write *write = first;
		write != NULL && count < BATCH_WRITES && bytes < BATCH_BYTES; write = write->next) {
		last = write;
		count++;
		bytes += write->size_bytes;
	}
	if (last == NULL)
		return NULL;
	writer->first = last->next;
	if (writer->first == NULL)
		writer->last = NULL;
	last->next = NULL;
	writer->queued -= (uint32_t)count;
	writer->queued_bytes -= bytes;
	writer->writes += count;
	return first;
}

static void *writer_main(void *argument)
{
	struct store *store = argument;
	struct writer *writer = &store->writer;
	pthread_mutex_lock(&writer->mutex);
	for (;;) {
		bool due = something_is_due(writer) && !writer->closing;
		struct store_write *batch = take_batch(writer);
		bool merge = batch == NULL && merge_is_due(writer) && !writer->closing;
		if (batch == NULL && !due && !merge) {
			if (writer->closing)
				break;
			wait_for_work(writer);
			continue;
		}
		pthread_mutex_unlock(&writer->mutex);
		if (due)
			run_due(store);
		if (batch != NULL)
			run_batch(store, batch);
		if (merge)
			merge_search(store);
		pthread_mutex_lock(&writer->mutex);
	}
	pthread_mutex_unlock(&writer->mutex);
	return NULL;
}

enum code writer_start(struct store *store, struct error *err)
{
	store->writer.last_write_us = clock_realtime_us();
	int rc = pthread_create(&store->writer.thread, NULL, writer_main, store);
	if (rc != 0)
		return fail(err, CODE_RESOURCE_EXHAUSTED, "cannot start the writer thread");
	store->writer.started = true;
	return CODE_OK;
}

void writer_stop(struct store *store)
{
	struct writer *writer = &store->writer;
	if (!writer->started)
		return;
	pthread_mutex_lock(&writer->mutex);
	writer->closing = true;
	pthread_cond_signal(&writer->work);
	pthread_mutex_unlock(&writer->mutex);
	pthread_join(writer->thread, NULL);
	writer->started = false;
}

enum code store_submit(
	struct store *store, struct store_write *write, size_t size_bytes, struct error *err)
{
	enum { RETRY_MS = 50 };
	struct writer *writer = &store->writer;
	write->next = NULL;
	write->size_bytes = size_bytes;
	pthread_mutex_lock(&writer->mutex);
	bool closing = writer->closing;
	bool full =
		writer->queued >= LIMIT_WRITE_QUEUE ||
		(writer->queued > 0 && size_bytes > LIMIT_WRITE_QUEUE_BYTES - writer->queued_bytes);
	if (!closing && !full) {
		if (writer->last == NULL)
			writer->first = write;
		else
			writer->last->next = write;
		writer->last = write;
		writer->queued++;
		writer->queued_bytes += size_bytes;
		pthread_cond_signal(&writer->work);
	}
	pthread_mutex_unlock(&writer->mutex);
	if (!closing && !full)
		return CODE_OK;
	enum code code =
		closing ? fail_reason(err, CODE_UNAVAILABLE, "STOPPING",
				  "the server is stopping; repeat with another one or later")
			: fail_reason(err, CODE_RESOURCE_EXHAUSTED, "WRITE_QUEUE_FULL",
				  "too many writes are waiting; repeat after a pause");
	if (err != NULL)
		err->retry_ms = RETRY_MS;
	return code;
}
