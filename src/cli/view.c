#include "cli/view.h"

#include <string.h>

Lectern__V1__PostView view_of(const struct args *args, Lectern__V1__PostView otherwise)
{
	static const struct {
		const char *word;
		Lectern__V1__PostView view;
	} views[] = {
		{ "basic", LECTERN__V1__POST_VIEW__POST_VIEW_BASIC },
		{ "html", LECTERN__V1__POST_VIEW__POST_VIEW_HTML },
		{ "source", LECTERN__V1__POST_VIEW__POST_VIEW_SOURCE },
		{ "full", LECTERN__V1__POST_VIEW__POST_VIEW_FULL },
	};
	const char *text = args_text(args, OPTION_VIEW);
	for (size_t i = 0; text != NULL && i < sizeof views / sizeof *views; i++) {
		if (strcmp(text, views[i].word) == 0)
			return views[i].view;
	}
	return otherwise;
}
