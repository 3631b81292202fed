#include "stats/api.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/threads.h"
#include "trace/process.h"

extern char** environ;

namespace jaxsmith::stats {
namespace {

constexpr double kPollSeconds = 0.05;
constexpr double kPatienceSeconds = 60;

std::vector<std::string> environment(const trace::Installation& i) {
  std::vector<std::string> out;
  for (char** entry = environ; *entry; ++entry) {
    const std::string_view e = *entry;
    if (!e.starts_with("PYTHONPATH=") && !e.starts_with("JAX_PLATFORMS=")) out.emplace_back(e);
  }
  out.push_back("PYTHONPATH=" + i.python_path);
  out.emplace_back("JAX_PLATFORMS=cpu");
  return out;
}

Result<PublicApi> read_answer(const std::string& text) {
  return guarded([&]() -> Result<PublicApi> {
    const auto j = nlohmann::json::parse(text, nullptr, false);
    if (!j.is_object()) return Error::internal("the list of JAX's functions is no JSON");
    PublicApi out;
    j.at("jax").get_to(out.jax);
    j.at("namespaces").get_to(out.namespaces);
    return out;
  });
}

}  // namespace

Result<PublicApi> public_api(const trace::Installation& installation) {
  JAXSMITH_TRY(process, trace::Process::spawn(
                            {.arguments = {installation.python, "-m", "jaxsmith.commands.api"},
                             .environment = environment(installation)}));
  std::string_view unsent;
  std::string received;
  while (process->exchange(kPollSeconds, unsent, received)) {
  }
  const std::string how = process->ending(kPatienceSeconds);
  if (process->exit_status() != 0 || received.empty()) {
    const std::string said = process->last_error_line();
    return Error::usage(
        fmt::format("'{}' does not say what JAX has: {}; name a Python that has "
                    "JAX by --python",
                    installation.python, said.empty() ? how : said));
  }
  return read_answer(received);
}

}  // namespace jaxsmith::stats
