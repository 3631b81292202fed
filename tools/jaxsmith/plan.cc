// jaxsmith plan: the functions of one family, without JAX.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "generate/options.h"
#include "jaxsmith/command.h"
#include "jaxsmith/numbers.h"
#include "jaxsmith/output.h"
#include "jaxsmith/parse.h"
#include "jaxsmith/planned.h"
#include "source/render.h"

namespace jaxsmith::cli {
namespace {

constexpr const char* kCommand = "plan";

struct PlanRequest {
  generate::GenerateOptions options;
  std::uint64_t index = 0, count = 1;
  std::optional<std::uint32_t> member;
  bool json = false;
};

// False: a family or a member that is asked for does not exist.
bool print_plans(const PlanRequest& request) {
  const plan::PlanOptions options = generate::plan_options(request.options);
  const std::uint64_t seed = request.options.seed;
  bool all = true;
  for (std::uint64_t i = 0; i < request.count; ++i) {
    const std::uint64_t family = request.index + i;
    const auto members = plan::plan_family(options, seed, family);
    std::size_t printed = 0;
    for (std::size_t m = 0; m < members.size(); ++m) {
      if (request.member && *request.member != m) continue;
      const source::Function f =
          source::render(members[m], {seed, family, static_cast<std::uint32_t>(m)});
      if (request.json)
        say("{}\n", function_json(f).dump());
      else
        print_function(f, function_title(f));
      ++printed;
    }
    if (printed > 0) continue;
    tell("{}", no_member_text(kCommand, family, seed, members.size()));
    all = false;
  }
  return all;
}

}  // namespace

int plan_main(int argc, char** argv) {
  CLI::App app(
      "Prints the functions of a family as generate would write them, without JAX: the same seed, "
      "index and options give the same.",
      "jaxsmith plan");
  PlanRequest request;
  Status status;
  app.add_option("--index", request.index, "the family: the second part of an id, in decimals")
      ->type_name("N")
      ->check(whole_number(0, UINT64_MAX))
      ->required();
  app.add_option("--count", request.count, "so many families from there on (default: 1)")
      ->type_name("N")
      ->check(whole_number(1, UINT64_MAX));
  app.add_option("--member", request.member, "one of the family's functions; 0 is its root")
      ->type_name("N")
      ->check(whole_number(0, UINT32_MAX));
  app.add_flag("--json", request.json, "a line of JSON for each");
  add_option_flags(app, request.options, plan_flags(), status);
  app.get_formatter()->column_width(30);
  if (const auto ended = parse(app, argc, argv, "Example: jaxsmith plan --seed 0 --index 12\n"))
    return *ended;
  if (status.ok()) status = generate::check_names(request.options);
  if (status.ok() && request.count - 1 > UINT64_MAX - request.index)
    status = Error::usage(fmt::format("--index {} --count {}: the last family is {}", request.index,
                                      request.count, UINT64_MAX));
  if (!status.ok()) return report(kCommand, status.error());
  const auto likeness = generate::fit_to_dataset(request.options);
  if (!likeness.ok()) return report(kCommand, likeness.error());
  return print_plans(request) ? kDone : kFailed;
}

}  // namespace jaxsmith::cli
