--[[
A standing look at a partition: what has changed, what runs, what is due. Drops entries of the ledger that are too old.

KEYS[1]  string  the partition's `store`
ARGV[1]  id of the store     ARGV[2]  now, in ms     ARGV[3]  how long entries of the ledger are kept, in s; 0: always
Returns  { number of the last change, { run id, record, ... } of all active runs,
           jobs whose fire is due, the most overdue first, at most 100,
           jobs with waiting runs that are due, at most 100,
           1 if there are `ends` of which followers are to be told } | 'OTHER STORE'
--]]
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 'OTHER STORE' end
local prefix = string.sub(KEYS[1], 1, -6)
local seq = tonumber(redis.call('GET', prefix .. 'seq') or 0)
if ARGV[3] ~= '0' then
  local oldest = redis.call('TIME')[1] - ARGV[3]
  redis.call('XTRIM', prefix .. 'ledger', 'MINID', '~', string.format('%.0f', oldest * 1000000))
end
return {
  seq,
  redis.call('HGETALL', prefix .. 'runs'),
  redis.call('ZRANGEBYSCORE', prefix .. 'due', '-inf', ARGV[2], 'LIMIT', 0, 100),
  redis.call('ZRANGEBYSCORE', prefix .. 'waiting', '-inf', ARGV[2], 'LIMIT', 0, 100),
  redis.call('EXISTS', prefix .. 'ends'),
}
