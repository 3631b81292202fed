#include "ir/stablehlo/op_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "ir/common/convolution_dims.h"
#include "tensor/batch_norm.h"
#include "tensor/contraction.h"
#include "tensor/linear_algebra.h"
#include "tensor/movement.h"
#include "tensor/random_bits.h"

namespace jaxsmith::stablehlo {
std::vector<Datum> constant_rule(const Call& c) {
  const Attr& value = c.need("value");
  if (value.kind != Attr::Kind::kDense || !value.type->dtype) invalid("the value is no dense<…>");
  if (c.abstract()) return {value.type->abstract()};
  if (!value.splat) return {*value.dense};
  return {broadcast_in_dim(*value.dense, value.type->shape, {})};
}

namespace {

using Results = std::vector<Datum>;
constexpr auto kComputed = OpRule::Numbers::kComputed;

Results results_of(std::span<const Array> arrays) { return {arrays.begin(), arrays.end()}; }

// ---- Elementwise
// ---------------------------------------------------------------------------------

void require_one_shape(const Call& c) {
  if (c.lifted()) return;
  for (std::size_t i = 1; i < c.size(); ++i)
    if (c.array(i).shape() != c.array(0).shape())
      invalid(fmt::format("operands of different shapes: {} and {}", c.array(0).type_text(),
                          c.array(i).type_text()));
}

void require_count(const Call& c, std::size_t n) {
  if (c.size() != n) invalid(fmt::format("{} takes {} operands, not {}", c.op().name, n, c.size()));
}

OpRule unary_rule(std::string_view name, Unary op) {
  return {name,
          [op](const Call& c) -> Results {
            require_count(c, 1);
            return {unary(op, c.array(0))};
          },
          true, kComputed};
}

OpRule binary_rule(std::string_view name, Binary op) {
  return {name,
          [op](const Call& c) -> Results {
            require_count(c, 2);
            require_one_shape(c);
            return {binary(op, c.array(0), c.array(1))};
          },
          true, kComputed};
}

// Of integers: what the quotient is where there is none, or where it is no number of the type, is
// left to implementations. XLA gives -1 and the dividend, StableHLO's interpreter 0.
Results division_rule(const Call& c, Binary op) {
  require_count(c, 2);
  require_one_shape(c);
  const Array &x = c.array(0), &y = c.array(1);
  Array out = binary(op, x, y);
  if (!c.for_interpreter() || c.abstract() || !is_integer(x.dtype())) return {out};
  const Array zero = Array::scalar_int(x.dtype(), 0);
  Array none = compare(Direction::kEq, false, y, zero);
  if (is_signed_integer(x.dtype())) {
    const Array lowest = compare(Direction::kEq, false, x, extreme(x.dtype(), true)),
                minus_one = compare(Direction::kEq, false, y, Array::scalar_int(x.dtype(), -1));
    none = binary(Binary::or_, none, binary(Binary::and_, lowest, minus_one));
  }
  return {select(none, broadcast_in_dim(zero, out.shape(), {}), out)};
}

// Without a mantissa there is no NaN: XLA keeps it, StableHLO's interpreter gives infinity.
Results reduce_precision_rule(const Call& c) {
  require_count(c, 1);
  const Array& x = c.array(0);
  const std::int64_t exponent = c.integer("exponent_bits"), mantissa = c.integer("mantissa_bits");
  Array out = reduce_precision(x, static_cast<int>(std::clamp<std::int64_t>(exponent, -1, 64)),
                               static_cast<int>(std::clamp<std::int64_t>(mantissa, -1, 64)));
  if (!c.for_interpreter() || c.abstract() || mantissa != 0) return {out};
  const Array nan = compare(Direction::kNe, false, x, x);
  return {select(nan, broadcast_in_dim(extreme(x.dtype(), false), x.shape(), {}), out)};
}

// All NaN are equal and above the other numbers.
Array weak_order(Direction direction, const Array& x, const Array& y) {
  const Array nan_x = compare(Direction::kNe, false, x, x),
              nan_y = compare(Direction::kNe, false, y, y);
  // Where one is NaN, whether it is compares as the numbers would.
  const Array ranks =
      compare(direction, false, convert(nan_x, DType::kI32), convert(nan_y, DType::kI32));
  return select(binary(Binary::or_, nan_x, nan_y), ranks, compare(direction, false, x, y));
}

Results compare_rule(const Call& c) {
  require_count(c, 2);
  require_one_shape(c);
  const auto direction = direction_named(c.word("comparison_direction"));
  if (!direction) invalid("comparison_direction is none of EQ, NE, LT, LE, GT, GE");
  const std::string_view type = c.word("compare_type");
  if (type == "WEAKORDER") return {weak_order(*direction, c.array(0), c.array(1))};
  if (!type.empty() && type != "NOTYPE" && !compares_as(type, c.array(0).dtype()))
    invalid(fmt::format("{} is not compared as {}", c.array(0).type_text(), type));
  return {compare(*direction, type == "TOTALORDER", c.array(0), c.array(1))};
}

Results select_rule(const Call& c) {
  require_count(c, 3);
  if (!c.lifted()) {
    require(c.array(1).shape() == c.array(2).shape(), "the two values have different shapes");
    require(c.array(0).rank() == 0 || c.array(0).shape() == c.array(1).shape(),
            "the predicate has another shape than the values");
  }
  return {select(c.array(0), c.array(1), c.array(2))};
}

Results clamp_rule(const Call& c) {
  require_count(c, 3);
  if (!c.lifted())
    for (std::size_t i : {0, 2})
      require(c.array(i).rank() == 0 || c.array(i).shape() == c.array(1).shape(),
              "a limit has another shape than the operand");
  return {clamp(c.array(0), c.array(1), c.array(2))};
}

// The element type that the result is declared with; its shape is computed.
DType result_dtype(const Call& c) {
  const Type& t = c.result_type();
  if (t.kind != Type::Kind::kTensor || !t.dtype) invalid("the result is no array");
  return *t.dtype;
}

Shape result_shape(const Call& c) {
  const Type& t = c.result_type();
  if (t.kind != Type::Kind::kTensor) invalid("the result is no array");
  if (!t.is_static()) unsupported("results whose dimensions are not known: " + t.text());
  return t.shape;
}

// Of an operation that is told the dimensions of its result by an operand.
Shape asked_shape(const Call& c, std::size_t operand) {
  if (c.abstract()) return result_shape(c);
  const Array& sizes = c.array(operand);
  require(lane_of(sizes.dtype()) == Lane::kInt && sizes.rank() == 1,
          "the dimensions are no list of integers");
  const auto numbers = sizes.ints();
  return {numbers.begin(), numbers.end()};
}

// ---- Movement
// ------------------------------------------------------------------------------------

Results broadcast_in_dim_rule(const Call& c) {
  return {broadcast_in_dim(c.array(0), result_shape(c), c.ints("broadcast_dimensions"))};
}

Results broadcast_rule(const Call& c) {
  require_count(c, 1);
  Shape shape = c.ints("broadcast_sizes");
  Ints dims;
  for (std::int64_t d = 0; d < c.array(0).rank(); ++d) {
    dims.push_back(static_cast<std::int64_t>(shape.size()));
    shape.push_back(c.array(0).shape()[static_cast<std::size_t>(d)]);
  }
  return {broadcast_in_dim(c.array(0), shape, dims)};
}

Results reshape_rule(const Call& c) {
  require_count(c, 1);
  return {c.array(0).reshaped(result_shape(c))};
}

Results slice_rule(const Call& c) {
  return {slice(c.array(0), c.ints("start_indices"), c.ints("limit_indices"), c.ints("strides"))};
}

Results pad_rule(const Call& c) {
  require_count(c, 2);
  return {pad(c.array(0), c.array(1), c.ints("edge_padding_low"), c.ints("edge_padding_high"),
              c.ints("interior_padding"))};
}

Results concatenate_rule(const Call& c) {
  const auto parts = c.arrays(0, c.size());
  return {concatenate(parts, c.integer("dimension"))};
}

Results iota_rule(const Call& c) {
  return {iota(result_dtype(c), result_shape(c), c.integer("iota_dimension"), c.abstract())};
}

Results dynamic_slice_rule(const Call& c) {
  const auto starts = c.arrays(1, c.size());
  return {dynamic_slice(c.array(0), starts, c.ints("slice_sizes"))};
}

Results dynamic_update_slice_rule(const Call& c) {
  const auto starts = c.arrays(2, c.size());
  return {dynamic_update_slice(c.array(0), c.array(1), starts)};
}

GatherDims gather_dims(const Attr& a) {
  return {
      Call::list_in(a, "offset_dims"),           Call::list_in(a, "collapsed_slice_dims"),
      Call::list_in(a, "operand_batching_dims"), Call::list_in(a, "start_indices_batching_dims"),
      Call::list_in(a, "start_index_map"),       Call::integer_in(a, "index_vector_dim", 0)};
}

Results gather_rule(const Call& c) {
  require_count(c, 2);
  return {gather(c.array(0), c.array(1), gather_dims(c.need("dimension_numbers")),
                 c.ints("slice_sizes"))};
}

Results scatter_rule(const Call& c) {
  const std::size_t n = c.size() / 2;
  require(c.size() >= 3 && c.size() % 2 == 1,
          "scatter takes operands, indices and as many updates");
  const Attr& a = c.need("scatter_dimension_numbers");
  const ScatterDims dims{Call::list_in(a, "update_window_dims"),
                         Call::list_in(a, "inserted_window_dims"),
                         Call::list_in(a, "input_batching_dims"),
                         Call::list_in(a, "scatter_indices_batching_dims"),
                         Call::list_in(a, "scatter_dims_to_operand_dims"),
                         Call::integer_in(a, "index_vector_dim", 0)};
  const auto operands = c.arrays(0, n), updates = c.arrays(n + 1, c.size());
  return results_of(scatter(operands, c.array(n), updates, dims, c.body(0)));
}

// ---- Reductions
// ----------------------------------------------------------------------------------

Results reduce_rule(const Call& c) {
  const std::size_t n = c.size() / 2;
  require(c.size() % 2 == 0, "as many initial values are wanted as operands");
  const auto operands = c.arrays(0, n), inits = c.arrays(n, c.size());
  return results_of(jaxsmith::reduce(operands, inits, c.ints("dimensions"), c.body(0)));
}

Window window_of(const Call& c) {
  Window w = Window::of(c.ints("window_dimensions"));
  w.stride = c.ints_or("window_strides", w.rank(), 1);
  w.base_dilation = c.ints_or("base_dilations", w.rank(), 1);
  w.dilation = c.ints_or("window_dilations", w.rank(), 1);
  w.set_padding(c.ints_or("padding", 2 * w.rank(), 0));
  return w;
}

Results reduce_window_rule(const Call& c) {
  const std::size_t n = c.size() / 2;
  require(c.size() % 2 == 0, "as many initial values are wanted as operands");
  const auto operands = c.arrays(0, n), inits = c.arrays(n, c.size());
  return results_of(reduce_window(operands, inits, window_of(c), c.body(0)));
}

Results select_and_scatter_rule(const Call& c) {
  require_count(c, 3);
  return {
      select_and_scatter(c.array(0), c.array(1), c.array(2), window_of(c), c.body(0), c.body(1))};
}

Results sort_rule(const Call& c) {
  const auto operands = c.arrays(0, c.size());
  std::int64_t dim = c.integer("dimension", -1);
  if (!operands.empty() && dim < 0) dim += operands[0].rank();
  return results_of(sort(operands, dim, c.body(0), c.flag("is_stable")));
}

BatchNorm batch_norm_options(const Call& c) {
  return {c.real("epsilon"), c.integer("feature_index")};
}

Results batch_norm_inference_rule(const Call& c) {
  require_count(c, 5);
  return {batch_norm_inference(c.array(0), c.array(1), c.array(2), c.array(3), c.array(4),
                               batch_norm_options(c))};
}

Results batch_norm_training_rule(const Call& c) {
  require_count(c, 3);
  return results_of(batch_norm_training(c.array(0), c.array(1), c.array(2), batch_norm_options(c)));
}

Results batch_norm_grad_rule(const Call& c) {
  require_count(c, 5);
  return results_of(batch_norm_grad(c.array(0), c.array(1), c.array(2), c.array(3), c.array(4),
                                    batch_norm_options(c)));
}

Results map_rule(const Call& c) {
  const auto operands = c.arrays(0, c.size());
  return results_of(map(operands, c.body(0)));
}

Results top_k_rule(const Call& c) { return results_of(top_k(c.array(0), c.integer("k"))); }

// ---- Contractions
// --------------------------------------------------------------------------------

Results dot_general_rule(const Call& c) {
  require_count(c, 2);
  const Attr& a = c.need("dot_dimension_numbers");
  return {dot_general(
      c.array(0), c.array(1),
      {Call::list_in(a, "lhs_batching_dimensions"), Call::list_in(a, "rhs_batching_dimensions"),
       Call::list_in(a, "lhs_contracting_dimensions"),
       Call::list_in(a, "rhs_contracting_dimensions")},
      result_dtype(c))};
}

Results dot_rule(const Call& c) {
  require_count(c, 2);
  require(c.array(0).rank() >= 1 && c.array(1).rank() >= 1, "dot of a scalar");
  return {
      dot_general(c.array(0), c.array(1), {{}, {}, {c.array(0).rank() - 1}, {0}}, result_dtype(c))};
}

// "[b, f, 0, 1]x[o, i, 0, 1]->[b, f, 0, 1]"
ConvolutionDims convolution_dims(std::string_view text) {
  std::string_view parts[3];
  std::size_t at = 0;
  for (std::string_view& part : parts) {
    const std::size_t open = text.find('[', at), close = text.find(']', at);
    require(open != std::string::npos && close != std::string::npos && open < close,
            "dimension_numbers are not like [b, 0, f]x[0, i, o]->[b, 0, f]");
    part = text.substr(open + 1, close - open - 1);
    at = close + 1;
  }
  return ir::convolution_dims(parts[0], parts[1], parts[2]);
}

Results convolution_rule(const Call& c) {
  const ConvolutionDims dims = convolution_dims(c.need("dimension_numbers").body);
  Window w = Window::of(Ints(dims.input_spatial.size(), 1));
  w.stride = c.ints_or("window_strides", w.rank(), 1);
  w.base_dilation = c.ints_or("lhs_dilation", w.rank(), 1);
  w.dilation = c.ints_or("rhs_dilation", w.rank(), 1);
  if (c.size() == 3 && !c.abstract()) {
    // dynamic_conv: the padding is an operand.
    w.set_padding(c.array(2).ints());
  } else if (c.size() == 3) {
    return {Array(result_dtype(c), result_shape(c), true)};
  } else {
    w.set_padding(c.ints_or("padding", 2 * w.rank(), 0));
  }
  w.reversed.clear();
  for (const std::int64_t r : c.ints_or("window_reversal", w.rank(), 0))
    w.reversed.push_back(r != 0);
  return {convolution(c.array(0), c.array(1), dims, w, c.integer("feature_group_count", 1),
                      c.integer("batch_group_count", 1), result_dtype(c))};
}

Results fft_rule(const Call& c) {
  const auto kind = fft_kind_named(c.word("fft_type"));
  if (!kind) invalid("fft_type is none of FFT, IFFT, RFFT, IRFFT");
  return {fft(c.array(0), *kind, c.ints("fft_length"))};
}

// ---- Control flow
// --------------------------------------------------------------------------------

Results while_rule(const Call& c) {
  Results state;
  for (std::size_t i = 0; i < c.size(); ++i) state.push_back(c.datum(i));
  for (;;) {
    const auto again = c.run_region(0, state);
    require(again.size() == 1 && again[0].as_array().rank() == 0 &&
                again[0].as_array().dtype() == DType::kBool,
            "the condition gives no bool");
    if (!c.abstract() && again[0].as_array().int_at(0) == 0) return state;
    auto next = c.run_region(1, state);
    require(next.size() == state.size(), "the body gives another number of values than it takes");
    if (c.abstract()) return next;
    state = std::move(next);
  }
}

Results branches(const Call& c, std::size_t chosen) {
  if (!c.abstract()) return c.run_region(chosen, {});
  Results out;
  for (std::size_t i = 0; i < c.op().regions.size(); ++i) out = c.run_region(i, {});
  return out;
}

Results case_rule(const Call& c) {
  require_count(c, 1);
  const Array& index = c.array(0);
  require(index.rank() == 0 && index.dtype() == DType::kI32, "the index is no i32 scalar");
  const std::size_t n = c.op().regions.size();
  require(n > 0, "there is no branch");
  if (c.abstract()) return branches(c, 0);
  const std::int64_t i = index.int_at(0);
  return branches(c,
                  i < 0 || i >= static_cast<std::int64_t>(n) ? n - 1 : static_cast<std::size_t>(i));
}

Results if_rule(const Call& c) {
  require_count(c, 1);
  require(c.array(0).rank() == 0 && c.array(0).dtype() == DType::kBool, "the predicate is no bool");
  require(c.op().regions.size() == 2, "there are not two branches");
  return branches(c, c.abstract() || c.array(0).int_at(0) ? 0 : 1);
}

Results call_rule(const Call& c) {
  Results arguments;
  for (std::size_t i = 0; i < c.size(); ++i) arguments.push_back(c.datum(i));
  const Attr& callee =
      c.op().name == "stablehlo.composite" ? c.need("decomposition") : c.need("callee");
  require(callee.kind == Attr::Kind::kSymbol, "the callee is no symbol");
  return c.call(std::string_view(callee.text).substr(1), std::move(arguments));
}

Results all_operands(const Call& c) {
  Results out;
  for (std::size_t i = 0; i < c.size(); ++i) out.push_back(c.datum(i));
  return out;
}

// ---- Linear algebra and random bits
// --------------------------------------------------------------

Results triangular_solve_rule(const Call& c) {
  require_count(c, 2);
  const std::string_view transpose = c.word("transpose_a");
  TriangularSolve options;
  options.left = c.flag("left_side");
  options.lower = c.flag("lower");
  options.unit_diagonal = c.flag("unit_diagonal");
  options.transpose = transpose == "TRANSPOSE" || transpose == "ADJOINT";
  options.conjugate = transpose == "ADJOINT";
  return {triangular_solve(c.array(0), c.array(1), options)};
}

// The triangle that is no factor is left to implementations: XLA leaves what stood there,
// StableHLO's specification has zeros in its example.
Results cholesky_rule(const Call& c) {
  require_count(c, 1);
  const Array factor = cholesky(c.array(0), c.flag("lower"));
  if (!c.for_interpreter() || c.abstract()) return {factor};
  const Array row = iota(DType::kI32, factor.shape(), factor.rank() - 2, false),
              column = iota(DType::kI32, factor.shape(), factor.rank() - 1, false);
  const Array kept = compare(c.flag("lower") ? Direction::kGe : Direction::kLe, false, row, column);
  return {select(kept, factor, Array(factor.dtype(), factor.shape()))};
}

// What it gives is left to implementations.
Results rng_rule(const Call& c) {
  require_count(c, 3);
  require(c.array(0).rank() == 0 && c.array(1).same_type(c.array(0)),
          "the limits are no scalars of one type");
  if (!c.abstract()) unsupported("random numbers of which nothing is said but how they lie");
  return {Array(c.array(0).dtype(), asked_shape(c, 2), true)};
}

Results rng_bit_generator_rule(const Call& c) {
  require_count(c, 1);
  const Type& bits = c.result_type(1);
  if (bits.kind != Type::Kind::kTensor || !bits.dtype) invalid("the second result is no array");
  auto out = random_bits(c.word("rng_algorithm") == "THREE_FRY" ? RandomAlgorithm::kThreefry
                                                                : RandomAlgorithm::kPhilox,
                         c.array(0), *bits.dtype, bits.shape);
  return {out.first, out.second};
}

// ---- Shapes that are operands
// ----------------------------------------------------------------------

Results dynamic_broadcast_rule(const Call& c) {
  require_count(c, 2);
  return {broadcast_in_dim(c.array(0), asked_shape(c, 1), c.ints("broadcast_dimensions"))};
}

Results dynamic_iota_rule(const Call& c) {
  require_count(c, 1);
  return {iota(result_dtype(c), asked_shape(c, 0), c.integer("iota_dimension"), c.abstract())};
}

Results dynamic_reshape_rule(const Call& c) {
  require_count(c, 2);
  return {c.array(0).reshaped(asked_shape(c, 1))};
}

Results dynamic_pad_rule(const Call& c) {
  require_count(c, 5);
  if (c.abstract()) return {Array(result_dtype(c), result_shape(c), true)};
  const auto list = [&](std::size_t i) {
    const auto v = c.array(i).ints();
    return Ints(v.begin(), v.end());
  };
  return {pad(c.array(0), c.array(1), list(2), list(3), list(4))};
}

Results real_dynamic_slice_rule(const Call& c) {
  require_count(c, 4);
  if (c.abstract()) return {Array(result_dtype(c), result_shape(c), true)};
  const auto list = [&](std::size_t i) {
    const auto v = c.array(i).ints();
    return Ints(v.begin(), v.end());
  };
  return {slice(c.array(0), list(1), list(2), list(3))};
}

Results dynamic_gather_rule(const Call& c) {
  require_count(c, 3);
  if (c.abstract()) return {Array(result_dtype(c), result_shape(c), true)};
  const auto sizes = c.array(2).ints();
  return {gather(c.array(0), c.array(1), gather_dims(c.need("dimension_numbers")),
                 Ints(sizes.begin(), sizes.end()))};
}

Results dimension_size_rule(const Call& c) {
  const std::int64_t d = c.integer("dimension");
  require(d >= 0 && d < c.array(0).rank(), "there is no such dimension");
  if (c.abstract()) return {Array(DType::kI32, {}, true)};
  return {Array::scalar_int(DType::kI32, c.array(0).shape()[static_cast<std::size_t>(d)])};
}

Results tuple_element_rule(const Call& c) {
  const std::int64_t i = c.integer("index");
  require(c.datum(0).kind == Datum::Kind::kTuple && i >= 0 &&
              i < static_cast<std::int64_t>(c.datum(0).parts.size()),
          "there is no such part of the tuple");
  return {c.datum(0).parts[static_cast<std::size_t>(i)]};
}

// Operand and result stand as the real numbers they mean (Evaluator::run_quantized).
Results uniform_rule(const Call& c) {
  require_count(c, 1);
  require(c.expressed(), "neither operand nor result is quantized");
  return {c.datum(0)};
}

std::vector<OpRule> make_rules() {
  std::vector<OpRule> rules;
  for (std::string_view name : {"abs",
                                "cbrt",
                                "ceil",
                                "cosine",
                                "count_leading_zeros",
                                "exponential",
                                "exponential_minus_one",
                                "floor",
                                "imag",
                                "is_finite",
                                "log",
                                "log_plus_one",
                                "logistic",
                                "negate",
                                "not",
                                "popcnt",
                                "real",
                                "round_nearest_afz",
                                "round_nearest_even",
                                "rsqrt",
                                "sign",
                                "sine",
                                "sqrt",
                                "tan",
                                "tanh"}) {
    static std::vector<std::unique_ptr<std::string>> names;
    names.push_back(std::make_unique<std::string>("stablehlo." + std::string(name)));
    rules.push_back(unary_rule(*names.back(), *unary_named(name)));
  }
  for (std::string_view name :
       {"acos",       "acosh",      "asin",    "asinh", "atan",    "atanh", "bessel_i1e",
        "conj",       "cosh",       "digamma", "erf",   "erf_inv", "erfc",  "is_inf",
        "is_neg_inf", "is_pos_inf", "lgamma",  "sinh",  "square",  "tan"}) {
    static std::vector<std::unique_ptr<std::string>> names;
    names.push_back(std::make_unique<std::string>("chlo." + std::string(name)));
    rules.push_back(unary_rule(*names.back(), *unary_named(name)));
  }
  for (std::string_view name :
       {"add", "and", "atan2", "complex", "maximum", "minimum", "multiply", "or", "power",
        "shift_left", "shift_right_arithmetic", "shift_right_logical", "subtract", "xor"}) {
    static std::vector<std::unique_ptr<std::string>> names;
    names.push_back(std::make_unique<std::string>("stablehlo." + std::string(name)));
    rules.push_back(binary_rule(*names.back(), *binary_named(name)));
  }
  for (std::string_view name : {"next_after", "polygamma", "zeta"}) {
    static std::vector<std::unique_ptr<std::string>> names;
    names.push_back(std::make_unique<std::string>("chlo." + std::string(name)));
    rules.push_back(binary_rule(*names.back(), *binary_named(name)));
  }
  const std::vector<OpRule> others = {
      {"stablehlo.batch_norm_grad", batch_norm_grad_rule, false},
      {"stablehlo.batch_norm_inference", batch_norm_inference_rule, false},
      {"stablehlo.batch_norm_training", batch_norm_training_rule, false},
      {"stablehlo.bitcast_convert",
       [](const Call& c) -> Results { return {bitcast_convert(c.array(0), result_dtype(c))}; },
       false},
      {"stablehlo.broadcast", broadcast_rule, false},
      {"stablehlo.broadcast_in_dim", broadcast_in_dim_rule, false},
      {"stablehlo.case", case_rule, false},
      {"stablehlo.cholesky", cholesky_rule, false},
      {"stablehlo.clamp", clamp_rule, true, kComputed},
      {"stablehlo.compare", compare_rule, true, kComputed},
      {"stablehlo.composite", call_rule, false},
      {"stablehlo.concatenate", concatenate_rule, false},
      {"stablehlo.constant", constant_rule, true},
      {"stablehlo.convert",
       [](const Call& c) -> Results {
         require_count(c, 1);
         return {convert(c.array(0), result_dtype(c))};
       },
       true, kComputed},
      {"stablehlo.convolution", convolution_rule, false, kComputed},
      {"stablehlo.create_token", [](const Call&) -> Results { return {Datum()}; }, false},
      {"stablehlo.after_all", [](const Call&) -> Results { return {Datum()}; }, false},
      {"stablehlo.custom_call", [](const Call& c) { return custom_call(c); }, false},
      {"stablehlo.divide", [](const Call& c) { return division_rule(c, Binary::divide); }, true,
       kComputed},
      {"stablehlo.dot", dot_rule, false, kComputed},
      {"stablehlo.dot_general", dot_general_rule, false, kComputed},
      {"stablehlo.dynamic_broadcast_in_dim", dynamic_broadcast_rule, false},
      {"stablehlo.dynamic_conv", convolution_rule, false, kComputed},
      {"stablehlo.dynamic_gather", dynamic_gather_rule, false},
      {"stablehlo.dynamic_iota", dynamic_iota_rule, false},
      {"stablehlo.dynamic_pad", dynamic_pad_rule, false},
      {"stablehlo.dynamic_reshape", dynamic_reshape_rule, false},
      {"stablehlo.dynamic_slice", dynamic_slice_rule, false},
      {"stablehlo.dynamic_update_slice", dynamic_update_slice_rule, false},
      {"stablehlo.fft", fft_rule, false},
      {"stablehlo.gather", gather_rule, false},
      {"stablehlo.get_dimension_size", dimension_size_rule, false},
      {"stablehlo.get_tuple_element", tuple_element_rule, false},
      {"stablehlo.if", if_rule, false},
      {"stablehlo.iota", iota_rule, false},
      {"stablehlo.map", map_rule, false},
      {"stablehlo.optimization_barrier", all_operands, true},
      {"stablehlo.pad", pad_rule, false},
      {"stablehlo.real_dynamic_slice", real_dynamic_slice_rule, false},
      {"stablehlo.reduce", reduce_rule, false},
      {"stablehlo.reduce_precision", reduce_precision_rule, true, kComputed},
      {"stablehlo.reduce_window", reduce_window_rule, false},
      {"stablehlo.remainder", [](const Call& c) { return division_rule(c, Binary::remainder); },
       true, kComputed},
      {"stablehlo.reshape", reshape_rule, false},
      {"stablehlo.reverse",
       [](const Call& c) -> Results { return {reverse(c.array(0), c.ints("dimensions"))}; }, false},
      {"stablehlo.rng", rng_rule, false},
      {"stablehlo.rng_bit_generator", rng_bit_generator_rule, false},
      {"stablehlo.scatter", scatter_rule, false},
      {"stablehlo.select", select_rule, true},
      {"stablehlo.select_and_scatter", select_and_scatter_rule, false},
      {"stablehlo.slice", slice_rule, false},
      {"stablehlo.sort", sort_rule, false},
      {"stablehlo.transpose",
       [](const Call& c) -> Results { return {transpose(c.array(0), c.ints("permutation"))}; },
       false},
      {"stablehlo.triangular_solve", triangular_solve_rule, false},
      {"stablehlo.tuple", [](const Call& c) -> Results { return {Datum::tuple(all_operands(c))}; },
       false},
      {"stablehlo.uniform_dequantize", uniform_rule, true, kComputed},
      {"stablehlo.uniform_quantize", uniform_rule, true, kComputed},
      {"stablehlo.while", while_rule, false},
      {"chlo.top_k", top_k_rule, false},
      {"func.call", call_rule, false},
      {"sdy.sharding_constraint", all_operands, false},
      {"interpreter.print", all_operands, false},
      {"interpreter.probe", [](const Call& c) { return probe(c); }, false},
      {"check.almost_eq", [](const Call& c) { return check_call(c, "expect_almost_eq_const"); },
       false},
      {"check.eq", [](const Call& c) { return check_call(c, "expect_eq_const"); }, false},
      {"check.expect_serialized_eq",
       [](const Call& c) { return check_call(c, "expect_serialized_eq"); }, false},
      {"check.expect_eq", [](const Call& c) { return check_call(c, "expect_eq"); }, false},
      {"check.expect_eq_const", [](const Call& c) { return check_call(c, "expect_eq_const"); },
       false},
      {"check.expect_almost_eq", [](const Call& c) { return check_call(c, "expect_almost_eq"); },
       false},
      {"check.expect_almost_eq_const",
       [](const Call& c) { return check_call(c, "expect_almost_eq_const"); }, false},
      {"check.expect_close", [](const Call& c) { return check_call(c, "expect_close"); }, false},
  };
  rules.insert(rules.end(), others.begin(), others.end());
  for (const auto* more : {&collective_rules(), &process_rules(), &chlo_rules()})
    rules.insert(rules.end(), more->begin(), more->end());
  return rules;
}

}  // namespace

const OpRule* op_rule(std::string_view name) {
  static const auto* rules = new std::vector<OpRule>(make_rules());
  static const auto* index = [] {
    auto* map = new std::unordered_map<std::string_view, const OpRule*>;
    for (const OpRule& rule : *rules) map->emplace(rule.name, &rule);
    return map;
  }();
  const auto found = index->find(name);
  return found == index->end() ? nullptr : found->second;
}

}  // namespace jaxsmith::stablehlo
