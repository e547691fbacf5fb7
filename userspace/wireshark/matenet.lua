-- SPDX-License-Identifier: GPL-2.0-or-later
-- Wireshark dissector for MateNET captures of link type DLT_USER0 (147), as pyMATE writes
-- them.  Byte 0 of a packet: 0A = command, 0B = reply, 0F = both, then length of the
-- command, length of the reply, and the bytes of both.  Checksums are included.
--
-- matenet_names.lua, generated from the tables of registers and pages, lies beside it:
--   tshark -X lua_script:matenet.lua -r FILE

local here = debug.getinfo(1, "S").source:match("^@(.*[/\\])") or ""
local names = dofile(here .. "matenet_names.lua")

local COMMANDS = { [0] = "DEC/DISABLE", "INC/ENABLE", "READ", "WRITE", "STATUS", [22] = "LOG" }
local DEVICES = { hub = "Hub", fx = "FX inverter", mx = "MX charge controller",
	dc = "FLEXnet DC" }
local COMMAND_BYTES, REFUSED = 8, 0x80

local matenet = Proto("matenet", "MateNET")
local f = matenet.fields
f.port = ProtoField.uint8("matenet.port", "Port")
f.command = ProtoField.uint8("matenet.command", "Command", base.DEC, COMMANDS)
f.address = ProtoField.uint16("matenet.address", "Address", base.HEX)
f.param = ProtoField.uint16("matenet.param", "Parameter", base.HEX)
f.byte0 = ProtoField.uint8("matenet.byte0", "Byte 0", base.HEX)
f.value = ProtoField.uint16("matenet.value", "Value", base.HEX)
f.page = ProtoField.bytes("matenet.page", "Page")
f.sum = ProtoField.uint16("matenet.checksum", "Checksum", base.HEX)
f.device = ProtoField.string("matenet.device", "Device")
f.register = ProtoField.string("matenet.register", "Register")
f.text = ProtoField.string("matenet.text", "Meaning")

local bad_sum = ProtoExpert.new("matenet.checksum.bad", "Wrong checksum",
	expert.group.CHECKSUM, expert.severity.ERROR)
local refused = ProtoExpert.new("matenet.refused", "The device refused the command",
	expert.group.RESPONSE_CODE, expert.severity.WARN)
matenet.experts = { bad_sum, refused }

-- What earlier packets said: who is on a port, what was asked last; and what was known
-- at each packet, because Wireshark comes to them again in any order.
local types, last, known = {}, nil, {}

function matenet.init()
	types, last, known = {}, nil, {}
end

-- ---- values ----------------------------------------------------------------

local function decimal(number, divisor, unit)
	local digits = divisor == 100 and 2 or divisor == 10 and 1 or 0
	return string.format("%." .. digits .. "f", number / divisor) .. (unit ~= "" and " " .. unit or "")
end

