// SPDX-License-Identifier: Apache-2.0
/* Keys of one section that bound each other, judged when all of the file was read. */
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
			"`journal` must be at least `records`: every record is an entry of it",
			ret_key, ret_text);
	if (settings->connections_per_source_max > settings->connections_max)
		return blame("connections_per_source",
			"`connections_per_source` must be at most `connections`", ret_key,
			ret_text);
	if (settings->streams_max >= settings->connections_max)
		return blame("streams",
			"`streams` must be fewer than `connections`, or streams leave none for "
			"requests",
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
