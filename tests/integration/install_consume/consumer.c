/* A program that knows nothing of Lectern but the installed library. C and C++. */
#include <lectern/client.h>
#include <lectern/watch.h>
#include <stdio.h>
#include <string.h>

int main(void)
{
	struct lectern_client_options options;
	struct lectern_error err;
	lectern_client *client;
	lectern_post *post;
	lectern_watch *watch;
	enum lectern_code code;
	memset(&options, 0, sizeof options);
	options.url = "tcp://127.0.0.1:1";
	options.timeout_ms = 300;
	printf("version %s\n", LECTERN_VERSION);
	if (lectern_client_open(&options, &client, &err) != LECTERN_OK) {
		printf("open: %s\n", err.message);
		return 1;
	}
	if (lectern_watch_open(client, NULL, &watch, &err) != LECTERN_OK) {
		printf("watch: %s\n", err.message);
		return 1;
	}
	lectern_watch_close(watch);
	code = lectern_get_post(client, "some-post", LECTERN_VIEW_FULL, 0, &post, &err);
	printf("%s %s\n", lectern_code_name(code), err.reason);
	lectern_client_close(client);
	return 0;
}
