# Go with mangos and google.golang.org/protobuf; sourced by contract.sh.
# shellcheck shell=bash disable=SC2034,SC2154
over=nng
unanswered=1

prepare() {
	local file options=()
	for tool in go protoc; do
		command -v "$tool" >/dev/null || {
			echo "skipped: needs $tool"
			exit 77
		}
	done
	cp -r tests/interop/go/. "$prepared/"
	(cd "$prepared" && go mod download && go build -o bin/ google.golang.org/protobuf/cmd/protoc-gen-go) \
		>"$prepared/log" 2>&1 || {
		echo "skipped: go could not get the modules of tests/interop/go/go.mod: $(tail -n 1 "$prepared/log")"
		exit 77
	}
	for file in proto/lectern/v1/*.proto; do
		options+=(--go_opt="M${file#proto/}=interop/pb/lecternv1")
	done
	for file in proto/lectern/rpc/v1/*.proto; do
		options+=(--go_opt="M${file#proto/}=interop/pb/rpcv1")
	done
	rm -rf "$prepared/pb"
	protoc -I proto --plugin="$prepared/bin/protoc-gen-go" --go_out="$prepared" --go_opt=module=interop \
		"${options[@]}" proto/lectern/v1/*.proto proto/lectern/rpc/v1/*.proto
	(cd "$prepared" && go vet ./lectern ./archive ./contract && go build -o bin/ ./archive ./contract)
}

contract() {
	"$prepared/bin/contract" "$1"
}

example() {
	shows_titles "$prepared/bin/archive"
}
