#include "source/inputs.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

#include "base/portable_math.h"
#include "base/random.h"
#include "plan/op.h"
#include "tensor/convert.h"

namespace jaxsmith::source {
namespace {

// Where elements of an argument are drawn in one set: numbers between bounds, truth values by how
// many are true.
struct Where {
  plan::Interval bounds;
  double truth = 0.5;
};

// A part of the bounds for each set, every part once: what a number decides, the branch that is
// taken, the limit that binds, is decided in one case as in another.
plan::Interval part_of(const plan::Interval& whole, std::size_t part, std::size_t parts,
                       bool integral) {
  const double width = (whole.hi - whole.lo + (integral ? 1 : 0)) / static_cast<double>(parts);
  const double lo = whole.lo + static_cast<double>(part) * width, hi = lo + width;
  if (!integral) return {lo, std::min(hi, whole.hi)};
  // Of few numbers each has its turn.
  const double first = std::min(std::floor(lo), whole.hi);
  return {first, std::clamp(std::ceil(hi) - 1, first, whole.hi)};
}

// The first set is drawn from all of the bounds. Arrays that are so in each set are alike in all
// that is said of many elements, means, norms, the largest: further sets also look near either end
// and close to the least magnitude.
Where elsewhere(const plan::Value& v, Random random) {
  const plan::Interval whole{v.stats.lo, v.stats.hi};
  const double third = (whole.hi - whole.lo) / 3;
  switch (random.below(4)) {
    case 0:
      return {{whole.lo, whole.lo + third}, 0.15};
    case 1:
      return {{whole.hi - third, whole.hi}, 0.85};
    case 2: {
      const double least = std::clamp(0.0, whole.lo, whole.hi);
      return {{least + (whole.lo - least) / 10, least + (whole.hi - least) / 10}, 0.3};
    }
    default:
      return {whole};
  }
}

// Of each set.
std::vector<Where> places(const plan::Value& v, std::size_t sets, Random random) {
  const plan::Interval whole{v.stats.lo, v.stats.hi};
  const bool integral = tensor::is_integer(v.type.dtype);
  std::vector<Where> out(sets, Where{whole});
  if (tensor::element_count(v.type.shape) == 1) {
    // However many sets are asked for, so that these are the same.
    std::vector<std::size_t> parts(std::max<std::size_t>(sets, kDrawnCases));
    std::iota(parts.begin(), parts.end(), std::size_t{0});
    random.shuffle(parts);
    for (std::size_t set = 0; set < sets; ++set)
      out[set] = {part_of(whole, parts[set], parts.size(), integral),
                  static_cast<double>(parts[set] % 2)};
    return out;
  }
  for (std::size_t set = 1; set < sets; ++set) {
    out[set] = elsewhere(v, random.fork(fmt::format("set {}", set)));
    plan::Interval& bounds = out[set].bounds;
    if (integral)
      bounds = {std::ceil(bounds.lo), std::max(std::ceil(bounds.lo), std::floor(bounds.hi))};
  }
  return out;
}

tensor::Tensor draw_tensor(const plan::Value& v, const Where& where, Random random) {
  const auto n = static_cast<std::size_t>(tensor::element_count(v.type.shape));
  const tensor::DType dtype = v.type.dtype;
  const auto [lo, hi] = where.bounds;
  std::vector<double> numbers;
  for (std::size_t i = 0; i < n; ++i) {
    if (dtype == tensor::DType::kBool) {
      numbers.push_back(random.chance(where.truth) ? 1 : 0);
    } else if (tensor::is_complex(dtype)) {
      const double radius = random.uniform(lo, hi), angle = random.uniform(0, 2 * std::numbers::pi);
      numbers.push_back(radius * portable::cos(angle));
      numbers.push_back(radius * portable::sin(angle));
    } else if (tensor::is_integer(dtype)) {
      numbers.push_back(static_cast<double>(
          random.between(static_cast<std::int64_t>(lo), static_cast<std::int64_t>(hi))));
    } else {
      numbers.push_back(random.uniform(lo, hi));
    }
  }
  return tensor::tensor_from_doubles(dtype, v.type.shape, numbers);
}

// Masks of a few elements are soon the same, or all alike: one element of a case's mask that would
// show nothing is turned.
void vary(const plan::Value& v, const tensor::Tensor* first, Random random, tensor::Tensor& mask) {
  if (v.type.dtype != tensor::DType::kBool || mask.bytes.size() < 2) return;
  const bool alike = mask.bytes.find_first_not_of(mask.bytes[0]) == mask.bytes.npos;
  if (!alike && (first == nullptr || first->bytes != mask.bytes)) return;
  char& element = mask.bytes[random.below(mask.bytes.size())];
  element = element ? 0 : 1;
}

}  // namespace

std::vector<std::vector<tensor::Tensor>> draw_inputs(const plan::Program& program, int sets) {
  std::vector<std::vector<tensor::Tensor>> out(static_cast<std::size_t>(sets));
  const plan::Body& root = program.bodies[static_cast<std::size_t>(program.root)];
  for (std::size_t i = 0; i < root.parameters.size(); ++i) {
    const plan::Value& v = program.values[static_cast<std::size_t>(root.parameters[i])];
    const std::size_t draw = program.draws.empty() ? i : program.draws[i];
    const Random family(program.seed, program.family);
    const auto where = places(v, out.size(), family.fork(fmt::format("places {}", draw)));
    for (std::size_t set = 0; set < out.size(); ++set) {
      const Random random = family.fork(fmt::format("input {} {}", set, draw));
      tensor::Tensor drawn = draw_tensor(v, where[set], random);
      vary(v, set > 0 ? &out[0][i] : nullptr, random.fork("vary"), drawn);
      out[set].push_back(std::move(drawn));
    }
  }
  return out;
}

void draw_cases(const plan::Program& program, const std::vector<std::size_t>& order, Function& f) {
  // Which operations a case leaves inert is measured of those that run on one device.
  const int sets = f.runtime.devices > 1 ? kInputSets : kDrawnCases;
  f.inputs.clear();
  for (std::vector<tensor::Tensor>& drawn : draw_inputs(program, sets)) {
    std::vector<tensor::Tensor> leaves;
    for (const std::size_t i : order) leaves.push_back(std::move(drawn[i]));
    f.inputs.push_back(std::move(leaves));
  }
  for (std::size_t set = 1; set < f.inputs.size() && sets == kDrawnCases; ++set)
    f.cases.push_back(set);
}

}  // namespace jaxsmith::source
