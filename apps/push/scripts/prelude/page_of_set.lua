-- Reads the members of ranks [first, last] of the set of subscriptions KEYS[2] that have a score, and are due then. Those of another
-- whole score have moved there since the ranks were asked for: they belong to another page.
-- Returns  names, the due time of each, how many members are malformed, { member, score, ... } of the first 20 of these
local function read_page(first, last, score_text, due)
  local page, wanted = redis.call('ZRANGE', KEYS[2], first, last, 'WITHSCORES'), tonumber(score_text)
  local names, dues, malformed, count = {}, {}, {}, 0
  for i = 1, #page, 2 do
    local member, score = page[i], page[i + 1]
    local user, tag = string.match(member, '^user:([^|]+)|tag:(.*)$')
    if user and (score == score_text or tonumber(score) == wanted) then
      names[#names + 1], dues[#dues + 1] = user .. '|' .. tag, due
    elseif not user or tonumber(score) % 1 ~= 0 then
      count = count + 1
      if count <= 20 then malformed[#malformed + 1], malformed[#malformed + 2] = member, score end
    end
  end
  return names, dues, count, malformed
end
