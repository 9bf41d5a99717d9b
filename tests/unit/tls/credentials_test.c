/* The files of TLS, right and wrong. The certificates are made with openssl. */
#include "tls/credentials.h"

#include "tls/config.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char directory[] = "/tmp/lectern-tls-XXXXXX";

static int set_up(void **state)
{
	char command[1024];
	if (mkdtemp(directory) == NULL)
		return -1;
	snprintf(command, sizeof command, "bash %s/tests/support/certificates.sh %s",
		getenv("LECTERN_SOURCE"), directory);
	return system(command) == 0 && chdir(directory) == 0 ? 0 : -1;
}

static int tear_down(void **state)
{
	char command[1024];
	snprintf(command, sizeof command, "rm -r %s", directory);
	return chdir("/") == 0 && system(command) == 0 ? 0 : -1;
}

static void write_file(const char *path, const char *text, size_t size)
{
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, size, file), size);
	assert_int_equal(fclose(file), 0);
}

static void takes_what_is_right(void **state)
{
	static const struct tls_files cases[] = {
		{ "server.crt", "server.key", NULL }, { "server.crt", "server.key", "ca.crt" },
		{ "server-chain.crt", "server-chain.key", "ca.crt" }, { NULL, NULL, "ca.crt" },
		{ NULL, NULL, NULL },
		{ "server-weak.crt", "server-weak.key", NULL }, /* RSA, PKCS#8 */
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct tls_credentials credentials;
		struct error err;
		nng_tls_config *config;
		if (tls_credentials_read(&cases[i], &credentials, &err) != CODE_OK)
			fail_msg("%zu: %s", i, err.text);
		assert_int_equal(cases[i].ca == NULL, credentials.ca == NULL);
		assert_int_equal(cases[i].certificate == NULL, credentials.certificate == NULL);
		assert_int_equal(tls_client_config(&credentials, "localhost", &config, &err), 0);
		nng_tls_config_free(config);
		assert_int_equal(tls_server_config(&credentials, &config, &err), 0);
		nng_tls_config_free(config);
		tls_credentials_done(&credentials);
		assert_null(credentials.key);
	}
}

static void tells_the_facts(void **state)
{
	struct tls_files files = { "server-expired.crt", "server-expired.key", NULL };
	struct tls_credentials credentials;
	struct error err;
	assert_int_equal(tls_credentials_read(&files, &credentials, &err), CODE_OK);
	assert_string_equal(credentials.subject, "CN=localhost");
	assert_int_equal(credentials.not_before_us, INT64_C(1704067200) * 1000000);
	assert_int_equal(credentials.not_after_us, INT64_C(1735689600) * 1000000);
	assert_false(credentials.key_is_public);
	tls_credentials_done(&credentials);
	assert_int_equal(chmod("server-expired.key", 0640), 0);
	assert_int_equal(tls_credentials_read(&files, &credentials, &err), CODE_OK);
	assert_false(credentials.key_is_public);
	tls_credentials_done(&credentials);
	assert_int_equal(chmod("server-expired.key", 0644), 0);
	assert_int_equal(tls_credentials_read(&files, &credentials, &err), CODE_OK);
	assert_true(credentials.key_is_public);
	tls_credentials_done(&credentials);
}

