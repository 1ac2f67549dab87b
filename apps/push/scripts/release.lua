--[[
Gives pushes back that were not sent: somebody else may reserve them now.

KEYS[1]  hash  what is under way
ARGV[1]  what marks begin with      ARGV[2]  the same of the service's own
ARGV[3] name, ARGV[4] token, ARGV[5] value in the hash ('': nothing of it has been tried), and so on, at most 1000 times
Returns  how many were still of that token
--]]
-- include: marks
local names, tokens, values = every(3, 3), every(3, 4), every(3, 5)
local marks = marks_of(names)
local count = 0
for i, value in ipairs(redis.call('MGET', unpack(marks))) do
  if value == 'pending:' .. tokens[i] then
    count = count + 1
    redis.call('DEL', marks[i])
    if values[i] == '' then
      redis.call('HDEL', KEYS[1], names[i])
    else
      redis.call('HSET', KEYS[1], names[i], values[i])
    end
  end
end
return count
