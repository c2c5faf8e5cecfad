// SPDX-License-Identifier: Apache-2.0
/* Plain HTTP shows every request to the network: who gets answers over it all the same. */
#include "access.h"

#include "base/assert.h"
#include "protocols/cgi_methods.h"

bool access_plain(const struct settings *settings, const uint8_t address[16])
{
	bool allowed = address_is_own(address);

	for (unsigned i = 0; i < settings->http_compat_count && !allowed; i++)
		allowed = cidr_holds(&settings->http_compat[i], address);
	return allowed;
}

bool access_metrics(const struct settings *settings, const uint8_t address[16])
{
	bool allowed = false;

	for (unsigned i = 0; i < settings->http_metrics_count && !allowed; i++)
		allowed = cidr_holds(&settings->http_metrics[i], address);
	return allowed;
}

void access_refuse_plain(const struct settings *settings, struct reply *reply)
{
	char text[256];
	struct buf out = buf_over(text, sizeof(text));
	struct span address = text_span(&settings->https_address);
	size_t colon = address.len;

	while (colon > 0 && address.data[colon - 1] != ':')
		colon--;
	if (address.len > 0) {
		buf_add_string(
			&out, "plain HTTP is not answered to your address: use https://, port ");
		buf_add(&out, span_slice(address, colon, address.len));
		buf_add_string(
			&out, "; or have your network added to http.compat_http in posternd.yaml");
	} else {
		buf_add_string(&out,
			"plain HTTP is not answered to your address, and https is off: "
			"have https.listen set in posternd.yaml, or your network added "
			"to http.compat_http");
	}
	ASSERT(!out.overflow);
	reply_error(reply, 403, buf_span(&out));
	reply->close = true;
}

const char *access_operation(const struct request *request)
{
	bool private = request->tls || address_is_own(request->address);

	if (private)
		return NULL;
	if (request->lookup_operation == CGI_CLAIM)
		return "a device is claimed over https, or on itself over plain HTTP";
	if (request->lookup_operation == CGI_ACCOUNT_ADD ||
		request->lookup_operation == CGI_ACCOUNT_PASSWORD)
		return "passwords are set over https, or on the device itself over plain HTTP";
	if (request->lookup_operation == CGI_READER_KEY)
		return "keys are set over https, or on the device itself over plain HTTP";
	if ((request->lookup_operation == CGI_DOOR_OPEN ||
		    request->lookup_operation == CGI_DOOR_CLOSE) &&
		!request->gate->settings->http_open_door)
		return "doors are not moved over plain HTTP: use https, or have http.open_door set "
		       "in posternd.yaml";
	return NULL;
}
