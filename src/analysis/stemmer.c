#include "analysis/stemmer.h"

#include "base/text.h"

#include <assert.h>
#include <libstemmer.h>
#include <stdlib.h>
#include <strings.h>

/*
 * What libstemmer has had since 2.2. The index holds the numbers: never give one a new meaning.
 * Stemmers do without the accents that folding removed: some endings of Portuguese, Romanian,
 * Turkish and Hungarian stay on, alike in texts and in queries.
 */
static const char *const algorithms[ANALYZER_LANGUAGES_MAX] = {
	[1] = "arabic",
	[2] = "armenian",
	[3] = "basque",
	[4] = "catalan",
	[5] = "danish",
	[6] = "dutch",
	[7] = "english",
	[8] = "finnish",
	[9] = "french",
	[10] = "german",
	[11] = "greek",
	[12] = "hindi",
	[13] = "hungarian",
	[14] = "indonesian",
	[15] = "irish",
	[16] = "italian",
	[17] = "lithuanian",
	[18] = "nepali",
	[19] = "norwegian",
	[20] = "portuguese",
	[21] = "romanian",
	[22] = "russian",
	[23] = "serbian",
	[24] = "spanish",
	[25] = "swedish",
	[26] = "tamil",
	[27] = "turkish",
	[28] = "yiddish",
};

enum { ENGLISH = 7 };

/* Primary subtags (RFC 5646, section 2.2.1). */
static const struct {
	const char *subtag;
	unsigned language;
} subtags[] = {
	{ "", ENGLISH },
	{ "und", ENGLISH },
	{ "ar", 1 },
	{ "hy", 2 },
	{ "eu", 3 },
	{ "ca", 4 },
	{ "da", 5 },
	{ "nl", 6 },
	{ "en", ENGLISH },
	{ "fi", 8 },
	{ "fr", 9 },
	{ "de", 10 },
	{ "el", 11 },
	{ "hi", 12 },
	{ "hu", 13 },
	{ "id", 14 },
	{ "ga", 15 },
	{ "it", 16 },
	{ "lt", 17 },
	{ "ne", 18 },
	{ "no", 19 },
	{ "nb", 19 },
	{ "nn", 19 },
	{ "pt", 20 },
	{ "ro", 21 },
	{ "ru", 22 },
	{ "sr", 23 },
	{ "es", 24 },
	{ "sv", 25 },
	{ "ta", 26 },
	{ "tr", 27 },
	{ "yi", 28 },
};

unsigned analyzer_language(const char *language)
{
	size_t size = strcspn(language, "-_");
	for (size_t i = 0; i < sizeof subtags / sizeof *subtags; i++)
		if (strlen(subtags[i].subtag) == size &&
			strncasecmp(subtags[i].subtag, language, size) == 0)
			return subtags[i].language;
	return 0;
}

/* Words repeat: the last one of each hash is remembered, so that most are not stemmed again. */
enum { REMEMBERED_COUNT = 8192, REMEMBERED_BYTES_MAX = 15 };

struct remembered {
	uint8_t language;
	uint8_t word_size; /* 0: nothing is remembered */
	uint8_t stem_size;
	uint8_t word[REMEMBERED_BYTES_MAX];
	uint8_t stem[REMEMBERED_BYTES_MAX];
};

struct stemmers {
	struct sb_stemmer *of[ANALYZER_LANGUAGES_MAX];
	struct remembered remembered[REMEMBERED_COUNT];
};

struct stemmers *stemmers_new(void)
{
	struct stemmers *stemmers = calloc(1, sizeof *stemmers);
	if (stemmers == NULL)
		return NULL;
	for (size_t i = 0; i < ANALYZER_LANGUAGES_MAX; i++) {
		if (algorithms[i] == NULL)
			continue;
		stemmers->of[i] = sb_stemmer_new(algorithms[i], "UTF_8");
		if (stemmers->of[i] == NULL) {
			stemmers_free(stemmers);
			return NULL;
		}
	}
	return stemmers;
}

void stemmers_free(struct stemmers *stemmers)
{
	if (stemmers == NULL)
		return;
	for (size_t i = 0; i < ANALYZER_LANGUAGES_MAX; i++)
		if (stemmers->of[i] != NULL)
			sb_stemmer_delete(stemmers->of[i]);
	free(stemmers);
}

static struct slice run_stemmer(struct sb_stemmer *stemmer, struct slice word)
{
	const sb_symbol *stem = sb_stemmer_stem(stemmer, word.data, (int)word.size);
	int size = stem == NULL ? 0 : sb_stemmer_length(stemmer);
	if (size <= 0)
		return word;
	struct slice all = slice_of(stem, (size_t)size);
	return slice_of(stem, text_cut(all, TERM_BYTES_MAX));
}

/* FNV-1a, http://www.isthe.com/chongo/tech/comp/fnv/ */
static uint32_t hash(struct slice word, uint32_t seed)
{
	uint32_t value = UINT32_C(0x811C9DC5) ^ seed;
	for (size_t i = 0; i < word.size; i++)
		value = (value ^ word.data[i]) * UINT32_C(0x01000193);
	return value ^ value >> 16;
}

struct slice stemmers_stem(struct stemmers *stemmers, struct slice word, unsigned language)
{
	assert(language < ANALYZER_LANGUAGES_MAX && word.size <= TERM_BYTES_MAX);
	struct sb_stemmer *stemmer = stemmers->of[language];
	if (stemmer == NULL || word.size == 0)
		return word;
	if (word.size > REMEMBERED_BYTES_MAX)
		return run_stemmer(stemmer, word);
	struct remembered *place = &stemmers->remembered[hash(word, language) % REMEMBERED_COUNT];
	if (place->language == language &&
		slice_equals(slice_of(place->word, place->word_size), word))
		return slice_of(place->stem, place->stem_size);
	struct slice stem = run_stemmer(stemmer, word);
	if (stem.size > REMEMBERED_BYTES_MAX)
		return stem;
	place->language = (uint8_t)language;
	place->word_size = (uint8_t)word.size;
	memcpy(place->word, word.data, word.size);
	place->stem_size = (uint8_t)stem.size;
	memcpy(place->stem, stem.data, stem.size);
	return stem;
}
