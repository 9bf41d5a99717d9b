/* The folder of the store, its size, and how long things are kept in it. */
#include "server/option_table.h"

enum { REVISIONS_KEPT_MAX = 10000 };
#define CHANGES_KEPT_MAX INT64_C(1000000000000)
#define REPLY_CACHE_BYTES_MAX (INT64_C(1) << 40)
#define MAP_BYTES_MIN (INT64_C(1) << 20)
#define MAP_BYTES_MAX (INT64_C(1) << 46) /* half of what a process can address */

static const struct option_row rows[] = {
	{ .name = "data",
		.argument = "DIR",
		.help = "Folder of the store; made if it is not there. Required",
		OPTION_PATH_FIELD(data),
		.places = OPTION_ANYWHERE },
	{ .name = "backup-dir",
		.argument = "DIR",
		.help = "Folder for backups; made with the first one",
		.absent = "backups in the folder of the store",
		OPTION_PATH_FIELD(backup_dir),
		.places = OPTION_ANYWHERE },
	{ .name = "map-size",
		.argument = "BYTES",
		.help = "Address space for the store, the most that it can grow to; with K, M, G "
			"or T for powers of 1024. Takes neither memory nor disk by itself",
		.initial = "64G",
		OPTION_SIZE_FIELD(map_bytes),
		.least = MAP_BYTES_MIN,
		.most = MAP_BYTES_MAX,
		.places = OPTION_ANYWHERE },
	{ .name = "revisions-kept",
		.argument = "N",
		.help = "Former revisions that are kept of each post, 0 to 10000",
		.initial = "100",
		OPTION_NUMBER_FIELD(revisions_kept),
		.most = REVISIONS_KEPT_MAX,
		.places = OPTION_ANYWHERE },
	{ .name = "trash-retention",
		.argument = "TIME",
		.help = "How long posts stay in the trash before they are purged, for example 30d, "
			"12h, 15m or 10s; 0 keeps them for ever",
		.initial = "30d",
		OPTION_DURATION_FIELD(trash_retention_us),
		.places = OPTION_ANYWHERE },
	{ .name = "change-retention",
		.argument = "TIME",
		.help = "How long entries of the change log are kept; 0 keeps them for ever",
		.initial = "30d",
		OPTION_DURATION_FIELD(change_retention_us),
		.places = OPTION_ANYWHERE },
	{ .name = "changes-kept",
		.argument = "N",
		.help = "The most entries that the change log keeps; 0 means no bound",
		.initial = "1000000",
		OPTION_NUMBER_FIELD(changes_kept),
		.most = CHANGES_KEPT_MAX,
		.places = OPTION_ANYWHERE },
	{ .name = "reply-cache",
		.argument = "BYTES",
		.help = "Memory for answers to reads that come again while the store does not "
			"change; 0 keeps none",
		.initial = "32M",
		OPTION_SIZE_FIELD(reply_cache_bytes),
		.most = REPLY_CACHE_BYTES_MAX,
		.places = OPTION_ANYWHERE },
	{ .name = NULL },
};

const struct option_group option_group_store = { .name = "store", .title = "Store", .rows = rows };
