#include "support/exposition.h"

#include <ctype.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The metric that is being read. */
struct family {
	char name[128];
	char type[16];
	bool helped;
	bool typed;
	/* Of a histogram's series. */
	char series[512]; /* its labels without le */
	double bound;
	double cumulative;
	double infinite;
	bool has_infinite;
};

static const char *read_name(const char *at, char out[128])
{
	size_t size = 0;
	if (!isalpha((unsigned char)*at) && *at != '_')
		fail_msg("a name begins with '%.20s'", at);
	while (isalnum((unsigned char)*at) || *at == '_' || *at == ':') {
		if (size + 1 == 128)
			fail_msg("a name of more than 127 bytes");
		out[size++] = *at++;
	}
	out[size] = '\0';
	return at;
}

static bool ends_in(const char *text, const char *ending)
{
	size_t size = strlen(text);
	size_t ending_size = strlen(ending);
	return size > ending_size && strcmp(text + size - ending_size, ending) == 0;
}

static void begin_family(struct exposition_text *text, struct family *family, const char *name)
{
	for (size_t i = 0; i < text->name_count; i++)
		if (strcmp(text->names[i], name) == 0)
			fail_msg("%s is there twice", name);
	text->names = realloc(text->names, (text->name_count + 1) * sizeof *text->names);
	strcpy(text->names[text->name_count++], name);
	*family = (struct family){ .helped = true };
	strcpy(family->name, name);
}

/* "# HELP name text", "# TYPE name type" */
static void read_comment(struct exposition_text *text, struct family *family, const char *line)
{
	char name[128];
	if (strncmp(line, "# HELP ", 7) == 0) {
		const char *help = read_name(line + 7, name);
		if (help[0] != ' ' || help[1] == '\0')
			fail_msg("no help: %s", line);
		for (const char *c = help; *c != '\0'; c++)
			if (*c == '\\' && *++c != '\\' && *c != 'n')
				fail_msg("a wrong escape: %s", line);
		begin_family(text, family, name);
		return;
	}
	if (strncmp(line, "# TYPE ", 7) != 0)
		fail_msg("neither HELP nor TYPE: %s", line);
	const char *type = read_name(line + 7, name);
	if (strcmp(name, family->name) != 0 || family->typed)
		fail_msg("TYPE does not follow HELP: %s", line);
	family->typed = true;
	snprintf(family->type, sizeof family->type, "%s", type + 1);
	if (strcmp(type, " counter") != 0 && strcmp(type, " gauge") != 0 &&
		strcmp(type, " histogram") != 0)
		fail_msg("no such type: %s", line);
	if (ends_in(name, "_total") != (strcmp(type, " counter") == 0))
		fail_msg("counters, and only they, end in _total: %s", line);
}

/* From behind the brace; stops behind the closing one. The label le is left out of *series. */
static const char *read_labels(
	const char *at, char labels[512], char series[512], char le[64], const char *line)
{
	const char *start = at;
	size_t series_size = 0;
	le[0] = '\0';
	while (*at != '}') {
		char name[128];
		const char *label = at;
		at = read_name(at, name);
		if (strncmp(at, "=\"", 2) != 0)
			fail_msg("a label without a value: %s", line);
		at += 2;
		const char *value = at;
		for (; *at != '"'; at++) {
			if (*at == '\0')
				fail_msg("a label's value does not end: %s", line);
			if (*at == '\\' && *++at != '\\' && *at != 'n' && *at != '"')
				fail_msg("a wrong escape: %s", line);
		}
		if (strcmp(name, "le") == 0) {
			snprintf(le, 64, "%.*s", (int)(at - value), value);
		} else {
			series_size += (size_t)snprintf(series + series_size, 512 - series_size,
				"%.*s,", (int)(at + 1 - label), label);
		}
		at++;
		if (*at == ',')
			at++;
		else if (*at != '}')
			fail_msg("no comma between labels: %s", line);
	}
	snprintf(labels, 512, "%.*s", (int)(at - start), start);
	return at + 1;
}

