/* How the oracle tests fail: from any thread, with what the thread was doing, and at once. */
#pragma once

/* What this thread is doing, for the text of a failure. */
void oracle_doing(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Prints what this thread was doing and the text, and ends the program. */
void oracle_fail(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));

/* A server's standard error, of which a failure shows the rest. */
void oracle_show_log(int fd);
