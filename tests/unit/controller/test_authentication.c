// SPDX-License-Identifier: Apache-2.0
/* Who may ask what: challenges, proofs, the brake, replays, and every role against every method. */
#include "authentication.h"
#include "digest_client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define OPEN_DOOR "/cgi-bin/accessControl.cgi?action=openDoor&channel=1&UserID=1"
#define REALM "Login to TEST0001"

struct fixture {
	struct settings settings;
	struct authentication *authentication;
	struct message_authenticate request;
	struct message_authenticated yes;
	struct message_unauthenticated no;
	char header[9000];
	int64_t now_ms;
};

static int setup(void **state)
{
	static const char *const names[] = {"nobody", "viewer", "operator", "admin"};
	struct fixture *f = calloc(1, sizeof(*f));

	f->now_ms = 1000000;
	f->settings.digest_count = 2;
	f->settings.digest[0] = DIGEST_MD5;
	f->settings.digest[1] = DIGEST_SHA256;
	f->authentication = authentication_new(&f->settings, SPAN_LIT("TEST0001"));
	assert_non_null(f->authentication);
	for (uint8_t role = 0; role < ACCOUNT_ROLE_COUNT; role++) {
		struct account account = {.no = role + 1u, .role = role};

		text_set(&account.name, span_from_string(names[role]));
		text_set(&account.password, SPAN_LIT("right horse"));
		assert_int_equal(authentication_add(f->authentication, &account), 0);
	}
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	authentication_free(f->authentication);
	free(f);
	return 0;
}

static struct digest_client client_of(const char *user, const char *password)
{
	return (struct digest_client){
		.user = user, .password = password, .realm = REALM, .algorithm = DIGEST_MD5};
}

static bool judge(struct fixture *f)
{
	f->request.header.request_id = 7;
	return authentication_judge(f->authentication, &f->request, f->now_ms, &f->yes, &f->no);
}

/* Asks without credentials and takes the nonce. */
static void challenged(struct fixture *f, struct digest_client *client)
{
	client_request(&f->request, "GET", OPEN_DOOR, NULL);
	assert_false(judge(f));
	assert_int_equal(f->no.refusal, REFUSAL_CHALLENGE);
	client_challenged(client, &f->no.challenge[0]);
}

static bool ask(
	struct fixture *f, struct digest_client *client, const char *method, const char *target)
{
	client_header(client, method, target, f->header, sizeof(f->header));
	client_request(&f->request, method, target, f->header);
	return judge(f);
}

static bool text_has(const struct text512 *text, const char *part)
{
	return memmem(text->bytes, text->len, part, strlen(part)) != NULL;
}

static void without_credentials_both_challenges_come_in_order(void **state)
{
	struct fixture *f = *state;

	client_request(&f->request, "GET", OPEN_DOOR, NULL);
	assert_false(judge(f));
	assert_int_equal(f->no.header.type, MESSAGE_UNAUTHENTICATED);
	assert_int_equal(f->no.header.request_id, 7);
	assert_int_equal(f->no.refusal, REFUSAL_CHALLENGE);
	assert_int_equal(f->no.challenge_count, 2);
	assert_true(text_has(&f->no.challenge[0], "realm=\"" REALM "\""));
	assert_false(text_has(&f->no.challenge[0], "SHA-256"));
	assert_true(text_has(&f->no.challenge[1], "algorithm=SHA-256"));
	assert_false(text_has(&f->no.challenge[0], "stale=true"));
}

static void challenge_order_follows_the_settings(void **state)
{
	struct fixture *f = *state;

	f->settings.digest_count = 1;
	f->settings.digest[0] = DIGEST_SHA256;
	client_request(&f->request, "GET", OPEN_DOOR, NULL);
	assert_false(judge(f));
	assert_int_equal(f->no.challenge_count, 1);
	assert_true(text_has(&f->no.challenge[0], "algorithm=SHA-256"));
}

static void right_password_is_proven_with_either_algorithm(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < DIGEST_ALGORITHM_COUNT; i++) {
		struct digest_client client = client_of("admin", "right horse");

		client.algorithm = (enum digest_algorithm)i;
		challenged(f, &client);
		assert_true(ask(f, &client, "GET", OPEN_DOOR));
		assert_int_equal(f->yes.header.type, MESSAGE_AUTHENTICATED);
		assert_int_equal(f->yes.operation, CGI_DOOR_OPEN);
		assert_int_equal(f->yes.role, ACCOUNT_ADMIN);
		assert_true(text_is(&f->yes.account, SPAN_LIT("admin")));
	}
}

