// SPDX-License-Identifier: Apache-2.0
/*
 * Many event streams in one process: does each get every event, once and in order, and how late is
 * the last one.
 *
 * usage: subscribers ADDRESS PORT, with commands on standard input, a line each:
 *   open TARGET<tab>AUTHORIZATION    one stream more
 *   stall TARGET<tab>AUTHORIZATION   one that is never read, with a small receive buffer
 *   event TARGET<tab>AUTHORIZATION   a request that causes one event; prints microseconds from
 *                                    before its sending to the first and to the last stream's event
 *   wait MS                          reads so long
 *   end                              prints streams, events of the stream with fewest, with most,
 *                                    events out of order or twice, streams that ended, unread
 *                                    streams, unread ones that were ended
 * usage: subscribers floor COUNT BYTES TIMES
 *        no server: a process writes so many bytes to as many sockets; prints as for event
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define STREAMS_MAX 20000
#define LINE_MAX_BYTES 4096
#define EVENT_WAIT_US 20000000
#define BATCH 512

static const char wanted_head[] = "HTTP/1.1 200";
static const char wanted_key[] = "].Seq=";

struct stream {
	int fd;
	bool ended;
	uint32_t head; /* bytes of wanted_head seen */
	uint32_t matched; /* bytes of wanted_key seen */
	uint64_t number; /* digits behind it */
	uint64_t last_seq;
	uint64_t events;
	uint64_t bytes;
};

static struct stream stream[STREAMS_MAX];
static uint32_t stream_count;
static int stalled[STREAMS_MAX];
static uint32_t stalled_count;
static uint64_t faults;
static uint64_t round_events; /* an event's own: how many streams have had it */
static int64_t first_us, last_us;
static int epoll_fd;
static struct sockaddr_in server;

static void die(const char *what)
{
	fprintf(stderr, "subscribers: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void arrived(void)
{
	last_us = now_us();
	if (round_events++ == 0)
		first_us = last_us;
}

static void take_event(struct stream *s)
{
	if (s->last_seq != 0 && s->number != s->last_seq + 1)
		faults++;
	s->last_seq = s->number;
	s->events++;
	arrived();
}

static void take_bytes(struct stream *s, const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (s->head < sizeof(wanted_head) - 1) {
			if (bytes[i] != wanted_head[s->head++]) {
				fprintf(stderr, "subscribers: refused: %.*s\n", (int)len, bytes);
				exit(1);
			}
		} else if (s->matched == sizeof(wanted_key) - 1) {
			if (bytes[i] >= '0' && bytes[i] <= '9') {
				s->number = s->number * 10 + (uint64_t)(bytes[i] - '0');
			} else {
				take_event(s);
				s->matched = 0;
			}
		} else if (bytes[i] == wanted_key[s->matched]) {
			s->matched++;
			s->number = 0;
		} else {
			s->matched = bytes[i] == wanted_key[0];
		}
	}
	s->bytes += len;
}

static void read_stream(struct stream *s, void (*take)(struct stream *, const char *, size_t))
{
	char bytes[16384];
	ssize_t len = recv(s->fd, bytes, sizeof(bytes), MSG_DONTWAIT);

	if (len > 0) {
		take(s, bytes, (size_t)len);
	} else if (len == 0 || errno != EAGAIN) {
		s->ended = true;
		close(s->fd);
	}
}

static void read_some(int timeout_ms, void (*take)(struct stream *, const char *, size_t))
{
	struct epoll_event event[BATCH];
	int count = epoll_wait(epoll_fd, event, BATCH, timeout_ms);

	for (int i = 0; i < count; i++)
		read_stream(event[i].data.ptr, take);
}

static void watch(struct stream *s)
{
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = s};

	if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, s->fd, &event) != 0)
		die("epoll");
}

/* A connection with the request sent. line: TARGET<tab>AUTHORIZATION */
static int request(char *line, int receive_buffer)
{
	char head[2 * LINE_MAX_BYTES];
	char *tab = strchr(line, '\t');
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int one = 1;

	if (fd < 0 || tab == NULL)
		die("socket");
	*tab = 0;
	if (receive_buffer > 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof(receive_buffer));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (connect(fd, (struct sockaddr *)&server, sizeof(server)) != 0)
		die("connect");
	int len = snprintf(head, sizeof(head),
		"GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: %s\r\n\r\n", line, tab + 1);

	if (send(fd, head, (size_t)len, MSG_NOSIGNAL) != len)
		die("send");
	return fd;
}

static void open_stream(char *line)
{
	struct stream *s = &stream[stream_count++];

	*s = (struct stream){.fd = request(line, 0)};
	watch(s);
	for (int64_t end = now_us() + EVENT_WAIT_US;
		s->head < sizeof(wanted_head) - 1 && !s->ended;) {
		if (now_us() > end) {
			fprintf(stderr, "subscribers: stream %u is not answered\n", stream_count);
			exit(1);
		}
		read_some(1000, take_bytes);
	}
}

