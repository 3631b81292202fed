#include "check/reading.h"

#include <fmt/format.h>

#include <algorithm>

#include "tensor/equivalent.h"
#include "tensor/movement.h"
#include "tensor/rounding_noise.h"

namespace jaxsmith {
namespace {

// The word behind a mark, where the mark is.
std::string word_after(std::string_view text, std::string_view mark) {
  const std::size_t at = text.find(mark);
  if (at == std::string_view::npos) return "";
  const std::string_view rest = text.substr(at + mark.size());
  return std::string(rest.substr(0, rest.find_first_of(" \n,:")));
}

using Results = std::vector<ir::Datum>;

void compare_outputs(const IrProgram& program, const Results& found, const ExecutionCase& c,
                     const std::vector<Results>& nudged, const std::vector<Results>& noisy,
                     bool ambiguous, Reading& out) {
  constexpr double kMostForNudges = 1e-3;  // of a program whose results are not unique
  out.agrees = found.size() == c.outputs.size();
  out.reason =
      out.agrees ? "" : fmt::format("it gives {} results, not {}", found.size(), c.outputs.size());
  Tolerance tolerance = c.tolerance(program.level(), program.text());
  if (ambiguous) tolerance.most_for_nudges = kMostForNudges;
  for (std::size_t i = 0; i < found.size() && out.agrees; ++i) {
    const Array expected = Array::from(c.outputs[i]);
    const auto whole = [&](const std::vector<Results>& runs) {
      std::vector<Array> all;
      for (const Results& each : runs) all.push_back(whole_result(each[i], expected.shape()));
      return all;
    };
    const std::vector<Array> moved = whole(nudged), rounded = whole(noisy);
    tolerance.nudged = moved;
    tolerance.noisy = rounded;
    const Closeness close =
        compare_results(whole_result(found[i], expected.shape()), expected, tolerance);
    out.worst = std::max(out.worst, close.worst);
    if (close.same) continue;
    out.agrees = false;
    out.reason = fmt::format("result {}: {}", i, close.difference);
  }
}

constexpr std::uint64_t kRuns = 3;

// The results from inputs that differ in their last bits.
std::vector<Results> run_nudged(IrProgram& program, const ExecutionCase& c, const Budget& budget) {
  std::vector<Results> out;
  for (std::uint64_t seed = 1; seed <= kRuns; ++seed) {
    Results arguments = c.arguments(program.level());
    for (ir::Datum& d : arguments) d = nudge(d.as_array(), seed);
    auto results = program.run(std::move(arguments), budget);
    if (results.ok()) out.push_back(std::move(results).value());
  }
  return out;
}

// The results of operations that round otherwise.
std::vector<Results> run_noisy(IrProgram& program, const ExecutionCase& c, const Budget& budget) {
  std::vector<Results> out;
  for (std::uint64_t seed = 1; seed <= kRuns; ++seed) {
    const RoundingNoise noise(seed);
    auto results = program.run(c.arguments(program.level()), budget);
    if (results.ok()) out.push_back(std::move(results).value());
  }
  return out;
}

}  // namespace

Array whole_result(const ir::Datum& parts, const Shape& shape) {
  if (parts.kind != ir::Datum::Kind::kTuple) return parts.as_array();
  const Shape& part = parts.parts.at(0).as_array().shape();
  Array out(parts.parts[0].array.dtype(), shape);
  std::int64_t pieces = 1;
  for (std::size_t d = 0; d < shape.size() && part.size() == shape.size(); ++d)
    pieces *= part[d] > 0 ? shape[d] / part[d] : 1;
  if (part.size() != shape.size() || pieces != static_cast<std::int64_t>(parts.parts.size()))
    return parts.parts[0].array;
  for (std::size_t i = 0; i < parts.parts.size(); ++i) {
    std::vector<Array> starts(shape.size());
    auto rest = static_cast<std::int64_t>(i);
    for (std::size_t d = shape.size(); d-- > 0;) {
      const std::int64_t n = part[d] > 0 ? shape[d] / part[d] : 1;
      starts[d] = Array::scalar_int(DType::kI64, rest % n * part[d]);
      rest /= n;
    }
    out = dynamic_update_slice(out, parts.parts[i].as_array(), starts);
  }
  return out;
}

DType least_precise(std::string_view text) {
  constexpr std::pair<std::string_view, DType> kTypes[] = {{"f8", DType::kF8E4M3FN},
                                                           {"bf16", DType::kBF16},
                                                           {"f16", DType::kF16},
                                                           {"f32", DType::kF32},
                                                           {"c64", DType::kC64}};
  const auto letter = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '_';
  };
  for (const auto& [name, dtype] : kTypes)
    for (std::size_t at = text.find(name); at != std::string_view::npos;
         at = text.find(name, at + 1)) {
      const char before = at > 0 ? text[at - 1] : ' ';
      const std::size_t end = at + name.size();
      // In MLIR's tensor<2xf16> an x stands before it; f8 has many endings.
      const bool starts = !letter(before) ||
                          (before == 'x' && at > 1 && text[at - 2] >= '0' && text[at - 2] <= '9');
      if (starts && (end >= text.size() || !letter(text[end]) || name == "f8")) return dtype;
    }
  return DType::kF64;
}

