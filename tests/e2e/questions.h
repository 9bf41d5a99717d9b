/* Lists that are asked for in a wrong way, of two real servers with the same posts: each question
 * is INVALID_ARGUMENT with the field and the reason, and the stores stay as they are. */
#pragma once
#include <lectern/client.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TOKEN_BYTES = 1025 };

extern lectern_client *clients[2];
extern lectern_client *client; /* of the first server */

/* Of a whole program, as cmocka calls them. */
int questions_set_up(void **state);
int questions_tear_down(void **state);

/* A list with a filter, an order and a token, whatever the method. */
struct question {
	const char *filter, *order_by, *page_token;
	int32_t page_size;
};

typedef bool ask(lectern_client *of, const struct question *question, struct lectern_error *err);
ask list_posts;
ask get_adjacent;

struct method {
	const char *name;
	ask *ask;
};
enum { WITH_FILTER = 4, WITH_TOKEN = 4 };
extern const struct method with_filter[WITH_FILTER];
extern const struct method with_token[WITH_TOKEN];

/* Fails unless the answer was INVALID_ARGUMENT with these. */
void check_refused(const char *label, bool ok, const struct lectern_error *err, const char *reason,
	const char *field);

/* The last test: no question has written anything. */
void nothing_has_changed(void **state);
