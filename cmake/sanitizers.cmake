# Applies CARILLON_SANITIZERS to everything built here.
if(CARILLON_SANITIZERS)
  add_compile_options("-fsanitize=${CARILLON_SANITIZERS}" -fno-omit-frame-pointer)
  add_link_options("-fsanitize=${CARILLON_SANITIZERS}")
  if(CARILLON_SANITIZERS MATCHES "undefined")
    add_compile_options(-fno-sanitize-recover=undefined)
    add_link_options(-fno-sanitize-recover=undefined)
  endif()
  if(CARILLON_SANITIZERS MATCHES "address")
    # Else Asio keeps freed coroutine frames for the next coroutine, and nobody sees that one was used after its end.
    add_compile_definitions(BOOST_ASIO_DISABLE_AWAITABLE_FRAME_RECYCLING)
  endif()
endif()
