#include "auth/auth.h"
#include "base/clock.h"

#include <pthread.h>
#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

enum { READER, WRITER, ADMIN, EXPIRED, TOKENS };

#define NOW_US INT64_C(1800000000000000) /* 2027-01-15T08:00:00Z */

static const struct {
	const char *name;
	const char *scope;
	const char *expires;
} lines[TOKENS] = {
	{ "reader", "read", "" },
	{ "writer", "write", "2027-01-15T08:00:00.000001Z" },
	{ "admin", "admin", "" },
	{ "former", "admin", "2027-01-15T08:00:00Z" },
};

static char path[] = "/tmp/lectern-auth-XXXXXX";
static char tokens[TOKENS][TOKEN_BYTES + 1];

static int64_t now(void)
{
	return NOW_US;
}

static void write_tokens(unsigned without)
{
	FILE *file = fopen(path, "we");
	assert_non_null(file);
	for (unsigned i = 0; i < TOKENS; i++) {
		uint8_t hash[TOKEN_HASH_BYTES];
		char digits[2 * TOKEN_HASH_BYTES + 1];
		token_hash(slice_of_text(tokens[i]), hash);
		sodium_bin2hex(digits, sizeof digits, hash, sizeof hash);
		if (i != without)
			fprintf(file, "%s %s %.12s %s %s\n", lines[i].name, lines[i].scope,
				token_id(slice_of_text(tokens[i])), digits, lines[i].expires);
	}
	fclose(file);
}

static int make_file(void **state)
{
	int descriptor = mkstemp(path);
	clock_set_realtime_hook(now);
	for (unsigned i = 0; i < TOKENS; i++)
		token_make(tokens[i]);
	write_tokens(TOKENS);
	return descriptor < 0 || close(descriptor) != 0;
}

static int remove_file(void **state)
{
	return unlink(path);
}

static enum code ask(struct auth *auth, const char *header, enum rpc_scope scope,
	struct rpc_call *call, struct error *err)
{
	*err = (struct error){ .text = "" };
	call->principal[0] = '\0';
	call->authorization = slice_of_text(header);
	return auth_authorize(auth, call, scope, err);
}

static void includes_the_scopes_before(void **state)
{
	struct auth *auth;
	struct error err;
	struct rpc_call call;
	assert_int_equal(auth_open(path, &auth, NULL), CODE_OK);
	for (unsigned i = READER; i <= ADMIN; i++) {
		for (unsigned scope = READER; scope <= ADMIN; scope++) {
			char header[TOKEN_BYTES + 16];
			snprintf(header, sizeof header, "Bearer %s", tokens[i]);
			enum code code = ask(auth, header, (enum rpc_scope)(RPC_SCOPE_READ + scope),
				&call, &err);
			assert_int_equal(code, scope <= i ? CODE_OK : CODE_PERMISSION_DENIED);
			assert_string_equal(call.principal, lines[i].name);
			if (code == CODE_OK)
				continue;
			assert_string_equal(err.reason, "SCOPE_INSUFFICIENT");
			assert_int_equal(err.fact_count, 2);
			assert_string_equal(err.facts[0].key, "needed");
			assert_string_equal(err.facts[0].value, lines[scope].scope);
			assert_string_equal(err.facts[1].key, "granted");
			assert_string_equal(err.facts[1].value, lines[i].scope);
		}
	}
	auth_close(auth);
}

static void reads_the_header(void **state)
{
	static const struct {
		const char *before;
		const char *behind;
		bool fine;
	} headers[] = {
		{ "Bearer ", "", true },
		{ "bearer ", "", true },
		{ "BEARER    ", "  ", true },
		{ "Bearer\t", "", false },
		{ "Bearer", "", false },
		{ "", "", false },
		{ "Basic ", "", false },
		{ "Bearer ", "x", false },
		{ "Bearer \"", "\"", false },
		{ "Bearer x", "", false },
		{ " Bearer ", "", false },
	};
	struct auth *auth;
	struct error err;
	struct rpc_call call;
	assert_int_equal(auth_open(path, &auth, NULL), CODE_OK);
	for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
		char header[TOKEN_BYTES + 32];
		snprintf(header, sizeof header, "%s%s%s", headers[i].before, tokens[READER],
			headers[i].behind);
		enum code code = ask(auth, header, RPC_SCOPE_READ, &call, &err);
		assert_int_equal(code, headers[i].fine ? CODE_OK : CODE_UNAUTHENTICATED);
		if (!headers[i].fine)
			assert_string_equal(err.reason, "TOKEN_INVALID");
		assert_string_equal(call.principal, headers[i].fine ? "reader" : "");
	}
	assert_int_equal(ask(auth, "", RPC_SCOPE_READ, &call, &err), CODE_UNAUTHENTICATED);
	assert_string_equal(err.reason, "TOKEN_MISSING");
	assert_int_equal(ask(auth, "Bearer ", RPC_SCOPE_READ, &call, &err), CODE_UNAUTHENTICATED);
	assert_string_equal(err.reason, "TOKEN_INVALID");
	auth_close(auth);
}

