#include "check/program.h"

#include <fmt/format.h>

#include "base/hash.h"

namespace jaxsmith::check {

using level::Level;
using tensor::Array;
using tensor::EvaluationContext;

IrProgram::IrProgram(Level level, std::shared_ptr<const std::string> text,
                     std::unique_ptr<ir::Program> program)
    : level_(level), text_(std::move(text)), program_(std::move(program)) {}

Result<std::vector<IrProgram>> IrProgram::parse_all(Level level, std::string text,
                                                    const std::string& file) {
  const std::string name = file.empty() ? std::string(level::name_of(level)) : file;
  if (!level::row_of(level).parse)
    return Error::usage(
        fmt::format("{}: jaxsmith does not read {}", name, level::row_of(level).title));
  const auto whole = std::make_shared<const std::string>(std::move(text));
  JAXSMITH_TRY(programs, level::row_of(level).parse(*whole, name));
  std::vector<IrProgram> out;
  for (auto& program : programs) out.push_back(IrProgram(level, whole, std::move(program)));
  return out;
}

Result<IrProgram> IrProgram::parse(Level level, std::string text, const std::string& file) {
  JAXSMITH_TRY(all, parse_all(level, std::move(text), file));
  if (all.size() != 1)
    return Error::usage(fmt::format("{}: {} modules, one is wanted",
                                    file.empty() ? level::name_of(level) : file, all.size()));
  return std::move(all[0]);
}

Result<std::string> IrProgram::canonical() const {
  if (!row().has_canonical_form)
    return Error::usage(fmt::format("{} has no canonical form", row().title));
  return program_->canonical();
}

Result<std::string> IrProgram::structural_hash() const {
  JAXSMITH_TRY(text, canonical());
  return hash128_hex(text);
}

Status IrProgram::verify() { return program_->verify(); }
Status IrProgram::verify(const EvaluationContext& context) { return program_->verify(context); }

Result<ir::Signature> IrProgram::signature() {
  if (!row().executes)
    return Error::usage(fmt::format("jaxsmith does not execute {}", row().title));
  return program_->signature();
}

Result<std::vector<ir::Datum>> IrProgram::run(std::vector<ir::Datum> arguments,
                                              const EvaluationContext& context) {
  if (!row().executes)
    return Error::usage(fmt::format("jaxsmith does not execute {}", row().title));
  return program_->run(std::move(arguments), context);
}

Result<std::vector<ir::Datum>> IrProgram::run(std::vector<ir::Datum> arguments,
                                              const tensor::Budget& budget) {
  return run(std::move(arguments), EvaluationContext({.budget = budget}));
}

Result<std::unique_ptr<ir::ChangedRuns>> IrProgram::changed_runs(std::vector<ir::Datum> arguments,
                                                                 ir::ChangeArray change,
                                                                 const EvaluationContext& context) {
  return program_->changed_runs(std::move(arguments), std::move(change), context);
}

Status IrProgram::run_checks(const EvaluationContext& context) {
  return program_->run_checks(context);
}
std::int64_t IrProgram::devices() const { return program_->devices(); }
const tensor::EvaluationError& IrProgram::error() const { return program_->error(); }
std::int64_t IrProgram::checks_made() const { return program_->checks_made(); }
std::vector<std::string> IrProgram::failed_checks() const { return program_->failed_checks(); }
std::vector<Array> IrProgram::expected_by_checks() const { return program_->expected_by_checks(); }

std::optional<IrProgram> IrProgram::widened() && {
  auto program = std::move(*program_).widened();
  if (!program) return std::nullopt;
  return IrProgram(level_, text_, std::move(program));
}

Programs read_texts(const level::Texts& texts) {
  Programs out;
  for (const auto& [level, text] : texts)
    if (level::row_of(level).parse) out.emplace(level, IrProgram::parse(level, text));
  return out;
}

}  // namespace jaxsmith::check
