#include "services/analyzers.h"

#include "analysis/analyzer.h"

#include <pthread.h>
#include <stdlib.h>

enum { KEPT_MAX = 64 };

struct analyzers {
	pthread_mutex_t mutex;
	struct analyzer *kept[KEPT_MAX]; /* owned */
	size_t count;
};

struct analyzers *analyzers_new(void)
{
	struct analyzers *analyzers = calloc(1, sizeof *analyzers);
	if (analyzers != NULL)
		pthread_mutex_init(&analyzers->mutex, NULL);
	return analyzers;
}

void analyzers_free(struct analyzers *analyzers)
{
	if (analyzers == NULL)
		return;
	while (analyzers->count > 0)
		analyzer_free(analyzers->kept[--analyzers->count]);
	pthread_mutex_destroy(&analyzers->mutex);
	free(analyzers);
}

struct analyzer *analyzers_take(struct analyzers *analyzers)
{
	struct analyzer *analyzer = NULL;
	pthread_mutex_lock(&analyzers->mutex);
	if (analyzers->count > 0)
		analyzer = analyzers->kept[--analyzers->count];
	pthread_mutex_unlock(&analyzers->mutex);
	return analyzer != NULL ? analyzer : analyzer_new();
}

void analyzers_give(struct analyzers *analyzers, struct analyzer *analyzer)
{
	if (analyzer == NULL)
		return;
	pthread_mutex_lock(&analyzers->mutex);
	bool keep = analyzers->count < KEPT_MAX;
	if (keep)
		analyzers->kept[analyzers->count++] = analyzer;
	pthread_mutex_unlock(&analyzers->mutex);
	if (!keep)
		analyzer_free(analyzer);
}
