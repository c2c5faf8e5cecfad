// SPDX-License-Identifier: Apache-2.0
/*
 * postern osdp dissector: a plugin in Lua for Wireshark, which has no OSDP of its own. Names of
 * codes come from the table that everything else uses. It shows the head of a serial record as
 * Wireshark does and the frame behind it as OSDP; `Decode As` offers it for other captures of that
 * link type.
 */
#include "osdp.h"
#include "protocols/osdp_code.h"

static const char *const head_lines[] = {
	"-- OSDP for Wireshark, printed by `postern osdp dissector`.",
	"-- Put it into ~/.local/lib/wireshark/plugins/osdp.lua",
};

static const char *const body_lines[] = {
	"local nak = {[1] = \"wrong check\", [2] = \"wrong length\", [3] = \"unknown command\",",
	"  [4] = \"wrong sequence\", [5] = \"security block\", [6] = \"secure channel required\",",
	"  [7] = \"biometric type\", [8] = \"biometric format\", [9] = \"cannot process\"}",
	"local osdp = Proto(\"osdp\", \"Open Supervised Device Protocol\")",
	"local f = {",
	"  address = ProtoField.uint8(\"osdp.address\", \"Address\", base.DEC, nil, 0x7f),",
	"  reply = ProtoField.bool(\"osdp.reply\", \"Reply\", 8, nil, 0x80),",
	"  length = ProtoField.uint16(\"osdp.length\", \"Length\", base.DEC),",
	"  sequence = ProtoField.uint8(\"osdp.sequence\", \"Sequence\", base.DEC, nil, 0x03),",
	"  crc = ProtoField.bool(\"osdp.crc\", \"CRC\", 8, nil, 0x04),",
	"  secure = ProtoField.bool(\"osdp.secure\", \"Security block\", 8, nil, 0x08),",
	"  block = ProtoField.uint8(\"osdp.block\", \"Security block type\", base.HEX),",
	"  block_data = ProtoField.bytes(\"osdp.block_data\", \"Security block data\"),",
	"  command = ProtoField.uint8(\"osdp.command\", \"Command\", base.HEX, commands),",
	"  answer = ProtoField.uint8(\"osdp.answer\", \"Reply\", base.HEX, replies),",
	"  nak = ProtoField.uint8(\"osdp.nak\", \"Reason\", base.DEC, nak),",
	"  data = ProtoField.bytes(\"osdp.data\", \"Data\"),",
	"  mac = ProtoField.bytes(\"osdp.mac\", \"MAC\"),",
	"  check = ProtoField.uint16(\"osdp.check\", \"Check\", base.HEX),",
	"  good = ProtoField.bool(\"osdp.check.good\", \"Check is right\"),",
	"}",
	"osdp.fields = f",
	"",
	"local function crc16(bytes, count)",
	"  local crc = 0x1D0F",
	"  for i = 0, count - 1 do",
	"    crc = bit.bxor(crc, bit.lshift(bytes(i, 1):uint(), 8))",
	"    for _ = 1, 8 do",
	"      local high = bit.band(crc, 0x8000) ~= 0",
	"      crc = bit.band(bit.lshift(crc, 1), 0xFFFF)",
	"      if high then crc = bit.bxor(crc, 0x1021) end",
	"    end",
	"  end",
	"  return crc",
	"end",
	"",
	"local function sum(bytes, count)",
	"  local total = 0",
	"  for i = 0, count - 1 do total = total + bytes(i, 1):uint() end",
	"  return bit.band(-total, 0xFF)",
	"end",
	"",
	"function osdp.dissector(bytes, info, tree)",
	"  local from = 0",
	"  while from < bytes:len() and bytes(from, 1):uint() == 0xFF do from = from + 1 end",
	"  if bytes:len() - from < 7 or bytes(from, 1):uint() ~= 0x53 then return 0 end",
	"  local len = bytes(from + 2, 2):le_uint()",
	"  local control = bytes(from + 4, 1):uint()",
	"  local crc = bit.band(control, 4) ~= 0",
	"  local check_len = crc and 2 or 1",
	"  if len < 6 + check_len or from + len > bytes:len() then return 0 end",
	"  bytes = bytes(from, len):tvb()",
	"  local is_reply = bytes(1, 1):uint() >= 0x80",
	"  local at, last, mac_len, kind = 5, len - check_len, 0, 0",
	"  if bit.band(control, 8) ~= 0 then",
	"    local block_len = bytes(5, 1):uint()",
	"    if block_len < 2 or 5 + block_len >= last then return 0 end",
	"    kind = bytes(6, 1):uint()",
	"    at = 5 + block_len",
	"    if kind >= 0x15 and kind <= 0x18 then mac_len = 4 end",
	"    if kind >= 0x25 and kind <= 0x28 then mac_len = 16 end",
	"    if at + 1 + mac_len > last then return 0 end",
	"  end",
	"  local code = bytes(at, 1):uint()",
	"  local names = is_reply and replies or commands",
	"  local name = names[code] or string.format(\"%02X\", code)",
	"  info.cols.protocol = \"OSDP\"",
	"  local way = is_reply and \"from\" or \"to\"",
	"  local address, sequence = bit.band(bytes(1, 1):uint(), 0x7F), bit.band(control, 3)",
	"  info.cols.info = string.format(\"%s %d, sequence %d: %s\",",
	"    way, address, sequence, name)",
	"  local t = tree:add(osdp, bytes(), \"OSDP \" .. name)",
	"  t:add(f.address, bytes(1, 1))",
	"  t:add(f.reply, bytes(1, 1))",
	"  t:add_le(f.length, bytes(2, 2))",
	"  t:add(f.sequence, bytes(4, 1))",
	"  t:add(f.crc, bytes(4, 1))",
	"  t:add(f.secure, bytes(4, 1))",
	"  if kind ~= 0 then",
	"    t:add(f.block, bytes(6, 1))",
	"    if at > 7 then t:add(f.block_data, bytes(7, at - 7)) end",
	"  end",
	"  t:add(is_reply and f.answer or f.command, bytes(at, 1))",
	"  local data_len = last - mac_len - at - 1",
	"  if data_len > 0 then",
	"    t:add(f.data, bytes(at + 1, data_len))",
	"    if is_reply and code == 0x41 and kind < 0x17 then t:add(f.nak, bytes(at + 1, 1)) end",
	"  end",
	"  if mac_len > 0 then t:add(f.mac, bytes(last - mac_len, mac_len)) end",
	"  local want = crc and crc16(bytes, last) or sum(bytes, last)",
	"  local check = bytes(last, check_len)",
	"  t:add_le(f.check, check)",
	"  t:add(f.good, check, check:le_uint() == want):set_generated()",
	"  return from + len",
	"end",
	"",
	"-- The head of a record as Wireshark shows it, then the frame.",
	"local serial = Dissector.get(\"rtacser\")",
	"local record = Proto(\"osdp_record\", \"OSDP on a serial line\")",
	"function record.dissector(bytes, info, tree)",
	"  if bytes:len() <= 12 then return serial:call(bytes, info, tree) end",
	"  serial:call(bytes(0, 12):tvb(), info, tree)",
	"  local taken = osdp.dissector(bytes(12):tvb(), info, tree)",
	"  if taken == 0 then Dissector.get(\"data\"):call(bytes(12):tvb(), info, tree) end",
	"end",
	"DissectorTable.get(\"wtap_encap\"):add(wtap.RTAC_SERIAL, record)",
	"DissectorTable.get(\"rtacser.data\"):add_for_decode_as(osdp)",
};

static void print_names(const char *table, bool replies)
{
	size_t count;
	const struct osdp_code *code = osdp_code_table(&count);

	printf("local %s = {\n", table);
	for (size_t i = 0; i < count; i++) {
		if (code[i].reply == replies)
			printf("  [0x%02X] = \"%s\",\n", code[i].code, code[i].name);
	}
	puts("}");
}

int osdp_dissector(struct postern_device *device, const struct arguments *arguments)
{
	(void)device;
	(void)arguments;
	for (size_t i = 0; i < ARRAY_COUNT(head_lines); i++)
		puts(head_lines[i]);
	print_names("commands", false);
	print_names("replies", true);
	for (size_t i = 0; i < ARRAY_COUNT(body_lines); i++)
		puts(body_lines[i]);
	return EXIT_DONE;
}
