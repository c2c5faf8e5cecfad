// SPDX-License-Identifier: Apache-2.0
/* postern user ...: people and their cards. Doors are channels here (1, 2, ...), as in `door open`.
 */
#include "user.h"
#include "base/number.h"
#include "domain/limits.h"

#include <errno.h>
#include <stdio.h>

#define PIN_MAX 64
#define PERSON_OPTIONS                                                                             \
	"card= name= status= type= doors= schedules= pin-file= duress-pin-file= "                  \
	"vto-position= valid-from= "                                                               \
	"valid-to= "                                                                               \
	"valid= uses= user-type= citizen-id= json"
#define PERSON_USAGE                                                                               \
	"[--name TEXT] [--doors 1,2] [--schedules 255,1]\n"                                        \
	"        [--status 4 | frozen,...] [--type vip | 1] [--valid-from TIME] [--valid-to "      \
	"TIME]\n"                                                                                  \
	"        [--valid yes|no] [--uses N] [--pin-file FILE] [--duress-pin-file FILE]\n"         \
	"        [--vto-position TEXT] [--user-type N] [--citizen-id TEXT]"

/* What a person's lists and PINs point into while a command runs. */
struct person_memory {
	int doors[USER_LIST_MAX];
	int schedules[USER_LIST_MAX];
	char pin[PIN_MAX + 2];
	char duress_pin[PIN_MAX + 2];
};

static void pins_wipe(struct person_memory *memory)
{
	explicit_bzero(memory->pin, sizeof(memory->pin));
	explicit_bzero(memory->duress_pin, sizeof(memory->duress_pin));
}

static bool word_or_number(
	const char *what, struct span text, const struct user_word *words, int max, int *ret)
{
	if (user_word_parse(text, words, max, ret))
		return true;
	fprintf(stderr, "postern: %s: `%.*s` is not one of", what, (int)text.len, text.data);
	for (const struct user_word *w = words; w->word != NULL; w++)
		fprintf(stderr, " %s", w->word);
	fputc('\n', stderr);
	return false;
}

static bool parse_status(const char *text, int *ret)
{
	struct span rest = span_from_string(text);
	struct span word;

	*ret = 0;
	while (span_next(&rest, ',', &word)) {
		int bits;

		if (!word_or_number("--status", word, user_status_words, 63, &bits))
			return false;
		*ret |= bits;
	}
	return true;
}

/* Kept by a device, and of no use: a blank behind the digits is enough for that. */
static void note_untypable(const char *option, const char *file_name, const char *pin)
{
	size_t digits = strspn(pin, "0123456789");

	if (pin[0] != 0 && (pin[digits] != 0 || digits < PIN_DIGITS_MIN || digits > PIN_DIGITS_MAX))
		fprintf(stderr,
			"postern: --%s: %s does not hold %d to %d digits and nothing else: no "
			"keypad of postern can type that\n",
			option, file_name, PIN_DIGITS_MIN, PIN_DIGITS_MAX);
}

/* Kept by a device as well, for what it may be there: readers give whole numbers. */
static void note_unreadable(const char *card_no)
{
	uint64_t number;

	if (card_no[0] != 0 && !number_parse_u64(span_from_string(card_no), UINT64_MAX, &number))
		fprintf(stderr,
			"postern: --card: `%s` is no decimal number of at most 64 bits: no reader "
			"of postern gives that\n",
			card_no);
}

/* The first line of the file that an option names; *ret is left alone without the option. */
static bool read_pin(const struct arguments *arguments, const char *option, char pin[PIN_MAX + 2],
	const char **ret)
{
	const char *file_name = option_value(arguments, option);

	if (file_name == NULL)
		return true;
	errno = 0;
	FILE *file = fopen(file_name, "re");
	bool read = file != NULL && fgets(pin, PIN_MAX + 2, file) != NULL;

	if (!read)
		usage_error("--%s: cannot read %s: %s", option, file_name,
			errno == 0 ? "it is empty" : strerror(errno));
	if (file != NULL)
		fclose(file);
	pin[strcspn(pin, "\r\n")] = 0;
	if (read)
		note_untypable(option, file_name, pin);
	*ret = pin;
	return read;
}

static bool parse_numbers_of(const struct arguments *arguments, struct postern_person *person,
	struct person_memory *memory)
{
	const char *uses = option_value(arguments, "uses");
	const char *user_type = option_value(arguments, "user-type");
	const char *doors = option_value(arguments, "doors");
	const char *schedules = option_value(arguments, "schedules");
	int64_t number = POSTERN_NOT_GIVEN;