static void cause_event(char *line)
{
	uint32_t live = 0;
	char answer[1024];

	for (uint32_t i = 0; i < stream_count; i++)
		live += !stream[i].ended;
	round_events = 0;
	int64_t began_us = now_us();
	int fd = request(line, 0);

	while (round_events < live && now_us() - began_us < EVENT_WAIT_US)
		read_some(100, take_bytes);
	if (round_events != live)
		faults++;
	if (recv(fd, answer, sizeof(answer), 0) < 12 || memcmp(answer, wanted_head, 12) != 0) {
		fprintf(stderr, "subscribers: the event was refused: %.100s\n", answer);
		exit(1);
	}
	close(fd);
	printf("%lld %lld\n", (long long)(first_us - began_us), (long long)(last_us - began_us));
	fflush(stdout);
}

static void wait_for(int ms)
{
	for (int64_t end = now_us() + (int64_t)ms * 1000; now_us() < end;)
		read_some(10, take_bytes);
}

/* What the kernel still holds for it, then the end or nothing. */
static bool was_ended(int fd)
{
	char bytes[65536];
	ssize_t len;

	while ((len = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT)) > 0)
		;
	return len == 0 || errno != EAGAIN;
}

static void print_end(void)
{
	uint64_t fewest = UINT64_MAX, most = 0;
	uint32_t ended = 0, stalled_ended = 0;

	for (uint32_t i = 0; i < stream_count; i++) {
		fewest = stream[i].events < fewest ? stream[i].events : fewest;
		most = stream[i].events > most ? stream[i].events : most;
		ended += stream[i].ended;
	}
	for (uint32_t i = 0; i < stalled_count; i++)
		stalled_ended += was_ended(stalled[i]);
	printf("%u %llu %llu %llu %u %u %u\n", stream_count, (unsigned long long)fewest,
		(unsigned long long)most, (unsigned long long)faults, ended, stalled_count,
		stalled_ended);
	fflush(stdout);
}

static int serve_commands(void)
{
	static char line[LINE_MAX_BYTES];

	while (fgets(line, sizeof(line), stdin) != NULL) {
		line[strcspn(line, "\n")] = 0;
		if (strncmp(line, "open ", 5) == 0 && stream_count < STREAMS_MAX)
			open_stream(line + 5);
		else if (strncmp(line, "stall ", 6) == 0 && stalled_count < STREAMS_MAX)
			stalled[stalled_count++] = request(line + 6, 4096);
		else if (strncmp(line, "event ", 6) == 0)
			cause_event(line + 6);
		else if (strncmp(line, "wait ", 5) == 0)
			wait_for(atoi(line + 5));
		else
			break;
	}
	print_end();
	return 0;
}

/* --- the floor --- */

static size_t part_bytes;

static void take_part(struct stream *s, const char *bytes, size_t len)
{
	(void)bytes;
	s->bytes += len;
	if (s->bytes % part_bytes == 0)
		arrived();
}

/* Writes to every socket whenever it is told. */
static void write_parts(int listener, int told, uint32_t count)
{
	char byte;
	int *fds = calloc(count, sizeof(*fds));
	char *part = calloc(1, part_bytes);

	for (uint32_t i = 0; i < count; i++)
		fds[i] = accept(listener, NULL, NULL);
	while (read(told, &byte, 1) == 1) {
		for (uint32_t i = 0; i < count; i++) {
			if (send(fds[i], part, part_bytes, MSG_NOSIGNAL) != (ssize_t)part_bytes)
				_exit(1);
		}
	}
	_exit(0);
}

static int measure_floor(uint32_t count, int times)
{
	int told[2];
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	socklen_t len = sizeof(server);

	server = (struct sockaddr_in){.sin_family = AF_INET};
	server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(listener, (struct sockaddr *)&server, len) != 0 || listen(listener, 4096) != 0 ||
		getsockname(listener, (struct sockaddr *)&server, &len) != 0 || pipe(told) != 0)
		die("listen");
	if (fork() == 0) {
		close(told[1]);
		write_parts(listener, told[0], count);
	}
	for (stream_count = 0; stream_count < count; stream_count++) {
		struct stream *s = &stream[stream_count];

		s->fd = socket(AF_INET, SOCK_STREAM, 0);
		if (connect(s->fd, (struct sockaddr *)&server, len) != 0)
			die("connect");
		watch(s);
	}
	for (int i = 0; i < times; i++) {
		round_events = 0;
		int64_t began_us = now_us();

		if (write(told[1], "", 1) != 1)
			die("pipe");
		while (round_events < count && now_us() - began_us < EVENT_WAIT_US)
			read_some(100, take_part);
		printf("%lld %lld\n", (long long)(first_us - began_us),
			(long long)(last_us - began_us));
		usleep(20000);
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	}
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (argc == 5 && strcmp(argv[1], "floor") == 0) {
		part_bytes = strtoul(argv[3], NULL, 10);
		return measure_floor((uint32_t)strtoul(argv[2], NULL, 10), atoi(argv[4]));
	}
	if (argc != 3)
		return 2;
	server = (struct sockaddr_in){
		.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[2]))};
	if (inet_pton(AF_INET, argv[1], &server.sin_addr) != 1)
		return 2;
	return serve_commands();
}
