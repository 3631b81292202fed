// Reads StableHLO texts from files, prints them back, and says where the two differ: for tests.
#include <fmt/format.h>

#include <chrono>
#include <fstream>
#include <iostream>
#include <iterator>

#include "ir/stablehlo/parser.h"
#include "ir/stablehlo/printer.h"

int main(int argc, char** argv) {
  using namespace jaxsmith;
  int same = 0, failed = 0;
  double bytes = 0, seconds = 0;
  const auto visit = [&](const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    const auto start = std::chrono::steady_clock::now();
    const auto modules = stablehlo::parse(text, path);
    seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    bytes += static_cast<double>(text.size());
    if (!modules.ok()) {
      ++failed;
      fmt::print("{}\n", modules.error().message);
      return;
    }
    const std::string printed = stablehlo::print(modules.value()[0]);
    if (printed == text) {
      ++same;
      return;
    }
    ++failed;
    std::size_t at = 0;
    while (at < text.size() && at < printed.size() && text[at] == printed[at]) ++at;
    const std::size_t line = text.rfind('\n', at ? at - 1 : 0) + 1;
    fmt::print("{}: differs\n  - {}\n  + {}\n", path,
               text.substr(line, std::min<std::size_t>(at - line + 80, 300)),
               printed.substr(line, std::min<std::size_t>(at - line + 80, 300)));
  };
  for (int i = 1; i < argc; ++i) visit(argv[i]);
  if (argc == 1)
    for (std::string path; std::getline(std::cin, path);) visit(path);
  fmt::print("same {} failed {} parsed {:.1f} MB/s\n", same, failed, bytes / 1e6 / seconds);
  return failed != 0;
}
