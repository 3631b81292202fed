// Quantized element types: "!quant.uniform<i8:f32:0, {0.1:-30, 0.5:-20}>". Rules: the StableHLO
// specification, "Quantized types" and "Quantization computations".
#pragma once

#include "ir/stablehlo/module.h"

namespace jaxsmith::stablehlo {

// Nothing where it is no quantized type, or one that is not known.
std::shared_ptr<const Quantization> parse_quantized(std::string_view element);

// Between what is stored and the real numbers, in the type that those are expressed in.
Array dequantize(const Quantization& q, const Array& stored);
Array quantize(const Quantization& q, const Array& real);

}  // namespace jaxsmith::stablehlo
