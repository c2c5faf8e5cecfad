// SPDX-License-Identifier: Apache-2.0
/*
 * The model of a disk that loses power.
 *
 * Each file has its content on disk and the operations since its last sync; the folder likewise has
 * names on disk and changes since its last sync. A power cut may keep none of what is pending, all
 * of it, or any part: of a file each 512-byte sector as it was after any of the pending writes, of
 * the folder each change or not (a rename is whole or not at all). A name without a sync of its
 * folder may be lost although the file's content was synced.
 *
 * The power is cut after every operation. Equal states are judged once; workers share them by hash.
 */
#include "replay.h"

#include "log.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILES_MAX 256
#define NAMES_MAX 16
#define NAME_SIZE 64
#define PENDING_MAX 8192
#define SECTOR 512
#define SEEN_SIZE (UINT32_C(1) << 18) /* a power of two, far above the number of states */

enum keep { KEEP_SYNCED, KEEP_ALL, KEEP_RANDOM };

static const struct {
	enum keep files;
	enum keep names;
} modes[] = {
	{KEEP_SYNCED, KEEP_SYNCED},
	{KEEP_ALL, KEEP_ALL},
	{KEEP_ALL, KEEP_SYNCED}, /* lost directory entries */
	{KEEP_SYNCED, KEEP_ALL},
	{KEEP_RANDOM, KEEP_RANDOM},
	{KEEP_RANDOM, KEEP_ALL},
	{KEEP_RANDOM, KEEP_SYNCED},
	{KEEP_RANDOM, KEEP_RANDOM},
};

struct bytes {
	uint8_t *data;
	size_t len;
	size_t capacity;
};

struct op {
	const struct power_cut_op *head;
	const char *name;
	const uint8_t *data;
};

struct disk_file {
	struct bytes synced;
	uint32_t pending_count;
	struct op pending[PENDING_MAX];
};

struct names {
	uint32_t count;
	struct {
		char name[NAME_SIZE];
		uint32_t file;
	} entry[NAMES_MAX];
};

struct disk {
	struct disk_file *file[FILES_MAX]; /* by number */
	struct names synced;
	uint32_t pending_count;
	struct op pending[PENDING_MAX];
	uint32_t steps; /* promised so far */
	bool begun; /* power may be cut */
	bool has_serial; /* something was promised */
	struct text32 serial;
};

struct replay {
	const struct replay_options *options;
	struct replay_figures *figures;
	struct disk disk;
	int dir_fd;
	struct bytes content[NAMES_MAX]; /* of the state being made */
	uint64_t *seen;
};

