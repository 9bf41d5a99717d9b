#include "base/log.h"

#include "base/clock.h"
#include "base/log_line.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	QUEUE_BYTES = 1024 * 1024,
	RESERVE_BYTES = 64 * 1024, /* of it, for lines that clients cannot cause */
	/* POSIX's PIPE_BUF on Linux: a pipe that poll() calls writable takes so much at once. */
	PIECE_BYTES = 4096,
	STOP_MS = 2000,
	POLL_MS = 100,
};
static const uint64_t SECOND_NS = 1000000000;

static atomic_int current_format = LOG_TEXT;
static atomic_int current_level = LOG_INFO;
static atomic_bool current_colour;

/* A thread that cannot be ended because its reader is stuck still uses it, so it is static. */
static struct {
	pthread_mutex_t mutex; /* for everything below */
	pthread_cond_t work;
	pthread_cond_t idle; /* nothing is queued or being written; or the thread has ended */
	pthread_t thread;
	bool running; /* lines are queued */
	bool closing;
	bool ended;
	bool writing;
	uint64_t give_up_ns; /* while closing */
	struct buffer queued;
	struct log_counts counts;
	struct log_counts told;
	uint64_t second; /* in which the limited ones are counted */
	unsigned limited;
} queue = { .mutex = PTHREAD_MUTEX_INITIALIZER };

void log_configure(enum log_format format, enum log_level level)
{
	const char *no_color = getenv("NO_COLOR");
	const char *terminal = getenv("TERM");
	bool dumb = terminal == NULL || strcmp(terminal, "dumb") == 0;
	atomic_store(&current_format, (int)format);
	atomic_store(&current_level, (int)level);
	atomic_store(&current_colour,
		!dumb && (no_color == NULL || no_color[0] == '\0') && isatty(STDERR_FILENO) == 1);
}

bool log_level_parse(const char *name, enum log_level *ret)
{
	for (int i = LOG_DEBUG; i <= LOG_ERROR; i++) {
		if (strcmp(name, log_level_name((enum log_level)i)) == 0) {
			*ret = (enum log_level)i;
			return true;
		}
	}
	return false;
}

static struct log_style style(void)
{
	return (struct log_style){ .format = (enum log_format)atomic_load(&current_format),
		.colour = atomic_load(&current_colour) };
}

static uint64_t count_lines(const uint8_t *data, size_t size)
{
	uint64_t count = 0;
	for (size_t i = 0; i < size; i++)
		count += data[i] == '\n';
	return count;
}

/* False when the time for it is over, which it never is before log_stop(). */
static bool wait_for_reader(void)
{
	for (;;) {
		struct pollfd output = { .fd = STDERR_FILENO, .events = POLLOUT };
		int rc = poll(&output, 1, POLL_MS);
		if (rc > 0 || (rc < 0 && errno != EINTR))
			return true; /* also after an error, which the write will tell */
		pthread_mutex_lock(&queue.mutex);
		bool over = queue.closing && clock_monotonic_ns() >= queue.give_up_ns;
		pthread_mutex_unlock(&queue.mutex);
		if (over)
			return false;
	}
}

/* As many whole lines as one write takes; of a longer line a piece. */
static size_t piece_of(const uint8_t *data, size_t size)
{
	if (size <= PIECE_BYTES)
		return size;
	size_t piece = PIECE_BYTES;
	while (piece > 0 && data[piece - 1] != '\n')
		piece--;
	return piece == 0 ? PIECE_BYTES : piece;
}

