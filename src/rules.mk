# SPDX-License-Identifier: MIT
#
# rules.mk: what make does with our sources: the executable, the same for
# check's warnings, for tests under sanitizers, for fuzz, for other machines.
# "./build.sh" calls it; cc.mk and list are build.sh's (prepare).
O ?= build
comma := ,
include $(O)/cc.mk
include vendor/rules.mk
.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += -rR

src := $(file <build/list)
part := $(filter-out src/main.c,$(src))
flags := src/rules.mk vendor/rules.mk $(O)/cc.mk

# Ours: style.md 41 (warnings) and 42 (release).
WARN := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion \
  -Wcast-qual -Wpointer-arith -Wwrite-strings -Wstrict-prototypes \
  -Wmissing-prototypes -Wold-style-definition -Wvla -Wundef -Wformat=2 \
  -Wswitch-enum -Wimplicit-fallthrough -Wnull-dereference
MBED := -DMBEDTLS_CONFIG_FILE='<mbedtls_config.h>' -isystem vendor \
  -isystem $(MBEDTLS)/include
BASE := -std=c11 -D_GNU_SOURCE -Isrc -Ibuild/gen $(MBED)
# -O2 where each byte of a mail or a file is looked at. All else, the walk over
# lines and heads too, is for size.
quick := codec/base64 codec/unbase64 codec/qp codec/utf8 codec/xxh64 \
  mail/intake mail/mime
level = $(if $(filter $(quick),$*),-O2,$(OS))
REL := $(BASE) $(WARN) $(SMALL) $(HARD) $(ZERO) $(musl_inc)
SAN := $(BASE) $(WARN) -Wno-null-dereference -Wno-maybe-uninitialized \
  -Werror -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined \
  -fno-sanitize-recover=all
FUZZ := $(BASE) -O1 -g -fno-omit-frame-pointer \
  -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all

print-db:
	@echo "$(filter-out -fsanitize% -fno-sanitize%,$(SAN)) -Itests/unit"

# --- release: $(O)/post365
rel := $(src:src/%.c=$(O)/rel/%.o) $(O)/rel/roots.o $(O)/rel/musl_without.o
$(O)/rel/%.o: src/%.c $(flags) | $(V)/musl/lib/libc.a
	@mkdir -p $(@D)
	@echo "cc $<"
	$(CC) $(REL) $(level) $(LTO) -MMD -MP -c -o $@ $<
$(O)/rel/roots.o: build/gen/roots.c $(flags) | $(V)/musl/lib/libc.a
	@mkdir -p $(@D)
	$(CC) $(REL) -O2 $(LTO) -c -o $@ $<
$(O)/rel/musl_without.o: vendor/musl_without.c $(flags) | $(V)/musl/lib/libc.a
	@mkdir -p $(@D)
	$(CC) $(REL) $(OS) $(LTO) -c -o $@ $<
$(O)/post365: build/list src/link.ld $(rel) $(V)/mbedtls-rel/libmbedtls.a
	@echo "link $@"
	$(call link,$@.new,$(rel))
	@mv $@.new $@

# The whole link line: rcrt1.o makes a static PIE, and no crtbegin.o is
# needed by C. No warnings here: "check" has them, and what LTO adds after
# inlining across files was wrong each time. LTO sees the vendor's code too,
# and all in one piece: 17 kB less. The vendor's objects have machine code as
# well (LTO_FAT), for an ar that knows no LTO and for the units.
#
# rcrt1.o knows relocations relative to the program and silently passes over
# others. For s390x ld makes some by name, unless all names are hidden. For Arm
# gcc 12 tells ld not all of what -static-pie is.
musl_lib := $(V)/musl/lib
PIE := -static-pie -Wl,--no-dynamic-linker,-z,text \
  -Wl,--exclude-libs,ALL
link = $(CC) $(REL) $(OS) $(LTO) $(LTO_ONE) -w $(PIE) -nostdlib \
  -nostartfiles -o $(1) $(musl_lib)/rcrt1.o $(musl_lib)/crti.o $(2) \
  $(V)/mbedtls-rel/libmbedtls.a $(musl_lib)/libc.a $(LIBGCC) \
  $(musl_lib)/libc.a $(musl_lib)/crtn.o -Wl,--gc-sections,--build-id=none \
  -Wl,-z,relro,-z,now,-z,noexecstack $(RELR) $(LAYOUT) -s

# --- bench: what calls into the program, and is linked as it is
build/bench/%: tests/bench/%.c build/post365
	@mkdir -p $(@D)
	$(CC) $(REL) -O2 -c -o $@.o $<
	$(call link,$@,$@.o $(filter-out %/main.o,$(rel)))

# --- check: the same flags without LTO, and warnings are errors
chk := $(src:src/%.c=$(O)/chk/%.o) $(O)/chk/roots.o
chk: $(chk)
$(O)/chk/%.o: src/%.c $(flags) | $(V)/musl/lib/libc.a
	@mkdir -p $(@D)
	$(CC) $(REL) -O2 -Werror $(CAST) -MMD -MP -c -o $@ $<
$(O)/chk/roots.o: build/gen/roots.c $(flags) | $(V)/musl/lib/libc.a
	@mkdir -p $(@D)
	$(CC) $(REL) -O2 -Werror -c -o $@ $<

