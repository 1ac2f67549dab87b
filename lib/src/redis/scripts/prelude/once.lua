-- What is shared by the scripts of `once`. A key that is to be done once is, of one slot:
--   KEYS[1]  string      `pending:TOKEN` while somebody is at it, until its lease is over; `done:TOKEN` for as long as that counts
--   KEYS[2]  sorted set  tokens of those who wait for the end of it -> when they came, in ms
local function wake_all(channels)
  for _, token in ipairs(redis.call('ZRANGE', KEYS[2], 0, 999)) do
    redis.call('PUBLISH', channels .. string.sub(token, 1, 32), token)
  end
  redis.call('DEL', KEYS[2])
end
