/* Who may reach the server, and how they prove it. */
#include "server/option_table.h"

static const struct option_row rows[] = {
	{ .name = "tls-cert",
		.argument = "FILE",
		.help = "The server's certificate for addresses with TLS, PEM, with the "
			"intermediate ones behind it. The files of TLS are read again with SIGHUP",
		.absent = "there is no TLS",
		OPTION_PATH_FIELD(tls_cert),
		.places = OPTION_ANYWHERE },
	{ .name = "tls-key",
		.argument = "FILE",
		.help = "The private key of --tls-cert, PEM, without a pass phrase",
		.absent = "there is no TLS",
		OPTION_PATH_FIELD(tls_key),
		.places = OPTION_ANYWHERE },
	{ .name = "tls-client-ca",
		.argument = "FILE",
		.help = "Mutual TLS: only clients with a certificate from one of the authorities "
			"in this file (PEM) can connect over TLS",
		.absent = "clients need no certificate",
		OPTION_PATH_FIELD(tls_client_ca),
		.places = OPTION_ANYWHERE },
	{ .name = "tokens",
		.argument = "FILE",
		.help = "Answer only callers with a token of this file, which lectern token makes; "
			"SIGHUP reads it again. Without it everybody who can connect may do "
			"everything",
		OPTION_PATH_FIELD(tokens),
		.places = OPTION_ANYWHERE },
	{ .name = "insecure",
		.help = "Allow addresses that other machines can reach without TLS or without "
			"tokens. Others can then read and change everything",
		.initial = "false",
		OPTION_SWITCH_FIELD(insecure),
		.places = OPTION_ANYWHERE },
	{ .name = NULL },
};

const struct option_group option_group_security = {
	.name = "security", .title = "Security", .rows = rows
};
