#!/usr/bin/env bash
# The manifests for Kubernetes and Compose are what their schemas ask for, and name only options that
# lecternd has. Schemas come from PyPI and the Go proxy, pinned, and stay in build/.
set -euo pipefail
cd "${LECTERN_SOURCE:-$(dirname "$0")/../..}"
bin=${LECTERN_BIN:-$PWD/build/dev/bin}
. deploy/steps.sh
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cache=$PWD/build/schemas # of all presets
skipped=
kubernetes=deploy/kubernetes
manifests=("$kubernetes"/statefulset.yaml "$kubernetes"/service.yaml
	"$kubernetes"/pod-disruption-budget.yaml "$kubernetes"/network-policy.yaml)

leave_out() {
	echo "skipped: $*"
	skipped=1
}

# Every --option, LECTERND_ variable and line of a file of options that deploy/ has.
test_options() {
	local file
	"$bin/lecternd" --print-options >"$work/options.md"
	sed -n 's/^| `--\([a-z-]*\).*/\1/p' "$work/options.md" | sort >"$work/names"
	grep -rhoE 'LECTERND_[A-Z_]+' Dockerfile deploy | sort -u >"$work/variables"
	grep -oE 'LECTERND_[A-Z_]+' "$work/options.md" | sort -u >"$work/known"
	comm -23 "$work/variables" "$work/known" >"$work/unknown"
	[ ! -s "$work/unknown" ] || die "deploy/ names variables that lecternd has not:" "$(cat "$work/unknown")"
	for file in "$kubernetes/lecternd.ini" deploy/image/lecternd.ini; do
		sed "s|/etc/lectern/[a-z/]*|$work|" "$file" >"$work/lecternd.ini"
		"$bin/lecternd" --config "$work/lecternd.ini" --print-config >/dev/null ||
			die "lecternd refuses $file"
	done
	say "options: $(wc -l <"$work/variables") variables and 2 files, all known"
}

# Packages of Python in a place of their own.
python_packages() {
	local python=$cache/python/bin/python
	if [ ! -e "$cache/python.done" ]; then
		python3 -m venv "$cache/python" || return 1
		"$python" -m pip install -q --disable-pip-version-check kubernetes-validate==1.37.0 \
			jsonschema pyyaml setuptools || return 1
		"$python" -m pip install -q --disable-pip-version-check --no-deps \
			check-jsonschema==0.39.0 || return 1
		touch "$cache/python.done"
	fi
}

# module MODULE@VERSION FILE: prints the path of a copy of a file of a Go module.
module() {
	local copy=$cache/${2##*/} from
	if [ ! -e "$copy" ]; then
		command -v go >/dev/null || return 1
		mkdir -p "$cache/module"
		printf 'module schemas\n\ngo 1.21\n' >"$cache/module/go.mod"
		from=$(cd "$cache/module" && go mod download -json "$1" |
			sed -n 's/^\t"Dir": "\(.*\)",$/\1/p')
		[ -n "$from" ] && install -m 644 "$from/$2" "$copy" || return 1
	fi
	echo "$copy"
}

validate() {
	"$cache/python/bin/python" tests/e2e/manifests/validate.py "$@"
}

# refused KIND FILE FROM TO: the file with a fault is refused, by a line that has it.
refused() {
	local file=$work/faulty.yaml
	sed "s|$3|$4|" "$2" >"$file"
	! cmp -s "$2" "$file" || die "$2 has no $3 to plant a fault at"
	# shellcheck disable=SC2086 # a kind may have an argument
	! validate $1 "$file" >"$work/refused" || die "$2 with \"$4\" passes"
}

test_kubernetes() {
	local version
	for version in 1.30 1.37; do
		validate kubernetes "$version" "${manifests[@]}" || die "not as Kubernetes $version wants it"
	done
	refused "kubernetes 1.37" "$kubernetes/statefulset.yaml" replicas: replica:
	refused "kubernetes 1.37" "$kubernetes/network-policy.yaml" 'policyTypes: .*' 'policyTypes: Ingress'
	say "kubernetes: ok"
}

test_compose() {
	validate compose deploy/compose/compose.yaml || die "not as Compose wants it"
	refused compose deploy/compose/compose.yaml cap_drop: cap_drops:
	say "compose: ok"
}

# test_resource FILE MODULE@VERSION DEFINITION FROM TO
test_resource() {
	local definition
	definition=$(module "$2" "$3") || {
		leave_out "$1: $2 cannot be had"
		return 0
	}
	validate crd "$definition" "$1" || die "not as $2 wants it"
	refused "crd $definition" "$1" "$4" "$5"
	say "$1: ok"
}

# The whole as kubectl apply -k sees it.
test_kustomize() {
	local kustomize=$cache/kustomize
	if [ ! -x "$kustomize" ]; then
		if ! command -v go >/dev/null ||
			! GOBIN="$cache" go install sigs.k8s.io/kustomize/kustomize/v5@v5.5.0 >"$work/go.log" 2>&1; then
			leave_out "kustomization.yaml: kustomize cannot be built"
			return
		fi
	fi
	cp -r "$kubernetes" "$work/all"
	sed -i 's/^# components:/components:/; s/^#   - /  - /' "$work/all/kustomization.yaml"
	"$kustomize" build "$kubernetes" >"$work/built.yaml" || die "kustomize does not build it"
	"$kustomize" build "$work/all" >"$work/built-all.yaml" || die "kustomize does not build the components"
	validate kubernetes 1.37 "$work/built.yaml" || die "what kustomize makes is not valid"
	grep -q 'kind: Certificate' "$work/built-all.yaml" && grep -q 'kind: ServiceMonitor' "$work/built-all.yaml" ||
		die "the components are missing"
	local name
	name=$(sed -nE 's/^  name: (lectern-[a-z0-9]{10})$/\1/p' "$work/built.yaml" | head -n 1)
	[ -n "$name" ] && grep -q "          name: $name" "$work/built.yaml" ||
		die "the pod does not name the ConfigMap \"$name\""
	say "kustomize: ok"
}

mkdir -p "$cache"
test_options
if python_packages >"$work/pip.log" 2>&1; then
	test_kubernetes
	test_compose
	test_resource "$kubernetes/monitoring/service-monitor.yaml" \
		github.com/prometheus-operator/prometheus-operator@v0.76.2 \
		example/prometheus-operator-crd/monitoring.coreos.com_servicemonitors.yaml endpoints: endpoint:
	test_resource "$kubernetes/cert-manager/certificate.yaml" \
		github.com/cert-manager/cert-manager@v1.16.2 deploy/crds/crd-certificates.yaml \
		secretName: secret:
	test_kustomize
else
	tail -n 3 "$work/pip.log"
	leave_out "the schemas cannot be installed"
fi
[ -z "$skipped" ] || exit 77
