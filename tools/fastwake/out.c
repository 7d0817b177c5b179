// SPDX-License-Identifier: GPL-2.0
#include <string.h>

#include "fastwake.h"

static bool json, pretty;
static bool first_item, first_key;

/* --- JSON --------------------------------------------------------------------- */

static void newline(int depth)
{
	if (pretty)
		printf("\n%*s", 4 * depth, "");
}

static bool continues(unsigned char c)
{
	return (c & 0xc0) == 0x80;
}

/* How many bytes the character at @s has in UTF-8; 0 if it is none. */
static int utf8_length(const char *s)
{
	const unsigned char *c = (const unsigned char *)s;

	if (c[0] < 0x80)
		return 1;
	if (c[0] >= 0xc2 && c[0] <= 0xdf)
		return continues(c[1]) ? 2 : 0;
	/* Neither too long a form, nor half of a surrogate pair. */
	if (c[0] >= 0xe0 && c[0] <= 0xef)
		return continues(c[1]) && continues(c[2]) && (c[0] != 0xe0 || c[1] >= 0xa0) &&
		       (c[0] != 0xed || c[1] <= 0x9f) ? 3 : 0;
	if (c[0] >= 0xf0 && c[0] <= 0xf4)
		return continues(c[1]) && continues(c[2]) && continues(c[3]) &&
		       (c[0] != 0xf0 || c[1] >= 0x90) && (c[0] != 0xf4 || c[1] <= 0x8f) ? 4 : 0;
	return 0;
}

/* The name of a program can be any bytes. */
static void json_string(const char *s)
{
	int n;

	putchar('"');
	for (; *s; s += n ?: 1) {
		n = utf8_length(s);
		if (!n)
			printf("\\ufffd");
		else if (*s == '"' || *s == '\\')
			printf("\\%c", *s);
		else if ((unsigned char)*s < 0x20)
			printf("\\u%04x", *s);
		else
			printf("%.*s", n, s);
	}
	putchar('"');
}

static void json_cpus(const char *list)
{
	static struct cpus cpus;
	unsigned int cpu;
	bool first = true;

	putchar('[');
	for (cpu = 0; cpu < MAX_CPUS && cpus_parse(&cpus, list); cpu++) {
		if (!cpus_has(&cpus, cpu))
			continue;
		printf("%s%u", first ? "" : pretty ? ", " : ",", cpu);
		first = false;
	}
	putchar(']');
}

/* --- both ----------------------------------------------------------------------- */

static void key_is(const char *key)
{
	if (json) {
		if (!first_key)
			putchar(',');
		newline(2);
		json_string(key);
		fputs(pretty ? ": " : ":", stdout);
	} else {
		printf("%s%s ", first_key ? "" : " ", key);
	}
	first_key = false;
}

void out_format(bool as_json, bool as_pretty)
{
	json = as_json;
	pretty = as_pretty;
}

void out_begin(void)
{
	first_item = true;
	if (json)
		putchar('[');
}

void out_item(void)
{
	if (json) {
		if (!first_item)
			putchar(',');
		newline(1);
		putchar('{');
	}
	first_item = false;
	first_key = true;
}

/* Control characters, those behind ASCII (U+0080 to U+009F) included. */
static bool terminal_acts_on(const char *s)
{
	const unsigned char *c = (const unsigned char *)s;

	return c[0] < 0x20 || c[0] == 0x7f || (c[0] == 0xc2 && c[1] < 0xa0);
}

void out_string(const char *key, const char *value)
{
	int n;

	key_is(key);
	if (json) {
		json_string(value);
		return;
	}
	for (; *value; value += n ?: 1) {
		n = utf8_length(value);
		if (!n || terminal_acts_on(value))
			putchar('?');
		else
			printf("%.*s", n, value);
	}
}

void out_number(const char *key, uint64_t value)
{
	key_is(key);
	printf("%llu", (unsigned long long)value);
}

void out_cpus(const char *key, const char *list)
{
	key_is(key);
	if (json)
		json_cpus(list);
	else
		fputs(*list ? list : "none", stdout);
}

void out_switch(const char *key, bool on)
{
	key_is(key);
	if (json)
		fputs(on ? "true" : "false", stdout);
	else
		fputs(on ? "on" : "off", stdout);
}

void out_answer(const char *key, bool yes)
{
	key_is(key);
	if (json)
		fputs(yes ? "true" : "false", stdout);
	else
		fputs(yes ? "yes" : "no", stdout);
}

/* The item goes on in a line of its own. */
void out_break(void)
{
	if (json)
		return;
	fputs("\n   ", stdout);
}

void out_item_end(void)
{
	if (json) {
		newline(1);
		putchar('}');
	} else {
		putchar('\n');
	}
}

void out_end(void)
{
	if (!json)
		return;
	if (!first_item)
		newline(0);
	fputs("]\n", stdout);
}
