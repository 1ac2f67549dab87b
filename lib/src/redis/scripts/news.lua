--[[
What has happened in a partition since it was last asked: for who watches. Changes nothing.

KEYS[1]  string  the partition's `store`
ARGV[1]  id of the store     ARGV[2]  not used
ARGV[3]  number of the last change that was seen, or '': begin now
ARGV[4]  number of the last entry of the ledger that was seen
Returns  { number of the last change }: nothing since | 'OTHER STORE'
         | { number of the last change, { run id, record, ... } of all active runs, entries of the ledger since, the
             oldest first, at most 1000, number of the last entry there is }
--]]
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 'OTHER STORE' end
local prefix = string.sub(KEYS[1], 1, -6)
local seq = redis.call('GET', prefix .. 'seq') or '0'
if seq == ARGV[3] then return {seq} end
local last = redis.call('XREVRANGE', prefix .. 'ledger', '+', '-', 'COUNT', 1)
last = last[1] and string.match(last[1][1], '^%d+') or '0'
local entries = {}
if ARGV[3] ~= '' then
  entries = redis.call('XRANGE', prefix .. 'ledger', '(' .. ARGV[4] .. '-0', '+', 'COUNT', 1000)
  local newest = entries[#entries]
  if #entries == 1000 then seq, last = ARGV[3], string.match(newest[1], '^%d+') end  -- There is more to be read.
end
return {seq, redis.call('HGETALL', prefix .. 'runs'), entries, last}
