// SPDX-License-Identifier: Apache-2.0
/*
 * Input: "METHOD target version", then lines "Name:value". Oracle: a head that is let through has,
 * by a second count, one Host (none for HTTP/1.0), one length or coding at most, no control byte.
 */
#include "base/assert.h"
#include "head.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint32_t count_named(const struct head *head, const char *name)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < head->field_count; i++)
		count += span_equal_nocase(head->field[i].name, span_from_string(name));
	return count;
}

static void check_accepted(const struct head *head, const struct head_verdict *verdict)
{
	uint32_t hosts = count_named(head, "Host");

	ASSERT(!verdict->close);
	ASSERT(hosts <= 1 && (hosts == 1 || span_equal(head->version, SPAN_LIT("HTTP/1.0"))));
	ASSERT(count_named(head, "Content-Length") + count_named(head, "Transfer-Encoding") <= 1);
	ASSERT(count_named(head, "Authorization") <= 1);
	ASSERT(head->target.len > 0 && head->target.data[0] == '/');
	for (uint32_t i = 0; i < head->target.len; i++)
		ASSERT((uint8_t)head->target.data[i] > 0x20 && head->target.data[i] != 0x7f);
	for (uint32_t i = 0; i < head->field_count; i++)
		ASSERT(span_find(head->field[i].value, '\0') == head->field[i].value.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct span names[] = {{"door", 4}};
	struct head_policy policy = {.name = names,
		.name_count = 1,
		.local_address = {[10] = 0xff, [11] = 0xff, 127, 0, 0, 1}};
	struct span rest = span_of(data, size);
	struct head head = {0};
	struct head_verdict verdict;
	struct span line = {NULL, 0};

	(void)span_next(&rest, '\n', &line);
	(void)span_next(&line, ' ', &head.method);
	(void)span_next(&line, ' ', &head.target);
	head.version = line;
	while (head.field_count < HEAD_FIELDS_MAX && span_next(&rest, '\n', &line)) {
		size_t at = span_find(line, ':');

		head.field[head.field_count++] = (struct head_field){
			span_slice(line, 0, at), span_slice(line, at + 1, line.len)};
	}
	head_judge(&head, &policy, &verdict);
	if (verdict.status == 0)
		check_accepted(&head, &verdict);
	ASSERT((verdict.status >= 400) == (verdict.detail != NULL));
	return 0;
}
