import { ArchiveKind, ArchiveService } from "./gen/lectern/v1/archive_pb.js";
import { connect } from "./lectern.js";

const archives = connect(process.env.LECTERN_HTTP ?? "http://127.0.0.1:7480", ArchiveService);
const archive = await archives.getArchive({
	kind: ArchiveKind.TAG,
	term: { key: { case: "slug", value: "databases" } },
});
for (const post of archive.posts) {
	console.log(post.title);
}
