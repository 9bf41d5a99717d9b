/* What the commands for operators ask and print: backups, checks, figures. */
#include "support/scripted.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define RUNNING(done) \
	"{\"operation\":{\"id\":\"7\",\"kind\":\"OPERATION_KIND_BACKUP\",\"state\":" \
	"\"OPERATION_STATE_RUNNING\",\"doneCount\":\"" #done "\",\"totalCount\":\"90\"}}"
#define BACKUP_DONE \
	"{\"operation\":{\"id\":\"7\",\"state\":\"OPERATION_STATE_DONE\",\"backup\":{\"path\":" \
	"\"/b/a\\u001b.mdb\",\"sizeBytes\":\"4096\",\"revision\":\"12\"}}}"
#define CHECK_DONE(count, problems) \
	"{\"operation\":{\"id\":\"7\",\"state\":\"OPERATION_STATE_DONE\",\"check\":{\"entries\":" \
	"\"90\",\"problemCount\":\"" #count "\",\"problems\":[" problems "]}}}"
#define ASK "GetOperation {\"id\":\"7\",\"waitMs\":5000}\n"

static const struct run works[] = {
	{ .label = "a backup",
		.line = "backup|a.mdb",
		.answers = { RUNNING(0), RUNNING(40), BACKUP_DONE },
		.requests = "CreateBackup {\"name\":\"a.mdb\",\"background\":true}\n" ASK ASK,
		.out = "Backed up revision 12 to /b/a^[.mdb, 4096 bytes\n",
		.err = "" },
	{ .label = "a backup without a name, quickly",
		.line = "--timeout|600|backup|--skip-check",
		.answers = { RUNNING(0), BACKUP_DONE },
		.requests = "CreateBackup {\"background\":true,\"skipCheck\":true}\n"
			    "GetOperation {\"id\":\"7\",\"waitMs\":300}\n",
		.out = "Backed up revision 12 to /b/a^[.mdb, 4096 bytes\n",
		.err = "" },
	{ .label = "a backup as a line",
		.line = "-o|jsonl|backup",
		.answers = { RUNNING(0), BACKUP_DONE },
		.out = "{\"path\":\"/b/a\\u001b.mdb\",\"sizeBytes\":\"4096\",\"revision\":\"12\"}"
		       "\n",
		.err = "" },
	{ .label = "not waited for",
		.line = "backup|--no-wait",
		.answers = { RUNNING(0) },
		.requests = "CreateBackup {\"background\":true}\n",
		.out = "Backup 7 has begun; see: lectern operation 7\n",
		.err = "" },
	{ .label = "not waited for, as a line",
		.line = "-o|jsonl|check|--no-wait",
		.answers = { RUNNING(1) },
		.requests = "CheckStore {\"background\":true}\n",
		.out = RUNNING(1) "\n",
		.err = "" },
	{ .label = "a backup that fails",
		.line = "backup",
		.answers = { RUNNING(0),
			"{\"operation\":{\"id\":\"7\",\"state\":\"OPERATION_STATE_FAILED\","
			"\"errorReason\":\"DISK_FULL\",\"errorMessage\":\"no room\"}}" },
		.status = 66,
		.out = "",
		.err = "lectern: UNKNOWN: Backup 7 failed: no room\n  reason: DISK_FULL\n" },
	{ .label = "one that is refused",
		.line = "backup",
		.answers = { "!{\"code\":6,\"message\":\"there is a.mdb\"}" },
		.status = 70,
		.out = "",
		.err = "lectern: ALREADY_EXISTS: there is a.mdb\n" },
	{ .label = "one that is lost sight of",
		.line = "check",
		.answers = { RUNNING(0), "!{\"code\":5,\"message\":\"a newer one\"}" },
		.status = 69,
		.out = "",
		.err = "lectern: NOT_FOUND: a newer one\n"
		       "  it may go on; see: lectern operation 7\n" },
	{ .label = "a sound store",
		.line = "check",
		.answers = { RUNNING(0), RUNNING(90), CHECK_DONE(0, "") },
		.requests = "CheckStore {\"background\":true}\n" ASK ASK,
		.out = "90 entries read, 0 problems\n",
		.err = "" },
	{ .label = "a damaged store",
		.line = "check",
		.answers = { RUNNING(0), CHECK_DONE(2, "\"one\\u001b\",\"two\"") },
		.status = 79,
		.out = "one^[\ntwo\n90 entries read, 2 problems\n",
		.err = "lectern: DATA_LOSS: the store has 2 problems\n" },
	{ .label = "a check in a document",
		.line = "-o|json|check",
		.answers = { RUNNING(0), CHECK_DONE(0, "") },
		.out = "{\n  \"entries\": \"90\"\n}\n",
		.err = "" },
	{ .label = "done at once",
		.line = "check",
		.answers = { "{\"entries\":\"3\"}" },
		.requests = "CheckStore {\"background\":true}\n",
		.out = "3 entries read, 0 problems\n",
		.err = "" },
	{ .label = "nothing came of it",
		.line = "backup",
		.answers = { RUNNING(0),
			"{\"operation\":{\"id\":\"7\",\"state\":\"OPERATION_STATE_DONE\"}}" },
		.status = 1,
		.out = "",
		.err = "lectern: the answer does not tell what came of it\n" },
	{ .label = "hollow",
		.line = "backup",
		.answers = { RUNNING(0), "{}" },
		.status = 1,
		.out = "",
		.err = "lectern: the answer holds no operation\n"
		       "  it may go on; see: lectern operation 7\n" },
};

