#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "tensor/elementwise.h"
#include "tensor/equivalent.h"
#include "tensor/movement.h"
#include "tensor/reduction.h"
#include "tensor/reduction_parts.h"

namespace jaxsmith::tensor {
namespace {

using Places = Scratch<std::int64_t>;

// Merges all runs of all rows at once, so that the comparator is called on many pairs together.
class Sorter {
 public:
  Sorter(std::span<const Array> columns, std::int64_t rows, std::int64_t n, const Body& comparator)
      : columns_(columns),
        rows_(rows),
        n_(n),
        comparator_(comparator),
        order_(static_cast<std::size_t>(rows * n), 0, columns[0].context()) {
    std::iota(order_.begin(), order_.end(), 0);
  }

  // Places in the flat columns, row by row in order.
  Places sorted() {
    for (std::int64_t width = 1; width < n_; width *= 2) merge(width);
    return std::move(order_);
  }

  // In std::sort's order where elements are equal, which is that of XLA's sort that is not stable.
  // It is given ranks: a comparator that contradicts itself must not reach it.
  Places sorted_unstably() {
    const Places order = sorted();
    order_ = order;
    Places before(context()), after(context()), rank(order.size(), 0, context());
    for (std::size_t i = 0; i + 1 < order.size(); ++i) {
      before.push_back(order[i]);
      after.push_back(order[i + 1]);
    }
    if (before.empty()) return order;
    const Array rises = right_first(before, after);
    for (std::size_t i = 1; i < order.size(); ++i)
      rank[static_cast<std::size_t>(order[i])] =
          rank[static_cast<std::size_t>(order[i - 1])] +
          (rises.int_at(static_cast<std::int64_t>(i) - 1) != 0);
    std::iota(order_.begin(), order_.end(), 0);
    for (std::int64_t r = 0; r < rows_; ++r)
      std::sort(order_.begin() + r * n_, order_.begin() + (r + 1) * n_,
                [&](std::int64_t a, std::int64_t b) {
                  return rank[static_cast<std::size_t>(a)] < rank[static_cast<std::size_t>(b)];
                });
    return std::move(order_);
  }

  // Whether the elements at two neighbouring places of the result are in no order.
  Scratch<bool> tied_with_the_one_before(const Places& order) {
    Places first(context()), second(context());
    for (std::int64_t i = 0; i < rows_ * n_; ++i) {
      if (i % n_ == 0) continue;
      first.push_back(order[static_cast<std::size_t>(i - 1)]);
      second.push_back(order[static_cast<std::size_t>(i)]);
    }
    Scratch<bool> out(order.size(), context());
    if (first.empty()) return out;
    const Array ordered = right_first(first, second);
    for (std::size_t i = 0, pair = 0; i < out.size(); ++i)
      if (static_cast<std::int64_t>(i) % n_ != 0)
        out[i] = ordered.int_at(static_cast<std::int64_t>(pair++)) == 0;
    return out;
  }

 private:
  struct Merge {
    std::int64_t left, left_end, right, right_end, to;
  };

  void merge(std::int64_t width) {
    Scratch<Merge> active(context());
    Places next = order_;
    for (std::int64_t r = 0; r < rows_; ++r)
      for (std::int64_t at = 0; at + width < n_; at += 2 * width) {
        const std::int64_t start = r * n_ + at, middle = start + width;
        active.push_back({start, middle, middle, r * n_ + std::min(n_, at + 2 * width), start});
      }
    const auto place = [&](std::int64_t i) { return order_[static_cast<std::size_t>(i)]; };
    while (!active.empty()) {
      context().spend(static_cast<std::int64_t>(active.size()));
      Places right(context()), left(context());
      for (const Merge& m : active) {
        right.push_back(place(m.right));
        left.push_back(place(m.left));
      }
      const Array less = right_first(right, left);
      std::size_t kept = 0;
      for (std::size_t i = 0; i < active.size(); ++i) {
        Merge m = active[i];
        auto& from = less.int_at(static_cast<std::int64_t>(i)) ? m.right : m.left;
        next[static_cast<std::size_t>(m.to++)] = place(from++);
        if (m.left < m.left_end && m.right < m.right_end) {
          active[kept++] = m;
          continue;
        }
        while (m.left < m.left_end) next[static_cast<std::size_t>(m.to++)] = place(m.left++);
        while (m.right < m.right_end) next[static_cast<std::size_t>(m.to++)] = place(m.right++);
      }
      active.resize(kept);
    }
    order_ = std::move(next);
  }

