#include "transport/close.h"

#include <pthread.h>
#include <stdint.h>
#include <time.h>

enum { CLOSE_S = 5 };

static void *run_close(void *id)
{
	nng_close((nng_socket){ .id = (uint32_t)(uintptr_t)id });
	return NULL;
}

bool close_socket(nng_socket socket)
{
	pthread_t thread;
	struct timespec until;
	if (pthread_create(&thread, NULL, run_close, (void *)(uintptr_t)socket.id) != 0) {
		nng_close(socket);
		return true;
	}
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += CLOSE_S;
	if (pthread_timedjoin_np(thread, NULL, &until) == 0)
		return true;
	pthread_detach(thread);
	return false;
}
