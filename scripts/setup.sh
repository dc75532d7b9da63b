#!/usr/bin/env bash
# Prepares a machine. `setup.sh build` for what building needs, `setup.sh test`
# for what testing needs besides. Installs Debian and Ubuntu packages where
# they are missing; elsewhere it says what to install. Asks nothing, but for the
# password of sudo where a person sits at a terminal.
set -euo pipefail

RUST=1.90.0
NODE="20.19 or newer of 20, 22.12 or newer"

build_packages=(build-essential cmake nasm pkg-config libwebkit2gtk-4.1-dev librsvg2-dev)
test_packages=(xvfb webkit2gtk-driver dbus libimage-exiftool-perl)

fail() {
	printf 'setup: %s\n' "$@" >&2
	exit 1
}

has() { command -v "$1" >/dev/null 2>&1; }

# at_least WANTED FOUND: compares versions.
at_least() { [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1)" = "$1" ]; }

# Nothing where there is no Rust, or rustup has no toolchain yet.
rust_version() { { rustc --version 2>/dev/null || true; } | awk '{ print $2 }'; }

node_is_good() {
	has node && node -e '
		const [major, minor] = process.versions.node.split(".").map(Number);
		process.exit(major > 22 || (major === 22 && minor >= 12) || (major === 20 && minor >= 19) ? 0 : 1);'
}

# The version that apt would install, nothing where it knows none.
apt_candidate() {
	apt-cache policy "$1" 2>/dev/null | awk '/Candidate:/ && $2 != "(none)" { print $2 }'
}

as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif has sudo && sudo -n true 2>/dev/null; then
		sudo -n "$@"
	elif has sudo && [ -t 0 ] && [ -t 2 ]; then
		# The person at the terminal may give the password; a script never waits.
		sudo "$@"
	else
		fail "these packages are missing and installing them needs root: ${missing[*]}" \
			"run: sudo apt-get install ${missing[*]}"
	fi
}

missing=()

want_package() {
	dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null | grep -qx installed || missing+=("$1")
}

install_missing() {
	[ ${#missing[@]} -gt 0 ] || return 0
	echo "setup: installing ${missing[*]}" >&2
	as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq
	as_root env DEBIAN_FRONTEND=noninteractive \
		apt-get install -y -qq --no-install-recommends "${missing[@]}"
	missing=()
}

# Installs a package; goes on where that fails.
install_if_possible() {
	(
		missing=()
		want_package "$1"
		install_missing
	) || echo "setup: $1 is missing, HEIC and AVIF will not be shown" >&2
}

on_debian() {
	local package
	for package in "${build_packages[@]}"; do want_package "$package"; done
	if [ "$1" = test ]; then
		for package in "${test_packages[@]}"; do want_package "$package"; done
	fi
	# These may well come from elsewhere than from Debian.
	has python3 || missing+=(python3)
	python3 -m pip --version >/dev/null 2>&1 || missing+=(python3-pip)
	install_missing
	# Looked for when the application runs; all but HEIC and AVIF works without.
	install_if_possible libheif1

	if ! has node && at_least 20.19 "$(apt_candidate nodejs | sed 's/^[0-9]*://')"; then
		missing+=(nodejs)
		install_missing
	fi
	if has node && ! has npm; then
		missing+=(npm)
		install_missing
	fi
	if ! has cargo && ! has rustup && [ -n "$(apt_candidate rustup)" ]; then
		missing+=(rustup)
		install_missing
		rustup toolchain install stable --profile minimal --component clippy --component rustfmt
		rustup default stable
	fi
}

elsewhere() {
	has cc || wanted+=("a C compiler (macOS: xcode-select --install, Fedora: gcc gcc-c++)")
	has cmake || wanted+=("CMake (macOS: brew install cmake, Fedora: cmake)")
	# libjpeg-turbo's SIMD code is assembly on x86, C elsewhere.
	case $(uname -m) in
	x86_64 | i?86 | amd64) has nasm || wanted+=("NASM (macOS: brew install nasm, Fedora: nasm)") ;;
	esac
	has python3 && python3 -m pip --version >/dev/null 2>&1 ||
		wanted+=("Python 3 with pip (macOS: xcode-select --install, Fedora: python3-pip)")
	if [ "$(uname -s)" = Linux ]; then
		has pkg-config && pkg-config --exists webkit2gtk-4.1 librsvg-2.0 ||
			wanted+=("WebKitGTK 4.1 and librsvg (Fedora: pkgconf webkit2gtk4.1-devel librsvg2-devel)")
		if [ "$1" = test ]; then
			has Xvfb || wanted+=("Xvfb (Fedora: xorg-x11-server-Xvfb)")
			has WebKitWebDriver || wanted+=("WebKitWebDriver (Fedora: webkit2gtk-driver)")
			has dbus-daemon || wanted+=("D-Bus (Fedora: dbus-daemon)")
		fi
	fi
}

case ${1:-} in
build | test) ;;
*) fail "usage: setup.sh build|test" ;;
esac

wanted=()
if has apt-get && has dpkg-query; then on_debian "$1"; else elsewhere "$1"; fi

rust=$(rust_version)
at_least "$RUST" "${rust:-0}" ||
	wanted+=("Rust $RUST or newer, found ${rust:-none}: https://rustup.rs (\`rustup update stable\` where it is there)")
if [ "$1" = test ] && [ -n "$rust" ]; then
	cargo clippy --version >/dev/null 2>&1 && cargo fmt --version >/dev/null 2>&1 ||
		wanted+=("clippy and rustfmt: rustup component add clippy rustfmt")
fi
node_is_good ||
	wanted+=("Node.js $NODE, found $(node --version 2>/dev/null || echo none): https://nodejs.org")
has npm || wanted+=("npm, which comes with Node.js")

if [ ${#wanted[@]} -gt 0 ]; then
	fail "please install, then run make again:" "${wanted[@]/#/  - }"
fi
