#include "services/search_endings.h"

#include <utf8proc.h>

/* Ends of inflected and derived words, chosen so that the beginning of a word and one of them give
 * the stem of the word: they need not be the word's own. */
static const char *const latin[] = { "", "e", "s", "a", "o", "i", "n", "d", "t", "y", "g", "l", "m",
	"r", "ed", "es", "er", "en", "ng", "ss", "ly", "ty", "on", "nt", "al", "os", "as", "ar",
	"ir", "ing", "ion", "ent", "est", "ble", "ous", "ive", "ate", "ess", "ity", "ism", "ist",
	"ness", "ment", "ance", "ation" };
static const char *const cyrillic[] = { "", "а", "е", "и", "й", "о", "у", "ы", "ь", "я", "т", "м",
	"х", "ой", "ей", "ом", "ем", "ам", "ах", "ть", "ся", "ий", "ый", "ая", "ые", "ого", "ами",
	"ние", "ость", "ться" };
static const char *const greek[] = { "", "α", "ε", "η", "ι", "ο", "ς", "ν", "υ", "ας", "ες", "ης",
	"ος", "ου", "ων", "ει", "ουν", "ματα" };
static const char *const other[] = { "" };

struct endings {
	const char *const *texts;
	size_t count;
};

#define ENDINGS(list) ((struct endings){ .texts = (list), .count = sizeof(list) / sizeof *(list) })

/* By the Unicode block of the prefix's first character. */
static struct endings endings_of(struct slice prefix)
{
	utf8proc_int32_t character = 0;
	(void)utf8proc_iterate(prefix.data, (utf8proc_ssize_t)prefix.size, &character);
	if (character < 0x0250)
		return ENDINGS(latin);
	if (character >= 0x0370 && character < 0x0400)
		return ENDINGS(greek);
	if (character >= 0x0400 && character < 0x0530)
		return ENDINGS(cyrillic);
	return ENDINGS(other);
}

static bool begins_with(struct slice text, struct slice prefix)
{
	return text.size >= prefix.size && memcmp(text.data, prefix.data, prefix.size) == 0;
}

static bool is_listed(const struct slice *stems, size_t count, struct slice stem)
{
	for (size_t i = 0; i < count; i++)
		if (slice_equals(stems[i], stem))
			return true;
	return false;
}

bool search_stems_of_prefix(struct arena *arena, struct analyzer *analyzer, struct slice prefix,
	const uint8_t *languages, size_t language_count, struct slice ret[SEARCH_ENDINGS_MAX],
	size_t *ret_count)
{
	struct endings endings = endings_of(prefix);
	uint8_t word[2 * TERM_BYTES_MAX];
	size_t count = 0;
	memcpy(word, prefix.data, prefix.size);
	for (size_t i = 0; i < endings.count * language_count; i++) {
		const char *ending = endings.texts[i % endings.count];
		size_t size = prefix.size + strlen(ending);
		if (size > TERM_BYTES_MAX || count == SEARCH_ENDINGS_MAX)
			continue;
		memcpy(word + prefix.size, ending, strlen(ending));
		struct slice stem =
			analyzer_stem(analyzer, slice_of(word, size), languages[i / endings.count]);
		if (begins_with(stem, prefix) || is_listed(ret, count, stem))
			continue;
		uint8_t *kept = arena_alloc(arena, stem.size);
		if (kept == NULL)
			return false;
		memcpy(kept, stem.data, stem.size);
		ret[count++] = slice_of(kept, stem.size);
	}
	*ret_count = count;
	return true;
}