static void names_are_taken_whole_and_without_their_backslashes(void **state)
{
	static const struct {
		const char *name; /* as the client writes it */
		const char *hashed;
		bool known;
	} cases[] = {
		{"ad\\min", "admin", true},
		{"\\a\\d\\m\\i\\n", "admin", true},
		{"admi", "admin", false},
		{"admin1", "admin", false},
		{"ad\\\\min", "admin", false},
		{"", "admin", false},
		{"thirty-two bytes are the longest", "thirty-two bytes are the longest", true},
		{"thirty-two bytes are the longest!", "thirty-two bytes are the longest", false},
	};
	struct fixture *f = *state;
	struct account longest = {.role = ACCOUNT_ADMIN};

	assert_true(text_set(&longest.name, SPAN_LIT("thirty-two bytes are the longest")));
	text_set(&longest.password, SPAN_LIT("right horse"));
	assert_int_equal(authentication_add(f->authentication, &longest), 0);
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		struct digest_client client = client_of(cases[i].hashed, "right horse");

		challenged(f, &client);
		client.name = cases[i].name;
		if (ask(f, &client, "GET", OPEN_DOOR) != cases[i].known)
			fail_msg("wrong answer to %s", cases[i].name);
		f->now_ms += 100 * MS_PER_S; /* the brake is another test's */
	}
}

static void each_request_gets_a_handle_of_its_own(void **state)
{
	struct fixture *f = *state;
	struct digest_client client = client_of("admin", "right horse");

	challenged(f, &client);
	assert_true(ask(f, &client, "GET", OPEN_DOOR));
	struct message_handle first = f->yes.handle;

	assert_true(ask(f, &client, "GET", OPEN_DOOR));
	assert_memory_not_equal(&first, &f->yes.handle, sizeof(first));
	assert_non_null(handles_take(authentication_handles(f->authentication), &first,
		MESSAGE_DOOR_COMMAND, DOOR_COMMAND_OPEN, f->now_ms));
}

static void wrong_password_is_challenged_and_not_stale(void **state)
{
	struct fixture *f = *state;
	struct digest_client client = client_of("admin", "wrong horse");

	challenged(f, &client);
	assert_false(ask(f, &client, "GET", OPEN_DOOR));
	assert_int_equal(f->no.refusal, REFUSAL_CHALLENGE);
	assert_false(text_has(&f->no.challenge[0], "stale=true"));
}

static void unknown_user_looks_like_a_wrong_password(void **state)
{
	struct fixture *f = *state;
	struct digest_client client = client_of("mallory", "right horse");

	challenged(f, &client);
	for (int i = 0; i < THROTTLE_FREE_TRIES; i++) {
		assert_false(ask(f, &client, "GET", OPEN_DOOR));
		assert_int_equal(f->no.refusal, REFUSAL_CHALLENGE);
	}
	assert_false(ask(f, &client, "GET", OPEN_DOOR));
	assert_int_equal(f->no.refusal, REFUSAL_THROTTLED);
}

static void five_wrong_ones_slow_the_source_and_doubling_ends_at_a_minute(void **state)
{
	struct fixture *f = *state;
	struct digest_client wrong = client_of("admin", "wrong horse");
	static const uint32_t waits_s[] = {1, 2, 4, 8, 16, 32, 60, 60};

	challenged(f, &wrong);
	for (int i = 0; i < THROTTLE_FREE_TRIES - 1; i++)
		assert_false(ask(f, &wrong, "GET", OPEN_DOOR));
	for (size_t i = 0; i < ARRAY_COUNT(waits_s); i++) {
		assert_false(ask(f, &wrong, "GET", OPEN_DOOR));
		assert_int_equal(f->no.refusal, REFUSAL_CHALLENGE);
		assert_false(ask(f, &wrong, "GET", OPEN_DOOR));
		assert_int_equal(f->no.refusal, REFUSAL_THROTTLED);
		assert_int_equal(f->no.retry_after_s, waits_s[i]);
		assert_int_equal(f->no.challenge_count, 0);
		f->now_ms += (int64_t)waits_s[i] * 1000;
	}
}

