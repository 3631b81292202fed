#include "source/inputs.h"

#include <fmt/format.h>

#include <cmath>
#include <numbers>

#include "base/portable_math.h"
#include "base/random.h"
#include "tensor/convert.h"

namespace jaxsmith::source {
namespace {

tensor::Tensor draw_tensor(const plan::Value& v, Random random) {
  const auto n = static_cast<std::size_t>(tensor::element_count(v.type.shape));
  const tensor::DType dtype = v.type.dtype;
  std::vector<double> numbers;
  for (std::size_t i = 0; i < n; ++i) {
    if (dtype == tensor::DType::kBool) {
      numbers.push_back(random.chance(0.5) ? 1 : 0);
    } else if (tensor::is_complex(dtype)) {
      const double radius = random.uniform(v.stats.lo, v.stats.hi),
                   angle = random.uniform(0, 2 * std::numbers::pi);
      numbers.push_back(radius * portable::cos(angle));
      numbers.push_back(radius * portable::sin(angle));
    } else if (tensor::is_integer(dtype)) {
      numbers.push_back(static_cast<double>(random.between(static_cast<std::int64_t>(v.stats.lo),
                                                           static_cast<std::int64_t>(v.stats.hi))));
    } else {
      numbers.push_back(random.uniform(v.stats.lo, v.stats.hi));
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
  for (int set = 0; set < sets; ++set) {
    for (std::size_t i = 0; i < root.parameters.size(); ++i) {
      const plan::Value& v = program.values[static_cast<std::size_t>(root.parameters[i])];
      const std::size_t draw = program.draws.empty() ? i : program.draws[i];
      const Random random =
          Random(program.seed, program.family).fork(fmt::format("input {} {}", set, draw));
      tensor::Tensor drawn = draw_tensor(v, random);
      vary(v, set > 0 ? &out[0][i] : nullptr, random.fork("vary"), drawn);
      out[static_cast<std::size_t>(set)].push_back(std::move(drawn));
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
