// doctest's own code. Apart from main(): some programs that use what tests use have one of their own.
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>
