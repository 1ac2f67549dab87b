--[[
Reserves the pushes of one page of the set of subscriptions, of one time of day.

KEYS[1]  hash  what is under way      KEYS[2]  sorted set  the subscriptions
ARGV[1]  what marks begin with        ARGV[2]  the same of the service's own
ARGV[3]  token      ARGV[4]  lease in ms      ARGV[5]  due, in ms      ARGV[6]  the score HHMM
ARGV[7]  first and  ARGV[8]  last rank of the page, at most 1000
Returns  { { name, attempt, 1 if a possible repeat, ... }, how many were sent before, pending with others, dead,
           how many are malformed, { member, score, ... } of the first 20 of these }
--]]
-- include: marks
-- include: reserving
local page = redis.call('ZRANGE', KEYS[2], ARGV[7], ARGV[8], 'WITHSCORES')
local names, dues, malformed, count = {}, {}, {}, 0
for i = 1, #page, 2 do
  local member, score = page[i], page[i + 1]
  local user, tag = string.match(member, '^user:([^|]+)|tag:(.*)$')
  if user and (score == ARGV[6] or tonumber(score) == tonumber(ARGV[6])) then
    names[#names + 1], dues[#dues + 1] = user .. '|' .. tag, ARGV[5]
  elseif not user or tonumber(score) % 1 ~= 0 then
    count = count + 1
    if count <= 20 then malformed[#malformed + 1], malformed[#malformed + 2] = member, score end
  end
end
local won, sent, pending, dead = reserve(names, dues)
return {won, sent, pending, dead, count, malformed}
