--[[
Reserves pushes by their names.

KEYS[1]  hash  what is under way
ARGV[1]  what marks begin with      ARGV[2]  the same of the service's own
ARGV[3]  token      ARGV[4]  lease in ms      ARGV[5]  1: dead ones, too
ARGV[6] name, ARGV[7] due in ms, ARGV[8] attempts before, and so on, at most 1000 times
Returns  { { name, attempt, 1 if a possible repeat, ... }, how many were sent before, pending with others, dead }
--]]
-- include: marks
-- include: reserving
local names, dues, tried, sent_as_plain = every(3, 6), every(3, 7), every(3, 8), 0
if ARGV[5] ~= '1' and #names > 0 then
  -- What a subscription of the set was sent for the same time is not sent again because it has become a richer one meanwhile.
  local plain, wanted, times, counts = {}, {}, {}, {}
  for i, name in ipairs(names) do plain[i] = ARGV[1] .. (string.match(name, '^|(.*)|%d+$') or name) end
  for i, value in ipairs(redis.call('MGET', unpack(plain))) do
    if value and string.match(value, '^done:.*@(%d+)$') == dues[i] then
      sent_as_plain = sent_as_plain + 1
    else
      wanted[#wanted + 1], times[#times + 1], counts[#counts + 1] = names[i], dues[i], tried[i]
    end
  end
  names, dues, tried = wanted, times, counts
end
local won, sent, pending, dead = reserve(names, dues, tried, ARGV[5] == '1')
return {won, sent + sent_as_plain, pending, dead}
