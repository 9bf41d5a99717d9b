/* Made posts: the same from the same number, on every machine. */
#pragma once
#include <stddef.h>
#include <stdint.h>

enum {
	CONTENT_TAGS = 3,	  /* of each post: of 4, of 8 and of 32 that there are */
	CONTENT_BODY_BYTES = 900, /* with its HTML and all fields 2.5 KB */
	CONTENT_BODY_BYTES_MAX = 4096,
	CONTENT_WORD_BYTES_MAX = 16,
	CONTENT_WORDS = 4096,
};

/* The numbers of these tags follow each other. */
enum { CONTENT_TAGS_FREQUENT = 4, CONTENT_TAGS_COMMON = 8, CONTENT_TAGS_RARE = 32 };

struct content_post {
	char slug[64];
	char title[128];
	char excerpt[256];
	char body[CONTENT_BODY_BYTES_MAX]; /* Markdown */
	char tags[CONTENT_TAGS][32];	   /* names */
	char category[32];
	char author[32];
	int64_t publish_time_s;
};

/* Another `edition` of the same post has other words. */
void content_post(unsigned index, unsigned edition, struct content_post *ret);

void content_slug(unsigned index, char out[64]);
void content_tag(unsigned index, char out[32]);
/* The words by how common they are: that of rank r is about r times as rare as the first. */
void content_word(unsigned rank, char out[CONTENT_WORD_BYTES_MAX]);
