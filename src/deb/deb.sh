# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# deb.sh: `./build.sh deb`: a Debian package by dpkg-deb alone. What is in it is
# what `post365 install` puts into a folder, moved to where packages have it.
# Folders and user are made by postinst. The same sources give the same bytes.

deb_version=$(sed -n 's/^#define VERSION  *"\(.*\)"/\1/p' src/base/version.h)
deb_date=$(sed -n 's/^#define VERSION_DATE \([0-9]*\).*/\1/p' src/base/version.h)
deb_from='post365 contributors <post365@localhost>'

verb_deb() {
	verb_build
	need dpkg-deb dpkg
	arch=$(dpkg --print-architecture)
	deb=build/post365_${deb_version}_$arch.deb
	root=build/deb/root
	rm -rf build/deb
	mkdir -p "$root/DEBIAN"
	build/post365 install --sendmail --prefix /usr --destdir "$TOP/$root" \
	    >build/deb/log || die "install failed: $(cat build/deb/log)"
	deb_move
	deb_doc
	deb_control
	SOURCE_DATE_EPOCH=$deb_date
	export SOURCE_DATE_EPOCH
	find "$root" -exec touch -h -d "@$deb_date" {} +
	dpkg-deb --root-owner-group -Zxz --build "$root" "$deb" >build/deb/log ||
	    die "dpkg-deb failed: $(cat build/deb/log)"
	say "$deb: $(wc -c <"$deb") bytes"
}

# From where an administrator has it to where packages have it.
deb_move() {
	mkdir -p "$root/lib/systemd/system"
	for f in "$root"/etc/systemd/system/*; do
		sed '1s,/etc/,/lib/,' "$f" >"$root/lib/systemd/system/${f##*/}"
	done
	rm -rf "${root:?}/etc" "${root:?}/var" "$root/usr/share/post365"
	ln -sf ../bin/post365 "$root/usr/sbin/sendmail"
	ln -sf ../sbin/sendmail "$root/usr/lib/sendmail"
	ln -sf ../sbin/sendmail "$root/usr/bin/mailq"
	ln -sf ../sbin/sendmail "$root/usr/bin/newaliases"
	mv "$root/usr/share/zsh/site-functions" \
	    "$root/usr/share/zsh/vendor-completions"
	gzip -9n "$root"/usr/share/man/man?/*
	man=$root/usr/share/man
	ln -sf post365-sendmail.8.gz "$man/man8/sendmail.8.gz"
	ln -sf ../man8/post365-sendmail.8.gz "$man/man1/mailq.1.gz"
	ln -sf ../man8/post365-sendmail.8.gz "$man/man1/newaliases.1.gz"
}

deb_doc() {
	doc=$root/usr/share/doc/post365
	overrides=$root/usr/share/lintian/overrides
	mkdir -p "$doc/src/doc" "$overrides"
	{
		cat src/deb/copyright
		sed '1,/^$/d; s/^/ /; s/^ $/ ./' LICENSE
	} >"$doc/copyright"
	for f in README.md src/doc/*.md; do # where README's links look
		gzip -9n <"$f" >"$doc/$f.gz"
	done
	printf '%s\n' "post365 ($deb_version) unstable; urgency=medium" '' \
	    "  * Version $deb_version." '' \
	    " -- $deb_from  $(LC_ALL=C date -u -R -d "@$deb_date")" |
	    gzip -9n >"$doc/changelog.gz"
	sed '/^#/d' src/deb/lintian >"$overrides/post365"
	find "$doc" "$overrides" -type f -exec chmod 644 {} +
}

deb_control() {
	for f in postinst prerm postrm; do
		sed '/^# SPDX/d' "src/deb/$f.sh" >"$root/DEBIAN/$f"
		chmod 755 "$root/DEBIAN/$f"
	done
	(cd "$root" && find usr lib -type f | sort | xargs md5sum) \
	    >"$root/DEBIAN/md5sums"
	size=$(find "$root/usr" "$root/lib" -type f -exec wc -c {} + |
	    awk '$2 != "total" { kb += int(($1 + 1023) / 1024) } END { print kb }')
	sed "s/@VERSION@/$deb_version/; s/@ARCH@/$arch/; s/@SIZE@/$size/
	    s/@FROM@/$deb_from/; /^#/d" src/deb/control >"$root/DEBIAN/control"
}
