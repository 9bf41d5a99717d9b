/* The one writer: takes queued commands, applies them in one transaction, commits, answers all. */
#include "base/clock.h"
#include "base/limits.h"
#include "store/apply.h"
#include "store/housekeeping.h"

enum {
	BATCH_WRITES = 256,
	BATCH_BYTES = 16 * 1024 * 1024,
};
_Static_assert(
	BATCH_WRITES == 1 << (STORE_BATCH_BUCKETS - 1), "the last bucket is of full batches");

/* Rounded up. */
static unsigned log2_of(uint64_t value, unsigned most)
{
	unsigned bits = 0;
	while (value > 1 && bits < most) {
		value = (value + 1) / 2;
		bits++;
	}
	return bits;
}

void writer_tell_revision(struct writer *writer, uint64_t revision)
{
	pthread_mutex_lock(&writer->mutex);
	if (writer->on_commit != NULL)
		writer->on_commit(writer->on_commit_context, revision);
	pthread_mutex_unlock(&writer->mutex);
}

enum code writer_commit(struct store *store, struct txn *txn, uint32_t writes, struct error *err)
{
	struct writer *writer = &store->writer;
	uint64_t revision = txn_revision(txn);
	uint64_t start_ns = clock_monotonic_ns();
	enum code code = txn_commit(txn, err);
	uint64_t took_ns = clock_monotonic_ns() - start_ns;
	uint64_t took_us = (took_ns + 999) / 1000;
	if (code != CODE_OK)
		return code;
	pthread_mutex_lock(&writer->mutex);
	writer->commits++;
	writer->commit_ns += took_ns;
	writer->commit_buckets[log2_of(took_us, STORE_COMMIT_BUCKETS - 1)]++;
	if (writes > 0)
		writer->batch_buckets[log2_of(writes, STORE_BATCH_BUCKETS - 1)]++;
	writer->batch_writes += writes;
	if (took_us > writer->commit_max_us)
		writer->commit_max_us = took_us;
	if (writes > writer->batch_max)
		writer->batch_max = writes;
	pthread_mutex_unlock(&writer->mutex);
	writer_tell_revision(writer, revision);
	return code;
}

static enum code apply_write(struct store *store, struct txn *txn, struct store_write *write)
{
	struct apply_result result;
	enum code code = apply_command(txn, write->arena, store->writer.analyzer, write->prepared,
		write->command, &result, &write->error);
	write->error.code = code;
	if (code == CODE_OK) {
		write->payload = result.payload;
		write->revision = result.revision;
	}
	return code;
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
	housekeeping_note(&store->writer, &txn);
	write->error.code = writer_commit(store, &txn, 1, &write->error);
}

/* All writes in one transaction. False if they must be run one by one: a write failed after it had
 * changed something, or the transaction itself failed. */
static bool run_together(struct store *store, struct store_write *first)
{
	struct txn txn;
	struct error err;
	uint32_t count = 0;
	if (txn_begin_write(&store->env, &txn, &err) != CODE_OK)
		return false;
	for (struct store_write *write = first; write != NULL; write = write->next) {
		uint64_t before = txn_writes(&txn);
		if (write->command->validate_only)
			continue;
		enum code code = apply_write(store, &txn, write);
		count++;
		if (txn_status(&txn, NULL) != CODE_OK ||
			(code != CODE_OK && txn_writes(&txn) != before)) {
			txn_abort(&txn);
			return false;
		}
	}
	housekeeping_note(&store->writer, &txn);
	if (txn_writes(&txn) == 0) { /* all refused or repeats: nothing to sync */
		txn_abort(&txn);
		return true;
	}
	if (writer_commit(store, &txn, count, &err) != CODE_OK)
		for (struct store_write *write = first; write != NULL; write = write->next)
			if (write->error.code == CODE_OK)
				write->error = err;
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
		struct store_write *batch = take_batch(writer);
		bool busy = batch != NULL;
		bool due = !writer->closing && housekeeping_is_due(writer, busy);
		if (!busy && !due) {
			if (writer->closing)
				break;
			struct timespec until = housekeeping_next(writer);
			pthread_cond_timedwait(&writer->work, &writer->mutex, &until);
			continue;
		}
		pthread_mutex_unlock(&writer->mutex);
		if (due)
			housekeeping_run(store, busy);
		if (busy)
			run_batch(store, batch);
		reopen_if_broken(store);
		pthread_mutex_lock(&writer->mutex);
	}
	pthread_mutex_unlock(&writer->mutex);
	return NULL;
}

enum code writer_start(struct store *store, struct error *err)
{
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

/* One client's writes may have as many bytes as are left for others, once half of them are used. */
static bool has_room(const struct writer *writer, uint64_t source, size_t size_bytes)
{
	if (writer->queued >= LIMIT_WRITE_QUEUE)
		return false;
	if (writer->queued == 0)
		return true;
	size_t left = LIMIT_WRITE_QUEUE_BYTES - writer->queued_bytes;
	if (size_bytes > left || writer->queued_bytes < LIMIT_WRITE_QUEUE_BYTES / 2)
		return size_bytes <= left;
	size_t own = 0;
	for (const struct store_write *write = writer->first; write != NULL; write = write->next)
		own += write->source == source ? write->size_bytes : 0;
	return own <= left;
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
	bool full = !has_room(writer, write->source, size_bytes);
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
	if (closing)
		return fail_stopping(err);
	fail_reason(err, CODE_RESOURCE_EXHAUSTED, "WRITE_QUEUE_FULL",
		"too many writes are waiting; repeat after a pause");
	if (err != NULL)
		err->retry_ms = RETRY_MS;
	return CODE_RESOURCE_EXHAUSTED;
}
