#pragma once
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/verify_context.hpp>
#include <boost/system/error_code.hpp>
#include <carillon/http/tls_options.hpp>
#include <string>

namespace carillon::http {

/// Errors: throws `std::invalid_argument` that names the file which cannot be used.
boost::asio::ssl::context make_tls_context(const tls_options& how);

/// Makes a connection ask for that name or address, and accept no certificate of another.
void expect_server(SSL* connection, const std::string& name);

/// What a server's certificate failed by.
struct certificate_fault {
  long code = 0;        ///< X509_V_ERR_…; 0: it did not.
  std::string subject;  ///< Of the certificate in question, as "CN=localhost".
  std::string issuer;
};
certificate_fault fault_of_certificate(boost::asio::ssl::verify_context& verified);

/// What went wrong with TLS, and what to do about it. `expected` is the name that was asked for.
std::string why_tls_failed(const certificate_fault& fault, const boost::system::error_code& why,
                           const std::string& expected);

}  // namespace carillon::http
