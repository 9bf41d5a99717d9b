#include "server/signals.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <unistd.h>

static sigset_t handled_signals(void)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	return set;
}

void signals_block(void)
{
	sigset_t set = handled_signals();
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	sigaction(SIGPIPE, &ignore, NULL);
}

int signals_wait(void)
{
	sigset_t set = handled_signals();
	int number;
	do
		number = sigwaitinfo(&set, NULL);
	while (number < 0 && errno == EINTR);
	return number;
}

/* The status that shells show for a process that a signal has ended. */
static void end_process(int number)
{
	_exit(128 + number);
}

/* A handler and not the default action: as process 1 of a container that would be ignored. */
void signals_make_final(void)
{
	struct sigaction end = { .sa_handler = end_process };
	sigaction(SIGTERM, &end, NULL);
	sigaction(SIGINT, &end, NULL);
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}
