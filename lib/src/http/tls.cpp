#include "http/tls.hpp"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ssl/error.hpp>
#include <memory>
#include <stdexcept>

namespace carillon::http {

namespace ssl = boost::asio::ssl;

namespace {

template <typename Load>
void load_file(const char* what, const std::string& file, Load load) {
  if (file.empty()) return;
  boost::system::error_code wrong;
  load(wrong);
  if (wrong) throw std::invalid_argument(fmt::format("{} {}: {}", what, file, wrong.message()));
}

bool is_address(const std::string& name) {
  boost::system::error_code no;
  boost::asio::ip::make_address(name, no);
  return !no;
}

std::string in_words(const X509_NAME* name) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> out{BIO_new(BIO_s_mem()), &BIO_free};
  X509_NAME_print_ex(out.get(), name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
  char* text = nullptr;
  const auto length = BIO_get_mem_data(out.get(), &text);
  return {text, static_cast<std::size_t>(length)};
}

std::string what_to_do(long code, const std::string& expected) {
  switch (code) {
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return fmt::format("it is not for {}: put the name that it is for into the URL, or into server_name",
                         expected);
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return "the receiver must renew it, unless this machine's clock is wrong";
    case X509_V_ERR_CERT_NOT_YET_VALID: return "this machine's clock, or the receiver's, is probably wrong";
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      return "if it is the right one, name the PEM file of its authority in certificate_authority";
    default: return "look at it with: openssl s_client -connect HOST:PORT -showcerts";
  }
}

// What an alert or another end of the handshake asks for; empty: nothing that is known.
std::string what_to_do_about(const boost::system::error_code& why) {
  if (why.category() != boost::asio::error::get_ssl_category()) return {};
  switch (ERR_GET_REASON(static_cast<unsigned long>(why.value()))) {
    case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
    case SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE:
      return "it probably asks for a certificate of ours: name its PEM files in certificate and key";
    case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
    case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
    case SSL_R_TLSV1_ALERT_ACCESS_DENIED:
      return "it does not accept the certificate that we show: is certificate the right one?";
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_HTTP_REQUEST:
    case SSL_R_PACKET_LENGTH_TOO_LONG:
      return "nobody speaks TLS there: is the URL's port right, or is it http:// without the s?";
    default: return {};
  }
}

}  // namespace

ssl::context make_tls_context(const tls_options& how) {
  ssl::context context{ssl::context::tls_client};
  context.set_options(ssl::context::no_tlsv1 | ssl::context::no_tlsv1_1);
  if (how.certificate_authority.empty()) context.set_default_verify_paths();
  load_file("certificate_authority", how.certificate_authority,
            [&](auto& wrong) { context.load_verify_file(how.certificate_authority, wrong); });
  load_file("certificate", how.certificate,
            [&](auto& wrong) { context.use_certificate_chain_file(how.certificate, wrong); });
  if (how.certificate.empty() && !how.key.empty())
    throw std::invalid_argument(
        fmt::format("key {}: there is no certificate to it: name it in certificate", how.key));
  const auto& key = how.key.empty() ? how.certificate : how.key;
  load_file("key", key, [&](auto& wrong) { context.use_private_key_file(key, ssl::context::pem, wrong); });
  context.set_verify_mode(ssl::verify_peer);
  return context;
}

std::optional<std::string> fault_of(const tls_options& how) {
  try {
    make_tls_context(how);
    return std::nullopt;
  } catch (const std::invalid_argument& fault) {
    return fault.what();
  }
}

void expect_server(SSL* connection, const std::string& name) {
  auto* checks = SSL_get0_param(connection);
  if (is_address(name)) {
    X509_VERIFY_PARAM_set1_ip_asc(checks, name.c_str());
    return;
  }
  X509_VERIFY_PARAM_set_hostflags(checks, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  X509_VERIFY_PARAM_set1_host(checks, name.data(), name.size());
  SSL_set_tlsext_host_name(connection, name.c_str());
}

certificate_fault fault_of_certificate(ssl::verify_context& verified) {
  auto* context = verified.native_handle();
  certificate_fault fault{X509_STORE_CTX_get_error(context), {}, {}};
  if (const auto* certificate = X509_STORE_CTX_get_current_cert(context)) {
    fault.subject = in_words(X509_get_subject_name(certificate));
    fault.issuer = in_words(X509_get_issuer_name(certificate));
  }
  return fault;
}

std::string why_tls_failed(const certificate_fault& fault, const boost::system::error_code& why,
                           const std::string& expected) {
  if (fault.code != 0)
    return fmt::format("the certificate of {}, issued by {}, does not verify ({}): {}", fault.subject,
                       fault.issuer, X509_verify_cert_error_string(fault.code),
                       what_to_do(fault.code, expected));
  const auto hint = what_to_do_about(why);
  return fmt::format("TLS failed: {}{}{}", why.message(), hint.empty() ? "" : ": ", hint);
}

}  // namespace carillon::http