	if (uses != NULL && !parse_number("--uses", uses, 0, UINT32_MAX, &person->uses_left))
		return false;
	if (user_type != NULL && !parse_number("--user-type", user_type, 0, 5, &number))
		return false;
	person->user_type = (int)number;
	if (doors != NULL && !parse_numbers("--doors", doors, 1, 64, memory->doors, USER_LIST_MAX,
				     &person->door_count))
		return false;
	for (size_t i = 0; i < person->door_count; i++)
		memory->doors[i]--; /* channel to index */
	if (doors != NULL)
		person->doors = memory->doors;
	if (schedules != NULL)
		person->schedules = memory->schedules;
	return schedules == NULL ||
	       parse_numbers("--schedules", schedules, 0, 255, memory->schedules, USER_LIST_MAX,
		       &person->schedule_count);
}

static bool person_from(const struct arguments *arguments, struct postern_person *person,
	struct person_memory *memory)
{
	const char *status = option_value(arguments, "status");
	const char *type = option_value(arguments, "type");
	const char *valid = option_value(arguments, "valid");

	person->card_no = option_value(arguments, "card");
	person->name = option_value(arguments, "name");
	person->vto_position = option_value(arguments, "vto-position");
	person->valid_from = option_value(arguments, "valid-from");
	person->valid_to = option_value(arguments, "valid-to");
	person->citizen_id_no = option_value(arguments, "citizen-id");
	if (person->card_no != NULL)
		note_unreadable(person->card_no);
	if (status != NULL && !parse_status(status, &person->card_status))
		return false;
	if (type != NULL && !word_or_number("--type", span_from_string(type), user_type_words, 255,
				    &person->card_type))
		return false;
	if (valid != NULL && strcmp(valid, "yes") != 0 && strcmp(valid, "no") != 0) {
		usage_error("--valid: `%s` is not yes or no", valid);
		return false;
	}
	if (valid != NULL)
		person->is_valid = strcmp(valid, "yes") == 0;
	if (!read_pin(arguments, "pin-file", memory->pin, &person->password) ||
		!read_pin(
			arguments, "duress-pin-file", memory->duress_pin, &person->duress_password))
		return false;
	return parse_numbers_of(arguments, person, memory);
}

/* From a file: what one person would be on the command line does not go with it. */
static int add_from_file(struct postern_device *device, const struct arguments *arguments)
{
	static const char *const its_own[] = {"from", "dry-run", "quiet", "connections", "json"};

	for (size_t i = 0; i < arguments->option_count; i++) {
		size_t known = 0;

		while (known < ARRAY_COUNT(its_own) &&
			strcmp(arguments->option[i].name, its_own[known]) != 0)
			known++;
		if (known == ARRAY_COUNT(its_own))
			return usage_error("--%s does not go with --from: give it as a column of "
					   "the file",
				arguments->option[i].name);
	}
	if (arguments->positional_count > 0)
		return usage_error("`%s` does not go with --from: users stand in the file",
			arguments->positional[0]);
	return user_import(device, arguments);
}

/* An option that only --from has, or NULL. */
static const char *option_of_files(const struct arguments *arguments)
{
	static const char *const names[] = {"dry-run", "quiet", "connections"};

	for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
		if (option_value(arguments, names[i]) != NULL)
			return names[i];
	}
	return NULL;
}

static int user_add(struct postern_device *device, const struct arguments *arguments)
{
	struct postern_person person = POSTERN_PERSON_INIT;
	struct person_memory memory = {.pin = ""};
	uint64_t rec_no;

	if (option_value(arguments, "from") != NULL)
		return add_from_file(device, arguments);
	if (option_of_files(arguments) != NULL)
		return usage_error("--%s goes with --from FILE only", option_of_files(arguments));
	if (arguments->positional_count == 0)
		return usage_error(
			"usage: postern user add USERID [--card NUMBER] ... | --from FILE");
	if (!person_from(arguments, &person, &memory))
		return EXIT_USAGE;
	person.user_id = arguments->positional[0];
	if (person.card_no == NULL)
		person.card_no = "";
	int error = postern_person_add(device, &person, &rec_no);

	pins_wipe(&memory);
	if (error == POSTERN_E_USER_EXISTS)
		return report_detail(error, "`postern user update` changes who is there");
	if (error != POSTERN_OK)
		return report(device, error);
	if (output_is_json()) {
		json_object *object = json_object_new_object();

		json_object_object_add(object, "RecNo", json_object_new_uint64(rec_no));
		print_json(object);
	} else {
		printf("enrolled %s as RecNo %llu\n", person.user_id, (unsigned long long)rec_no);
	}
	return EXIT_DONE;
}

static const char *or_dash(const char *text)
{
	return text == NULL || text[0] == 0 ? "-" : text;
}

static void print_doors(const struct postern_person *person)
{
	const char *before = "  doors ";

	for (size_t i = 0; i < person->door_count; i++) {
		if (person->doors[i] == POSTERN_NOT_GIVEN)
			continue;
		printf("%s%d", before, person->doors[i] + 1);
		before = ",";
	}
}

