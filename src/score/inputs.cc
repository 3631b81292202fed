#include "score/inputs.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

namespace jaxsmith::score {

using tensor::Array;
using tensor::DType;

namespace {

constexpr double kMagnitudes[kWaysToDraw] = {4, 0.25, 1, 16, 0.0625, 2, 0.5, 1};
// From this attempt on only what is near to the recorded inputs.
constexpr int kGentle = 2 * kWaysToDraw;

using Doubles = std::vector<double>;

struct Traits {
  bool negative = false, positive = false;
  bool unit = true;  // all in [0, 1]
  bool zeros = true;
  bool sorted = true;  // of one dimension, more than two, not all the same
  bool sums_to_one = false;
  bool symmetric = false, triangular = false;
};

bool is_square(const tensor::Shape& shape) {
  return shape.size() >= 2 && shape.back() == shape[shape.size() - 2] && shape.back() > 1;
}

bool last_axis_sums_to_one(const Doubles& v, std::size_t n) {
  if (n < 2) return false;
  for (std::size_t at = 0; at < v.size(); at += n) {
    double sum = 0;
    for (std::size_t i = 0; i < n; ++i) sum += v[at + i];
    if (std::abs(sum - 1) > 1e-2) return false;
  }
  return true;
}

Traits traits_of(const Doubles& v, const tensor::Shape& shape) {
  Traits t;
  for (const double x : v) {
    t.negative |= x < 0;
    t.positive |= x > 0;
    t.unit &= x >= 0 && x <= 1;
    t.zeros &= x == 0;
  }
  const bool ordered = std::none_of(v.begin(), v.end(), [](double x) { return std::isnan(x); });
  t.sorted = shape.size() == 1 && v.size() > 2 && ordered && std::is_sorted(v.begin(), v.end()) &&
             v.front() < v.back();
  if (!shape.empty() && t.unit && !t.zeros)
    t.sums_to_one = last_axis_sums_to_one(v, static_cast<std::size_t>(shape.back()));
  if (!is_square(shape) || t.zeros) return t;
  const auto n = static_cast<std::size_t>(shape.back());
  bool lower = true, upper = true;
  t.symmetric = true;
  for (std::size_t m = 0; m < v.size(); m += n * n)
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t k = 0; k < i; ++k) {
        const double a = v[m + i * n + k], b = v[m + k * n + i];
        t.symmetric &= std::abs(a - b) <= 1e-5 * (std::abs(a) + std::abs(b));
        lower &= b == 0;
        upper &= a == 0;
      }
  t.triangular = lower != upper || (lower && upper);
  return t;
}

// A matrix A becomes D P A Pᵀ D: it stays symmetric, and positive definite if it was.
void redraw_symmetric(Doubles& v, std::size_t n, double magnitude, Random& random) {
  std::vector<std::size_t> order(n);
  Doubles d(n);
  for (std::size_t m = 0; m < v.size(); m += n * n) {
    for (std::size_t i = 0; i < n; ++i) order[i] = i;
    random.shuffle(order);
    for (double& x : d) x = random.uniform(0.8, 1.25) * std::sqrt(magnitude);
    const Doubles a(v.begin() + static_cast<std::ptrdiff_t>(m),
                    v.begin() + static_cast<std::ptrdiff_t>(m + n * n));
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t k = 0; k < n; ++k)
        v[m + i * n + k] = a[order[i] * n + order[k]] * d[i] * d[k];
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t k = 0; k < i; ++k) v[m + k * n + i] = v[m + i * n + k];
  }
}

void redraw(Doubles& v, const tensor::Shape& shape, double magnitude, bool turn, Random& random) {
  const Traits t = traits_of(v, shape);
  if (t.symmetric && !t.triangular)
    return redraw_symmetric(v, static_cast<std::size_t>(shape.back()), magnitude, random);
  if (!t.triangular) random.shuffle(v);
  const bool both = t.negative && t.positive;
  for (double& x : v) {
    if (t.zeros)
      x = magnitude * random.uniform(-1, 1);
    else if (t.unit)
      x = std::pow(x, std::clamp(magnitude, 0.25, 4.0) * random.uniform(0.8, 1.25));
    else
      x *= magnitude * random.uniform(0.75, 1.25);
    if (turn && both && random.chance(0.5)) x = -x;
  }
  if (t.sorted) std::sort(v.begin(), v.end());
  if (!t.sums_to_one) return;
  const auto n = static_cast<std::size_t>(shape.back());
  for (std::size_t at = 0; at < v.size(); at += n) {
    double sum = 0;
    for (std::size_t i = 0; i < n; ++i) sum += v[at + i];
    for (std::size_t i = 0; i < n && sum > 0; ++i) v[at + i] /= sum;
  }
}

