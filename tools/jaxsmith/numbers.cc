#include "jaxsmith/numbers.h"

#include <fmt/format.h>

#include <charconv>
#include <string>

namespace jaxsmith::cli {

CLI::Validator whole_number(std::uint64_t least, std::uint64_t most) {
  const auto check = [least, most](std::string& text) -> std::string {
    std::uint64_t found = 0;
    const char* end = text.data() + text.size();
    const auto [at, error] = std::from_chars(text.data(), end, found);
    if (error == std::errc() && at == end && found >= least && found <= most) return "";
    return fmt::format("'{}' is no whole number from {} to {}", text, least, most);
  };
  return CLI::Validator(check, "");
}

}  // namespace jaxsmith::cli