local function bits_text(number, values)
	local parts, rest = {}, number
	for bit = 0, 15 do
		local one = 2 ^ bit
		if math.floor(number / one) % 2 == 1 and values[one] then
			parts[#parts + 1] = values[one]
			rest = rest - one
		end
	end
	if rest > 0 then parts[#parts + 1] = string.format("0x%02x", rest) end
	return #parts > 0 and table.concat(parts, ", ") or "none"
end

-- Text of a number by the kind of its register or field; bits: how many it has.
local function text_of(e, number, bits)
	local values = e.values or {}
	if e.type == "bits" then return bits_text(number, values) end
	if values[number] then return values[number] end
	if e.type == "time" then
		return string.format("%02d:%02d:%02d", math.floor(number / 2048),
			math.floor(number / 32) % 64, number % 32 * 2)
	elseif e.type == "date" then
		return string.format("%04d-%02d-%02d", 2000 + math.floor(number / 512),
			math.floor(number / 32) % 16, number % 32)
	elseif e.type == "bool" then
		return number == 1 and "yes" or "no"
	elseif e.type == "raw" then
		return string.format("0x%02x", number)
	elseif e.type == "offset128" then
		number = (number + 128) % 256
	elseif (e.type == "s" or e.type == "s16") and number >= 2 ^ (bits - 1) then
		number = number - 2 ^ bits
	end
	return decimal(number, e.divisor, e.unit)
end

local function register_text(e, raw)
	local flag = ""
	if e.flag ~= 0 then flag = bit32.band(raw, e.flag) ~= 0 and "on, " or "off, " end
	return flag .. text_of(e, bit32.band(raw, e.mask), 16)
end

-- The number that the slices of a field make up, and how many bits it has.
local function slices_of(field, range)
	local number, bits = 0, 0
	for _, s in ipairs(field.slices) do
		local n = s[2] - s[3] + 1
		local byte = range(s[1], 1):uint()
		number = number * 2 ^ n + math.floor(byte / 2 ^ s[3]) % 2 ^ n
		bits = bits + n
	end
	return number, bits
end

local function field_text(field, raw, bits)
	local e = field
	if field.absent == raw[field.id] or field.valid and raw[field.valid] == 0 then
		return "not available"
	end
	local number = raw[field.id]
	if field.double and raw[field.double] == 1 then
		number = number * 2
	elseif field.halve and raw[field.halve] == 1 then
		return decimal(number * 5, 10, field.unit)
	elseif field.tenths then
		return decimal((number + 128) % 256 * 10 + raw[field.tenths], 10, field.unit)
	end
	return text_of(e, number, bits)
end

-- ---- frames ----------------------------------------------------------------

local function add_sum(tree, range)
	local sum, n = 0, range:len() - 2
	for i = 0, n - 1 do sum = sum + range(i, 1):uint() end
	local item = tree:add(f.sum, range(n, 2))
	if range(n, 2):uint() ~= sum % 65536 then item:add_proto_expert_info(bad_sum) end
end

local function find_register(device, address)
	return names.registers.all[address] or (names.registers[device] or {})[address]
end

-- What a command asks for, in words and for its reply.
local function read_command(range)
	local c = { port = range(0, 1):uint(), cmd = range(1, 1):uint(),
		address = range(2, 2):uint(), param = range(4, 2):uint() }
	c.device = types[c.port]
	return c
end

local function has_register(c)
	return c.cmd <= 3
end

local function describe(c)
	local text = string.format("port %d %s", c.port, COMMANDS[c.cmd] or "command " .. c.cmd)
	local e = has_register(c) and find_register(c.device, c.address)
	if has_register(c) then
		text = text .. " " .. (e and e.id or string.format("%04X", c.address))
		if c.cmd == 3 then
			text = text .. " = " .. (e and register_text(e, c.param) or string.format("0x%04X", c.param))
		end
	elseif c.cmd == 4 then
		text = text .. string.format(" page %02X", c.address)
	elseif c.cmd == 22 then
		text = text .. string.format(" of %d days ago", c.param)
	end
	return text, e
end

local function add_command(tree, range, c)
	local text, e = describe(c)
	local sub = tree:add(matenet, range, "Command: " .. text)
	sub:add(f.port, range(0, 1))
	sub:add(f.command, range(1, 1))
	sub:add(f.address, range(2, 2))
	sub:add(f.param, range(4, 2))
	if c.device then sub:add(f.device, DEVICES[c.device]):set_generated() end
	if e then sub:add(f.register, e.id):set_generated() end
	add_sum(sub, range)
	return text
end

-- Pages are described whole; of a FLEXnet DC each reply is one of six pieces.
local function page_of(c, kind)
	if c.cmd == 22 then return names.pages.mx_log, 0 end
	if kind == "dc" and c.address >= 0x0A and c.address <= 0x0F then
		return names.pages.dc_status, (c.address - 0x0A) * 13
	end
	return names.pages[(kind or "") .. "_status"], 0
end

local function add_page(tree, range, c, kind)
	local page, first = page_of(c, kind)
	local item = tree:add(f.page, range)
	if not page or range:len() > page.length then return end
	local raw, bits, shown = {}, {}, {}
	-- fields of which all bytes are in this piece, as if the piece began at its place
	for _, field in ipairs(page.fields) do
		local here_slices, inside = {}, true
		for i, s in ipairs(field.slices) do
			here_slices[i] = { s[1] - first, s[2], s[3] }
			inside = inside and s[1] >= first and s[1] - first < range:len()
		end
		if inside then
			raw[field.id], bits[field.id] = slices_of({ slices = here_slices }, range)
			shown[#shown + 1] = field
		end
	end
	for _, field in ipairs(shown) do
		item:add(f.text, field.label .. ": " .. field_text(field, raw, bits[field.id])):set_generated()
	end
end

local function add_reply(tree, range, c)
	local byte0 = range(0, 1):uint()
	local text = "reply"
	local sub = tree:add(matenet, range, "Reply")
	local item = sub:add(f.byte0, range(0, 1))
	if byte0 >= REFUSED and byte0 ~= 0xFF then
		item:add_proto_expert_info(refused)
		text = "refused"
	elseif range:len() == 5 then
		local raw = range(1, 2):uint()
		local e = c and has_register(c) and find_register(c.device, c.address)
		sub:add(f.value, range(1, 2))
		text = e and register_text(e, raw) or string.format("0x%04X", raw)
		sub:add(f.text, text):set_generated()
	elseif c then
		add_page(sub, range(1, range:len() - 3), c, c.cmd == 4 and names.devices[byte0] or c.device)
		text = "page"
	end
	add_sum(sub, range)
	sub:append_text(": " .. text)
	return text
end

-- A reply to READ 0000, or of a STATUS, tells who is on a port.
local function learn(c, range)
	if not c or range:len() < 5 then return end
	if c.cmd == 2 and c.address == 0 and range:len() == 5 then
		types[c.port] = names.devices[range(2, 1):uint()]
	elseif c.cmd == 4 then
		types[c.port] = names.devices[range(0, 1):uint()] or types[c.port]
	end
end

-- The parts of a packet: command and reply, either may be missing.
local function split(buffer)
	local kind, n = buffer(0, 1):uint(), buffer:len()
	if kind == 0x0A and n == 1 + COMMAND_BYTES then return buffer(1), nil end
	if kind == 0x0B and n >= 1 + 3 then return nil, buffer(1) end
	if kind ~= 0x0F or n < 3 then return nil, nil end
	local a, b = buffer(1, 1):uint(), buffer(2, 1):uint()
	if a ~= COMMAND_BYTES or n ~= 3 + a + b then return nil, nil end
	return buffer(3, a), b >= 3 and buffer(3 + a, b) or nil
end

function matenet.dissector(buffer, pinfo, tree)
	local command, reply = split(buffer)
	if not command and not reply then return 0 end
	if not known[pinfo.number] then
		if command then last = read_command(command) end
		known[pinfo.number] = { command = last }
		if reply then learn(last, reply) end
	end
	local c, info = known[pinfo.number].command, {}
	local root = tree:add(matenet, buffer())
	pinfo.cols.protocol = "MateNET"
	if command then info[#info + 1] = add_command(root, command, c) end
	if reply then info[#info + 1] = add_reply(root, reply, c) end
	pinfo.cols.info = table.concat(info, ": ")
	return buffer:len()
end

DissectorTable.get("wtap_encap"):add(wtap.USER0, matenet)