static const struct {
	const char *label;
	struct tls_files files;
	enum code code;
	const char *text;
} wrong[] = {
	{ "no key", { "server.crt", NULL, NULL }, CODE_INVALID_ARGUMENT,
		"server.crt: a certificate without its key; give both" },
	{ "no certificate", { NULL, "server.key", NULL }, CODE_INVALID_ARGUMENT,
		"server.key: a key without its certificate; give both" },
	{ "missing", { "nowhere.crt", "server.key", NULL }, CODE_FAILED_PRECONDITION,
		"nowhere.crt: there is no such file" },
	{ "missing authority", { NULL, NULL, "nowhere.crt" }, CODE_FAILED_PRECONDITION,
		"nowhere.crt: there is no such file" },
	{ "a folder", { "/tmp", "server.key", NULL }, CODE_INVALID_ARGUMENT, "/tmp: is no file" },
	{ "a pipe", { "server.crt", "fifo", NULL }, CODE_INVALID_ARGUMENT, "fifo: is no file" },
	{ "no PEM", { "garbage.pem", "server.key", NULL }, CODE_INVALID_ARGUMENT,
		"garbage.pem: holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)" },
	{ "empty", { NULL, NULL, "empty" }, CODE_INVALID_ARGUMENT,
		"empty: holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)" },
	{ "a key for a certificate", { "server.key", "server.key", NULL }, CODE_INVALID_ARGUMENT,
		"server.key: holds no certificate in PEM form (-----BEGIN CERTIFICATE-----); it "
		"holds a key" },
	{ "a certificate for a key", { "server.crt", "server.crt", NULL }, CODE_INVALID_ARGUMENT,
		"server.crt: holds no private key in PEM form (-----BEGIN PRIVATE KEY-----)" },
	{ "another key", { "server.crt", "client.key", NULL }, CODE_INVALID_ARGUMENT,
		"client.key: is not the key of the first certificate in server.crt" },
	{ "a key of another kind", { "server.crt", "server-weak.key", NULL }, CODE_INVALID_ARGUMENT,
		"server-weak.key: is not the key of the first certificate in server.crt" },
	{ "a pass phrase", { "server.crt", "encrypted.key", NULL }, CODE_INVALID_ARGUMENT,
		"encrypted.key: the key has a pass phrase, which nobody would enter; take it off "
		"(openssl pkey -in FILE -out NEW) and protect the file instead" },
	{ "DER", { "binary", "server.key", NULL }, CODE_INVALID_ARGUMENT,
		"binary: is not PEM, which is text; convert it with openssl, for example openssl "
		"x509 -inform der -in FILE" },
	{ "too large", { "large", "server.key", NULL }, CODE_INVALID_ARGUMENT,
		"large: larger than 4 MiB; is it the right file?" },
	{ "cut", { "cut.crt", "server.key", NULL }, CODE_INVALID_ARGUMENT,
		"cut.crt: cannot be read as a certificate: " },
	{ "damaged", { NULL, NULL, "damaged.crt" }, CODE_INVALID_ARGUMENT,
		"damaged.crt: cannot be read as a certificate: " },
	{ "damaged in part", { NULL, NULL, "bundle.crt" }, CODE_INVALID_ARGUMENT,
		"bundle.crt: 1 of its certificates cannot be read; take them out or make them "
		"anew" },
	{ "a damaged key", { "server.crt", "damaged.key", NULL }, CODE_INVALID_ARGUMENT,
		"damaged.key: cannot be read as a private key: " },
};

/* The file without its end, or with a byte in the middle changed. */
static void spoil(const char *from, const char *to, bool cut)
{
	char text[8192] = "";
	FILE *file = fopen(from, "r");
	assert_non_null(file);
	size_t size = fread(text, 1, sizeof text - 1, file);
	assert_int_equal(fclose(file), 0);
	if (cut)
		size /= 2;
	else
		memset(strchr(text, '\n') + 1, 'A', 32);
	write_file(to, text, size);
}

static void make_wrong_files(void)
{
	static char large[TLS_FILE_BYTES_MAX + 1];
	memset(large, 'x', sizeof large);
	write_file("large", large, sizeof large);
	write_file("empty", "", 0);
	write_file("binary", "\x30\x82\x00\x01", 4);
	spoil("server.crt", "cut.crt", true);
	spoil("ca.crt", "damaged.crt", false);
	spoil("server.key", "damaged.key", false);
	assert_int_equal(system("cat ca.crt damaged.crt server.crt >bundle.crt"), 0);
	assert_int_equal(mkfifo("fifo", 0600), 0);
}

static void refuses_what_is_wrong(void **state)
{
	make_wrong_files();
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		struct tls_credentials credentials = { .certificate = NULL };
		struct error err;
		enum code code = tls_credentials_read(&wrong[i].files, &credentials, &err);
		if (code != wrong[i].code)
			fail_msg("%s: %d %s", wrong[i].label, code, code == 0 ? "" : err.text);
		size_t size = strlen(wrong[i].text);
		if (strncmp(err.text, wrong[i].text, size) != 0 ||
			(wrong[i].text[size - 1] != ' ' && err.text[size] != '\0'))
			fail_msg("%s: %s", wrong[i].label, err.text);
		assert_string_equal(err.reason, "TLS_FILES");
		assert_null(credentials.certificate);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_what_is_right),
		cmocka_unit_test(tells_the_facts),
		cmocka_unit_test(refuses_what_is_wrong),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
