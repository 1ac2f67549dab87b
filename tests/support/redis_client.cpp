#include "support/redis_client.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <stdexcept>

#include "support/redis_server.hpp"

namespace carillon::testing {

namespace {

sockaddr_in local(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

}  // namespace

std::uint16_t free_port() {
  const int probe = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  auto address = local(0);
  socklen_t size = sizeof address;
  const bool bound = ::bind(probe, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
                     getsockname(probe, reinterpret_cast<sockaddr*>(&address), &size) == 0;
  close(probe);
  if (!bound) throw std::runtime_error("no free port");
  return ntohs(address.sin_port);
}

redis_client::redis_client(std::uint16_t port, std::chrono::milliseconds patience)
    : socket_{socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
  timeval most{};
  most.tv_sec = patience.count() / 1000;
  most.tv_usec = patience.count() % 1000 * 1000;
  setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &most, sizeof most);
  setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &most, sizeof most);
  const auto address = local(port);
  if (connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    close(socket_);
    throw std::runtime_error("nobody listens on port " + std::to_string(port));
  }
}

redis_client::~redis_client() { close(socket_); }

std::string redis_client::ask(const std::vector<std::string>& words) {
  std::string request = "*" + std::to_string(words.size()) + "\r\n";
  for (const auto& word : words) request += "$" + std::to_string(word.size()) + "\r\n" + word + "\r\n";
  send(request);
  return read_answer();
}

void redis_client::send(const std::string& bytes) const {
  for (std::size_t sent = 0; sent < bytes.size();) {
    const auto now = ::send(socket_, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (now <= 0) throw std::runtime_error("the server is gone");
    sent += static_cast<std::size_t>(now);
  }
}

void redis_client::read_more() {
  std::array<char, 4096> some;
  const auto count = recv(socket_, some.data(), some.size(), 0);
  if (count <= 0) throw std::runtime_error("the server does not answer");
  buffer_.append(some.data(), static_cast<std::size_t>(count));
}

std::string redis_client::read_bytes(std::size_t count) {
  while (buffer_.size() < count) read_more();
  auto bytes = buffer_.substr(0, count);
  buffer_.erase(0, count);
  return bytes;
}

std::string redis_client::read_line() {
  std::size_t end = 0;
  while ((end = buffer_.find("\r\n")) == std::string::npos) read_more();
  auto line = read_bytes(end + 2);
  line.resize(end);
  return line;
}

std::string redis_client::read_answer() {
  const auto line = read_line();
  const auto rest = line.substr(1);
  if (line[0] != '$' && line[0] != '*') return rest;
  const auto size = std::stol(rest);
  if (size < 0) return "";
  if (line[0] == '$') {
    auto text = read_bytes(static_cast<std::size_t>(size) + 2);
    text.resize(static_cast<std::size_t>(size));
    return text;
  }
  std::string lines;
  for (long i = 0; i < size; ++i) lines += (i == 0 ? "" : "\n") + read_answer();
  return lines;
}

}  // namespace carillon::testing
