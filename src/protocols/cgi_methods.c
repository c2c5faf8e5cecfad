// SPDX-License-Identifier: Apache-2.0
/* The way from a request to its row of the method table. */
#include "protocols/cgi_methods.h"

#include "base/assert.h"
#include "cgi_table.h"

const struct cgi_method *cgi_method_at(enum cgi_operation operation)
{
	ASSERT((unsigned)operation < CGI_OPERATION_COUNT);
	return &cgi_methods[operation];
}

const char *account_role_name(enum account_role role)
{
	switch (role) {
	case ACCOUNT_NOBODY:
		return "nobody";
	case ACCOUNT_VIEWER:
		return "viewer";
	case ACCOUNT_OPERATOR:
		return "operator";
	case ACCOUNT_ADMIN:
		return "admin";
	case ACCOUNT_ROLE_COUNT:
		break;
	}
	return "unknown";
}

enum cgi_lookup cgi_method_find(struct span path, struct span action, struct span table,
	const struct cgi_method **ret_method)
{
	static const struct span folder = {"/cgi-bin/", 9};
	struct span cgi = span_slice(path, folder.len, path.len);
	enum cgi_lookup result = CGI_UNKNOWN_PATH;

	*ret_method = NULL;
	if (!span_starts_with(path, folder))
		return CGI_UNKNOWN_PATH;
	for (unsigned i = 0; i < CGI_OPERATION_COUNT; i++) {
		const struct cgi_method *method = &cgi_methods[i];

		if (!span_equal(cgi, span_from_string(method->cgi)))
			continue;
		if (result == CGI_UNKNOWN_PATH)
			result = CGI_UNKNOWN_ACTION;
		if (!span_equal(action, span_from_string(method->action)))
			continue;
		result = CGI_UNKNOWN_TABLE;
		if (method->table != NULL && !span_equal(table, span_from_string(method->table)))
			continue;
		*ret_method = method;
		return CGI_FOUND;
	}
	return result;
}

enum cgi_lookup cgi_method_find_query(
	const struct query *query, const struct cgi_method **ret_method)
{
	struct span action = {NULL, 0};
	struct span table = {NULL, 0};

	(void)cgi_text(query, "action", &action);
	(void)cgi_text(query, "name", &table);
	return cgi_method_find(query->path, action, table, ret_method);
}
