#include "redis/tls.hpp"

#include <openssl/ssl.h>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <memory>
#include <stdexcept>

namespace carillon::redis {

namespace ssl = boost::asio::ssl;

namespace {

// Frees the name when its context goes.
void free_name(void*, void* name, CRYPTO_EX_DATA*, int, long, void*) {
  const std::unique_ptr<std::string> owned{static_cast<std::string*>(name)};
}

int name_slot() {
  static const int slot = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, free_name);
  return slot;
}

// Servers behind one address choose their certificate by the name that the client's first message carries.
// Boost.Redis hands out no stream to set it on, so it is set when the handshake begins.
void send_server_name(const SSL* connection, int where, int) {
  if ((where & SSL_CB_HANDSHAKE_START) == 0) return;
  const auto* name =
      static_cast<const std::string*>(SSL_CTX_get_ex_data(SSL_get_SSL_CTX(connection), name_slot()));
  if (name != nullptr) SSL_set_tlsext_host_name(const_cast<SSL*>(connection), name->c_str());
}

void expect_server(ssl::context& context, const std::string& name) {
  if (name.empty()) return;
  context.set_verify_callback(ssl::host_name_verification(name));
  boost::system::error_code is_no_address;
  boost::asio::ip::make_address(name, is_no_address);
  if (!is_no_address) return;  // An address is no name to send.
  SSL_CTX_set_ex_data(context.native_handle(), name_slot(), std::make_unique<std::string>(name).release());
  SSL_CTX_set_info_callback(context.native_handle(), send_server_name);
}

template <typename Load>
void load_file(const char* what, const std::string& file, Load load) {
  if (file.empty()) return;
  boost::system::error_code wrong;
  load(wrong);
  if (wrong) throw std::invalid_argument(std::string(what) + " " + file + ": " + wrong.message());
}

}  // namespace

ssl::context make_tls_context(const endpoint& where, const tls_options& how) {
  ssl::context context{ssl::context::tls_client};
  if (!where.tls) return context;
  context.set_options(ssl::context::no_tlsv1 | ssl::context::no_tlsv1_1);
  if (how.authority_file.empty()) context.set_default_verify_paths();
  load_file("certificate authority", how.authority_file,
            [&](auto& wrong) { context.load_verify_file(how.authority_file, wrong); });
  load_file("certificate", how.certificate_file,
            [&](auto& wrong) { context.use_certificate_chain_file(how.certificate_file, wrong); });
  load_file("key", how.key_file,
            [&](auto& wrong) { context.use_private_key_file(how.key_file, ssl::context::pem, wrong); });

  context.set_verify_mode(how.verify ? ssl::verify_peer : ssl::verify_none);
  const bool one_host = where.what == endpoint::kind::server && !where.hosts.empty();
  if (how.verify)
    expect_server(context, !how.server_name.empty() ? how.server_name : one_host ? where.hosts[0].host : "");
  return context;
}

}  // namespace carillon::redis
