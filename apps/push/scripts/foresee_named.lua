--[[
Says what would become of pushes by their names; changes nothing.

KEYS[1]  hash  what is under way
ARGV[1]  what marks begin with      ARGV[2]  the same of the service's own
ARGV[3]  in ms, until they may be sent: marks that are over by then do not count
ARGV[4] name, ARGV[5] due in ms, and so on, at most 1000 times
Returns  { to be sent, marked as sent, reserved by somebody, dead }
--]]
-- include: marks
-- include: foreseeing
-- include: sent_as_plain
local names, dues, _, sent_as_plain = leave_out_sent_as_plain(every(2, 4), every(2, 5))
local due, sent, pending, dead = foresee(names, dues)
return {due, sent + sent_as_plain, pending, dead}