static void throttling_spares_other_sources_and_ends_with_a_right_one(void **state)
{
	struct fixture *f = *state;
	struct digest_client wrong = client_of("admin", "wrong horse");
	struct digest_client right = client_of("admin", "right horse");

	challenged(f, &wrong);
	for (int i = 0; i < THROTTLE_FREE_TRIES; i++)
		assert_false(ask(f, &wrong, "GET", OPEN_DOOR));
	challenged(f, &right);
	client_header(&right, "GET", OPEN_DOOR, f->header, sizeof(f->header));
	client_request(&f->request, "GET", OPEN_DOOR, f->header);
	f->request.peer_address[15] = 8;
	assert_true(judge(f));
	f->request.peer_address[15] = 7;
	right.nc++;
	assert_false(ask(f, &right, "GET", OPEN_DOOR));
	assert_int_equal(f->no.refusal, REFUSAL_THROTTLED);
	f->now_ms += 1000;
	assert_true(ask(f, &right, "GET", OPEN_DOOR));
	/* Forgotten: five more are free. */
	for (int i = 0; i < THROTTLE_FREE_TRIES; i++) {
		assert_false(ask(f, &wrong, "GET", OPEN_DOOR));
		assert_int_equal(f->no.refusal, REFUSAL_CHALLENGE);
	}
}

static void basic_first_is_no_wrong_log_in(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < 3 * THROTTLE_FREE_TRIES; i++) {
		client_request(&f->request, "GET", OPEN_DOOR, "Basic YWRtaW46cmlnaHQ=");
		assert_false(judge(f));
		assert_int_equal(f->no.refusal, REFUSAL_CHALLENGE);
	}
}

static void replay_of_a_header_is_refused(void **state)
{
	struct fixture *f = *state;
	struct digest_client client = client_of("admin", "right horse");

	challenged(f, &client);
	assert_true(ask(f, &client, "GET", OPEN_DOOR));
	for (int i = 0; i < 100; i++) {
		assert_false(judge(f));
		assert_int_equal(f->no.refusal, REFUSAL_CHALLENGE);
	}
	assert_true(ask(f, &client, "GET", OPEN_DOOR));
}

static void old_nonce_with_the_right_password_is_stale(void **state)
{
	struct fixture *f = *state;
	struct digest_client client = client_of("admin", "right horse");

	challenged(f, &client);
	f->now_ms += DIGEST_NONCE_LIFE_MS + 1;
	assert_false(ask(f, &client, "GET", OPEN_DOOR));
	assert_int_equal(f->no.refusal, REFUSAL_CHALLENGE);
	assert_true(text_has(&f->no.challenge[0], "stale=true"));
	client_challenged(&client, &f->no.challenge[0]);
	assert_true(ask(f, &client, "GET", OPEN_DOOR));
}

static void nonce_of_another_start_is_stale_only_with_the_right_password(void **state)
{
	struct fixture *f = *state;
	struct digest_client right = client_of("admin", "right horse");
	struct digest_client wrong = client_of("admin", "wrong horse");

	memset(right.nonce, 'a', sizeof(right.nonce) - 1);
	memset(wrong.nonce, 'a', sizeof(wrong.nonce) - 1);
	assert_false(ask(f, &right, "GET", OPEN_DOOR));
	assert_true(text_has(&f->no.challenge[0], "stale=true"));
	assert_false(ask(f, &wrong, "GET", OPEN_DOOR));
	assert_false(text_has(&f->no.challenge[0], "stale=true"));
}

static void header_for_another_target_is_refused(void **state)
{
	struct fixture *f = *state;
	struct digest_client client = client_of("admin", "right horse");

	challenged(f, &client);
	client_header(&client, "GET", "/cgi-bin/magicBox.cgi?action=getDeviceType", f->header,
		sizeof(f->header));
	client_request(&f->request, "GET", OPEN_DOOR, f->header);
	assert_false(judge(f));
	assert_int_equal(f->no.refusal, REFUSAL_CHALLENGE);
}

static void header_for_another_method_is_refused(void **state)
{
	struct fixture *f = *state;
	struct digest_client client = client_of("admin", "right horse");

	challenged(f, &client);
	client_header(&client, "POST", OPEN_DOOR, f->header, sizeof(f->header));
	client_request(&f->request, "GET", OPEN_DOOR, f->header);
	assert_false(judge(f));
}

