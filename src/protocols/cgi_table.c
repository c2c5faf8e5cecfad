// SPDX-License-Identifier: Apache-2.0
/*
 * The table itself. Rows are constant data: names, ranges and sentences stand here once and nowhere
 * else. What depends on the device (which doors and cameras exist, what a local date is in UTC, a
 * count above 1024) is for the handlers to narrow.
 *
 * A row's example passes cgi_method_check and leads back to the row; tests hold the table to that.
 */
#include "cgi_parameters.h"

// clang-format off
#define FINDER "/cgi-bin/recordFinder.cgi?action="
#define UPDATER "/cgi-bin/recordUpdater.cgi?action="
#define ROWS_ANSWER                                                                                \
	"`found=n`, `totalCount=n` (rows that match), then the rows as `records[i].Key=value`"
#define SIZE_ANSWER "`Size=n`, `count=n`"

const struct cgi_method cgi_methods[CGI_OPERATION_COUNT] = {
	[CGI_CARD_INSERT] = {
		.operation = CGI_CARD_INSERT,
		.cgi = "recordUpdater.cgi",
		.action = "insert",
		.table = TABLE_CARDS,
		.role = ACCOUNT_ADMIN,
		.changes_state = true,
		.stray = CGI_STRAY_REFUSED,
		TAKES(insert_parameters),
		.text = "Enrols a person with a card.",
		.answer = "`RecNo=n`; JSON code 286064929 when the UserID has a row, "
			"286064930 when the card is somebody else's",
		.example = UPDATER
			"insert&name=AccessControlCard&CardName=ZhangSan&CardNo=12345"
			"&UserID=102&CardStatus=0&CardType=0&Password=123456&Doors[0]=1"
			"&Doors[1]=3&Doors[2]=5&VTOPosition=01018001"
			"&ValidDateStart=20151022%20093811"
			"&ValidDateEnd=20151222%20093811",
	},
	[CGI_CARD_UPDATE] = {
		.operation = CGI_CARD_UPDATE,
		.cgi = "recordUpdater.cgi",
		.action = "update",
		.table = TABLE_CARDS,
		.role = ACCOUNT_ADMIN,
		.changes_state = true,
		.stray = CGI_STRAY_REFUSED,
		TAKES(update_parameters),
		.text = "Changes the fields that are given, and leaves the others; "
			"Doors and TimeSections are replaced as a whole.",
		.answer = "`OK`",
		.example = UPDATER "update&name=AccessControlCard&recno=12345&CardStatus=4",
	},
	[CGI_CARD_GET] = {
		.operation = CGI_CARD_GET,
		.cgi = "recordUpdater.cgi",
		.action = "get",
		.table = TABLE_CARDS,
		.role = ACCOUNT_VIEWER,
		.stray = CGI_STRAY_FILTERS_REFUSED,
		TAKES(row_parameters),
		.text = "Reads one row.",
		.answer = "the fields as `Key=value`, without Password",
		.example = UPDATER "get&name=AccessControlCard&recno=12345",
	},
	[CGI_CARD_REMOVE] = {
		.operation = CGI_CARD_REMOVE,
		.cgi = "recordUpdater.cgi",
		.action = "remove",
		.table = TABLE_CARDS,
		.role = ACCOUNT_ADMIN,
		.changes_state = true,
		.stray = CGI_STRAY_FILTERS_REFUSED,
		TAKES(row_parameters),
		.text = "Removes one row; the card opens nothing from the answer on.",
		.answer = "`OK`, also when there is no such row",
		.example = UPDATER "remove&name=AccessControlCard&recno=12345",
	},
	[CGI_CARD_CLEAR] = {
		.operation = CGI_CARD_CLEAR,
		.cgi = "recordUpdater.cgi",
		.action = "clear",
		.table = TABLE_CARDS,
		.role = ACCOUNT_ADMIN,
		.changes_state = true,
		.stray = CGI_STRAY_REFUSED,
		.text = "Removes every row of the table.",
		.answer = "`OK`",
		.example = UPDATER "clear&name=AccessControlCard",
	},
	[CGI_CARD_FIND] = {
		.operation = CGI_CARD_FIND,
		.cgi = "recordFinder.cgi",
		.action = "find",
		.table = TABLE_CARDS,
		.role = ACCOUNT_VIEWER,
		.stray = CGI_STRAY_FILTERS_REFUSED,
		TAKES(card_find_parameters),
		.text = "Lists persons by RecNo.",
		.answer = ROWS_ANSWER,
		.example = FINDER "find&name=AccessControlCard&condition.UserID=102",
	},
	[CGI_CARD_SEEK] = {
		.operation = CGI_CARD_SEEK,
		.cgi = "recordFinder.cgi",
		.action = "doSeekFind",
		.table = TABLE_CARDS,
		.role = ACCOUNT_VIEWER,
		.stray = CGI_STRAY_FILTERS_REFUSED,
		TAKES(card_seek_parameters),
		.text = "Lists persons by RecNo, from an offset on.",
		.answer = ROWS_ANSWER,
		.example = FINDER "doSeekFind&name=AccessControlCard&offset=100&count=100",
	},
	[CGI_CARD_SIZE] = {
		.operation = CGI_CARD_SIZE,
		.cgi = "recordFinder.cgi",
		.action = "getQuerySize",
		.table = TABLE_CARDS,
		.role = ACCOUNT_VIEWER,
		.stray = CGI_STRAY_FILTERS_REFUSED,
		TAKES(card_size_parameters),
		.text = "Counts persons.",
		.answer = SIZE_ANSWER,
		.example = FINDER "getQuerySize&name=AccessControlCard",
	},
	[CGI_RECORD_FIND] = {
		.operation = CGI_RECORD_FIND,
		.cgi = "recordFinder.cgi",
		.action = "find",
		.table = TABLE_RECORDS,
		.role = ACCOUNT_VIEWER,
		.stray = CGI_STRAY_FILTERS_REFUSED,
		TAKES(record_find_parameters),
		.text = "Lists access records, oldest first by CreateTime and RecNo.",
		.answer = ROWS_ANSWER,
		.example = FINDER "find&name=AccessControlCardRec&StartTime=123456700"
			"&EndTime=123456800&condition.CardNo=12001&count=100",
	},
	[CGI_RECORD_SEEK] = {
		.operation = CGI_RECORD_SEEK,
		.cgi = "recordFinder.cgi",
		.action = "doSeekFind",
		.table = TABLE_RECORDS,
		.role = ACCOUNT_VIEWER,
		.stray = CGI_STRAY_FILTERS_REFUSED,
		TAKES(record_seek_parameters),
		.text = "Lists access records from an offset on.",
		.answer = ROWS_ANSWER,
		.example = FINDER "doSeekFind&name=AccessControlCardRec&offset=99999&count=1",
	},
	[CGI_RECORD_SIZE] = {
		.operation = CGI_RECORD_SIZE,
		.cgi = "recordFinder.cgi",
		.action = "getQuerySize",
		.table = TABLE_RECORDS,
		.role = ACCOUNT_VIEWER,
		.stray = CGI_STRAY_FILTERS_REFUSED,
		TAKES(record_size_parameters),
		.text = "Counts access records.",
		.answer = SIZE_ANSWER,
		.example = FINDER "getQuerySize&name=AccessControlCardRec&condition.Status=0",
	},
	[CGI_DOOR_OPEN] = {
		.operation = CGI_DOOR_OPEN,
		.cgi = "accessControl.cgi",
		.action = "openDoor",
		.role = ACCOUNT_OPERATOR,
		.changes_state = true,
		TAKES(door_parameters),
		.text = "Unlocks a door for its unlock time.",
		.answer = "`OK` once the record is on disk and the lock was commanded",
		.example = "/cgi-bin/accessControl.cgi?action=openDoor&channel=1"
			"&UserID=101&Type=Remote",
	},
	[CGI_DOOR_CLOSE] = {
		.operation = CGI_DOOR_CLOSE,
		.cgi = "accessControl.cgi",
		.action = "closeDoor",
		.role = ACCOUNT_OPERATOR,
		.changes_state = true,
		TAKES(door_parameters),
		.text = "Locks a door at once, also before its unlock time is over.",
		.answer = "`OK` once the record is on disk and the lock was commanded",
		.example = "/cgi-bin/accessControl.cgi?action=closeDoor&channel=1"
			"&UserID=101&Type=Remote",
	},
	[CGI_DOOR_STATUS] = {
		.operation = CGI_DOOR_STATUS,
		.cgi = "accessControl.cgi",
		.action = "getDoorStatus",
		.role = ACCOUNT_VIEWER,
		TAKES(door_status_parameters),
		.text = "Tells whether a door stands open.",
		.answer = "`Info.status=Open`, `Close` or `Break`; with assurance `Info.assurance=low` when "
			"cards can be copied from the wires of one of its readers (Wiegand, or "
			"OSDP without secure channel), else `secure`",
		.example = "/cgi-bin/accessControl.cgi?action=getDoorStatus&channel=1",
	},
	[CGI_SNAP_ATTACH] = {
		.operation = CGI_SNAP_ATTACH,
		.cgi = "snapManager.cgi",
		.action = "attachFileProc",
		.role = ACCOUNT_VIEWER,
		TAKES(snap_parameters),
		.text = "Streams events as lines of key=value.",
		.answer = "a multipart/x-mixed-replace stream that stays open; each "
			"event has `Events[0].Code`, `EventBaseInfo.Code`, `GroupID`, "
			"`CountInGroup`, `IndexInGroup`, `Data.PTS`, `Seq` and "
			"`RecNo` where there is a record",
		.example = "/cgi-bin/snapManager.cgi?action=attachFileProc&Flags[0]=Event"
			"&Events=[AccessControl]&heartbeat=5",
	},
	[CGI_EVENT_ATTACH] = {
		.operation = CGI_EVENT_ATTACH,
		.cgi = "eventManager.cgi",
		.action = "attach",
		.role = ACCOUNT_VIEWER,
		TAKES(attach_parameters),
		.text = "Streams events as Code=...;action=...;index=...;data={...}.",
		.answer = "a multipart/x-mixed-replace stream that stays open",
		.example = "/cgi-bin/eventManager.cgi?action=attach"
			"&codes=[AccessControl,DoorStatus]&heartbeat=5",
	},
	[CGI_EVENT_INDEXES] = {
		.operation = CGI_EVENT_INDEXES,
		.cgi = "eventManager.cgi",
		.action = "getEventIndexes",
		.role = ACCOUNT_VIEWER,
		TAKES(indexes_parameters),
		.text = "Tells where an event is active now.",
		.answer = "`channels[i]=n`, or `Error: No Events`",
		.example = "/cgi-bin/eventManager.cgi?action=getEventIndexes"
			"&code=DoorNotClosed",
	},
	[CGI_EVENT_CAPS] = {
		.operation = CGI_EVENT_CAPS,
		.cgi = "eventManager.cgi",
		.action = "getCaps",
		.role = ACCOUNT_VIEWER,
		.text = "Tells what the event manager can do.",
		.answer = "`caps.Key=value`",
		.example = "/cgi-bin/eventManager.cgi?action=getCaps",
	},
	IDENTITY(CGI_DEVICE_TYPE, "getDeviceType", "type", "Model of the device."),
	IDENTITY(CGI_SERIAL_NO, "getSerialNo", "sn", "Serial number."),
	IDENTITY(CGI_SOFTWARE_VERSION, "getSoftwareVersion", "version", "Version of the software."),
	IDENTITY(CGI_HARDWARE_VERSION, "getHardwareVersion", "version", "Version of the hardware."),
	IDENTITY(CGI_MACHINE_NAME, "getMachineName", "name", "Name the device was given."),
	IDENTITY(CGI_VENDOR, "getVendor", "vendor", "Vendor."),
	IDENTITY(CGI_DEVICE_CLASS, "getDeviceClass", "class", "Class of the device."),
	[CGI_SYSTEM_INFO] = {
		.operation = CGI_SYSTEM_INFO,
		.cgi = "magicBox.cgi",
		.action = "getSystemInfo",
		.role = ACCOUNT_VIEWER,
		.text = "Model, serial number and more in one answer.",
		.answer = "`deviceType=...`, `serialNumber=...` and others",
		.example = "/cgi-bin/magicBox.cgi?action=getSystemInfo",
	},
	[CGI_PRODUCT_DEFINITION] = {
		.operation = CGI_PRODUCT_DEFINITION,
		.cgi = "magicBox.cgi",
		.action = "getProductDefinition",
		.role = ACCOUNT_VIEWER,
		TAKES(product_parameters),
		.text = "Tells the number of sub streams of the camera.",
		.answer = "`table.MaxExtraStream=n`",
		.example = "/cgi-bin/magicBox.cgi?action=getProductDefinition"
			"&name=MaxExtraStream",
	},
	[CGI_TIME_GET] = {
		.operation = CGI_TIME_GET,
		.cgi = "global.cgi",
		.action = "getCurrentTime",
		.role = ACCOUNT_VIEWER,
		.text = "Tells the device's local time.",
		.answer = "`result=2015-10-22 09:38:11`",
		.example = "/cgi-bin/global.cgi?action=getCurrentTime",
	},
	[CGI_TIME_SET] = {
		.operation = CGI_TIME_SET,
		.cgi = "global.cgi",
		.action = "setCurrentTime",
		.role = ACCOUNT_ADMIN,
		.changes_state = true,
		TAKES(time_parameters),
		.text = "Sets the clock; refused unless the device may manage its "
			"host.",
		.answer = "`OK`",
		.example = "/cgi-bin/global.cgi?action=setCurrentTime"
			"&time=2026-08-11%2011:47:40",
	},
	[CGI_CONFIG_GET] = {
		.operation = CGI_CONFIG_GET,
		.cgi = "configManager.cgi",
		.action = "getConfig",
		.role = ACCOUNT_VIEWER,
		TAKES(config_get_parameters),
		.text = "Reads settings.",
		.answer = "`table.Name[i].Key=value`",
		.example = "/cgi-bin/configManager.cgi?action=getConfig&name=AccessControl",
	},
	[CGI_CONFIG_SET] = {
		.operation = CGI_CONFIG_SET,
		.cgi = "configManager.cgi",
		.action = "setConfig",
		.role = ACCOUNT_ADMIN,
		.changes_state = true,
		.stray = CGI_STRAY_REFUSED,
		TAKES(config_set_parameters),
		.text = "Changes a weekly schedule, a group of special days, or what holds on "
			"them: one row of one table a request.",
		.answer = "`OK`",
		.example = "/cgi-bin/configManager.cgi?action=setConfig"
			"&AccessTimeSchedule[1].Name=Office"
			"&AccessTimeSchedule[1].Enable=true"
			"&AccessTimeSchedule[1].TimeSchedule[1][0]=1%2008:00:00-18:00:00",
	},
	[CGI_READER_FRAMES] = {
		.operation = CGI_READER_FRAMES,
		.cgi = "accessControl.cgi",
		.action = "getReaderFrames",
		.role = ACCOUNT_ADMIN,
		TAKES(reader_frames_parameters),
		.text = "Ours: tells what a reader sent, good or dropped, for who looks for a "
			"fault in its wires; frames are credentials, keys of a PIN are never "
			"told.",
		.answer = "`since=ms` (core's start, from which frames count), `oldestFrame=n`, "
			"`lastFrame=n`, `reader.Held0=`, `reader.Held1=`, `reader.Frames=` and "
			"the other counters, then the latest frames as `frames[i].Key=value`: "
			"No, Reader, UTC, UTCMS, Kind (Card, Key, Dropped, Glitches), Fit (Yes, "
			"WrongCheck, Turned, NoLength), Bits, Data, Format, Number, "
			"Verdict[k], Faults, Held0, Held1, Edges, and for Pulse0, Pulse1 and "
			"Interval Count, MinNs, MeanNs and MaxNs; docs/reader-trouble.md "
			"explains them",
		.example = "/cgi-bin/accessControl.cgi?action=getReaderFrames&reader=1"
			"&afterFrame=17&count=10&edges=true",
	},
	[CGI_CLAIM] = {
		.operation = CGI_CLAIM,
		.cgi = "global.cgi",
		.action = "claim",
		.role = ACCOUNT_NOBODY,
		.changes_state = true,
		.stray = CGI_STRAY_REFUSED,
		TAKES(claim_parameters),
		.text = "Ours: makes the account `admin` of a device that has none. Needs no "
			"log-in; only POST with the parameters in the body, over https or on the "
			"device itself; works once.",
		.answer = "`OK`; 403 when the code is wrong or the device has an account, 429 "
			"after five wrong codes",
		.example = "/cgi-bin/global.cgi?action=claim&code=ABCDE-FGHIJ"
			"&password=correct%20horse",
	},
	[CGI_STATUS] = {
		.operation = CGI_STATUS,
		.cgi = "accessControl.cgi",
		.action = "getControllerStatus",
		.role = ACCOUNT_VIEWER,
		.text = "Ours: tells how the controller does: clock, disk, records, persons, "
			"backup, certificate, roles, doors, readers, and the alarms that stand.",
		.answer = "`good=true` while no alarm stands, then `clock.Trusted=`, `clock.UTC=`, "
			"`clock.UTCMS=`, `uptime=s`, `store.Failed=`, `store.Waiting=n`, "
			"`sync.Count=`, `sync.P50US=`, `sync.P99US=`, `sync.Late=` (records that "
			"were late for their door), `records.First=`, `records.Last=`, "
			"`records.Kept=`, `records.Max=`, `records.DaysLeft=` (until the oldest "
			"is overwritten, at the rate of the latest week; at most 36500), "
			"`persons.Count=`, `persons.Max=`, "
			"`backup.UTC=` and `backup.RecNo=` (left out before the first backup), "
			"`certificate.NotAfter=` (UTC seconds; left out without https or without "
			"an end), `roles[i].Name=`, `.Restarts=`, `.LatestAgo=s`, `doors[i].Index=`, "
			"`.ID=`, `.Unlocked=`, `.Open=`, `.Forced=`, `.HeldOpen=`, `.Tamper=`, "
			"`.Assurance=` (secure, low), "
			"`readers[i].Number=`, `.Door=`, `.Frames=`, `.Faults=`, `.Held0=`, "
			"`.Held1=`, `.Assurance=`, `.Online=` and `.Secure=` (of OSDP readers), "
			"`alarms[i].Name=`, `.Text=`",
		.example = "/cgi-bin/accessControl.cgi?action=getControllerStatus",
	},
	[CGI_METRICS] = {
		.operation = CGI_METRICS,
		.cgi = "accessControl.cgi",
		.action = "getMetrics",
		.role = ACCOUNT_VIEWER,
		.text = "Ours: the same and more as metrics for Prometheus. `GET /metrics` gives "
			"them without an account to the networks of `http.metrics`, and to nobody "
			"when there are none.",
		.answer = "text format 0.0.4; docs/metrics.md lists every name",
		.example = "/cgi-bin/accessControl.cgi?action=getMetrics",
	},
	[CGI_ACCOUNT_LIST] = {
		.operation = CGI_ACCOUNT_LIST,
		.cgi = "userManager.cgi",
		.action = "getUserInfoAll",
		.role = ACCOUNT_ADMIN,
		.text = "Lists the accounts of the API.",
		.answer = "`users[i].Group=` (the role), `users[i].Id=`, `users[i].Name=`",
		.example = USERS "getUserInfoAll",
	},
	[CGI_ACCOUNT_GET] = {
		.operation = CGI_ACCOUNT_GET,
		.cgi = "userManager.cgi",
		.action = "getUserInfo",
		.role = ACCOUNT_ADMIN,
		TAKES(account_parameters),
		.text = "Reads one account.",
		.answer = "`user.Group=`, `user.Name=`",
		.example = USERS "getUserInfo&name=anna",
	},
	[CGI_ACCOUNT_ADD] = {
		.operation = CGI_ACCOUNT_ADD,
		.cgi = "userManager.cgi",
		.action = "addUser",
		.role = ACCOUNT_ADMIN,
		.changes_state = true,
		TAKES(account_add_parameters),
		.text = "Makes an account. Only POST with the password in the body, over https or "
			"on the device itself; at most 128 accounts.",
		.answer = "`OK`; 400 when there is an account of this name",
		.example = USERS "addUser&user.Name=anna&user.Password=correct%20horse"
			"&user.Group=operator",
	},
	[CGI_ACCOUNT_PASSWORD] = {
		.operation = CGI_ACCOUNT_PASSWORD,
		.cgi = "userManager.cgi",
		.action = "modifyPassword",
		.role = ACCOUNT_VIEWER,
		.changes_state = true,
		TAKES(account_password_parameters),
		.text = "Gives an account another password, which ends its event streams: one's "
			"own with the old one, that of others as admin. Only POST with both in "
			"the body, over https or on the device itself.",
		.answer = "`OK`; 403 when pwdOld is wrong or left out; 429 when an account asks with "
			"pwdOld more often than five times, then once a minute",
		.example = USERS "modifyPassword&name=anna&pwd=battery%20staple"
			"&pwdOld=correct%20horse",
	},
	[CGI_ACCOUNT_ROLE] = {
		.operation = CGI_ACCOUNT_ROLE,
		.cgi = "userManager.cgi",
		.action = "modifyUser",
		.role = ACCOUNT_ADMIN,
		.changes_state = true,
		TAKES(account_role_parameters),
		.text = "Gives an account another role, which ends its event streams; the last "
			"admin keeps its own.",
		.answer = "`OK`",
		.example = USERS "modifyUser&name=anna&user.Group=viewer",
	},
	[CGI_ACCOUNT_REMOVE] = {
		.operation = CGI_ACCOUNT_REMOVE,
		.cgi = "userManager.cgi",
		.action = "deleteUser",
		.role = ACCOUNT_ADMIN,
		.changes_state = true,
		TAKES(account_parameters),
		.text = "Removes an account and ends its event streams; the last admin stays.",
		.answer = "`OK`",
		.example = USERS "deleteUser&name=anna",
	},
	[CGI_AUDIT_FIND] = {
		.operation = CGI_AUDIT_FIND,
		.cgi = "recordFinder.cgi",
		.action = "find",
		.table = "PosternAudit",
		.role = ACCOUNT_ADMIN,
		.stray = CGI_STRAY_FILTERS_REFUSED,
		TAKES(audit_parameters),
		.text = "Ours: lists what was done to people, schedules and accounts, and by whom, "
			"oldest first.",
		.answer = "`found=n`, `totalCount=n` (rows that match), then "
			"`records[i].Key=value`: No, Act, Result (done, nothing_to_change, "
			"refused), Time (UTC seconds), TimeMS, Trusted (the clock was), Account, "
			"Address (empty: on the device itself), Target, Count",
		.example = FINDER "find&name=PosternAudit&StartTime=123456700&AfterNo=17&count=100",
	},
	[CGI_OSDP_FRAMES] = {
		.operation = CGI_OSDP_FRAMES,
		.cgi = "accessControl.cgi",
		.action = "getOsdpFrames",
		.role = ACCOUNT_ADMIN,
		TAKES(osdp_frames_parameters),
		.text = "Ours: tells the frames on an OSDP line, for who looks for a fault in it. "
			"They are remembered for 10 s behind each such request; keys, digits of a "
			"PIN and templates are overwritten.",
		.answer = "`oldestFrame=n` and `lastFrame=n` of all lines, then "
			"`frames[i].Key=value`: No, TimeUS (microseconds since 1970), Reply, Bytes "
			"(hexadecimal)",
		.example = "/cgi-bin/accessControl.cgi?action=getOsdpFrames&line=east"
			"&afterFrame=17&count=100",
	},
	[CGI_READERS] = {
		.operation = CGI_READERS,
		.cgi = "accessControl.cgi",
		.action = "getReaders",
		.role = ACCOUNT_VIEWER,
		TAKES(readers_parameters),
		.text = "Ours: tells how the readers do: what they are, whether OSDP readers are "
			"online and secure, and how far their pairing is. No key is told.",
		.answer = "`readers[i].Key=value`: Number, Door, Kind (Wiegand, OSDP), Assurance "
			"(secure; low: cards can be copied from the wires), and of OSDP readers "
			"Line, Address, Baud, Port, State, Online, Why (of an offline one), Since "
			"and Heard (seconds ago), Secure, HasKey, Pairing (none, saving, open, "
			"finishing), WindowLeft (s), PairFailed, Vendor, Model, HardwareVersion, "
			"Serial, Firmware, LEDs, LEDLevel, Audible, Texts, Inputs, Outputs, "
			"Heads, Biometrics, Version, AES, DefaultKey, ReceiveSize, TimeoutUS, "
			"ReplyMinUS, ReplyMeanUS, ReplyMaxUS, and counters since core's start: "
			"Exchanges, Frames, Repeats, Timeouts, CheckErrors, MACErrors, Busy, "
			"NAKs, Late, Handshakes, SessionsLost, Stale, Unreadable, Refused",
		.example = "/cgi-bin/accessControl.cgi?action=getReaders&reader=5",
	},
	[CGI_READER_PAIR] = {
		.operation = CGI_READER_PAIR,
		.cgi = "accessControl.cgi",
		.action = "pairReader",
		.role = ACCOUNT_ADMIN,
		.changes_state = true,
		TAKES(reader_pair_parameters),
		.text = "Ours: opens a window in which one OSDP reader that stands in install mode "
			"gets its first key; getReaders tells what came of it.",
		.answer = "`OK` when the new key is on disk and the window is open",
		.example = "/cgi-bin/accessControl.cgi?action=pairReader&reader=5&window=300",
	},
	[CGI_READER_PAIR_CANCEL] = {
		.operation = CGI_READER_PAIR_CANCEL,
		.cgi = "accessControl.cgi",
		.action = "cancelPairing",
		.role = ACCOUNT_ADMIN,
		.changes_state = true,
		TAKES(reader_key_act_parameters),
		.text = "Ours: closes the window of pairReader.",
		.answer = "`OK`",
		.example = "/cgi-bin/accessControl.cgi?action=cancelPairing&reader=5",
	},
	[CGI_READER_ROTATE] = {
		.operation = CGI_READER_ROTATE,
		.cgi = "accessControl.cgi",
		.action = "rotateReaderKey",
		.role = ACCOUNT_ADMIN,
		.changes_state = true,
		TAKES(reader_key_act_parameters),
		.text = "Ours: gives an OSDP reader another key, within its secure channel.",
		.answer = "`OK` when the new key is on disk and on its way; getReaders tells what "
			"came of it",
		.example = "/cgi-bin/accessControl.cgi?action=rotateReaderKey&reader=5",
	},
	[CGI_READER_UNPAIR] = {
		.operation = CGI_READER_UNPAIR,
		.cgi = "accessControl.cgi",
		.action = "unpairReader",
		.role = ACCOUNT_ADMIN,
		.changes_state = true,
		TAKES(reader_key_act_parameters),
		.text = "Ours: forgets the keys of an OSDP reader and who it is; it gives nothing "
			"until it is paired again.",
		.answer = "`OK`",
		.example = "/cgi-bin/accessControl.cgi?action=unpairReader&reader=5",
	},
	[CGI_READER_KEY] = {
		.operation = CGI_READER_KEY,
		.cgi = "accessControl.cgi",
		.action = "setReaderKey",
		.role = ACCOUNT_ADMIN,
		.changes_state = true,
		TAKES(reader_key_parameters),
		.text = "Ours: tells the key that another tool has loaded into an OSDP reader. It is "
			"used when the one until now fails. Only POST with the key in the body, "
			"over https or on the device itself.",
		.answer = "`OK` when it is on disk; 400 when it is a well-known or simple one",
		.example = "/cgi-bin/accessControl.cgi?action=setReaderKey&reader=5"
			"&key=9e116cf0237ad548b102ee3d945f80c7",
	},
	[CGI_READER_FILE_BEGIN] = {
		.operation = CGI_READER_FILE_BEGIN,
		.cgi = "accessControl.cgi",
		.action = "beginReaderFile",
		.role = ACCOUNT_ADMIN,
		.changes_state = true,
		TAKES(reader_file_begin_parameters),
		.text = "Ours: begins a file (firmware as a rule) for an OSDP reader that is online. "
			"One file at a time, of all readers; one whose parts stay away for 60 s is "
			"dropped.",
		.answer = "`OK`; 400 with words when it cannot be",
		.example = "/cgi-bin/accessControl.cgi?action=beginReaderFile&reader=5&size=4",
	},
	[CGI_READER_FILE_PART] = {
		.operation = CGI_READER_FILE_PART,
		.cgi = "accessControl.cgi",
		.action = "addReaderFile",
		.role = ACCOUNT_ADMIN,
		.changes_state = true,
		TAKES(reader_file_part_parameters),
		.text = "Ours: the next part of the file, by the account that began it. With the "
			"last one the file goes to the reader, while the doors go on.",
		.answer = "`OK`; of the last part: it is in the audit and at the line, and "
			"getReaderFile tells what comes of it",
		.example = "/cgi-bin/accessControl.cgi?action=addReaderFile&reader=5&offset=0"
			"&data=cafe0102",
	},
	[CGI_READER_FILE_GET] = {
		.operation = CGI_READER_FILE_GET,
		.cgi = "accessControl.cgi",
		.action = "getReaderFile",
		.role = ACCOUNT_ADMIN,
		TAKES(reader_key_act_parameters),
		.text = "Ours: tells how far the latest file of a reader is.",
		.answer = "`Info.State=` (None, Receiving, Starting, Sending, Finishing, Done, "
			"Refused, Broken), `Info.Type=`, `Info.Size=`, `Info.Received=` (bytes that "
			"came here), `Info.Sent=` (bytes the reader has), and of Done and Refused "
			"`Info.Status=` (of osdp_FTSTAT; -32000 less the code of a NAK) and "
			"`Info.Text=`",
		.example = "/cgi-bin/accessControl.cgi?action=getReaderFile&reader=5",
	},
	[CGI_READER_FILE_CANCEL] = {
		.operation = CGI_READER_FILE_CANCEL,
		.cgi = "accessControl.cgi",
		.action = "cancelReaderFile",
		.role = ACCOUNT_ADMIN,
		.changes_state = true,
		TAKES(reader_key_act_parameters),
		.text = "Ours: ends a file that is under way, whoever began it.",
		.answer = "`OK`",
		.example = "/cgi-bin/accessControl.cgi?action=cancelReaderFile&reader=5",
	},
};
// clang-format on
