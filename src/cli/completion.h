/* Completion scripts, one generator for each shell. */
#pragma once
#include "base/buffer.h"
#include "cli/command.h"

void completion_bash(struct buffer *out);
void completion_zsh(struct buffer *out);
void completion_fish(struct buffer *out);

/* One command as the scripts see it. */
struct completion_entry {
	const struct command *command;
	char path[128]; /* without the tool's name: "post create"; "" for the tool itself */
};

/* Calls for every command that is not hidden, groups before their commands. */
void completion_each(
	void (*visit)(void *context, const struct completion_entry *entry), void *context);

/* Appends what the words of an option or argument stand for, separated by blanks: the words
 * themselves, and the names that an @ stands for. Nothing for files. */
void completion_words(struct buffer *out, const char *words);

/* Whether files are among the words. */
bool completion_files(const char *words);
