#include <fmt/format.h>

#include <type_traits>

#include "tensor/contraction.h"
#include "tensor/movement.h"
#include "tensor/products.h"
#include "tensor/rounding_noise.h"

namespace jaxsmith::tensor {
namespace {

// What sums are made in.
template <class T>
using Sum = std::conditional_t<
    std::is_same_v<T, float>, double,
    std::conditional_t<std::is_same_v<T, std::complex<float>>, std::complex<double>,
                       std::conditional_t<std::is_same_v<T, std::int64_t>, std::uint64_t, T>>>;

// Batch, features and spatial dimensions, in this order, as transpose() wants them.
Ints in_order(std::int64_t first, std::int64_t second, const Ints& spatial) {
  Ints out = {first, second};
  out.insert(out.end(), spatial.begin(), spatial.end());
  return out;
}

// Of operands with batch (or output features), features and spatial dimensions in this order.
class Convolution {
 public:
  Convolution(const Array& x, const Array& kernel, Window window, std::int64_t feature_groups,
              std::int64_t batch_groups)
      : x_(x),
        kernel_(kernel),
        window_(std::move(window)),
        feature_groups_(feature_groups),
        batch_groups_(batch_groups),
        out_features_(kernel.shape()[0]),
        in_group_(kernel.shape()[1]) {
    require_groups();
    const std::size_t spatial = x.shape().size() - 2;
    for (const Ints* part :
         {&window_.stride, &window_.base_dilation, &window_.dilation, &window_.low, &window_.high})
      require(part->size() == spatial,
              "the window has not as many dimensions as there are spatial ones");
    window_.size.assign(kernel.shape().begin() + 2, kernel.shape().end());
    taps_ = element_count(window_.size);
    for (std::size_t d = 0; d < spatial; ++d)
      places_.push_back(window_.size[d] == 0 ? 0 : window_places(window_, d, x.shape()[d + 2]));
  }

  Shape shape() const { return in_order(x_.shape()[0] / batch_groups_, out_features_, places_); }

  void run(Array& out) const {
    if (in_group_ == 0) return;  // sums of nothing, however many places there are
    out.context().spend({out.size(), in_group_, taps_}, 2);
    const auto source = sources(out.context());
    with_lane(out.dtype(), [&]<class T>(T) { add_up<T>(out, source); });
    settle(out);
  }

 private:
  void require_groups() const {
    require(feature_groups_ >= 1 && batch_groups_ >= 1, "a count of groups is less than 1");
    require(feature_groups_ == 1 || batch_groups_ == 1,
            "features and batches cannot both be in groups");
    std::int64_t features = 0;
    if (__builtin_mul_overflow(in_group_, feature_groups_, &features) || x_.shape()[1] != features)
      invalid(fmt::format("{} input features in {} groups, but the kernel takes {}", x_.shape()[1],
                          feature_groups_, in_group_));
    require(x_.shape()[0] % batch_groups_ == 0 && out_features_ % batch_groups_ == 0 &&
                out_features_ % feature_groups_ == 0,
            "batch or output features cannot be divided into the groups");
  }

  // For each place and each of the kernel's: where in an image its element lies, or -1 outside.
  Scratch<std::int64_t> sources(const EvaluationContext& context) const {
    Shape all = places_;
    all.insert(all.end(), window_.size.begin(), window_.size.end());
    const std::int64_t size = Array::typed(DType::kI64, all).size();
    Scratch<std::int64_t> out(static_cast<std::size_t>(size), -1, context);
    charge_dimensions(context, size, places_.size());
    std::int64_t p = 0;
    for (IndexWalk place(context, places_); place; place.next(), ++p)
      for (IndexWalk tap(context, window_.size); tap; tap.next())
        out[static_cast<std::size_t>(p * taps_ + in_kernel(tap.index()))] =
            in_image(place.index(), tap.index());
    return out;
  }

  std::int64_t in_image(const Ints& place, const Ints& tap) const {
    std::int64_t offset = 0;
    for (std::size_t d = 0; d < place.size(); ++d) {
      const std::int64_t at =
          place[d] * window_.stride[d] + tap[d] * window_.dilation[d] - window_.low[d];
      if (at < 0 || at % window_.base_dilation[d] != 0 ||
          at / window_.base_dilation[d] >= x_.shape()[d + 2])
        return -1;
      offset += at / window_.base_dilation[d] * strides_[d + 2];
    }
    return offset;
  }

