// SPDX-License-Identifier: Apache-2.0
/*
 * The shortest useful program: enrols a person, opens door 1 in their name, and prints every
 * record.
 *
 *   cc enrol_open_pull.c $(pkg-config --cflags --libs postern) -o enrol_open_pull
 *   ./enrol_open_pull http://127.0.0.1:8080 admin PASSWORD-FILE
 */
#include <postern/postern.h>

#include <stdio.h>
#include <string.h>

static int print_record(void *user, const struct postern_record *record)
{
	(void)user;
	printf("%llu %lld %s %s\n", (unsigned long long)record->rec_no,
		(long long)record->create_time, record->user_id,
		record->status == 1 ? "ok" : "refused");
	return 0;
}

static int complain(const struct postern_device *device, const char *what, int error)
{
	fprintf(stderr, "%s: %s: %s\n", what, postern_strerror(error),
		device == NULL ? "" : postern_device_detail(device));
	return 1;
}

static int enrol_open_pull(struct postern_device *device)
{
	struct postern_person person = POSTERN_PERSON_INIT;
	struct postern_record_query everything = POSTERN_RECORD_QUERY_INIT;
	struct postern_pull_report report = POSTERN_PULL_REPORT_INIT;
	const int doors[] = {0}; /* door index: channel 1 */
	int error;

	person.user_id = "102";
	person.card_no = "12345";
	person.name = "ZhangSan";
	person.doors = doors;
	person.door_count = 1;
	error = postern_person_add(device, &person, NULL);
	if (error != POSTERN_OK && error != POSTERN_E_USER_EXISTS)
		return complain(device, "enrol", error);
	error = postern_door_open(device, 1, "102", NULL);
	if (error != POSTERN_OK)
		return complain(device, "open", error);
	error = postern_records_pull(device, &everything, print_record, NULL, &report);
	if (error != POSTERN_OK)
		return complain(device, "pull", error);
	printf("%llu records, %s\n", (unsigned long long)report.kept,
		report.complete ? "complete" : "not complete");
	return 0;
}

int main(int argc, char **argv)
{
	struct postern_device_options options = POSTERN_DEVICE_OPTIONS_INIT;
	struct postern_device *device = NULL;
	char password[130] = "";
	FILE *file = argc == 4 ? fopen(argv[3], "r") : NULL;

	if (file == NULL || fgets(password, sizeof(password), file) == NULL) {
		fprintf(stderr, "usage: enrol_open_pull URL USER PASSWORD-FILE\n");
		return 2;
	}
	fclose(file);
	password[strcspn(password, "\r\n")] = 0;
	options.url = argv[1];
	options.user = argv[2];
	options.password = password;

	struct postern *context = postern_new();
	int error =
		context == NULL ? POSTERN_E_MEMORY : postern_device_new(context, &options, &device);
	int status =
		error == POSTERN_OK ? enrol_open_pull(device) : complain(NULL, options.url, error);

	postern_free(context);
	return status;
}
