#include "check/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "tensor/convert.h"

namespace jaxsmith::check {

using level::Level;
using source::Function;
using trace::Reason;
using trace::Refusal;

namespace {

Refusal refused(Reason reason, std::string detail) {
  return {trace::Stage::kCheck, reason, std::move(detail)};
}

// What Python prints of an object without a name: "<function f at 0x7f…>". JAX prints some with the
// digits crossed out, which tells nothing.
bool holds_address(std::string_view text) {
  constexpr std::string_view kBefore = " at 0x";
  for (std::size_t at = text.find(kBefore); at != std::string_view::npos;
       at = text.find(kBefore, at + 1)) {
    const std::size_t digit = at + kBefore.size();
    if (digit < text.size() && std::isxdigit(static_cast<unsigned char>(text[digit]))) return true;
  }
  return false;
}

// A path from the root of a file system: "/name/name" behind a quote, a blank or an equals sign.
bool holds_path(std::string_view text) {
  const auto word = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '.' || c == '-';
  };
  for (std::size_t at = text.find('/'); at != std::string_view::npos; at = text.find('/', at + 1)) {
    const char before = at > 0 ? text[at - 1] : ' ';
    if (before != '"' && before != ' ' && before != '=' && before != '\'') continue;
    std::size_t end = at + 1;
    while (end < text.size() && word(text[end])) ++end;
    if (end > at + 1 && end < text.size() && text[end] == '/') return true;
  }
  return false;
}

std::optional<Refusal> check_types(const Function& f, const trace::Outcome& outcome) {
  if (f.results.empty()) return std::nullopt;  // nothing was planned: a function of somebody else's
  bool same = f.results.size() == outcome.outputs.size();
  for (std::size_t i = 0; same && i < f.results.size(); ++i) {
    same = f.results[i].dtype == outcome.outputs[i].dtype &&
           f.results[i].shape == outcome.outputs[i].shape;
  }
  if (same) return std::nullopt;
  std::string planned, got;
  for (const source::ArgumentSpec& r : f.results)
    planned += tensor::aval_text(r.dtype, r.shape) + " ";
  for (const tensor::Tensor& t : outcome.outputs) got += tensor::aval_text(t.dtype, t.shape) + " ";
  return refused(Reason::kType, fmt::format("planned {}but JAX gave {}", planned, got));
}

std::optional<Refusal> check_outputs(const Function& f, const trace::Outcome& outcome) {
  if (outcome.outputs.empty()) return refused(Reason::kConstant, "it has no result");
  for (std::size_t i = 0; i < outcome.outputs.size(); ++i) {
    if (!all_finite(outcome.outputs[i]))
      return refused(Reason::kNonfinite, fmt::format("result {} holds a NaN or an infinity", i));
  }
  if (f.arguments.empty()) return std::nullopt;
  const auto& matters = outcome.argument_matters;
  if (std::none_of(matters.begin(), matters.end(), [](bool m) { return m; }))
    return refused(Reason::kConstant, "other inputs give the same outputs");
  for (std::size_t i = 0; i < matters.size() && i < f.arguments.size(); ++i) {
    if (!matters[i])
      return refused(Reason::kIgnoredArgument,
                     fmt::format("argument {} ({}) changes no output", i, f.arguments[i].name));
  }
  if (!outcome.stable)
    return refused(Reason::kUnstable, "outputs change with the last bits of the recorded inputs");
  return std::nullopt;
}

}  // namespace

std::optional<Refusal> check_texts(const trace::Outcome& outcome, Level structure) {
  if (!outcome.levels.contains(structure))
    return refused(Reason::kLevels, fmt::format("there is no {}", level::name_of(structure)));
  for (const auto& [id, text] : outcome.levels) {
    const std::string level(level::name_of(id));
    if (text.empty()) return refused(Reason::kLevels, level + " is empty");
    if (text.find("{...}") != std::string::npos)
      return refused(Reason::kElided, level + " is not printed in full");
    if (holds_address(text)) return refused(Reason::kAddress, level + " holds a memory address");
    if (holds_path(text)) return refused(Reason::kPath, level + " holds a path of this machine");
  }
  return std::nullopt;
}

std::optional<Refusal> check_inert(std::optional<double> share, double most) {
  if (!share || *share <= most) return std::nullopt;
  return refused(Reason::kInert,
                 fmt::format("{:.0f} % of its operations may give another result and no output "
                             "moves",
                             100 * *share));
}

std::optional<Refusal> refusal_of(const std::vector<CheckResult>& checks) {
  for (const CheckResult& c : checks)
    if (c.status == CheckStatus::kFailed) return Refusal{trace::Stage::kCheck, c.name(), c.detail};
  return std::nullopt;
}

std::vector<CheckResult> passed_checks(bool redone) {
  std::vector<CheckResult> out;
  for (const CheckKind kind :
       {CheckKind::kTexts, CheckKind::kParse, CheckKind::kRun, CheckKind::kRepeat,
        CheckKind::kFinite, CheckKind::kArguments, CheckKind::kStable})
    out.push_back({kind, CheckStatus::kPassed});
  out.push_back(redone ? CheckResult{CheckKind::kRedo, CheckStatus::kPassed}
                       : CheckResult{CheckKind::kRedo, CheckStatus::kNotDone, "not drawn for it"});
  return out;
}

bool all_finite(const tensor::Tensor& tensor) {
  if (!tensor::is_inexact(tensor.dtype)) return true;
  for (std::int64_t i = 0; i < tensor::element_count(tensor.shape); ++i) {
    const auto v = tensor::element(tensor, i);
    if (!std::isfinite(v.real()) || !std::isfinite(v.imag())) return false;
  }
  return true;
}

std::optional<Refusal> check(const Function& function, const trace::Outcome& outcome,
                             Level structure) {
  if (auto refusal = check_texts(outcome, structure)) return refusal;
  if (auto refusal = check_types(function, outcome)) return refusal;
  return check_outputs(function, outcome);
}

}  // namespace jaxsmith::check
