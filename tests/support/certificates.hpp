#pragma once
#include <filesystem>

namespace carillon::testing {

/// Makes a folder with authority.pem, server.pem and client.pem by it (for localhost and 127.0.0.1), their
/// keys, expired.pem (that of the server, as it was yesterday), and other-authority.pem, which has signed
/// none. Errors: throws `std::runtime_error`.
void make_certificates(const std::filesystem::path& folder);

}  // namespace carillon::testing
