#include "check/derivative.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/hash.h"
#include "base/random.h"
#include "check/reading.h"
#include "tensor/closeness.h"
#include "tensor/convert.h"
#include "tensor/elementwise.h"

namespace jaxsmith::check {

using source::Function;
using tensor::Array;
using tensor::EvaluationContext;

namespace {

using Numbers = std::vector<double>;

// Distance of the outer pair of points, as a part of the arguments' size, and what may differ: of
// the two differences, and of their extrapolation from the derivative, each as a part of the sum of
// all terms' magnitudes.
constexpr double kStep = 1e-4, kSmooth = 1e-5, kTolerance = 1e-4;
// Constants of a text are rounded to its types, those of a derivative by themselves.
constexpr double kConstantUlps = 8;
// Rounding errors of a value, as a part of it.
constexpr double kRounding = 1e-13;

CheckResult result(CheckStatus status, std::string why) {
  return {CheckKind::kDerivative, status, std::move(why)};
}

Numbers numbers_of(const tensor::Tensor& t) {
  Numbers out;
  for (std::int64_t i = 0; i < tensor::element_count(t.shape); ++i)
    out.push_back(tensor::element(t, i).real());
  return out;
}

Numbers numbers_of(const Array& a) {
  return numbers_of(tensor::convert(a, tensor::DType::kF64).tensor());
}

// One program at several points.
class Probe {
 public:
  Probe(const Function& f, IrProgram program) : f_(f), program_(std::move(program)) {}

  Status verify() { return program_.verify(); }

  // Results with the arguments moved by `distance` along their directions.
  std::optional<std::vector<Numbers>> at(const std::vector<Numbers>& directions, double distance) {
    std::vector<ir::Datum> arguments;
    for (std::size_t i = 0; i < f_.inputs[0].size(); ++i) {
      const tensor::Tensor& t = f_.inputs[0][i];
      if (!tensor::is_real(t.dtype)) {
        arguments.emplace_back(tensor::convert(Array::from(EvaluationContext::unmetered(), t),
                                               program_.row().widened_type(t.dtype)));
        continue;
      }
      Numbers moved = numbers_of(t);
      for (std::size_t k = 0; k < moved.size() && !directions[i].empty(); ++k)
        moved[k] += distance * directions[i][k];
      arguments.emplace_back(
          Array::from(EvaluationContext::unmetered(),
                      tensor::tensor_from_doubles(tensor::DType::kF64, t.shape, moved)));
    }
    const auto results = program_.run(std::move(arguments));
    if (!results.ok()) return std::nullopt;
    std::vector<Numbers> out;
    for (const ir::Datum& d : results.value()) {
      out.push_back(numbers_of(d.as_array()));
      for (const double v : out.back())
        if (!std::isfinite(v)) return std::nullopt;
    }
    return out;
  }

