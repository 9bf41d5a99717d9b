#include "analysis/analyzer.h"

#include "base/text.h"
#include "support/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static int set_up(void **state)
{
	*state = analyzer_new();
	return *state == NULL;
}

static int tear_down(void **state)
{
	analyzer_free(*state);
	return 0;
}

static struct slice slice_of_literal(const char *text)
{
	return slice_of(text, strlen(text));
}

/* Tokens as "[/]WORD[=TERM][KIND]@START-END", the kind ':' for pairs and '.' for the last; a '/'
 * says after_break. */
static const char *describe(
	struct analyzer *analyzer, struct slice text, const char *language, bool offsets)
{
	static char out[4096];
	struct token token;
	size_t size = 0;
	out[0] = '\0';
	analyzer_start(analyzer, text, language);
	while (analyzer_next(analyzer, &token)) {
		static const char *const kinds[] = { "", ":", "." };
		size += (size_t)snprintf(out + size, sizeof out - size, "%s%s%.*s%s",
			size == 0 ? "" : " ", token.after_break ? "/" : "", (int)token.word.size,
			(const char *)token.word.data, kinds[token.kind]);
		if (!slice_equals(token.word, token.term))
			size += (size_t)snprintf(out + size, sizeof out - size, "=%.*s",
				(int)token.term.size, (const char *)token.term.data);
		if (offsets)
			size += (size_t)snprintf(
				out + size, sizeof out - size, "@%zu-%zu", token.start, token.end);
		assert_true(size < sizeof out);
	}
	return out;
}

