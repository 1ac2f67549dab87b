--[[
Subscriptions whose score is no time of day. (Those between two minutes are found by who reads these.)

KEYS[1]  sorted set  the subscriptions
ARGV[1]  of each stretch at most so many
Returns  { how many there are, { member, score, ... } }
--]]
local count, all = 0, {}
local function look(from, to)
  local many = redis.call('ZCOUNT', KEYS[1], from, to)
  if many == 0 then return end
  count = count + many
  for _, each in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], from, to, 'WITHSCORES', 'LIMIT', 0, ARGV[1])) do
    all[#all + 1] = each
  end
end
look('-inf', '(0')
for hour = 0, 22 do look(hour * 100 + 60, '(' .. (hour + 1) * 100) end
look(2360, '+inf')
return {count, all}
