--[[ A script to try that numbers stand in the place of their names. ]]
local ONE, TWO = 1, 2  -- its comment; [with] what CMake takes for lists
local TWELVE = 12
local list = {ONE,TWO,TWELVE, ['TWO'] = 'TWO'}
local TWO_OR_MORE = 3
return {list[ONE], list[TWO], list[TWO_OR_MORE], list['TWO'], ONE+TWO}
