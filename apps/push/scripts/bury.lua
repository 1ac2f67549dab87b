--[[
Ends pushes that have failed for good: they become dead letters and are not tried again for that due time. Said again it is the
same.

KEYS[1]  hash  what is under way      KEYS[2]  stream  the dead letters
ARGV[1]  what marks begin with        ARGV[2]  the same of the service's own      ARGV[3]  about how many letters are kept
ARGV[4]  now, in ms
ARGV[5] name, [6] token, [7] value in the hash, [8] user, [9] tag, [10] due in ms, [11] key, [12] attempts, [13] reason,
[14] 1 if it may have arrived, [15] the ids of the letters in whose place this one comes, between blanks, and so on, at most 100 times
Returns  how many letters were written
--]]
-- include: marks
local names, tokens, values = every(11, 5), every(11, 6), every(11, 7)
local marks = marks_of(names)
local fields = redis.call('HMGET', KEYS[1], unpack(names))
local count = 0
for i, value in ipairs(redis.call('MGET', unpack(marks))) do
  local is_mine = value == 'pending:' .. tokens[i]
  if (is_mine or not value) and fields[i] ~= values[i] then
    local at = 5 + (i - 1) * 11
    -- First the letter: where it cannot be written nothing is changed.
    redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[3], '*', 'user', ARGV[at + 3], 'tag', ARGV[at + 4], 'due', ARGV[at + 5],
      'key', ARGV[at + 6], 'attempts', ARGV[at + 7], 'reason', ARGV[at + 8], 'at', ARGV[4], 'repeat', ARGV[at + 9])
    forget_letters(ARGV[at + 10])
    redis.call('HSET', KEYS[1], names[i], values[i])
    count = count + 1
  end
  if is_mine then redis.call('DEL', marks[i]) end
end
return count
