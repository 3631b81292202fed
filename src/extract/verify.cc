#include "extract/verify.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/hash.h"
#include "base/random.h"
#include "check/check.h"
#include "check/reading.h"
#include "check/redo.h"
#include "check/relevance.h"
#include "tensor/array.h"
#include "tensor/convert.h"
#include "tensor/random_key.h"
#include "tensor/sizes.h"

namespace jaxsmith::extract {

using check::CheckKind;
using check::CheckResult;
using source::ArgumentSpec;
using source::Function;
using tensor::Tensor;
using trace::Outcome;

namespace {

// Rows and workers hold no more than this of a function's inputs.
constexpr std::int64_t kMostInputBytes = std::int64_t{64} << 20;
constexpr std::int64_t kMostCaseBytes = std::int64_t{16} << 20;
constexpr double kFunctionSeconds = 20;

trace::TracerOptions tracer_options(const backend::Backend& backend,
                                    const trace::Installation& installation) {
  trace::TracerOptions options;
  options.worker = backend.worker();
  options.python = installation.python;
  options.python_path = installation.python_path;
  options.allocator = installation.allocator;
  options.function_seconds = kFunctionSeconds;
  return options;
}

// The array that stands for an argument at run time: of a key its words. Nothing where there is no
// such array (tokens, references, symbolic sizes).
std::optional<ArgumentSpec> array_of(const ArgumentSpec& spec) {
  ArgumentSpec out = spec;
  for (std::int64_t size : spec.shape) {
    if (size < 0) return std::nullopt;
  }
  if (spec.written.empty()) return out;
  const auto key = tensor::key_kind_of(spec.written);
  if (!key) return std::nullopt;
  out.shape.push_back(tensor::words_per_key(*key));
  return out;
}

Tensor draw(const ArgumentSpec& spec, Random random) {
  const auto count = static_cast<std::size_t>(tensor::element_count(spec.shape));
  std::vector<double> numbers(count * (tensor::is_complex(spec.dtype) ? 2 : 1));
  for (double& v : numbers) {
    if (spec.dtype == tensor::DType::kBool) {
      v = random.chance(0.5);
    } else if (tensor::is_narrow(spec.dtype) && tensor::is_integer(spec.dtype)) {
      v = static_cast<double>(random.below(2));
    } else if (tensor::is_integer(spec.dtype)) {
      v = static_cast<double>(random.below(8));  // does as an index and as a size
    } else {
      // A sum of uniform numbers, near the standard normal distribution.
      for (int i = 0; i < 3; ++i) v += random.uniform(-1, 1);
    }
  }
  return tensor::tensor_from_doubles(spec.dtype, spec.shape, numbers);
}

// The text that inputs are drawn from and that stands for the structure of what has no jaxpr.
std::string identity_of(const Record& record, level::Level structure) {
  const auto& levels = record.outcome.levels;
  const auto found = levels.find(structure);
  if (found != levels.end()) return found->second;
  return levels.empty() ? record.function.source : levels.begin()->second;
}

// Fills the sets of inputs that are not recorded. The reason where that cannot be done.
std::string complete_inputs(Record& record, level::Level structure) {
  Function& f = record.function;
  std::vector<ArgumentSpec> specs;
  std::int64_t bytes = 0;
  bool counted = true;  // bytes is their number
  for (const ArgumentSpec& argument : f.arguments) {
    const auto spec = array_of(argument);
    if (!spec)
      return fmt::format("no values can be made up for {} of type {}", argument.name,
                         source::dtype_text(argument));
    const auto size = tensor::byte_count(spec->dtype, spec->shape);
    if (const auto why = tensor::why_no_array({spec->dtype, spec->shape, {}}); size && why)
      return fmt::format("no values can be made up for {}: {}", argument.name, *why);
    counted = counted && size && !__builtin_add_overflow(bytes, *size, &bytes);
    specs.push_back(*spec);
  }
  if (!counted) return fmt::format("its arguments take more than {} MB", kMostInputBytes >> 20);
  if (bytes > kMostInputBytes)
    return fmt::format("its arguments take {} MB, more than {}", bytes >> 20,
                       kMostInputBytes >> 20);
  const std::uint64_t seed = hash64(identity_of(record, structure));
  for (int set = record.has_case ? 1 : 0; set < source::kInputSets; ++set) {
    auto& inputs = f.inputs[static_cast<std::size_t>(set)];
    inputs.clear();
    for (std::size_t i = 0; i < specs.size(); ++i)
      inputs.push_back(
          draw(specs[i], Random(seed, i * source::kInputSets + static_cast<std::size_t>(set))));
  }
  return "";
}

CheckResult verdict(CheckKind kind, bool passed, std::string why) {
  if (passed) return {kind, check::CheckStatus::kPassed};
  return {kind, check::CheckStatus::kFailed, std::move(why)};
}

// Those that a run of the texts goes through, in their order.
constexpr CheckKind kRunChecks[] = {CheckKind::kParse,  CheckKind::kRun,       CheckKind::kRepeat,
                                    CheckKind::kFinite, CheckKind::kArguments, CheckKind::kStable};

// From one of these on, none was done.
void not_done(std::vector<CheckResult>& out, CheckKind from, const std::string& why) {
  const auto* first = std::find(std::begin(kRunChecks), std::end(kRunChecks), from);
  for (; first != std::end(kRunChecks); ++first)
    out.push_back({*first, check::CheckStatus::kNotDone, why});
}

std::string ignored_arguments(const Function& f, const Outcome& run) {
  std::string out;
  for (std::size_t i = 0; i < run.argument_matters.size() && i < f.arguments.size(); ++i) {
    if (run.argument_matters[i]) continue;
    out += (out.empty() ? "" : ", ") +
           (f.arguments[i].name.empty() ? fmt::format("argument {}", i) : f.arguments[i].name);
  }
  return out;
}

// A user's function may well give NaNs and infinities: these agree with their like.
bool same_numbers(const Tensor& found, const Tensor& expected, double tolerance) {
  if (found.dtype != expected.dtype || found.shape != expected.shape) return false;
  if (found.bytes == expected.bytes) return true;
  if (!tensor::is_inexact(expected.dtype)) return false;
  const std::int64_t n = tensor::element_count(expected.shape);
  double scale = 0;
  for (std::int64_t i = 0; i < n; ++i) {
    const double size = std::abs(tensor::element(expected, i));
    if (std::isfinite(size)) scale = std::max(scale, size);
  }
  const auto part_agrees = [&](double a, double b) {
    if (std::isnan(b)) return std::isnan(a);
    return a == b || std::abs(a - b) <= tolerance * scale;
  };
  for (std::int64_t i = 0; i < n; ++i) {
    const auto a = tensor::element(found, i), b = tensor::element(expected, i);
    if (!part_agrees(a.real(), b.real()) || !part_agrees(a.imag(), b.imag())) return false;
  }
  return true;
}

bool agrees(const Record& record, const Outcome& run) {
  const auto& expected = record.outcome.outputs;
  if (expected.size() != run.outputs.size()) return false;
  double coarsest = 0;
  for (const Tensor& t : expected) coarsest = std::max(coarsest, check::output_tolerance(t.dtype));
  for (const ArgumentSpec& a : record.function.arguments)
    coarsest = std::max(coarsest, check::output_tolerance(a.dtype));
  for (std::size_t i = 0; i < expected.size(); ++i) {
    if (!same_numbers(run.outputs[i], expected[i], coarsest)) return false;
  }
  return true;
}

// What could not be made. A level has a check of its own: those that follow are of texts that are
// there.
std::vector<CheckResult> missing_parts(const Record& record) {
  std::vector<CheckResult> out;
  for (const auto& [name, why] : record.missing)
    if (const auto part = part_of(name))
      out.push_back({part->check, check::CheckStatus::kFailed, why, part->level});
  return out;
}

// What the run of the texts says, in the order in which a function is put to the checks.
std::vector<CheckResult> checks_of(const Record& record, const Outcome& run,
                                   const std::string& obstacle, level::Level structure) {
  const Function& f = record.function;
  std::vector<CheckResult> out;
  const auto texts = check::check_texts(record.outcome, structure);
  out.push_back(verdict(CheckKind::kTexts, !texts, texts ? texts->detail : ""));
  const auto stop = [&](CheckKind from, const std::string& reason) {
    not_done(out, from, reason);
    return out;
  };
  if (f.texts.empty()) return stop(CheckKind::kParse, "the levels that it needs were not made");
  const std::string why = run.ok ? "" : run.refusal.reason + ": " + run.refusal.detail;
  const bool parsed = run.ok || run.refusal.stage != trace::Stage::kParse;
  out.push_back(verdict(CheckKind::kParse, parsed, why));
  if (!parsed) return stop(CheckKind::kRun, "it does not parse");
  if (!obstacle.empty()) return stop(CheckKind::kRun, obstacle);
  const bool ran = run.ok || run.refusal.stage == trace::Stage::kRepeat;
  out.push_back(verdict(CheckKind::kRun, ran, why));
  if (!ran) return stop(CheckKind::kRepeat, "it does not run");
  out.push_back(verdict(CheckKind::kRepeat, run.ok, why));
  if (!run.ok) return stop(CheckKind::kFinite, "two runs differ");
  const bool finite = std::all_of(run.outputs.begin(), run.outputs.end(), check::all_finite);
  out.push_back(verdict(CheckKind::kFinite, finite, "an output holds a NaN or an infinity"));
  const std::string ignored = ignored_arguments(f, run);
  out.push_back(
      verdict(CheckKind::kArguments, ignored.empty(), "these change no output: " + ignored));
  out.push_back(
      verdict(CheckKind::kStable, run.stable, "outputs hang on the last bits of the inputs"));
  if (record.has_case)
    out.push_back(verdict(CheckKind::kCase, agrees(record, run),
                          "the text, run by itself, gives other outputs than the function did"));
  return out;
}

std::int64_t bytes_of(const std::vector<Tensor>& tensors) {
  std::int64_t out = 0;
  for (const Tensor& t : tensors) out += static_cast<std::int64_t>(t.bytes.size());
  return out;
}

// The case of a row that came with none is that of the run, where it is small enough to keep.
void keep_case(Record& record, Outcome& run) {
  auto& inputs = record.function.inputs[0];
  if (!record.has_case) record.outcome.outputs = std::move(run.outputs);
  if ((run.ok || record.has_case) && !record.outcome.outputs.empty() &&
      bytes_of(inputs) + bytes_of(record.outcome.outputs) <= kMostCaseBytes)
    return;
  inputs.clear();
  record.outcome.outputs.clear();
}

check::Sample to_sample(Record record, Outcome run, const std::string& obstacle,
                        level::Level structure_level) {
  check::Sample s;
  s.checks = missing_parts(record);
  const auto results = checks_of(record, run, obstacle, structure_level);
  s.checks.insert(s.checks.end(), results.begin(), results.end());
  keep_case(record, run);
  record.outcome.argument_matters = run.argument_matters;
  record.outcome.stable = run.stable;
  check::Programs programs = check::read_texts(record.outcome.levels);
  s.op_counts = check::count_operations(programs);
  const auto structure = check::structure_of(programs, structure_level);
  const std::string why = structure.ok() ? "" : structure.error().message;
  if (record.outcome.levels.contains(structure_level))
    s.checks.push_back(verdict(CheckKind::kStructure, structure.ok(), why));
  else
    s.checks.push_back(
        {CheckKind::kStructure, check::CheckStatus::kNotDone, "its text is missing"});
  const std::string whole = identity_of(record, structure_level);
  s.structure = hash128_hex(structure.ok() ? structure.value().structure : whole);
  s.signature = hash128_hex(structure.ok() ? structure.value().signature : whole);
  s.kinship = check::kinship_of(programs, structure_level, s.structure);
  const Function& f = record.function;
  s.sizes = check::sizes_of(structure.ok() ? &structure.value() : nullptr, f.source);
  s.difficulty = check::difficulty_of(s.sizes);
  check::ExecutionCase recorded{record.outcome.constants, f.inputs[0],
                                record.outcome.outputs,   {f.kept.begin(), f.kept.end()},
                                s.sizes.equations,        check::precisions_of(programs)};
  const check::ExecutionCase* own_case = recorded.outputs.empty() ? nullptr : &recorded;
  const auto readings = check::reading_checks(programs, own_case, "the row has no case");
  s.inert = check::inert_share(programs, own_case, f.runtime.devices);
  s.checks.insert(s.checks.end(), readings.begin(), readings.end());
  s.function = std::move(record.function);
  s.outcome = std::move(record.outcome);
  return s;
}

}  // namespace

Verifier::Verifier(const backend::Backend& backend, const trace::Installation& installation)
    : tracer_(tracer_options(backend, installation)),
      structure_level_(backend.worker().structure_level) {}

Result<std::vector<check::Sample>> Verifier::verify(std::vector<Record> records,
                                                    const std::atomic<bool>& cancel) {
  std::vector<Function> functions;
  std::vector<std::size_t> positions;
  std::vector<std::string> obstacles(records.size());
  for (std::size_t i = 0; i < records.size(); ++i) {
    Function& f = records[i].function;
    f.key = {0, next_++, 0};
    obstacles[i] = complete_inputs(records[i], structure_level_);
    if (!records[i].bound.empty()) obstacles[i] = records[i].bound;
    const auto& levels = records[i].outcome.levels;
    if (!levels.contains(level::run_level())) continue;
    for (const auto& [level, text] : levels)
      if (level::row_of(level).official_parser) f.texts[level] = text;
    f.runs = obstacles[i].empty();
    functions.push_back(f);
    if (!f.runs) {
      for (auto& set : functions.back().inputs) set.clear();
    }
    positions.push_back(i);
  }
  std::vector<Outcome> runs(records.size());
  if (!functions.empty()) {
    JAXSMITH_TRY(outcomes, tracer_.trace(chunk_++, functions, trace::Route::kText, cancel));
    for (std::size_t i = 0; i < positions.size(); ++i) runs[positions[i]] = std::move(outcomes[i]);
  }
  std::vector<check::Sample> samples;
  for (std::size_t i = 0; i < records.size(); ++i)
    samples.push_back(
        to_sample(std::move(records[i]), std::move(runs[i]), obstacles[i], structure_level_));
  return samples;
}

}  // namespace jaxsmith::extract
