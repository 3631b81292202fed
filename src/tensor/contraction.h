// Products that sum over dimensions, and Fourier transforms. Rules: the StableHLO specification of
// dot_general, convolution and fft.
#pragma once

#include "tensor/reduction.h"

namespace jaxsmith::tensor {

struct DotDims {
  Ints lhs_batch, rhs_batch, lhs_contracting, rhs_contracting;
};
// Sums of products of elements converted to `result`, in at least its precision.
Array dot_general(const Array& lhs, const Array& rhs, const DotDims& dims, DType result);

struct ConvolutionDims {
  std::int64_t input_batch = 0, input_feature = 0, kernel_input_feature = 0,
               kernel_output_feature = 0, output_batch = 0, output_feature = 0;
  Ints input_spatial, kernel_spatial, output_spatial;
};
// `window`: one dimension for each spatial one; base_dilation dilates the input, dilation the
// kernel.
Array convolution(const Array& input, const Array& kernel, const ConvolutionDims& dims,
                  Window window, std::int64_t feature_groups, std::int64_t batch_groups,
                  DType result);

enum class FftKind { kFft, kIfft, kRfft, kIrfft };
std::optional<FftKind> fft_kind_named(std::string_view name);  // "RFFT"
// Over the last dimensions, `length` of them; of the result for an IRFFT.
Array fft(const Array& x, FftKind kind, const Ints& length);

}  // namespace jaxsmith::tensor
