/* Where the server listens and publishes with nng, and what it bears. */
#include "server/address.h"
#include "server/option_table.h"

enum { CONTEXTS_MAX = 512, CONNECTIONS_MAX = 65536 };

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
		.help = "Requests that are taken at the same time, those that wait for a "
			"processor or the disk with them, 1 to 512",
		.initial = "320",
		OPTION_NUMBER_FIELD(contexts),
		.least = 1,
		.most = CONTEXTS_MAX,
		.places = OPTION_ANYWHERE },
	{ .name = "max-connections",
		.argument = "N",
		.help = "Connections to the addresses of --listen, up to 65536; 0 takes what the "
			"limit of open files leaves, at most 16384. A further one takes the place "
			"of that which has been idle for the longest time, of the address with "
			"the most",
		.initial = "0",
		OPTION_NUMBER_FIELD(max_connections),
		.most = CONNECTIONS_MAX,
		.places = OPTION_ANYWHERE },
	{ .name = "max-in-flight",
		.argument = "N",
		.help = "Requests of one connection that wait for their answers, 1 to 512; further "
			"ones are refused",
		.initial = "64",
		OPTION_NUMBER_FIELD(max_in_flight),
		.least = 1,
		.most = CONTEXTS_MAX,
		.places = OPTION_ANYWHERE },
	{ .name = NULL },
};

const struct option_group option_group_network = {
	.name = "network", .title = "Network", .rows = rows
};
