--[[
Gives pushes that are under way a whole lease again, and writes down how far they are. One whose lease ran out is taken again, if
nobody has it.

KEYS[1]  hash  what is under way
ARGV[1]  what marks begin with      ARGV[2]  the same of the service's own      ARGV[3]  lease in ms
ARGV[4] name, ARGV[5] token, ARGV[6] value in the hash, and so on, at most 1000 times
Returns  { places, from 1, of those that somebody else has taken or marked meanwhile }
--]]
-- include: marks
local names, tokens, values = every(3, 4), every(3, 5), every(3, 6)
local marks = marks_of(names)
local held, lost = {}, {}
for i, value in ipairs(redis.call('MGET', unpack(marks))) do
  local mine = 'pending:' .. tokens[i]
  local is_mine = value == mine
  if is_mine then
    redis.call('PEXPIRE', marks[i], ARGV[3])
  elseif not value then
    is_mine = redis.call('SET', marks[i], mine, 'NX', 'PX', ARGV[3])
  end
  if is_mine then
    held[#held + 1], held[#held + 2] = names[i], values[i]
  else
    lost[#lost + 1] = i
  end
end
if #held > 0 then redis.call('HSET', KEYS[1], unpack(held)) end
return lost