static uint64_t mix(uint64_t x)
{
	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

static void die(const char *what)
{
	(void)fprintf(stderr, "power cut replay: %s\n", what);
	exit(99);
}

static void bytes_resize(struct bytes *bytes, size_t len)
{
	if (len > bytes->capacity) {
		bytes->capacity = 2 * len;
		bytes->data = realloc(bytes->data, bytes->capacity);
		if (bytes->data == NULL)
			die("no memory");
	}
	if (len > bytes->len)
		memset(bytes->data + bytes->len, 0, len - bytes->len);
	bytes->len = len;
}

static void bytes_write(struct bytes *bytes, uint64_t at, const uint8_t *data, size_t len)
{
	if (at + len > bytes->len)
		bytes_resize(bytes, at + len);
	memcpy(bytes->data + at, data, len);
}

/* How many of a sector's pending operations reached the disk. */
static uint32_t cut_of(uint64_t seed, uint64_t sector, uint32_t pending)
{
	uint64_t dice = mix(seed ^ mix(sector + 1));

	switch (dice % 4) {
	case 0:
		return 0;
	case 1:
		return pending;
	default:
		return (uint32_t)(dice / 4 % (pending + 1));
	}
}

/* Applies operation number `at` of a file's pending ones, as far as it is kept. */
static void apply(struct bytes *bytes, const struct op *op, uint32_t at, uint32_t pending,
	enum keep keep, uint64_t seed)
{
	uint64_t from = op->head->offset;
	size_t len = op->head->data_len;

	if (op->head->type == POWER_CUT_TRUNCATE) {
		if (keep == KEEP_ALL || at < cut_of(seed, UINT32_MAX, pending))
			bytes_resize(bytes, from);
		return;
	}
	if (keep == KEEP_ALL) {
		bytes_write(bytes, from, op->data, len);
		return;
	}
	for (uint64_t done = 0; done < len;) {
		uint64_t sector = (from + done) / SECTOR;
		size_t part = (size_t)((sector + 1) * SECTOR - (from + done));

		part = part < len - done ? part : len - done;
		if (at < cut_of(seed, sector, pending))
			bytes_write(bytes, from + done, op->data + done, part);
		done += part;
	}
}

static struct names name_apply(struct names names, const struct op *op)
{
	struct names after = {0};
	const struct power_cut_op *head = op->head;

	for (uint32_t i = 0; i < names.count; i++) {
		const char *name = names.entry[i].name;
		bool is_new = strlen(name) == head->name_len &&
			      memcmp(name, op->name, head->name_len) == 0;
		bool is_old = head->type == POWER_CUT_RENAME && strlen(name) == head->data_len &&
			      memcmp(name, op->data, head->data_len) == 0;

		if (!is_new && !is_old)
			after.entry[after.count++] = names.entry[i];
	}
	if (head->type == POWER_CUT_UNLINK)
		return after;
	if (after.count == NAMES_MAX || head->name_len >= NAME_SIZE)
		die("too many names");
	memcpy(after.entry[after.count].name, op->name, head->name_len);
	after.entry[after.count++].file = head->file;
	return after;
}

static void take_promise(struct disk *disk, const struct op *op)
{
	char text[40] = {0};
	size_t len = op->head->data_len < 39 ? op->head->data_len : 39;

	memcpy(text, op->data, len);
	if (disk->has_serial) {
		disk->steps = (uint32_t)strtoul(text, NULL, 10);
		return;
	}
	disk->has_serial = text_set(&disk->serial, span_of(text, len));
}

static struct disk_file *file_of(struct disk *disk, uint32_t number)
{
	if (number >= FILES_MAX)
		die("too many files");
	if (disk->file[number] == NULL)
		disk->file[number] = calloc(1, sizeof(struct disk_file));
	if (disk->file[number] == NULL)
		die("no memory");
	return disk->file[number];
}

static void sync_file(struct disk_file *file)
{
	for (uint32_t i = 0; i < file->pending_count; i++)
		apply(&file->synced, &file->pending[i], i, file->pending_count, KEEP_ALL, 0);
	file->pending_count = 0;
}

static void add_pending(struct op *pending, uint32_t *count, const struct op *op)
{
	if (*count == PENDING_MAX)
		die("too much at once");
	pending[(*count)++] = *op;
}

static void disk_step(struct replay *replay, const struct op *op)
{
	struct disk *disk = &replay->disk;
	struct disk_file *file = file_of(disk, op->head->file);

	switch ((enum power_cut_type)op->head->type) {
	case POWER_CUT_CREATE:
	case POWER_CUT_UNLINK:
		add_pending(disk->pending, &disk->pending_count, op);
		break;
	case POWER_CUT_RENAME:
		replay->figures->renames++;
		add_pending(disk->pending, &disk->pending_count, op);
		break;
	case POWER_CUT_WRITE:
	case POWER_CUT_TRUNCATE:
		add_pending(file->pending, &file->pending_count, op);
		break;
	case POWER_CUT_SYNC:
		sync_file(file);
		break;
	case POWER_CUT_SYNC_DIR:
		replay->figures->folder_syncs++;
		if (disk->begun && replay->options->no_folder_sync)
			break;
		for (uint32_t i = 0; i < disk->pending_count; i++)
			disk->synced = name_apply(disk->synced, &disk->pending[i]);
		disk->pending_count = 0;
		break;
	case POWER_CUT_BEGIN:
		disk->begun = true;
		replay->figures->operations = 0;
		replay->figures->folder_syncs = 0;
		break;
	case POWER_CUT_PROMISE:
		replay->figures->promises++;
		take_promise(disk, op);
		break;
	case POWER_CUT_TYPE_COUNT:
		die("an unknown operation");
	}
}

static struct names names_left(const struct disk *disk, enum keep keep, uint64_t seed)
{
	struct names names = disk->synced;

	for (uint32_t i = 0; i < disk->pending_count; i++) {
		bool kept = keep == KEEP_ALL || (keep == KEEP_RANDOM && mix(seed + i) % 2 == 0);

		if (kept)
			names = name_apply(names, &disk->pending[i]);
	}
	return names;
}

static void content_left(
	const struct disk_file *file, enum keep keep, uint64_t seed, struct bytes *ret)
{
	ret->len = 0;
	bytes_resize(ret, file->synced.len);
	if (file->synced.len > 0)
		memcpy(ret->data, file->synced.data, file->synced.len);
	for (uint32_t i = 0; i < file->pending_count && keep != KEEP_SYNCED; i++)
		apply(ret, &file->pending[i], i, file->pending_count, keep, seed);
}

static uint64_t hash_bytes(uint64_t hash, const void *data, size_t len)
{
	const uint8_t *at = data;

	for (; len >= 8; at += 8, len -= 8) {
		uint64_t word;

		memcpy(&word, at, 8);
		hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
		hash ^= hash >> 29;
	}
	for (; len > 0; at++, len--)
		hash = (hash ^ *at) * UINT64_C(0x9e3779b97f4a7c15);
	return hash;
}

static bool seen_before(struct replay *replay, uint64_t hash)
{
	uint32_t at = (uint32_t)hash & (SEEN_SIZE - 1);

	while (replay->seen[at] != 0 && replay->seen[at] != hash)
		at = (at + 1) & (SEEN_SIZE - 1);
	bool seen = replay->seen[at] == hash;

	replay->seen[at] = hash;
	return seen;
}

static void put_files(struct replay *replay, const struct names *names)
{
	for (uint32_t i = 0; i < names->count; i++) {
		const struct bytes *content = &replay->content[i];
		int fd = openat(replay->dir_fd, names->entry[i].name,
			O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

		if (fd < 0 || write(fd, content->data, content->len) != (ssize_t)content->len)
			die("cannot write a crash state");
		(void)close(fd);
	}
}

/* The judge has made files of its own. */
static void drop_files(struct replay *replay)
{
	int fd = openat(replay->dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (dir == NULL)
		die("cannot read the folder of crash states");
	for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
		if (entry->d_name[0] != '.')
			(void)unlinkat(replay->dir_fd, entry->d_name, 0);
	}
	(void)closedir(dir);
}

static enum script_verdict check_change(
	const struct change *change, int dir_fd, bool promised, char *why)
{
	uint64_t fold;

	if (!change_fold(change, dir_fd, &fold, why))
		return SCRIPT_CORRUPT;
	if (fold == change->behind || (fold == change->before && !promised))
		return SCRIPT_GOOD;
	(void)snprintf(why, 256,
		fold == change->before ? "the change was promised and is undone"
				       : "neither as before nor as behind the change");
	return SCRIPT_LOST;
}

static enum script_verdict check(struct replay *replay, char *why)
{
	const struct disk *disk = &replay->disk;

	if (replay->options->change != NULL)
		return check_change(replay->options->change, replay->dir_fd, disk->has_serial, why);
	return script_check(
		replay->dir_fd, disk->steps, disk->has_serial ? &disk->serial : NULL, why);
}

static void judge(struct replay *replay, const struct names *names, size_t mode)
{
	struct replay_figures *figures = replay->figures;
	char why[256] = "";

	put_files(replay, names);
	enum script_verdict verdict = check(replay, why);

	drop_files(replay);
	figures->states++;
	figures->verdicts[verdict]++;
	if (verdict != SCRIPT_GOOD && figures->first[0] == '\0')
		(void)snprintf(figures->first, sizeof(figures->first),
			"after operation %u, mode %zu: %s", figures->operations, mode, why);
}

static void cut(struct replay *replay, size_t mode)
{
	const struct disk *disk = &replay->disk;
	uint64_t seed = mix(replay->figures->operations * UINT64_C(64) + mode);
	struct names names = names_left(disk, modes[mode].names, seed);
	uint64_t hash = mix(disk->steps * UINT64_C(2) + disk->has_serial);

	for (uint32_t i = 0; i < names.count; i++) {
		content_left(disk->file[names.entry[i].file], modes[mode].files,
			seed + names.entry[i].file, &replay->content[i]);
		hash = hash_bytes(hash, names.entry[i].name, strlen(names.entry[i].name) + 1);
		hash = hash_bytes(hash, replay->content[i].data, replay->content[i].len);
	}
	hash = mix(hash) | 1;
	if (hash / 2 % replay->options->workers != replay->options->worker ||
		seen_before(replay, hash))
		return;
	judge(replay, &names, mode);
}

static void run(struct replay *replay, const uint8_t *log, size_t len)
{
	size_t at = 0;

	while (at < len) {
		struct op op = {.head = (const struct power_cut_op *)(const void *)(log + at)};

		if (len - at < sizeof(*op.head) || op.head->magic != POWER_CUT_MAGIC)
			die("the log is damaged");
		op.name = (const char *)log + at + sizeof(*op.head);
		op.data = (const uint8_t *)op.name + op.head->name_len;
		at += sizeof(*op.head) + op.head->name_len + op.head->data_len;
		disk_step(replay, &op);
		replay->figures->operations++;
		if (!replay->disk.begun ||
			replay->figures->operations % replay->options->stride != 0)
			continue;
		for (size_t mode = 0; mode < sizeof(modes) / sizeof(modes[0]); mode++)
			cut(replay, mode);
	}
}

int replay_run(const struct replay_options *options, struct replay_figures *ret)
{
	struct replay *replay = calloc(1, sizeof(*replay));
	int log_fd = open(options->log_path, O_RDONLY | O_CLOEXEC);
	struct stat info;

	if (replay == NULL || log_fd < 0 || fstat(log_fd, &info) != 0 || info.st_size == 0)
		return -1;
	*ret = (struct replay_figures){0};
	replay->options = options;
	replay->figures = ret;
	replay->dir_fd = open(options->work_path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	replay->seen = calloc(SEEN_SIZE, sizeof(*replay->seen));
	const uint8_t *log = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, log_fd, 0);

	if (replay->dir_fd < 0 || replay->seen == NULL || log == MAP_FAILED)
		return -1;
	run(replay, log, (size_t)info.st_size);
	return 0; /* the process ends: memory goes with it */
}
