#include "analysis/characters.h"

#include <utf8proc.h>

static size_t decode(struct slice text, size_t at, utf8proc_int32_t *character)
{
	utf8proc_ssize_t size =
		utf8proc_iterate(text.data + at, (utf8proc_ssize_t)(text.size - at), character);
	if (size > 0)
		return (size_t)size;
	*character = -1;
	return 1;
}

struct range {
	utf8proc_int32_t first;
	utf8proc_int32_t last;
};

/* Blocks of the scripts without spaces (Unicode 15), ascending. Of what is in them only the letters
 * are meant. Hangul has spaces, but endings grow together with words. */
static const struct range dense_ranges[] = {
	{ 0x0E00, 0x0EFF },   /* Thai, Lao */
	{ 0x1000, 0x109F },   /* Myanmar */
	{ 0x1100, 0x11FF },   /* Hangul Jamo */
	{ 0x1780, 0x17FF },   /* Khmer */
	{ 0x2E80, 0x2FD5 },   /* radicals */
	{ 0x3005, 0x3007 },   /* iteration mark, closing mark, zero */
	{ 0x3021, 0x3029 },   /* Hangzhou numerals */
	{ 0x3031, 0x3035 },   /* kana repeat marks */
	{ 0x3038, 0x303C },   /* Hangzhou numerals, masu */
	{ 0x3041, 0x30FF },   /* Hiragana, Katakana */
	{ 0x3131, 0x318E },   /* Hangul Compatibility Jamo */
	{ 0x31F0, 0x31FF },   /* Katakana Phonetic Extensions */
	{ 0x3400, 0x4DBF },   /* CJK Unified Ideographs Extension A */
	{ 0x4E00, 0x9FFF },   /* CJK Unified Ideographs */
	{ 0xA960, 0xA97F },   /* Hangul Jamo Extended-A */
	{ 0xA9E0, 0xA9FF },   /* Myanmar Extended-B */
	{ 0xAA60, 0xAA7F },   /* Myanmar Extended-A */
	{ 0xAC00, 0xD7FF },   /* Hangul Syllables, Jamo Extended-B */
	{ 0xF900, 0xFAFF },   /* CJK Compatibility Ideographs */
	{ 0xFF66, 0xFFDC },   /* halfwidth Katakana and Hangul */
	{ 0x1AFF0, 0x1B16F }, /* Kana Extended-B, Supplement, Extended-A, Small Extension */
	{ 0x20000, 0x3FFFF }, /* CJK Unified Ideographs Extension B and later */
};

static bool is_dense(utf8proc_int32_t character)
{
	size_t low = 0;
	size_t high = sizeof dense_ranges / sizeof *dense_ranges;
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (character > dense_ranges[middle].last)
			low = middle + 1;
		else
			high = middle;
	}
	return low < sizeof dense_ranges / sizeof *dense_ranges &&
	       character >= dense_ranges[low].first;
}

/* The bulk of what is written in East Asia: letters that fold to themselves. */
static bool is_plain_dense(utf8proc_int32_t character)
{
	return (character >= 0x4E00 && character <= 0x9FFF) ||
	       (character >= 0xAC00 && character <= 0xD7A3) ||
	       (character >= 0x3041 && character <= 0x3096) ||
	       (character >= 0x30A1 && character <= 0x30FA);
}

/* Letters that are written behind the one they belong to: halfwidth voicing marks, the vowels and
 * final consonants of Hangul. */
static bool is_trailing_letter(utf8proc_int32_t character)
{
	return character == 0xFF9E || character == 0xFF9F ||
	       (character >= 0x1160 && character <= 0x11FF) ||
	       (character >= 0xD7B0 && character <= 0xD7FF);
}

static bool is_apostrophe(utf8proc_int32_t character)
{
	/* U+02BC is a letter to Unicode, but an apostrophe to who writes it. */
	return character == '\'' || character == 0x2019 || character == 0x2018 ||
	       character == 0x02BC || character == 0xFF07;
}

