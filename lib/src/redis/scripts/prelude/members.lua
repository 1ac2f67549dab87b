-- Who takes part: leases by Redis's clock, in ms.
--
-- KEYS[1] is the namespace's `meta`; the other keys have the same prefix, so the same hash tag and slot:
--   members   sorted set, member -> when its lease ends          beat   when anybody's lease was last renewed, and its length
--   changes   channel: somebody has joined, left or was dropped
--   member:ID hash, what a member says of itself                 work:DIGEST   what members of that digest serve
local prefix = string.sub(KEYS[1], 1, -5)
local MEMBER, GONE, OTHER_STORE = 0, 1, 2
local FIELDS = {'host', 'process', 'version', 'started', 'takes_jobs', 'work', 'offset'}

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

-- How far Redis's clock has jumped since the last heartbeat: it went back, or on by more than anybody is silent.
local function jump()
  local beat = redis.call('GET', prefix .. 'beat')
  if not beat then return 0 end
  local at, lease = string.match(beat, '^(%d+) (%d+)$')
  local gap = now - at
  return (gap < 0 or gap > lease / 2) and gap or 0
end

local function all_members()
  local all, answer = redis.call('ZRANGE', prefix .. 'members', 0, -1, 'WITHSCORES'), {}
  for k = 1, #all, 2 do answer[#answer + 1] = {all[k], tonumber(all[k + 1])} end
  return answer
end

local function tell_change() redis.call('PUBLISH', prefix .. 'changes', '') end

-- Moves all leases with the clock if it has jumped, then drops those that have run out.
local function drop_expired(lease)
  local gap = jump()
  for _, member in ipairs(all_members()) do
    local id, expires = member[1], member[2] + gap
    if expires <= now then
      redis.call('ZREM', prefix .. 'members', id)
      redis.call('DEL', prefix .. 'member:' .. id)
      tell_change()
    elseif gap ~= 0 then
      redis.call('ZADD', prefix .. 'members', string.format('%.0f', expires), id)
    end
  end
  redis.call('SET', prefix .. 'beat', string.format('%.0f %.0f', now, lease))
end

-- `fields` are the values of FIELDS, in their order.
local function renew(id, lease, fields)
  redis.call('ZADD', prefix .. 'members', string.format('%.0f', now + lease), id)
  local values = {}
  for k, name in ipairs(FIELDS) do
    values[2 * k - 1] = name
    values[2 * k] = fields[k]
  end
  redis.call('HSET', prefix .. 'member:' .. id, unpack(values))
  redis.call('EXPIRE', prefix .. 'member:' .. id, 86400)
  redis.call('EXPIRE', prefix .. 'work:' .. fields[6], 3600)
end

local function view(what)
  local answer, gap = {what, now}, jump()
  for _, member in ipairs(all_members()) do
    local id, expires = member[1], member[2] + gap
    if expires > now then
      answer[#answer + 1] = {id, expires, redis.call('HMGET', prefix .. 'member:' .. id, unpack(FIELDS))}
    end
  end
  return answer
end

local function is_store(id, partitions)
  local there = redis.call('HMGET', KEYS[1], 'id', 'partitions')
  return there[1] == id and there[2] == partitions
end
