/* The commands of the group `post`, by file. */
#pragma once
#include "cli/cli.h"
#include "cli/command.h"

#include <lectern/v1/post.pb-c.h>

/* post_get.c */
extern const struct command post_get;
/* post_list.c */
extern const struct command post_list;
/* post_near.c */
extern const struct command post_adjacent;
extern const struct command post_related;
/* post_write.c */
extern const struct command post_create;
extern const struct command post_update;
/* post_state.c */
extern const struct command post_delete;
extern const struct command post_undelete;
extern const struct command post_purge;
extern const struct command post_publish;
extern const struct command post_schedule;
extern const struct command post_unpublish;
extern const struct command post_rollback;
/* post_history.c */
extern const struct command post_history;
extern const struct command post_revision;
/* post_diff.c */
extern const struct command post_diff;

/* Prints the answer of a write that holds the post in its field `post`: "Created post 12: slug
 * (draft)" for people, the whole response or the post itself as JSON. */
enum exit_status post_show_written(
	struct cli *cli, const char *verb, const ProtobufCMessage *response) NODISCARD;
