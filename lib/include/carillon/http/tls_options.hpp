#pragma once
#include <optional>
#include <string>

namespace carillon::http {

/// How a server behind https:// is told from others, and we from other clients. PEM files. Certificates are
/// verified, always.
struct tls_options {
  std::string certificate_authority{};  ///< Empty: the system's authorities.
  std::string certificate{};            ///< Which we show; empty: none.
  std::string key{};                    ///< Of that certificate; empty: it is in the same file.
  std::string server_name{};            ///< What the server's certificate must say; empty: the URL's host.

  friend bool operator==(const tls_options&, const tls_options&) = default;
};

/// Which of the files cannot be used on this machine, and why; nothing if all can.
std::optional<std::string> fault_of(const tls_options& how);

}  // namespace carillon::http
