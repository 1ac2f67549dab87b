--[[
Says what would become of one page of the set of subscriptions, of one time of day; changes nothing.

KEYS[1]  hash  what is under way      KEYS[2]  sorted set  the subscriptions
ARGV[1]  what marks begin with        ARGV[2]  the same of the service's own
ARGV[3]  in ms, until it may be sent: marks that are over by then do not count
ARGV[4]  due, in ms                   ARGV[5]  the score HHMM
ARGV[6]  first and  ARGV[7]  last rank of the page, at most 1000
Returns  { to be sent, marked as sent, reserved by somebody, dead, how many are malformed, { member, score, ... } of the first 20 }
--]]
-- include: marks
-- include: foreseeing
local page = redis.call('ZRANGE', KEYS[2], ARGV[6], ARGV[7], 'WITHSCORES')
local names, dues, malformed, count = {}, {}, {}, 0
for i = 1, #page, 2 do
  local member, score = page[i], page[i + 1]
  local user, tag = string.match(member, '^user:([^|]+)|tag:(.*)$')
  if user and tonumber(score) == tonumber(ARGV[5]) then
    names[#names + 1], dues[#dues + 1] = user .. '|' .. tag, ARGV[4]
  else
    count = count + 1
    if count <= 20 then malformed[#malformed + 1], malformed[#malformed + 2] = member, score end
  end
end
local due, sent, pending, dead = foresee(names, dues)
return {due, sent, pending, dead, count, malformed}
