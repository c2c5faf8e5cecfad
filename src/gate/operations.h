/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One pair of functions a row of the method table. begin runs once, with a proven request whose
 * parameters passed their check: it asks core, or answers at once. answer runs with each message
 * from core that belongs to the request; rows may come in several. Both end in core_ask,
 * request_finish or request_fail, or wait for more rows.
 */
#pragma once

#include "gate.h"

typedef void operation_begin_fn(struct request *request);
typedef void operation_answer_fn(struct request *request, const void *message);

/* The answer was none this operation can use: core's error, or ours. */
void operation_unexpected(struct request *request, const void *message);

/* MESSAGE_RESULT that ends a command: OK or its error. */
void operation_command_answer(struct request *request, const void *message);

/* False when the parameter stood in the URL, or this is no POST. */
bool operation_in_body(const struct request *request, const char *name);

/* cards.c */
void card_insert_begin(struct request *request);
void card_insert_answer(struct request *request, const void *message);
void card_update_begin(struct request *request);
void card_remove_begin(struct request *request);
void card_remove_answer(struct request *request, const void *message);
void card_clear_begin(struct request *request);

/* finder.c */
void card_get_begin(struct request *request);
void card_get_answer(struct request *request, const void *message);
void card_find_begin(struct request *request); /* find and doSeekFind */
void record_find_begin(struct request *request);
void find_answer(struct request *request, const void *message);
/* A printed row behind the others; request->step counts them. A full reply takes no more. */
void row_add(struct request *request, const struct buf *row);
/* The front of a find, and its end. */
void find_end(struct request *request);
void card_size_begin(struct request *request);
void record_size_begin(struct request *request);
void size_answer(struct request *request, const void *message);

/* doors.c */
void door_open_begin(struct request *request);
void door_close_begin(struct request *request);
void door_status_begin(struct request *request);
void door_status_answer(struct request *request, const void *message);
void event_indexes_begin(struct request *request);
void event_indexes_answer(struct request *request, const void *message);

/* readers.c */
void reader_frames_begin(struct request *request);
void reader_frames_answer(struct request *request, const void *message);
void osdp_frames_begin(struct request *request);
void osdp_frames_answer(struct request *request, const void *message);

/* status.c and metrics.c */
void status_begin(struct request *request); /* of both */
void status_answer(struct request *request, const void *message);
void metrics_answer(struct request *request, const void *message);

/* claim.c */
void claim_begin(struct request *request);

/* accounts.c */
void account_list_begin(struct request *request); /* one or all */
void account_list_answer(struct request *request, const void *message);
void account_add_begin(struct request *request);
void account_password_begin(struct request *request);
void account_role_begin(struct request *request);
void account_remove_begin(struct request *request);

/* audit.c */
void audit_find_begin(struct request *request);
void audit_find_answer(struct request *request, const void *message);

/* osdp.c */
void readers_begin(struct request *request);
void readers_answer(struct request *request, const void *message);
void reader_order_begin(struct request *request); /* of all acts on a reader's key */

/* osdp_file.c */
void reader_file_begin(struct request *request); /* of all that is about a reader's file */
void reader_file_answer(struct request *request, const void *message);

/* attach.c */
void snap_attach_begin(struct request *request);
void event_attach_begin(struct request *request);
void attach_answer(struct request *request, const void *message);

/* device.c */
void device_begin(struct request *request); /* magicBox, global, eventManager getCaps */

/* config.c */
void config_get_begin(struct request *request);
void config_get_answer(struct request *request, const void *message);
void config_set_begin(struct request *request);
void config_set_answer(struct request *request, const void *message);
