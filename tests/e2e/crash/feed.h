/* A follower over the network: reads the change log through kills of the server, and in the end
 * knows every post and tag as it is. */
#pragma once
#include <lectern/client.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

struct crash_feed {
	pthread_t thread;
	lectern_client *client;
	atomic_bool *stop;
	char epoch[64];
	_Atomic uint64_t revision; /* of the last change that was read */
	struct feed_entity *entities;
	size_t count, capacity;
};

void crash_feed_start(struct crash_feed *feed, const char *url, atomic_bool *stop);

/* Reads to the end of the log and compares with the lists of posts and tags. Nobody writes. */
void crash_feed_finish(struct crash_feed *feed);
