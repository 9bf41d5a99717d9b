/* A strict reader of the text format of Prometheus, for tests: it fails the test at what promtool
 * or a server of Prometheus would not take, and at what is against their conventions. */
#pragma once
#include <stddef.h>
#include <stdint.h>

struct exposition_sample {
	char name[128];	  /* with _bucket, _sum, _count */
	char labels[512]; /* as they stand between the braces; "" without any */
	double value;
};

struct exposition_text {
	struct exposition_sample *samples;
	size_t sample_count;
	char (*names)[128]; /* of the metrics, in their order */
	size_t name_count;
};

/* Fails the test unless each metric has HELP and TYPE once, before its samples, which stand
 * together; no series is there twice; names, labels and numbers have their form; buckets are
 * cumulative and ascending, end with +Inf, which equals the count; counters end in _total. */
void exposition_parse(const char *text, struct exposition_text *ret);
void exposition_free(struct exposition_text *text);

/* The value of a series; fails the test if there is none. */
double exposition_get(const struct exposition_text *text, const char *name, const char *labels);
