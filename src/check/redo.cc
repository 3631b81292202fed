#include "check/redo.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "check/check.h"
#include "tensor/convert.h"

namespace jaxsmith::check {

using tensor::DType;
using Tensors = std::vector<tensor::Tensor>;
using trace::Outcome;
using trace::Reason;

namespace {

trace::Refusal refused(std::string reason, std::string detail) {
  return {trace::Stage::kRedo, std::move(reason), std::move(detail)};
}

trace::Refusal refused(Reason reason, std::string detail) {
  return {trace::Stage::kRedo, reason, std::move(detail)};
}

bool agree(const tensor::Tensor& x, const tensor::Tensor& y, double tolerance) {
  if (x.dtype != y.dtype || x.shape != y.shape) return false;
  if (!tensor::is_inexact(x.dtype)) return x.bytes == y.bytes;
  const std::int64_t n = tensor::element_count(x.shape);
  double scale = 0;
  for (std::int64_t i = 0; i < n; ++i) scale = std::max(scale, std::abs(tensor::element(y, i)));
  if (!std::isfinite(scale)) return false;  // else any difference would be small beside it
  for (std::int64_t i = 0; i < n; ++i) {
    // Written so that a NaN on one side is a difference.
    if (!(std::abs(tensor::element(x, i) - tensor::element(y, i)) <= tolerance * scale))
      return false;
  }
  return true;
}

template <typename T>
bool same(const std::map<level::Level, T>& all, level::Level level, const T& expected) {
  const auto found = all.find(level);
  return found != all.end() && found->second == expected;
}

// Texts, and where their lines come from.
std::optional<trace::Refusal> compare_texts(const Outcome& chunk, const Outcome& plain) {
  for (const auto& [level, text] : chunk.levels) {
    if (!same(plain.levels, level, text))
      return refused(fmt::format("text:{}", level::name_of(level)),
                     "the plain route gives another text");
  }
  for (const auto& [level, spans] : chunk.spans) {
    if (!same(plain.spans, level, spans))
      return refused(fmt::format("spans:{}", level::name_of(level)),
                     "the plain route aligns the text differently");
  }
  if (chunk.levels.size() != plain.levels.size() || chunk.spans.size() != plain.spans.size())
    return refused(Reason::kLevels, "the plain route gives more levels");
  return std::nullopt;
}

std::optional<trace::Refusal> compare_outputs(const source::Function& function,
                                              const Outcome& chunk, const Outcome& plain) {
  double coarsest = 0;
  for (const source::ArgumentSpec& a : function.arguments)
    coarsest = std::max(coarsest, output_tolerance(a.dtype));
  for (const tensor::Tensor& t : plain.outputs)
    coarsest = std::max(coarsest, output_tolerance(t.dtype));
  const auto all_agree = [&](const Tensors& x, const Tensors& y) {
    return std::ranges::equal(x, y, [&](const tensor::Tensor& a, const tensor::Tensor& b) {
      return agree(a, b, coarsest);
    });
  };
  // A route that finds nothing to record on these inputs does not agree with one that does.
  bool same = plain.recorded == chunk.recorded && all_agree(chunk.outputs, plain.outputs);
  for (const trace::CaseOutputs& each : chunk.cases) {
    const auto other = std::ranges::find(plain.cases, each.set, &trace::CaseOutputs::set);
    // With numbers that are none it is no case.
    if (other == plain.cases.end() || !std::ranges::all_of(each.outputs, all_finite)) continue;
    same = same && all_agree(each.outputs, other->outputs);
  }
  if (same) return std::nullopt;
  return refused(
      Reason::kOutputs,
      fmt::format("outputs of the plain route differ by more than {:g} of the largest", coarsest));
}

}  // namespace

double output_tolerance(DType dtype) {
  switch (dtype) {
    case DType::kF16:
      return 3e-2;
    case DType::kBF16:
      return 1e-1;
    case DType::kF32:
    case DType::kC64:
      return 1e-3;
    case DType::kF64:
    case DType::kC128:
      return 1e-8;
    default:
      // A step of the narrow types is a large part of a number.
      return tensor::is_narrow(dtype) && tensor::is_real(dtype) ? 0.5 : 0;
  }
}

std::optional<trace::Refusal> compare_redo(const source::Function& function, const Outcome& chunk,
                                           const Outcome& plain) {
  if (!plain.ok)
    return refused(plain.refusal.reason, "the plain route refuses: " + plain.refusal.detail);
  if (auto difference = compare_texts(chunk, plain)) return difference;
  if (chunk.constants != plain.constants)
    return refused(Reason::kConstants, "the plain route captures other constants");
  if (chunk.result_paths != plain.result_paths)
    return refused(Reason::kResultPaths, "the plain route names the results differently");
  if (chunk.flops != plain.flops || chunk.bytes_accessed != plain.bytes_accessed) {
    return refused(
        Reason::kFlops,
        fmt::format("{:g} FLOPs and {:g} bytes, {:g} and {:g} by the plain route", chunk.flops,
                    chunk.bytes_accessed, plain.flops, plain.bytes_accessed));
  }
  return compare_outputs(function, chunk, plain);
}

}  // namespace jaxsmith::check
