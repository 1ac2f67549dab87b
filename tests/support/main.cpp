#include <doctest/doctest.h>

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
// The counts of exceptions that several threads hold lie in libstdc++, which was compiled without the
// sanitizer: it cannot see that one thread has done with an exception before another frees it.
extern "C" const char* __tsan_default_suppressions() {
  return "race:std::__exception_ptr::exception_ptr::_M_release\n";
}
#endif
#if __has_feature(address_sanitizer)
// SOCI forgets its connection to PostgreSQL where the server stops between the login and SOCI's first
// command (4.0.3: its constructor throws, and no destructor ends what was open). By the library's name, which
// is known without a symbolizer, too; a session that we forget is still found, for it is allocated here.
extern "C" const char* __lsan_default_suppressions() { return "leak:libsoci_postgresql.so\n"; }
#endif
#endif

int main(int count, char** words) { return doctest::Context{count, words}.run(); }
