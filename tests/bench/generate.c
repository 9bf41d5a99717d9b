/*
 * bench.generate: made posts for benchmarks, one JSON object a line, as `lectern import jsonl`
 * takes them. Terms come first. The same options give the same bytes, and no post depends on
 * another one.
 */
#include "post_line.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

struct options {
	uint64_t posts;
	uint64_t first;
	uint64_t seed;
	uint64_t body_bytes;
	uint64_t total;
	bool shuffled;
	const char *ranks; /* print these words instead */
};

static const char usage[] =
	"usage: bench.generate [--posts N] [--first K] [--seed S] [--body-bytes B]\n"
	"                      [--total N | --shuffled]\n"
	"       bench.generate --words RANK,...\n"
	"\n"
	"  --posts N       how many posts; 1000\n"
	"  --first K       the number of the first one; 0\n"
	"  --seed S        other posts; 1\n"
	"  --body-bytes B  every post has about B bytes in the FULL view (body, html and the "
	"rest),\n"
	"                  1000 to 100000; else lengths are as of real posts\n"
	"  --total N       how many posts the whole archive has, for its times; K + N\n"
	"  --shuffled      times are in no order: no archive is like that, but indexes like it "
	"least\n"
	"  --words RANK    print the words with these ranks, the commonest is 0, and nothing "
	"else\n";

enum { FULL_BYTES_MIN = 1000, FULL_BYTES_MAX = 100000, STDOUT_BYTES = 1024 * 1024 };

static bool read_number(const char *text, uint64_t *ret)
{
	char *end;
	errno = 0;
	*ret = strtoull(text, &end, 10);
	return text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0;
}

static bool read_options(int count, char **arguments, struct options *options)
{
	static const struct option names[] = { { "posts", required_argument, NULL, 'p' },
		{ "first", required_argument, NULL, 'f' }, { "seed", required_argument, NULL, 's' },
		{ "body-bytes", required_argument, NULL, 'b' },
		{ "total", required_argument, NULL, 't' }, { "shuffled", no_argument, NULL, 'o' },
		{ "words", required_argument, NULL, 'w' }, { NULL, 0, NULL, 0 } };
	*options = (struct options){ .posts = 1000, .seed = 1 };
	int name;
	bool fine = true;
	while ((name = getopt_long(count, arguments, "", names, NULL)) != -1)
		switch (name) {
		case 'p':
			fine &= read_number(optarg, &options->posts);
			break;
		case 'f':
			fine &= read_number(optarg, &options->first);
			break;
		case 's':
			fine &= read_number(optarg, &options->seed);
			break;
		case 'b':
			fine &= read_number(optarg, &options->body_bytes) &&
				options->body_bytes >= FULL_BYTES_MIN &&
				options->body_bytes <= FULL_BYTES_MAX;
			break;
		case 't':
			fine &= read_number(optarg, &options->total);
			break;
		case 'o':
			options->shuffled = true;
			break;
		case 'w':
			options->ranks = optarg;
			break;
		default:
			return false;
		}
	if (options->total == 0)
		options->total = options->first + options->posts;
	return fine && optind == count;
}

static bool print_words(const struct vocabulary *vocabulary, const char *ranks)
{
	while (*ranks != '\0') {
		char *end;
		const unsigned long rank = strtoul(ranks, &end, 10);
		if (end == ranks || rank >= WORDS || (*end != ',' && *end != '\0'))
			return false;
		printf("%.*s\n", vocabulary->words[rank].size, vocabulary->words[rank].text);
		ranks = *end == ',' ? end + 1 : end;
	}
	return true;
}

static bool put(const struct text *text)
{
	return fwrite(text->data, 1, text->size, stdout) == text->size;
}

/* False where standard output takes no more. */
static bool print_posts(
	const struct post_source *source, const struct options *options, struct text *text)
{
	const uint64_t end = options->first + options->posts;
	for (size_t i = 0; i < tag_count(end); i++) {
		write_tag_line(text, source, i);
		if (!put(text))
			return false;
	}
	for (size_t i = 0; i < CATEGORIES; i++) {
		write_category_line(text, source, i);
		if (!put(text))
			return false;
	}
	for (size_t i = 0; i < AUTHORS; i++) {
		write_author_line(text, source, i);
		if (!put(text))
			return false;
	}
	for (uint64_t i = options->first; i < end; i++) {
		write_post_line(text, source, i);
		if (!put(text))
			return false;
	}
	return fflush(stdout) == 0;
}

int main(int count, char **arguments)
{
	static struct post_source source;
	static char line[LINE_BYTES_MAX];
	struct text text = { .data = line };
	struct options options;
	if (!read_options(count, arguments, &options)) {
		fputs(usage, stderr);
		return 2;
	}
	post_source_init(&source, options.seed, options.body_bytes);
	source.total = options.shuffled ? 0 : options.total;
	if (options.ranks != NULL) {
		if (print_words(&source.vocabulary, options.ranks))
			return 0;
		fputs(usage, stderr);
		return 2;
	}
	setvbuf(stdout, NULL, _IOFBF, STDOUT_BYTES);
	if (print_posts(&source, &options, &text))
		return 0;
	fprintf(stderr, "bench.generate: %s\n", strerror(errno));
	return 1;
}
