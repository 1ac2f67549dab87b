--[[
Ids of a partition that fit a question, in their order.

KEYS[1]  string  the partition's `store`
ARGV[1]  id of the store     ARGV[2]  '(' and the id after which to begin, or '[' and the first
ARGV[3]  how the ids begin   ARGV[4]  at most so many
ARGV[5]  state, or '': all but removed     ARGV[6]  name of the task, or '': any
Returns  { ids, id up to which was looked or nil: there are no more } | 'OTHER STORE'
It looks at 1000 jobs at most.
--]]
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 'OTHER STORE' end
local STATE, THE_REST, IS_REMOVED = 3, 13, 4
local TASK = 8  -- of the rest
local prefix = string.sub(KEYS[1], 1, -6)
local id_prefix, most, state, task = ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5]), ARGV[6]
local limit = state == nil and task == '' and most or 1000
local ids = redis.call('ZRANGEBYLEX', prefix .. 'ids', ARGV[2], '+', 'LIMIT', 0, limit)
local records = #ids > 0 and redis.call('HMGET', prefix .. 'jobs', unpack(ids)) or {}

local function fits(id, job)
  if state and job[STATE] ~= state or not state and job[STATE] == IS_REMOVED then return false end
  if task == '' then return true end
  local name = cmsgpack.unpack(job[THE_REST])[TASK]
  return task == (name == '' and id or name)
end

local found = {}
for k, id in ipairs(ids) do
  if string.sub(id, 1, #id_prefix) ~= id_prefix then return {found, false} end
  local is_readable, fitting = pcall(function() return fits(id, cmsgpack.unpack(records[k])) end)
  if is_readable and fitting then found[#found + 1] = id end
  if #found == most then return {found, id} end
end
return {found, #ids == limit and ids[#ids]}
