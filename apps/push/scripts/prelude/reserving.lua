-- Reserves what is neither sent nor pending nor dead, in the name of a token. What that token has already is answered again.
-- Returns  { name, attempt, 1 if a possible repeat, ... }, how many were sent, pending with other processes, dead
-- (the first 21 bytes of a token name its process)
local function reserve(names, dues, tried, dead_too)
  if #names == 0 then return {}, 0, 0, 0 end
  local marks = marks_of(names)
  local values, fields = redis.call('MGET', unpack(marks)), redis.call('HMGET', KEYS[1], unpack(names))
  local mine, process, lease = 'pending:' .. ARGV[3], string.sub(ARGV[3], 1, 21), ARGV[4]
  local won, changes, sent, pending, dead = {}, {}, 0, 0, 0
  for i, name in ipairs(names) do
    local value = values[i]
    if value and value ~= mine then
      if string.sub(value, 1, 8) ~= 'pending:' then
        sent = sent + 1
      elseif string.sub(value, 9, 29) ~= process then
        pending = pending + 1
      end
    else
      local due, attempt, state = string.match(fields[i] or '', '^(%d+) (%d+) (%a)$')
      if due ~= dues[i] then attempt, state = tried and tried[i] or 0, 'f' end
      if value then
        won[#won + 1], won[#won + 2], won[#won + 3] = name, tonumber(attempt), state == 'r' and 1 or 0
      elseif (state == 'd' or state == 'D') and not dead_too then
        dead = dead + 1
      elseif redis.call('SET', marks[i], mine, 'NX', 'PX', lease) then
        local again = state == 'o' or state == 'r' or state == 'D'
        attempt = attempt + 1
        changes[#changes + 1], changes[#changes + 2] = name, dues[i] .. ' ' .. attempt .. (again and ' r' or ' o')
        won[#won + 1], won[#won + 2], won[#won + 3] = name, attempt, again and 1 or 0
      else
        sent = sent + 1
      end
    end
  end
  if #changes > 0 then redis.call('HSET', KEYS[1], unpack(changes)) end
  return won, sent, pending, dead
end
