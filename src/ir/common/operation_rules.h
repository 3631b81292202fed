// Rules that languages of IR have in common, as far as operations are said alike in them: the
// StableHLO specification's and HLO's. `Call` is a level's: an operation as its rule sees it
// (attributes.h), which gives the element type and the sizes that its result is declared with,
// result_dtype() and result_dims(), and make() besides. What languages say differently (a
// dimension, a window, a body) is handed in. Each counts its operands itself. Errors are
// EvaluationErrors.
#pragma once

#include <array>
#include <vector>

#include "tensor/batch_norm.h"
#include "tensor/contraction.h"
#include "tensor/movement.h"
#include "tensor/reduction.h"

namespace jaxsmith::ir {

template <class Call>
tensor::Array bitcast_convert_call(const Call& c) {
  c.want(1);
  return tensor::bitcast_convert(c.array(0), c.result_dtype());
}

// ---- Movement

template <class Call>
tensor::Array concatenate_call(const Call& c, std::int64_t dim) {
  const auto parts = c.arrays(0, c.size());
  return tensor::concatenate(parts, dim);
}

template <class Call>
tensor::Array iota_call(const Call& c) {
  c.want(0);
  return c.make().iota(c.result_dtype(), c.result_dims(), c.integer("iota_dimension"));
}

// The size of a dimension: a number of the type i32.
template <class Call>
tensor::Array dimension_size_call(const Call& c, std::int64_t dim) {
  c.want(1);
  tensor::require(dim >= 0 && dim < c.array(0).rank(), "there is no such dimension");
  return c.make().scalar_int(tensor::DType::kI32,
                             c.array(0).shape()[static_cast<std::size_t>(dim)]);
}

// Operands, indices, and an update for each operand.
template <class Call>
std::vector<tensor::Array> scatter_call(const Call& c, const tensor::ScatterDims& dims,
                                        const tensor::Body& body) {
  const std::size_t n = c.size() / 2;
  tensor::require(c.size() >= 3 && c.size() % 2 == 1,
                  "scatter takes operands, indices and as many updates");
  const auto operands = c.arrays(0, n), updates = c.arrays(n + 1, c.size());
  return tensor::scatter(operands, c.array(n), updates, dims, body);
}

// ---- Reductions. Operands, then as many initial values.

// What `reduce` makes of the operands and their initial values.
template <class Call, class Reduce>
std::vector<tensor::Array> with_initial_values(const Call& c, const Reduce& reduce) {
  tensor::require(c.size() % 2 == 0, "as many initial values are wanted as operands");
  const std::size_t n = c.size() / 2;
  return reduce(c.arrays(0, n), c.arrays(n, c.size()));
}

template <class Call>
std::vector<tensor::Array> reduce_call(const Call& c, const tensor::Ints& dims,
                                       const tensor::Body& body) {
  return with_initial_values(c, [&](const auto& operands, const auto& inits) {
    return tensor::reduce(operands, inits, dims, body);
  });
}

template <class Call>
std::vector<tensor::Array> reduce_window_call(const Call& c, const tensor::Window& window,
                                              const tensor::Body& body) {
  return with_initial_values(c, [&](const auto& operands, const auto& inits) {
    return tensor::reduce_window(operands, inits, window, body);
  });
}

// Operand, source, initial value.
template <class Call>
tensor::Array select_and_scatter_call(const Call& c, const tensor::Window& window,
                                      const tensor::Body& select, const tensor::Body& scatter) {
  c.want(3);
  return tensor::select_and_scatter(c.array(0), c.array(1), c.array(2), window, select, scatter);
}

// ---- Normalization

template <class Call>
tensor::BatchNorm batch_norm_options(const Call& c) {
  return {c.real("epsilon"), c.integer("feature_index")};
}

template <class Call>
tensor::Array batch_norm_inference_call(const Call& c) {
  c.want(5);
  return tensor::batch_norm_inference(c.array(0), c.array(1), c.array(2), c.array(3), c.array(4),
                                      batch_norm_options(c));
}

template <class Call>
std::array<tensor::Array, 3> batch_norm_training_call(const Call& c) {
  c.want(3);
  return tensor::batch_norm_training(c.array(0), c.array(1), c.array(2), batch_norm_options(c));
}

template <class Call>
std::array<tensor::Array, 3> batch_norm_grad_call(const Call& c) {
  c.want(5);
  return tensor::batch_norm_grad(c.array(0), c.array(1), c.array(2), c.array(3), c.array(4),
                                 batch_norm_options(c));
}

// ---- Transforms

template <class Call>
tensor::Array fft_call(const Call& c) {
  c.want(1);
  const auto kind = tensor::fft_kind_named(c.word("fft_type"));
  if (!kind) tensor::invalid("fft_type is none of FFT, IFFT, RFFT, IRFFT");
  return tensor::fft(c.array(0), *kind, c.need_ints("fft_length"));
}

}  // namespace jaxsmith::ir