/* Returns how many lines could not be written. */
static uint64_t write_all(const uint8_t *data, size_t size)
{
	while (size > 0) {
		if (!wait_for_reader())
			return count_lines(data, size);
		ssize_t written = write(STDERR_FILENO, data, piece_of(data, size));
		if (written < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (written <= 0)
			return count_lines(data, size);
		data += written;
		size -= (size_t)written;
	}
	return 0;
}

static void append_count(struct buffer *out, const char *message, uint64_t count)
{
	struct buffer line;
	struct log_style now = style();
	const struct log_field fields[] = { log_number("count", (int64_t)count), LOG_END };
	if (count == 0 || LOG_WARN < atomic_load(&current_level))
		return;
	buffer_init(&line, LOG_LINE_BYTES);
	log_line_write(&line, &now, LOG_WARN, message, fields);
	if (!line.overflow)
		buffer_append(out, line.data, line.size);
	buffer_done(&line);
}

static uint64_t this_second(void)
{
	return clock_monotonic_ns() / SECOND_NS;
}

/* Lines that were left out and are to be told of now. */
static uint64_t left_out_due(void)
{
	uint64_t count = queue.counts.left_out - queue.told.left_out;
	return queue.closing || this_second() > queue.second ? count : 0;
}

/* With the mutex; out has room for two lines. */
static void tell(struct buffer *out, uint64_t left_out)
{
	uint64_t dropped = queue.counts.dropped - queue.told.dropped;
	append_count(out, "log lines dropped", dropped);
	append_count(out, "lines about calls left out", left_out);
	queue.told.dropped += dropped;
	queue.told.left_out += left_out;
}

/* What is queued, and behind it what is missing. With the mutex. */
static void take_batch(struct buffer *batch)
{
	struct buffer empty = *batch;
	*batch = queue.queued;
	queue.queued = empty;
	batch->max_bytes = QUEUE_BYTES + 2 * LOG_LINE_BYTES;
	tell(batch, left_out_due());
}

/* Lines that the reader's absence has cost are told of with the next ones, not by themselves. */
static bool has_work(void)
{
	return queue.queued.size > 0 || left_out_due() > 0;
}

static void sleep_until_needed(void)
{
	if (queue.counts.left_out == queue.told.left_out) {
		pthread_cond_wait(&queue.work, &queue.mutex);
		return;
	}
	struct timespec until = clock_timespec((queue.second + 1) * SECOND_NS);
	pthread_cond_timedwait(&queue.work, &queue.mutex, &until);
}

static void *log_main(void *argument)
{
	struct buffer batch;
	(void)argument;
	buffer_init(&batch, QUEUE_BYTES);
	pthread_mutex_lock(&queue.mutex);
	for (;;) {
		if (!has_work()) {
			pthread_cond_broadcast(&queue.idle);
			if (queue.closing)
				break;
			sleep_until_needed();
			continue;
		}
		queue.writing = true;
		take_batch(&batch);
		pthread_mutex_unlock(&queue.mutex);
		uint64_t lost = write_all(batch.data, batch.size);
		buffer_clear(&batch);
		pthread_mutex_lock(&queue.mutex);
		batch.max_bytes = QUEUE_BYTES;
		queue.counts.dropped += lost;
		queue.writing = false;
	}
	buffer_done(&batch);
	buffer_done(&queue.queued);
	queue.ended = true;
	pthread_cond_broadcast(&queue.idle);
	pthread_mutex_unlock(&queue.mutex);
	return NULL;
}

/* A reader that has gone must not end the process by SIGPIPE: no signal meets the thread. */
static int start_thread(void)
{
	sigset_t all;
	sigset_t before;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int rc = pthread_create(&queue.thread, NULL, log_main, NULL);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return rc;
}

enum code log_start(struct error *err)
{
	pthread_mutex_lock(&queue.mutex);
	buffer_init(&queue.queued, QUEUE_BYTES);
	clock_cond_init(&queue.work);
	clock_cond_init(&queue.idle);
	queue.closing = queue.ended = false;
	queue.running = start_thread() == 0;
	bool running = queue.running;
	pthread_mutex_unlock(&queue.mutex);
	if (!running)
		return fail(err, CODE_RESOURCE_EXHAUSTED, "cannot start the log's thread");
	return CODE_OK;
}

static struct timespec in_stop_time(void)
{
	return clock_timespec(clock_monotonic_ns() + STOP_MS / 1000 * SECOND_NS);
}

void log_flush(void)
{
	struct timespec until = in_stop_time();
	int rc = 0;
	pthread_mutex_lock(&queue.mutex);
	while (queue.running && (queue.queued.size > 0 || queue.writing) && rc == 0)
		rc = pthread_cond_timedwait(&queue.idle, &queue.mutex, &until);
	pthread_mutex_unlock(&queue.mutex);
}

/* A thread that hangs in a write, which poll() has promised would not, is left behind. */
static void end_thread(void)
{
	struct timespec until = in_stop_time();
	until.tv_sec += 1;
	int rc = 0;
	while (!queue.ended && rc == 0)
		rc = pthread_cond_timedwait(&queue.idle, &queue.mutex, &until);
	bool ended = queue.ended;
	pthread_mutex_unlock(&queue.mutex);
	if (ended)
		pthread_join(queue.thread, NULL);
	else
		pthread_detach(queue.thread);
	pthread_mutex_lock(&queue.mutex);
}

void log_stop(void)
{
	pthread_mutex_lock(&queue.mutex);
	if (queue.running) {
		queue.running = false;
		queue.closing = true;
		queue.give_up_ns = clock_monotonic_ns() + STOP_MS / 1000 * SECOND_NS;
		pthread_cond_signal(&queue.work);
		end_thread();
	}
	pthread_mutex_unlock(&queue.mutex);
}

void log_counts(struct log_counts *ret)
{
	pthread_mutex_lock(&queue.mutex);
	*ret = queue.counts;
	pthread_mutex_unlock(&queue.mutex);
}

void log_tell_counts(void)
{
	pthread_mutex_lock(&queue.mutex);
	if (queue.running && queue.queued.size + 2 * LOG_LINE_BYTES <= QUEUE_BYTES)
		tell(&queue.queued, queue.counts.left_out - queue.told.left_out);
	pthread_mutex_unlock(&queue.mutex);
}

/* False if lines are not queued. */
static bool enqueue(const struct buffer *line, size_t room)
{
	pthread_mutex_lock(&queue.mutex);
	bool running = queue.running;
	if (running && line->size <= room && queue.queued.size <= room - line->size)
		buffer_append(&queue.queued, line->data, line->size);
	else if (running)
		queue.counts.dropped++;
	if (running && queue.queued.overflow) { /* no memory; the mark would stay */
		queue.queued.overflow = false;
		queue.counts.dropped++;
	}
	if (running)
		pthread_cond_signal(&queue.work);
	pthread_mutex_unlock(&queue.mutex);
	return running;
}

static void emit(
	enum log_level level, const char *message, const struct log_field *fields, size_t room)
{
	struct buffer line;
	struct log_style now = style();
	if ((int)level < atomic_load(&current_level))
		return;
	buffer_init(&line, LOG_LINE_BYTES);
	log_line_write(&line, &now, level, message, fields);
	if (!line.overflow && !enqueue(&line, room) &&
		write(STDERR_FILENO, line.data, line.size) < 0) {
		/* Nowhere left to say it. */
	}
	buffer_done(&line);
}

void log_event_fields(enum log_level level, const char *message, const struct log_field *fields)
{
	emit(level, message, fields, QUEUE_BYTES);
}

void log_bulk_fields(enum log_level level, const char *message, const struct log_field *fields)
{
	emit(level, message, fields, QUEUE_BYTES - RESERVE_BYTES);
}

/* Whether one more line may be written in this second. */
static bool take_limited(void)
{
	uint64_t second = this_second();
	pthread_mutex_lock(&queue.mutex);
	if (queue.second != second && queue.counts.left_out == queue.told.left_out) {
		queue.second = second;
		queue.limited = 0;
	} else if (queue.second != second) { /* the thread has yet to tell of the one before */
		pthread_cond_signal(&queue.work);
	}
	bool allowed = !queue.running || queue.limited < LOG_LIMITED_PER_SECOND;
	queue.limited++;
	if (!allowed)
		queue.counts.left_out++;
	pthread_mutex_unlock(&queue.mutex);
	return allowed;
}

void log_limited_fields(enum log_level level, const char *message, const struct log_field *fields)
{
	if ((int)level >= atomic_load(&current_level) && take_limited())
		log_bulk_fields(level, message, fields);
}
