#include "check/program.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/hash.h"
#include "ir/hlo/canonical.h"
#include "ir/hlo/evaluator.h"
#include "ir/hlo/parser.h"
#include "ir/hlo/printer.h"
#include "ir/jaxpr/canonical.h"
#include "ir/jaxpr/evaluator.h"
#include "ir/jaxpr/parser.h"
#include "ir/jaxpr/printer.h"
#include "ir/stablehlo/canonical.h"
#include "ir/stablehlo/evaluator.h"
#include "ir/stablehlo/parser.h"
#include "ir/stablehlo/printer.h"

namespace jaxsmith {

class IrProgram::Language {
 public:
  virtual ~Language() = default;
  virtual std::string print() const = 0;
  virtual std::string canonical() const = 0;
  virtual Status verify() = 0;
  virtual Status verify(const EvaluationContext& context) = 0;
  virtual Result<ir::Signature> signature() = 0;
  virtual Result<std::vector<ir::Datum>> run(std::vector<ir::Datum> arguments,
                                             const EvaluationContext& context) = 0;
  virtual const EvaluationError& error() const = 0;
  virtual Status run_checks(const EvaluationContext& context) = 0;
  virtual std::int64_t devices() const { return 1; }
  virtual std::int64_t checks_made() const { return 0; }
  virtual std::vector<std::string> failed_checks() const { return {}; }
  virtual std::vector<Array> expected_by_checks() const { return {}; }
};

namespace {

// By a language's module and evaluator; the others are functions of the module.
template <class Module, class Evaluator, std::string (*Print)(const Module&),
          std::string (*Canonical)(const Module&)>
class LanguageOf : public IrProgram::Language {
 public:
  LanguageOf(Module module, std::string_view text, std::string file)
      : module_(std::move(module)), file_(std::move(file)), evaluator_(module_, text, file_) {}
  std::string print() const override { return Print(module_); }
  std::string canonical() const override { return Canonical(module_); }
  Status verify() override { return evaluator_.verify(); }
  Status verify(const EvaluationContext& context) override { return evaluator_.verify(context); }
  Result<ir::Signature> signature() override { return evaluator_.signature(); }
  Result<std::vector<ir::Datum>> run(std::vector<ir::Datum> arguments,
                                     const EvaluationContext& context) override {
    return evaluator_.run(std::move(arguments), context);
  }
  Status run_checks(const EvaluationContext& context) override {
    if constexpr (requires(Evaluator& e) { e.run_checks(context); })
      return evaluator_.run_checks(context);
    JAXSMITH_CHECK(run({}, context));
    return {};
  }
  const EvaluationError& error() const override { return evaluator_.error(); }
  std::int64_t devices() const override {
    if constexpr (requires(const Evaluator& e) { e.devices(); }) return evaluator_.devices();
    return 1;
  }
  std::int64_t checks_made() const override {
    if constexpr (requires(const Evaluator& e) { e.checks_made(); })
      return evaluator_.checks_made();
    return 0;
  }
  std::vector<std::string> failed_checks() const override {
    if constexpr (requires(const Evaluator& e) { e.failed_checks(); })
      return evaluator_.failed_checks();
    return {};
  }
  std::vector<Array> expected_by_checks() const override {
    if constexpr (requires(const Evaluator& e) { e.expected_by_checks(); })
      return evaluator_.expected_by_checks();
    return {};
  }