static enum character_kind kind_of_letter(utf8proc_int32_t character)
{
	switch (utf8proc_category(character)) {
	case UTF8PROC_CATEGORY_LU:
	case UTF8PROC_CATEGORY_LL:
	case UTF8PROC_CATEGORY_LT:
	case UTF8PROC_CATEGORY_LM:
	case UTF8PROC_CATEGORY_LO:
	case UTF8PROC_CATEGORY_NL:
		return is_dense(character) ? CHARACTER_DENSE : CHARACTER_WORD;
	case UTF8PROC_CATEGORY_ND:
	case UTF8PROC_CATEGORY_NO:
		return CHARACTER_WORD;
	case UTF8PROC_CATEGORY_MN:
	case UTF8PROC_CATEGORY_MC:
	case UTF8PROC_CATEGORY_ME:
		return CHARACTER_MARK;
	case UTF8PROC_CATEGORY_SO: /* the radicals */
		return is_dense(character) ? CHARACTER_DENSE : CHARACTER_OTHER;
	default:
		return CHARACTER_OTHER;
	}
}

static enum character_kind kind_of(utf8proc_int32_t character)
{
	if (is_plain_dense(character))
		return CHARACTER_DENSE;
	if ((character >= 0x0A && character <= 0x0D) || character == 0x85 || character == 0x2028 ||
		character == 0x2029)
		return CHARACTER_BREAK;
	if (is_apostrophe(character))
		return CHARACTER_APOSTROPHE;
	/* The zero width space is there to separate. */
	if (character < 0 || character == 0x200B)
		return CHARACTER_OTHER;
	if (utf8proc_get_property(character)->ignorable)
		return CHARACTER_INVISIBLE;
	return kind_of_letter(character);
}

enum character_kind character_at(struct slice text, size_t at, size_t *size)
{
	utf8proc_int32_t character;
	*size = decode(text, at, &character);
	return kind_of(character);
}

size_t dense_character_end(struct slice text, size_t at)
{
	utf8proc_int32_t character;
	size_t end = at + decode(text, at, &character);
	for (size_t next = end; next < text.size;) {
		next += decode(text, next, &character);
		enum character_kind kind = kind_of(character);
		if (kind != CHARACTER_MARK && kind != CHARACTER_INVISIBLE &&
			!is_trailing_letter(character))
			break;
		end = next;
	}
	return end;
}

bool is_han_or_kana(struct slice text, size_t at)
{
	enum { FIRST = 0x2E80 }; /* Thai and its neighbours are before */
	utf8proc_int32_t character;
	if (at >= text.size)
		return false;
	decode(text, at, &character);
	bool hangul = (character >= 0x3131 && character <= 0x318E) ||
		      (character >= 0xA960 && character <= 0xD7FF) ||
		      (character >= 0xFFA0 && character <= 0xFFDC);
	return character >= FIRST && !hangul && kind_of(character) == CHARACTER_DENSE;
}

/* A mark that readers leave out: by its canonical combining class, 10 to 36 points of Hebrew,
 * Arabic and Syriac, 1 strokes, 200 and above those of position. Kept are 0 (vowels), 7 (nukta), 8
 * (voicing of kana), 9 (virama) and the vowels and tones of single scripts below 200. */
static bool is_accent(utf8proc_int32_t character)
{
	const utf8proc_property_t *property = utf8proc_get_property(character);
	int class = property->combining_class;
	return property->category == UTF8PROC_CATEGORY_ME || class >= 200 || class == 1 ||
	       (class >= 10 && class <= 36);
}

struct folded {
	utf8proc_int32_t characters[TERM_BYTES_MAX];
	size_t count;
};

static void add(struct folded *folded, utf8proc_int32_t character)
{
	enum { CYRILLIC_FIRST = 0x400, CYRILLIC_LAST = 0x52F, BREVE = 0x306 };
	if (folded->count == TERM_BYTES_MAX)
		return;
	enum character_kind kind = kind_of(character);
	if (kind != CHARACTER_WORD && kind != CHARACTER_DENSE && kind != CHARACTER_MARK)
		return;
	if (is_accent(character)) {
		utf8proc_int32_t before =
			folded->count == 0 ? 0 : folded->characters[folded->count - 1];
		if (character != BREVE || before < CYRILLIC_FIRST || before > CYRILLIC_LAST)
			return;
	}
	folded->characters[folded->count++] = character;
}

