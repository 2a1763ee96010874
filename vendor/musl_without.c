/* SPDX-License-Identifier: MIT */
/*
 * musl_without: what crypt_r of musl mentions and nothing here reaches, so
 * that the linker does not take it out of libc.a: hashes of passwords by DES
 * and MD5, 11 kB. relay/users.c refuses them before crypt_r is asked.
 */

char *__crypt_des(const char *key, const char *setting, char *output);
char *__crypt_md5(const char *key, const char *setting, char *output);

/* As crypt(3) says that it does not know a setting. */
char *
__crypt_des(const char *key, const char *setting, char *output)
{
	(void)key;
	(void)setting;
	output[0] = '*';
	output[1] = '\0';
	return output;
}

char *
__crypt_md5(const char *key, const char *setting, char *output)
{
	return __crypt_des(key, setting, output);
}
