--[[
Entries of a partition's ledger, the newest first.

KEYS[1]  string  the partition's `store`
ARGV[1]  id of the store     ARGV[2]  greatest number, or '+'
ARGV[3]  job, or '': all     ARGV[4]  at most so many
Returns  { entries, number below which to go on or nil: there are no more } | 'OTHER STORE'
An entry is { 'NUMBER-0', { field, value, ... } }. It looks at 1000 entries at most.
--]]
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 'OTHER STORE' end
local prefix = string.sub(KEYS[1], 1, -6)
local job, most = ARGV[3], tonumber(ARGV[4])
local limit = job == '' and most or 1000
local entries = redis.call('XREVRANGE', prefix .. 'ledger', ARGV[2], '-', 'COUNT', limit)

local found, last = {}, nil
for _, entry in ipairs(entries) do
  last = entry[1]
  if job == '' or entry[2][2] == job then found[#found + 1] = entry end
  if #found == most then return {found, last} end
end
return {found, #entries == limit and last}
