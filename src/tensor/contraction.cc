#include "tensor/contraction.h"

#include <fmt/format.h>

#include <Eigen/Dense>
#include <algorithm>
#include <unsupported/Eigen/FFT>

#include "tensor/movement.h"
#include "tensor/products.h"
#include "tensor/rounding_noise.h"

namespace jaxsmith::tensor {
namespace {

using C128 = std::complex<double>;

// Multiply-adds up to which f32 is multiplied in f64.
constexpr std::int64_t kWideProducts = 1 << 24;

Shape sizes(const Array& x, const Ints& dims) {
  Shape out;
  for (const std::int64_t d : dims) out.push_back(x.shape()[static_cast<std::size_t>(d)]);
  return out;
}

Ints joined(std::initializer_list<const Ints*> parts) {
  Ints out;
  for (const Ints* part : parts) out.insert(out.end(), part->begin(), part->end());
  return out;
}

Ints others(std::int64_t rank, const Ints& dims) {
  Ints out;
  for (std::int64_t d = 0; d < rank; ++d)
    if (std::find(dims.begin(), dims.end(), d) == dims.end()) out.push_back(d);
  return out;
}

template <class T>
using Matrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

// Batches of row-major [m, k] times [k, n].
template <class T, class Wide>
void multiply(const Array& a, const Array& b, Array& out, std::int64_t batch, std::int64_t m,
              std::int64_t k, std::int64_t n) {
  for (std::int64_t i = 0; i < batch; ++i) {
    const Eigen::Map<const Matrix<T>> left(a.data<T>().data() + i * m * k, m, k);
    const Eigen::Map<const Matrix<T>> right(b.data<T>().data() + i * k * n, k, n);
    Eigen::Map<Matrix<T>> to(out.mutate<T>().data() + i * m * n, m, n);
    if constexpr (std::is_same_v<T, Wide>)
      to.noalias() = left * right;
    else
      to = (left.template cast<Wide>() * right.template cast<Wide>()).template cast<T>();
  }
}

// Each product and each sum rounded, in the order of the elements.
template <class T>
void multiply_stepwise(const Array& a, const Array& b, Array& out, std::int64_t batch,
                       std::int64_t m, std::int64_t k, std::int64_t n) {
  const T *left = a.data<T>().data(), *right = b.data<T>().data();
  const DType dtype = out.dtype();
  T* to = out.mutate<T>().data();
  for (std::int64_t i = 0; i < batch; ++i)
    for (std::int64_t r = 0; r < m; ++r)
      for (std::int64_t c = 0; c < n; ++c) {
        T sum{};
        for (std::int64_t j = 0; j < k; ++j)
          sum = add_stepwise(dtype, sum, left[(i * m + r) * k + j], right[(i * k + j) * n + c]);
        *to++ = sum;
      }
}

void multiply_integers(const Array& a, const Array& b, Array& out, std::int64_t batch,
                       std::int64_t m, std::int64_t k, std::int64_t n) {
  using U = std::uint64_t;
  const auto left = a.ints(), right = b.ints();
  auto to = out.mutate<std::int64_t>();
  const bool boolean = out.dtype() == DType::kBool;
  for (std::int64_t i = 0; i < batch; ++i)
    for (std::int64_t r = 0; r < m; ++r)
      for (std::int64_t c = 0; c < n; ++c) {
        U sum = 0;
        for (std::int64_t j = 0; j < k; ++j) {
          const U x = static_cast<U>(left[static_cast<std::size_t>((i * m + r) * k + j)]) *
                      static_cast<U>(right[static_cast<std::size_t>((i * k + j) * n + c)]);
          sum = boolean ? sum | x : sum + x;
        }
        to[static_cast<std::size_t>((i * m + r) * n + c)] = static_cast<std::int64_t>(sum);
      }
}

}  // namespace

Array dot_general(const Array& lhs, const Array& rhs, const DotDims& dims, DType result) {
  require(dims.lhs_batch.size() == dims.rhs_batch.size(),
          "as many batching dimensions are wanted on both sides");
  require(dims.lhs_contracting.size() == dims.rhs_contracting.size(),
          "as many contracting dimensions are wanted on both sides");
  const Ints lhs_used = joined({&dims.lhs_batch, &dims.lhs_contracting});
  const Ints rhs_used = joined({&dims.rhs_batch, &dims.rhs_contracting});
  require_distinct_dims(lhs_used, lhs.rank(), "dimensions of the left side");
  require_distinct_dims(rhs_used, rhs.rank(), "dimensions of the right side");
  for (std::size_t i = 0; i < lhs_used.size(); ++i) {
    const std::int64_t a = lhs.shape()[static_cast<std::size_t>(lhs_used[i])];
    const std::int64_t b = rhs.shape()[static_cast<std::size_t>(rhs_used[i])];
    if (a != b)
      invalid(fmt::format("dimension {} of {} and dimension {} of {} go together, but differ",
                          lhs_used[i], lhs.type_text(), rhs_used[i], rhs.type_text()));
  }
  const Ints lhs_free = others(lhs.rank(), lhs_used), rhs_free = others(rhs.rank(), rhs_used);
  const Shape of_batch = sizes(lhs, dims.lhs_batch), of_lhs = sizes(lhs, lhs_free),
              of_rhs = sizes(rhs, rhs_free);
  Array out = Array::result({&lhs, &rhs}, result, joined({&of_batch, &of_lhs, &of_rhs}));
  if (out.abstract() || out.size() == 0) return out;
  const std::int64_t batch = element_count(of_batch), m = element_count(of_lhs),
                     k = element_count(sizes(lhs, dims.lhs_contracting)), n = element_count(of_rhs);
  const Array a = with_noise(
      convert(transpose(lhs, joined({&dims.lhs_batch, &lhs_free, &dims.lhs_contracting})), result));
  const Array b = with_noise(
      convert(transpose(rhs, joined({&dims.rhs_batch, &dims.rhs_contracting, &rhs_free})), result));
  if (k == 0) return out;
  out.context().spend({batch, m, k, n}, 2);
  if (out.context().arithmetic().stepwise && lane_of(result) != Lane::kInt) {
    with_lane(result, [&]<class T>(T) {
      if constexpr (!std::is_same_v<T, std::int64_t>)
        multiply_stepwise<T>(a, b, out, batch, m, k, n);
    });
    return out;
  }
  const bool wide = element_count({batch, m, k, n}) <= kWideProducts;
  // Copies in another type and in blocks, as Eigen makes them.
  const std::int64_t element = is_complex(result) ? sizeof(C128) : sizeof(double);
  const Workspace copies(out.context(), {element, m * k + k * n + m * n});
  switch (lane_of(result)) {
    case Lane::kInt:
      multiply_integers(a, b, out, batch, m, k, n);
      break;
    case Lane::kF32:
      wide ? multiply<float, double>(a, b, out, batch, m, k, n)
           : multiply<float, float>(a, b, out, batch, m, k, n);
      break;
    case Lane::kF64:
      multiply<double, double>(a, b, out, batch, m, k, n);
      break;
    case Lane::kC64:
      multiply<std::complex<float>, C128>(a, b, out, batch, m, k, n);
      break;
    case Lane::kC128:
      multiply<C128, C128>(a, b, out, batch, m, k, n);
      break;
  }
  settle(out);
  return out;
}

// ---- fft ----

std::optional<FftKind> fft_kind_named(std::string_view name) {
  if (name == "FFT") return FftKind::kFft;
  if (name == "IFFT") return FftKind::kIfft;
  if (name == "RFFT") return FftKind::kRfft;
  if (name == "IRFFT") return FftKind::kIrfft;
  return std::nullopt;
}

namespace {

// The sum of the prime factors of which the transform is done term by term.
std::int64_t large_factors(std::int64_t n) {
  constexpr std::int64_t kLargestButterfly = 5;
  std::int64_t sum = 0;
  for (std::int64_t p = 2; p * p <= n; ++p)
    for (; n % p == 0; n /= p) sum += p > kLargestButterfly ? p : 0;
  return sum + (n > kLargestButterfly ? n : 0);
}

// Along one dimension, of a row-major array of c128.
void transform(Scratch<C128>& values, const Shape& shape, std::size_t dim, bool inverse) {
  const std::int64_t n = shape[dim];
  if (n <= 1) return;
  const Ints strides = row_major_strides(shape);
  Shape rest = shape;
  rest[dim] = 1;
  const EvaluationContext context = values.get_allocator().context();
  const Workspace tables(context, {n, 2 * sizeof(C128)});
  context.spend({element_count(shape), large_factors(n)});
  Eigen::FFT<double> engine;
  Scratch<C128> line(static_cast<std::size_t>(n), context), out(line);
  for_each_offset(context, rest, strides, [&](std::int64_t offset) {
    for (std::int64_t i = 0; i < n; ++i)
      line[static_cast<std::size_t>(i)] =
          values[static_cast<std::size_t>(offset + i * strides[dim])];
    if (inverse)
      engine.inv(out.data(), line.data(), n);
    else
      engine.fwd(out.data(), line.data(), n);
    for (std::int64_t i = 0; i < n; ++i)
      values[static_cast<std::size_t>(offset + i * strides[dim])] =
          out[static_cast<std::size_t>(i)];
  });
}

Scratch<C128> as_complex(const Array& x) {
  const Array wide = convert(x, DType::kC128);
  const auto data = wide.data<C128>();
  return {data.begin(), data.end(), x.context()};
}

// The half of a spectrum that a real signal's transform keeps, made whole along the last dimension:
// of each line, element n - i is the conjugate of element i.
Scratch<C128> whole_spectrum(const Scratch<C128>& half, std::int64_t half_size, std::int64_t n) {
  Scratch<C128> out(half.get_allocator());
  const std::size_t lines = half_size == 0 ? 0 : half.size() / static_cast<std::size_t>(half_size);
  for (std::size_t l = 0; l < lines; ++l) {
    const C128* line = half.data() + l * static_cast<std::size_t>(half_size);
    for (std::int64_t i = 0; i < n; ++i) {
      C128 v = i < half_size ? line[i] : std::conj(line[n - i]);
      // The imaginary parts of these two are taken to be zero.
      if (i == 0 || 2 * i == n) v = v.real();
      out.push_back(v);
    }
  }
  return out;
}

}  // namespace

Array fft(const Array& x, FftKind kind, const Ints& length) {
  const std::size_t n = length.size(), rank = static_cast<std::size_t>(x.rank());
  require(n >= 1 && n <= 3 && n <= rank,
          "fft_length has as many numbers as dimensions are transformed: 1, 2 or 3");
  const DType d = x.dtype();
  const bool from_real = kind == FftKind::kRfft, to_real = kind == FftKind::kIrfft;
  if (from_real ? d != DType::kF32 && d != DType::kF64 : !is_complex(d))
    invalid(fmt::format("this transform does not take {}", x.type_text()));
  const bool wide = d == DType::kC128 || d == DType::kF64;
  const DType result =
      to_real ? (wide ? DType::kF64 : DType::kF32) : (wide ? DType::kC128 : DType::kC64);
  Shape shape = x.shape();
  for (std::size_t i = 0; i < n; ++i) {
    auto& size = shape[rank - n + i];
    const std::int64_t expected = to_real && i + 1 == n ? length[i] / 2 + 1 : length[i];
    if (size != expected && size != 0)
      invalid(fmt::format("fft_length {} of a dimension with {} elements", length[i], size));
    if (i + 1 == n) size = from_real ? (length[i] == 0 ? 0 : length[i] / 2 + 1) : length[i];
  }
  Array out = x.zeros(result, shape);
  if (out.abstract() || out.size() == 0 || x.size() == 0) return out;
  x.context().spend({x.size() + out.size(), 32});
  Scratch<C128> values = as_complex(with_noise(x));
  Shape at = x.shape();
  const bool inverse = kind == FftKind::kIfft || to_real;
  if (to_real) {
    // The other dimensions first: only then is the last one's spectrum that of real numbers.
    for (std::size_t i = 0; i + 1 < n; ++i) transform(values, at, rank - n + i, true);
    values = whole_spectrum(values, at.back(), length.back());
    at.back() = length.back();
    transform(values, at, rank - 1, true);
  } else {
    for (std::size_t i = 0; i < n; ++i) transform(values, at, rank - n + i, inverse);
  }
  Array full = x.zeros(DType::kC128, at);
  std::copy(values.begin(), values.end(), full.mutate<C128>().begin());
  if (from_real) full = slice(full, Ints(rank, 0), shape, Ints(rank, 1));
  return convert(to_real ? unary(Unary::real, full) : full, result);
}

}  // namespace jaxsmith::tensor