 private:
  Module module_;
  std::string file_;
  Evaluator evaluator_;
};

std::string print_jaxpr(const jaxpr::Module& module) { return jaxpr::print(module); }
std::string print_stablehlo(const stablehlo::Module& module) { return stablehlo::print(module); }
std::string print_hlo(const hlo::Module& module) { return hlo::print(module); }

using Jaxpr = LanguageOf<jaxpr::Module, jaxpr::Evaluator, print_jaxpr, jaxpr::canonical>;
using StableHlo =
    LanguageOf<stablehlo::Module, stablehlo::Evaluator, print_stablehlo, stablehlo::canonical>;
using Hlo = LanguageOf<hlo::Module, hlo::Evaluator, print_hlo, hlo::canonical>;

using Languages = std::vector<std::unique_ptr<IrProgram::Language>>;

Result<Languages> read(const std::string& level, std::string_view text, const std::string& file) {
  Languages out;
  if (level == "jaxpr") {
    JAXSMITH_TRY(module, jaxpr::parse(text, file));
    out.push_back(std::make_unique<Jaxpr>(std::move(module), text, file));
  } else if (level == "stablehlo") {
    JAXSMITH_TRY(modules, stablehlo::parse(text, file));
    for (stablehlo::Module& m : modules)
      out.push_back(std::make_unique<StableHlo>(std::move(m), text, file));
  } else if (level == "hlo" || level == "hlo_optimized") {
    JAXSMITH_TRY(module, hlo::parse(text, file));
    out.push_back(std::make_unique<Hlo>(std::move(module), text, file));
  } else {
    return Error::usage(fmt::format("{}: there is no level {}", file, level));
  }
  return out;
}

}  // namespace

std::span<const std::string_view> level_names() {
  static constexpr std::array<std::string_view, 4> kLevels = {"jaxpr", "stablehlo", "hlo",
                                                              "hlo_optimized"};
  return kLevels;
}

std::optional<std::string> level_of_text(std::string_view text) {
  std::size_t at = 0;
  for (;;) {
    while (at < text.size() && std::string_view(" \n\t\r").find(text[at]) != std::string_view::npos)
      ++at;
    if (!text.substr(at).starts_with("//")) break;
    at = std::min(text.find('\n', at), text.size());
  }
  const std::string_view rest = text.substr(at);
  const auto starts = [&](std::initializer_list<std::string_view> words) {
    return std::any_of(words.begin(), words.end(),
                       [&](std::string_view w) { return rest.starts_with(w); });
  };
  if (rest.starts_with("HloModule")) {
    const std::string_view header = rest.substr(0, rest.find('\n'));
    return header.find("is_scheduled=true") != std::string_view::npos ? "hlo_optimized" : "hlo";
  }
  if (starts({"{ lambda", "{lambda", "let "})) return "jaxpr";
  if (starts({"module", "\"builtin.module\"", "builtin.module", "func.func", "\"func.func\"", "#",
              "!"}))
    return "stablehlo";
  return std::nullopt;
}

IrProgram::IrProgram(std::string level, std::shared_ptr<const std::string> text)
    : level_(std::move(level)), text_(std::move(text)) {}
IrProgram::IrProgram(IrProgram&&) noexcept = default;
IrProgram& IrProgram::operator=(IrProgram&&) noexcept = default;
IrProgram::~IrProgram() = default;

Result<std::vector<IrProgram>> IrProgram::parse_all(const std::string& level, std::string text,
                                                    const std::string& file) {
  const auto whole = std::make_shared<const std::string>(std::move(text));
  JAXSMITH_TRY(languages, read(level, *whole, file.empty() ? level : file));
  std::vector<IrProgram> out;
  for (auto& language : languages) {
    out.push_back(IrProgram(level, whole));
    out.back().language_ = std::move(language);
  }
  return out;
}

Result<IrProgram> IrProgram::parse(const std::string& level, std::string text,
                                   const std::string& file) {
  JAXSMITH_TRY(all, parse_all(level, std::move(text), file));
  if (all.size() != 1)
    return Error::usage(
        fmt::format("{}: {} modules, one is wanted", file.empty() ? level : file, all.size()));
  return std::move(all[0]);
}

std::string IrProgram::print() const { return language_->print(); }
std::string IrProgram::canonical() const { return language_->canonical(); }
std::string IrProgram::structural_hash() const { return hash128_hex(canonical()); }
Status IrProgram::verify() { return language_->verify(); }
Status IrProgram::verify(const EvaluationContext& context) { return language_->verify(context); }
Result<ir::Signature> IrProgram::signature() { return language_->signature(); }
Result<std::vector<ir::Datum>> IrProgram::run(std::vector<ir::Datum> arguments,
                                              const EvaluationContext& context) {
  return language_->run(std::move(arguments), context);
}
Result<std::vector<ir::Datum>> IrProgram::run(std::vector<ir::Datum> arguments,
                                              const Budget& budget) {
  return run(std::move(arguments), EvaluationContext({.budget = budget}));
}
Status IrProgram::run_checks(const EvaluationContext& context) {
  return language_->run_checks(context);
}
std::int64_t IrProgram::devices() const { return language_->devices(); }
const EvaluationError& IrProgram::error() const { return language_->error(); }
std::int64_t IrProgram::checks_made() const { return language_->checks_made(); }
std::vector<std::string> IrProgram::failed_checks() const { return language_->failed_checks(); }
std::vector<Array> IrProgram::expected_by_checks() const { return language_->expected_by_checks(); }

}  // namespace jaxsmith
