// Files of options: `count = 500`, a line each.
#pragma once

#include <CLI/CLI.hpp>
#include <istream>
#include <string>
#include <vector>

namespace jaxsmith::cli {

// Reads TOML or INI for --config, line by line, so that what is wrong is named with its line. The
// options are those of `app`, which outlives it; all of them stand at the top level.
class OptionFile : public CLI::ConfigBase {
 public:
  explicit OptionFile(const CLI::App& app) : app_(app) {}
  // Throws a CLI::ConfigError: "options.toml:3: …".
  std::vector<CLI::ConfigItem> from_config(std::istream& input) const override;

 private:
  // Of a line, to which the further ones of a list are joined.
  CLI::ConfigItem item_of(const std::string& line) const;
  std::string unknown_text(const std::string& name) const;

  const CLI::App& app_;
};

}  // namespace jaxsmith::cli
