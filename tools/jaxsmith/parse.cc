#include "jaxsmith/parse.h"

#include <fmt/format.h>

#include <string>

#include "jaxsmith/command.h"
#include "jaxsmith/output.h"

namespace jaxsmith::cli {

std::optional<int> parse(CLI::App& app, int argc, char** argv, std::string_view more) {
  const std::string command = argv[0];
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    say("{}\n{}", app.help(), more);
    return kDone;
  } catch (const CLI::ParseError& error) {
    const std::string text = error.what();
    return report(command.c_str(),
                  Error::usage(fmt::format("{} (jaxsmith {} --help says more)",
                                           text.substr(0, text.find('\n')), command)));
  }
  return std::nullopt;
}

}  // namespace jaxsmith::cli
