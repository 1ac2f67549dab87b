--[[ A script to try how scripts are embedded: what it includes, and what C++ might take for its own. ]]
-- include: twice
local text = [==[)lua" \n "quoted"; a;b [x] ${y} @z@ ]==] .. '\t'
return {text, twice(tonumber(ARGV[1]))}
