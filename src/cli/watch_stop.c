#include "cli/watch_stop.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

static const int signals[] = { SIGINT, SIGTERM };
/* Where the handler writes to. */
static atomic_int wake = -1;

static void on_signal(int number)
{
	int cause = errno;
	char byte = (char)number;
	ssize_t written = write(atomic_load(&wake), &byte, 1);
	(void)written; /* the pipe is full of earlier ones */
	errno = cause;
}

/* True for a signal or a reader that has gone, false when the watch has ended by itself. */
static bool wait_for_end(struct watch_stop *stop)
{
	struct pollfd waits[] = {
		{ .fd = stop->pipe[0], .events = POLLIN },
		{ .fd = STDOUT_FILENO }, /* errors only */
	};
	for (;;) {
		if (poll(waits, 2, -1) < 0 && errno != EINTR)
			return false;
		char byte = 0;
		if (waits[0].revents != 0 && read(stop->pipe[0], &byte, 1) == 1)
			return byte != 0;
		if (waits[1].revents & (POLLERR | POLLHUP)) {
			atomic_store(&stop->reader_is_gone, true);
			return true;
		}
		if (waits[1].revents != 0)
			waits[1].fd = -1; /* is not open: writing will tell */
		waits[0].revents = waits[1].revents = 0;
	}
}

static void *run(void *arg)
{
	struct watch_stop *stop = arg;
	if (wait_for_end(stop)) {
		atomic_store(&stop->asked, true);
		lectern_watch_interrupt(stop->watch);
	}
	return NULL;
}

bool watch_stop_begin(struct watch_stop *stop, lectern_watch *watch)
{
	*stop = (struct watch_stop){ .watch = watch };
	if (pipe2(stop->pipe, O_CLOEXEC) != 0)
		return false;
	int rc = pthread_create(&stop->thread, NULL, run, stop);
	if (rc != 0) {
		close(stop->pipe[0]);
		close(stop->pipe[1]);
		errno = rc;
		return false;
	}
	atomic_store(&wake, stop->pipe[1]);
	/* The second one ends the program in any case: the output may be stuck. */
	struct sigaction action = { .sa_handler = on_signal,
		.sa_flags = SA_RESETHAND | SA_RESTART };
	for (int i = 0; i < 2; i++)
		sigaction(signals[i], &action, &stop->saved[i]);
	return true;
}

void watch_stop_end(struct watch_stop *stop)
{
	for (int i = 0; i < 2; i++)
		sigaction(signals[i], &stop->saved[i], NULL);
	ssize_t written = write(stop->pipe[1], "", 1);
	(void)written;
	pthread_join(stop->thread, NULL);
	atomic_store(&wake, -1);
	close(stop->pipe[0]);
	close(stop->pipe[1]);
}
