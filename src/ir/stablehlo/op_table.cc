#include "ir/stablehlo/op_table.h"

#include <unordered_map>

#include "ir/stablehlo/rules.h"

namespace jaxsmith::stablehlo {
namespace {

constexpr std::string_view kUnary = "%", kBinary = "%, %";
constexpr auto kComputed = OpRule::Numbers::kComputed;

// A function of each element, which has the kernel of its name.
OpRule unary_row(std::string_view name, Types types = Types::kSame) {
  const Unary op = *unary_named(name.substr(name.find('.') + 1));
  const auto rule = [op](const Call& c) -> Results {
    require_count(c, 1);
    return {unary(op, c.array(0))};
  };
  return {name, {kUnary, types}, rule, true, kComputed};
}

OpRule binary_row(std::string_view name, Types types = Types::kSame) {
  const Binary op = *binary_named(name.substr(name.find('.') + 1));
  const auto rule = [op](const Call& c) -> Results {
    require_count(c, 2);
    require_one_shape(c);
    return {binary(op, c.array(0), c.array(1))};
  };
  return {name, {kBinary, types}, rule, true, kComputed};
}

std::function<Results(const Call&)> check_rule(std::string_view what) {
  return [what](const Call& c) { return check_call(c, what); };
}

// name; how it is written (none: generically, or by hand in custom_forms.cc); rule (none: it is
// read and not executed, or ends a block); whether it works on each element for itself; what it
// does with quantized numbers
std::vector<OpRule> make_rows() {
  return {
      unary_row("stablehlo.abs"),
      binary_row("stablehlo.add"),
      {"stablehlo.after_all", {"%*", Types::kSame}, token_rule},
      {"stablehlo.all_gather", {}, all_gather_rule},
      {"stablehlo.all_reduce", {}, all_reduce_rule},
      {"stablehlo.all_to_all", {}, all_to_all_rule},
      binary_row("stablehlo.and"),
      binary_row("stablehlo.atan2"),
      {"stablehlo.batch_norm_grad", {}, batch_norm_grad_rule},
      {"stablehlo.batch_norm_inference", {}, batch_norm_inference_rule},
      {"stablehlo.batch_norm_training", {}, batch_norm_training_rule},
      {"stablehlo.bitcast_convert", {kUnary, Types::kFunction}, bitcast_convert_rule},
      {"stablehlo.broadcast",
       {"%, sizes = <broadcast_sizes:ints>", Types::kFunction},
       broadcast_rule},
      {"stablehlo.broadcast_in_dim",
       {"%, dims = <broadcast_dimensions:ints>", Types::kFunction},
       broadcast_in_dim_rule},
      {"stablehlo.case", {}, case_rule},
      unary_row("stablehlo.cbrt"),
      unary_row("stablehlo.ceil"),
      {"stablehlo.cholesky", {"%, lower = <lower:bool>", Types::kSame}, cholesky_rule},
      {"stablehlo.clamp", {"%, %, %", Types::kSame}, clamp_rule, true, kComputed},
      {"stablehlo.collective_broadcast", {}, collective_broadcast_rule},
      {"stablehlo.collective_permute", {}, collective_permute_rule},
      {"stablehlo.collective_reduce", {}, collective_reduce_rule},
      {"stablehlo.compare",
       {"<comparison_direction:comparison_direction>, %, %{, <compare_type:comparison_type>}",
        Types::kFunction},
       compare_rule,
       true,
       kComputed},
      binary_row("stablehlo.complex", Types::kComplex),
      {"stablehlo.composite", {"<name:string> %*", Types::kFunction}, call_rule},
      {"stablehlo.concatenate", {"%*, dim = <dimension:int>", Types::kFunction}, concatenate_rule},
      {"stablehlo.constant", {}, constant_rule, true},
      {"stablehlo.convert", {kUnary, Types::kSame}, convert_rule, true, kComputed},
      {"stablehlo.convolution", {}, convolution_rule, false, kComputed},
      unary_row("stablehlo.cosine"),
      unary_row("stablehlo.count_leading_zeros"),
      {"stablehlo.create_token", {"", Types::kResult}, token_rule},
      {"stablehlo.custom_call", {}, custom_call_rule},
      {"stablehlo.divide", {kBinary, Types::kSame}, divide_rule, true, kComputed},
      {"stablehlo.dot", {}, dot_rule, false, kComputed},
      {"stablehlo.dot_general", {}, dot_general_rule, false, kComputed},
      {"stablehlo.dynamic_broadcast_in_dim",
       {"%, %, dims = <broadcast_dimensions:ints>", Types::kFunction},
       dynamic_broadcast_rule},
      {"stablehlo.dynamic_conv", {}, convolution_rule, false, kComputed},
      {"stablehlo.dynamic_gather", {}, dynamic_gather_rule},
      {"stablehlo.dynamic_iota",
       {"%, dim = <iota_dimension:int>", Types::kFunction},
       dynamic_iota_rule},
      {"stablehlo.dynamic_pad", {"%*", Types::kFunction}, dynamic_pad_rule},
      {"stablehlo.dynamic_reshape", {kBinary, Types::kFunction}, dynamic_reshape_rule},
      {"stablehlo.dynamic_slice",
       {"%, %*, sizes = <slice_sizes:ints>", Types::kFunction},
       dynamic_slice_rule},
      {"stablehlo.dynamic_update_slice", {"%*", Types::kFunction}, dynamic_update_slice_rule},
      {"stablehlo.einsum", {"%, %, config = <einsum_config:string>", Types::kFunction}, nullptr},
      unary_row("stablehlo.exponential"),
      unary_row("stablehlo.exponential_minus_one"),
      {"stablehlo.fft",
       {"%, type = <fft_type:fft_type>, length = <fft_length:ints>", Types::kFunction},
       fft_rule},
      unary_row("stablehlo.floor"),
      {"stablehlo.gather", {}, gather_rule},
      {"stablehlo.get_dimension_size",
       {"%, dim = <dimension:int>", Types::kFunction},
       dimension_size_rule},
      {"stablehlo.get_tuple_element", {"%[<index:int>]", Types::kFunction}, tuple_element_rule},
      {"stablehlo.if", {}, if_rule},
      unary_row("stablehlo.imag"),
      {"stablehlo.infeed", {}, infeed_rule},
      {"stablehlo.iota", {"dim = <iota_dimension:int>", Types::kResult}, iota_rule},
      unary_row("stablehlo.is_finite", Types::kFunction),
      unary_row("stablehlo.log"),
      unary_row("stablehlo.log_plus_one"),
      unary_row("stablehlo.logistic"),
      {"stablehlo.map", {}, map_rule},
      binary_row("stablehlo.maximum"),
      binary_row("stablehlo.minimum"),
      binary_row("stablehlo.multiply"),
      unary_row("stablehlo.negate"),
      unary_row("stablehlo.not"),
      {"stablehlo.optimization_barrier", {"%*", Types::kList}, all_operands, true},
      binary_row("stablehlo.or"),
      {"stablehlo.outfeed", {}, outfeed_rule},
      {"stablehlo.pad",
       {"%, %, low = <edge_padding_low:ints>, high = <edge_padding_high:ints>, interior = "
        "<interior_padding:ints>",
        Types::kFunction},
       pad_rule},
      {"stablehlo.partition_id", {"", Types::kResult}, partition_id_rule},
      unary_row("stablehlo.popcnt"),
      binary_row("stablehlo.power"),
      unary_row("stablehlo.real"),
      {"stablehlo.real_dynamic_slice", {"%*", Types::kFunction}, real_dynamic_slice_rule},
      {"stablehlo.recv", {}, recv_rule},
      {"stablehlo.reduce", {}, reduce_rule},
      {"stablehlo.reduce_precision",
       {"%, format = <:precision>", Types::kSame},
       reduce_precision_rule,
       true,
       kComputed},
      {"stablehlo.reduce_scatter", {}, reduce_scatter_rule},
      {"stablehlo.reduce_window", {}, reduce_window_rule},
      {"stablehlo.remainder", {kBinary, Types::kSame}, remainder_rule, true, kComputed},
      {"stablehlo.replica_id", {"", Types::kResult}, replica_id_rule},
      {"stablehlo.reshape", {kUnary, Types::kFunction}, reshape_rule},
      {"stablehlo.return", {"%*", Types::kList}, nullptr},
      {"stablehlo.reverse", {"%, dims = <dimensions:ints>", Types::kSame}, reverse_rule},
      {"stablehlo.rng",
       {"%, %, %, distribution = <rng_distribution:rng_distribution>", Types::kFunction},
       rng_rule},
      {"stablehlo.rng_bit_generator",
       {"%, algorithm = <rng_algorithm:rng_algorithm>", Types::kFunction},
       rng_bit_generator_rule},
      unary_row("stablehlo.round_nearest_afz"),
      unary_row("stablehlo.round_nearest_even"),
      unary_row("stablehlo.rsqrt"),
      {"stablehlo.scatter", {}, scatter_rule},
      {"stablehlo.select", {"%, %, %", Types::kSelect}, select_rule, true},
      {"stablehlo.select_and_scatter", {}, select_and_scatter_rule},
      {"stablehlo.send", {}, send_rule},
      {"stablehlo.set_dimension_size", {"%, %, dim = <dimension:int>", Types::kFunction}, nullptr},
      binary_row("stablehlo.shift_left"),
      binary_row("stablehlo.shift_right_arithmetic"),
      binary_row("stablehlo.shift_right_logical"),
      unary_row("stablehlo.sign"),
      unary_row("stablehlo.sine"),
      {"stablehlo.slice", {}, slice_rule},
      {"stablehlo.sort", {}, sort_rule},
      unary_row("stablehlo.sqrt"),
      binary_row("stablehlo.subtract"),
      unary_row("stablehlo.tan"),
      unary_row("stablehlo.tanh"),
      {"stablehlo.trace", {"%, <tag:string>", Types::kList}, nullptr},
      {"stablehlo.transpose", {"%, dims = <permutation:ints>", Types::kFunction}, transpose_rule},
      {"stablehlo.triangular_solve", {}, triangular_solve_rule},
      {"stablehlo.tuple", {"%*", Types::kTuple}, tuple_rule},
      {"stablehlo.unary_einsum", {"%, config = <einsum_config:string>", Types::kFunction}, nullptr},
      {"stablehlo.uniform_dequantize", {kUnary, Types::kFunction}, uniform_rule, true, kComputed},
      {"stablehlo.uniform_quantize", {kUnary, Types::kFunction}, uniform_rule, true, kComputed},
      {"stablehlo.while", {}, while_rule},
      binary_row("stablehlo.xor"),
      unary_row("chlo.acos", Types::kArrow),
      unary_row("chlo.acosh", Types::kArrow),
      unary_row("chlo.asin", Types::kArrow),
      unary_row("chlo.asinh", Types::kArrow),
      unary_row("chlo.atan", Types::kArrow),
      unary_row("chlo.atanh", Types::kArrow),
      unary_row("chlo.bessel_i1e", Types::kArrow),
      unary_row("chlo.conj", Types::kArrow),
      {"chlo.constant", {}, constant_rule, true},
      {"chlo.constant_like", {}, constant_like_rule, true},
      unary_row("chlo.cosh", Types::kArrow),
      unary_row("chlo.digamma", Types::kArrow),
      unary_row("chlo.erf", Types::kArrow),
      unary_row("chlo.erf_inv", Types::kArrow),
      unary_row("chlo.erfc", Types::kArrow),
      unary_row("chlo.is_inf", Types::kArrow),
      unary_row("chlo.is_neg_inf", Types::kArrow),
      unary_row("chlo.is_pos_inf", Types::kArrow),
      unary_row("chlo.lgamma", Types::kArrow),
      {"chlo.mulhi", {kBinary, Types::kArrow}, mulhi_rule, true},
      binary_row("chlo.next_after", Types::kArrow),
      binary_row("chlo.polygamma", Types::kArrow),
      {"chlo.scan", {}, scan_rule},
      unary_row("chlo.sinh", Types::kArrow),
      unary_row("chlo.square", Types::kArrow),
      unary_row("chlo.tan", Types::kArrow),
      {"chlo.top_k", {"(%, k = <k:int>)", Types::kArrow}, top_k_rule},
      binary_row("chlo.zeta", Types::kArrow),
      {"func.call", {"<callee:symbol>(%*)", Types::kFunction}, call_rule},
      {"func.return", {"%*", Types::kList}, nullptr},
      {"sdy.manual_computation", {}, manual_computation_rule},
      {"sdy.return", {"%*", Types::kList}, nullptr},
      {"sdy.sharding_constraint", {}, all_operands},
      {"interpreter.print", {}, all_operands},
      {"interpreter.probe", {}, probe_rule},
      {"interpreter.run_parallel", {}, run_parallel_rule},
      {"check.almost_eq", {}, check_rule("expect_almost_eq_const")},
      {"check.eq", {}, check_rule("expect_eq_const")},
      {"check.expect_almost_eq", {}, check_rule("expect_almost_eq")},
      {"check.expect_almost_eq_const", {}, check_rule("expect_almost_eq_const")},
      {"check.expect_close", {}, check_rule("expect_close")},
      {"check.expect_eq", {}, check_rule("expect_eq")},
      {"check.expect_eq_const", {}, check_rule("expect_eq_const")},
      {"check.expect_serialized_eq", {}, check_rule("expect_serialized_eq")},
  };
}

}  // namespace

const OpRule* op_rule(std::string_view name) {
  static const auto* rows = new std::vector<OpRule>(make_rows());
  static const auto* index = [] {
    auto* map = new std::unordered_map<std::string_view, const OpRule*>;
    for (const OpRule& row : *rows) map->emplace(row.name, &row);
    return map;
  }();
  const auto found = index->find(name);
  return found == index->end() ? nullptr : found->second;
}

}  // namespace jaxsmith::stablehlo
