// The rows of ../../contract.jsonl through package lectern; see ../../README.md.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"os"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"time"

	"interop/lectern"
	pb "interop/pb/lecternv1"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

type row struct {
	Label, Method, Needs string
	Request              json.RawMessage
	Payload              *[]byte
	TimeoutMs            int64  `json:"timeout_ms"`
	MinRevision          string `json:"min_revision"`
	Token                *bool
	Save                 map[string]string
	Code, Reason, Field  string
	Response             map[string]any
}

type outcome struct {
	code, reason, field string
	response            any
}

var codes = strings.Fields("OK CANCELLED UNKNOWN INVALID_ARGUMENT DEADLINE_EXCEEDED NOT_FOUND " +
	"ALREADY_EXISTS PERMISSION_DENIED RESOURCE_EXHAUSTED FAILED_PRECONDITION ABORTED OUT_OF_RANGE " +
	"UNIMPLEMENTED INTERNAL UNAVAILABLE DATA_LOSS UNAUTHENTICATED")

func messages(method string) (proto.Message, proto.Message) {
	name := protoreflect.FullName("lectern.v1." + strings.Replace(method, "/", ".", 1))
	found, err := protoregistry.GlobalFiles.FindDescriptorByName(name)
	if err != nil { // a method that there is not: any type will do
		return &pb.CheckRequest{}, &pb.CheckResponse{}
	}
	descriptor := found.(protoreflect.MethodDescriptor)
	return message(descriptor.Input()), message(descriptor.Output())
}

func message(descriptor protoreflect.MessageDescriptor) proto.Message {
	found, err := protoregistry.GlobalTypes.FindMessageByName(descriptor.FullName())
	if err != nil {
		log.Fatal(err)
	}
	return found.New().Interface()
}

// at is what stands at "posts.0.slug"; nil where there is nothing.
func at(value any, path string) any {
	for _, step := range strings.Split(path, ".") {
		switch here := value.(type) {
		case map[string]any:
			value = here[step]
		case []any:
			if index, err := strconv.Atoi(step); err == nil && index < len(here) {
				value = here[index]
			} else if step == "length" {
				value = float64(len(here))
			} else {
				value = nil
			}
		default:
			return nil
		}
	}
	return value
}

func same(want, got any) bool {
	text, isText := want.(string)
	if isText && strings.HasPrefix(text, "~") {
		found, isText := got.(string)
		return isText && regexp.MustCompile(text[1:]).MatchString(found)
	}
	return reflect.DeepEqual(want, got)
}

func call(client *lectern.Client, r *row) outcome {
	request, response := messages(r.Method)
	var payload []byte
	var err error
	if r.Payload != nil {
		payload = *r.Payload
	} else if err = protojson.Unmarshal(r.Request, request); err != nil {
		log.Fatal(r.Label, ": ", err)
	} else if payload, err = proto.Marshal(request); err != nil {
		log.Fatal(r.Label, ": ", err)
	}
	revision, _ := strconv.ParseUint(r.MinRevision, 10, 64)
	reply, err := client.CallBytes(r.Method, payload, lectern.Options{
		Timeout:     time.Duration(r.TimeoutMs) * time.Millisecond,
		MinRevision: revision,
		NoToken:     r.Token != nil && !*r.Token,
	})
	var failed *lectern.Error
	if errors.As(err, &failed) {
		return outcome{code: codes[failed.Code], reason: failed.Reason, field: failed.Field}
	}
	if err != nil {
		return outcome{code: err.Error()}
	}
	result := outcome{code: "OK"}
	if err = proto.Unmarshal(reply, response); err != nil {
		log.Fatal(r.Label, ": ", err)
	}
	text, err := protojson.Marshal(response)
	if err != nil || json.Unmarshal(text, &result.response) != nil {
		log.Fatal(r.Label, ": ", err)
	}
	return result
}

func differences(r *row, got outcome, denied bool) (wrong []string) {
	code, reason, field := r.Code, r.Reason, r.Field
	if code == "" {
		code = "OK"
	}
	if denied {
		code, reason, field = "PERMISSION_DENIED", "SCOPE_INSUFFICIENT", ""
	}
	if code != got.code || reason != "" && reason != got.reason || field != "" && field != got.field {
		return []string{fmt.Sprintf("is %s %s %s, not %s %s %s", got.code, got.reason, got.field, code,
			reason, field)}
	}
	for path, want := range r.Response {
		if value := at(got.response, path); code == "OK" && !same(want, value) {
			wrong = append(wrong, fmt.Sprintf("%s is %v, not %v", path, value, want))
		}
	}
	return wrong
}

func main() {
	tokenFile := os.Getenv("LECTERN_TOKEN_FILE")
	client, err := lectern.Dial(os.Getenv("LECTERN_CONTRACT_URL"), tokenFile, os.Getenv("LECTERN_TLS_CA"))
	if err != nil {
		log.Fatal(err)
	}
	file, err := os.Open(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	saved := []string{"${client}", "go"}
	count, failed, skipped := 0, 0, 0
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		r := &row{}
		text := strings.NewReplacer(saved...).Replace(lines.Text())
		if err = json.Unmarshal([]byte(text), r); err != nil {
			log.Fatal(err)
		}
		if r.Needs == "tokens" && tokenFile == "" {
			fmt.Println("skip:", r.Label)
			skipped++
			continue
		}
		count++
		got := call(client, r)
		wrong := differences(r, got, tokenFile != "" && r.Needs == "write")
		if len(wrong) > 0 {
			failed++
			fmt.Println("FAILED:", r.Label+"\n    "+strings.Join(wrong, "\n    "))
		} else {
			fmt.Println("ok:", r.Label)
		}
		for name, path := range r.Save {
			if got.code == "OK" {
				// the newest first, as the first that fits is taken
				saved = append([]string{"${" + name + "}", fmt.Sprint(at(got.response, path))}, saved...)
			}
		}
	}
	if err = lines.Err(); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("go: %d calls, %d with another answer, %d rows not for this client\n", count, failed, skipped)
	client.Close()
	if failed > 0 {
		os.Exit(1)
	}
}
