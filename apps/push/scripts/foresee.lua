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
-- include: page_of_set
local names, dues, count, malformed = read_page(ARGV[6], ARGV[7], ARGV[5], ARGV[4])
local due, sent, pending, dead = foresee(names, dues)
return {due, sent, pending, dead, count, malformed}
