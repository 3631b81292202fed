// jaxsmith plan: the functions of one family, without JAX.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "generate/options.h"
#include "jaxsmith/command.h"
#include "jaxsmith/output.h"
#include "jaxsmith/parse.h"
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

nlohmann::ordered_json as_json(const source::Function& f) {
  const auto avals = [](const std::vector<source::ArgumentSpec>& specs) {
    nlohmann::ordered_json out = nlohmann::ordered_json::array();
    for (const source::ArgumentSpec& spec : specs)
      out.push_back({{"name", spec.name}, {"aval", tensor::aval_text(spec.dtype, spec.shape)}});
    return out;
  };
  return {{"id", source::function_id(f.key)},
          {"category", f.category},
          {"transformation", f.transformation},
          {"variant", f.variant},
          {"entry", f.entry},
          {"arguments", avals(f.arguments)},
          {"results", avals(f.results)},
          {"x64", f.runtime.x64},
          {"devices", f.runtime.devices},
          {"source", f.source}};
}

void print_function(const source::Function& f, bool json) {
  if (json) {
    say("{}\n", as_json(f).dump());
    return;
  }
  say("# {} {} {}", source::function_id(f.key), f.category, f.transformation);
  if (f.variant != "base") say(", another {}", f.variant);
  say("\n# {}(", f.entry);
  for (std::size_t i = 0; i < f.arguments.size(); ++i)
    say("{}{}: {}", i ? ", " : "", f.arguments[i].name,
        tensor::aval_text(f.arguments[i].dtype, f.arguments[i].shape));
  say(")\n{}\n", f.source);
}

// The options that plans depend on, as `generate` has them.
void add_plan_flags(CLI::App& app, PlanRequest& request, Status& status) {
  static const std::vector<std::string> kFlags = {"seed",   "backend",  "categories", "idioms",
                                                  "dtypes", "max-rank", "size"};
  for (const generate::OptionInfo& info : generate::option_table()) {
    if (std::find(kFlags.begin(), kFlags.end(), info.name) == kFlags.end()) continue;
    const auto set = [&request, &status, name = info.name](const CLI::results_t& values) {
      const Status result = generate::set_option(request.options, name, values);
      if (!result.ok() && status.ok()) status = result;
      return true;
    };
    auto* option = app.add_option("--" + info.name, set, info.help);
    option->type_name(info.argument)->type_size(1)->expected(1);
    if (info.is_list) option->expected(1, 100)->delimiter(',');
  }
}

// False: a family or a member that is asked for does not exist.
bool print_plans(const PlanRequest& request) {
  const plan::PlanOptions options = generate::plan_options(request.options);
  const std::uint64_t seed = request.options.seed;
  bool all = true;
  for (std::uint64_t family = request.index; family < request.index + request.count; ++family) {
    const auto members = plan::plan_family(options, seed, family);
    std::size_t printed = 0;
    for (std::size_t m = 0; m < members.size(); ++m) {
      if (request.member && *request.member != m) continue;
      print_function(source::render(members[m], {seed, family, static_cast<std::uint32_t>(m)}),
                     request.json);
      ++printed;
    }
    if (printed > 0) continue;
    tell("jaxsmith plan: family {} of seed {} has {}\n", family, seed,
         members.empty() ? std::string("no program")
                         : fmt::format("{} members, from 0 on", members.size()));
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
      ->required();
  app.add_option("--count", request.count, "so many families from there on (default: 1)")
      ->type_name("N");
  app.add_option("--member", request.member, "one of the family's functions; 0 is its root")
      ->type_name("N");
  app.add_flag("--json", request.json, "a line of JSON for each");
  add_plan_flags(app, request, status);
  app.get_formatter()->column_width(30);
  if (const auto ended = parse(app, argc, argv, "Example: jaxsmith plan --seed 0 --index 12\n"))
    return *ended;
  if (status.ok()) status = generate::check_names(request.options);
  if (!status.ok()) return report(kCommand, status.error());
  return print_plans(request) ? kDone : kFailed;
}

}  // namespace jaxsmith::cli
