# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Packages of another suite or architecture, without touching the system's own apt
# sources, lists and cache. Source lib.sh first.

# The mirror is the one of the machine's own Debian sources.
apt_mirror() {
	local uri
	local -a query=(apt-get indextargets --format '$(LABEL) $(REPO_URI)' 'Created-By: Packages')

	uri=$("${query[@]}" | awk '$1 == "Debian" { print $2; exit }')
	if [ -z "$uri" ] && [ "$(id -u)" = 0 ]; then
		apt-get update >/dev/null 2>&1 </dev/null || die "apt-get update failed: try it by hand"
		uri=$("${query[@]}" | awk '$1 == "Debian" { print $2; exit }')
	fi
	echo "$uri"
}

# apt_begin SUITES ARCHITECTURE LOG [deb-src]: sets the array apt to an apt-get that
# knows those suites alone, or their sources, with fresh lists. Fails with apt's words
# in LOG.
apt_begin() {
	local types=${4:-deb} uri
	local dir=$BUILD/apt/${1// /+}-$2-$types
	uri=$(apt_mirror)
	[ -n "$uri" ] || {
		echo "E: no Debian mirror among this machine's apt sources (try apt-get update)" >"$3"
		return 1
	}
	mkdir -p "$dir"/{sources.d,lists/partial,cache/archives/partial}
	cat >"$dir/sources.d/fastwake.sources" <<-END
		Types: $types
		URIs: $uri
		Suites: $1
		Components: main
		Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
	END
	apt=(
		apt-get -q
		-o APT::Architecture="$2" -o APT::Architectures="$2"
		-o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts="$dir/sources.d"
		-o Dir::State::Lists="$dir/lists" -o Dir::Cache="$dir/cache"
		-o Acquire::Languages=none -o APT::Sandbox::User=root
	)
	"${apt[@]}" update --error-on=any >"$3" 2>&1 </dev/null
}
