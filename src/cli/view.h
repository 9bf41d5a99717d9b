/* --view */
#pragma once
#include "cli/args.h"

#include <lectern/v1/post.pb-c.h>

/* What --view says, or the given view without it. */
Lectern__V1__PostView view_of(const struct args *args, Lectern__V1__PostView otherwise);