  const EvaluationContext& context() const { return columns_[0].context(); }

  Array right_first(const Places& right, const Places& left) {
    std::vector<Array> arguments;
    for (const Array& column : columns_) {
      arguments.push_back(taken(column, right, 0));
      arguments.push_back(taken(column, left, 0));
    }
    return map(arguments, comparator_).at(0);
  }

  std::span<const Array> columns_;
  std::int64_t rows_, n_;
  const Body& comparator_;
  Places order_;
};

}  // namespace

std::vector<Array> sort(std::span<const Array> operands, std::int64_t dim, const Body& comparator,
                        bool stable) {
  require(!operands.empty() && all_same_shape(operands),
          "operands of different shapes are sorted together");
  const std::int64_t rank = operands[0].rank();
  if (dim < 0 || dim >= rank) invalid(fmt::format("there is no dimension {}", dim));
  if (abstract_among({operands}) || operands[0].size() == 0) {
    std::vector<Array> arguments, out;
    for (const Array& x : operands)
      for (int i = 0; i < 2; ++i) arguments.push_back(Array::typed(x.dtype(), {}));
    const auto found = comparator(std::move(arguments));
    require(found.size() == 1 && found[0].rank() == 0 && found[0].dtype() == DType::kBool,
            "the comparator gives no bool");
    for (const Array& x : operands) out.push_back(x.zeros(x.dtype(), x.shape()));
    return out;
  }
  const std::int64_t n = operands[0].shape()[static_cast<std::size_t>(dim)],
                     rows = operands[0].size() / n;
  std::vector<Array> columns;
  for (const Array& x : operands) columns.push_back(transpose(x, to_the_end(rank, dim)));
  const Shape shape = columns[0].shape();
  Sorter sorter(columns, rows, n, comparator);
  Places order = stable ? sorter.sorted() : sorter.sorted_unstably();
  if (!stable) settle_ties(columns, dim, sorter.tied_with_the_one_before(order), order);
  std::vector<Array> out;
  for (const Array& column : columns)
    out.push_back(transpose(taken(column, order, 0).reshaped(shape), from_the_end(rank, dim)));
  return out;
}

std::vector<Array> top_k(const Array& x, std::int64_t k, bool largest, bool stable) {
  require(x.rank() >= 1, "top_k of a scalar");
  const std::int64_t n = x.shape().back();
  if (k < 0 || k > n) invalid(fmt::format("the {} largest of {} elements", k, n));
  Shape shape = x.shape();
  shape.back() = k;
  if (x.abstract()) return {Array::typed(x.dtype(), shape), Array::typed(DType::kI32, shape)};
  const Array places = iota(x, DType::kI32, x.shape(), x.rank() - 1);
  const Body comparator{[largest](std::vector<Array> a) {
                          return std::vector<Array>{
                              compare(largest ? Direction::kGt : Direction::kLt, true, a[0], a[1])};
                        },
                        {.pointwise = true}};
  const Array both[] = {x, places};
  auto out = sort(both, x.rank() - 1, comparator, stable);
  const Ints zeros(shape.size(), 0), ones(shape.size(), 1);
  for (Array& a : out) a = slice(a, zeros, shape, ones);
  return out;
}

}  // namespace jaxsmith::tensor
