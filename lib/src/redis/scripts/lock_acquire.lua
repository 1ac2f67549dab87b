--[[
Takes one of the places of a lock, or a place in the queue for them. Places are given in the order of arrival: nobody takes one past those who
wait. Whoever asks again with the same token is the same holder or waiter, and has a whole lease again: so an answer that was
lost is asked for again, and a waiter says that it is alive.

KEYS     holders, fences, queue, patience of one lock; see prelude/lock.lua
ARGV[1]  token, 32 characters that name the channel of who asks and some of its own      ARGV[2]  lease in ms
ARGV[3]  how many places there are      ARGV[4]  1: wait in the queue; 0: do not      ARGV[5]  what channels begin with
Returns  {'held', fence} | {'wait', ms until something may have run out that stands in the way; -1: nothing that concerns this waiter}
         | {'busy', ms until the first holder's lease is over; -1: only waiters stand in the way}
A fence is greater than all before: the last and one, or Redis's time in microseconds, whichever is more.
--]]
-- include: lock
local token, lease, places, waits, channels = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4] == '1', ARGV[5]
local dropped = drop_expired()

local function until_first(key)
  local first = redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')
  return first[2] and math.max(tonumber(first[2]) - now, 0) + 1 or -1
end

local function hold(fence)
  redis.call('ZADD', holders, whole(now + lease), token)
  keep(holders, lease)
  keep(fences, lease)
  return {'held', fence}
end

local function take()
  local last = tonumber(redis.call('HGET', fences, 'last') or 0)
  local fence = whole(math.max(last + 1, now_us))
  redis.call('HSET', fences, token, fence, 'last', fence)
  remove_waiter(token)
  return hold(fence)
end

local function line_up()
  if not redis.call('ZSCORE', queue, token) then
    local last = redis.call('ZRANGE', queue, -1, -1, 'WITHSCORES')
    redis.call('ZADD', queue, whole(math.max(tonumber(last[2] or 0) + 1, now_us)), token)
  end
  redis.call('ZADD', patience, whole(now + lease), token)
  keep(queue, lease)
  keep(patience, lease)
end

local function answer()
  if redis.call('ZSCORE', holders, token) then return hold(redis.call('HGET', fences, token)) end
  local ahead = redis.call('ZRANK', queue, token) or redis.call('ZCARD', queue)
  if redis.call('ZCARD', holders) + ahead < places then return take() end
  if not waits then return {'busy', until_first(holders)} end
  line_up()
  if ahead < places then return {'wait', until_first(holders)} end
  if ahead == places then return {'wait', until_first(patience)} end
  return {'wait', -1}
end

local reply = answer()
if dropped then wake(places, channels) end
return reply
