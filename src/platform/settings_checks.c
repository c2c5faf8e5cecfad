// SPDX-License-Identifier: Apache-2.0
/*
 * What is judged when all of the file was read: keys of one section that bound each other, and the
 * door that an entry names.
 */
#include "settings_table.h"

static bool blame(const char *key, const char *text, const char **ret_key, const char **ret_text)
{
	*ret_key = key;
	*ret_text = text;
	return false;
}

static bool limits_check(
	const struct settings *settings, const char **ret_key, const char **ret_text)
{
	if (settings->journal_max < settings->records_max)
		return blame("journal",
			"`journal` must be at least `records`, as every record is an entry of it; "
			"left out it is 2000000",
			ret_key, ret_text);
	if (settings->connections_per_source_max > settings->connections_max)
		return blame("connections_per_source",
			"`connections_per_source` must be at most `connections`; left out it is 64",
			ret_key, ret_text);
	if (settings->streams_max >= settings->connections_max)
		return blame("streams",
			"`streams` must be fewer than `connections`, or streams leave none for "
			"requests; left out it is 64",
			ret_key, ret_text);
	return true;
}

static bool https_check(
	const struct settings *settings, const char **ret_key, const char **ret_text)
{
	bool certificate = settings->https_certificate.len > 0;

	if (settings->https_address.len == 0)
		return blame("listen",
			"`https` needs `listen`: an address and a port, such as 0.0.0.0:8443",
			ret_key, ret_text);
	if (certificate != (settings->https_key.len > 0))
		return blame(certificate ? "certificate" : "key",
			"`certificate` and `key` go together: give both, or neither for a "
			"self-made certificate",
			ret_key, ret_text);
	return true;
}

bool setting_section_check(const struct settings *settings, enum setting_section section,
	const char **ret_key, const char **ret_text)
{
	switch (section) {
	case SECTION_LIMITS:
		return limits_check(settings, ret_key, ret_text);
	case SECTION_HTTPS:
		return https_check(settings, ret_key, ret_text);
	default:
		return true;
	}
}

static bool door_find(
	const struct settings *settings, struct span id, uint8_t *ret_index, struct buf *why)
{
	struct span nearest = {0};
	unsigned best = 99;

	for (unsigned i = 0; i < DOORS_MAX; i++) {
		struct span known = text_span(&settings->door[i].id);
		unsigned distance = setting_distance(id, known);

		if (settings->door[i].config.configured && span_equal(id, known)) {
			*ret_index = (uint8_t)i;
			return true;
		}
		if (known.len > 0 && distance < best && setting_resembles(id, known)) {
			nearest = known;
			best = distance;
		}
	}
	setting_add_quoted(why, id);
	buf_add_string(why, " is the id of no door; allowed: an id given under `doors`");
	if (nearest.len > 0) {
		buf_add_string(why, "; did you mean `");
		buf_add(why, nearest);
		buf_add_string(why, "`?");
	}
	return false;
}

bool setting_reader_place(
	struct settings *settings, struct span door_id, unsigned at, struct buf *why)
{
	struct reader_config *config = &settings->reader[at].config;
	unsigned before = 0;

	if (!door_find(settings, door_id, &config->door, why))
		return false;
	for (unsigned i = 0; i < at; i++) {
		const struct reader_config *other = &settings->reader[i].config;

		before += other->configured && other->door == config->door;
	}
	if (before < DOOR_READERS_MAX)
		return true;
	_Static_assert(DOOR_READERS_MAX == 4, "as the words below");
	buf_add_string(why, "door ");
	setting_add_quoted(why, door_id);
	buf_add_string(why, " has more than 4 readers; leave one of them out");
	return false;
}
