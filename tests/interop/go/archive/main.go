package main

import (
	"cmp"
	"fmt"
	"log"
	"os"

	"interop/lectern"
	pb "interop/pb/lecternv1"
)

func main() {
	client, err := lectern.Dial(cmp.Or(os.Getenv("LECTERN_SERVER"), "tcp://127.0.0.1:7400"), "", "")
	if err != nil {
		log.Fatal(err)
	}
	archive := &pb.GetArchiveResponse{}
	if err := client.Call("ArchiveService/GetArchive", &pb.GetArchiveRequest{
		Kind: pb.ArchiveKind_ARCHIVE_KIND_TAG,
		Term: &pb.TermKey{Key: &pb.TermKey_Slug{Slug: "databases"}},
	}, archive, lectern.Options{}); err != nil {
		log.Fatal(err)
	}
	for _, post := range archive.Posts {
		fmt.Println(post.Title)
	}
}