 private:
  const Function& f_;
  IrProgram program_;
};

// Of each argument that a derivative is by: its tangent, or numbers as large as the argument is.
std::vector<Numbers> directions_of(const Function& f) {
  std::vector<Numbers> out(f.inputs[0].size());
  for (const source::DerivativeSpec& d : f.derivatives) {
    const tensor::Tensor& t = f.inputs[0][d.argument];
    if (!tensor::is_real(t.dtype)) continue;
    if (d.kind == plan::Differentiation::kTangent) {
      out[d.argument] = numbers_of(f.inputs[0][*d.seed]);
      continue;
    }
    Random random(hash64(f.source), d.argument);
    const Numbers at = numbers_of(t);
    double size = 0;
    for (const double v : at) size += std::abs(v) / static_cast<double>(at.size());
    for (std::size_t i = 0; i < at.size(); ++i)
      out[d.argument].push_back(random.uniform(-1, 1) * std::max(size, 1e-3));
  }
  return out;
}

struct Change {
  Numbers sums, magnitudes;  // of the terms that make up each number
};

// How the value changes along the directions, by the derivatives among the results. Of a cotangent:
// the change of its product with the value.
Change expected_change(const Function& f, const std::vector<Numbers>& results,
                       const std::vector<Numbers>& directions, std::size_t count) {
  Change out{Numbers(count, 0), Numbers(count, 0)};
  for (const source::DerivativeSpec& d : f.derivatives) {
    const Numbers &by = results[d.result], &along = directions[d.argument];
    if (along.empty()) continue;
    for (std::size_t i = 0; i < count; ++i) {
      if (d.kind == plan::Differentiation::kTangent) {
        out.sums[i] = by[i];  // the only one, whatever the number of tangents
        out.magnitudes[i] = std::abs(by[i]);
        continue;
      }
      for (std::size_t k = 0; k < along.size(); ++k) {
        const double term = by[i * along.size() + k] * along[k];
        out.sums[i] += term;
        out.magnitudes[i] += std::abs(term);
      }
    }
  }
  return out;
}

// The value's numbers; with a cotangent its product with them, one number.
Numbers value_of(const Function& f, const std::vector<Numbers>& results) {
  const source::DerivativeSpec& d = f.derivatives.front();
  const Numbers& value = results[d.value];
  if (d.kind != plan::Differentiation::kCotangent) return value;
  const Numbers with = numbers_of(f.inputs[0][*d.seed]);
  double sum = 0;
  for (std::size_t i = 0; i < value.size(); ++i) sum += value[i] * with[i];
  return {sum};
}

CheckResult compare(const Function& f, Probe& probe, double tolerance) {
  const auto directions = directions_of(f);
  const auto here = probe.at(directions, 0);
  std::vector<Numbers> values;
  for (const double distance : {kStep, -kStep, kStep / 2, -kStep / 2}) {
    const auto there = probe.at(directions, distance);
    if (!here || !there) return result(CheckStatus::kNotDone, "it has no finite value nearby");
    values.push_back(value_of(f, *there));
  }
  const Numbers value = value_of(f, *here);
  const Change change = expected_change(f, *here, directions, value.size());
  double size = 0, magnitude = 0;
  for (std::size_t i = 0; i < value.size(); ++i) {
    size = std::max(size, std::abs(value[i]));
    magnitude = std::max(magnitude, change.magnitudes[i]);
  }
  for (std::size_t i = 0; i < value.size(); ++i) {
    const double wide = (values[0][i] - values[1][i]) / (2 * kStep),
                 narrow = (values[2][i] - values[3][i]) / kStep;
    const double scale = std::max({magnitude, std::abs(wide), std::abs(narrow)});
    const double noise = kRounding * size / kStep;
    if (std::abs(wide - narrow) > kSmooth * scale + noise || noise > tolerance * scale)
      return result(CheckStatus::kNotDone, "it is not smooth at the recorded inputs");
    const double found = (4 * narrow - wide) / 3;
    if (std::abs(found - change.sums[i]) > tolerance * scale + noise)
      return result(CheckStatus::kFailed,
                    fmt::format("element {} changes by {} along a direction, its "
                                "derivatives say {}",
                                i, found, change.sums[i]));
  }
  return result(CheckStatus::kPassed, "");
}

}  // namespace

std::optional<CheckResult> check_derivatives(const Function& f, std::optional<IrProgram> program) {
  if (f.derivatives.empty()) return std::nullopt;
  if (f.stops_gradients) return result(CheckStatus::kNotDone, "it stops gradients");
  if (!program) return result(CheckStatus::kNotDone, "it was not read");
  const double rounding = kConstantUlps * tensor::epsilon(least_precise(*program));
  auto widened = std::move(*program).widened();
  if (!widened) return result(CheckStatus::kNotDone, "it was not read");
  Probe probe(f, std::move(*widened));
  if (!probe.verify().ok())
    return result(CheckStatus::kNotDone, "it cannot be carried out in double precision");
  return compare(f, probe, std::max(kTolerance, rounding));
}

}  // namespace jaxsmith::check
