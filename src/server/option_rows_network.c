/* Where the server listens and publishes with nng, and what it bears. */
#include "server/address.h"
#include "server/option_table.h"

enum { CONTEXTS_MAX = 512 };

static const struct option_row rows[] = {
	{ .name = "listen",
		.argument = "URL",
		.help = "Address for calls, tcp://HOST:PORT, tls+tcp://HOST:PORT or ipc://PATH; "
			"port "
			"0 takes a free one",
		.initial = "tcp://127.0.0.1:7400",
		OPTION_LIST_FIELD(listen),
		.check = address_check,
		.places = OPTION_ANYWHERE },
	{ .name = "publish",
		.argument = "URL",
		.help = "Address where programs can subscribe to changes (nng's PUB), "
			"tcp://HOST:PORT, tls+tcp://HOST:PORT or ipc://PATH",
		.absent = "nothing is published",
		OPTION_LIST_FIELD(publish),
		.check = address_check,
		.places = OPTION_ANYWHERE },
	{ .name = "contexts",
		.argument = "N",
		.help = "Requests that are handled at the same time, 1 to 512",
		.initial = "64",
		OPTION_NUMBER_FIELD(contexts),
		.least = 1,
		.most = CONTEXTS_MAX,
		.places = OPTION_ANYWHERE },
	{ .name = NULL },
};

const struct option_group option_group_network = {
	.name = "network", .title = "Network", .rows = rows
};
