#include "ir/stablehlo/op_table.h"
#include "ir/common/body.h"

#include <unordered_map>

#include "base/word_list.h"
#include "ir/common/elementwise.h"
#include "ir/stablehlo/rules.h"

namespace jaxsmith::stablehlo {
namespace {

constexpr std::string_view kUnary = "%", kBinary = "%, %";
constexpr auto kComputed = OpRule::Numbers::kComputed;

// How the types of an operation on each element for itself are written.
Types types_of(std::string_view name, ir::Gives gives) {
  if (name.starts_with("chlo.")) return Types::kArrow;
  if (gives == ir::Gives::kBool) return Types::kFunction;
  return gives == ir::Gives::kComplex ? Types::kComplex : Types::kSame;
}

OpRule row_of(std::string_view name, tensor::Unary op, Types types) {
  const auto rule = [op](const Call& c) -> Results {
    c.want(1);
    return {tensor::unary(op, c.array(0))};
  };
  return {name, {kUnary, types}, rule, true, kComputed};
}

OpRule row_of(std::string_view name, tensor::Binary op, Types types) {
  const auto rule = [op](const Call& c) { return binary_rule(c, op); };
  return {name, {kBinary, types}, rule, true, kComputed, op};
}

std::function<Results(const Call&)> check_rule(std::string_view what) {
  return [what](const Call& c) { return check_call(c, what); };
}

OpRule ending_block(std::string_view name, const Format& format = {"%*", Types::kList}) {
  return ir::flagged(&OpRule::ends_block, {name, format, nullptr});
}

// Beside those of tensor/elementwise.def. name; how it is written (none: generically, or by hand in
// custom_forms.cc); rule (none: it is read and not executed, or ends a block); whether it works on
// each element for itself; what it does with quantized numbers
std::vector<OpRule> other_rows() {
  return {
      {"stablehlo.after_all", {"%*", Types::kSame}, token_rule},
      {"stablehlo.all_gather", {}, all_gather_rule},
      {"stablehlo.all_reduce", {}, all_reduce_rule},
      {"stablehlo.all_to_all", {}, all_to_all_rule},
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
      {"stablehlo.composite", {"<name:string> %*", Types::kFunction}, call_rule},
      {"stablehlo.concatenate", {"%*, dim = <dimension:int>", Types::kFunction}, concatenate_rule},
      {"stablehlo.constant", {}, constant_rule, true},
      ir::flagged(&OpRule::converts,
                  {"stablehlo.convert", {kUnary, Types::kSame}, convert_rule, true, kComputed}),
      {"stablehlo.convolution", {}, convolution_rule, false, kComputed},
      {"stablehlo.create_token", {"", Types::kResult}, token_rule},
      {"stablehlo.custom_call", {}, custom_call_rule},
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
      {"stablehlo.fft",
       {"%, type = <fft_type:fft_type>, length = <fft_length:ints>", Types::kFunction},
       fft_rule},
      {"stablehlo.gather", {}, gather_rule},
      {"stablehlo.get_dimension_size",
       {"%, dim = <dimension:int>", Types::kFunction},
       dimension_size_rule},
      {"stablehlo.get_tuple_element", {"%[<index:int>]", Types::kFunction}, tuple_element_rule},
      {"stablehlo.if", {}, if_rule},
      {"stablehlo.infeed", {}, infeed_rule},
      {"stablehlo.iota", {"dim = <iota_dimension:int>", Types::kResult}, iota_rule},
      {"stablehlo.map", {}, map_rule},
      {"stablehlo.optimization_barrier", {"%*", Types::kList}, all_operands, true},
      {"stablehlo.outfeed", {}, outfeed_rule},
      {"stablehlo.pad",
       {"%, %, low = <edge_padding_low:ints>, high = <edge_padding_high:ints>, interior = "
        "<interior_padding:ints>",
        Types::kFunction},
       pad_rule},
      {"stablehlo.partition_id", {"", Types::kResult}, partition_id_rule},
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
      {"stablehlo.replica_id", {"", Types::kResult}, replica_id_rule},
      {"stablehlo.reshape", {kUnary, Types::kFunction}, reshape_rule},
      ending_block("stablehlo.return"),
      {"stablehlo.reverse", {"%, dims = <dimensions:ints>", Types::kSame}, reverse_rule},
      {"stablehlo.rng",
       {"%, %, %, distribution = <rng_distribution:rng_distribution>", Types::kFunction},
       rng_rule},
      {"stablehlo.rng_bit_generator",
       {"%, algorithm = <rng_algorithm:rng_algorithm>", Types::kFunction},
       rng_bit_generator_rule},
      {"stablehlo.scatter", {}, scatter_rule},
      {"stablehlo.select", {"%, %, %", Types::kSelect}, select_rule, true},
      {"stablehlo.select_and_scatter", {}, select_and_scatter_rule},
      {"stablehlo.send", {}, send_rule},
      {"stablehlo.set_dimension_size", {"%, %, dim = <dimension:int>", Types::kFunction}, nullptr},
      {"stablehlo.slice", {}, slice_rule},
      {"stablehlo.sort", {}, sort_rule},
      {"stablehlo.trace", {"%, <tag:string>", Types::kList}, nullptr},
      {"stablehlo.transpose", {"%, dims = <permutation:ints>", Types::kFunction}, transpose_rule},
      {"stablehlo.triangular_solve", {}, triangular_solve_rule},
      {"stablehlo.tuple", {"%*", Types::kTuple}, tuple_rule},
      {"stablehlo.unary_einsum", {"%, config = <einsum_config:string>", Types::kFunction}, nullptr},
      {"stablehlo.uniform_dequantize", {kUnary, Types::kFunction}, uniform_rule, true, kComputed},
      {"stablehlo.uniform_quantize", {kUnary, Types::kFunction}, uniform_rule, true, kComputed},
      {"stablehlo.while", {}, while_rule},
      {"chlo.constant", {}, constant_rule, true},
      {"chlo.constant_like", {}, constant_like_rule, true},
      {"chlo.mulhi", {kBinary, Types::kArrow}, mulhi_rule, true},
      ending_block("chlo.return", {}),
      {"chlo.scan", {}, scan_rule},
      {"chlo.top_k", {"(%, k = <k:int>)", Types::kArrow}, top_k_rule},
      ir::flagged(&OpRule::calls,
                  {"func.call", {"<callee:symbol>(%*)", Types::kFunction}, call_rule}),
      ending_block("func.return"),
      {"sdy.manual_computation", {}, manual_computation_rule},
      ending_block("sdy.return"),
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

constexpr ElementRule kElementRules[] = {
    {"stablehlo.abs stablehlo.sign", "signed real complex"},
    {"stablehlo.is_finite", "real"},
    {"stablehlo.imag stablehlo.real chlo.conj chlo.square", "real complex"},
    {"stablehlo.rng", "bool signed unsigned real"},
    {"stablehlo.iota", "signed unsigned real complex", ElementRule::kResults},
    {"stablehlo.dynamic_broadcast_in_dim stablehlo.dynamic_reshape", "signed unsigned", 1},
};

std::vector<OpRule> make_rows() {
  std::vector<OpRule> rows = other_rows();
  const auto add = [&](const auto& row, std::string_view name) {
    rows.push_back(row_of(name, row.kernel, types_of(name, row.gives)));
  };
  ir::each_elementwise(&ir::ElementwiseNames::stablehlo, add);
  for (OpRule& row : rows)
    for (const ElementRule& rule : kElementRules)
      if (is_word_of(rule.operations, row.name)) row.elements.push_back(&rule);
  return rows;
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
