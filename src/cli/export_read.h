/* Reads everything from a server for an exporter. */
#pragma once
#include "cli/cli.h"
#include "exporters/exporter.h"

struct export_counts {
	uint64_t posts;
	uint64_t terms;
	uint64_t trashed; /* posts that were left out */
};

/* Gives all terms and all posts to the exporter. */
enum exit_status export_read(struct cli *cli, struct exporter *exporter, struct export_counts *ret)
	NODISCARD;

/* A failure of an exporter as the tool's own; a reader that has gone is no news. */
enum exit_status export_problem(struct cli *cli, const struct error *err);