static void test_works(void **state)
{
	RUN_ALL(works);
}

static const struct run operations[] = {
	{ .label = "one that goes on",
		.line = "operation",
		.answers = { "{\"operation\":{\"id\":\"7\",\"kind\":\"OPERATION_KIND_CHECK\","
			     "\"state\":\"OPERATION_STATE_RUNNING\",\"startTime\":"
			     "\"2026-01-02T03:04:05Z\",\"doneCount\":\"4\",\"totalCount\":\"9\"}"
			     "}" },
		.requests = "GetOperation {}\n",
		.out = "operation    7\nkind         check\nstate        running\n"
		       "started      2026-01-02 03:04\nentries      4 of 9\n",
		.err = "" },
	{ .label = "a backup that is done",
		.line = "operation|7",
		.answers = { "{\"operation\":{\"id\":\"7\",\"kind\":\"OPERATION_KIND_BACKUP\","
			     "\"state\":\"OPERATION_STATE_DONE\",\"endTime\":"
			     "\"2026-01-02T03:04:05Z\",\"backup\":{\"path\":\"/b\",\"sizeBytes\":"
			     "\"1536\",\"revision\":\"12\"}}}" },
		.requests = "GetOperation {\"id\":\"7\"}\n",
		.out = "operation    7\nkind         backup\nstate        done\n"
		       "ended        2026-01-02 03:04\nentries      0\npath         /b\n"
		       "size         1536 (1.5 KiB)\nrevision     12\n",
		.err = "" },
	{ .label = "a check that found something",
		.line = "operation|7",
		.answers = { CHECK_DONE(1, "\"one\"") },
		.out = "operation    7\nkind         unknown\nstate        done\nentries      0\n"
		       "one\n90 entries read, 1 problem\n",
		.err = "" },
	{ .label = "one that failed",
		.line = "operation|7",
		.answers = { "{\"operation\":{\"id\":\"7\",\"kind\":\"OPERATION_KIND_BACKUP\","
			     "\"state\":\"OPERATION_STATE_FAILED\",\"errorReason\":\"DISK_FULL\","
			     "\"errorMessage\":\"no room\"}}" },
		.out = "operation    7\nkind         backup\nstate        failed\n"
		       "entries      0\nreason       DISK_FULL\nmessage      no room\n",
		.err = "" },
	{ .label = "as a line",
		.line = "-o|jsonl|operation|7",
		.answers = { "{\"operation\":{\"id\":\"7\"}}" },
		.out = "{\"id\":\"7\"}\n",
		.err = "" },
	{ .label = "in a document",
		.line = "-o|json|operation|7",
		.answers = { "{\"operation\":{\"id\":\"7\"}}" },
		.out = "{\n  \"operation\": {\n    \"id\": \"7\"\n  }\n}\n",
		.err = "" },
	{ .label = "none",
		.line = "operation|7",
		.answers = { "!{\"code\":5,\"message\":\"there was none\"}" },
		.status = 69,
		.out = "",
		.err = "lectern: NOT_FOUND: there was none\n" },
	{ .label = "no number",
		.line = "operation|x",
		.status = 2,
		.out = "",
		.err = "lectern: x: must be the number of an operation\n" },
};

static void test_operations(void **state)
{
	RUN_ALL(operations);
}