// One that stands alone says nothing of its range: from 0 to a little more than twice the number,
// as far as the type goes.
std::int64_t redraw_alone(std::int64_t v, DType dtype, Random& random) {
  constexpr std::int64_t kMost = 1LL << 40;
  const bool large = dtype == DType::kU64 && v < 0;
  const std::int64_t size = large ? kMost : std::abs(std::clamp(v, -kMost, kMost));
  const bool negative = v < 0 && !large;
  const int bits = std::min(tensor::bit_width(dtype) - !tensor::is_unsigned(dtype), 62);
  const std::int64_t top = (std::int64_t{1} << bits) - !negative;
  const std::int64_t drawn = random.between(0, std::min(2 * size + 2, top));
  return negative ? -drawn : drawn;
}

// u64 is held by its bits; with the highest one turned, the order of int64 is that of the numbers.
void turn_order(std::span<std::int64_t> v, DType dtype) {
  if (dtype != DType::kU64) return;
  for (std::int64_t& x : v) x ^= std::numeric_limits<std::int64_t>::min();
}

void redraw_integers(std::span<std::int64_t> v, DType dtype, int attempt, Random& random) {
  if (v.empty()) return;
  if (dtype == DType::kBool) {
    for (std::int64_t& x : v) x = random.chance(0.5);
    return;
  }
  if (std::all_of(v.begin(), v.end(), [&](std::int64_t x) { return x == v[0]; })) {
    const std::int64_t same = v[0], drawn = redraw_alone(same, dtype, random);
    for (std::int64_t& x : v) x = v.size() == 1 ? drawn : redraw_alone(same, dtype, random);
    return;
  }
  turn_order(v, dtype);
  const auto [low, high] = std::minmax_element(v.begin(), v.end());
  const std::int64_t lo = *low, hi = *high;
  const bool sorted = std::is_sorted(v.begin(), v.end());
  const bool distinct = std::set<std::int64_t>(v.begin(), v.end()).size() == v.size();
  std::vector<std::int64_t> out(v.begin(), v.end());
  random.shuffle(out);
  if (!distinct || sorted || attempt % 2 == 1)
    for (std::int64_t& x : out)
      if (random.chance(0.5)) x = random.between(lo, hi);
  if (sorted) std::sort(out.begin(), out.end());
  std::copy(out.begin(), out.end(), v.begin());
  turn_order(v, dtype);
}

Array drawn(const Array& x, double magnitude, Random random, int attempt) {
  Array out = x;
  const bool turn = attempt % 3 == 2;
  tensor::with_lane(x.dtype(), [&](auto zero) {
    using T = decltype(zero);
    const auto all = out.mutate<T>();
    if constexpr (std::is_same_v<T, std::int64_t>) {
      redraw_integers(all, x.dtype(), attempt, random);
    } else if constexpr (std::is_floating_point_v<T>) {
      Doubles v(all.begin(), all.end());
      redraw(v, x.shape(), magnitude, turn, random);
      std::transform(v.begin(), v.end(), all.begin(), [](double d) { return static_cast<T>(d); });
    } else {
      using P = typename T::value_type;
      for (std::size_t i = all.size(); i > 1; --i) std::swap(all[i - 1], all[random.below(i)]);
      for (T& v : all)
        v = {static_cast<P>(v.real() * magnitude * random.uniform(0.75, 1.25)),
             static_cast<P>(v.imag() * magnitude * random.uniform(0.75, 1.25))};
    }
  });
  tensor::settle(out);
  return out;
}

}  // namespace

std::vector<Array> draw_inputs(const std::vector<Array>& recorded, Random random, int attempt) {
  const Random own = random.fork("attempt " + std::to_string(attempt));
  Random choice = own.fork("magnitudes");
  std::vector<Array> out;
  for (std::size_t i = 0; i < recorded.size(); ++i) {
    // The same for all arguments in every other attempt: what is a ratio stays the same then.
    const auto way = static_cast<std::size_t>(attempt) % kWaysToDraw;
    double magnitude = kMagnitudes[i == 0 || way % 2 == 0 ? way : choice.below(kWaysToDraw)];
    if (attempt >= kGentle) magnitude = std::pow(magnitude, 0.25);
    out.push_back(
        drawn(recorded[i], magnitude, own.fork("argument " + std::to_string(i)), attempt));
  }
  return out;
}

}  // namespace jaxsmith::score
