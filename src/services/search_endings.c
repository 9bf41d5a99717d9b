#include "services/search_endings.h"

#include <utf8proc.h>

/*
 * Chosen so that the beginning of a word and one of them have the stem of the word, for 98 of 100
 * beginnings whose stem is not longer than they are: by greedy set cover over the words of GNOME's
 * translations in the languages that have a stemmer. They are folded, and need not be endings of
 * the language.
 */
static const char *const latin[] = { "", "e", "n", "a", "g", "r", "te", "ng", "i", "k", "ig", "t",
	"o", "le", "s", "l", "nte", "ions", "nt", "u", "ent", "eri", "ente", "ons", "en", "ne", "m",
	"den", "ili", "z", "se", "ez", "one", "ione", "h", "ch", "ma", "ınız", "al", "ues", "et",
	"re", "do", "ivo", "ed", "jk", "ijk", "ta", "ak", "d", "y", "ss", "ble", "ation", "dad",
	"ento", "es", "ity", "iva", "lity", "nes", "or", "ty", "ul", "us" };
static const char *const cyrillic[] = { "", "ся", "ь", "о", "м", "ие", "т", "я", "ю", "сть", "й" };
static const char *const greek[] = { "", "α", "σ", "αι", "ι", "ν", "ται", "ε", "υ", "ρ", "ερ",
	"ηκε", "κε", "ο", "ια", "υν", "σε" };
static const char *const armenian[] = { "", "ց", "ել", "նը", "ր", "ունը", "յունը", "լ", "ւնը", "ծ",
	"ւ", "նա", "իա", "ւմ", "ս", "մ", "որ", "ես", "բ", "ու", "ք", "ան", "ակ", "յան", "յնում",
	"այնում" };
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
	if (character >= 0x0530 && character < 0x0590)
		return ENDINGS(armenian);
	return ENDINGS(other);
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
		struct slice ending = slice_of_text(endings.texts[i % endings.count]);
		size_t size = prefix.size + ending.size;
		if (size > TERM_BYTES_MAX || count == SEARCH_ENDINGS_MAX)
			continue;
		if (ending.size > 0)
			memcpy(word + prefix.size, ending.data, ending.size);
		struct slice stem =
			analyzer_stem(analyzer, slice_of(word, size), languages[i / endings.count]);
		if (slice_begins_with(stem, prefix) || is_listed(ret, count, stem))
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