  // A reversed window is the kernel read from its end.
  std::int64_t in_kernel(const Ints& tap) const {
    std::int64_t at = 0;
    for (std::size_t d = 0; d < tap.size(); ++d) {
      const bool reversed = d < window_.reversed.size() && window_.reversed[d];
      at = at * window_.size[d] + (reversed ? window_.size[d] - 1 - tap[d] : tap[d]);
    }
    return at;
  }

  template <class T>
  void add_up(Array& out, std::span<const std::int64_t> source) const {
    const Arithmetic& how = out.context().arithmetic();
    const T* images = x_.data<T>().data();
    const T* kernels = kernel_.data<T>().data();
    T* to = out.mutate<T>().data();
    const std::int64_t places = element_count(places_), batch = out.shape()[0];
    for (std::int64_t b = 0; b < batch; ++b)
      for (std::int64_t o = 0; o < out_features_; ++o) {
        const std::int64_t image = o / (out_features_ / batch_groups_) * batch + b;
        const std::int64_t group = o / (out_features_ / feature_groups_);
        const T* channels = images + image * strides_[0] + group * in_group_ * strides_[1];
        const T* weights = kernels + o * in_group_ * taps_;
        for (std::int64_t p = 0; p < places; ++p)
          *to++ = sum(how, out.dtype(), channels, weights, source.data() + p * taps_);
      }
  }

  template <class T>
  T sum(const Arithmetic& how, DType dtype, const T* channels, const T* weights,
        const std::int64_t* source) const {
    if constexpr (!std::is_same_v<T, std::int64_t>)
      if (how.stepwise) {  // features within places
        T sum{};
        for (std::int64_t t = 0; t < taps_; ++t)
          for (std::int64_t f = 0; source[t] >= 0 && f < in_group_; ++f)
            sum = add_stepwise(dtype, sum, channels[f * strides_[1] + source[t]],
                               weights[f * taps_ + t]);
        return sum;
      }
    Sum<T> sum{};
    for (std::int64_t f = 0; f < in_group_; ++f)
      for (std::int64_t t = 0; t < taps_; ++t)
        if (source[t] >= 0)
          sum += Sum<T>(channels[f * strides_[1] + source[t]]) * Sum<T>(weights[f * taps_ + t]);
    return static_cast<T>(sum);
  }

  const Array &x_, &kernel_;
  Window window_;
  std::int64_t feature_groups_, batch_groups_, out_features_, in_group_;
  std::int64_t taps_ = 0;  // elements of a window
  Ints strides_ = row_major_strides(x_.shape());
  Shape places_;  // spatial dimensions of the result
};

}  // namespace

Array convolution(const Array& input, const Array& kernel, const ConvolutionDims& dims,
                  Window window, std::int64_t feature_groups, std::int64_t batch_groups,
                  DType result) {
  const std::size_t spatial = dims.input_spatial.size();
  require(dims.kernel_spatial.size() == spatial && dims.output_spatial.size() == spatial,
          "input, kernel and output have different numbers of spatial dimensions");
  const auto rank = static_cast<std::int64_t>(spatial) + 2;
  require(input.rank() == rank && kernel.rank() == rank,
          "the operands' ranks are not the spatial dimensions and two");
  const Ints of_input = in_order(dims.input_batch, dims.input_feature, dims.input_spatial),
             of_kernel = in_order(dims.kernel_output_feature, dims.kernel_input_feature,
                                  dims.kernel_spatial),
             of_output = in_order(dims.output_batch, dims.output_feature, dims.output_spatial);
  require_distinct_dims(of_input, rank, "input dimensions");
  require_distinct_dims(of_kernel, rank, "kernel dimensions");
  require_distinct_dims(of_output, rank, "output dimensions");
  const Ints back = inverse_permutation(of_output);
  Array x = transpose(input, of_input), k = transpose(kernel, of_kernel);
  const Convolution convolution(x, k, std::move(window), feature_groups, batch_groups);
  Array out = Array::result({&input, &kernel}, result, convolution.shape());
  if (out.abstract() || out.size() == 0) return transpose(out, back);
  x = with_noise(convert(x, result));
  k = with_noise(convert(k, result));
  convolution.run(out);
  return transpose(out, back);
}

}  // namespace jaxsmith::tensor
