--[[
Reads jobs as they are.

KEYS[1]  string  the partition's `store`
ARGV[1]  id of the store     ARGV[2...]  ids of jobs
Returns  { records, definitions, notes, next waiting, active runs, times to be left out, what they carry }, each a list
         in the order of the ids; nil where there is none | 'OTHER STORE'
--]]
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 'OTHER STORE' end
local prefix = string.sub(KEYS[1], 1, -6)
local ids, active, next_waiting = {}, {}, {}
for k = 2, #ARGV do ids[k - 1] = ARGV[k] end
local any_active = redis.call('EXISTS', prefix .. 'active') == 1
for k, id in ipairs(ids) do
  active[k] = any_active and redis.call('ZLEXCOUNT', prefix .. 'active', '[' .. id .. '\0', '(' .. id .. '\1') or 0
end
for k, at in ipairs(redis.call('ZMSCORE', prefix .. 'waiting', unpack(ids))) do
  next_waiting[k] = at and tonumber(at)  -- The text of a score is one of a double.
end
return {
  redis.call('HMGET', prefix .. 'jobs', unpack(ids)),
  redis.call('HMGET', prefix .. 'definitions', unpack(ids)),
  redis.call('HMGET', prefix .. 'notes', unpack(ids)),
  next_waiting,
  active,
  redis.call('HMGET', prefix .. 'skips', unpack(ids)),
  redis.call('HMGET', prefix .. 'carried', unpack(ids)),
}
