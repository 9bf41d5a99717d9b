/* lectern completion: scripts for the shells, made from the tables. */
#include "cli/completion.h"

#include "cli/cli.h"
#include "cli/output.h"
#include "codec/schema.h"

#include <stdio.h>
#include <string.h>

void completion_each(
	void (*visit)(void *context, const struct completion_entry *entry), void *context)
{
	struct completion_entry entry = { .command = &root_command, .path = "" };
	visit(context, &entry);
	/* The tree has two levels below the tool itself. */
	for (const struct command *const *at = root_command.children; *at != NULL; at++) {
		if ((*at)->hidden)
			continue;
		entry.command = *at;
		snprintf(entry.path, sizeof entry.path, "%s", (*at)->name);
		visit(context, &entry);
		const struct command *const *child = (*at)->children;
		for (; child != NULL && *child != NULL; child++) {
			entry.command = *child;
			snprintf(entry.path, sizeof entry.path, "%s %s", (*at)->name,
				(*child)->name);
			visit(context, &entry);
		}
	}
}

static void add_word(struct buffer *out, const char *word)
{
	if (out->size > 0)
		buffer_append_char(out, ' ');
	buffer_append_text(out, word);
}

static void add_methods(struct buffer *out, bool services)
{
	size_t count;
	const ProtobufCServiceDescriptor *const *all = schema_services(&count);
	for (size_t i = 0; i < count; i++) {
		if (services)
			add_word(out, all[i]->short_name);
		for (unsigned m = 0; m < all[i]->n_methods; m++) {
			add_word(out, all[i]->short_name);
			buffer_printf(out, "/%s", all[i]->methods[m].name);
		}
	}
}

static bool add_message(void *context, const ProtobufCMessageDescriptor *message)
{
	if (strncmp(message->name, "lectern.", 8) == 0)
		add_word(context, message->short_name);
	return true;
}

static void add_commands(struct buffer *out)
{
	for (const struct command *const *at = root_command.children; *at != NULL; at++) {
		if (!(*at)->hidden)
			add_word(out, (*at)->name);
	}
}

bool completion_files(const char *words)
{
	return words != NULL && strstr(words, WORDS_FILE) != NULL;
}

static bool is_word(const char *word, size_t size, const char *wanted)
{
	return size == strlen(wanted) && strncmp(word, wanted, size) == 0;
}

void completion_words(struct buffer *out, const char *words)
{
	struct buffer found;
	buffer_init(&found, CLI_FILE_BYTES);
	while (words != NULL && *words != '\0') {
		size_t size = strcspn(words, " ");
		if (is_word(words, size, WORDS_METHOD) || is_word(words, size, WORDS_NAME))
			add_methods(&found, is_word(words, size, WORDS_NAME));
		if (is_word(words, size, WORDS_NAME))
			schema_each_message(add_message, &found);
		if (is_word(words, size, WORDS_COMMAND))
			add_commands(&found);
		if (*words != '@')
			buffer_printf(
				&found, "%s%.*s", found.size > 0 ? " " : "", (int)size, words);
		words += size + (words[size] == ' ');
	}
	buffer_append(out, found.data, found.size);
	buffer_done(&found);
}

static enum exit_status run_completion(struct cli *cli, const struct args *args)
{
	static const struct {
		const char *name;
		void (*generate)(struct buffer *out);
	} shells[] = {
		{ "bash", completion_bash },
		{ "zsh", completion_zsh },
		{ "fish", completion_fish },
	};
	for (size_t i = 0; i < sizeof shells / sizeof *shells; i++) {
		if (strcmp(args->arguments[0], shells[i].name) != 0)
			continue;
		struct buffer out;
		buffer_init(&out, CLI_FILE_BYTES);
		shells[i].generate(&out);
		return output_finish(cli, &out);
	}
	problem_usage(cli, "%s: must be bash, zsh or fish", args->arguments[0]);
	return problem_hint(cli, "see: %s --help", args->path);
}

const struct command completion_command = {
	.name = "completion",
	.arguments = "bash|zsh|fish",
	.summary = "Print the completion script for a shell",
	.details = "Packages install the scripts. To try one:\n\n"
		   "  source <(lectern completion bash)",
	.words = "bash zsh fish",
	.arguments_min = 1,
	.arguments_max = 1,
	.run = run_completion,
};
