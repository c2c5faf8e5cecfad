// SPDX-License-Identifier: Apache-2.0
/*
 * What the device says of itself. Values are our own, not those of a maker we imitate: clients that
 * look for a vendor find who made this one. The serial number lives in core and comes with the
 * proof of the request.
 */
#include "operations.h"

#include "base/assert.h"
#include "events.h"
#include "protocols/cgi_methods.h"
#include "protocols/keyvalue.h"

#define DEVICE_TYPE "Postern"
#define DEVICE_VENDOR "Postern"
#define DEVICE_CLASS "BSC" /* the class of access controllers */
#define BUILD_DATE "2026-11-23" /* of this version; a build does not change it */
#define LINES_MAX 1024

static void system_info(const struct request *request, struct buf *out)
{
	struct span hardware = text_span(&request->gate->hardware);

	keyvalue_bool(out, "appAutoStart", true);
	keyvalue_text(out, "deviceType", SPAN_LIT(DEVICE_TYPE));
	keyvalue_text(out, "hardwareVersion", hardware);
	keyvalue_text(out, "processor", hardware);
	keyvalue_text(out, "serialNumber", text_span(&request->serial));
	keyvalue_text(out, "updateSerial", SPAN_LIT(DEVICE_TYPE));
}

static void current_time(const struct request *request, struct buf *out)
{
	struct civil local = zone_local(&request->gate->zone, clock_now(true).utc_ms / MS_PER_S);

	buf_add_string(out, "result=");
	keyvalue_add_time(out, &local);
	buf_add_string(out, "\r\n");
}

static void event_capabilities(struct buf *out)
{
	for (unsigned i = 0; i < EVENT_CODE_COUNT; i++) {
		buf_add_string(out, "caps.EventCodes[");
		buf_add_u64(out, i);
		buf_add_string(out, "]=");
		buf_add_string(out, event_code_name((enum event_code)i));
		buf_add_string(out, "\r\n");
	}
}

/* Writes the answer; false for an operation that this version refuses. */
static bool device_lines(const struct request *request, struct buf *out)
{
	const struct gate *gate = request->gate;

	if (request->operation == CGI_DEVICE_TYPE)
		keyvalue_text(out, "type", SPAN_LIT(DEVICE_TYPE));
	else if (request->operation == CGI_SERIAL_NO)
		keyvalue_text(out, "sn", text_span(&request->serial));
	else if (request->operation == CGI_SOFTWARE_VERSION)
		keyvalue_text(out, "version", SPAN_LIT(POSTERN_VERSION ",build:" BUILD_DATE));
	else if (request->operation == CGI_HARDWARE_VERSION)
		keyvalue_text(out, "version", text_span(&gate->hardware));
	else if (request->operation == CGI_MACHINE_NAME)
		keyvalue_text(out, "name", text_span(&gate->settings->machine_name));
	else if (request->operation == CGI_VENDOR)
		keyvalue_text(out, "vendor", SPAN_LIT(DEVICE_VENDOR));
	else if (request->operation == CGI_DEVICE_CLASS)
		keyvalue_text(out, "class", SPAN_LIT(DEVICE_CLASS));
	else if (request->operation == CGI_SYSTEM_INFO)
		system_info(request, out);
	else if (request->operation == CGI_TIME_GET)
		current_time(request, out);
	else if (request->operation == CGI_EVENT_CAPS)
		event_capabilities(out);
	else
		return false;
	return true;
}

void device_begin(struct request *request)
{
	char lines[LINES_MAX];
	struct buf out = buf_over(lines, sizeof(lines));

	if (request->operation == CGI_TIME_SET) {
		request_fail(request, 501,
			"this device does not set its host's clock; use the system's NTP or date");
		return;
	}
	if (!device_lines(request, &out)) {
		request_fail(request, 400, "this device has no camera, so no video streams");
		return;
	}
	ASSERT(!out.overflow);
	request->reply.status = 200;
	(void)reply_add(&request->reply, buf_span(&out));
	request_finish(request);
}
