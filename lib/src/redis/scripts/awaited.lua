--[[
What has become of a run that was put down for somebody who waits for its end. Changes nothing.

KEYS[1]  string  the partition's `store`; see prelude/partition.lua
ARGV[1]  id of the store     ARGV[2]  not used     ARGV[3]  job     ARGV[4]  number of the run
Returns  { 0 pending, 1 ended, 2 unknown; what it returned or '', { '0-0', the fields of its final entry of the ledger }
         or nil } | 'OTHER STORE'
--]]
-- include: partition
local PENDING, ENDED, UNKNOWN = 0, 1, 2
local id, number = ARGV[3], tonumber(ARGV[4])

local function is_pending()
  read_waiting({id})
  for _, each in ipairs(waiting_runs(id)) do
    if each[2][W_EXTRA] == AWAITED and each[2][W_REVISION] == number then return true end
  end
  local ids = {}
  for _, name in ipairs(redis.call('ZRANGEBYLEX', prefix .. 'active', '[' .. id .. '\0', '(' .. id .. '\1')) do
    ids[#ids + 1] = string.sub(name, #id + 18)
  end
  if not ids[1] then return false end
  read_runs(ids)
  for _, run_id in ipairs(ids) do
    local run = runs[run_id]
    if run and run[R_EXTRA] == AWAITED and run[R_REVISION] == number then return true end
  end
  return false
end

local kept = redis.call('GET', prefix .. 'awaited:' .. ARGV[4])
if not kept then return {is_pending() and PENDING or UNKNOWN, '', false} end
local value, fields = unpack(cmsgpack.unpack(kept))
return {ENDED, value, {'0-0', fields}}
