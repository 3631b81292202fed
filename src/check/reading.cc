#include "check/reading.h"

#include <fmt/format.h>

#include <algorithm>

#include "ir/hlo/evaluator.h"
#include "ir/hlo/parser.h"
#include "ir/hlo/printer.h"
#include "ir/stablehlo/evaluator.h"
#include "ir/stablehlo/parser.h"
#include "ir/stablehlo/printer.h"
#include "tensor/closeness.h"

namespace jaxsmith {
namespace {

std::string first_word_after(const std::string& text, std::string_view mark) {
  const std::size_t at = text.find(mark);
  if (at == std::string::npos) return "";
  const std::size_t start = at + mark.size();
  return text.substr(start, text.find(' ', start) - start);
}

void compare_outputs(const std::vector<ir::Datum>& found, const ExecutionCase& c, Reading& out) {
  if (found.size() != c.outputs.size()) {
    out.reason = fmt::format("it gives {} results, not {}", found.size(), c.outputs.size());
    return;
  }
  double depth = static_cast<double>(c.equations);
  for (const Tensor& t : c.inputs)
    depth = std::max(depth, static_cast<double>(element_count(t.shape)));
  out.agrees = true;
  for (std::size_t i = 0; i < found.size(); ++i) {
    const Closeness close = compare_results(found[i].as_array(), Array::from(c.outputs[i]), depth);
    out.worst = std::max(out.worst, close.worst);
    if (close.same || !out.agrees) continue;
    out.agrees = false;
    out.reason = fmt::format("result {}: {}", i, close.difference);
  }
}

// What the three languages' readers have in common.
struct StableHlo {
  using Evaluator = stablehlo::Evaluator;
  using Modules = std::vector<stablehlo::Module>;
  static Result<Modules> parse(std::string_view text, std::string_view file) {
    return stablehlo::parse(text, file);
  }
  static std::string print(const Modules& modules) { return stablehlo::print(modules[0]); }
  static const stablehlo::Module& module(const Modules& modules) { return modules[0]; }
};

struct Hlo {
  using Evaluator = hlo::Evaluator;
  static Result<hlo::Module> parse(std::string_view text, std::string_view file) {
    return hlo::parse(text, file);
  }
  static std::string print(const hlo::Module& module) { return hlo::print(module); }
  static const hlo::Module& module(const hlo::Module& module) { return module; }
};

template <class Language>
Reading read_as(const std::string& text, const ExecutionCase* recorded, const Budget& budget,
                const std::string& file) {
  Reading out;
  const auto parsed = Language::parse(text, file);
  if (!parsed.ok()) {
    out.reason = parsed.error().message;
    return out;
  }
  out.parsed = true;
  out.printed_back = Language::print(parsed.value()) == text;
  typename Language::Evaluator evaluator(Language::module(parsed.value()), text, file);
  const auto failed = [&](const Error& error) {
    out.reason = error.message;
    if (evaluator.error_kind() == EvaluationError::Kind::kUnsupported)
      out.unknown = first_word_after(out.reason, "operation ");
    return out;
  };
  if (const Status verified = evaluator.verify(); !verified.ok()) return failed(verified.error());
  out.verified = true;
  if (!recorded) return out;
  std::vector<ir::Datum> arguments;
  for (const Tensor& t : recorded->inputs) arguments.emplace_back(Array::from(t));
  const auto results = evaluator.run(std::move(arguments), budget);
  if (!results.ok()) return failed(results.error());
  out.executed = true;
  compare_outputs(results.value(), *recorded, out);
  return out;
}

}  // namespace

Reading read_text(const std::string& level, const std::string& text, const ExecutionCase* recorded,
                  const Budget& budget, const std::string& file) {
  const std::string name = file.empty() ? level : file;
  if (level == "stablehlo") return read_as<StableHlo>(text, recorded, budget, name);
  if (level == "hlo" || level == "hlo_optimized")
    return read_as<Hlo>(text, recorded, budget, name);
  Reading out;
  out.reason = "there is no reader for " + level;
  return out;
}

std::optional<std::string> level_of_text(std::string_view text) {
  std::size_t at = 0;
  const auto skip = [&] {
    for (;;) {
      while (at < text.size() &&
             (text[at] == ' ' || text[at] == '\n' || text[at] == '\t' || text[at] == '\r'))
        ++at;
      if (!text.substr(at).starts_with("//")) return;
      at = std::min(text.find('\n', at), text.size());
    }
  };
  skip();
  const std::string_view rest = text.substr(at);
  if (rest.starts_with("HloModule"))
    return rest.substr(0, rest.find('\n')).find("is_scheduled=true") != std::string_view::npos
               ? "hlo_optimized"
               : "hlo";
  if (rest.starts_with("{ lambda") || rest.starts_with("{lambda") || rest.starts_with("let "))
    return "jaxpr";
  for (std::string_view start :
       {"module", "\"builtin.module\"", "builtin.module", "func.func", "\"func.func\"", "#", "!"})
    if (rest.starts_with(start)) return "stablehlo";
  return std::nullopt;
}

}  // namespace jaxsmith
