--[[
Removes what was under way so long ago that nobody looks for it any more. A stretch at a time.

KEYS[1]  hash  what is under way
ARGV[1]  cursor, '0' to begin      ARGV[2]  in ms: what was due before this
Returns  { cursor, '0' at the end, how many were removed }
--]]
local answer = redis.call('HSCAN', KEYS[1], ARGV[1], 'COUNT', 500)
local oldest, old = tonumber(ARGV[2]), {}
for i = 1, #answer[2], 2 do
  local due = tonumber(string.match(answer[2][i + 1], '^(%d+) ') or 0)
  if due < oldest then old[#old + 1] = answer[2][i] end
end
local removed = 0
for i = 1, #old, 1000 do
  removed = removed + redis.call('HDEL', KEYS[1], unpack(old, i, math.min(i + 999, #old)))
end
return {answer[1], removed}
