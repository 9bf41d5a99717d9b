#include "rpc/reply_cache.h"

#define XXH_INLINE_ALL /* the library is a header then; nothing to link */
#include <pthread.h>
#include <stdlib.h>
#include <sys/random.h>
#include <xxhash.h>

enum {
	SHARDS = 16, /* a power of two; each with a lock of its own */
	BUCKETS = 1024,
	/* Requests that were offered, of each shard: sets in which a later one takes the place of
	 * the oldest. Sets of one would let two requests that come in turns push each other out for
	 * ever, and a cache of some thousand requests has dozens of such pairs. */
	SEEN_SETS = 1024,
	SEEN_WAYS = 4,
	SHARE = 4, /* of a shard's bytes one reply may have one part in so many */
};

struct entry {
	struct cached_reply reply; /* what others see of it */
	struct reply_key key;
	uint64_t hash;
	size_t bytes;
	atomic_uint refs; /* the cache's and those of its users */
	bool used;	  /* since it was listed; then it is listed once more before it goes */
	struct entry *next_in_bucket;
	/* In the order in which they were listed. To keep that of the last uses would touch three
	 * of them for each. */
	struct entry *older;
	struct entry *newer;
	uint8_t memory[]; /* the request, then the payload */
};

struct shard {
	_Alignas(64) pthread_mutex_t mutex; /* for everything below */
	struct entry *buckets[BUCKETS];
	struct entry *oldest;
	struct entry *newest;
	size_t bytes;
	uint64_t count;
	uint64_t hits;
	uint64_t misses;
	uint16_t seen[SEEN_SETS][SEEN_WAYS]; /* each the newest first */
};

struct reply_cache {
	size_t shard_bytes_max;
	uint64_t seed; /* so that nobody can choose requests that fall together */
	struct shard shards[SHARDS];
};

enum code reply_cache_new(size_t max_bytes, struct reply_cache **ret, struct error *err)
{
	struct reply_cache *cache = aligned_alloc(_Alignof(struct reply_cache), sizeof *cache);
	if (cache == NULL)
		return fail_out_of_memory(err);
	memset(cache, 0, sizeof *cache);
	cache->shard_bytes_max = max_bytes / SHARDS;
	if (getrandom(&cache->seed, sizeof cache->seed, GRND_NONBLOCK) != sizeof cache->seed)
		cache->seed = (uintptr_t)cache; /* early at boot; still different each time */
	for (size_t i = 0; i < SHARDS; i++)
		pthread_mutex_init(&cache->shards[i].mutex, NULL);
	*ret = cache;
	return CODE_OK;
}

void reply_cache_free(struct reply_cache *cache)
{
	if (cache == NULL)
		return;
	for (size_t i = 0; i < SHARDS; i++) {
		struct shard *shard = &cache->shards[i];
		while (shard->oldest != NULL) {
			struct entry *entry = shard->oldest;
			shard->oldest = entry->newer;
			free(entry);
		}
		pthread_mutex_destroy(&shard->mutex);
	}
	free(cache);
}

static struct entry *entry_of(const struct cached_reply *reply)
{
	return (struct entry *)((uintptr_t)reply - offsetof(struct entry, reply));
}

static void release(struct entry *entry)
{
	if (atomic_fetch_sub(&entry->refs, 1) == 1)
		free(entry);
}

void reply_cache_release(const struct cached_reply *reply)
{
	release(entry_of(reply));
}

static uint64_t hash_of(const struct reply_cache *cache, const struct reply_key *key)
{
	uint64_t seed = cache->seed ^ (uintptr_t)key->kind;
	return XXH3_64bits_withSeed(key->request.data, key->request.size, seed);
}

static struct shard *shard_of(struct reply_cache *cache, uint64_t hash)
{
	return &cache->shards[hash & (SHARDS - 1)];
}

static struct entry **bucket_of(struct shard *shard, uint64_t hash)
{
	return &shard->buckets[(hash >> 8) & (BUCKETS - 1)];
}

/* Of the same request, whatever its version is. */
static struct entry *find(struct shard *shard, uint64_t hash, const struct reply_key *key)
{
	struct entry *entry = *bucket_of(shard, hash);
	while (entry != NULL && (entry->hash != hash || entry->key.kind != key->kind ||
					!slice_equals(entry->key.request, key->request)))
		entry = entry->next_in_bucket;
	return entry;
}

static void unlist(struct shard *shard, struct entry *entry)
{
	*(entry->older != NULL ? &entry->older->newer : &shard->oldest) = entry->newer;
	*(entry->newer != NULL ? &entry->newer->older : &shard->newest) = entry->older;
}

static void list_newest(struct shard *shard, struct entry *entry)
{
	entry->newer = NULL;
	entry->older = shard->newest;
	*(shard->newest != NULL ? &shard->newest->newer : &shard->oldest) = entry;
	shard->newest = entry;
}