/* Tokens that have the form, also one with the id of another. */
static void knows_nobody_else(void **state)
{
	struct auth *auth;
	struct error err;
	struct rpc_call call;
	char header[TOKEN_BYTES + 16];
	assert_int_equal(auth_open(path, &auth, NULL), CODE_OK);
	snprintf(header, sizeof header, "Bearer %s", tokens[EXPIRED]);
	assert_int_equal(ask(auth, header, RPC_SCOPE_READ, &call, &err), CODE_UNAUTHENTICATED);
	assert_string_equal(err.reason, "TOKEN_EXPIRED");
	assert_string_equal(call.principal, "");
	strcpy(header, "Bearer ");
	token_make(header + strlen("Bearer "));
	assert_int_equal(ask(auth, header, RPC_SCOPE_READ, &call, &err), CODE_UNAUTHENTICATED);
	assert_string_equal(err.reason, "TOKEN_INVALID");
	assert_non_null(strstr(err.text, "does not know the token"));
	char *other = header + strlen("Bearer ");
	memcpy(other + TOKEN_PREFIX_BYTES, tokens[ADMIN] + TOKEN_PREFIX_BYTES, TOKEN_ID_BYTES);
	uint8_t hash[TOKEN_HASH_BYTES];
	crypto_generichash(
		hash, sizeof hash, (uint8_t *)other, TOKEN_BYTES - TOKEN_CHECKSUM_BYTES, NULL, 0);
	sodium_bin2hex(other + TOKEN_BYTES - TOKEN_CHECKSUM_BYTES, TOKEN_CHECKSUM_BYTES + 1, hash,
		TOKEN_CHECKSUM_BYTES / 2);
	assert_true(token_is_whole(slice_of_text(other)));
	assert_int_equal(ask(auth, header, RPC_SCOPE_READ, &call, &err), CODE_UNAUTHENTICATED);
	assert_non_null(strstr(err.text, "does not know the token"));
	assert_null(strstr(err.text, other + TOKEN_PREFIX_BYTES + TOKEN_ID_BYTES));
	auth_close(auth);
}

static void keeps_the_old_tokens(void **state)
{
	struct auth *auth;
	struct error err;
	struct rpc_call call;
	struct auth_facts facts;
	char header[TOKEN_BYTES + 16];
	snprintf(header, sizeof header, "Bearer %s", tokens[READER]);
	assert_int_equal(auth_open(path, &auth, NULL), CODE_OK);
	FILE *file = fopen(path, "we");
	assert_non_null(file);
	fputs("nonsense\n", file);
	fclose(file);
	assert_int_equal(auth_reload(auth, &err), CODE_INVALID_ARGUMENT);
	assert_non_null(strstr(err.text, ":1: must be NAME SCOPE"));
	assert_int_equal(ask(auth, header, RPC_SCOPE_READ, &call, &err), CODE_OK);
	write_tokens(READER);
	assert_int_equal(auth_reload(auth, &err), CODE_OK);
	assert_int_equal(ask(auth, header, RPC_SCOPE_READ, &call, &err), CODE_UNAUTHENTICATED);
	auth_get_facts(auth, &facts);
	assert_int_equal(facts.token_count, TOKENS - 1);
	assert_int_equal(facts.expired_count, 1);
	write_tokens(TOKENS);
	auth_close(auth);
}

/* Calls while the file is read again and again. */
struct race {
	struct auth *auth;
	atomic_bool stop;
	atomic_uint refused;
};

static void *call_on(void *context)
{
	struct race *race = context;
	char headers[2][TOKEN_BYTES + 16];
	snprintf(headers[0], sizeof headers[0], "Bearer %s", tokens[ADMIN]);
	snprintf(headers[1], sizeof headers[1], "Bearer %s", tokens[READER]);
	while (!atomic_load(&race->stop)) {
		struct rpc_call call;
		struct error err;
		/* One that stays, and one that comes and goes. */
		if (ask(race->auth, headers[0], RPC_SCOPE_ADMIN, &call, &err) != CODE_OK ||
			strcmp(call.principal, "admin") != 0)
			abort();
		enum code code = ask(race->auth, headers[1], RPC_SCOPE_READ, &call, &err);
		if (code != CODE_OK && code != CODE_UNAUTHENTICATED)
			abort();
		atomic_fetch_add(&race->refused, code != CODE_OK);
	}
	return NULL;
}

static void reloads_while_calls_go_on(void **state)
{
	enum { THREADS = 4, ROUNDS = 200 };
	struct race race = { .auth = NULL };
	pthread_t threads[THREADS];
	assert_int_equal(auth_open(path, &race.auth, NULL), CODE_OK);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, call_on, &race), 0);
	for (int i = 0; i < ROUNDS; i++) {
		write_tokens(i % 2 == 0 ? READER : TOKENS);
		assert_int_equal(auth_reload(race.auth, NULL), CODE_OK);
	}
	write_tokens(READER);
	assert_int_equal(auth_reload(race.auth, NULL), CODE_OK);
	unsigned before = atomic_load(&race.refused);
	while (atomic_load(&race.refused) < before + 8)
		usleep(1000);
	atomic_store(&race.stop, true);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	write_tokens(TOKENS);
	auth_close(race.auth);
}

static void does_not_open_what_is_wrong(void **state)
{
	struct auth *auth = NULL;
	struct error err;
	assert_int_equal(auth_open("/nowhere/tokens", &auth, &err), CODE_NOT_FOUND);
	assert_null(auth);
	auth_close(auth);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(includes_the_scopes_before),
		cmocka_unit_test(reads_the_header),
		cmocka_unit_test(knows_nobody_else),
		cmocka_unit_test(keeps_the_old_tokens),
		cmocka_unit_test(reloads_while_calls_go_on),
		cmocka_unit_test(does_not_open_what_is_wrong),
	};
	return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, make_file, remove_file);
}