static void unknown_action_and_table_are_told_after_the_proof_only(void **state)
{
	struct fixture *f = *state;
	struct digest_client client = client_of("admin", "right horse");
	static const struct {
		const char *target;
		uint32_t refusal;
		uint32_t lookup;
	} cases[] = {
		{"/cgi-bin/none.cgi?action=x", REFUSAL_UNKNOWN, CGI_UNKNOWN_PATH},
		{"/cgi-bin/accessControl.cgi?action=explode", REFUSAL_UNKNOWN, CGI_UNKNOWN_ACTION},
		{"/cgi-bin/recordFinder.cgi?action=find&name=Nothing", REFUSAL_UNKNOWN,
			CGI_UNKNOWN_TABLE},
		{"/cgi-bin/accessControl.cgi?action=openDoor&action=closeDoor&channel=1",
			REFUSAL_BAD_REQUEST, 0},
	};

	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		client_request(&f->request, "GET", cases[i].target, NULL);
		assert_false(judge(f));
		assert_int_equal(f->no.refusal, REFUSAL_CHALLENGE);
		challenged(f, &client);
		assert_false(ask(f, &client, "GET", cases[i].target));
		assert_int_equal(f->no.refusal, cases[i].refusal);
		assert_int_equal(f->no.lookup, cases[i].lookup);
	}
}

static bool ask_post(struct fixture *f, struct digest_client *client, const char *method,
	const char *target, enum cgi_operation operation)
{
	client_header(client, method, target, f->header, sizeof(f->header));
	client_request(&f->request, method, target, f->header);
	f->request.operation = operation;
	return judge(f);
}

static void post_may_name_its_operation_in_the_body_of_the_same_path_only(void **state)
{
	struct fixture *f = *state;
	struct digest_client client = client_of("admin", "right horse");
	static const char updater[] = "/cgi-bin/recordUpdater.cgi";

	challenged(f, &client);
	assert_true(ask_post(f, &client, "POST", updater, CGI_CARD_INSERT));
	assert_int_equal(f->yes.operation, CGI_CARD_INSERT);
	assert_false(ask_post(f, &client, "POST", updater, CGI_DOOR_OPEN));
	assert_false(ask_post(f, &client, "POST",
		"/cgi-bin/recordUpdater.cgi?action=get&name=AccessControlCard&recno=1",
		CGI_CARD_CLEAR));
	assert_int_equal(f->no.refusal, REFUSAL_BAD_REQUEST);
	assert_false(ask_post(f, &client, "GET", updater, CGI_CARD_INSERT));
	assert_int_equal(f->no.refusal, REFUSAL_UNKNOWN);
	assert_false(ask_post(f, &client, "POST", updater, CGI_OPERATION_COUNT));
	assert_int_equal(f->no.refusal, REFUSAL_UNKNOWN);
}

static void every_role_reaches_what_the_method_table_says(void **state)
{
	static const char *const names[] = {"nobody", "viewer", "operator", "admin"};
	struct fixture *f = *state;
	unsigned asked = 0;

	for (int operation = 0; operation < CGI_OPERATION_COUNT; operation++) {
		const struct cgi_method *method = cgi_method_at((enum cgi_operation)operation);
		char target[256];

		snprintf(target, sizeof(target), "/cgi-bin/%s?action=%s%s%s", method->cgi,
			method->action, method->table != NULL ? "&name=" : "",
			method->table != NULL ? method->table : "");
		for (uint32_t role = 0; role < ACCOUNT_ROLE_COUNT; role++) {
			struct digest_client client = client_of(names[role], "right horse");
			bool allowed = role >= (uint32_t)method->role;

			client_request(&f->request, "GET", target, NULL);
			assert_false(judge(f));
			assert_int_equal(f->no.refusal, REFUSAL_CHALLENGE);
			client_challenged(&client, &f->no.challenge[0]);
			assert_int_equal(ask(f, &client, "GET", target), allowed);
			if (allowed)
				assert_int_equal(f->yes.operation, operation);
			else
				assert_int_equal(f->no.refusal, REFUSAL_RIGHT);
			asked++;
		}
	}
	assert_int_equal(asked, CGI_OPERATION_COUNT * ACCOUNT_ROLE_COUNT);
}

