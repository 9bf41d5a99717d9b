/* The text format of Prometheus, version 0.0.4:
 * https://prometheus.io/docs/instrumenting/exposition_formats/ */
#pragma once
#include "base/buffer.h"
#include "telemetry/histogram.h"

/* The lines HELP and TYPE; before the samples of the metric. */
void exposition_head(struct buffer *out, const char *name, const char *type, const char *help);

/* Pairs of names and values, up to a name that is NULL. */
struct exposition_label {
	const char *name;
	const char *value; /* any UTF-8 */
};

void exposition_count(struct buffer *out, const char *name, const struct exposition_label *labels,
	uint64_t value);
void exposition_value(
	struct buffer *out, const char *name, const struct exposition_label *labels, double value);

/* All series of a histogram. */
void exposition_histogram(struct buffer *out, const char *name,
	const struct exposition_label *labels, const struct histogram *histogram);
