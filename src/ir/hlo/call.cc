// What a rule asks of its instruction.
#include <fmt/format.h>

#include "ir/hlo/evaluator.h"

namespace jaxsmith::hlo {

Call::Call(Evaluator& evaluator, const Computation& computation, std::int32_t instruction,
           std::span<Datum> values, bool lifted)
    : evaluator_(evaluator),
      computation_(computation),
      op_(computation.instructions[static_cast<std::size_t>(instruction)]),
      values_(values),
      lifted_(lifted) {}

bool Call::abstract() const { return evaluator_.abstract_; }
const tensor::EvaluationContext& Call::context() const { return evaluator_.context_; }

const Datum& Call::datum(std::size_t i) const {
  if (i >= size()) invalid(fmt::format("{} has {} operands, more are wanted", op_.opcode, size()));
  return values_[static_cast<std::size_t>(op_.operands[i])];
}

const Shape& Call::operand_shape(std::size_t i) const {
  datum(i);  // there has to be one
  return computation_.instructions[static_cast<std::size_t>(op_.operands[i])].shape;
}

DType Call::result_dtype() const {
  if (op_.shape.absent()) invalid("its type has to be written");
  if (!op_.shape.array()) invalid(fmt::format("the result of {} is an array", op_.opcode));
  const auto dtype = dtype_named(op_.shape.element);
  if (!dtype) tensor::unsupported(fmt::format("arrays of {}", op_.shape.element));
  return *dtype;
}

const std::vector<std::int64_t>& Call::result_dims() const {
  result_dtype();
  if (!op_.shape.dynamic.empty()) tensor::unsupported("results whose dimensions are not known");
  return op_.shape.dims;
}

std::vector<Array> Call::result_types() const {
  const Datum type = abstract_of(op_.shape);
  if (type.kind != Datum::Kind::kTuple) return {type.as_array()};
  std::vector<Array> out;
  for (const Datum& part : type.parts) out.push_back(part.as_array());
  return out;
}

tensor::Window Call::window() const {
  const AttributeValue* a = attribute("window");
  const auto dims = a ? a->as_window() : std::vector<WindowDim>();
  if (!dims) invalid("attribute window is no window");
  tensor::Window w = tensor::Window::of(Ints(dims->size(), 1));
  w.reversed.clear();
  for (std::size_t d = 0; d < dims->size(); ++d) {
    const WindowDim& dim = (*dims)[d];
    w.size[d] = dim.size;
    w.stride[d] = dim.stride;
    w.low[d] = dim.pad_low;
    w.high[d] = dim.pad_high;
    w.base_dilation[d] = dim.lhs_dilation;
    w.dilation[d] = dim.rhs_dilation;
    w.reversed.push_back(dim.reversal);
  }
  return w;
}

std::size_t Call::computation(std::string_view key) const {
  const auto* names = need(key).as_names();
  if (!names || names->size() != 1) invalid(fmt::format("attribute {} names no computation", key));
  return static_cast<std::size_t>((*names)[0]);
}

tensor::Body Call::body(std::string_view key) const { return evaluator_.body(computation(key)); }

Datum Call::run(std::size_t computation, std::vector<Datum> arguments) const {
  Datum out = lifted_ ? evaluator_.run_computation(computation, std::move(arguments), true)
                      : evaluator_.call(computation, std::move(arguments));
  evaluator_.at_ = op_.offset;
  return out;
}

const Module& Call::module() const { return evaluator_.m_; }

ir::Place Call::place() const { return {evaluator_.devices_, evaluator_.device_, op_.offset}; }

Datum Call::constant() const {
  // A loop comes by again and again.
  const auto [found, is_new] = evaluator_.constants_.try_emplace(&op_);
  if (is_new) {
    try {
      if (!op_.literal) invalid("the constant has no value");
      found->second = constant_of(context(), *op_.literal, op_.shape);
    } catch (...) {
      evaluator_.constants_.erase(&op_);
      throw;
    }
  }
  if (abstract()) return abstract_of(op_.shape);
  return found->second = found->second.within(context());
}

}  // namespace jaxsmith::hlo
