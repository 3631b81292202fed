#include "jaxsmith/output_option.h"

namespace jaxsmith::cli {

CLI::Option* add_output(CLI::App& app, const std::string& flag, std::string& path,
                        const std::string& help) {
  const auto named = [](const std::string& name) {
    return std::string(name.empty() ? "it is empty; name a file or a folder" : "");
  };
  return app.add_option(flag, path, help)->check(named);
}

}  // namespace jaxsmith::cli