static double read_number(const char *text, const char *line)
{
	char *end;
	double value = strtod(text, &end);
	if (end == text || *end != '\0' || isspace((unsigned char)*text))
		fail_msg("'%s' is no number: %s", text, line);
	return value;
}

static void check_bucket(
	struct family *family, const char *series, const char *le, double value, const char *line)
{
	double bound = strcmp(le, "+Inf") == 0 ? INFINITY : read_number(le, line);
	bool first = family->series[0] == '\0' || strcmp(family->series, series) != 0;
	if (first) {
		snprintf(family->series, sizeof family->series, "%s", series);
		family->has_infinite = false;
	} else if (bound <= family->bound || value < family->cumulative) {
		fail_msg("buckets do not ascend: %s", line);
	}
	family->bound = bound;
	family->cumulative = value;
	if (isinf(bound)) {
		family->has_infinite = true;
		family->infinite = value;
	}
}

/* The part of a histogram that the name means, after which nothing is left of the name. */
static void check_histogram(struct family *family, const char *name, const char *series,
	const char *le, double value, const char *line)
{
	const char *part = name + strlen(family->name);
	if (strcmp(part, "_bucket") == 0) {
		if (le[0] == '\0')
			fail_msg("a bucket without le: %s", line);
		check_bucket(family, series[0] == '\0' ? "-" : series, le, value, line);
		return;
	}
	if (strcmp(part, "_sum") != 0 && strcmp(part, "_count") != 0)
		fail_msg("no part of a histogram: %s", line);
	if (!family->has_infinite || strcmp(family->series, series[0] == '\0' ? "-" : series) != 0)
		fail_msg("before its last bucket: %s", line);
	if (strcmp(part, "_count") == 0 && value != family->infinite)
		fail_msg("the count is not that of +Inf: %s", line);
}

static void read_sample(struct exposition_text *text, struct family *family, const char *line)
{
	struct exposition_sample sample = { .labels = "" };
	char series[512] = "";
	char le[64] = "";
	const char *at = read_name(line, sample.name);
	if (*at == '{')
		at = read_labels(at + 1, sample.labels, series, le, line);
	if (*at != ' ')
		fail_msg("no blank before the value: %s", line);
	sample.value = read_number(at + 1, line);
	bool histogram = strcmp(family->type, "histogram") == 0;
	if (!family->helped || !family->typed ||
		strncmp(sample.name, family->name, strlen(family->name)) != 0 ||
		(!histogram && strcmp(sample.name, family->name) != 0))
		fail_msg("not below its own TYPE: %s", line);
	if (histogram)
		check_histogram(family, sample.name, series, le, sample.value, line);
	else if (le[0] != '\0')
		fail_msg("le outside of a histogram: %s", line);
	for (size_t i = 0; i < text->sample_count; i++)
		if (strcmp(text->samples[i].name, sample.name) == 0 &&
			strcmp(text->samples[i].labels, sample.labels) == 0)
			fail_msg("twice: %s", line);
	text->samples = realloc(text->samples, (text->sample_count + 1) * sizeof *text->samples);
	text->samples[text->sample_count++] = sample;
}

void exposition_parse(const char *text, struct exposition_text *ret)
{
	struct family family = { .name = "" };
	*ret = (struct exposition_text){ .samples = NULL };
	if (text[0] == '\0' || text[strlen(text) - 1] != '\n')
		fail_msg("the text does not end with a newline");
	char *copy = strdup(text);
	char *rest = copy;
	for (char *line; (line = strsep(&rest, "\n")) != NULL && rest != NULL;) {
		if (line[0] == '#')
			read_comment(ret, &family, line);
		else
			read_sample(ret, &family, line);
	}
	free(copy);
}

void exposition_free(struct exposition_text *text)
{
	free(text->samples);
	free(text->names);
}

double exposition_get(const struct exposition_text *text, const char *name, const char *labels)
{
	for (size_t i = 0; i < text->sample_count; i++)
		if (strcmp(text->samples[i].name, name) == 0 &&
			strcmp(text->samples[i].labels, labels) == 0)
			return text->samples[i].value;
	fail_msg("there is no %s{%s}", name, labels);
	return 0;
}