static const struct run figures[] = {
	{ .label = "all of them",
		.line = "stats",
		.answers = { "{\"storeBytes\":\"1048576\",\"mapBytes\":\"68719476736\","
			     "\"queuedWrites\":1,\"commits\":\"2\",\"writes\":\"3\","
			     "\"openSnapshots\":4,\"queuedBytes\":\"5\",\"freeBytes\":\"1536\","
			     "\"diskFreeBytes\":\"1023\",\"oldestSnapshotAgeMs\":\"6\","
			     "\"oldestSnapshotLag\":\"7\",\"commitP50Us\":\"8\",\"commitP99Us\":"
			     "\"9\",\"commitMaxUs\":\"10\",\"batchMax\":11,"
			     "\"oldestChangeRevision\":\"12\",\"revision\":\"13\","
			     "\"changeWaiters\":14,\"nextDueTime\":\"2026-01-02T03:04:05Z\","
			     "\"trashedPostCount\":\"15\",\"lastBackupTime\":"
			     "\"2025-01-02T03:04:05Z\",\"calls\":\"30\",\"failedCalls\":"
			     "\"4\",\"callsInFlight\":3,\"connections\":2,\"subscribers\":6,"
			     "\"feedLag\":\"8\",\"tables\":[{\"name\":\"post\",\"entries\":"
			     "\"100\",\"bytes\":\"8192\"},{\"name\":\"log\\u001b\",\"entries\":"
			     "\"7\",\"bytes\":\"4096\"}]}" },
		.requests = "GetStats {}\n",
		.out = "store bytes              1048576 (1.0 MiB)\n"
		       "free in the store        1536 (1.5 KiB)\n"
		       "map bytes                68719476736 (64.0 GiB)\n"
		       "free on the disk         1023\n"
		       "revision                 13\n"
		       "oldest change            12\n"
		       "posts in the trash       15\n"
		       "next due                 2026-01-02 03:04\n"
		       "last backup              2025-01-02 03:04\n"
		       "queued writes            1\n"
		       "queued bytes             5\n"
		       "writes                   3\n"
		       "commits                  2\n"
		       "most writes in one       11\n"
		       "half of the commits      8 us\n"
		       "99 of 100 commits        9 us\n"
		       "longest commit           10 us\n"
		       "open snapshots           4\n"
		       "oldest snapshot          6 ms, 7 commits behind\n"
		       "waiting for changes      14\n"
		       "calls                    30\n"
		       "failed calls             4\n"
		       "calls in flight          3\n"
		       "connections              2\n"
		       "subscribers              6\n"
		       "not published yet        8\n"
		       "\n"
		       "TABLE  ENTRIES  BYTES\n"
		       "post       100   8192\n"
		       "log^[        7   4096\n",
		.err = "" },
	{ .label = "as a line",
		.line = "-o|jsonl|stats",
		.answers = { "{\"tables\":[{\"name\":\"post\"}]}" },
		.out = "{\"tables\":[{\"name\":\"post\"}]}\n",
		.err = "" },
	{ .label = "no interval",
		.line = "stats|--interval|5",
		.status = 2,
		.out = "",
		.err = "lectern: --interval 5: is not a time from 100ms to 60m\n" },
	{ .label = "an interval that is too short",
		.line = "stats|--watch|--interval|99ms",
		.status = 2,
		.out = "",
		.err = "lectern: --interval 99ms: is not a time from 100ms to 60m\n" },
	{ .label = "metrics",
		.line = "metrics",
		.answers = { "{\"text\":\"# HELP a b\\na 1\\n\"}" },
		.requests = "GetMetrics {}\n",
		.out = "# HELP a b\na 1\n",
		.err = "" },
	{ .label = "where the store is",
		.line = "info",
		.answers = { "{\"version\":\"0.1.0\",\"storeFormat\":3,\"revision\":\"12\","
			     "\"epoch\":\"e1\",\"addresses\":[\"tcp://a:1\"],"
			     "\"publishAddresses\":[\"tcp://a:2\",\"ipc:///p\"]}" },
		.out = "version          0.1.0\nstore format     3\nrevision         12\n"
		       "epoch            e1\nposts            0 (0 published)\n"
		       "tags             0\ncategories       0\nauthors          0\n"
		       "addresses        tcp://a:1\nfeed             tcp://a:2\n"
		       "                 ipc:///p\n",
		.err = "" },
};

static void test_figures(void **state)
{
	RUN_ALL(figures);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_works),
		cmocka_unit_test(test_operations),
		cmocka_unit_test(test_figures),
	};
	return cmocka_run_group_tests(tests, scripted_set_up, scripted_tear_down);
}
