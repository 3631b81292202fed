// Rules: the XLA operation semantics (openxla.org/xla/operation_semantics) and, for the names and
// forms of attributes, XLA's HLO text.
#include "ir/hlo/op_table.h"
#include "ir/common/body.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "base/word_list.h"
#include "ir/common/convolution_dims.h"
#include "ir/common/elementwise.h"
#include "ir/common/operation_rules.h"
#include "tensor/linear_algebra.h"
#include "tensor/movement.h"
#include "tensor/random_bits.h"

namespace jaxsmith::hlo {
namespace {

// One array, or a tuple of several.
Datum packed(std::span<const Array> arrays) {
  if (arrays.size() == 1) return arrays[0];
  return Datum::tuple({arrays.begin(), arrays.end()});
}

std::vector<Datum> all_operands(const Call& c) {
  std::vector<Datum> out;
  for (std::size_t i = 0; i < c.size(); ++i) out.push_back(c.datum(i));
  return out;
}

// ---- Elementwise ----

OpRule rule_of(std::string_view name, tensor::Unary op) {
  return {name, 1, 1, "", [op](const Call& c) -> Datum { return tensor::unary(op, c.array(0)); },
          true};
}

OpRule rule_of(std::string_view name, tensor::Binary op) {
  const auto rule = [op](const Call& c) -> Datum {
    ir::require_one_shape(c);
    return tensor::binary(op, c.array(0), c.array(1));
  };
  return {name, 2, 2, "", rule, true, op};
}

Datum compare_rule(const Call& c) {
  ir::require_one_shape(c);
  const auto direction = tensor::direction_named(c.word("direction"));
  if (!direction) invalid("direction is none of EQ, NE, LT, LE, GT, GE");
  const std::string_view type = c.word("type");
  if (c.attribute("type") && !tensor::compares_as(type, c.array(0).dtype()))
    invalid(fmt::format("{} are not compared as {}", type_text(c.datum(0)), type));
  return tensor::compare(*direction, type == "TOTALORDER", c.array(0), c.array(1));
}

Datum reduce_precision_rule(const Call& c) {
  const std::int64_t exponent = c.integer("exponent_bits"), mantissa = c.integer("mantissa_bits");
  if (exponent < 1 || exponent > 64 || mantissa < 0 || mantissa > 64)
    invalid("there is no float of so many bits");
  return tensor::reduce_precision(c.array(0), static_cast<int>(exponent),
                                  static_cast<int>(mantissa));
}

// ---- Movement ----

tensor::Shape in_order(const std::vector<std::int64_t>& dims, const Ints& order) {
  tensor::Shape out;
  for (const std::int64_t d : order) out.push_back(dims[static_cast<std::size_t>(d)]);
  return out;
}

// The same bytes as another type: elements in the order in which they lie in memory, by the
// layouts of the operand and of the result.
Datum bitcast_rule(const Call& c) {
  const DType to = c.result_dtype();
  const Array& x = c.array(0);
  if (c.lifted()) return tensor::bitcast_convert(x, to);
  const Array result = Array::typed(to, c.result_dims());
  if (x.size() * tensor::bit_width(x.dtype()) != result.size() * tensor::bit_width(to))
    invalid(fmt::format("{} has not as many bytes as {}", type_text(c.datum(0)),
                        type_text(Datum(result))));
  if (x.abstract()) return result;
  const Ints from = major_to_minor(c.operand_shape(0)), order = major_to_minor(c.shape());
  Array flat = tensor::transpose(x, from).reshaped({x.size()});
  if (x.dtype() != to) {
    if (tensor::bit_width(x.dtype()) == tensor::bit_width(to)) {
      flat = tensor::bitcast_convert(flat, to);
    } else if (tensor::bit_width(x.dtype()) < 8 || tensor::bit_width(to) < 8) {
      tensor::unsupported("bitcast of types narrower than a byte");
    } else {
      const tensor::Workspace copy(x.context(), {flat.size(), 16});
      flat = Array::from(x.context(), {to, {result.size()}, flat.tensor().bytes});
    }
  }
  return tensor::transpose(flat.reshaped(in_order(c.result_dims(), order)),
                           tensor::inverse_permutation(order));
}

Datum reshape_rule(const Call& c) {
  if (c.lifted()) return c.datum(0);
  return c.array(0).reshaped(c.result_dims());
}

Datum broadcast_rule(const Call& c) {
  const Ints dims = c.ints("dimensions");
  if (c.lifted()) return c.datum(0);
  const Array& x = c.array(0);
  const auto& to = c.result_dims();
  // Unlike StableHLO's, HLO's broadcast does not stretch dimensions of size 1.
  for (std::size_t d = 0; d < std::min(dims.size(), x.shape().size()); ++d)
    if (dims[d] < 0 || dims[d] >= static_cast<std::int64_t>(to.size()) ||
        to[static_cast<std::size_t>(dims[d])] != x.shape()[d])
      invalid(fmt::format("dimension {} of {} does not become dimension {} of the result", d,
                          type_text(c.datum(0)), dims[d]));
  return tensor::broadcast_in_dim(x, to, dims);
}

Datum transpose_rule(const Call& c) {
  if (c.lifted()) return c.datum(0);
  return tensor::transpose(c.array(0), c.ints("dimensions"));
}

Datum slice_rule(const Call& c) {
  const auto* dims = c.need("slice").as_slices();
  if (!dims) invalid("attribute slice is no list like {[0:3], [1:4:2]}");
  Ints start, limit, stride;
  for (const SliceDim& d : *dims) {
    start.push_back(d.start);
    limit.push_back(d.limit);
    stride.push_back(d.stride);
  }
  return tensor::slice(c.array(0), start, limit, stride);
}

Datum pad_rule(const Call& c) {
  const auto dims = c.need("padding").as_padding();
  if (!dims) invalid("attribute padding is not like 0_1x2_2_1");
  Ints low, high, interior;
  for (const PaddingDim& d : *dims) {
    low.push_back(d.low);
    high.push_back(d.high);
    interior.push_back(d.interior);
  }
  return tensor::pad(c.array(0), c.array(1), low, high, interior);
}

// The one number of dimensions={1}.
std::int64_t one_dimension(const Call& c) {
  const Ints dims = c.need_ints("dimensions");
  if (dims.size() != 1) invalid("attribute dimensions has to name one dimension");
  return dims[0];
}

// A scalar for each dimension, or, as in old texts, a vector with a number for each.
std::vector<Array> starts(const Call& c, std::size_t first) {
  if (c.size() != first + 1 || c.array(first).rank() != 1) return c.arrays(first, c.size());
  const Array& vector = c.array(first);
  std::vector<Array> out;
  for (std::int64_t i = 0; i < std::min<std::int64_t>(vector.size(), c.array(0).rank() + 1); ++i)
    out.push_back(tensor::slice(vector, {i}, {i + 1}, {1}).reshaped({}));
  return out;
}

Datum dynamic_slice_rule(const Call& c) {
  return tensor::dynamic_slice(c.array(0), starts(c, 1), c.need_ints("dynamic_slice_sizes"));
}

Datum dynamic_update_slice_rule(const Call& c) {
  return tensor::dynamic_update_slice(c.array(0), c.array(1), starts(c, 2));
}

Datum gather_rule(const Call& c) {
  const tensor::GatherDims dims{
      c.ints("offset_dims"),           c.ints("collapsed_slice_dims"),
      c.ints("operand_batching_dims"), c.ints("start_indices_batching_dims"),
      c.ints("start_index_map"),       c.integer("index_vector_dim")};
  return tensor::gather(c.array(0), c.array(1), dims, c.need_ints("slice_sizes"));
}

Datum scatter_rule(const Call& c) {
  const tensor::ScatterDims dims{
      c.ints("update_window_dims"),           c.ints("inserted_window_dims"),
      c.ints("input_batching_dims"),          c.ints("scatter_indices_batching_dims"),
      c.ints("scatter_dims_to_operand_dims"), c.integer("index_vector_dim")};
  return packed(ir::scatter_call(c, dims, c.body("to_apply")));
}

// ---- Reductions ----

Datum sort_rule(const Call& c) {
  const auto operands = c.arrays(0, c.size());
  return packed(tensor::sort(operands, one_dimension(c), c.body("to_apply"), c.flag("is_stable")));
}

Datum map_rule(const Call& c) {
  const auto operands = c.arrays(0, c.size());
  const Ints dims = c.need_ints("dimensions");
  for (std::size_t d = 0; d < dims.size(); ++d)
    tensor::require(dims[d] == static_cast<std::int64_t>(d),
                    "map goes over all dimensions, in order");
  tensor::require(static_cast<std::int64_t>(dims.size()) == c.array(0).rank(),
                  "map goes over all dimensions, in order");
  return packed(tensor::map(operands, c.body("to_apply")));
}

Datum top_k_rule(const Call& c) {
  const bool largest = !c.attribute("largest") || c.flag("largest");
  return packed(tensor::top_k(c.array(0), c.integer("k"), largest));
}

// ---- Contractions ----

Datum dot_rule(const Call& c) {
  const tensor::DotDims dims{c.ints("lhs_batch_dims"), c.ints("rhs_batch_dims"),
                             c.ints("lhs_contracting_dims"), c.ints("rhs_contracting_dims")};
  return tensor::dot_general(c.array(0), c.array(1), dims, c.result_dtype());
}

// bf01_oi01->bf01
tensor::ConvolutionDims convolution_dims(std::string_view labels) {
  const std::size_t low = labels.find('_'), arrow = labels.find("->");
  if (low == std::string_view::npos || arrow == std::string_view::npos || arrow < low)
    invalid("dim_labels is not like bf01_oi01->bf01");
  return ir::convolution_dims(labels.substr(0, low), labels.substr(low + 1, arrow - low - 1),
                              labels.substr(arrow + 2));
}

Datum convolution_rule(const Call& c) {
  return tensor::convolution(
      c.array(0), c.array(1), convolution_dims(c.need("dim_labels").as_word()), c.window(),
      c.integer("feature_group_count", 1), c.integer("batch_group_count", 1), c.result_dtype());
}

Datum triangular_solve_rule(const Call& c) {
  const std::string_view transpose = c.word("transpose_a");
  if (c.attribute("transpose_a") && transpose != "NO_TRANSPOSE" && transpose != "TRANSPOSE" &&
      transpose != "ADJOINT")
    invalid("transpose_a is none of NO_TRANSPOSE, TRANSPOSE, ADJOINT");
  tensor::TriangularSolve options;
  options.left = c.flag("left_side");
  options.lower = c.flag("lower");
  options.unit_diagonal = c.flag("unit_diagonal");
  options.set_transpose(transpose);
  return tensor::triangular_solve(c.array(0), c.array(1), options);
}

// What it gives is left to the compiler.
Datum rng_rule(const Call& c) {
  const std::string_view distribution = c.word("distribution");
  tensor::require(distribution == "rng_uniform" || distribution == "rng_normal",
                  "distribution is none of rng_uniform, rng_normal");
  return tensor::unstated_random("rng", c.array(0), c.array(1), c.result_dims());
}

// What one run leaves for the next.
Datum rng_state_rule(const Call& c) {
  if (!c.abstract())
    tensor::unsupported("rng-get-and-update-state: a state from outside the program");
  return Array::typed(c.result_dtype(), c.result_dims());
}

Datum rng_bit_generator_rule(const Call& c) {
  const std::string_view algorithm = c.word("algorithm");
  if (algorithm != "rng_default" && algorithm != "rng_three_fry" && algorithm != "rng_philox")
    invalid("algorithm is none of rng_default, rng_three_fry, rng_philox");
  const auto types = c.result_types();
  tensor::require(types.size() == 2, "the result is a tuple of the state and the bits");
  auto out = tensor::random_bits(algorithm == "rng_three_fry" ? tensor::RandomAlgorithm::kThreefry
                                                              : tensor::RandomAlgorithm::kPhilox,
                                 c.array(0), types[1].dtype(), types[1].shape());
  return Datum::tuple({out.first, out.second});
}

// ---- Control flow ----

bool is_scalar_of(const Datum& d, DType dtype) {
  return d.kind == Datum::Kind::kArray && d.array.rank() == 0 && d.array.dtype() == dtype;
}

Datum while_rule(const Call& c) {
  const std::size_t condition = c.computation("condition"), body = c.computation("body");
  Datum state = c.datum(0);
  for (const tensor::Rounds rounds(c.context());; rounds.next()) {
    const Datum again = c.run(condition, {state});
    tensor::require(is_scalar_of(again, DType::kBool), "the condition gives no pred[]");
    if (!c.abstract() && again.array.int_at(0) == 0) return state;
    std::vector<Datum> argument;
    argument.push_back(std::move(state));
    state = c.run(body, std::move(argument));
    if (!c.abstract()) continue;
    if (!same_type(state, c.datum(0)))
      invalid(
          fmt::format("the body gives {} and takes {}", type_text(state), type_text(c.datum(0))));
    return state;
  }
}

// The branches of a conditional: one for each index, or for true and for false.
Ints branches(const Call& c) {
  if (c.attribute("branch_computations")) {
    const auto* names = c.need("branch_computations").as_names();
    if (!names || names->empty()) invalid("there is no branch");
    return *names;
  }
  return {static_cast<std::int64_t>(c.computation("true_computation")),
          static_cast<std::int64_t>(c.computation("false_computation"))};
}

Datum conditional_rule(const Call& c) {
  const Ints named = branches(c);
  const bool by_index = is_scalar_of(c.datum(0), DType::kI32);
  tensor::require(by_index || is_scalar_of(c.datum(0), DType::kBool),
                  "the branch is chosen by an s32[] or a pred[]");
  tensor::require(by_index || named.size() == 2, "a pred[] chooses one of two branches");
  if (c.size() != named.size() + 1)
    invalid(fmt::format("{} branches want as many operands, not {}", named.size(), c.size() - 1));
  if (c.abstract()) {
    Datum out;
    for (std::size_t i = 0; i < named.size(); ++i) {
      Datum one = c.run(static_cast<std::size_t>(named[i]), {c.datum(i + 1)});
      if (i > 0 && !same_type(one, out))
        invalid(fmt::format("one branch gives {}, another {}", type_text(out), type_text(one)));
      out = std::move(one);
    }
    return out;
  }
  const std::int64_t value = c.array(0).int_at(0);
  const auto last = static_cast<std::int64_t>(named.size()) - 1;
  const auto chosen = static_cast<std::size_t>(!by_index                   ? (value ? 0 : 1)
                                               : value < 0 || value > last ? last
                                                                           : value);
  return c.run(static_cast<std::size_t>(named[chosen]), {c.datum(chosen + 1)});
}

Datum call_rule(const Call& c) { return c.run(c.computation("to_apply"), all_operands(c)); }
Datum fusion_rule(const Call& c) { return c.run(c.computation("calls"), all_operands(c)); }

// Tuples of tuples whose types nobody writes could grow exponentially.
Datum tuple_of(const Call& c, std::vector<Datum> parts) {
  if (c.shape().absent()) {
    std::int64_t all = 0;
    for (const Datum& part : parts) all += weight(part);
    if (all > 4096) invalid("the type of so large a tuple has to be written");
  }
  return Datum::tuple(std::move(parts));
}

Datum tuple_rule(const Call& c) { return tuple_of(c, all_operands(c)); }

Datum tuple_element_rule(const Call& c) {
  const std::int64_t i = c.integer("index");
  const Datum& tuple = c.datum(0);
  if (tuple.kind != Datum::Kind::kTuple || i < 0 ||
      i >= static_cast<std::int64_t>(tuple.parts.size()))
    invalid(fmt::format("{} has no part {}", type_text(tuple), i));
  return tuple.parts[static_cast<std::size_t>(i)];
}

Datum same(const Call& c) { return c.datum(0); }

// An operation that is done while others go on: here it is done when it starts. The result has the
// operands, the result and what else its type says.
Datum async_start_rule(const Call& c) {
  std::vector<Datum> parts{Datum::tuple(all_operands(c)), fusion_rule(c)};
  const Datum type = abstract_of(c.shape());
  tensor::require(type.kind == Datum::Kind::kTuple && type.parts.size() >= 2,
                  "the result is a tuple of operands and result");
  for (std::size_t i = 2; i < type.parts.size(); ++i)
    parts.emplace_back(
        c.make().zeros(type.parts[i].as_array().dtype(), type.parts[i].array.shape()));
  return Datum::tuple(std::move(parts));
}

Datum copy_start_rule(const Call& c) {
  return tuple_of(c, {c.datum(0), c.datum(0), c.make().zeros(DType::kU32, {})});
}

Datum part_of(const Call& c, std::size_t i) {
  if (i >= c.datum(0).parts.size()) invalid(c.op().opcode + " has no start as its operand");
  return c.datum(0).parts[i];
}

std::vector<OpRule> make_rules() {
  std::vector<OpRule> rules;
  ir::each_elementwise(&ir::ElementwiseNames::hlo, [&](const auto& row, std::string_view name) {
    rules.push_back(rule_of(name, row.kernel));
  });
  const std::size_t any = kAnyCount;
  const std::vector<OpRule> others = {
      {"add-dependency", 2, 2, "", same},
      {"after-all", 0, any, "", [](const Call&) { return Datum(); }},
      {"async-done", 1, 1, "calls async_execution_thread",
       [](const Call& c) { return part_of(c, 1); }},
      {"async-start", 0, any, "calls async_execution_thread", async_start_rule},
      {"async-update", 1, 1, "calls async_execution_thread", same},
      {"batch-norm-grad", 5, 5, "epsilon feature_index",
       [](const Call& c) { return packed(ir::batch_norm_grad_call(c)); }},
      {"batch-norm-inference", 5, 5, "epsilon feature_index",
       [](const Call& c) -> Datum { return ir::batch_norm_inference_call(c); }},
      {"batch-norm-training", 3, 3, "epsilon feature_index",
       [](const Call& c) { return packed(ir::batch_norm_training_call(c)); }},
      {"bitcast", 1, 1, "", bitcast_rule, true},
      {"bitcast-convert", 1, 1, "",
       [](const Call& c) -> Datum { return ir::bitcast_convert_call(c); }, true},
      {"broadcast", 1, 1, "dimensions", broadcast_rule, true},
      ir::flagged(&OpRule::calls, {"call", 0, any, "to_apply is_composite", call_rule}),
      {"cholesky", 1, 1, "lower",
       [](const Call& c) -> Datum { return tensor::cholesky(c.array(0), c.flag("lower")); }},
      {"clamp", 3, 3, "", [](const Call& c) -> Datum { return ir::clamp_call(c); }, true},
      {"compare", 2, 2, "direction type", compare_rule, true},
      {"concatenate", 1, any, "dimensions",
       [](const Call& c) -> Datum { return ir::concatenate_call(c, one_dimension(c)); }},
      {"conditional", 2, any, "branch_computations true_computation false_computation",
       conditional_rule},
      {"constant", 0, 0, "", [](const Call& c) { return c.constant(); }, true},
      ir::flagged(&OpRule::converts, {"convert", 1, 1, "",
                                      [](const Call& c) -> Datum {
                                        return tensor::convert(c.array(0), c.result_dtype());
                                      },
                                      true}),
      {"convolution", 2, 2,
       "window dim_labels feature_group_count batch_group_count operand_precision",
       convolution_rule},
      {"copy", 1, 1, "", same, true},
      {"copy-done", 1, 1, "", [](const Call& c) { return part_of(c, 0); }},
      {"copy-start", 1, 1, "cross_program_prefetch_index", copy_start_rule},
      {"custom-call", 0, any,
       "custom_call_target called_computations operand_layout_constraints api_version "
       "backend_config custom_call_has_side_effect output_to_operand_aliasing schedule "
       "to_apply window dim_labels feature_group_count batch_group_count operand_precision",
       custom_call},
      {"domain", 1, 1, "domain", same},
      {"dot", 2, 2,
       "lhs_batch_dims rhs_batch_dims lhs_contracting_dims rhs_contracting_dims operand_precision "
       "algorithm",
       dot_rule},
      {"dynamic-slice", 1, any, "dynamic_slice_sizes", dynamic_slice_rule},
      {"dynamic-update-slice", 2, any, "", dynamic_update_slice_rule},
      {"fft", 1, 1, "fft_type fft_length", [](const Call& c) -> Datum { return ir::fft_call(c); }},
      ir::flagged(&OpRule::calls,
                  {"fusion", 0, any, "kind calls output_to_operand_aliasing", fusion_rule}),
      {"gather", 2, 2,
       "offset_dims collapsed_slice_dims operand_batching_dims start_indices_batching_dims "
       "start_index_map index_vector_dim slice_sizes indices_are_sorted",
       gather_rule},
      {"get-dimension-size", 1, 1, "dimensions",
       [](const Call& c) -> Datum { return ir::dimension_size_call(c, one_dimension(c)); }},
      ir::flagged(&OpRule::packs, {"get-tuple-element", 1, 1, "index", tuple_element_rule}),
      {"iota", 0, 0, "iota_dimension", [](const Call& c) -> Datum { return ir::iota_call(c); }},
      {"map", 1, any, "dimensions to_apply", map_rule},
      {"mulhi", 2, 2, "", [](const Call& c) -> Datum { return ir::multiply_high_call(c); }, true},
      {"opt-barrier", 1, 1, "", same, true},
      {"pad", 2, 2, "padding", pad_rule},
      // Its value comes from the caller.
      {"parameter", 0, 0, "", [](const Call&) -> Datum { invalid("a parameter without number"); },
       true},
      {"reduce", 2, any, "dimensions to_apply",
       [](const Call& c) {
         return packed(ir::reduce_call(c, c.need_ints("dimensions"), c.body("to_apply")));
       }},
      {"reduce-precision", 1, 1, "exponent_bits mantissa_bits", reduce_precision_rule, true},
      {"reduce-window", 2, any, "window to_apply",
       [](const Call& c) {
         return packed(ir::reduce_window_call(c, c.window(), c.body("to_apply")));
       }},
      {"reshape", 1, 1, "inferred_dimension", reshape_rule, true},
      {"reverse", 1, 1, "dimensions",
       [](const Call& c) -> Datum {
         return tensor::reverse(c.array(0), c.need_ints("dimensions"));
       }},
      {"rng", 2, 2, "distribution", rng_rule},
      {"rng-bit-generator", 1, 1, "algorithm", rng_bit_generator_rule},
      {"rng-get-and-update-state", 0, 0, "delta", rng_state_rule},
      {"scatter", 3, any,
       "update_window_dims inserted_window_dims input_batching_dims "
       "scatter_indices_batching_dims scatter_dims_to_operand_dims index_vector_dim "
       "indices_are_sorted unique_indices to_apply",
       scatter_rule},
      {"select", 3, 3, "", [](const Call& c) -> Datum { return ir::select_call(c); }, true},
      {"select-and-scatter", 3, 3, "window select scatter",
       [](const Call& c) -> Datum {
         return ir::select_and_scatter_call(c, c.window(), c.body("select"), c.body("scatter"));
       }},
      {"slice", 1, 1, "slice", slice_rule},
      {"sort", 1, any, "dimensions is_stable to_apply", sort_rule},
      {"topk", 1, 1, "k largest", top_k_rule},
      {"transpose", 1, 1, "dimensions", transpose_rule, true},
      {"triangular-solve", 2, 2, "left_side lower unit_diagonal transpose_a",
       triangular_solve_rule},
      ir::flagged(&OpRule::packs, {"tuple", 0, any, "", tuple_rule}),
      {"while", 1, 1, "condition body", while_rule},
  };
  rules.insert(rules.end(), others.begin(), others.end());
  const std::vector<OpRule>& collective = collective_rules();
  rules.insert(rules.end(), collective.begin(), collective.end());
  return rules;
}

}  // namespace

bool OpRule::has_attribute(std::string_view key) const { return is_word_of(attributes, key); }

bool is_annotation(std::string_view key) {
  return is_word_of(
      "metadata sharding frontend_attributes backend_config control-predecessors origin statistics "
      "result_accuracy parameter_replication original_value outer_dimension_partitions",
      key);
}

bool is_hint(std::string_view key) {
  return is_word_of(
      "output_to_operand_aliasing schedule async_execution_thread inferred_dimension "
      "cross_program_prefetch_index",
      key);
}

const OpRule* op_rule(std::string_view opcode) {
  static const auto* rules = new std::vector<OpRule>(make_rules());
  static const auto* index = [] {
    auto* map = new std::unordered_map<std::string_view, const OpRule*>;
    for (const OpRule& rule : *rules) map->emplace(rule.name, &rule);
    return map;
  }();
  const auto found = index->find(opcode);
  return found == index->end() ? nullptr : found->second;
}

}  // namespace jaxsmith::hlo
