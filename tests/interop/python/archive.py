import os

from lectern.v1 import archive_pb2, term_pb2
from lectern_client import Client

client = Client(os.environ.get("LECTERN_SERVER", "tcp://127.0.0.1:7400"))
request = archive_pb2.GetArchiveRequest(
    kind=archive_pb2.ARCHIVE_KIND_TAG, term=term_pb2.TermKey(slug="databases"))
archive = client.call("ArchiveService/GetArchive", request, archive_pb2.GetArchiveResponse)
for post in archive.posts:
    print(post.title)
