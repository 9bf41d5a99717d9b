#include "support/small_disk.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

static bool write_file(const char *path, const char *text)
{
	int file = open(path, O_WRONLY | O_CLOEXEC);
	bool done = file >= 0 && write(file, text, strlen(text)) == (ssize_t)strlen(text);
	if (file >= 0)
		close(file);
	return done;
}

static bool enter_user_namespace(void)
{
	char users[32];
	char groups[32];
	snprintf(users, sizeof users, "0 %u 1", (unsigned)getuid());
	snprintf(groups, sizeof groups, "0 %u 1", (unsigned)getgid());
	return unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0 &&
	       write_file("/proc/self/setgroups", "deny") &&
	       write_file("/proc/self/uid_map", users) && write_file("/proc/self/gid_map", groups);
}

bool mount_small_disk(const char *directory, const char *size)
{
	char options[32];
	snprintf(options, sizeof options, "size=%s", size);
	return (unshare(CLONE_NEWNS) == 0 || enter_user_namespace()) &&
	       mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	       mount("tmpfs", directory, "tmpfs", 0, options) == 0;
}
