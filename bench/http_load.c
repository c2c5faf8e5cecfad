// SPDX-License-Identifier: Apache-2.0
/*
 * Keeps a number of connections busy with one URL and digest until told to stop (a byte or the end
 * of standard input), then prints how many answers of 200 came a second.
 *
 * usage: http_load CONNECTIONS URL USER:PASSWORD
 */
#include <curl/curl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static size_t throw_away(char *data, size_t size, size_t count, void *user)
{
	(void)data;
	(void)user;
	return size * count;
}

static double now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int told_to_stop(void)
{
	struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};

	return poll(&input, 1, 0) > 0;
}

static void add_connection(CURLM *multi, const char *url, const char *account)
{
	CURL *easy = curl_easy_init();

	if (easy == NULL)
		exit(1);
	curl_easy_setopt(easy, CURLOPT_URL, url);
	curl_easy_setopt(easy, CURLOPT_USERPWD, account);
	curl_easy_setopt(easy, CURLOPT_HTTPAUTH, (long)CURLAUTH_DIGEST);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, throw_away);
	curl_multi_add_handle(multi, easy);
}

int main(int argc, char **argv)
{
	long good = 0;
	long other = 0;
	long other_status = 0; /* of the latest; 0: the connection failed */
	int running;

	if (argc != 4)
		return 2;
	curl_global_init(CURL_GLOBAL_DEFAULT);
	CURLM *multi = curl_multi_init();
	double began = now_s();

	for (int i = 0; i < atoi(argv[1]); i++)
		add_connection(multi, argv[2], argv[3]);
	while (!told_to_stop()) {
		CURLMsg *message;
		int left;

		curl_multi_perform(multi, &running);
		while ((message = curl_multi_info_read(multi, &left)) != NULL) {
			CURL *easy = message->easy_handle;
			long status = 0;

			curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
			if (status == 200) {
				good++;
			} else {
				other++;
				other_status = status;
			}
			curl_multi_remove_handle(multi, easy);
			curl_multi_add_handle(multi, easy);
		}
		curl_multi_poll(multi, NULL, 0, 10, NULL);
	}
	printf("%.0f answers a second, %ld others", (double)good / (now_s() - began), other);
	if (other > 0)
		printf(", the latest %ld", other_status);
	putchar('\n');
	return good > 0 ? 0 : 1;
}