# --- size: the same link once more, for its map
build/size/map: build/post365
	@mkdir -p $(@D)
	$(call link,build/size/post365,$(rel)) -Wl,-Map=$@

# --- tests: build/san
san := $(part:src/%.c=build/san/obj/%.o) build/san/obj/roots.o
help := $(filter-out %_test.c,$(wildcard tests/unit/*.c))
help := $(help:tests/unit/%.c=build/san/unit/%.o)
wrap := -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc
# What tests/unit/cut.c can fail, and end the program at.
cut := openat write pwrite pread fsync fdatasync sync_file_range ftruncate \
  unlinkat renameat2 futimens flock mkdir close
build/san/crash_test build/san/journal_test build/san/queue_carry_test \
  build/san/accept_test \
  $(O)/unit/crash_test $(O)/unit/journal_test $(O)/unit/queue_carry_test \
  $(O)/unit/accept_test: \
  wrap += $(addprefix -Wl$(comma)--wrap=,$(cut))
none = { echo $(1) $(2) >>build/san/broken; \
  $(CC) -x c -c -o $(2) /dev/null; }
build/san/obj/%.o: src/%.c $(flags)
	@mkdir -p $(@D)
	@echo "cc $< (tests)"
	$(CC) $(SAN) -MMD -MP -c -o $@ $< || $(if $(PARTIAL),$(call none,$<,$@),false)
build/san/obj/roots.o: build/gen/roots.c $(flags)
	@mkdir -p $(@D)
	$(CC) $(SAN) -c -o $@ $<
build/san/unit/%.o: tests/unit/%.c $(flags)
	@mkdir -p $(@D)
	@echo "cc $<"
	$(CC) $(SAN) -Itests/unit -MMD -MP -c -o $@ $<
build/san/lib.a: build/list $(san)
	@rm -f $@
	$(CROSS)ar crsD $@ $(san)
# An archive, so that a test gets the helpers that it uses: then it may have
# a function of its own in place of one that only other helpers call.
build/san/help.a: $(help)
	@rm -f $@
	$(CROSS)ar crsD $@ $(help)
# No PIE: at each start ld.so would relocate what sanitizers know of each
# global, a quarter of the 60 ms that a start takes.
san_link = $(CC) $(SAN) -no-pie
build/san/%_test: build/san/unit/%_test.o build/san/help.a build/san/lib.a \
  $(V)/mbedtls-san/libmbedtls.a
	$(san_link) $(wrap) -o $@ $(filter %.o %.a,$^) -lcrypt
build/san/post365: build/san/obj/main.o build/san/lib.a \
  $(V)/mbedtls-san/libmbedtls.a
	@echo "link $@"
	$(san_link) -o $@ $^ -lcrypt
.SECONDARY: $(patsubst tests/unit/%.c,build/san/unit/%.o,\
  $(wildcard tests/unit/*.c))

# --- tests on other machines: check's objects, linked as the executable is
unit := $(filter-out $(O)/chk/main.o,$(chk))
unit_help := $(help:build/san/unit/%=$(O)/unit/%)
units: $(patsubst tests/unit/%.c,$(O)/unit/%,$(wildcard tests/unit/*_test.c))
$(O)/unit/%.o: tests/unit/%.c $(flags) | $(V)/musl/lib/libc.a
	@mkdir -p $(@D)
	@echo "cc $<"
	$(CC) $(REL) -O1 -Werror -Itests/unit -MMD -MP -c -o $@ $<
$(O)/unit/lib.a: build/list $(unit)
	@rm -f $@
	$(CROSS)ar crsD $@ $(unit)
$(O)/unit/help.a: $(unit_help)
	@rm -f $@
	$(CROSS)ar crsD $@ $(unit_help)
$(O)/unit/%_test: $(O)/unit/%_test.o $(O)/unit/help.a $(O)/unit/lib.a \
  $(V)/mbedtls-rel/libmbedtls.a
	$(call link,$@,-fno-lto $(wrap) \
	  $(filter-out %/libmbedtls.a,$(filter %.o %.a,$^)))

# --- fuzz: clang
fuzz := $(part:src/%.c=build/fuzz/obj/%.o) build/fuzz/obj/roots.o
build/fuzz/obj/%.o: src/%.c $(flags)
	@mkdir -p $(@D)
	$(FUZZ_CC) $(FUZZ) -MMD -MP -c -o $@ $<
build/fuzz/obj/roots.o: build/gen/roots.c $(flags)
	@mkdir -p $(@D)
	$(FUZZ_CC) $(FUZZ) -c -o $@ $<
build/fuzz/lib.a: build/list $(fuzz)
	@rm -f $@
	$(CROSS)ar crsD $@ $(fuzz)
build/fuzz/%_fuzz: tests/fuzz/%_fuzz.c build/fuzz/lib.a \
  $(V)/mbedtls-san/libmbedtls.a
	@echo "cc $< (fuzz)"
	$(FUZZ_CC) $(FUZZ) -Itests/fuzz -fsanitize=fuzzer -MMD -MP \
	  -MF $@.d -o $@ $(filter %.c %.a,$^)

-include $(shell find $(O)/rel $(O)/chk $(O)/unit build/san \
  build/fuzz -name '*.d' 2>/dev/null)
