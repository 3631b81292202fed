#include "ir/common/convolution_dims.h"

#include <fmt/format.h>

namespace jaxsmith::ir {
namespace {

void set_dims(std::string_view letters, char first_letter, std::int64_t& first, char second_letter,
              std::int64_t& second, tensor::Ints& spatial) {
  first = second = -1;
  std::int64_t position = 0;
  for (const char ch : letters) {
    if (ch == ' ' || ch == ',') continue;
    std::int64_t* place = nullptr;
    if (ch >= '0' && ch <= '9') {
      const auto d = static_cast<std::size_t>(ch - '0');
      if (spatial.size() <= d) spatial.resize(d + 1, -1);
      place = &spatial[d];
    } else if (ch == first_letter) {
      place = &first;
    } else if (ch == second_letter) {
      place = &second;
    } else {
      tensor::invalid(fmt::format("'{}' is no dimension of a convolution: {}, {} or a number is",
                                  ch, first_letter, second_letter));
    }
    if (*place >= 0)
      tensor::invalid(fmt::format("dimension '{}' of a convolution stands twice", ch));
    *place = position++;
  }
  if (first < 0 || second < 0)
    tensor::invalid(fmt::format("dimension {} of a convolution is missing",
                                first < 0 ? first_letter : second_letter));
}

}  // namespace

tensor::ConvolutionDims convolution_dims(std::string_view input, std::string_view kernel,
                                         std::string_view output) {
  tensor::ConvolutionDims out;
  set_dims(input, 'b', out.input_batch, 'f', out.input_feature, out.input_spatial);
  set_dims(kernel, 'i', out.kernel_input_feature, 'o', out.kernel_output_feature,
           out.kernel_spatial);
  set_dims(output, 'b', out.output_batch, 'f', out.output_feature, out.output_spatial);
  return out;
}

}  // namespace jaxsmith::ir