static void print_person(const struct postern_person *person)
{
	if (output_is_json()) {
		print_json(json_from_fields(person->fields, person->field_count));
		return;
	}
	printf("%-8llu %-16s %-20s card %-20s %s", (unsigned long long)person->rec_no,
		or_dash(person->user_id), or_dash(person->name), or_dash(person->card_no),
		person->is_valid == 0 ? "invalid" : "valid");
	print_doors(person);
	putchar('\n');
}

static int show_people(struct postern_device *device, const char *user_id, const char *card_no,
	bool whole, size_t *ret_count)
{
	struct postern_people *people;
	int error = postern_people_find(device, user_id, card_no, &people);

	if (error != POSTERN_OK)
		return report(device, error);
	for (size_t i = 0; i < people->count; i++) {
		if (!whole || output_is_json()) {
			print_person(&people->person[i]);
			continue;
		}
		for (size_t f = 0; f < people->person[i].field_count; f++)
			printf("%-24s %s\n", people->person[i].fields[f].name,
				people->person[i].fields[f].value);
	}
	*ret_count = people->count;
	postern_people_free(people);
	return EXIT_DONE;
}

static int user_list(struct postern_device *device, const struct arguments *arguments)
{
	size_t count;

	return show_people(device, NULL, option_value(arguments, "card"), false, &count);
}

static int user_show(struct postern_device *device, const struct arguments *arguments)
{
	size_t count = 0;
	int status = show_people(device, arguments->positional[0], NULL, true, &count);

	if (status == EXIT_DONE && count == 0) {
		fprintf(stderr, "postern: nobody has UserID %s\n", arguments->positional[0]);
		return EXIT_REFUSED;
	}
	return status;
}

/* The RecNo of a UserID's row; 0 with *ret_status set when there is none. */
static uint64_t find_row(struct postern_device *device, const char *user_id, int *ret_status)
{
	struct postern_people *people;
	int error = postern_people_find(device, user_id, NULL, &people);

	*ret_status = report(device, error);
	if (error != POSTERN_OK)
		return 0;
	uint64_t rec_no = people->count == 0 ? 0 : people->person[0].rec_no;

	postern_people_free(people);
	if (rec_no == 0) {
		fprintf(stderr, "postern: nobody has UserID %s\n", user_id);
		*ret_status = EXIT_REFUSED;
	}
	return rec_no;
}

static int user_update(struct postern_device *device, const struct arguments *arguments)
{
	struct postern_person person = POSTERN_PERSON_INIT;
	struct person_memory memory = {.pin = ""};
	int status;

	if (!person_from(arguments, &person, &memory))
		return EXIT_USAGE;
	person.rec_no = find_row(device, arguments->positional[0], &status);
	if (person.rec_no == 0)
		return status;
	status = report(device, postern_person_update(device, &person));
	pins_wipe(&memory);
	return status;
}

static int user_remove(struct postern_device *device, const struct arguments *arguments)
{
	int status;

	if (option_value(arguments, "all") != NULL) {
		if (arguments->positional_count != 0 || option_value(arguments, "yes") == NULL)
			return usage_error("--all removes every person of the device: write "
					   "`user remove --all --yes`, without a UserID");
		return report(device, postern_person_clear(device));
	}
	if (arguments->positional_count == 0)
		return usage_error("usage: postern user remove USERID | --all --yes");
	uint64_t rec_no = find_row(device, arguments->positional[0], &status);

	return rec_no == 0 ? status : report(device, postern_person_remove(device, rec_no));
}

const struct command user_commands[] = {
	{"user", "add", 0, 1, PERSON_OPTIONS " from= dry-run quiet connections=",
		"USERID [--card NUMBER] " PERSON_USAGE "\n"
		"        | --from FILE [--dry-run] [--quiet] [--connections N]",
		"Enrols a person with one card, or without, or everybody of FILE (-: standard\n"
		"input): CSV with a header row, or JSON lines. Repeated, it goes on where it was\n"
		"cut off.",
		true, user_add, NULL, "dry-run"},
	{"user", "show", 1, 1, "json", "USERID", "Prints every field of a person's row.", true,
		user_show},
	{"user", "list", 0, 0, "card= json", "[--card NUMBER]", "Lists people, one a line.", true,
		user_list},
	{"user", "update", 1, 1, PERSON_OPTIONS, "USERID [--card NUMBER] " PERSON_USAGE,
		"Changes what is given, nothing else; `--doors \"\"` takes every door away.", true,
		user_update},
	{"user", "remove", 0, 1, "all yes json", "USERID | --all --yes",
		"Takes a person out, or everybody.", true, user_remove},
	{0},
};
