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
-- include: page_of_set
local names, dues, count, malformed = read_page(ARGV[7], ARGV[8], ARGV[6], ARGV[5])
local won, sent, pending, dead = reserve(names, dues)
return {won, sent, pending, dead, count, malformed}