static void forget(struct shard *shard, struct entry *entry)
{
	struct entry **at = bucket_of(shard, entry->hash);
	while (*at != entry)
		at = &(*at)->next_in_bucket;
	*at = entry->next_in_bucket;
	unlist(shard, entry);
	shard->bytes -= entry->bytes;
	shard->count--;
	release(entry);
}

/* One that was not used for the time of a round; of none, the one that was listed first. */
static void evict(struct shard *shard)
{
	while (shard->oldest->used) {
		struct entry *entry = shard->oldest;
		entry->used = false;
		unlist(shard, entry);
		list_newest(shard, entry);
	}
	forget(shard, shard->oldest);
}

const struct cached_reply *reply_cache_find(struct reply_cache *cache, const struct reply_key *key)
{
	uint64_t hash = hash_of(cache, key);
	struct shard *shard = shard_of(cache, hash);
	pthread_mutex_lock(&shard->mutex);
	struct entry *entry = find(shard, hash, key);
	if (entry != NULL && entry->key.version != key->version)
		entry = NULL;
	if (entry != NULL) {
		atomic_fetch_add(&entry->refs, 1);
		entry->used = true;
		shard->hits++;
	} else {
		shard->misses++;
	}
	pthread_mutex_unlock(&shard->mutex);
	return entry == NULL ? NULL : &entry->reply;
}

/* Whether the request was offered before; from now on it was. */
static bool was_seen(struct shard *shard, uint64_t hash)
{
	uint16_t *set = shard->seen[(hash >> 8) & (SEEN_SETS - 1)];
	uint16_t tag = (uint16_t)(hash >> 48);
	unsigned way = 0;
	pthread_mutex_lock(&shard->mutex);
	while (way < SEEN_WAYS && set[way] != tag)
		way++;
	bool seen = way < SEEN_WAYS;
	if (!seen) {
		memmove(set + 1, set, (SEEN_WAYS - 1) * sizeof *set);
		set[0] = tag;
	}
	pthread_mutex_unlock(&shard->mutex);
	return seen;
}

static struct entry *make_entry(
	const struct reply_key *key, const struct slice *parts, size_t count, size_t size_bytes)
{
	size_t bytes = sizeof(struct entry) + key->request.size + size_bytes;
	struct entry *entry = malloc(bytes);
	if (entry == NULL)
		return NULL;
	uint8_t *out = entry->memory;
	if (key->request.size > 0)
		memcpy(out, key->request.data, key->request.size);
	out += key->request.size;
	entry->key = *key;
	entry->key.request = slice_of(entry->memory, key->request.size);
	entry->reply.payload = slice_of(out, size_bytes);
	entry->bytes = bytes;
	for (size_t i = 0; i < count; i++) {
		memcpy(out, parts[i].data, parts[i].size);
		out += parts[i].size;
	}
	return entry;
}

void reply_cache_offer(struct reply_cache *cache, const struct reply_key *key,
	const struct slice *parts, size_t count, uint64_t revision)
{
	size_t size_bytes = 0;
	for (size_t i = 0; i < count; i++)
		size_bytes += parts[i].size;
	uint64_t hash = hash_of(cache, key);
	struct shard *shard = shard_of(cache, hash);
	size_t bytes_max = cache->shard_bytes_max;
	if (sizeof(struct entry) + key->request.size + size_bytes > bytes_max / SHARE ||
		!was_seen(shard, hash))
		return;
	struct entry *entry = make_entry(key, parts, count, size_bytes);
	if (entry == NULL)
		return;
	entry->reply.revision = revision;
	entry->hash = hash;
	entry->used = false;
	atomic_init(&entry->refs, 1);
	pthread_mutex_lock(&shard->mutex);
	struct entry *before = find(shard, hash, key);
	if (before != NULL)
		forget(shard, before);
	while (shard->bytes + entry->bytes > bytes_max)
		evict(shard);
	struct entry **bucket = bucket_of(shard, hash);
	entry->next_in_bucket = *bucket;
	*bucket = entry;
	list_newest(shard, entry);
	shard->bytes += entry->bytes;
	shard->count++;
	pthread_mutex_unlock(&shard->mutex);
}

void reply_cache_read_stats(struct reply_cache *cache, struct rpc_cache_stats *ret)
{
	for (size_t i = 0; i < SHARDS; i++) {
		struct shard *shard = &cache->shards[i];
		pthread_mutex_lock(&shard->mutex);
		ret->replies += shard->count;
		ret->bytes += shard->bytes;
		ret->hits += shard->hits;
		ret->misses += shard->misses;
		pthread_mutex_unlock(&shard->mutex);
	}
}
