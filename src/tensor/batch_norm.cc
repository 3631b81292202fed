#include "tensor/batch_norm.h"

#include <fmt/format.h>

#include <initializer_list>

#include "tensor/elementwise.h"
#include "tensor/movement.h"
#include "tensor/reduction.h"

namespace jaxsmith::tensor {
namespace {

Array plus(const Array& x, const Array& y) { return binary(Binary::add, x, y); }
Array minus(const Array& x, const Array& y) { return binary(Binary::subtract, x, y); }
Array times(const Array& x, const Array& y) { return binary(Binary::multiply, x, y); }
Array over(const Array& x, const Array& y) { return binary(Binary::divide, x, y); }

// An operand and how its features lie in it.
class Features {
 public:
  Features(const Array& x, const BatchNorm& options) : x_(x), options_(options) {
    require(is_real(x.dtype()), "batch normalization is of floats");
    if (options.feature < 0 || options.feature >= x.rank())
      invalid(fmt::format("{} has no dimension {}", x.type_text(), options.feature));
    for (std::int64_t d = 0; d < x.rank(); ++d)
      if (d != options.feature) others_.push_back(d);
  }

  void require_one_each(std::initializer_list<const Array*> arrays) const {
    for (const Array* a : arrays)
      if (a->shape() != Shape{count()} || a->dtype() != x_.dtype())
        invalid(fmt::format("{} has not one {} for each of {} features", a->type_text(),
                            jaxpr_name(x_.dtype()), count()));
  }
  std::int64_t count() const { return x_.shape()[static_cast<std::size_t>(options_.feature)]; }

  Array spread(const Array& each) const {
    return broadcast_in_dim(each, x_.shape(), {options_.feature});
  }
  Array everywhere(double value) const { return broadcast_in_dim(number(value), x_.shape(), {}); }
  Array sum(const Array& x) const { return reduce_dims(Binary::add, x, others_); }
  double elements_each() const {
    const std::int64_t whole = count() == 0 ? 0 : x_.size() / count();
    return static_cast<double>(whole);
  }
  // Over the elements of each feature.
  Array mean(const Array& x) const {
    return over(sum(x), broadcast_in_dim(number(elements_each()), {count()}, {}));
  }
  Array deviation(const Array& variance) const {
    return unary(Unary::sqrt, plus(spread(variance), everywhere(options_.epsilon)));
  }

 private:
  Array number(double value) const { return x_.scalar(x_.dtype(), value); }

  const Array& x_;
  BatchNorm options_;
  Ints others_;
};

}  // namespace

Array batch_norm_inference(const Array& x, const Array& scale, const Array& offset,
                           const Array& mean, const Array& variance, const BatchNorm& options) {
  const Features f(x, options);
  f.require_one_each({&scale, &offset, &mean, &variance});
  const Array normalized = over(minus(x, f.spread(mean)), f.deviation(variance));
  return plus(times(f.spread(scale), normalized), f.spread(offset));
}

std::array<Array, 3> batch_norm_training(const Array& x, const Array& scale, const Array& offset,
                                         const BatchNorm& options) {
  const Features f(x, options);
  const Array mean = f.mean(x), centered = minus(x, f.spread(mean)),
              variance = f.mean(times(centered, centered));
  return {batch_norm_inference(x, scale, offset, mean, variance, options), mean, variance};
}

std::array<Array, 3> batch_norm_grad(const Array& x, const Array& scale, const Array& mean,
                                     const Array& variance, const Array& grad_output,
                                     const BatchNorm& options) {
  const Features f(x, options);
  f.require_one_each({&scale, &mean, &variance});
  if (!grad_output.same_type(x))
    invalid(fmt::format("the output's gradient is {}, the operand {}", grad_output.type_text(),
                        x.type_text()));
  const Array centered = minus(x, f.spread(mean)), deviation = f.deviation(variance);
  const Array sum = f.sum(grad_output), product = times(grad_output, centered),
              n = f.everywhere(f.elements_each());
  const Array along_variance = over(times(f.spread(f.sum(product)), centered),
                                    plus(f.spread(variance), f.everywhere(options.epsilon)));
  const Array rest = minus(minus(times(grad_output, n), f.spread(sum)), along_variance);
  const Array grad_x = times(over(over(f.spread(scale), deviation), n), rest);
  return {grad_x, f.sum(over(product, deviation)), sum};
}

}  // namespace jaxsmith::tensor
