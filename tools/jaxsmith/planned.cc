#include "jaxsmith/planned.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "jaxsmith/output.h"

namespace jaxsmith::cli {

std::vector<std::string> plan_flags() {
  return {"seed", "backend", "categories", "idioms", "dtypes", "max-rank", "size", "like"};
}

void add_option_flags(CLI::App& app, generate::GenerateOptions& options,
                      std::span<const std::string> names, Status& status) {
  for (const generate::OptionInfo& info : generate::option_table()) {
    if (std::find(names.begin(), names.end(), info.name) == names.end()) continue;
    const auto set = [&options, &status, name = info.name](const CLI::results_t& values) {
      const Status result = generate::set_option(options, name, values);
      if (!result.ok() && status.ok()) status = result;
      return true;
    };
    auto* option = app.add_option("--" + info.name, set, info.help);
    option->type_name(info.argument)->type_size(1)->expected(1);
    if (info.is_list) option->expected(1, 100)->delimiter(',');
  }
}

nlohmann::ordered_json function_json(const source::Function& f) {
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
          {"argument_tree", f.argument_tree},
          {"results", avals(f.results)},
          {"x64", f.runtime.x64},
          {"devices", f.runtime.devices},
          {"source", f.source}};
}

void print_function(const source::Function& f, const std::string& title) {
  say("# {}\n# {}(", title, f.entry);
  for (std::size_t i = 0; i < f.arguments.size(); ++i)
    say("{}{}: {}", i ? ", " : "", f.arguments[i].name,
        tensor::aval_text(f.arguments[i].dtype, f.arguments[i].shape));
  say(")\n{}\n", f.source);
}

std::string no_member_text(const char* command, std::uint64_t family, std::uint64_t seed,
                           std::size_t members) {
  return fmt::format(
      "jaxsmith {}: family {} of seed {} has {}\n", command, family, seed,
      members == 0 ? "no program"
                   : counted(members, "member") + "; --member numbers its members, from 0 on");
}

std::string likeness_text(const generate::Likeness& likeness) {
  const calibrate::Distances &from = likeness.before, &to = likeness.after;
  return fmt::format(
      "fitted to {} functions; divergence in bits: operations {:.3f} → {:.3f}, pairs {:.3f} → "
      "{:.3f}, "
      "types {:.3f} → {:.3f}, ranks {:.3f} → {:.3f}, sizes {:.3f} → {:.3f}",
      likeness.functions, from.operations, to.operations, from.pairs, to.pairs, from.dtypes,
      to.dtypes, from.ranks, to.ranks, from.sizes, to.sizes);
}

std::string function_title(const source::Function& f) {
  std::string out =
      fmt::format("{} {} {}", source::function_id(f.key), f.category, f.transformation);
  if (f.variant != "base") out += ", another " + f.variant;
  return out;
}

}  // namespace jaxsmith::cli
