// Reads HLO texts and prints them again: silent about a file whose bytes come back, else the
// error or the first difference. Names of files from the arguments, or from stdin, one a line.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

#include "ir/hlo/parser.h"
#include "ir/hlo/printer.h"

namespace {

using jaxsmith::Result;

struct Totals {
  std::size_t files = 0, exact = 0, differ = 0, refused = 0, bytes = 0;
  double parse_seconds = 0, print_seconds = 0;
};

double seconds_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

std::vector<std::string> names_from(int argc, char** argv) {
  if (argc > 1) return {argv + 1, argv + argc};
  std::vector<std::string> names;
  for (std::string line; std::getline(std::cin, line);) {
    if (!line.empty()) names.push_back(line);
  }
  return names;
}

void report_difference(const std::string& file, const std::string& text,
                       const std::string& printed) {
  auto [a, b] = std::mismatch(text.begin(), text.end(), printed.begin(), printed.end());
  auto at = static_cast<std::size_t>(a - text.begin());
  auto line = std::count(text.begin(), a, '\n') + 1;
  std::size_t begin = at > 60 ? at - 60 : 0;
  fmt::print("{}:{}: differs\n  read:    {:?}\n  printed: {:?}\n", file, line,
             text.substr(begin, 120), printed.substr(begin, 120));
}

void check(const std::string& file, Totals& totals) {
  ++totals.files;
  std::ifstream stream(file, std::ios::binary);
  if (!stream) {
    ++totals.refused;
    fmt::print("{}: cannot be read\n", file);
    return;
  }
  std::string text{std::istreambuf_iterator<char>(stream), {}};
  totals.bytes += text.size();
  auto begin = std::chrono::steady_clock::now();
  Result<jaxsmith::hlo::Module> module = jaxsmith::hlo::parse(text, file);
  totals.parse_seconds += seconds_since(begin);
  if (!module.ok()) {
    ++totals.refused;
    fmt::print("{}\n", module.error().message);
    return;
  }
  begin = std::chrono::steady_clock::now();
  std::string printed = jaxsmith::hlo::print(module.value());
  totals.print_seconds += seconds_since(begin);
  if (printed == text) {
    ++totals.exact;
    return;
  }
  ++totals.differ;
  report_difference(file, text, printed);
}

}  // namespace

int main(int argc, char** argv) {
  Totals totals;
  for (const std::string& file : names_from(argc, argv)) check(file, totals);
  double megabytes = static_cast<double>(totals.bytes) / 1e6;
  fmt::print(
      "{} files: {} exact, {} differ, {} refused; {:.1f} MB, read {:.0f} MB/s, printed {:.0f} "
      "MB/s\n",
      totals.files, totals.exact, totals.differ, totals.refused, megabytes,
      megabytes / std::max(totals.parse_seconds, 1e-9),
      megabytes / std::max(totals.print_seconds, 1e-9));
  return totals.exact == totals.files ? 0 : 1;
}
