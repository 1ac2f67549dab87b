#include "support/certificates.hpp"

#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <string>

namespace carillon::testing {

namespace {

void shell(const std::string& command) {
  if (std::system(command.c_str()) != 0) throw std::runtime_error("failed: " + command);
}

}  // namespace

void make_certificates(const std::filesystem::path& folder) {
  std::filesystem::create_directory(folder);
  const auto at = "cd '" + folder.string() + "' && ";
  const std::string quiet = " >openssl.log 2>&1";
  const std::string key = "openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes ";
  std::ofstream{folder / "names"} << "subjectAltName=DNS:localhost,IP:127.0.0.1\n";
  for (const std::string authority : {"authority", "other-authority"}) {
    shell(at + key + "-x509 -days 2 -subj /CN=" + authority + " -keyout " + authority + ".key -out " +
          authority + ".pem" + quiet);
  }
  for (const std::string owner : {"server", "client"}) {
    shell(at + key + "-subj /CN=" + owner + " -keyout " + owner + ".key -out " + owner + ".csr" + quiet);
    shell(at + "openssl x509 -req -days 2 -in " + owner +
          ".csr -CA authority.pem -CAkey authority.key -CAcreateserial -extfile names -out " + owner +
          ".pem" + quiet);
  }
  shell(at +
        "openssl x509 -req -days -1 -in server.csr -CA authority.pem -CAkey authority.key -extfile names " +
        "-CAcreateserial -out expired.pem" + quiet);
}

}  // namespace carillon::testing
