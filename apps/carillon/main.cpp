#include <exception>
#include <iostream>

#include "carillon/cli.hpp"
#include "carillon/exit_code.hpp"

int main(int argc, char** argv) {
  try {
    return carillon::app::run_command_line(argc, argv);
  } catch (const std::exception& fault) {
    std::cerr << "carillon: " << fault.what() << '\n';
    return carillon::app::exit_code::failed;
  }
}
