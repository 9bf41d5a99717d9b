/*
 * Structured log lines on standard error: one event a line, as JSON or as text for people. For the
 * server and the tools; library layers return errors instead. Safe from any thread.
 */
#pragma once
#include "base/attributes.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };
enum log_format { LOG_TEXT, LOG_JSON };

/* What log_event() writes from now on. */
void log_configure(enum log_format format, enum log_level level);

/* "debug", "info", "warn", "error"; false for anything else. */
bool log_level_parse(const char *name, enum log_level *ret) NODISCARD;

/* A field of an event. Make it with the functions below. */
struct log_field {
	const char *name; /* lower snake case */
	const char *text; /* NULL for a number */
	int64_t number;
};

static inline struct log_field log_text(const char *name, const char *text)
{
	return (struct log_field){ .name = name, .text = text == NULL ? "" : text };
}

static inline struct log_field log_number(const char *name, int64_t number)
{
	return (struct log_field){ .name = name, .number = number };
}

/*
 * Writes one line with the fields time, level and msg and then the given ones, up to one without a
 * name: log_event(LOG_INFO, "ready", log_text("address", url), LOG_END). Texts are escaped; a line
 * is at most 8 KiB and goes out in one write.
 */
void log_event_fields(enum log_level level, const char *message, const struct log_field *fields);
#define LOG_END ((struct log_field){ .name = NULL })
#define log_event(level, message, ...) \
	log_event_fields(level, message, (const struct log_field[]){ __VA_ARGS__ })

/*
 * For programs whose threads must not wait for whoever reads the log: from log_start() to
 * log_stop() lines are queued and written, in order, by a thread of their own. What finds no room
 * while the reader is slow is dropped and counted, and the count is logged when there is room
 * again. What is queued when the process is killed or aborts is lost.
 */
enum code log_start(struct error *err) NODISCARD;

/* Writes what is queued, but waits no longer than two seconds for the reader, and ends the thread.
 * Lines are written at once again, by their own threads. Nothing without log_start(). */
void log_stop(void);

/* Waits until what was queued is written, up to two seconds: before an abort. */
void log_flush(void);

/*
 * For lines that clients can cause: no more than LOG_LIMITED_PER_SECOND a second, the rest is
 * counted and the count logged when the second is over. They leave room in the queue for others.
 * Without log_start() as log_event_fields().
 */
enum { LOG_LIMITED_PER_SECOND = 100 };
void log_limited_fields(enum log_level level, const char *message, const struct log_field *fields);

/* For lines that clients cause and that were asked for one by one: without a limit, but they too
 * leave room in the queue. */
void log_bulk_fields(enum log_level level, const char *message, const struct log_field *fields);

/* Since the start of the process. */
struct log_counts {
	uint64_t dropped;  /* lines that found no room or could not be written */
	uint64_t left_out; /* lines over the limit of log_limited_fields() */
};
void log_counts(struct log_counts *ret);

/* Queues the lines that tell what is missing so far, without waiting for the end of the second:
 * before a line that is to be the last one. */
void log_tell_counts(void);
