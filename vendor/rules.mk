# SPDX-License-Identifier: MIT
#
# rules.mk: how mbedTLS and musl are built, once for each compiler. A file of
# its own, so that a change of our rules does not build them again.
locked = $(shell awk '$$1 == "$(1)" { print $$2 }' vendor/lock)
MBEDTLS := build/vendor/src/mbedtls-$(call locked,mbedtls)
MUSL := build/vendor/src/musl-$(call locked,musl)
V := $(O)/vendor
musl_inc := -nostdinc -isystem $(V)/musl/include -isystem $(CC_INCLUDE) \
  -idirafter $(V)/kernel-include
# No unwind tables: C without exceptions, and they are a tenth of the file.
SMALL := -ffunction-sections -fdata-sections -fno-asynchronous-unwind-tables \
  -fno-unwind-tables -ffile-prefix-map=$(CURDIR)=. -fPIE \
  -fvisibility=hidden $(DATA)
HARD := -fstack-protector-strong $(GUARD) -fno-strict-overflow

# The vendor's: for size. What the bytes of a mail pass through is for speed
# (ChaCha20 +60 %; AES-GCM +30 % by the intrinsics of aesni.c, which are used
# where the CPU has them). Of these intrinsics, of AES by tables and of a
# handshake's arithmetic -O2 gains nothing that can be measured.
VEND := -std=c11 -D_GNU_SOURCE -w -DMBEDTLS_CONFIG_FILE='<mbedtls_config.h>' \
  -Ivendor -I$(MBEDTLS)/include -I$(MBEDTLS)/library
vendor_flags := vendor/rules.mk $(O)/cc.mk vendor/lock
fast := aesce gcm chacha20 poly1305
# All who see the keys of aesni.c, so that they agree on how these lie.
intrinsics := aes aesni gcm
opt = $(if $(filter $*,$(fast)),-O2,$(OS)) \
  $(if $(filter $*,$(intrinsics)),$(AESNI))
# The code of TLS reads certificates by net/constraint.c (see there).
OWN_ssl_tls := -Dmbedtls_x509_crt_parse_der=constraint_parse_der
OWN_ssl_tls13_generic := $(OWN_ssl_tls)
# A server of TLS 1.2 may sign with RSA-PSS; PSA itself need not.
OWN_ssl_tls12_client := -DPSA_WANT_ALG_RSA_PSS=1
# What is called and cannot be reached: vendor/mbedtls_without.c.
OWN_rsa := -Dmbedtls_rsa_deduce_primes=without_deduce_primes \
  -Dmbedtls_rsa_deduce_private_exponent=without_deduce_private_exponent \
  -Dmbedtls_rsa_deduce_crt=without_deduce_crt
OWN_pk_wrap := -Dmbedtls_rsa_pkcs1_encrypt=without_encrypt \
  -Dmbedtls_rsa_pkcs1_decrypt=mbedtls_rsa_rsaes_pkcs1_v15_decrypt
own = $(OWN_$*)
mbed_src := $(wildcard $(MBEDTLS)/library/*.c)
mbed_name := $(notdir $(mbed_src:.c=)) mbedtls_random mbedtls_sha1 \
  mbedtls_without
vpath %.c $(MBEDTLS)/library vendor

$(V)/mbedtls-rel/%.o: %.c vendor/mbedtls_config.h $(vendor_flags) | $(V)/musl/lib/libc.a
	@mkdir -p $(@D)
	$(CC) $(VEND) $(opt) $(own) $(SMALL) $(HARD) $(LTO_FAT) $(musl_inc) \
	  -c -o $@ $<
$(V)/mbedtls-san/%.o: %.c vendor/mbedtls_config.h $(vendor_flags)
	@mkdir -p $(@D)
	$(CC) $(VEND) -g $(opt) $(own) -c -o $@ $<
$(V)/mbedtls-rel/libmbedtls.a: $(mbed_name:%=$(V)/mbedtls-rel/%.o)
$(V)/mbedtls-san/libmbedtls.a: $(mbed_name:%=$(V)/mbedtls-san/%.o)
$(V)/mbedtls-rel/libmbedtls.a $(V)/mbedtls-san/libmbedtls.a:
	@rm -f $@
	$(CROSS)ar crsD $@ $(filter %.o,$^)
	@echo "built $@"

$(V)/musl/lib/libc.a: $(vendor_flags)
	@echo "building musl"
	@rm -rf $(V)/musl $(V)/musl-obj
	@mkdir -p $(V)/musl-obj
	cd $(V)/musl-obj && CC="$(CC)" CROSS_COMPILE=$(CROSS) \
	  CFLAGS="$(OS) -fPIE -fno-asynchronous-unwind-tables -fno-unwind-tables" \
	  $(CURDIR)/$(MUSL)/configure --disable-shared --disable-wrapper \
	  --disable-optimize --prefix=$(CURDIR)/$(V)/musl \
	  >configure.log 2>&1 || { tail configure.log; exit 1; }
	$(MAKE) -C $(V)/musl-obj install >$(V)/musl-obj/make.log 2>&1 || \
	  { tail $(V)/musl-obj/make.log; rm -f $@; exit 1; }
	@touch $@
