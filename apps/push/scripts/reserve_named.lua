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
-- include: sent_as_plain
local names, dues, tried, sent_as_plain = every(3, 6), every(3, 7), every(3, 8), 0
if ARGV[5] ~= '1' then names, dues, tried, sent_as_plain = leave_out_sent_as_plain(names, dues, tried) end
local won, sent, pending, dead = reserve(names, dues, tried, ARGV[5] == '1')
return {won, sent + sent_as_plain, pending, dead}
