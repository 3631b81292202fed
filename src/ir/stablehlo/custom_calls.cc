// What JAX lowers to stablehlo.custom_call on the CPU.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "ir/stablehlo/rules.h"
#include "tensor/movement.h"
#include "tensor/random_bits.h"

namespace jaxsmith::stablehlo {
namespace {

std::string called_computation(const Call& c) {
  const Attr* called = c.attribute("called_computations");
  if (!called || called->items.size() != 1) invalid("called_computations names no one function");
  if (called->items[0].kind != Attr::Kind::kSymbol) invalid("the called function is no symbol");
  return called->items[0].text.substr(1);
}

tensor::Body body_of(const Call& c, const std::string& function) {
  return {[&c, function](std::vector<Array> arguments) {
            std::vector<Array> out;
            for (const Datum& r : c.call(function, {arguments.begin(), arguments.end()}))
              out.push_back(r.as_array());
            return out;
          },
          {}};
}

// The k best along a dimension; on the CPU it is exact.
std::vector<Datum> approximate_top_k(const Call& c) {
  const Attr* config = c.attribute("mhlo.backend_config");
  const Attr *k = config ? config->find("top_k") : nullptr,
             *dim = config ? config->find("reduction_dim") : nullptr;
  if (!k || !dim || c.size() < 4)
    invalid("ApproxTopK takes two arrays and two initial values, and says top_k and reduction_dim");
  const std::string name = called_computation(c);
  const std::int64_t d = c.integer_of(*dim, "reduction_dim"), n = c.integer_of(*k, "top_k");
  require(d >= 0 && d < c.array(0).rank(), "reduction_dim is no dimension of the array");
  const Shape declared = c.result_type(0).shape;
  if (c.abstract())
    return {Array::typed(c.array(0).dtype(), declared), Array::typed(c.array(1).dtype(), declared)};
  const auto operands = c.arrays(0, 2);
  auto sorted = tensor::sort(operands, d, body_of(c, name), false);
  for (Array& a : sorted) {
    Shape limit = a.shape();
    limit[static_cast<std::size_t>(d)] = n;
    a = tensor::slice(a, Ints(limit.size(), 0), limit, Ints(limit.size(), 1));
  }
  return results_of(std::move(sorted));
}

// ---- What jax.export makes of operations whose sizes are not known ----

// operands, initial values, then the window's dimensions, strides, dilations of the base and of
// itself, and padding.
std::vector<Datum> dynamic_reduce_window(const Call& c) {
  require(c.size() >= 7 && c.size() % 2 == 1, "dynamic_reduce_window takes 5 lists behind arrays");
  const std::size_t n = (c.size() - 5) / 2;
  const auto operands = c.arrays(0, n), inits = c.arrays(n, 2 * n);
  if (c.abstract()) {
    std::vector<Datum> declared;
    for (std::size_t i = 0; i < n; ++i)
      declared.push_back(Array::typed(operands[i].dtype(), c.result_type(i).shape));
    return declared;
  }
  const auto list = [&](std::size_t i) { return integers_of(c.array(2 * n + i)); };
  tensor::Window w = tensor::Window::of(list(0));
  w.stride = list(1);
  w.base_dilation = list(2);
  w.dilation = list(3);
  w.set_padding(integers_of(c.array(2 * n + 4).reshaped({c.array(2 * n + 4).size()})));
  return results_of(tensor::reduce_window(operands, inits, w, body_of(c, called_computation(c))));
}

std::vector<Datum> dynamic_top_k(const Call& c) {
  require(c.size() == 2, "dynamic_top_k takes an array and k");
  require(c.array(1).size() == 1, "dynamic_top_k takes one k");
  const auto declared = [&](DType dtype) { return Array::typed(dtype, c.result_dims()); };
  if (c.abstract()) return {declared(c.array(0).dtype()), declared(DType::kI32)};
  return results_of(tensor::top_k(c.array(0), integers_of(c.array(1))[0]));
}

std::vector<Datum> dynamic_rng_bit_generator(const Call& c) {
  require(c.size() == 2 && c.result_count() == 2 && c.result_type(1).dtype,
          "dynamic_rng_bit_generator takes a state and a shape");
  if (c.abstract())
    return {c.array(0), Array::typed(*c.result_type(1).dtype, c.result_type(1).shape)};
  auto out = tensor::random_bits(c.word("rng_algorithm") == "THREE_FRY"
                                     ? tensor::RandomAlgorithm::kThreefry
                                     : tensor::RandomAlgorithm::kPhilox,
                                 c.array(0), *c.result_type(1).dtype, integers_of(c.array(1)));
  return {out.first, out.second};
}

// The only integer of an array.
std::int64_t integer_at(const Call& c, std::size_t operand) {
  const Ints numbers = integers_of(c.array(operand));
  require(numbers.size() == 1, "shape_assertion takes scalars");
  return numbers[0];
}

// What jax.export wants of the sizes of arguments, with the numbers for {0}, {1} … in the message.
std::vector<Datum> shape_assertion(const Call& c) {
  require(c.size() >= 1, "shape_assertion takes a bool");
  if (c.abstract() || integer_at(c, 0) != 0) return {};
  std::string_view rest = c.need("error_message").text;
  std::string message;
  while (!rest.empty()) {
    const std::size_t open = std::min(rest.find('{'), rest.size());
    message += rest.substr(0, open);
    rest.remove_prefix(open);
    if (rest.empty()) break;
    std::size_t operand = 0;
    const char* last = rest.data() + rest.size();
    const auto [end, error] = std::from_chars(rest.data() + 1, last, operand);
    if (error == std::errc() && end != last && *end == '}' && operand < c.size() - 1) {
      message += fmt::format("{}", integer_at(c, 1 + operand));
      rest.remove_prefix(static_cast<std::size_t>(end - rest.data()) + 1);
    } else {
      message += rest[0];
      rest.remove_prefix(1);
    }
  }
  invalid(message);
}

}  // namespace

Results custom_call_rule(const Call& c) {
  const std::string& target = c.need("call_target_name").text;
  if (target.starts_with("check.")) return check_call(c, std::string_view(target).substr(6));
  if (target.starts_with("lapack_") || target.starts_with("blas_")) return lapack(c, target);
  if (target == "ApproxTopK") return approximate_top_k(c);
  if (target == "shape_assertion") return shape_assertion(c);
  if (target == "stablehlo.dynamic_reduce_window") return dynamic_reduce_window(c);
  if (target == "stablehlo.dynamic_top_k") return dynamic_top_k(c);
  if (target == "stablehlo.dynamic_rng_bit_generator") return dynamic_rng_bit_generator(c);
  if (target == "Sharding" || target == "annotate_device_placement" ||
      target == "LayoutConstraint") {
    if (c.size() != 1) invalid(target + " takes one operand");
    return {c.datum(0)};
  }
  if (target == "mhlo.topk" || target == "stablehlo.topk") {
    const Attr* attributes = c.attribute("mhlo.attributes");
    const Attr* k = attributes ? attributes->find("k") : nullptr;
    if (!k) invalid(target + " has no k");
    const Attr* largest = attributes->find("largest");
    return results_of(
        tensor::top_k(c.array(0), c.integer_of(*k, "k"), !largest || largest->text != "false"));
  }
  if (target.starts_with("mhlo.") || target.starts_with("chlo.") ||
      target.starts_with("stablehlo.")) {
    if (const auto op = tensor::unary_named(std::string_view(target).substr(target.find('.') + 1));
        op && c.size() == 1)
      return {tensor::unary(*op, c.array(0))};
  }
  tensor::unknown_operation("custom call", target);
}

}  // namespace jaxsmith::stablehlo
