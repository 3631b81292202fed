#include "jaxsmith/ir.h"

#include <fmt/format.h>

#include <optional>

#include "api/arrays.h"
#include "check/program.h"

namespace jaxsmith {

struct IrModule::Parts {
  check::IrProgram program;
};

IrModule::IrModule(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
IrModule::IrModule(IrModule&&) noexcept = default;
IrModule& IrModule::operator=(IrModule&&) noexcept = default;
IrModule::~IrModule() = default;

Result<IrModule> IrModule::parse(std::string text, const IrReadOptions& options) {
  std::optional<level::Level> level;
  if (options.level.empty()) {
    level = level::level_of_text(text, options.file);
    if (!level)
      return Error::usage(fmt::format("{}this is no {} by its first words: say which level it is",
                                      options.file.empty() ? "" : options.file + ": ",
                                      level::kinds_of_text()));
  } else {
    JAXSMITH_TRY(named,
                 level::level_named(options.level, options.file.empty() ? "ir" : options.file));
    level = named;
  }
  JAXSMITH_TRY(program, check::IrProgram::parse(*level, std::move(text), options.file));
  return IrModule(std::make_unique<Parts>(Parts{std::move(program)}));
}

std::string IrModule::level() const { return std::string(level::name_of(parts_->program.level())); }
std::string IrModule::print() const { return parts_->program.print(); }
Result<std::string> IrModule::canonical() const { return parts_->program.canonical(); }
Result<std::string> IrModule::structural_hash() const { return parts_->program.structural_hash(); }
Status IrModule::verify() { return parts_->program.verify(); }

Result<IrSignature> IrModule::signature() {
  JAXSMITH_CHECK(verify());
  JAXSMITH_TRY(signature, parts_->program.signature());
  IrSignature out;
  for (const ir::Datum& d : signature.arguments) out.arguments.push_back(ir::aval_text(d));
  for (const ir::Datum& d : signature.results) out.results.push_back(ir::aval_text(d));
  return out;
}

Result<std::vector<HostArray>> IrModule::run(const std::vector<HostArray>& inputs,
                                             const IrLimits& limits) {
  JAXSMITH_CHECK(verify());
  JAXSMITH_TRY(tensors, api::tensors_of(inputs));
  std::vector<ir::Datum> arguments;
  for (const tensor::Tensor& tensor : tensors)
    arguments.emplace_back(tensor::Array::from(tensor::EvaluationContext::unmetered(), tensor));
  JAXSMITH_TRY(results, parts_->program.run(std::move(arguments), api::budget_of(limits)));
  std::vector<HostArray> out;
  for (const ir::Datum& d : results) {
    if (d.kind == ir::Datum::Kind::kArray) out.push_back(api::host_array(d.array.tensor()));
    for (const ir::Datum& part : d.parts)
      if (part.kind == ir::Datum::Kind::kArray) out.push_back(api::host_array(part.array.tensor()));
  }
  return out;
}

IrFailure IrModule::failure() const {
  switch (parts_->program.error_kind()) {
    case tensor::EvaluationError::Kind::kUnsupported:
      return IrFailure::kUnsupported;
    case tensor::EvaluationError::Kind::kBudget:
      return IrFailure::kLimit;
    case tensor::EvaluationError::Kind::kInvalid:
      break;
  }
  return IrFailure::kInvalid;
}

}  // namespace jaxsmith
