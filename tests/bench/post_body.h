/* The Markdown body of a made post, written as the inside of a JSON string. */
#pragma once
#include "vocabulary.h"

#include <stdbool.h>

enum {
	TOPIC_WORDS = 24,
	LINE_BYTES_MAX = 4 * 1024 * 1024, /* of one line of the output */
	BODY_BYTES_MAX = 512 * 1024,	  /* of a body; nothing else of a line is large */
};

/* A line that grows. A backslash and a letter, as in "\n", are one byte of the text. */
struct text {
	char *data; /* LINE_BYTES_MAX bytes */
	size_t size;
	size_t escapes;
	size_t html_bytes; /* how much longer than the source its html is */
};

/* What the posts of one topic have in common: ranks of words that they use often. */
struct topic {
	uint32_t ranks[TOPIC_WORDS];
};

void topic_init(struct topic *topic, const struct vocabulary *vocabulary, uint64_t number);

/* How many bytes the body may have. */
struct body_size {
	size_t bytes;
	bool counts_html; /* bytes are those of body and html together */
};

void write_body(struct text *text, struct random *random, const struct vocabulary *vocabulary,
	const struct topic *topic, struct body_size size);

void text_add(struct text *text, const char *bytes, size_t size);
void text_add_string(struct text *text, const char *string);
void text_add_word(struct text *text, const struct word *word);
/* With a capital letter, if it begins with an ASCII one. */
void text_add_name(struct text *text, const struct word *word);
