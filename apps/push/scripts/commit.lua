--[[
Marks pushes as sent. Said again it is the same. If the lease ran out and nobody took the push meanwhile, it is sent all the same.

KEYS[1]  hash  what is under way      KEYS[2]  stream  the dead letters: only where some are sent again
ARGV[1]  what marks begin with      ARGV[2]  the same of the service's own      ARGV[3]  how long they stay, in ms
ARGV[4] name, ARGV[5] token (with KEYS[2], ARGV[6] the ids of its letters, between blanks), and so on, at most 1000 times
Returns  { places, from 1, of those that somebody else has taken or marked meanwhile }
--]]
-- include: marks
local step = KEYS[2] and 3 or 2
local names, tokens, letters = every(step, 4), every(step, 5), KEYS[2] and every(3, 6)
local marks = marks_of(names)
local over, lost = {}, {}
for i, value in ipairs(redis.call('MGET', unpack(marks))) do
  local done, is_done = 'done:' .. tokens[i], true
  if not value then
    is_done = redis.call('SET', marks[i], done, 'NX', 'PX', ARGV[3])
  elseif value == 'pending:' .. tokens[i] then
    redis.call('SET', marks[i], done, 'PX', ARGV[3])
  else
    is_done = value == done
  end
  if not is_done then lost[#lost + 1] = i end
  if is_done and letters then forget_letters(letters[i]) end
  if is_done or string.sub(value or '', 1, 8) ~= 'pending:' then over[#over + 1] = names[i] end
end
if #over > 0 then redis.call('HDEL', KEYS[1], unpack(over)) end
return lost