/* What people type for letters that have no decomposition. */
static const char *plain_letters(utf8proc_int32_t character)
{
	switch (character) {
	case 0xE6:
		return "ae";
	case 0xF8:
		return "o";
	case 0x111:
		return "d";
	case 0x127:
		return "h";
	case 0x131:
		return "i";
	case 0x142:
		return "l";
	case 0x153:
		return "oe";
	default:
		return NULL;
	}
}

/* The longest decomposition has 18 characters (U+FDFA). */
enum { DECOMPOSED_MAX = 32 };

static size_t decompose(
	utf8proc_int32_t character, utf8proc_option_t options, utf8proc_int32_t ret[DECOMPOSED_MAX])
{
	int boundary = 0;
	utf8proc_ssize_t count = utf8proc_decompose_char(character, ret, DECOMPOSED_MAX,
		UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT | options, &boundary);
	return count < 0 || count > DECOMPOSED_MAX ? 0 : (size_t)count;
}

static void add_folded_case(struct folded *folded, utf8proc_int32_t character)
{
	/* Before the case is folded: it makes a letter of the mark U+0345. */
	if (kind_of(character) == CHARACTER_MARK) {
		add(folded, character);
		return;
	}
	utf8proc_int32_t parts[DECOMPOSED_MAX];
	size_t count = decompose(character, UTF8PROC_CASEFOLD, parts);
	for (size_t i = 0; i < count; i++) {
		const char *plain = plain_letters(parts[i]);
		if (plain == NULL)
			add(folded, parts[i]);
		for (; plain != NULL && *plain != '\0'; plain++)
			add(folded, *plain);
	}
}

/* Canonical ordering (Unicode 3.11, D109), of at most TERM_BYTES_MAX characters. */
static void put_in_order(struct folded *folded)
{
	for (size_t i = 1; i < folded->count; i++) {
		utf8proc_int32_t moved = folded->characters[i];
		int class = utf8proc_get_property(moved)->combining_class;
		size_t to = i;
		for (; class != 0 && to > 0; to--) {
			utf8proc_int32_t before = folded->characters[to - 1];
			if (utf8proc_get_property(before)->combining_class <= class)
				break;
			folded->characters[to] = before;
		}
		folded->characters[to] = moved;
	}
}

static size_t encode(const struct folded *folded, uint8_t *out, size_t capacity)
{
	size_t size = 0;
	for (size_t i = 0; i < folded->count; i++) {
		utf8proc_uint8_t bytes[4];
		size_t length = (size_t)utf8proc_encode_char(folded->characters[i], bytes);
		if (size + length > capacity)
			break;
		memcpy(out + size, bytes, length);
		size += length;
	}
	return size;
}

size_t fold_word(struct slice word, uint8_t *out, size_t capacity)
{
	utf8proc_int32_t first = -1;
	if (word.size > 0 && word.size <= capacity && decode(word, 0, &first) == word.size &&
		is_plain_dense(first)) {
		memcpy(out, word.data, word.size);
		return word.size;
	}
	struct folded folded;
	folded.count = 0;
	for (size_t at = 0; at < word.size && folded.count < TERM_BYTES_MAX;) {
		utf8proc_int32_t character;
		utf8proc_int32_t parts[DECOMPOSED_MAX];
		at += decode(word, at, &character);
		if (character < 0)
			continue;
		if (character < 0x80) {
			add_folded_case(&folded, character);
			continue;
		}
		size_t count = decompose(character, 0, parts);
		for (size_t i = 0; i < count; i++)
			add_folded_case(&folded, parts[i]);
	}
	put_in_order(&folded);
	utf8proc_ssize_t composed = utf8proc_normalize_utf32(folded.characters,
		(utf8proc_ssize_t)folded.count, UTF8PROC_COMPOSE | UTF8PROC_STABLE);
	folded.count = composed < 0 ? 0 : (size_t)composed;
	return encode(&folded, out, capacity);
}
