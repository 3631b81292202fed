// The rules of the operations: each gives its operation's results from its operands. On abstract
// arrays the same rule is the operation's type rule (tensor/array.h). op_table.cc says which
// operation has which. Errors are EvaluationErrors.
#pragma once

#include "ir/stablehlo/op_table.h"

namespace jaxsmith::stablehlo {

using Results = std::vector<Datum>;

// ---- What rules ask for

// Of an operation that is told the dimensions of its result by an operand.
Shape asked_shape(const Call& c, std::size_t operand);
// The integers of a list that is a value: sizes, for example.
Ints integers_of(const Array& list);
Results results_of(std::span<const Array> arrays);

// ---- rules_elementwise.cc

// Of stablehlo.constant and chlo.constant: the attribute `value`.
Results constant_rule(const Call& c);
Results binary_rule(const Call& c, tensor::Binary op);
Results reduce_precision_rule(const Call& c);
Results compare_rule(const Call& c);
Results select_rule(const Call& c);
Results clamp_rule(const Call& c);
Results convert_rule(const Call& c);
Results bitcast_convert_rule(const Call& c);
Results uniform_rule(const Call& c);

// ---- rules_movement.cc

Results broadcast_in_dim_rule(const Call& c);
Results broadcast_rule(const Call& c);
Results reshape_rule(const Call& c);
Results slice_rule(const Call& c);
Results pad_rule(const Call& c);
Results concatenate_rule(const Call& c);
Results iota_rule(const Call& c);
Results dynamic_slice_rule(const Call& c);
Results dynamic_update_slice_rule(const Call& c);
Results gather_rule(const Call& c);
Results scatter_rule(const Call& c);
Results reverse_rule(const Call& c);
Results transpose_rule(const Call& c);
Results dynamic_broadcast_rule(const Call& c);
Results dynamic_iota_rule(const Call& c);
Results dynamic_reshape_rule(const Call& c);
Results dynamic_pad_rule(const Call& c);
Results real_dynamic_slice_rule(const Call& c);
Results dynamic_gather_rule(const Call& c);
Results dimension_size_rule(const Call& c);

// ---- rules_reduction.cc

Results reduce_rule(const Call& c);
Results reduce_window_rule(const Call& c);
Results select_and_scatter_rule(const Call& c);
Results sort_rule(const Call& c);
Results batch_norm_inference_rule(const Call& c);
Results batch_norm_training_rule(const Call& c);
Results batch_norm_grad_rule(const Call& c);
Results map_rule(const Call& c);
Results top_k_rule(const Call& c);

// ---- rules_contraction.cc

Results dot_general_rule(const Call& c);
Results dot_rule(const Call& c);
Results convolution_rule(const Call& c);
Results fft_rule(const Call& c);
Results triangular_solve_rule(const Call& c);
Results cholesky_rule(const Call& c);
Results rng_rule(const Call& c);
Results rng_bit_generator_rule(const Call& c);

// ---- rules_control.cc

Results while_rule(const Call& c);
Results case_rule(const Call& c);
Results if_rule(const Call& c);
Results call_rule(const Call& c);
Results all_operands(const Call& c);
Results tuple_element_rule(const Call& c);
Results tuple_rule(const Call& c);
Results token_rule(const Call& c);

// ---- collectives.cc

Results all_gather_rule(const Call& c);
Results all_reduce_rule(const Call& c);
Results all_to_all_rule(const Call& c);
Results collective_broadcast_rule(const Call& c);
Results collective_permute_rule(const Call& c);
Results collective_reduce_rule(const Call& c);
Results reduce_scatter_rule(const Call& c);
Results manual_computation_rule(const Call& c);
Results partition_id_rule(const Call& c);
Results replica_id_rule(const Call& c);

// ---- processes.cc

Results infeed_rule(const Call& c);
Results outfeed_rule(const Call& c);
Results recv_rule(const Call& c);
Results run_parallel_rule(const Call& c);
Results send_rule(const Call& c);

// ---- chlo.cc: what the dialect CHLO has beside functions of elements

Results constant_like_rule(const Call& c);
Results mulhi_rule(const Call& c);
Results scan_rule(const Call& c);

// ---- custom_calls.cc: by their target

Results custom_call_rule(const Call& c);

// ---- lapack_calls.cc: "lapack_sgetrf_ffi" and the like

Results lapack(const Call& c, std::string_view target);

// ---- checks.cc: check.expect_eq and the like, by the name behind "check.", and interpreter.probe

Results check_call(const Call& c, std::string_view what);
Results probe_rule(const Call& c);

}  // namespace jaxsmith::stablehlo
