--[[
Finds the store of a namespace, or creates it if it may.

KEYS[1]  hash  the namespace's `meta`: format, partitions, id
ARGV[1]  format     ARGV[2]  partitions, where there is none yet; '': none is made
ARGV[3]  the greatest id that a partition is known to belong to, or 0: of two ids the greater wins
Returns  { format, partitions, id } as they now are. What is there already with another format is not
touched. {}: there is none.
--]]
local there = redis.call('HMGET', KEYS[1], 'format', 'partitions', 'id')
if there[1] then
  if there[1] ~= ARGV[1] or tonumber(there[3]) >= tonumber(ARGV[3]) then return there end
  redis.call('HSET', KEYS[1], 'id', ARGV[3])
  return {there[1], there[2], ARGV[3]}
end
if ARGV[2] == '' then return {} end
local time = redis.call('TIME')
local id = string.format('%.0f', math.max(time[1] * 1000000 + time[2], tonumber(ARGV[3])))
redis.call('HSET', KEYS[1], 'format', ARGV[1], 'partitions', ARGV[2], 'id', id)
return {ARGV[1], ARGV[2], id}
