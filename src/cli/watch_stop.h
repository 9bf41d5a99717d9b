/* What ends `lectern watch` from outside: a signal, or a reader of its output that has gone. */
#pragma once
#include "base/attributes.h"

#include <lectern/watch.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>

struct watch_stop {
	lectern_watch *watch;	    /* borrowed; is interrupted */
	atomic_bool reader_is_gone; /* else it was a signal */
	atomic_bool asked;
	int pipe[2];
	pthread_t thread;
	struct sigaction saved[2];
};

/* From now on SIGINT and SIGTERM interrupt the watch. Only one may be under way. False with errno
 * where the system gives neither pipe nor thread. */
bool watch_stop_begin(struct watch_stop *stop, lectern_watch *watch) NODISCARD;
void watch_stop_end(struct watch_stop *stop);