std::map<std::string, DType> precisions_of(const std::map<std::string, std::string>& levels) {
  std::map<std::string, DType> out;
  for (const auto& [level, text] : levels)
    if (const auto other = levels.find(level == "jaxpr" ? "stablehlo" : "jaxpr");
        other != levels.end())
      out[level] = least_precise(other->second);
  return out;
}

Tolerance ExecutionCase::tolerance(const std::string& level, std::string_view text) const {
  double depth = static_cast<double>(equations);
  for (const Tensor& t : inputs)
    depth = std::max(depth, static_cast<double>(element_count(t.shape)));
  const auto known = precisions.find(level);
  const DType precision = known != precisions.end() ? known->second : least_precise(text);
  return {.depth = depth, .least_precise = precision, .nudged = {}, .noisy = {}};
}

std::vector<ir::Datum> ExecutionCase::arguments(const std::string& level) const {
  std::vector<ir::Datum> out;
  if (level == "jaxpr") {
    for (const Tensor& t : constants) out.emplace_back(Array::from(t));
    for (const Tensor& t : inputs) out.emplace_back(Array::from(t));
  } else {
    for (const std::int64_t i : kept)
      if (i >= 0 && i < static_cast<std::int64_t>(inputs.size()))
        out.emplace_back(Array::from(inputs[static_cast<std::size_t>(i)]));
  }
  return out;
}

Result<std::vector<ir::Datum>> execute_case(IrProgram& program, const ExecutionCase& recorded,
                                            const Budget& budget, Reading& out) {
  const std::int64_t operations = ambiguous_operations();
  auto results = program.run(recorded.arguments(program.level()), budget);
  if (!results.ok()) {
    out.reason = results.error().message;
    return results;
  }
  out.executed = true;
  const bool ambiguous = ambiguous_operations() != operations;
  compare_outputs(program, results.value(), recorded, {}, {}, ambiguous, out);
  std::optional<ExpectedResults> scope;
  if (!out.agrees && ambiguous) {
    std::vector<Array> expected;
    for (const Tensor& t : recorded.outputs) expected.push_back(Array::from(t));
    scope.emplace(std::move(expected));
    auto again = program.run(recorded.arguments(program.level()), budget);
    if (again.ok()) {
      results = std::move(again);
      compare_outputs(program, results.value(), recorded, {}, {}, ambiguous, out);
    }
  }
  if (out.agrees || results.value().size() != recorded.outputs.size()) return results;
  const auto nudged = run_nudged(program, recorded, budget);
  compare_outputs(program, results.value(), recorded, nudged, {}, ambiguous, out);
  if (!out.agrees)
    compare_outputs(program, results.value(), recorded, nudged,
                    run_noisy(program, recorded, budget), ambiguous, out);
  return results;
}

Reading read_text(const std::string& level, const std::string& text, const ExecutionCase* recorded,
                  const Budget& budget, const std::string& file) {
  Reading out;
  auto parsed = IrProgram::parse(level, text, file);
  if (!parsed.ok()) {
    out.reason = parsed.error().message;
    return out;
  }
  IrProgram& program = parsed.value();
  out.parsed = true;
  out.printed_back = program.print() == text;
  const auto failed = [&](const Error& error) {
    out.reason = error.message;
    if (program.error_kind() == EvaluationError::Kind::kUnsupported) {
      out.unknown = word_after(out.reason, "operation ");
      if (out.unknown.empty()) out.unknown = word_after(out.reason, "custom call ");
      if (out.unknown.empty()) out.unknown = "something else";
    }
    return out;
  };
  if (const Status verified = program.verify(); !verified.ok()) return failed(verified.error());
  out.verified = true;
  if (!recorded) return out;
  const auto results = execute_case(program, *recorded, budget, out);
  return results.ok() ? out : failed(results.error());
}

std::vector<CheckResult> reading_checks(const std::map<std::string, std::string>& levels,
                                        const ExecutionCase* recorded,
                                        const std::string& without_case) {
  std::vector<CheckResult> out;
  for (const std::string_view name : level_names()) {
    const auto found = levels.find(std::string(name));
    if (found == levels.end()) continue;
    const auto& [level, text] = *found;
    const Reading r = read_text(level, text, recorded);
    // Of a reason of several lines the first says what; the others show the place in the text.
    const std::string why = r.reason.substr(0, r.reason.find('\n'));
    const std::string read = "read:" + level, execute = "execute:" + level;
    if (!r.printed_back)
      out.push_back({read, "failed", r.parsed ? "it is printed back differently" : why});
    else if (!r.verified)
      out.push_back({read, r.unknown.empty() ? "failed" : "not done", why});
    else
      out.push_back({read, "passed", ""});
    if (!r.verified || !r.printed_back)
      out.push_back({execute, "not done", "it was not read"});
    else if (!recorded)
      out.push_back({execute, "not done", without_case});
    else if (!r.unknown.empty())
      out.push_back({execute, "not done", why});
    else
      out.push_back({execute, r.agrees ? "passed" : "failed", r.agrees ? "" : why});
  }
  return out;
}

}  // namespace jaxsmith