static void client_claims_of_being_local_change_nothing(void **state)
{
	struct fixture *f = *state;

	client_request(&f->request, "GET",
		OPEN_DOOR "&loginType=Loopback&ipAddr=127.0.0.1&clientType=Local", NULL);
	memset(f->request.peer_address, 0, 16);
	f->request.peer_address[15] = 1; /* ::1 */
	assert_false(judge(f));
	assert_int_equal(f->no.refusal, REFUSAL_CHALLENGE);
}

static bool logs_in(struct fixture *f, const char *user, const char *password)
{
	struct digest_client client = client_of(user, password);

	f->now_ms += THROTTLE_FORGET_MS + 1; /* the wrong ones here are no guesses */
	challenged(f, &client);
	return ask(f, &client, "GET", OPEN_DOOR);
}

static void a_changed_account_is_true_at_once(void **state)
{
	struct fixture *f = *state;
	struct authentication *a = f->authentication;
	struct account account = {.role = ACCOUNT_OPERATOR};
	struct account_row rows[ACCOUNTS_MAX];
	uint8_t role = 0;

	text_set(&account.name, SPAN_LIT("operator"));
	text_set(&account.password, SPAN_LIT("left horse"));
	authentication_prepare(a, &account);
	assert_true(logs_in(f, "operator", "right horse")); /* not on disk yet */
	authentication_put(a);
	assert_false(logs_in(f, "operator", "right horse"));
	assert_true(logs_in(f, "operator", "left horse"));
	assert_true(authentication_password_is(a, SPAN_LIT("operator"), SPAN_LIT("left horse")));
	assert_false(authentication_password_is(a, SPAN_LIT("operator"), SPAN_LIT("right horse")));
	assert_false(authentication_password_is(a, SPAN_LIT("eve"), SPAN_LIT("left horse")));
	authentication_set_role(a, SPAN_LIT("operator"), ACCOUNT_VIEWER);
	assert_false(logs_in(f, "operator", "left horse"));
	assert_int_equal(f->no.refusal, REFUSAL_RIGHT);
	assert_true(authentication_find(a, SPAN_LIT("operator"), &role));
	assert_int_equal(role, ACCOUNT_VIEWER);
	text_set(&account.name, SPAN_LIT("new"));
	authentication_prepare(a, &account);
	authentication_put(a);
	authentication_remove(a, SPAN_LIT("viewer"));
	authentication_remove(a, SPAN_LIT("viewer"));
	assert_int_equal(authentication_list(a, rows), 4);
	assert_true(text_is(&rows[1].name, SPAN_LIT("operator")));
	assert_true(text_is(&rows[3].name, SPAN_LIT("new")));
	assert_false(authentication_find(a, SPAN_LIT("viewer"), NULL));
	assert_false(logs_in(f, "viewer", "right horse"));
	assert_int_equal(f->no.refusal, REFUSAL_CHALLENGE);
	assert_true(logs_in(f, "new", "left horse") && logs_in(f, "admin", "right horse"));
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		CASE(without_credentials_both_challenges_come_in_order),
		CASE(challenge_order_follows_the_settings),
		CASE(right_password_is_proven_with_either_algorithm),
		CASE(names_are_taken_whole_and_without_their_backslashes),
		CASE(each_request_gets_a_handle_of_its_own),
		CASE(wrong_password_is_challenged_and_not_stale),
		CASE(unknown_user_looks_like_a_wrong_password),
		CASE(five_wrong_ones_slow_the_source_and_doubling_ends_at_a_minute),
		CASE(throttling_spares_other_sources_and_ends_with_a_right_one),
		CASE(basic_first_is_no_wrong_log_in),
		CASE(replay_of_a_header_is_refused),
		CASE(old_nonce_with_the_right_password_is_stale),
		CASE(nonce_of_another_start_is_stale_only_with_the_right_password),
		CASE(header_for_another_target_is_refused),
		CASE(header_for_another_method_is_refused),
		CASE(unknown_action_and_table_are_told_after_the_proof_only),
		CASE(post_may_name_its_operation_in_the_body_of_the_same_path_only),
		CASE(every_role_reaches_what_the_method_table_says),
		CASE(client_claims_of_being_local_change_nothing),
		CASE(a_changed_account_is_true_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