static void test_words(void **state)
{
	static const struct {
		const char *label, *text, *want;
	} cases[] = {
		{ "empty", "", "" },
		{ "only separators", " \t-_.,;!\"()[]*", "" },
		{ "case", "Hello WORLD hELLO", "hello world hello" },
		{ "digits", "2023 3.14 mp3 4K", "2023 3 14 mp3 4k" },
		{ "punctuation", "e-mail snake_case a/b,c", "e mail snake case a b c" },
		{ "accents", "Café naïve Ångström São", "cafe naive angstrom sao" },
		{ "decomposed accents", "Cafe\u0301 A\u030Angstro\u0308m", "cafe angstrom" },
		{ "many marks", "a\u0301\u0302\u0303\u0323b", "ab" },
		{ "width", "ＣＡＦÉ １２３ ｆｕｌｌ", "cafe 123 full" },
		{ "ligatures", "ﬁne ﬂow Straße", "fine flow strasse" },
		{ "compatibility", "x² ① ℌello", "x2 1 hello" },
		{ "letters without decomposition", "Łódź Ærø Œuvre Đặng ısı İ",
			"lodz aero oeuvre dang isi i" },
		{ "iota below", "ᾳ α\u0345", "α α" },
		{ "Greek", "Σίσυφος ΣΊΣΥΦΟΣ", "σισυφοσ σισυφοσ" },
		{ "Cyrillic", "ЁЖ ещё новый вода\u0301", "еж еще новый вода" },
		{ "breve that is a letter", "и\u0306 й ў", "й й ў" },
		{ "Hebrew points", "שָׁלוֹם שלום", "שלום שלום" },
		{ "Arabic points", "كِتَاب أحمد", "كتاب احمد" },
		{ "Devanagari keeps vowels", "किताब की का", "किताब की का" },
		{ "apostrophes", "don't don’t DONʼT dogs' 'tis rock''n",
			"dont dont dont dogs tis rock n" },
		{ "two apostrophes", "rock'n'roll y'all'd've", "rocknroll yalldve" },
		{ "strokes", "a\u0336b\u0338", "ab" },
		{ "order of marks", "क\u094D\u093C क\u093C\u094D", "क\u093C\u094D क\u093C\u094D" },
		{ "apostrophe at the end", "rock’", "rock" },
		{ "elision", "l'eau L’école d'Art qu'il jusqu’au dell'arte c'mon o'clock",
			"l eau l ecole d art qu il jusqu au dell arte cmon oclock" },
		{ "soft hyphen, joiner",
			"so\xC2\xAD"
			"ft a\u200Db \u200Dc",
			"soft ab c" },
		{ "zero width space", "a\u200Bb", "a b" },
		{ "emoji", "I ❤️ 🍕🍕 pizza👩‍💻s 1️⃣", "i pizza s 1" },
		{ "marks without a letter", "\u0301 \u0301a \u20E3", "a" },
		{ "no-break space",
			"a\xC2\xA0"
			"b",
			"a b" },
		{ "a word from nothing", "ﷺ", "صلىاللهعليهوسلم" },
		{ "dashes and quotes", "“word”—word…", "word word" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *got = describe(*state, slice_of_literal(cases[i].text), "zxx", false);
		if (strcmp(got, cases[i].want) != 0)
			fail_msg("%s: got \"%s\", want \"%s\"", cases[i].label, got, cases[i].want);
	}
}

static void test_scripts_without_spaces(void **state)
{
	static const struct {
		const char *label, *text, *want;
	} cases[] = {
		{ "one", "中", "中.@0-3" },
		{ "two", "中文", "中文:@0-6 文.@3-6" },
		{ "three", "中文字", "中文:@0-6 文字:@3-9 字.@6-9" },
		{ "runs end at punctuation", "中文，字", "中文:@0-6 文.@3-6 字.@9-12" },
		{ "with Latin", "用C语言abc写",
			"用.@0-3 c@3-4 语言:@4-10 言.@7-10 abc@10-13 写.@13-16" },
		{ "with digits", "2023年", "2023@0-4 年.@4-7" },
		{ "kana", "ひらカナ", "ひら:@0-6 らカ:@3-9 カナ:@6-12 ナ.@9-12" },
		{ "long vowel, iteration", "ラー々", "ラー:@0-6 ー々:@3-9 々.@6-9" },
		{ "halfwidth", "ｶﾅ", "カナ:@0-6 ナ.@3-6" },
		{ "halfwidth, voiced", "ｶﾞﾅ", "ガナ:@0-9 ナ.@6-9" },
		{ "decomposed kana", "か\u3099", "が.@0-6" },
		{ "Hangul", "한국어", "한국:@0-6 국어:@3-9 어.@6-9" },
		{ "decomposed Hangul", "\u1112\u1161\u11ab\u1100\u116e\u11a8",
			"한국:@0-18 국.@9-18" },
		{ "outside the first plane", "𠀀𠀁", "𠀀𠀁:@0-8 𠀁.@4-8" },
		{ "compatibility ideograph", "\uF900", "豈.@0-3" },
		{ "Kangxi radical", "⼀", "一.@0-3" },
		{ "variation selector", "中\uFE00文", "中文:@0-9 文.@6-9" },
		{ "Thai", "ไทยดี", "ไท:@0-6 ทย:@3-9 ยดี:@6-15 ดี.@9-15" },
		{ "break", "中\n文", "中.@0-3 /文.@4-7" },
		{ "fullwidth Latin is a word", "中Ａ", "中.@0-3 a@3-6" },
		{ "middle dot", "ア・イ", "ア.@0-3 イ.@6-9" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *got = describe(*state, slice_of_literal(cases[i].text), "zh", true);
		if (strcmp(got, cases[i].want) != 0)
			fail_msg("%s: got \"%s\", want \"%s\"", cases[i].label, got, cases[i].want);
	}
}

static void test_offsets_and_breaks(void **state)
{
	static const struct {
		const char *label, *text, *want;
	} cases[] = {
		{ "ASCII", " ab  c ", "ab@1-3 c@5-6" },
		{ "multi-byte", "é Éa", "e@0-2 ea@3-6" },
		{ "apostrophes belong", "don’t. dogs’", "dont@0-7 dogs@9-13" },
		{ "marks belong", "e\u0301.", "e@0-3" },
		{ "invisible at the end does not", "ab\xC2\xAD c", "ab@0-2 c@5-6" },
		{ "elision", "l’eau", "l@0-1 eau@4-7" },
		{ "break before the first", "\n\na", "a@2-3" },
		{ "breaks",
			"a\nb c\r\nd\u2028e\xC2\x85"
			"f",
			"a@0-1 /b@2-3 c@4-5 /d@7-8 /e@11-12 /f@14-15" },
		{ "break with more", "a - \n - b", "a@0-1 /b@8-9" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *got = describe(*state, slice_of_literal(cases[i].text), "zxx", true);
		if (strcmp(got, cases[i].want) != 0)
			fail_msg("%s: got \"%s\", want \"%s\"", cases[i].label, got, cases[i].want);
	}
}

static void test_long_words_are_cut_at_a_character(void **state)
{
	static const struct {
		const char *label, *unit;
		size_t count, want_size;
	} cases[] = {
		{ "just fits", "a", 64, 64 },
		{ "ASCII", "a", 65, 64 },
		{ "very long", "a", 100000, 64 },
		{ "two bytes", "ж", 100, 64 },
		{ "three bytes", "ᚠ", 100, 63 },
		{ "four bytes", "𐌰", 100, 64 },
		{ "accents", "é", 100, 64 },
		{ "marks alone", "\u0301", 100000, 0 },
		{ "Tamil with marks", "கி", 100, 63 },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		size_t unit = strlen(cases[i].unit);
		char *text = malloc(unit * cases[i].count + 1);
		for (size_t n = 0; n < cases[i].count; n++)
			memcpy(text + n * unit, cases[i].unit, unit);
		struct token token = { .word = { .size = 0 } };
		analyzer_start(*state, slice_of(text, unit * cases[i].count), "zxx");
		bool found = analyzer_next(*state, &token);
		if (found != (cases[i].want_size > 0) ||
			(found && (token.word.size != cases[i].want_size ||
					  token.end != unit * cases[i].count)))
			fail_msg("%s: %zu bytes, ends at %zu", cases[i].label, token.word.size,
				token.end);
		if (found)
			assert_int_equal(text_find_invalid(token.word), token.word.size);
		assert_false(analyzer_next(*state, &token));
		free(text);
	}
}

static void test_pairs_are_cut_at_a_character(void **state)
{
	char text[400] = "";
	struct token token;
	for (size_t i = 0; i < 2; i++) {
		strcat(text, "ด");
		for (size_t n = 0; n < 40; n++)
			strcat(text, "\u0E35");
	}
	size_t size = strlen(text);
	analyzer_start(*state, slice_of(text, size), "th");
	assert_true(analyzer_next(*state, &token));
	assert_int_equal(token.kind, TOKEN_PAIR);
	assert_int_equal(token.end, size);
	assert_int_equal(token.word.size, 60);
	assert_int_equal(text_find_invalid(token.word), 60);
	assert_true(analyzer_next(*state, &token));
	assert_int_equal(token.kind, TOKEN_LAST);
	assert_int_equal(token.word.size, 30);
	assert_false(analyzer_next(*state, &token));
}

/* Serbian writes three bytes for two. */
static void test_stems_that_grow_are_cut(void **state)
{
	char word[TERM_BYTES_MAX];
	for (size_t i = 0; i < sizeof word; i += 2)
		memcpy(word + i, "џ", 2);
	struct slice stem =
		analyzer_stem(*state, slice_of(word, sizeof word), analyzer_language("sr"));
	assert_in_range(stem.size, TERM_BYTES_MAX - 2, TERM_BYTES_MAX);
	assert_int_equal(text_find_invalid(stem), stem.size);
}

/* Whatever is written between letters, a word of ASCII is the same as its folded self. */
static void test_ascii_and_unicode_agree(void **state)
{
	struct random random = random_start();
	for (int round = 0; round < 2000; round++) {
		char plain[100], wide[400];
		size_t size = 1 + random_below(&random, 90);
		size_t wide_size = 0;
		for (size_t i = 0; i < size; i++) {
			plain[i] =
				"abcdefghijklmnopqrstuvwxyzABCXYZ0189"[random_below(&random, 36)];
			unsigned code = 0xFF00u + (unsigned)plain[i] - 0x20;
			wide[wide_size++] = (char)(0xE0 | code >> 12);
			wide[wide_size++] = (char)(0x80 | (code >> 6 & 0x3F));
			wide[wide_size++] = (char)(0x80 | (code & 0x3F));
		}
		struct token token;
		uint8_t word[TERM_BYTES_MAX], term[TERM_BYTES_MAX];
		analyzer_start(*state, slice_of(plain, size), "en");
		assert_true(analyzer_next(*state, &token));
		struct slice plain_word = slice_of(word, token.word.size);
		struct slice plain_term = slice_of(term, token.term.size);
		memcpy(word, token.word.data, token.word.size);
		memcpy(term, token.term.data, token.term.size);
		analyzer_start(*state, slice_of(wide, wide_size), "en");
		assert_true(analyzer_next(*state, &token));
		assert_true(slice_equals(token.word, plain_word));
		assert_true(slice_equals(token.term, plain_term));
	}
}

static void test_stems(void **state)
{
	static const struct {
		const char *language, *text, *want;
	} cases[] = {
		{ "", "Running runs don't", "running=run runs=run dont" },
		{ "und", "running", "running=run" },
		{ "en", "running generously Café cafés",
			"running=run generously=generous cafe cafes=cafe" },
		{ "en-GB", "running", "running=run" },
		{ "EN_us", "running", "running=run" },
		{ "", "выполнения δοκιμές", "выполнения δοκιμεσ" },
		{ "de", "Häuser Haus Straßen", "hauser=haus haus strassen=strass" },
		{ "fr", "continuellement l'eau chevaux",
			"continuellement=continuel l eau chevaux=cheval" },
		{ "es", "canción canciones", "cancion canciones=cancion" },
		{ "it", "gatti gatto", "gatti=gatt gatto=gatt" },
		{ "pt", "meninos menino", "meninos=menin menino=menin" },
		{ "nl", "boeken boek", "boeken=boek boek" },
		{ "sv", "flickorna flicka", "flickorna=flick flicka=flick" },
		{ "nb", "bilene", "bilene=bil" },
		{ "nn", "bilene", "bilene=bil" },
		{ "no", "bilene", "bilene=bil" },
		{ "da", "husene", "husene=hus" },
		{ "fi", "taloissa talossa", "taloissa=talo talossa=talo" },
		{ "hu", "kutyakat", "kutyakat=kuty" },
		{ "ro", "copilului", "copilului=copil" },
		{ "ru", "новый новая новые", "новый=нов новая=нов новые=нов" },
		{ "tr", "kitaplar", "kitaplar=kitap" },
		{ "ar", "الكتاب كتابهم", "الكتاب=كتاب كتابهم=كتاب" },
		{ "ga", "leabhair", "leabhair" },
		{ "el", "σπίτια σπίτι", "σπιτια=σπιτ σπιτι=σπιτ" },
		{ "hi", "लड़कियों लड़की", "लड़कियों=लड़क लड़की=लड़क" },
		{ "zh", "running 中文", "running 中文: 文." },
		{ "ja", "running", "running" },
		{ "pl", "running", "running" },
		{ "eng", "running", "running" },
		{ "x-en", "running", "running" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *got =
			describe(*state, slice_of_literal(cases[i].text), cases[i].language, false);
		if (strcmp(got, cases[i].want) != 0)
			fail_msg("%s: got \"%s\", want \"%s\"", cases[i].language, got,
				cases[i].want);
	}
}

/* The index holds them. */
static void test_language_numbers_do_not_change(void **state)
{
	static const struct {
		const char *language;
		unsigned want;
	} cases[] = {
		{ "", 7 },
		{ "und", 7 },
		{ "zh", 0 },
		{ "ar", 1 },
		{ "hy", 2 },
		{ "eu", 3 },
		{ "ca", 4 },
		{ "da", 5 },
		{ "nl", 6 },
		{ "en", 7 },
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
		{ "pt", 20 },
		{ "ro", 21 },
		{ "ru", 22 },
		{ "sr", 23 },
		{ "es", 24 },
		{ "sv", 25 },
		{ "ta", 26 },
		{ "tr", 27 },
		{ "yi", 28 },
		{ "de-CH-1996", 10 },
		{ "-", 7 },
		{ "d", 0 },
		{ "deu", 0 },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		if (analyzer_language(cases[i].language) != cases[i].want)
			fail_msg("%s: %u", cases[i].language, analyzer_language(cases[i].language));
}

/* A query is analysed without a language and its words stemmed for each; that gives the terms that
 * the index has of the same text. */
static void test_queries_have_the_terms_of_texts(void **state)
{
	static const char *const languages[] = { "", "zh", "ar", "hy", "eu", "ca", "da", "nl", "en",
		"fi", "fr", "de", "el", "hi", "hu", "id", "ga", "it", "lt", "ne", "no", "pt", "ro",
		"ru", "sr", "es", "sv", "ta", "tr", "yi" };
	static const char text[] = "Running l'école Häuser новый ёлка किताबें σπίτια كِتَاب 中文字 ｶﾞ "
				   "don’t ÉTÉS şehirlerinde Straßenbahnhaltestelle";
	struct analyzer *other = analyzer_new();
	for (size_t i = 0; i < sizeof languages / sizeof *languages; i++) {
		struct token token, query;
		analyzer_start(*state, slice_of_literal(text), languages[i]);
		analyzer_start(other, slice_of_literal(text), "");
		while (analyzer_next(*state, &token)) {
			assert_true(analyzer_next(other, &query));
			struct slice term = query.word;
			if (query.kind == TOKEN_WORD)
				term = analyzer_stem(
					other, query.word, analyzer_language(languages[i]));
			assert_true(slice_equals(token.word, query.word));
			assert_true(slice_equals(token.term, term));
		}
		assert_false(analyzer_next(other, &query));
	}
	analyzer_free(other);
}

/* What is remembered of other words and languages does not change stems: two analyzers that are
 * asked in different order agree. */
static void test_stems_do_not_depend_on_what_was_before(void **state)
{
	enum { WORDS = 3000, WORD_SIZE = 9, LANGUAGES = 29 };
	static char words[WORDS][WORD_SIZE];
	static char stems[WORDS][LANGUAGES][2 * WORD_SIZE];
	struct random random = random_start();
	struct analyzer *other = analyzer_new();
	for (size_t i = 0; i < WORDS; i++) {
		for (size_t at = 0; at < WORD_SIZE; at++)
			words[i][at] = "aeinrstg"[random_below(&random, 8)];
		for (unsigned language = 0; language < LANGUAGES; language++) {
			struct slice stem =
				analyzer_stem(*state, slice_of(words[i], WORD_SIZE), language);
			assert_true(stem.size < sizeof stems[i][language]);
			memcpy(stems[i][language], stem.data, stem.size);
		}
	}
	for (unsigned language = 0; language < LANGUAGES; language++)
		for (size_t i = 0; i < WORDS; i++) {
			struct slice stem =
				analyzer_stem(other, slice_of(words[i], WORD_SIZE), language);
			assert_true(slice_equals(stem, slice_of_text(stems[i][language])));
		}
	analyzer_free(other);
}

static void test_fingerprint_is_stable(void **state)
{
	assert_true(analyzer_fingerprint() != 0);
	assert_true(analyzer_fingerprint() == analyzer_fingerprint());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_scripts_without_spaces),
		cmocka_unit_test(test_offsets_and_breaks),
		cmocka_unit_test(test_long_words_are_cut_at_a_character),
		cmocka_unit_test(test_pairs_are_cut_at_a_character),
		cmocka_unit_test(test_stems_that_grow_are_cut),
		cmocka_unit_test(test_ascii_and_unicode_agree),
		cmocka_unit_test(test_stems),
		cmocka_unit_test(test_language_numbers_do_not_change),
		cmocka_unit_test(test_queries_have_the_terms_of_texts),
		cmocka_unit_test(test_stems_do_not_depend_on_what_was_before),
		cmocka_unit_test(test_fingerprint_is_stable),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
