-- What is shared by the scripts of locks. One lock is four keys of one slot:
--   KEYS[1]  sorted set  holders: token -> end of its lease, in ms of Redis's clock
--   KEYS[2]  hash        token -> fence, of the holders; `last` -> the last fence given out
--   KEYS[3]  sorted set  waiters: token -> order of arrival
--   KEYS[4]  sorted set  waiters: token -> end of its lease
-- Each lives for an hour after the last lease that was written: long enough that fences grow although Redis's clock is set back
-- by less, short enough that locks that nobody uses any more leave nothing behind.
local holders, fences, queue, patience = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local time = redis.call('TIME')
local now_us = time[1] * 1000000 + time[2]
local now = math.floor(now_us / 1000)

local function whole(number) return string.format('%.0f', number) end

local function keep(key, lease)
  local life = lease + 3600000
  if redis.call('PTTL', key) < life then redis.call('PEXPIRE', key, whole(life)) end
end

local function remove_holder(token)
  redis.call('HDEL', fences, token)
  return redis.call('ZREM', holders, token) == 1
end

local function remove_waiter(token)
  redis.call('ZREM', patience, token)
  return redis.call('ZREM', queue, token) == 1
end

-- Forgets those whose lease is over; answers whether there were any.
local function drop_expired()
  local late = redis.call('ZRANGEBYSCORE', holders, '-inf', whole(now))
  for _, token in ipairs(late) do remove_holder(token) end
  local gone = redis.call('ZRANGEBYSCORE', patience, '-inf', whole(now), 'LIMIT', 0, 100)
  for _, token in ipairs(gone) do remove_waiter(token) end
  return #late + #gone > 0
end

-- Tells as many of the first waiters as there are free places. The first 32 characters of a token name the channel of who has it.
local function wake(places, channels)
  local free = places - redis.call('ZCARD', holders)
  if free <= 0 then return end
  for _, token in ipairs(redis.call('ZRANGE', queue, 0, free - 1)) do
    redis.call('PUBLISH', channels .. string.sub(token, 1, 32), token)
  end
end
