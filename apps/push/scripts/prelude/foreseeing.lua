-- What `reserve` would find, once ARGV[3] ms are over.
-- Returns  how many are to be sent, are marked as sent, are reserved by somebody, are dead
local function foresee(names, dues)
  local due, sent, pending, dead = 0, 0, 0, 0
  if #names == 0 then return due, sent, pending, dead end
  local marks, fields = marks_of(names), redis.call('HMGET', KEYS[1], unpack(names))
  local values, wait = redis.call('MGET', unpack(marks)), tonumber(ARGV[3])
  for i in ipairs(names) do
    local left = redis.call('PTTL', marks[i])
    local of, _, state = string.match(fields[i] or '', '^(%d+) (%d+) (%a)$')
    if string.sub(values[i] or '', 1, 8) == 'pending:' then
      pending = pending + 1
    elseif left == -1 or left > wait then
      sent = sent + 1
    elseif of == dues[i] and (state == 'd' or state == 'D') then
      dead = dead + 1
    else
      due = due + 1
    end
  end
  return due, sent, pending, dead
end
