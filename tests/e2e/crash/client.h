/*
 * One client of the crash test: makes random writes through kills of the server. Half of them go
 * through a connection that repeats until there is an answer: they must happen once. The others are
 * sent once: when the answer is lost, the store must hold all of the write or nothing of it.
 */
#pragma once
#include "e2e/crash/world.h"

#include <lectern/client.h>
#include <pthread.h>
#include <stdatomic.h>

struct crash_client {
	pthread_t thread;
	const char *url;
	lectern_client *steady; /* repeats */
	lectern_client *once;
	struct world world;
	struct random random;
	unsigned counter;
	atomic_bool *stop;
	atomic_ullong acknowledged;
	/* Of those whose answer was lost. */
	unsigned long long found_done, found_undone;
};

void crash_client_start(struct crash_client *client, int number, const char *url,
	struct random random, atomic_bool *stop);

/* Waits for its end; then the store must hold its world. */
void crash_client_finish(struct crash_client *client);
