// Lays out statements `name = expression` or `name, name = expression`, one a line of the standard
// input, as the body of a function: for Python tests. With --flat each stays on one line.
#include <iostream>
#include <string>
#include <utility>

#include "base/text.h"
#include "source/layout.h"

int main(int argc, char** argv) {
  using namespace jaxsmith::source;
  const bool flat = argc > 1 && std::string(argv[1]) == "--flat";
  FunctionDefinition f;
  f.name = "f";
  std::string line, text = "def f():\n";
  while (std::getline(std::cin, line)) {
    const std::size_t equals = line.find(" = ");
    auto value = parse_expression(line.substr(equals + 3));
    if (!value.ok()) {
      std::cerr << value.error().message << "\n";
      return 1;
    }
    text += "    " + line.substr(0, equals) + " = " + print(value.value()) + "\n";
    f.body.push_back(Assign{jaxsmith::split_list(line.substr(0, equals)), value.value()});
  }
  Module module;
  module.functions.push_back(std::move(f));
  std::cout << (flat ? text : print_module(module));
}
