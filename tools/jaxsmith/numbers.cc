#include "jaxsmith/numbers.h"

#include <fmt/format.h>

#include <charconv>
#include <string>

#include "base/threads.h"

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

void add_workers(CLI::App& app, unsigned& workers, const std::string& help) {
  workers = usual_threads();
  app.add_option("--workers", workers, help)->check(whole_number(1, 1024))->capture_default_str();
}

void add_budget_of_text(CLI::App& app, tensor::Budget& budget) {
  app.add_option("--steps", budget.steps, "elementary operations that a text may take")
      ->check(whole_number(1, INT64_MAX))
      ->capture_default_str();
  app.add_option("--memory", budget.bytes, "bytes that a text's values may take")
      ->check(whole_number(1, INT64_MAX))
      ->capture_default_str();
}

}  // namespace jaxsmith::cli
